//! What must hold when the dust has settled, asked of the database and not of the server.

use super::scene::{BUYERS, DEBTORS, SYSTEM, Scene, Told};
use crate::failure::Outcome;
use crate::sql::Sql;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Rows whose write has no journal entry are effects that nobody can audit.
const JOURNALLED: [&str; 6] = [
    "fact",
    "customer_profile",
    "external_id",
    "evaluation",
    "credit_entry",
    "credit_limit_change",
];

/// Everything that does not hold.
pub async fn broken(scene: &Scene) -> Outcome<Vec<String>> {
    let mut broken = Vec::new();
    let mut sql = Sql::connect(&scene.place).await?;
    {
        let found = Found::read(&mut sql).await?;
        found.compare(&scene.told.borrow(), &mut broken);
    }
    sums(&mut sql, &mut broken).await?;
    credit(&mut sql, scene, &mut broken).await?;
    journal(&mut sql, scene, &mut broken).await?;
    rollups(&mut sql, scene, &mut broken).await?;
    Ok(broken)
}

/// What the database holds of what was told.
struct Found {
    /// How many customers have a name.
    customers: BTreeMap<String, String>,
    /// Version and amount, in its units.
    facts: BTreeMap<String, (String, String)>,
    limits: BTreeMap<String, String>,
    orders: BTreeMap<String, String>,
    imported: i64,
    keys: BTreeMap<String, String>,
}

impl Found {
    async fn read(sql: &mut Sql) -> Outcome<Self> {
        let pairs = |rows: Vec<Vec<String>>| {
            let pair = |row: Vec<String>| <[String; 2]>::try_from(row).ok();
            let pairs = rows.into_iter().filter_map(pair);
            pairs.map(|[name, value]| (name, value)).collect()
        };
        let customers = "SELECT name, CAST(COUNT(DISTINCT customer_id) AS TEXT) \
            FROM customer_personal WHERE name LIKE 'chaos-%' GROUP BY name";
        let limits = "SELECT reason, CAST(COUNT(*) AS TEXT) FROM credit_limit_change \
            WHERE reason LIKE 'chaos-%' GROUP BY reason";
        let orders = format!(
            "SELECT doc_id, MIN(state) || ' ' || CAST(COUNT(*) AS TEXT) \
             FROM credit_authorization WHERE doc_system = '{SYSTEM}' GROUP BY doc_id"
        );
        let facts = "SELECT external_id, CAST(version AS TEXT), CAST(amount AS TEXT) FROM fact \
            WHERE external_id LIKE 'f-%' AND superseded_by IS NULL";
        let keys = "SELECT retry_key, CAST(status AS TEXT) FROM idempotency \
            WHERE retry_key LIKE 'chaos-%'";
        let facts = sql.texts(facts).await?.into_iter();
        let three = |row: Vec<String>| <[String; 3]>::try_from(row).ok();
        Ok(Self {
            customers: pairs(sql.texts(customers).await?),
            facts: facts
                .filter_map(three)
                .map(|[id, version, amount]| (id, (version, amount)))
                .collect(),
            limits: pairs(sql.texts(limits).await?),
            orders: pairs(sql.texts(orders).await?),
            imported: sql
                .number("SELECT COUNT(*) FROM fact WHERE external_id LIKE 'r-%'")
                .await?,
            keys: pairs(sql.texts(keys).await?),
        })
    }

    fn compare(&self, told: &Told, broken: &mut Vec<String>) {
        let once = |found: &BTreeMap<String, String>, names: &[String], what: &str| {
            let lost = names
                .iter()
                .filter(|it| found.get(*it).map(String::as_str) != Some("1"));
            let lost: Vec<_> = lost.map(|it| (it, found.get(it))).collect();
            let extra = found.len().saturating_sub(names.len());
            (!lost.is_empty() || extra > 0).then(|| format!("{what}: {lost:?}, {extra} too many"))
        };
        broken.extend(once(
            &self.customers,
            &told.customers,
            "customers not there once",
        ));
        broken.extend(once(
            &self.limits,
            &told.limits,
            "limit changes not there once",
        ));
        for (id, fact) in &told.facts {
            let expected = (fact.version.to_string(), (fact.cents * 100).to_string());
            if self.facts.get(id) != Some(&expected) {
                broken.push(format!(
                    "fact {id}: {expected:?} told, {:?} found",
                    self.facts.get(id)
                ));
            }
        }
        for (id, found) in &self.facts {
            let perhaps = told.perhaps.get(id).map(|cents| (cents * 100).to_string());
            let possible = perhaps.is_some_and(|amount| *found == ("1".to_owned(), amount));
            if !told.facts.contains_key(id) && !possible {
                broken.push(format!("fact {id}: nobody told {found:?}"));
            }
        }
        let approved = told.orders.iter().filter(|(_, order)| order.approved);
        for (document, _) in approved.clone() {
            let found = self.orders.get(document).map(String::as_str);
            if found != Some("committed 1") {
                broken.push(format!(
                    "order {document}: {found:?} where one is committed"
                ));
            }
        }
        if self.orders.len() != approved.count() {
            broken.push("there are authorizations of orders that were not approved".to_owned());
        }
        if self.imported.unsigned_abs() != told.imported {
            let (found, counted) = (self.imported, told.imported);
            broken.push(format!("{found} imported facts, {counted} counted"));
        }
        let missing = told.keys.iter().filter(|key| !self.keys.contains_key(*key));
        broken.extend(missing.map(|key| format!("the key {key} is not kept")));
        let half = self.keys.iter().filter(|(_, status)| *status == "0");
        broken.extend(half.map(|(key, _)| format!("the key {key} has no answer")));
    }
}

