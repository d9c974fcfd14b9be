//! Where a campaign plays: the instances, those who call them, and what they were told.

use super::Campaign;
use crate::draws::Draws;
use crate::failure::{Failure, Outcome};
use crate::ground;
use crate::place::Place;
use crate::server::Server;
use crate::wire::{Answer, Caller};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// The system of customers and facts.
pub const SYSTEM: &str = "chaos";
/// Customers with facts, whose credit is left alone.
pub const BUYERS: [&str; 4] = ["K-4", "K-5", "K-6", "K-7"];
/// Customers with credit: the second has little.
pub const DEBTORS: [(&str, &str); 3] = [
    ("K-0", "1000000.00"),
    ("K-1", "400.00"),
    ("K-2", "1000000.00"),
];
/// The customer whose limit changes.
pub const LIMITED: &str = "K-3";
/// Nobody waits longer for an answer, whatever happens to the server.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was acknowledged, and what may have happened although nobody was told.
#[derive(Debug, Default)]
pub struct Told {
    /// Names of customers that were created.
    pub customers: Vec<String>,
    /// Facts by external id.
    pub facts: BTreeMap<String, Fact>,
    /// Sent once, never answered, never sent again.
    pub perhaps: BTreeMap<String, u64>,
    /// Reasons of limit changes.
    pub limits: Vec<String>,
    /// Documents of orders.
    pub orders: BTreeMap<String, Order>,
    /// Imported rows that are facts.
    pub imported: u64,
    pub keys: Vec<String>,
    pub retries: u64,
    pub replays: u64,
    pub reads: u64,
}

#[derive(Debug, Clone)]
pub struct Fact {
    pub id: String,
    pub version: i64,
    pub cents: u64,
}

#[derive(Debug, Clone)]
pub struct Order {
    pub customer: &'static str,
    pub cents: u64,
    pub approved: bool,
}

pub struct Scene {
    pub place: Place,
    pub campaign: Campaign,
    pub servers: Vec<Server>,
    /// Where the instances listen, whether or not they live.
    pub addresses: Vec<String>,
    pub token: String,
    /// Customers by external id.
    pub ids: BTreeMap<String, String>,
    pub accounts: BTreeMap<String, String>,
    pub told: RefCell<Told>,
    pub stop: Cell<bool>,
}

/// Somebody who calls the instances, and insists.
pub struct Client<'a> {
    scene: &'a Scene,
    callers: Vec<Caller>,
    pub draws: Draws,
}

impl Scene {
    /// Two instances where the database allows, one otherwise.
    pub async fn open(place: &Place, campaign: &Campaign) -> Outcome<Self> {
        let token = place.token()?;
        let instances = if place.url.is_some() { 2 } else { 1 };
        let mut scene = Self {
            place: place.clone(),
            campaign: campaign.clone(),
            servers: Vec::new(),
            addresses: Vec::new(),
            token,
            ids: BTreeMap::new(),
            accounts: BTreeMap::new(),
            told: RefCell::default(),
            stop: Cell::new(false),
        };
        for _ in 0..instances {
            let address = free_address()?;
            let server = Server::start(place, &address, None).await?;
            scene.servers.push(server);
            scene.addresses.push(address);
        }
        scene.furnish().await?;
        Ok(scene)
    }

    async fn furnish(&mut self) -> Outcome<()> {
        let mut caller = Caller::new(&self.addresses[0], &self.token);
        let mapping = Some(("application/toml", super::importer::MAPPING));
        let put = caller.send("PUT", "/v1/import-mappings/chaos", &[], mapping);
        put.await?.expect(&[200, 201], "mapping")?;
        let debtors = DEBTORS.iter().map(|(id, limit)| (*id, Some(*limit)));
        let others = BUYERS.iter().map(|id| (*id, None));
        for (id, limit) in debtors.chain(others).chain([(LIMITED, Some("1000.00"))]) {
            let path = format!("/v1/customers/by-external/{SYSTEM}/{id}");
            let body = json!({"kind": "organisation", "since": "2020-01-01"}).to_string();
            let put = caller.send("PUT", &path, &[], Some(("application/json", &body)));
            let made = put.await?.expect(&[201], "customer")?.json();
            let customer = made["id"].as_str().unwrap_or_default().to_owned();
            self.ids.insert(id.to_owned(), customer);
            if let Some(limit) = limit {
                let account = ground::open_account(&mut caller, SYSTEM, id, limit).await?;
                self.accounts.insert(id.to_owned(), account);
            }
        }
        Ok(())
    }

