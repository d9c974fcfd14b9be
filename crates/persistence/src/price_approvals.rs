//! Prices that somebody asked for: versioned like facts, the reasons in a table of their own.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sea_orm::{QueryResult, Value};
use std::collections::BTreeMap;
use tiercel_domain::discounts::Approved;
use tiercel_domain::discounts::approval::GrantedPrice;
use tiercel_domain::ids::{CustomerId, PriceApprovalId};
use uuid::Uuid;

/// What [`read`] needs, of a table that may be called `t`.
pub(crate) const SELECT: &str = "SELECT customer_id, approval_id, fingerprint, lowest, granted_on, \
                                 valid_until FROM price_approval";

/// What of them decisions look at.
pub(crate) const GRANTED: &str = "granted_on IS NOT NULL";

const TABLE: &str = "price_approval";

/// Where a request has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalStatus {
    Pending,
    Granted,
    Rejected,
    /// Taken back by whoever asked for it, before anybody had decided.
    Withdrawn,
}

impl ApprovalStatus {
    const ALL: [Self; 4] = [
        Self::Pending,
        Self::Granted,
        Self::Rejected,
        Self::Withdrawn,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Granted => "granted",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// One decision of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalStep {
    pub level: String,
    pub by: String,
    /// `approved`, `rejected` or `withdrawn`.
    pub what: String,
    /// Microseconds.
    pub at: i64,
    /// The version that the step made: its reason is kept under it.
    pub version: i64,
}

/// A step as it is kept.
type Row = (String, String, String, i64, i64);

impl From<Row> for ApprovalStep {
    fn from((level, by, what, at, version): Row) -> Self {
        Self {
            level,
            by,
            what,
            at,
            version,
        }
    }
}

impl ApprovalStep {
    fn row(&self) -> serde_json::Value {
        serde_json::json!([self.level, self.by, self.what, self.at, self.version])
    }
}

/// A price to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPriceApproval {
    pub customer: CustomerId,
    pub fingerprint: String,
    pub lowest: Decimal,
    /// The levels that must approve, one after the other; never empty.
    pub chain: Vec<String>,
    /// What was asked, as JSON.
    pub facts: String,
    pub valid_until: NaiveDate,
    pub reason: String,
}

/// A request as it is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceApproval {
    pub id: PriceApprovalId,
    pub customer: CustomerId,
    pub version: i64,
    pub status: ApprovalStatus,
    pub fingerprint: String,
    pub lowest: Decimal,
    /// The level whose turn it is; none once it is decided.
    pub level: Option<String>,
    pub chain: Vec<String>,
    pub steps: Vec<ApprovalStep>,
    pub facts: String,
    pub requester: String,
    pub granted_on: Option<NaiveDate>,
    pub valid_until: NaiveDate,
    pub created_at: DateTime<Utc>,
    /// By version; nothing once the customer was erased.
    pub reasons: BTreeMap<i64, String>,
}

/// Which requests a page shows; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalFilter {
    pub customer: Option<CustomerId>,
    pub status: Option<ApprovalStatus>,
    /// The level whose turn it is.
    pub level: Option<String>,
    /// Whether they may still hold: `Some(false)` shows those that are over without a refusal.
    pub holds: Option<bool>,
    pub today: NaiveDate,
}

/// What decisions read of a row that was granted.
pub(crate) fn read(row: &QueryResult) -> Result<GrantedPrice, DbError> {
    Ok(GrantedPrice {
        what: Approved {
            id: id_of(row)?,
            lowest: decimal(row)?,
        },
        fingerprint: row.try_get("", "fingerprint")?,
        valid_from: row.try_get("", "granted_on")?,
        valid_until: row.try_get("", "valid_until")?,
    })
}

fn id_of(row: &QueryResult) -> Result<PriceApprovalId, DbError> {
    let id: Uuid = row.try_get("", "approval_id")?;
    Ok(PriceApprovalId::from_bits(id.as_u128()))
}

fn decimal(row: &QueryResult) -> Result<Decimal, DbError> {
    let text: String = row.try_get("", "lowest")?;
    let read = text.parse();
    read.map_err(|_| DbError::corrupt(TABLE, format!("the price `{text}`")))
}

fn stored(row: &QueryResult) -> Result<PriceApproval, DbError> {
    let customer: Uuid = row.try_get("", "customer_id")?;
    let status: String = row.try_get("", "status")?;
    let [chain, steps]: [String; 2] = [row.try_get("", "chain")?, row.try_get("", "steps")?];
    let unreadable = |error: serde_json::Error| DbError::corrupt(TABLE, error.to_string());
    Ok(PriceApproval {
        id: id_of(row)?,
        customer: CustomerId::from_bits(customer.as_u128()),
        version: row.try_get("", "version")?,
        status: ApprovalStatus::from_word(&status)
            .ok_or_else(|| DbError::corrupt(TABLE, format!("the status `{status}`")))?,
        fingerprint: row.try_get("", "fingerprint")?,
        lowest: decimal(row)?,
        level: row.try_get("", "level")?,
        chain: serde_json::from_str(&chain).map_err(unreadable)?,
        steps: {
            let steps: Vec<Row> = serde_json::from_str(&steps).map_err(unreadable)?;
            steps.into_iter().map(ApprovalStep::from).collect()
        },
        facts: row.try_get("", "facts")?,
        requester: row.try_get("", "requester")?,
        granted_on: row.try_get("", "granted_on")?,
        valid_until: row.try_get("", "valid_until")?,
        created_at: from_micros(row.try_get("", "created_at")?),
        reasons: BTreeMap::new(),
    })
}

