//! A database with any number of customers: a small company, imported and evaluated by Tiercel, then
//! multiplied; kept in its directory for the next run.

use crate::company;
use crate::failure::{Failure, Outcome};
use crate::multiply::multiply;
use crate::output;
use crate::place::Place;
use crate::server::Server;
use crate::sql::Sql;
use crate::wire::Caller;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::time::Instant;
use tiercel_persistence::Clock;

/// Says what a directory holds.
const MARK: &str = "bench.json";
/// The small company; larger ones are a multiple of it.
const SMALL: u64 = 1_000;
/// Every third customer has a credit account with a limit of its own.
const WITH_ACCOUNT: usize = 3;

/// A database that is ready.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    pub customers: u64,
}

/// The day of today, as the server has it.
pub fn today() -> NaiveDate {
    Clock::System.now().date_naive()
}

/// Takes the database of an earlier run where it fits, else makes one.
pub async fn prepare(place: &Place, customers: u64, orders: u64) -> Outcome<Ground> {
    let small = customers.clamp(1, SMALL);
    let copies = customers.div_ceil(small).saturating_sub(1);
    let ground = Ground {
        customers: small * (copies + 1),
    };
    std::fs::create_dir_all(&place.data)?;
    let mark = json!({
        "customers": ground.customers,
        "orders": orders,
        "url": place.url,
    });
    let path = place.data.join(MARK);
    if let Ok(text) = std::fs::read_to_string(&path) {
        let found: Value = serde_json::from_str(&text)?;
        if found == mark {
            place.tiercel(&["migrate"])?;
            return Ok(ground);
        }
        let shown = place.data.display();
        return Err(Failure::new(format!(
            "{shown} holds another database ({found}); name another directory with --data"
        )));
    }
    refuse_strangers(place).await?;
    let begun = Instant::now();
    plant(place, small, orders).await?;
    if copies > 0 {
        multiply(&mut Sql::connect(place).await?, small, copies).await?;
    }
    std::fs::write(path, mark.to_string())?;
    let seconds = begun.elapsed().as_secs_f64();
    output::note(format!("generated in {seconds:.0} s"));
    Ok(ground)
}

/// A database with customers that no mark tells of is somebody's.
pub async fn refuse_strangers(place: &Place) -> Outcome<()> {
    place.tiercel(&["migrate"])?;
    let mut sql = Sql::connect(place).await?;
    if sql.number("SELECT COUNT(*) FROM customer_state").await? == 0 {
        return Ok(());
    }
    Err(Failure::new(
        "the database has customers: name an empty one",
    ))
}

/// The small company, through the doors of any import.
async fn plant(place: &Place, customers: u64, orders: u64) -> Outcome<()> {
    let (folder, today) = (&place.data, today());
    company::products(folder)?.import(place)?;
    company::customers(folder, customers, today)?.import(place)?;
    if orders > 0 {
        company::orders(folder, customers, customers * orders, today, true)?.import(place)?;
    }
    let token = place.token()?;
    let mut server = Server::start(place, "127.0.0.1:0", None).await?;
    let mut caller = Caller::new(&server.address, &token);
    for number in (0..customers).step_by(WITH_ACCOUNT) {
        let id = company::external_id(number);
        open_account(&mut caller, company::SYSTEM, &id, "25000.00").await?;
    }
    server.signal("TERM")?;
    server.ended().await
}

/// Opens a credit account with a limit; its id.
pub async fn open_account(
    caller: &mut Caller,
    system: &str,
    customer: &str,
    limit: &str,
) -> Outcome<String> {
    let reference = json!({"external": {"system": system, "id": customer}});
    let body = json!({"customer": reference, "currency": "EUR"}).to_string();
    let key = format!("open {customer}");
    let made = caller.post("/v1/credit/accounts", &key, &body).await?;
    let made = made.expect(&[201], "credit account")?.json();
    let account = made["id"].as_str().unwrap_or_default().to_owned();
    let body = json!({"kind": "base", "amount": limit, "reason": "bench", "approver": "bench"});
    let path = format!("/v1/credit/accounts/{account}/limits");
    let key = format!("limit {customer}");
    let given = caller.post(&path, &key, &body.to_string()).await?;
    given.expect(&[201], "credit limit")?;
    Ok(account)
}
