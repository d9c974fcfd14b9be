//! Evaluating everyone beside reading the same rows; and how soon a fact is in a decision.

use crate::company::{self, SYSTEM};
use crate::draws::Draws;
use crate::failure::{Failure, Outcome};
use crate::ground::{self, Ground};
use crate::histogram::Histogram;
use crate::output::{self, against};
use crate::place::Place;
use crate::server::Server;
use crate::sql::Sql;
use crate::wire::Caller;
use chrono::{Datelike, NaiveDate};
use clap::Args;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tiercel_persistence::Clock;

/// How many customers, and how often a fact is told.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// Customers to evaluate
    #[arg(long, default_value_t = 1_000_000)]
    pub customers: u64,
    /// Orders of each customer, with their invoices and payments
    #[arg(long, default_value_t = 1)]
    pub orders: u64,
    /// Facts told one by one, each waited for in a decision
    #[arg(long, default_value_t = 200)]
    pub facts: u64,
}

/// A fact that is not in a decision by then is lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints the time of a whole run and that of one fact.
pub async fn run(place: &Place, args: &Evaluate) -> Outcome<()> {
    let ground = ground::prepare(place, args.customers, args.orders).await?;
    let as_of = mid_month();
    output::line(format!(
        "{} customers, {}, as of {as_of}",
        ground.customers,
        place.engine()
    ));
    everyone(place, ground, as_of).await?;
    incremental(place, ground, args.facts).await
}

/// The last fifteenth but one: neither end of the month, nor the day of an earlier run.
fn mid_month() -> NaiveDate {
    let today = ground::today();
    let first = today.with_day(1).unwrap_or(today);
    let before = first.pred_opt().unwrap_or(first);
    before.with_day(15).unwrap_or(before)
}

/// Reads, evaluates, reads again: the two readings are the measure.
async fn everyone(place: &Place, ground: Ground, as_of: NaiveDate) -> Outcome<()> {
    let mut readings = vec![reading(place, as_of).await?];
    let mut runs = Vec::new();
    for day in [as_of, as_of.pred_opt().unwrap_or(as_of)] {
        let begun = Instant::now();
        let told = place.tiercel(&["evaluate", "--as-of", &day.to_string(), "--json"])?;
        runs.push(begun.elapsed());
        let told: Value = serde_json::from_str(&told)?;
        if told["evaluated"] != ground.customers {
            return Err(Failure::new(format!("evaluated {}", told["evaluated"])));
        }
        readings.push(reading(place, as_of).await?);
    }
    let mean = |times: &[Duration]| {
        let all: Duration = times.iter().sum();
        all.as_secs_f64() / times.len() as f64
    };
    let (whole, read) = (mean(&runs), mean(&readings));
    let written = writing(place).await?.as_secs_f64();
    let each = whole * 1e6 / ground.customers as f64;
    output::line(format!(
        "everyone: {whole:.1} s, {each:.0} µs a customer; the database reads the same rows in {read:.1} s"
    ));
    output::line(format!(
        "  {} of reading; {:.1} of reading and writing what it writes in bulk ({written:.1} s)",
        against(whole / read, 3.0, false),
        whole / (read + written)
    ));
    Ok(())
}

/// What a run reads: states, profiles, histories, current evaluations, and facts of cut months.
async fn reading(place: &Place, as_of: NaiveDate) -> Outcome<Duration> {
    let mut sql = Sql::connect(place).await?;
    let first = as_of.with_day(1).unwrap_or(as_of);
    let year = first.with_year(first.year() - 1).unwrap_or(first);
    let edge = |first: NaiveDate| {
        let next = first + chrono::Months::new(1);
        format!("occurred_on >= '{first}' AND occurred_on < '{next}'")
    };
    let facts = format!(
        "fact WHERE superseded_by IS NULL AND (({}) OR ({}))",
        edge(first),
        edge(year)
    );
    let parts: [(&[&str], &str); 5] = [
        (
            &["customer_id", "version", "tier", "score"],
            "customer_state",
        ),
        (&["customer_id", "since", "attributes"], "customer_profile"),
        (&["customer_id", "content"], "customer_history"),
        (
            &["e.customer_id", "e.points", "e.tier", "e.score"],
            "customer_state s JOIN evaluation e ON e.customer_id = s.customer_id AND e.evaluation_id = s.evaluation_id",
        ),
        (
            &[
                "customer_id",
                "kind",
                "occurred_on",
                "base_amount",
                "cost",
                "doc_id",
            ],
            &facts,
        ),
    ];
    let mut took = Duration::ZERO;
    for (columns, of) in parts {
        took += sql.reading(columns, of).await?;
    }
    Ok(took)
}

