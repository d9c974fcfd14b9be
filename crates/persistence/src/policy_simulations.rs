//! What drafts of service policies would do to customers: only their own rows are written for it.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::jobs;
use crate::sql::{self, MANY};
use crate::store::Source;
use crate::write::Tx;
use chrono::{DateTime, Utc};
use sea_orm::{QueryResult, Value};
use tiercel_domain::ids::{CustomerId, JobId, PolicySimulationId};
use uuid::Uuid;

/// The kind of jobs that simulate policies.
pub const JOB_KIND: &str = "policy_simulation";

/// A simulation of policies, under way or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySimulation {
    pub id: PolicySimulationId,
    pub job: JobId,
    /// JSON, as the caller defines it: which drafts, whom, and over which business.
    pub question: String,
    /// JSON; none while it is under way.
    pub report: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A customer for whom something would change, with JSON that says what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    pub customer: CustomerId,
    pub outcome: &'static str,
    pub content: String,
}

fn value(bits: u128) -> Value {
    Uuid::from_u128(bits).into()
}

fn read(row: &QueryResult) -> Result<PolicySimulation, DbError> {
    let bits = |column: &str| Ok::<_, DbError>(row.try_get::<Uuid>("", column)?.as_u128());
    let finished: Option<i64> = row.try_get("", "finished_at")?;
    Ok(PolicySimulation {
        id: PolicySimulationId::from_bits(bits("simulation_id")?),
        job: JobId::from_bits(bits("job_id")?),
        question: row.try_get("", "question")?,
        report: row.try_get("", "report")?,
        created_at: from_micros(row.try_get("", "created_at")?),
        finished_at: finished.map(from_micros),
    })
}

/// Queues a simulation: its row, and the job that does it.
pub async fn create(tx: &Tx, question: &str, principal: &str) -> Result<PolicySimulation, DbError> {
    let id = PolicySimulationId::from_bits(tx.mint());
    let parameters = serde_json::json!({ "simulation": id.to_string() });
    let job = jobs::create(tx, JOB_KIND, &parameters.to_string(), principal).await?;
    let text = "INSERT INTO policy_simulation (simulation_id, job_id, question, principal, \
                created_at) VALUES ($1, $2, $3, $4, $5)";
    let values = vec![
        value(id.bits()),
        value(job.bits()),
        question.into(),
        principal.into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    Ok(PolicySimulation {
        id,
        job,
        question: question.to_owned(),
        report: None,
        created_at: tx.at(),
        finished_at: None,
    })
}

pub async fn find(
    source: &impl Source,
    id: PolicySimulationId,
) -> Result<Option<PolicySimulation>, DbError> {
    let text = "SELECT * FROM policy_simulation WHERE simulation_id = $1";
    let rows = sql::rows(source, text, vec![value(id.bits())]).await?;
    rows.first().map(read).transpose()
}

/// Simulations before an id, newest first.
pub async fn page(
    source: &impl Source,
    before: Option<PolicySimulationId>,
    limit: u64,
) -> Result<Vec<PolicySimulation>, DbError> {
    let text = "SELECT * FROM policy_simulation WHERE simulation_id < $1 \
                ORDER BY simulation_id DESC LIMIT $2";
    let before = before.map_or(u128::MAX, PolicySimulationId::bits);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = sql::rows(source, text, vec![value(before), limit.into()]).await?;
    rows.iter().map(read).collect()
}

/// Keeps for whom something would change.
pub async fn add(tx: &Tx, id: PolicySimulationId, touched: &[Touched]) -> Result<(), DbError> {
    for chunk in touched.chunks(MANY) {
        let places: Vec<String> = (0..chunk.len())
            .map(|place| format!("({})", sql::places(place * 4 + 1, 4)))
            .collect();
        let text = format!(
            "INSERT INTO policy_simulation_customer \
             (simulation_id, customer_id, outcome, content) VALUES {}",
            places.join(", ")
        );
        let values = chunk.iter().flat_map(|one| {
            let row: [Value; 4] = [
                value(id.bits()),
                value(one.customer.bits()),
                one.outcome.into(),
                one.content.clone().into(),
            ];
            row
        });
        sql::run(tx, &text, values.collect()).await?;
    }
    Ok(())
}

/// Customers after one, in order of ids, as `(customer, content)`; those of one outcome where it
/// is named.
pub async fn customers(
    source: &impl Source,
    id: PolicySimulationId,
    outcome: Option<&str>,
    after: Option<CustomerId>,
    limit: u64,
) -> Result<Vec<(CustomerId, String)>, DbError> {
    let after = value(after.map_or(0, CustomerId::bits));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut values = vec![value(id.bits()), after, limit.into()];
    let mut only = "";
    if let Some(outcome) = outcome {
        only = "AND outcome = $4 ";
        values.push(outcome.into());
    }
    let text = format!(
        "SELECT customer_id, content FROM policy_simulation_customer WHERE simulation_id = $1 \
         AND customer_id > $2 {only}ORDER BY customer_id LIMIT $3"
    );
    let rows = sql::rows(source, &text, values).await?;
    rows.iter()
        .map(|row| {
            let customer: Uuid = row.try_get("", "customer_id")?;
            Ok((
                CustomerId::from_bits(customer.as_u128()),
                row.try_get("", "content")?,
            ))
        })
        .collect()
}

/// Keeps the report, in the write that ends the job.
pub async fn finish(tx: &Tx, id: PolicySimulationId, report: &str) -> Result<(), DbError> {
    let text =
        "UPDATE policy_simulation SET report = $1, finished_at = $2 WHERE simulation_id = $3";
    let values = vec![report.into(), tx.micros().into(), value(id.bits())];
    sql::run(tx, text, values).await?;
    Ok(())
}
