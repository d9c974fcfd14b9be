//! Which methods a path takes: HEAD wherever GET is, OPTIONS everywhere, and `Allow` to say so.

use crate::problem::{Kind, Problem};
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use std::collections::BTreeSet;
use utoipa::openapi::OpenApi;

/// The paths of the contract with the methods of each.
pub struct Methods(Vec<(String, BTreeSet<&'static str>)>);

impl Methods {
    pub fn of(document: &OpenApi) -> Self {
        let paths = document.paths.paths.iter();
        let methods = paths.map(|(path, item)| {
            let known = [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ];
            let known = known
                .into_iter()
                .filter(|(_, operation)| operation.is_some());
            (path.clone(), known.map(|(method, _)| method).collect())
        });
        Self(methods.collect())
    }

    /// The value of `Allow` for an address; none where no operation has its path. Where several
    /// templates fit, the address is that of the one that leaves least open.
    fn allowed(&self, address: &str) -> Option<String> {
        let paths = self.0.iter();
        let fitting = paths.filter(|(template, _)| fits(template, address));
        let (_, known) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
        let mut methods = known.clone();
        if methods.contains("GET") {
            methods.insert("HEAD");
        }
        methods.insert("OPTIONS");
        Some(methods.into_iter().collect::<Vec<_>>().join(", "))
    }
}

fn fits(template: &str, address: &str) -> bool {
    let (mut parts, mut given) = (template.split('/'), address.split('/'));
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part == given => {}
            (Some(part), Some(given)) if part.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

/// Answers what no operation does: unknown paths, and known paths with another method.
pub async fn answer_other(request: HttpRequest) -> HttpResponse {
    let known = request.app_data::<web::Data<Methods>>();
    let Some(allow) = known.and_then(|known| known.allowed(request.path())) else {
        let detail = "no operation has this path; see /docs";
        return Problem::new(Kind::NotFound, detail).error_response();
    };
    if request.method() == Method::OPTIONS {
        return HttpResponse::NoContent()
            .insert_header((header::ALLOW, allow))
            .finish();
    }
    let detail = format!("{} is not allowed on this path", request.method());
    let mut response = Problem::new(Kind::MethodNotAllowed, detail).error_response();
    if let Ok(allow) = allow.parse() {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::{Methods, fits};
    use std::collections::BTreeSet;

    #[test]
    fn the_template_that_leaves_least_open_says_what_is_allowed() {
        let methods = Methods(vec![
            ("/v1/facts/{id}".to_owned(), BTreeSet::from(["GET"])),
            ("/v1/facts/batch".to_owned(), BTreeSet::from(["POST"])),
        ]);
        let allowed = |address| methods.allowed(address);
        assert_eq!(allowed("/v1/facts/batch").unwrap(), "OPTIONS, POST");
        assert_eq!(allowed("/v1/facts/f1").unwrap(), "GET, HEAD, OPTIONS");
        assert_eq!(allowed("/v1/facts"), None);
    }

    #[test]
    fn a_template_fits_an_address_part_by_part() {
        assert!(fits("/v1/jobs/{id}", "/v1/jobs/job_1"));
        for address in ["/v1/jobs", "/v1/jobs/", "/v1/jobs/1/2", "/v2/jobs/1"] {
            assert!(!fits("/v1/jobs/{id}", address), "{address}");
        }
    }
}
