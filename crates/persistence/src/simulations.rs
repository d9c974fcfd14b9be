//! What drafts would do to the portfolio: reports that only their own rows are written for.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::jobs;
use crate::sql::{self, MANY};
use crate::store::Source;
use crate::write::Tx;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{QueryResult, Value};
use tiercel_domain::ids::{CustomerId, DocumentId, JobId, SimulationId};
use uuid::Uuid;

/// The kind of jobs that simulate.
pub const JOB_KIND: &str = "simulation";

/// A draft to simulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSimulation {
    pub model: DocumentId,
    pub model_version: i64,
    /// Of the draft's body: what is simulated is exactly this.
    pub model_hash: String,
    pub as_of: NaiveDate,
    /// JSON, as the caller defines it: whom, and by which policies.
    pub question: String,
    pub principal: String,
}

/// A simulation, under way or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    pub id: SimulationId,
    pub job: JobId,
    pub of: NewSimulation,
    /// JSON; none while it is under way.
    pub report: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A customer who would change tier, with JSON that says how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    pub customer: CustomerId,
    pub content: String,
}

fn value(bits: u128) -> Value {
    Uuid::from_u128(bits).into()
}

fn read(row: &QueryResult) -> Result<Simulation, DbError> {
    let bits = |column: &str| Ok::<_, DbError>(row.try_get::<Uuid>("", column)?.as_u128());
    let finished: Option<i64> = row.try_get("", "finished_at")?;
    Ok(Simulation {
        id: SimulationId::from_bits(bits("simulation_id")?),
        job: JobId::from_bits(bits("job_id")?),
        of: NewSimulation {
            model: DocumentId::from_bits(bits("model_id")?),
            model_version: row.try_get("", "model_version")?,
            model_hash: row.try_get("", "model_hash")?,
            as_of: row.try_get("", "as_of")?,
            question: row.try_get("", "question")?,
            principal: row.try_get("", "principal")?,
        },
        report: row.try_get("", "report")?,
        created_at: from_micros(row.try_get("", "created_at")?),
        finished_at: finished.map(from_micros),
    })
}

/// Queues a simulation: its row, and the job that does it.
pub async fn create(tx: &Tx, new: &NewSimulation) -> Result<Simulation, DbError> {
    let id = SimulationId::from_bits(tx.mint());
    let parameters = serde_json::json!({ "simulation": id.to_string() });
    let job = jobs::create(tx, JOB_KIND, &parameters.to_string(), &new.principal).await?;
    let text = "INSERT INTO simulation (simulation_id, job_id, model_id, model_version, \
                model_hash, as_of, question, principal, created_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = vec![
        value(id.bits()),
        value(job.bits()),
        value(new.model.bits()),
        new.model_version.into(),
        new.model_hash.clone().into(),
        new.as_of.into(),
        new.question.clone().into(),
        new.principal.clone().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    Ok(Simulation {
        id,
        job,
        of: new.clone(),
        report: None,
        created_at: tx.at(),
        finished_at: None,
    })
}

pub async fn find(source: &impl Source, id: SimulationId) -> Result<Option<Simulation>, DbError> {
    let text = "SELECT * FROM simulation WHERE simulation_id = $1";
    let rows = sql::rows(source, text, vec![value(id.bits())]).await?;
    rows.first().map(read).transpose()
}

/// Simulations before an id, newest first.
pub async fn page(
    source: &impl Source,
    before: Option<SimulationId>,
    limit: u64,
) -> Result<Vec<Simulation>, DbError> {
    let text = "SELECT * FROM simulation WHERE simulation_id < $1 \
                ORDER BY simulation_id DESC LIMIT $2";
    let before = before.map_or(u128::MAX, SimulationId::bits);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = sql::rows(source, text, vec![value(before), limit.into()]).await?;
    rows.iter().map(read).collect()
}

/// When exactly this text of a version was last simulated over everyone.
pub async fn last_of(
    source: &impl Source,
    model: DocumentId,
    version: i64,
    hash: &str,
) -> Result<Option<Simulation>, DbError> {
    let text = "SELECT * FROM simulation WHERE model_id = $1 AND model_version = $2 \
                AND model_hash = $3 AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1";
    let values = vec![value(model.bits()), version.into(), hash.into()];
    let rows = sql::rows(source, text, values).await?;
    rows.first().map(read).transpose()
}

/// Keeps who would move.
pub async fn add_movers(tx: &Tx, id: SimulationId, movers: &[Mover]) -> Result<(), DbError> {
    for chunk in movers.chunks(MANY) {
        let places: Vec<String> = (0..chunk.len())
            .map(|place| format!("({})", sql::places(place * 3 + 1, 3)))
            .collect();
        let text = format!(
            "INSERT INTO simulation_mover (simulation_id, customer_id, content) VALUES {}",
            places.join(", ")
        );
        let values = chunk.iter().flat_map(|mover| {
            let row: [Value; 3] = [
                value(id.bits()),
                value(mover.customer.bits()),
                mover.content.clone().into(),
            ];
            row
        });
        sql::run(tx, &text, values.collect()).await?;
    }
    Ok(())
}

/// Those who would move after a customer, in order of ids.
pub async fn movers(
    source: &impl Source,
    id: SimulationId,
    after: Option<CustomerId>,
    limit: u64,
) -> Result<Vec<Mover>, DbError> {
    let text = "SELECT customer_id, content FROM simulation_mover WHERE simulation_id = $1 \
                AND customer_id > $2 ORDER BY customer_id LIMIT $3";
    let after = value(after.map_or(0, CustomerId::bits));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = sql::rows(source, text, vec![value(id.bits()), after, limit.into()]).await?;
    rows.iter()
        .map(|row| {
            let customer: Uuid = row.try_get("", "customer_id")?;
            Ok(Mover {
                customer: CustomerId::from_bits(customer.as_u128()),
                content: row.try_get("", "content")?,
            })
        })
        .collect()
}

/// Keeps the report, in the write that ends the job.
pub async fn finish(tx: &Tx, id: SimulationId, report: &str) -> Result<(), DbError> {
    let text = "UPDATE simulation SET report = $1, finished_at = $2 WHERE simulation_id = $3";
    let values = vec![report.into(), tx.micros().into(), value(id.bits())];
    sql::run(tx, text, values).await?;
    Ok(())
}
