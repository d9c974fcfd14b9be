//! Look-ups beside the bare framework that answers the same bytes behind the same token check.

mod requests;

use crate::failure::{Failure, Outcome};
use crate::ground;
use crate::histogram::Histogram;
use crate::load::{self, Round};
use crate::output::{self, against};
use crate::place::{Place, cores, on_core};
use crate::server::Server;
use crate::wire::Connection;
use clap::Args;
use requests::Kind;
use std::path::Path;
use std::time::Duration;

/// How many customers, and for how long.
#[derive(Debug, Args)]
pub struct Lookups {
    /// Customers in the book
    #[arg(long, default_value_t = 1_000_000)]
    pub customers: u64,
    /// Orders of each customer, with their invoices and payments
    #[arg(long, default_value_t = 1)]
    pub orders: u64,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Measurements of each side, one after the other in turn; medians are told
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Connections of the closed loop
    #[arg(long, default_value_t = 32)]
    pub connections: usize,
    /// Only look-ups whose name holds this
    #[arg(long, default_value = "")]
    pub only: String,
}

/// One side of a comparison.
#[derive(Default)]
struct Side {
    per_second: Vec<f64>,
    /// Microseconds of the server's processor per request.
    cost: Vec<f64>,
    /// How busy the server's core was, of 1.
    busy: Vec<f64>,
    latencies: Histogram,
}

/// Prints how each look-up compares; then memory and start.
pub async fn run(place: &Place, args: &Lookups) -> Outcome<()> {
    let ground = ground::prepare(place, args.customers, args.orders).await?;
    let pins = cores();
    let core = pins.map(|(server, _)| server);
    let token = place.token()?;
    let server = Server::start(place, "127.0.0.1:0", core).await?;
    let settled = server.megabytes("VmRSS")?;
    output::line(format!(
        "{} customers, {}; {}; {} connections, {} × {} s a side",
        ground.customers,
        place.engine(),
        match pins {
            Some((server, driver)) => format!("server on core {server}, driver on core {driver}"),
            None => "not pinned".to_owned(),
        },
        args.connections,
        args.rounds,
        args.seconds
    ));
    let all = requests::kinds(ground, &token);
    for kind in all.iter().filter(|kind| kind.name.contains(&args.only)) {
        compare(place, args, &server, core, kind).await?;
    }
    let most = server.megabytes("VmHWM")?;
    output::line(format!(
        "memory: {settled:.0} MB after the start, {most:.0} MB at most: {} GB at most",
        against(most / 1024.0, 1.0, false)
    ));
    let took = server.took.as_secs_f64();
    let each = took * 1e6 / ground.customers as f64;
    output::line(format!("start: {took:.2} s, {each:.1} µs a customer"));
    Ok(())
}

async fn compare(
    place: &Place,
    args: &Lookups,
    server: &Server,
    core: Option<usize>,
    kind: &Kind,
) -> Outcome<()> {
    let answer = first_answer(server, kind).await?;
    let file = place.data.join("answer.json");
    std::fs::write(&file, &answer)?;
    let bare = start_bare(place, &file, core).await?;
    let lasting = Duration::from_secs_f64(args.seconds);
    let mut sides = [Side::default(), Side::default()];
    for server in [server, &bare] {
        let warm = lasting / 4;
        load::closed(&server.address, &kind.requests, args.connections, warm).await?;
    }
    for _ in 0..args.rounds {
        for (side, server) in sides.iter_mut().zip([server, &bare]) {
            let before = server.processor_seconds()?;
            let round =
                load::closed(&server.address, &kind.requests, args.connections, lasting).await?;
            side.add(&round, server.processor_seconds()? - before);
        }
    }
    let [ours, theirs] = sides;
    drop(bare);
    let (rate, bare_rate) = (median(&ours.per_second), median(&theirs.per_second));
    let (cost, bare_cost) = (median(&ours.cost), median(&theirs.cost));
    let half = rate / 2.0;
    let waiting = load::open(
        &server.address,
        &kind.requests,
        2 * args.connections,
        half,
        lasting * 2,
    )
    .await?;
    output::line(format!(
        "{}: {} of the bare framework",
        kind.name,
        against(rate / bare_rate, 0.75, true)
    ));
    output::line(format!(
        "  {rate:.0} beside {bare_rate:.0} requests/s, answers of {} bytes; processor {cost:.1} beside {bare_cost:.1} µs \
         ({:.2}), core {:.0} beside {:.0} % busy",
        answer.len(),
        bare_cost / cost,
        median(&ours.busy) * 100.0,
        median(&theirs.busy) * 100.0
    ));
    output::line(format!(
        "  p50/p99 {:.2}/{:.2} beside {:.2}/{:.2} ms; at half of saturation ({half:.0}/s, open loop) p50 {:.2}, p99 {} ms",
        ours.latencies.at(500),
        ours.latencies.at(990),
        theirs.latencies.at(500),
        theirs.latencies.at(990),
        waiting.latencies.at(500),
        against(waiting.latencies.at(990), 5.0, false)
    ));
    Ok(())
}

impl Side {
    fn add(&mut self, round: &Round, processor: f64) {
        let requests = round.latencies.total().max(1) as f64;
        self.per_second.push(round.per_second());
        self.cost.push(processor * 1e6 / requests);
        self.busy.push(processor / round.seconds);
        self.latencies.merge(&round.latencies);
    }
}

async fn start_bare(place: &Place, answer: &Path, core: Option<usize>) -> Outcome<Server> {
    let mut command = on_core(core, &std::env::current_exe()?);
    command.arg("bare").arg("--data").arg(&place.data);
    if let Some(url) = &place.url {
        command.args(["--database-url", url]);
    }
    command.arg("--answer").arg(answer);
    Server::of(command, &place.data.join("bare.log")).await
}

async fn first_answer(server: &Server, kind: &Kind) -> Outcome<Vec<u8>> {
    let mut line = Connection::open(&server.address).await?;
    let request = kind.requests.first().map_or(&[][..], Vec::as_slice);
    let response = line.exchange(request).await?;
    if response.status == 200 {
        return Ok(response.body.to_vec());
    }
    let text = String::from_utf8_lossy(response.body).into_owned();
    Err(Failure::new(format!("{}: {text}", kind.name)))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
