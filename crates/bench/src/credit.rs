//! Credit authorised and committed beside hand-written transactions that write the same rows.

use crate::company;
use crate::failure::{Failure, Outcome};
use crate::ground;
use crate::histogram::Histogram;
use crate::output;
use crate::place::Place;
use crate::server::Server;
use crate::sql::Sql;
use crate::wire::Caller;
use clap::Args;
use futures_util::future::try_join_all;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How many callers, and for how long.
#[derive(Debug, Args)]
pub struct Credit {
    /// Customers with an account each
    #[arg(long, default_value_t = 200)]
    pub customers: u64,
    /// Callers at once, and connections of the hand-written side on PostgreSQL
    #[arg(long, default_value_t = 8)]
    pub callers: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
    /// Measurements of each side, in turn; medians are told
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
}

/// Prints pairs of authorization and commit per second on both sides.
pub async fn run(place: &Place, args: &Credit) -> Outcome<()> {
    ground::refuse_strangers(place).await?;
    let folder = tempfile::tempdir()?;
    company::customers(folder.path(), args.customers, ground::today())?.import(place)?;
    let token = place.token()?;
    let server = Server::start(place, "127.0.0.1:0", None).await?;
    let mut caller = Caller::new(&server.address, &token);
    for number in 0..args.customers {
        let id = company::external_id(number);
        ground::open_account(&mut caller, company::SYSTEM, &id, "900000000.00").await?;
    }
    let lasting = Duration::from_secs_f64(args.seconds);
    let (next, latencies) = (Cell::new(0), RefCell::new(Histogram::default()));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let callers = (0..args.callers)
            .map(|_| pairs(&server.address, &token, args, &next, &latencies, lasting));
        let done: u64 = try_join_all(callers).await?.iter().sum();
        ours.push(done as f64 / args.seconds);
        let hands = if place.url.is_some() { args.callers } else { 1 };
        let hands = (0..hands).map(|_| by_hand(place, args, &next, lasting));
        let done: u64 = try_join_all(hands).await?.iter().sum();
        theirs.push(done as f64 / args.seconds);
    }
    let (ours, theirs) = (middle(ours), middle(theirs));
    let latencies = latencies.into_inner();
    output::line(format!(
        "{}: {ours:.0} pairs/s, p50 {:.1}, p99 {:.1} ms a pair; by hand {theirs:.0} pairs/s: {:.2}",
        place.engine(),
        latencies.at(500),
        latencies.at(990),
        ours / theirs
    ));
    Ok(())
}

async fn pairs(
    address: &str,
    token: &str,
    args: &Credit,
    next: &Cell<u64>,
    latencies: &RefCell<Histogram>,
    lasting: Duration,
) -> Outcome<u64> {
    let mut caller = Caller::new(address, token);
    let begun = Instant::now();
    let mut done = 0;
    while begun.elapsed() < lasting {
        let number = next.replace(next.get() + 1);
        let pair = Instant::now();
        let customer = company::external_id(number % args.customers);
        let body = json!({
            "customer": {"external": {"system": company::SYSTEM, "id": customer}},
            "amount": "10.00", "currency": "EUR",
            "document": {"system": company::SYSTEM, "type": "sales_order", "id": format!("SO-{number}")},
        });
        let (key, body) = (format!("a{number}"), body.to_string());
        let made = caller
            .post("/v1/credit/authorizations", &key, &body)
            .await?;
        let made = made.expect(&[201], "authorization")?;
        let location = made.location.ok_or_else(|| Failure::new("no Location"))?;
        let body = json!({"amount": "10.00", "stage": "ordered", "final": true}).to_string();
        let path = format!("{location}/commit");
        let committed = caller.post(&path, &format!("c{number}"), &body).await?;
        committed.expect(&[200], "commit")?;
        latencies.borrow_mut().add(pair.elapsed());
        done += 1;
    }
    Ok(done)
}