/// Versions of facts without gaps; ledgers that add up to their balances.
async fn sums(sql: &mut Sql, broken: &mut Vec<String>) -> Outcome<()> {
    let checks = [
        (
            "facts with a gap in their versions, or more than one current",
            "SELECT COUNT(*) FROM (SELECT fact_id FROM fact GROUP BY fact_id HAVING COUNT(*) <> MAX(version) \
             OR SUM(CASE WHEN superseded_by IS NULL THEN 1 ELSE 0 END) <> 1) f",
        ),
        (
            "ledgers that do not add up",
            "SELECT COUNT(*) FROM credit_account a LEFT JOIN (SELECT account_id, SUM(posted_change) AS posted, \
             SUM(pending_change) AS pending FROM credit_entry GROUP BY account_id) e \
             ON e.account_id = a.account_id \
             WHERE a.posted <> COALESCE(e.posted, 0) OR a.pending <> COALESCE(e.pending, 0)",
        ),
        (
            "jobs that have not ended",
            "SELECT COUNT(*) FROM job WHERE state NOT IN ('done', 'failed')",
        ),
        (
            "jobs that failed",
            "SELECT COUNT(*) FROM job WHERE state = 'failed'",
        ),
    ];
    for (what, count) in checks {
        let count = sql.number(count).await?;
        if count != 0 {
            broken.push(format!("{count} {what}"));
        }
    }
    Ok(())
}

/// Accounts hold what was approved, and no more than their limits.
async fn credit(sql: &mut Sql, scene: &Scene, broken: &mut Vec<String>) -> Outcome<()> {
    let balances = format!(
        "SELECT x.value, CAST(a.posted AS TEXT), CAST(a.pending AS TEXT) FROM credit_account a \
         JOIN external_id x ON x.customer_id = a.customer_id AND x.superseded_by IS NULL \
         WHERE x.system = '{SYSTEM}'"
    );
    let balances = sql.texts(balances).await?;
    let told = scene.told.borrow();
    for (customer, limit) in DEBTORS {
        let orders = told.orders.values();
        let mine = orders.filter(|order| order.customer == customer && order.approved);
        let cents: u64 = mine.map(|order| order.cents).sum();
        let expected = [
            customer.to_owned(),
            (cents * 100).to_string(),
            "0".to_owned(),
        ];
        if !balances.iter().any(|row| row[..] == expected) {
            broken.push(format!("{expected:?} expected among {balances:?}"));
        }
        let limit: u64 = limit.replace('.', "").parse().unwrap_or_default();
        if cents > limit {
            broken.push(format!("{customer} owes {cents} of {limit} cents"));
        }
    }
    Ok(())
}

/// Every effect is in the journal, all of it is numbered, and the chain is whole.
async fn journal(sql: &mut Sql, scene: &Scene, broken: &mut Vec<String>) -> Outcome<()> {
    for table in JOURNALLED {
        let count = format!(
            "SELECT COUNT(*) FROM {table} t LEFT JOIN journal j ON j.write_id = t.write_id \
             WHERE j.write_id IS NULL"
        );
        let count = sql.number(&count).await?;
        if count != 0 {
            broken.push(format!("{count} rows of {table} are not in the journal"));
        }
    }
    // The last writes are numbered by an instance that lives, or by the next to hold the lease.
    for _ in 0..200 {
        let waiting = "SELECT COUNT(*) FROM journal WHERE position IS NULL";
        if sql.number(waiting).await? == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let verdict = scene.place.tiercel(&["audit", "verify", "--json"])?;
    let verdict: Value = serde_json::from_str(&verdict)?;
    if verdict["faults"] != Value::Array(Vec::new()) || verdict["unnumbered"] != 0 {
        broken.push(format!("audit: {verdict}"));
    }
    Ok(())
}

/// Sums by month equal the facts.
async fn rollups(sql: &mut Sql, scene: &Scene, broken: &mut Vec<String>) -> Outcome<()> {
    let facts = format!(
        "SELECT x.value, CAST(SUM(f.base_amount) AS TEXT), \
         CAST(SUM(CASE WHEN f.kind = 'contact' THEN 1 ELSE 0 END) AS TEXT) FROM fact f \
         JOIN external_id x ON x.customer_id = f.customer_id AND x.superseded_by IS NULL \
         WHERE x.system = '{SYSTEM}' AND f.superseded_by IS NULL GROUP BY x.value"
    );
    let facts = sql.texts(facts).await?;
    let mut client = scene.client(0, 6);
    for buyer in BUYERS {
        let id = scene.ids.get(buyer).cloned().unwrap_or_default();
        let path = format!("/v1/customers/{id}/rollups?limit=200");
        let page = client.get(&path).await?.expect(&[200], "rollups")?.json();
        let (mut revenue, mut contacts) = (0_i64, 0_i64);
        for month in page["items"].as_array().into_iter().flatten() {
            let text = month["revenue"].as_str().unwrap_or_default();
            revenue += text.replace('.', "").parse::<i64>().unwrap_or_default() * 100;
            contacts += month["contacts"].as_i64().unwrap_or_default();
        }
        let found = facts.iter().find(|row| row[0] == buyer);
        let number = |place: usize| {
            let text = found.and_then(|row| row.get(place));
            text.and_then(|it| it.parse::<i64>().ok())
                .unwrap_or_default()
        };
        if (revenue, contacts) != (number(1), number(2)) {
            broken.push(format!(
                "{buyer}: {revenue} and {contacts} by month, facts say {found:?}"
            ));
        }
    }
    Ok(())
}
