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

    /// The value of `Allow` for an address; none where no operation has its path. Several
    /// templates may fit one address, and each is asked for its methods.
    fn allowed(&self, address: &str) -> Option<String> {
        let fitting = self
            .0
            .iter()
            .filter(|(template, _)| fits(template, address));
        let mut methods: BTreeSet<&str> = fitting.flat_map(|(_, it)| it).copied().collect();
        if methods.is_empty() {
            return None;
        }
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
    use super::fits;

    #[test]
    fn a_template_fits_an_address_part_by_part() {
        assert!(fits("/v1/jobs/{id}", "/v1/jobs/job_1"));
        for address in ["/v1/jobs", "/v1/jobs/", "/v1/jobs/1/2", "/v2/jobs/1"] {
            assert!(!fits("/v1/jobs/{id}", address), "{address}");
        }
    }
}