    /// An actor of a cycle with choices of its own.
    pub fn client(&self, cycle: u64, actor: u64) -> Client<'_> {
        let callers = self.addresses.iter();
        Client {
            scene: self,
            callers: callers.map(|it| Caller::new(it, &self.token)).collect(),
            draws: Draws::new(self.campaign.seed, cycle * 100 + actor),
        }
    }

    /// A failure that says how to see it again.
    pub fn failed(&self, cycle: u64, what: &str) -> Failure {
        let (seed, data) = (self.campaign.seed, self.place.data.display());
        Failure::new(format!(
            "cycle {cycle} of seed {seed}, data in {data}:\n  {what}"
        ))
    }

    pub fn summary(&self) -> String {
        let told = self.told.borrow();
        let approved = told.orders.values().filter(|order| order.approved).count();
        format!(
            "acknowledged: {} customers, {} facts, {} limits, {} of {} orders, {} imported rows; \
             {} keys, {} retries, {} replays; {} never answered; {} reads",
            told.customers.len(),
            told.facts.len(),
            told.limits.len(),
            approved,
            told.orders.len(),
            told.imported,
            told.keys.len(),
            told.retries,
            told.replays,
            told.perhaps.len(),
            told.reads
        )
    }
}

impl Client<'_> {
    /// Sends a write under a key until somebody answers, sometimes once more after that: the answer
    /// must be the same.
    pub async fn write(&mut self, path: &str, key: &str, body: &str) -> Outcome<Answer> {
        let headers = [("Idempotency-Key", key)];
        let body = Some(("application/json", body));
        let answer = self.insist("POST", path, &headers, body).await?;
        self.scene.told.borrow_mut().keys.push(key.to_owned());
        if self.draws.chance(15) {
            let again = self.insist("POST", path, &headers, body).await?;
            let same = (again.status, &again.body) == (answer.status, &answer.body);
            if !(same && again.replayed) {
                let (one, two) = (text(&answer), text(&again));
                return Err(Failure::new(format!(
                    "{key} was answered {one}, then {two}"
                )));
            }
            self.scene.told.borrow_mut().replays += 1;
        }
        Ok(answer)
    }

    pub async fn get(&mut self, path: &str) -> Outcome<Answer> {
        let answer = self.insist("GET", path, &[], None).await?;
        self.scene.told.borrow_mut().reads += 1;
        Ok(answer)
    }

    /// Sends to any instance until one answers anything but "not now".
    pub async fn insist(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, &str)>,
    ) -> Outcome<Answer> {
        let begun = Instant::now();
        loop {
            let sent = self.any().send(method, path, headers, body).await;
            match sent {
                Ok(answer) if !is_not_now(&answer) => return settled(method, path, answer),
                _ if begun.elapsed() > PATIENCE => {
                    let last = sent.map_or_else(|error| error.to_string(), |it| text(&it));
                    return Err(Failure::new(format!("{method} {path}: at last {last}")));
                }
                _ => {}
            }
            self.scene.told.borrow_mut().retries += 1;
            let pause = self.draws.between(10, 60);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Sends a write once; none where nobody answered.
    pub async fn try_once(&mut self, path: &str, key: &str, body: &str) -> Outcome<Option<Answer>> {
        match self.any().post(path, key, body).await {
            Ok(answer) if !is_not_now(&answer) => settled("POST", path, answer).map(Some),
            _ => Ok(None),
        }
    }

    fn any(&mut self) -> &mut Caller {
        let place = self.draws.below(self.callers.len() as u64) as usize;
        &mut self.callers[place]
    }

    /// Lets the others have their turn.
    pub async fn breathe(&mut self) {
        let pause = self.draws.between(1, 12);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

/// The server asks to be asked again: overloaded, cut off, or another try is under way.
fn is_not_now(answer: &Answer) -> bool {
    let in_flight = answer.status == 409 && answer.json()["type"] == "/problems/in-flight";
    matches!(answer.status, 429 | 503) || in_flight
}

fn settled(method: &str, path: &str, answer: Answer) -> Outcome<Answer> {
    if answer.status < 500 {
        return Ok(answer);
    }
    let told = text(&answer);
    Err(Failure::new(format!("{method} {path}: {told}")))
}

pub fn text(answer: &Answer) -> String {
    format!(
        "{} {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    )
}

fn free_address() -> Outcome<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