/// Requests before an id, newest first.
pub async fn page(
    source: &impl Source,
    filter: &ApprovalFilter,
    before: Option<PriceApprovalId>,
    limit: u64,
) -> Result<Vec<PriceApproval>, DbError> {
    let before = before.map_or(u128::MAX, PriceApprovalId::bits);
    let mut conditions = vec![
        "superseded_by IS NULL".to_owned(),
        "approval_id < $1".to_owned(),
    ];
    let mut values: Vec<Value> = vec![Uuid::from_u128(before).into()];
    let customer = filter.customer.map(|id| Uuid::from_u128(id.bits()).into());
    let holds = filter.holds.map(|_| filter.today.into());
    let compare = match filter.holds {
        Some(false) => "valid_until <",
        _ => "valid_until >=",
    };
    let status = filter.status.map(|status| status.word().into());
    let level = filter.level.clone().map(Value::from);
    let told = [
        ("customer_id =", customer),
        ("status =", status),
        ("level =", level),
        (compare, holds),
    ];
    for (condition, value) in told {
        if let Some(value) = value {
            values.push(value);
            conditions.push(format!("{condition} ${}", values.len()));
        }
    }
    if filter.holds == Some(false) {
        conditions.push("status IN ('pending', 'granted')".to_owned());
    }
    let all = conditions.join(" AND ");
    let text =
        format!("SELECT * FROM price_approval WHERE {all} ORDER BY approval_id DESC LIMIT {limit}");
    let rows = sql::rows(source, &text, values).await?;
    let mut found: Vec<PriceApproval> = rows.iter().map(stored).collect::<Result<_, _>>()?;
    add_reasons(source, &mut found).await?;
    Ok(found)
}

/// One request.
pub async fn find(
    source: &impl Source,
    id: PriceApprovalId,
) -> Result<Option<PriceApproval>, DbError> {
    let text = "SELECT * FROM price_approval WHERE superseded_by IS NULL AND approval_id = $1";
    let rows = sql::rows(source, text, vec![Uuid::from_u128(id.bits()).into()]).await?;
    let mut found: Vec<PriceApproval> = rows.iter().map(stored).collect::<Result<_, _>>()?;
    add_reasons(source, &mut found).await?;
    Ok(found.pop())
}

/// Requests of a customer for the same inputs that nobody has decided yet.
pub async fn pending(
    source: &impl Source,
    customer: CustomerId,
    on: NaiveDate,
) -> Result<Vec<PriceApproval>, DbError> {
    let text = "SELECT * FROM price_approval WHERE superseded_by IS NULL AND customer_id = $1 \
                AND status = 'pending' AND valid_until >= $2 ORDER BY approval_id";
    let values = vec![Uuid::from_u128(customer.bits()).into(), on.into()];
    let rows = sql::rows(source, text, values).await?;
    let mut found: Vec<PriceApproval> = rows.iter().map(stored).collect::<Result<_, _>>()?;
    add_reasons(source, &mut found).await?;
    Ok(found)
}

async fn add_reasons(source: &impl Source, found: &mut [PriceApproval]) -> Result<(), DbError> {
    for chunk in found.chunks_mut(sql::MANY) {
        let mut ids = sql::uuids(chunk.iter().map(|one| one.customer.bits()));
        let customers = sql::places(1, ids.len());
        let places = sql::places(ids.len() + 1, chunk.len());
        ids.extend(sql::uuids(chunk.iter().map(|one| one.id.bits())));
        let text = format!(
            "SELECT approval_id, version, reason FROM price_approval_reason \
             WHERE customer_id IN ({customers}) AND approval_id IN ({places})"
        );
        let mut reasons: BTreeMap<PriceApprovalId, BTreeMap<i64, String>> = BTreeMap::new();
        for row in sql::rows(source, &text, ids).await? {
            let of = reasons.entry(id_of(&row)?).or_default();
            of.insert(row.try_get("", "version")?, row.try_get("", "reason")?);
        }
        for one in chunk {
            one.reasons = reasons.remove(&one.id).unwrap_or_default();
        }
    }
    Ok(())
}

