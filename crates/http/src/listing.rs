//! Lists: from the query string to a page with its cursor and its `Link` header.

use crate::page::{self, Page};
use crate::problem::{Kind, Problem};
use crate::tenant::TenantHandle;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::IntoParams;

/// The parameters of a list without filters.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// The parameters of a list without filters that says how long it is.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CountedQuery {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Adds the total.
    pub count: Option<bool>,
}

/// One page of one list, asked for by one caller.
pub struct Listing<'a> {
    tenant: &'a TenantHandle,
    /// Names the list and its filters: a cursor fits no other.
    list: String,
    limit: u64,
    after: Option<String>,
}

impl<'a> Listing<'a> {
    pub fn new(
        tenant: &'a TenantHandle,
        list: impl Into<String>,
        limit: Option<u32>,
        after: Option<&str>,
    ) -> Result<Self, Problem> {
        let list = list.into();
        let key = after.map(|cursor| page::open_cursor(tenant, &list, cursor));
        Ok(Self {
            limit: page::limit(limit)?,
            after: key.transpose()?.and_then(|key| key.into_iter().next()),
            tenant,
            list,
        })
    }

    /// The key of the last item of the page before.
    pub fn after<T: FromStr>(&self) -> Result<Option<T>, Problem> {
        let refused = |_| Problem::new(Kind::BadCursor, "take `next` of the page before");
        let key = self.after.as_deref().map(str::parse);
        key.transpose().map_err(refused)
    }

    /// How many rows to read: one more than the page shows, to know whether another follows.
    pub const fn fetch(&self) -> u64 {
        self.limit.saturating_add(1)
    }

    /// Of a list that is read whole, because it is small or must be reckoned: what comes after the
    /// page before, and one more than the page shows. `key` gives the order of the list.
    pub fn rest<R>(&self, rows: impl IntoIterator<Item = R>, key: impl Fn(&R) -> String) -> Vec<R> {
        let before = |row: &R| self.after.as_ref().is_some_and(|after| key(row) <= *after);
        let rest = rows.into_iter().skip_while(before);
        rest.take(usize::try_from(self.fetch()).unwrap_or(usize::MAX))
            .collect()
    }

    /// The page of a list that is read whole, with its total where it is asked for.
    pub fn whole<R, T>(
        &self,
        rows: Vec<R>,
        count: Option<bool>,
        key: impl Fn(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> Page<T> {
        let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let page = self.page(self.rest(rows, &key), &key, show);
        Page {
            total: (count == Some(true)).then_some(total),
            ..page
        }
    }

    /// The page of the rows read; `key` is what the next page continues after.
    pub fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> Page<T> {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > shown;
        rows.truncate(shown);
        let last = rows.last().filter(|_| more).map(key);
        Page {
            next: last.map(|key| page::cursor(self.tenant, &self.list, &[key])),
            items: rows.into_iter().map(show).collect(),
            total: None,
        }
    }
}

/// The page as an answer, with `Link: rel="next"` where another follows.
pub fn answer<T: Serialize>(request: &HttpRequest, page: &Page<T>) -> HttpResponse {
    linked(request, page.next.as_deref(), page)
}

/// The same for a page that says more than its items.
pub fn linked(request: &HttpRequest, next: Option<&str>, body: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(next) = next {
        let query = request.query_string().split('&');
        let kept = query.filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
        let query: Vec<&str> = kept.collect();
        let joint = if query.is_empty() { "" } else { "&" };
        let link = format!(
            "<{}?{}{joint}after={next}>; rel=\"next\"",
            request.path(),
            query.join("&")
        );
        response.insert_header((header::LINK, link));
    }
    response.json(body)
}
