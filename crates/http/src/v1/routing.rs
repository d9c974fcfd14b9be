//! Routing decisions: which queue answers a call, how soon, and who.
//!
//! | answered | `routing/answer.rs`                                                  |
//! | decided  | `crates/domain/src/routing/decide.rs`, from one snapshot of the book |

mod answer;

pub use answer::RoutingResponse;

use crate::body::Query;
use crate::book::Book;
use crate::problem::Problem;
use crate::scope::{Scope, need};
use crate::tenant::Tenant;
use crate::v1::credit;
use crate::v1::deciding::without_policy;
use actix_web::{get, web};
use serde::Deserialize;
use std::borrow::Cow;
use tiercel_domain::phones::{MatchKey, NoCaller, caller_keys, normalise};
use tiercel_domain::routing::{self, Caller, Facts, Match, MatchQuality};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(find_routing);
}

/// The call.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RoutingQuery {
    /// The number that calls, in any spelling; absent or withheld numbers get the default route.
    #[param(example = "+14155550100")]
    pub caller: Option<String>,
    /// The number that was dialled.
    #[param(example = "+18005550111")]
    pub called: Option<String>,
    /// ISO 3166-1 alpha-2: how a number without country code is read; the tenant's default region
    /// where absent.
    #[param(example = "US")]
    pub region: Option<String>,
}

/// Routes a call by its number
///
/// Always 200 with the same flat keys and no nulls: a miss gets the default route. What is not
/// known is an empty text. Numbers that several customers have are said to be `ambiguous`: nobody
/// is named, and the best of their tiers counts.
#[utoipa::path(
    tag = "routing",
    params(RoutingQuery),
    responses((status = 200, description = "The route", body = RoutingResponse))
)]
#[get("/routing/lookup")]
pub async fn find_routing(
    tenant: Tenant<need::RoutingRead>,
    Query(query): Query<RoutingQuery>,
) -> Result<web::Json<RoutingResponse>, Problem> {
    let (book, today) = (tenant.book(), tenant.today());
    let policy = book.policies().routing.on(today);
    let policy = policy.ok_or_else(|| without_policy("routing"))?;
    let facts = facts(&book, &query, &tenant.settings().default_region);
    let decision = routing::decide(&facts, policy);
    let customer = decision.customer.and_then(|id| book.customer(id));
    let customer = customer.map(AsRef::as_ref);
    let hold = match customer.filter(|_| tenant.allows(Scope::CreditRead)) {
        Some(customer) => {
            let moment = (tenant.now(), tenant.settings().base_currency);
            let account = customer.credit.first().map(|account| (account, moment));
            Some(credit::decide(&book, Some(customer), today, account)?)
        }
        None => None,
    };
    let seen = answer::Seen {
        customer,
        hold: hold.as_ref(),
        lowest_rank: policy.tiers.values().map(|tier| tier.rank).max(),
    };
    Ok(web::Json(answer::route(
        &decision,
        &seen,
        today,
        tenant.now(),
    )))
}

/// Whose number it is.
fn facts(book: &Book, query: &RoutingQuery, default_region: &str) -> Facts {
    let region = Some(query.region.as_deref().unwrap_or(default_region));
    let caller = number(query.caller.as_deref().unwrap_or_default());
    let called = query.called.as_deref().map(number);
    let called = called.and_then(|it| normalise(&it, region).e164().map(str::to_owned));
    let (caller, matches) = match caller_keys(&caller, region) {
        Ok(keys) => (Caller::Number, matches(book, &keys)),
        Err(NoCaller::Withheld) => (Caller::Withheld, Vec::new()),
        Err(NoCaller::Missing | NoCaller::NotANumber) => (Caller::Unparsable, Vec::new()),
    };
    Facts {
        caller,
        matches,
        called,
    }
}

/// A `+` that nobody encoded arrives as a blank: a number that begins with one had a `+`.
fn number(raw: &str) -> Cow<'_, str> {
    match raw.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|letter: char| letter.is_ascii_digit()) => {
            Cow::Owned(format!("+{rest}"))
        }
        _ => Cow::Borrowed(raw),
    }
}

fn matches(book: &Book, keys: &[MatchKey]) -> Vec<Match> {
    let Some((key, owners)) = book.by_phone(keys) else {
        return Vec::new();
    };
    let quality = match key {
        MatchKey::E164(_) => MatchQuality::Exact,
        MatchKey::AsTyped(_) => MatchQuality::AsTyped,
    };
    let owners = owners.into_iter().map(|owner| Match {
        customer: owner.id,
        tier: owner.tier.clone(),
        owner: owner.owner.clone(),
        quality,
    });
    owners.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_that_nobody_encoded_is_a_plus() {
        assert_eq!(number(" 14155550100"), "+14155550100");
        assert_eq!(number("+14155550100"), "+14155550100");
        assert_eq!(number(" (415) 555-0100"), " (415) 555-0100");
        assert_eq!(number("4155550100"), "4155550100");
        assert_eq!(number(""), "");
    }
}