/// Asks for a price. The customer must be locked by the write.
pub async fn request(tx: &Tx, new: &NewPriceApproval) -> Result<PriceApproval, DbError> {
    let made = PriceApproval {
        id: PriceApprovalId::from_bits(tx.mint()),
        customer: new.customer,
        version: 1,
        status: ApprovalStatus::Pending,
        fingerprint: new.fingerprint.clone(),
        lowest: new.lowest,
        level: new.chain.first().cloned(),
        chain: new.chain.clone(),
        steps: Vec::new(),
        facts: new.facts.clone(),
        requester: tx.principal().to_owned(),
        granted_on: None,
        valid_until: new.valid_until,
        created_at: tx.at(),
        reasons: BTreeMap::from([(1, new.reason.clone())]),
    };
    insert(tx, &made, "requested").await?;
    Ok(made)
}

/// What a decision makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The level whose turn it is approves; with the day where it was the last.
    Approve(NaiveDate),
    Reject,
    Withdraw,
}

/// Takes the next step of a request. The customer must be locked by the write.
///
/// # Errors
/// `Conflict` where another step came between.
pub async fn step(
    tx: &Tx,
    known: &PriceApproval,
    step: Step,
    reason: &str,
) -> Result<PriceApproval, DbError> {
    let text = "UPDATE price_approval SET superseded_by = $1 WHERE customer_id = $2 \
                AND approval_id = $3 AND version = $4 AND superseded_by IS NULL \
                AND status = 'pending'";
    let [customer, id] = key(known);
    let values = vec![tx.write_uuid().into(), customer, id, known.version.into()];
    if sql::run(tx, text, values).await? != 1 {
        let detail = "the request was decided meanwhile";
        return Err(DbError::Conflict(detail.into()));
    }
    let place = known
        .chain
        .iter()
        .position(|it| known.level.as_ref() == Some(it));
    let next = place.and_then(|place| known.chain.get(place.saturating_add(1)));
    let (status, what, word) = match (step, next) {
        (Step::Approve(_), Some(_)) => (ApprovalStatus::Pending, "approved", "approved"),
        (Step::Approve(_), None) => (ApprovalStatus::Granted, "granted", "approved"),
        (Step::Reject, _) => (ApprovalStatus::Rejected, "rejected", "rejected"),
        (Step::Withdraw, _) => (ApprovalStatus::Withdrawn, "withdrawn", "withdrawn"),
    };
    let mut next_version = PriceApproval {
        version: known.version.saturating_add(1),
        status,
        level: next.filter(|_| status == ApprovalStatus::Pending).cloned(),
        granted_on: match step {
            Step::Approve(on) if status == ApprovalStatus::Granted => Some(on),
            _ => None,
        },
        ..known.clone()
    };
    next_version.steps.push(ApprovalStep {
        level: known.level.clone().unwrap_or_default(),
        by: tx.principal().to_owned(),
        what: word.to_owned(),
        at: tx.micros(),
        version: next_version.version,
    });
    let version = next_version.version;
    next_version.reasons.insert(version, reason.to_owned());
    insert(tx, &next_version, what).await?;
    Ok(next_version)
}

fn key(of: &PriceApproval) -> [Value; 2] {
    [of.customer.bits(), of.id.bits()].map(|bits| Uuid::from_u128(bits).into())
}

/// Writes a version with its reason, and tells the journal.
async fn insert(tx: &Tx, of: &PriceApproval, what: &'static str) -> Result<(), DbError> {
    let text = "INSERT INTO price_approval (customer_id, approval_id, version, status, \
                fingerprint, lowest, level, chain, steps, facts, requester, granted_on, \
                valid_until, created_at, write_id, recorded_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let steps: Vec<serde_json::Value> = of.steps.iter().map(ApprovalStep::row).collect();
    let [customer, id] = key(of);
    let values: Vec<Value> = vec![
        customer.clone(),
        id.clone(),
        of.version.into(),
        of.status.word().into(),
        of.fingerprint.clone().into(),
        of.lowest.to_string().into(),
        of.level.clone().into(),
        serde_json::json!(of.chain).to_string().into(),
        serde_json::json!(steps).to_string().into(),
        of.facts.clone().into(),
        of.requester.clone().into(),
        of.granted_on.into(),
        of.valid_until.into(),
        of.created_at.timestamp_micros().into(),
        tx.write_uuid().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    if let Some(reason) = of.reasons.get(&of.version) {
        let text = "INSERT INTO price_approval_reason (customer_id, approval_id, version, reason) \
                    VALUES ($1, $2, $3, $4)";
        let values = vec![customer, id, of.version.into(), reason.clone().into()];
        sql::run(tx, text, values).await?;
    }
    let level = of.level.clone().map(|level| ("level", level));
    let detail = [
        ("status", of.status.word().to_owned()),
        ("valid_until", of.valid_until.to_string()),
        ("requester", of.requester.clone()),
    ];
    tx.note(Change {
        entity: TABLE,
        id: of.id.to_string(),
        version: of.version,
        what,
        customer: Some(of.customer),
        content: None,
        detail: detail.into_iter().chain(level).collect(),
    });
    Ok(())
}
