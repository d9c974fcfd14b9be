//! What follows a corrected rate or cost: a job that values the facts it touches again.
//!
//! | queued     | here: in the write that recorded the rate or cost, where it touches any fact |
//! | whose      | here: the customers whose facts are touched                                  |
//! | in step    | `valuation.rs`: no write keeps the value of before                           |
//! | facts      | `facts/revalue.rs`: a new version of each fact whose value changes           |
//! | as a job   | `crates/http/src/flows/revaluations.rs`                                      |

use crate::entity::{exchange_rate, product_cost};
use crate::error::DbError;
use crate::jobs;
use crate::products::KnownProduct;
use crate::rates::RateTable;
use crate::sql;
use crate::store::Source;
use crate::write::Tx;
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::BTreeSet;
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::{CustomerId, JobId, ProductId, RateId, WriteId};
use uuid::Uuid;

pub const JOB_KIND: &str = "revaluation";

/// Facts whose goods are valued at their product's cost.
const GOODS: &str = "f.superseded_by IS NULL AND f.given_cost IS NULL AND f.product_id IS NOT NULL \
    AND f.quantity IS NOT NULL AND f.kind IN ('order_line', 'delivery', 'invoice')";
/// Facts that used a rate for their amount or their given cost.
const MONEY: &str = "f.superseded_by IS NULL AND (f.rate_id IS NOT NULL \
    OR (f.amount IS NULL AND f.given_cost IS NOT NULL))";
/// Costs in force with the days on which each holds: `valid_to` is the first on which it does not.
const COSTS: &str = "(SELECT c.write_id, c.product_id, c.currency, c.valid_from, \
    COALESCE((SELECT MIN(n.valid_from) FROM product_cost n WHERE n.product_id = c.product_id \
    AND n.superseded_by IS NULL AND n.valid_from > c.valid_from), '9999-12-31') AS valid_to \
    FROM product_cost c WHERE c.superseded_by IS NULL)";
/// Rates in force, alike.
const RATES: &str = "(SELECT r.write_id, r.currency, r.valid_from, \
    COALESCE((SELECT MIN(n.valid_from) FROM exchange_rate n WHERE n.currency = r.currency \
    AND n.superseded_by IS NULL AND n.valid_from > r.valid_from), '9999-12-31') AS valid_to \
    FROM exchange_rate r WHERE r.superseded_by IS NULL)";

/// The facts, as `f`, that the rates and costs of write `$1` hold for: by cost, by rate, and by the
/// rate of their product's cost.
fn touched() -> [String; 3] {
    let on =
        |table| format!("f.occurred_on >= {table}.valid_from AND f.occurred_on < {table}.valid_to");
    let (by_cost, by_rate) = (on("c"), on("r"));
    [
        format!(
            "FROM {COSTS} c JOIN fact f ON f.product_id = c.product_id AND {by_cost} \
             WHERE c.write_id = $1 AND {GOODS}"
        ),
        format!(
            "FROM {RATES} r JOIN fact f ON f.currency = r.currency AND {by_rate} \
             WHERE r.write_id = $1 AND {MONEY}"
        ),
        format!(
            "FROM {RATES} r JOIN {COSTS} c ON c.currency = r.currency \
             JOIN fact f ON f.product_id = c.product_id AND {by_rate} AND {by_cost} \
             WHERE r.write_id = $1 AND {GOODS}"
        ),
    ]
}

/// Queues the job for the rates and costs of this write; none where no fact is touched.
pub(crate) async fn queue(tx: &Tx) -> Result<Option<JobId>, DbError> {
    for facts in touched() {
        let text = format!("SELECT f.fact_id {facts} LIMIT 1");
        if !sql::rows(tx, &text, vec![tx.write_uuid().into()])
            .await?
            .is_empty()
        {
            let parameters = serde_json::json!({ "write": tx.write_id().to_string() });
            let id = jobs::create(tx, JOB_KIND, &parameters.to_string(), tx.principal()).await?;
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The customers whose facts the rates and costs of a write touch.
pub async fn customers(
    source: &impl Source,
    write: WriteId,
) -> Result<BTreeSet<CustomerId>, DbError> {
    let write = Uuid::from_u128(write.bits());
    let mut found = BTreeSet::new();
    for facts in touched() {
        let text = format!("SELECT DISTINCT f.customer_id {facts}");
        for row in sql::rows(source, &text, vec![write.into()]).await? {
            let id: Uuid = row.try_get("", "customer_id")?;
            found.insert(CustomerId::from_bits(id.as_u128()));
        }
    }
    Ok(found)
}

/// The rates and costs that one write recorded and no other has replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    rates: BTreeSet<RateId>,
    costs: BTreeSet<(ProductId, NaiveDate)>,
}

impl News {
    pub async fn of(source: &impl Source, write: WriteId) -> Result<Self, DbError> {
        let write = Uuid::from_u128(write.bits());
        let connection = source.connection();
        let rates: Vec<Uuid> = exchange_rate::Entity::find()
            .select_only()
            .column(exchange_rate::Column::RateId)
            .filter(exchange_rate::Column::WriteId.eq(write))
            .filter(exchange_rate::Column::SupersededBy.is_null())
            .into_tuple()
            .all(connection)
            .await?;
        let costs: Vec<(Uuid, NaiveDate)> = product_cost::Entity::find()
            .select_only()
            .column(product_cost::Column::ProductId)
            .column(product_cost::Column::ValidFrom)
            .filter(product_cost::Column::WriteId.eq(write))
            .filter(product_cost::Column::SupersededBy.is_null())
            .into_tuple()
            .all(connection)
            .await?;
        let costs = costs.into_iter();
        Ok(Self {
            rates: rates
                .iter()
                .map(|id| RateId::from_bits(id.as_u128()))
                .collect(),
            costs: costs
                .map(|(product, from)| (ProductId::from_bits(product.as_u128()), from))
                .collect(),
        })
    }

    /// Whether one of the rates holds for a currency on a day.
    pub(crate) fn rate_holds(&self, rates: &RateTable, currency: Currency, on: NaiveDate) -> bool {
        let rate = rates.on(currency, on);
        rate.is_some_and(|(id, _)| self.rates.contains(&id))
    }

    /// Whether one of the costs, or the rate of its currency, holds for a product on a day.
    pub(crate) fn cost_holds(
        &self,
        rates: &RateTable,
        product: &KnownProduct,
        on: NaiveDate,
    ) -> bool {
        let known = product.costs.iter().take_while(|(from, ..)| *from <= on);
        let Some((from, _, currency)) = known.last() else {
            return false;
        };
        self.costs.contains(&(product.id, *from)) || self.rate_holds(rates, *currency, on)
    }
}