/// The rows of a pair as the server writes them, in two transactions, with nothing around them.
async fn by_hand(
    place: &Place,
    args: &Credit,
    next: &Cell<u64>,
    lasting: Duration,
) -> Outcome<u64> {
    let mut sql = Sql::connect(place).await?;
    let hex = sql.hex("account_id");
    let accounts = sql
        .texts(format!(
            "SELECT {hex}, {} FROM credit_account ORDER BY 1",
            sql.hex("customer_id")
        ))
        .await?;
    let begun = Instant::now();
    let mut done = 0;
    while begun.elapsed() < lasting {
        let number = next.replace(next.get() + 1);
        let account = &accounts[(number % args.customers) as usize];
        for step in [0, 1] {
            let text = by_hand_step(&sql, account, number * 2 + step, step == 1);
            sql.run(text).await?;
        }
        done += 1;
    }
    Ok(done)
}

fn by_hand_step(sql: &Sql, row: &[String], write: u64, commits: bool) -> String {
    let id = |hex: &str| match sql.is_postgres() {
        true => format!("CAST('{hex}' AS uuid)"),
        false => format!("X'{hex}'"),
    };
    let bytes = |text: &str| match sql.is_postgres() {
        true => format!("convert_to('{text}', 'UTF8')"),
        false => format!("CAST('{text}' AS BLOB)"),
    };
    let (account, customer) = (id(&row[0]), id(&row[1]));
    let (pair, write_id) = (write / 2, id(&format!("{write:032x}")));
    let authorization = id(&format!("{:032x}", u128::from(pair) + (1 << 100)));
    let json = "{\"changes\":[{\"entity\":\"credit_authorization\",\"id\":\"aut_01k8z6v3q2e4r5t6y7a8b9c0de\",\"version\":1,\"what\":\"authorized\",\"customer\":\"cus_06dv7n5z4h9k3m2p8q1r5s7t0x\",\"account\":\"acc_06dv7n5z4h9k3m2p8q1r5s7t0x\",\"amount\":\"10.00\"}]}";
    let answer = bytes(&json.repeat(4));
    let (posted, pending) = if commits {
        (100_000, -100_000)
    } else {
        (0, 100_000)
    };
    let change = match commits {
        true => format!(
            "UPDATE credit_authorization SET state = 'committed', ordered = 100000, held_posted = 100000, \
             held_pending = 0, version = 2, updated_at = 1 WHERE authorization_id = {authorization}"
        ),
        false => format!(
            "INSERT INTO credit_authorization (authorization_id, account_id, customer_id, doc_system, doc_kind, doc_id, \
             state, authorized, ordered, delivered, invoiced, told_ordered, told_delivered, told_invoiced, told_before, \
             held_posted, held_pending, decision, expires_at, next_check_on, version, created_at, updated_at) \
             VALUES ({authorization}, {account}, {customer}, 'hand', 'sales_order', 'H-{pair}', 'open', 100000, 0, 0, 0, \
             0, 0, 0, 0, 0, 100000, '{json}', 4000000000000000, '2099-01-01', 1, 0, 0)"
        ),
    };
    let begin = if sql.is_postgres() {
        "BEGIN"
    } else {
        "BEGIN IMMEDIATE"
    };
    format!(
        "{begin};
         INSERT INTO idempotency (principal, route, retry_key, request_hash, status, headers, body, created_at) \
         VALUES ('hand', 'POST /v1/credit/authorizations', 'h{write}', '{write:064x}', 0, '', {empty}, 0);
         UPDATE customer_state SET version = version + 1, updated_at = 1 WHERE customer_id = {customer};
         {change};
         UPDATE credit_account SET posted = posted + {posted}, pending = pending + {pending}, version = version + 1 \
         WHERE account_id = {account} AND posted + pending + 100000 <= 9000000000000;
         INSERT INTO credit_entry (account_id, entry_no, kind, authorization_id, posted_change, pending_change, \
         posted, pending, write_id, recorded_at) SELECT account_id, {write} + 1000000000, 'authorized', {authorization}, \
         {posted}, {pending}, posted, pending, {write_id}, 0 FROM credit_account WHERE account_id = {account};
         INSERT INTO journal (write_id, recorded_at, principal, action, entry) \
         VALUES ({write_id}, 0, 'hand', 'credit.authorized', '{json}');
         UPDATE idempotency SET status = 201, headers = 'location: x', body = {answer} \
         WHERE principal = 'hand' AND route = 'POST /v1/credit/authorizations' AND retry_key = 'h{write}';
         COMMIT",
        empty = bytes(""),
    )
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
