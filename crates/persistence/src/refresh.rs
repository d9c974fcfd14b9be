//! Brings everything that is derived from customers' facts up to date, in the transaction that
//! changed them: open items, rollups, credit balances, histories and evaluations.

use crate::error::DbError;
use crate::evaluations::{self, ModelInForce, Occasion};
use crate::facts;
use crate::histories::Known;
use crate::settings::Settings;
use crate::sql::{self, MANY};
use crate::store::Source;
use crate::write::{Tx, WriteError};
use crate::{credit, receivables, rollups};
use chrono::NaiveDate;
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::evaluation::Edges;
use tiercel_domain::fact::Fact;
use tiercel_domain::ids::CustomerId;
use uuid::Uuid;

/// What derived data is made with.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    pub settings: &'a Settings,
    /// The business date of the write: evaluations and open items are as of its end.
    pub today: NaiveDate,
    /// None while no model is published: nobody is evaluated then.
    pub model: Option<ModelInForce<'a>>,
}

/// Which derived data a write made stale.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    pub customers: BTreeSet<CustomerId>,
    /// First days of the months whose facts changed; none where no fact did.
    pub months: BTreeSet<NaiveDate>,
}

/// Why customers are evaluated again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Their facts changed.
    Facts,
    /// Their profile changed.
    Profile,
    /// Somebody asked for it, as of a date.
    Run,
    /// Time has passed.
    Time,
}

impl Cause {
    /// The word used in JSON and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Profile => "profile",
            Self::Run => "run",
            Self::Time => "time",
        }
    }
}

/// Why derived data could not be brought up to date; nothing must be committed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RefreshError {
    #[error(transparent)]
    Database(#[from] DbError),
    /// A fault of the data, not of the database.
    #[error("the amounts of {0} are too large to add up")]
    TooLarge(CustomerId),
}

impl WriteError for RefreshError {
    fn database_error(&self) -> Option<&DbError> {
        match self {
            Self::Database(error) => Some(error),
            Self::TooLarge(_) => None,
        }
    }
}

/// Facts of some customers; none for a customer without facts.
pub(crate) struct Facts(BTreeMap<CustomerId, Vec<Fact>>);

impl Facts {
    pub(crate) async fn load(
        source: &impl Source,
        ids: &BTreeSet<CustomerId>,
    ) -> Result<Self, DbError> {
        Ok(Self(facts::of_customers(source, ids, None).await?))
    }

    /// Only the facts of these kinds on these days.
    pub(crate) async fn of_days(
        source: &impl Source,
        ids: &BTreeSet<CustomerId>,
        edges: &Edges,
    ) -> Result<Self, DbError> {
        Ok(Self(facts::of_days(source, ids, edges).await?))
    }

    pub(crate) fn of(&self, id: CustomerId) -> &[Fact] {
        self.0.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// Rebuilds open items, rollups of the months in scope, and evaluations as of the basis' date.
///
/// Where facts changed, all facts of the customers are read; else what is kept of them.
///
/// Facts are read after the customers are locked, so of many writes at once the last to commit
/// has seen the facts of all.
pub async fn customers(
    tx: &Tx,
    scope: &Scope,
    basis: &Basis<'_>,
    cause: Cause,
) -> Result<(), RefreshError> {
    let ids: Vec<CustomerId> = tx.touch(&scope.customers).await?.into_iter().collect();
    for chunk in ids.chunks(MANY) {
        let chunk: BTreeSet<CustomerId> = chunk.iter().copied().collect();
        let known = if scope.months.is_empty() {
            Known::kept(tx, &chunk, basis.model, basis.today).await?
        } else {
            Known::anew(tx, &chunk).await?
        };
        let ledgers = receivables::allocate_all(&known, &chunk, basis.today)?;
        receivables::rebuild(tx, &known, &ledgers, basis.today).await?;
        if let Some(facts) = known.facts() {
            rollups::rebuild(tx, facts, &chunk, &scope.months).await?;
        }
        credit::follow(tx, &chunk, basis.today).await?;
        if let Some(model) = &basis.model {
            let occasion = Occasion {
                as_of: basis.today,
                cause,
                stands: false,
            };
            evaluations::evaluate(tx, model, occasion, &known, &ledgers).await?;
        }
    }
    Ok(())
}

/// Customers, in order of ids, whose derived data change on or before a day although nothing was
/// written: at most `limit`, after an id.
pub async fn due(
    source: &impl Source,
    today: NaiveDate,
    after: Option<CustomerId>,
    limit: u64,
) -> Result<BTreeSet<CustomerId>, DbError> {
    let text = "SELECT customer_id FROM customer_state \
         WHERE next_change_on <= $1 AND erased_at IS NULL AND customer_id > $2 \
         UNION SELECT customer_id FROM receivables WHERE next_change_on <= $1 AND customer_id > $2 \
         ORDER BY customer_id LIMIT $3";
    let after = after.map_or(Uuid::nil(), |id| Uuid::from_u128(id.bits()));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = vec![today.into(), after.into(), Value::from(limit)];
    let rows = sql::rows(source, text, values).await?;
    rows.iter()
        .map(|row| {
            let id: Uuid = row.try_get("", "customer_id")?;
            Ok(CustomerId::from_bits(id.as_u128()))
        })
        .collect()
}
