//! Routing decisions: which queue answers a call, how soon, and who.
//!
//! | answered | `routing/answer.rs`                                                  |
//! | decided  | `crates/domain/src/routing/decide.rs`, from one snapshot of the book |
//! | receipt  | `routing/receipt.rs`: the number as it was looked for, and the route |

mod answer;
pub mod receipt;

pub use answer::RoutingResponse;

use crate::body::Query;
use crate::book::{Book, Wanted};
use crate::faults::Faults;
use crate::problem::Problem;
use crate::scope::{Scope, need};
use crate::tenant::Tenant;
use crate::v1::credit;
use crate::v1::deciding::{Stamp, without_policy};
use crate::v1::ground::{AskedWhen, Ground, Present, When};
use crate::v1::receipts;
use actix_web::{get, web};
use chrono::NaiveDate;
use serde::Deserialize;
use std::borrow::Cow;
use tiercel_domain::phones::{MatchKey, NoCaller, caller_keys, normalise};
use tiercel_domain::routing::{self, Caller, Facts, Match, MatchQuality};
use tiercel_persistence::documents::DocumentKind;
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
    /// A business date; today where absent.
    #[param(format = Date)]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant; now where absent.
    pub known_at: Option<String>,
    /// `full` adds a receipt to the answer, with the number in it; `none` where absent.
    pub receipt: Option<String>,
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
    let when = query.when(Present::of(&tenant))?;
    let call = Call::of(&query, &tenant.settings().default_region);
    let sees_hold = tenant.allows(Scope::CreditRead);
    let ground = when.ground(&tenant, || wanted(&call, sees_hold)).await?;
    let decision = decide(&call, &ground)?;
    let customer = decision.customer.and_then(|id| ground.book.customer(id));
    let customer = customer.map(AsRef::as_ref);
    let hold = match customer.filter(|_| sees_hold) {
        Some(customer) => {
            let moment = (tenant.now(), tenant.settings().base_currency);
            let account = customer.credit.first().map(|account| (account, moment));
            let book = &ground.book;
            Some(credit::decide(book, Some(customer), ground.as_of, account)?)
        }
        None => None,
    };
    let stamp = Stamp::new(tenant.now());
    let receipt = match when.receipt {
        true => {
            let decided = receipt::of(&call, &decision, customer);
            Some(receipts::make(&tenant, decided, &stamp, &ground)?)
        }
        false => None,
    };
    let policy = ground.book.policies().routing.on(ground.as_of);
    let ranks = policy.into_iter().flat_map(|it| it.tiers.values());
    let seen = answer::Seen {
        customer,
        hold: hold.as_ref(),
        lowest_rank: ranks.map(|tier| tier.rank).max(),
    };
    let route = answer::route(&decision, &seen, &ground, stamp);
    Ok(web::Json(RoutingResponse { receipt, ..route }))
}

impl RoutingQuery {
    fn when(&self, present: Present) -> Result<When, Problem> {
        let mut faults = Faults::default();
        let when = AskedWhen {
            as_of: self.as_of.as_deref(),
            known_at: self.known_at.as_deref(),
            receipt: self.receipt.as_deref(),
        };
        let when = When::read(present, when, "", &mut faults);
        faults.finish(Some(when))
    }
}

/// A call as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    caller: Caller,
    /// The first of them that anybody has decides.
    keys: Vec<MatchKey>,
    /// In E.164 where it could be read.
    called: Option<String>,
}

impl Call {
    fn of(query: &RoutingQuery, default_region: &str) -> Self {
        let region = Some(query.region.as_deref().unwrap_or(default_region));
        let caller = number(query.caller.as_deref().unwrap_or_default());
        let called = query.called.as_deref().map(number);
        let called = called.and_then(|it| normalise(&it, region).e164().map(str::to_owned));
        let (caller, keys) = match caller_keys(&caller, region) {
            Ok(keys) => (Caller::Number, keys),
            Err(NoCaller::Withheld) => (Caller::Withheld, Vec::new()),
            Err(NoCaller::Missing | NoCaller::NotANumber) => (Caller::Unparsable, Vec::new()),
        };
        Self {
            caller,
            keys,
            called,
        }
    }
}

/// What of the past such a decision needs.
fn wanted(call: &Call, sees_hold: bool) -> Wanted {
    let mut policies = vec![DocumentKind::RoutingPolicy];
    if sees_hold {
        policies.push(DocumentKind::CreditPolicy);
    }
    Wanted {
        phones: call.keys.clone(),
        open_items: sees_hold,
        policies,
        ..Wanted::default()
    }
}

fn decide(call: &Call, ground: &Ground) -> Result<routing::Decision, Problem> {
    let policy = ground.book.policies().routing.on(ground.as_of);
    let policy = policy.ok_or_else(|| without_policy("routing", ground.as_of))?;
    let facts = Facts {
        caller: call.caller,
        matches: matches(&ground.book, &call.keys, ground.as_of),
        called: call.called.clone(),
    };
    Ok(routing::decide(&facts, policy))
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

fn matches(book: &Book, keys: &[MatchKey], on: NaiveDate) -> Vec<Match> {
    let Some((key, owners)) = book.by_phone(keys) else {
        return Vec::new();
    };
    let quality = match key {
        MatchKey::E164(_) => MatchQuality::Exact,
        MatchKey::AsTyped(_) => MatchQuality::AsTyped,
    };
    let owners = owners.into_iter().map(|owner| Match {
        customer: owner.id,
        tier: owner.tier_on(on).map(str::to_owned),
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
