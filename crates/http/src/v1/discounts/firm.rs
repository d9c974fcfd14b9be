//! Firm quotes: the answer is kept as it is given, with its receipt, and holds until a day is over.

use super::Decided;
use super::answer::{DiscountResponse, Told, full};
use super::request::Asked;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::tenant::TenantHandle;
use crate::v1::deciding::Stamp;
use crate::v1::receipts::Receipt;
use crate::wire::instant;
use actix_web::HttpResponse;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use tiercel_domain::ids::DecisionId;
use tiercel_persistence::quotes::{self, NewQuote, PriceTold, QuoteDocument};

/// A decision that is to hold.
pub(super) struct Quoted<'a> {
    asked: &'a Asked,
    decided: Decided,
    told: Told,
    until: NaiveDate,
}

impl<'a> Quoted<'a> {
    pub fn new(asked: &'a Asked, decided: Decided, told: Told, until: NaiveDate) -> Self {
        Self {
            asked,
            decided,
            told,
            until,
        }
    }

    /// Keeps it and answers 201.
    pub async fn keep(
        self,
        tenant: &TenantHandle,
        retry: &RetryKey,
        hash: &str,
    ) -> Result<HttpResponse, Problem> {
        let valid_until = end_of(self.until, tenant.hosted().zone);
        let id: DecisionId = self.told.stamp.id.parse().map_err(|_| unwritable())?;
        let receipt = self.told.receipt.as_ref().ok_or_else(unwritable)?;
        let receipt_text = serde_json::to_string(receipt).map_err(|_| unwritable())?;
        let shown = self.asked.shows_receipt.then(|| receipt.clone());
        let answer = self.answer(&shown, valid_until, self.told.shows_costs);
        let [blind, seeing] = [false, true].map(|shows_costs| {
            let answer = self.answer(&None, valid_until, shows_costs);
            serde_json::to_string(&answer).map_err(|_| unwritable())
        });
        let quote = NewQuote {
            id,
            customer: self.decided.customer.as_ref().map(|it| it.id),
            document: self.asked.document.as_ref().map(|it| QuoteDocument {
                system: it.system.clone(),
                kind: it.kind.clone(),
                id: it.id.clone(),
                revision: it.revision,
            }),
            valid_until,
            needs_approval: needs_approval(&answer),
            answer: blind?,
            answer_with_costs: seeing?,
            receipt: receipt_text,
            prices: self.prices(&answer, id, tenant.now()),
        };
        reply::write(tenant, "quote.given", retry, hash, async |tx| {
            quotes::keep(tx, &quote).await?;
            Reply::created(format!("/v1/quotes/{id}"), &answer)
        })
        .await
    }

    fn answer(
        &self,
        receipt: &Option<Receipt>,
        valid_until: DateTime<Utc>,
        shows_costs: bool,
    ) -> DiscountResponse {
        let told = Told {
            stamp: Stamp {
                id: self.told.stamp.id.clone(),
                at: self.told.stamp.at.clone(),
            },
            receipt: receipt.clone(),
            shows_costs,
            valid_until: Some(instant(valid_until)),
            last_prices: self.told.last_prices.clone(),
        };
        full(self.asked, &self.decided, told)
    }

    /// What was told for each article; of an article on several lines, the last.
    fn prices(
        &self,
        answer: &DiscountResponse,
        quote: DecisionId,
        at: DateTime<Utc>,
    ) -> BTreeMap<String, PriceTold> {
        let lines = self.asked.lines.iter().zip(&answer.lines);
        let told = lines.filter_map(|(asked, line)| {
            let price = PriceTold {
                quote,
                unit_price: line.net_unit_price.clone()?,
                currency: answer.currency.clone(),
                quantity: asked.quantity.to_string(),
                at,
            };
            Some((asked.sku.clone()?, price))
        });
        told.collect()
    }
}

fn needs_approval(answer: &DiscountResponse) -> bool {
    let lines = answer.lines.iter().filter_map(|it| it.approval.as_ref());
    let document = answer.document_discounts.as_ref().map(|it| &it.approval);
    lines.chain(document).any(|approval| approval.required)
}

/// The last second of a day where the tenant is.
fn end_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let last = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    let local = zone.from_local_datetime(&day.and_time(last)).latest();
    let in_zone = local.map(|local| local.with_timezone(&Utc));
    in_zone.unwrap_or_else(|| day.and_time(last).and_utc())
}

fn unwritable() -> Problem {
    Problem::new(Kind::Internal, "the quote could not be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_where_the_tenant_is() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let berlin = end_of(day("2026-07-01"), chrono_tz::Europe::Berlin);
        assert_eq!(instant(berlin), "2026-07-01T21:59:59.000000Z");
        let tokyo = end_of(day("2026-07-01"), chrono_tz::Asia::Tokyo);
        assert_eq!(instant(tokyo), "2026-07-01T14:59:59.000000Z");
    }
}