/// One statement that writes as many evaluations, with the same indexes, and changes as many states.
async fn writing(place: &Place) -> Outcome<Duration> {
    let mut sql = Sql::connect(place).await?;
    let columns = sql.columns().await?;
    let names = columns.iter().filter(|(table, _)| table == "evaluation");
    let names: Vec<&str> = names.map(|(_, column)| column.as_str()).collect();
    let fresh = names.iter().map(|name| match *name {
        "evaluation_id" => shifted(&sql),
        other => format!("e.{other}"),
    });
    let fresh: Vec<String> = fresh.collect();
    let begun = Instant::now();
    sql.run("BEGIN").await?;
    sql.run(format!(
        "INSERT INTO evaluation ({}) SELECT {} FROM customer_state s JOIN evaluation e \
         ON e.customer_id = s.customer_id AND e.evaluation_id = s.evaluation_id",
        names.join(", "),
        fresh.join(", ")
    ))
    .await?;
    sql.run("UPDATE customer_state SET version = version + 1, score = score + 1")
        .await?;
    let took = begun.elapsed();
    sql.run("ROLLBACK").await?;
    Ok(took)
}

/// Another id than that of the evaluation, in the same order.
fn shifted(sql: &Sql) -> String {
    let id = sql.hex("e.evaluation_id");
    match sql.is_postgres() {
        true => format!("CAST('0f' || substr({id}, 3) AS uuid)"),
        false => format!("unhex('0f' || substr({id}, 3))"),
    }
}

/// Tells facts one by one and waits until a decision has the new score: on PostgreSQL through
/// another instance than the one that took the fact.
async fn incremental(place: &Place, ground: Ground, facts: u64) -> Outcome<()> {
    let token = place.token()?;
    let server = Server::start(place, "127.0.0.1:0", None).await?;
    let other = match place.url {
        Some(_) => Some(Server::start(place, "127.0.0.1:0", None).await?),
        None => None,
    };
    let reader = other.as_ref().unwrap_or(&server);
    let mut teller = Caller::new(&server.address, &token);
    let mut reader = Caller::new(&reader.address, &token);
    let (mut told, mut seen) = (Histogram::default(), Histogram::default());
    // Tells one run of this program from the next.
    let run = Clock::System.now().timestamp_micros();
    for turn in 0..facts {
        let number = Draws::new(turn, facts).below(ground.customers);
        let id = company::external_id(number);
        let path = format!("/v1/customers/by-external/{SYSTEM}/{id}/credit-terms");
        let before = reader.get(&path).await?.expect(&[200], "credit terms")?;
        let before = before.json()["tier"].clone();
        let key = format!("incremental {run} {turn}");
        let body = sale(&id, &key).to_string();
        let begun = Instant::now();
        let answer = teller.post("/v1/facts", &key, &body).await?;
        answer.expect(&[201], "fact")?;
        told.add(begun.elapsed());
        while reader.get(&path).await?.json()["tier"] == before {
            if begun.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{id} keeps its evaluation: {before}")));
            }
        }
        seen.add(begun.elapsed());
    }
    let through = if place.url.is_some() {
        "another"
    } else {
        "the same"
    };
    output::line(format!(
        "one fact: answered in p50 {:.1}, p99 {:.1} ms; in a decision through {through} instance in p50 {:.1}, p99 {:.1} ms",
        told.at(500),
        told.at(990),
        seen.at(500),
        seen.at(990)
    ));
    Ok(())
}

/// An order large enough to change any score.
fn sale(customer: &str, id: &str) -> Value {
    json!({
        "source": SYSTEM, "external_id": id, "kind": "order_line",
        "occurred_on": ground::today().to_string(),
        "customer": {"external": {"system": SYSTEM, "id": customer}},
        "document": {"system": SYSTEM, "type": "sales_order", "id": id},
        "status": "closed", "sku": company::sku(1), "quantity": "100",
        "amount": "750000.00", "currency": "EUR",
    })
}
