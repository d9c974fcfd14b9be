//! What the three decisions have in common: whom they are about, and what they say of themselves.

use crate::book::Book;
use crate::faults::Faults;
use crate::problem::{Kind, Problem};
use crate::wire::instant;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::ids::{CustomerId, DecisionId};
use tiercel_domain::incoming::{CustomerRef, ExternalRef};
use tiercel_domain::period::days_between;
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::mint;
use utoipa::ToSchema;
use validator::Validate;

/// An evaluation that is older says little about a customer of today.
const STALE_AFTER_DAYS: i64 = 400;

/// A customer, by `id` or by the id that another system gave: one of the two.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"external": {"system": "erp1", "id": "C-1042"}}))]
pub struct CustomerReference {
    pub id: Option<String>,
    pub external: Option<ExternalReference>,
}

/// The customer's id in another system.
#[derive(Debug, Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "erp1", "id": "C-1042"}))]
pub struct ExternalReference {
    #[validate(length(min = 1, max = 200))]
    pub system: String,
    #[validate(length(min = 1, max = 200))]
    pub id: String,
}

impl CustomerReference {
    pub fn read(self, pointer: &str, faults: &mut Faults) -> Option<CustomerRef> {
        match (self.id, self.external) {
            (Some(id), None) => faults
                .parsed::<CustomerId>(&format!("{pointer}/id"), &id, "not_an_id")
                .map(CustomerRef::Id),
            (None, Some(external)) => {
                faults.declared(&format!("{pointer}/external"), &external);
                Some(CustomerRef::External(ExternalRef {
                    system: external.system,
                    id: external.id,
                }))
            }
            _ => {
                faults.add(pointer, "one_of", "must have either `id` or `external`");
                None
            }
        }
    }
}

/// Reads `system:id` or `cus_…`.
pub fn read_customer(pointer: &str, text: &str, faults: &mut Faults) -> Option<CustomerRef> {
    if let Ok(id) = text.parse() {
        return Some(CustomerRef::Id(id));
    }
    let external = text.split_once(':').map(|(system, id)| {
        CustomerRef::External(ExternalRef {
            system: system.to_owned(),
            id: id.to_owned(),
        })
    });
    if external.is_none() {
        let detail = "must be `system:id` or an id such as `cus_…`";
        faults.add(pointer, "not_a_customer", detail);
    }
    external
}

/// The customer, or none: an unknown one is decided for by the defaults unless `strict`.
pub fn find_customer<'b>(
    book: &'b Book,
    reference: &CustomerRef,
    strict: Option<bool>,
) -> Result<Option<&'b Arc<BookCustomer>>, Problem> {
    match (book.find(reference), strict) {
        (None, Some(true)) => Err(Problem::not_found("customer")),
        (found, _) => Ok(found),
    }
}

/// The answer where no version of a policy is in force.
pub fn without_policy(kind: &str, on: NaiveDate) -> Problem {
    let detail = format!("no version of a {kind} policy is in force on {on}; publish one");
    Problem::new(Kind::Conflict, detail)
}

/// The reference of a customer in the inputs of a receipt.
pub fn customer_inputs(reference: &CustomerRef) -> serde_json::Value {
    match reference {
        CustomerRef::Id(id) => serde_json::json!({"id": id.to_string()}),
        CustomerRef::External(external) => {
            serde_json::json!({"external": {"system": external.system, "id": external.id}})
        }
    }
}

/// A new decision: its id, and when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub id: String,
    pub at: String,
}

impl Stamp {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            id: decision_id(now),
            at: instant(now),
        }
    }
}

/// The id of a new decision.
pub fn decision_id(now: DateTime<Utc>) -> String {
    DecisionId::from_bits(mint::bits(now)).to_string()
}

/// Which version of which policy decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "default", "version": 1}))]
pub struct PolicyVersion {
    pub id: String,
    pub version: u32,
}

impl From<&PolicyRef> for PolicyVersion {
    fn from(reference: &PolicyRef) -> Self {
        Self {
            id: reference.id.clone(),
            version: reference.version,
        }
    }
}

/// A tier set by hand, in place of the evaluated one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "tov_06dv7n5z4h9k3m2p8q1r5s7t0w", "valid_until": "2026-08-31", "evaluated": "general"}))]
pub struct TierByHand {
    pub id: String,
    /// The last day.
    #[schema(format = Date)]
    pub valid_until: String,
    /// The tier that evaluation found; null where the customer was never evaluated.
    pub evaluated: Option<String>,
}

impl TierByHand {
    /// What holds of a customer on a day.
    pub fn of(customer: &BookCustomer, on: NaiveDate) -> Option<Self> {
        customer.override_on(on).map(|held| Self {
            id: held.id.to_string(),
            valid_until: held.valid_until.to_string(),
            evaluated: customer.evaluated_tier.as_deref().map(str::to_owned),
        })
    }
}

/// The tier that counted, and how fresh it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "high", "score": "84", "as_of": "2026-02-28", "model_version": 1, "stale": false, "by_hand": null}))]
pub struct TierStanding {
    /// The customer's tier, else the policy's default; empty where neither is asked for.
    #[schema(min_length = 0)]
    pub code: String,
    /// Points; null where the customer was never evaluated.
    pub score: Option<String>,
    /// The day the evaluation is of.
    #[schema(format = Date)]
    pub as_of: Option<String>,
    pub model_version: Option<i64>,
    /// Never evaluated, or more than 400 days ago.
    pub stale: bool,
    /// Null where the evaluated tier counts.
    pub by_hand: Option<TierByHand>,
}

impl TierStanding {
    pub fn new(code: &str, customer: Option<&BookCustomer>, today: NaiveDate) -> Self {
        let as_of = customer.and_then(|it| it.evaluated_as_of);
        Self {
            code: code.to_owned(),
            score: customer.and_then(|it| it.score).map(|it| it.to_string()),
            as_of: as_of.map(|date| date.to_string()),
            model_version: customer.and_then(|it| it.model_version),
            stale: as_of.is_none_or(|as_of| days_between(as_of, today) > STALE_AFTER_DAYS),
            by_hand: customer.and_then(|it| TierByHand::of(it, today)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_named_by_our_id_or_by_anybody_s() {
        let mut faults = Faults::default();
        let id = CustomerId::from_bits(7);
        let read = |text: &str, faults: &mut Faults| read_customer("customer", text, faults);
        assert_eq!(
            read(&id.to_string(), &mut faults),
            Some(CustomerRef::Id(id))
        );
        let external = ExternalRef {
            system: "erp1".to_owned(),
            id: "C:1".to_owned(),
        };
        assert_eq!(
            read("erp1:C:1", &mut faults),
            Some(CustomerRef::External(external))
        );
        assert!(faults.is_empty());
        assert_eq!(read("C-1", &mut faults), None);
        assert!(!faults.is_empty());
    }
}
