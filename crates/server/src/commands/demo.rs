//! `demo`: a generated company, evaluated and served, with look-ups ready to paste.

use crate::commands::{access, serve};
use crate::company::generate::{self, Batch};
use crate::company::load;
use crate::config::Config;
use crate::failure::Failure;
use crate::files;
use crate::opening::{self, Opened};
use crate::output;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;
use tiercel_domain::incoming::{CustomerRef, IncomingCustomer};
use tiercel_domain::phones;
use tiercel_http::scope::Scope;
use tiercel_persistence::{Clock, customers};

/// Says that a directory belongs to the demo, and what is in it.
const MARK: &str = ".tiercel-demo";
/// Where it lives unless told otherwise.
pub const DIRECTORY: &str = "tiercel-demo";
/// The printed token works for a day of trying things out.
const TOKEN_SECONDS: i64 = 86_400;

/// What a demo directory holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    customers: usize,
    today: NaiveDate,
    /// Set when everything is loaded; a demo that was interrupted starts over.
    loaded: bool,
}

/// Loads the company on the first start, then serves it until told to stop.
pub async fn run(mut config: Config, customers: usize) -> Result<(), Failure> {
    if config.database_url.is_some() {
        return Err(Failure::usage(
            "the demo has an embedded database of its own",
        ));
    }
    let listener = TcpListener::bind(&config.bind)
        .map_err(|error| Failure::new(format!("{}: {error}", config.bind)))?;
    "EUR".clone_into(&mut config.base_currency);
    "Europe/Berlin".clone_into(&mut config.zone);
    "DE".clone_into(&mut config.default_region);
    let present = claim(&config.data, customers)?;
    let opened = opening::open(&config).await?;
    let mark = match present {
        Some(mark) => mark,
        None => fill(&opened, &config.data, customers).await?,
    };
    let story = tell(&opened, &mark, &config).await?;
    serve::serve(&config, opened, listener, move |address| {
        output::line(story.replace("{address}", &address.to_string()));
    })
    .await
}

/// Takes the directory, if it is empty or ours; what is loaded there already, if anything.
fn claim(data: &Path, customers: usize) -> Result<Option<Mark>, Failure> {
    let named = |error: std::io::Error| Failure::new(format!("{}: {error}", data.display()));
    files::create_directory(data)?;
    let mut entries = std::fs::read_dir(data).map_err(named)?;
    let path = data.join(MARK);
    if entries.next().is_some() && !path.exists() {
        return Err(Failure::new(format!(
            "{} is not a demo directory: it has other files; name an empty one with --data",
            data.display()
        )));
    }
    let mark = std::fs::read_to_string(&path).ok();
    let mark = mark.and_then(|text| serde_json::from_str::<Mark>(&text).ok());
    if let Some(mark) = mark.filter(|mark| mark.loaded) {
        if mark.customers != customers {
            output::note(format!(
                "{} holds {} customers already; delete it for another number",
                data.display(),
                mark.customers
            ));
        }
        return Ok(Some(mark));
    }
    for rest in ["tiercel.db", "tiercel.db-wal", "tiercel.db-shm"] {
        let _ = std::fs::remove_file(data.join(rest));
    }
    let fresh = Mark {
        customers,
        today: NaiveDate::MIN,
        loaded: false,
    };
    write_mark(data, &fresh)?;
    Ok(None)
}

fn write_mark(data: &Path, mark: &Mark) -> Result<(), Failure> {
    let text = serde_json::to_string(mark).map_err(|error| Failure::new(error.to_string()))?;
    Ok(std::fs::write(data.join(MARK), text)?)
}

async fn fill(opened: &Opened, data: &Path, customers: usize) -> Result<Mark, Failure> {
    let zone: chrono_tz::Tz = opened.settings.zone.parse().unwrap_or(chrono_tz::UTC);
    let today = Clock::System.now().with_timezone(&zone).date_naive();
    output::note(format!(
        "loading a company of {customers} customers into {}",
        data.display()
    ));
    let bar = indicatif::ProgressBar::new_spinner();
    load::company(opened, customers, today, |facts| {
        bar.set_message(format!("{facts} facts"));
        bar.tick();
    })
    .await?;
    bar.finish_and_clear();
    let mark = Mark {
        customers,
        today,
        loaded: true,
    };
    write_mark(data, &mark)?;
    Ok(mark)
}

/// What the terminal shows when the server answers.
async fn tell(opened: &Opened, mark: &Mark, config: &Config) -> Result<String, Failure> {
    let everyone = generated_customers(mark);
    let references: BTreeSet<CustomerRef> = everyone
        .iter()
        .map(|customer| CustomerRef::External(customer.external.clone()))
        .collect();
    let ids = customers::resolve(&*opened.store, &references).await?;
    let states = customers::state(&*opened.store, &ids.values().copied().collect()).await?;
    let mut tiers: BTreeMap<String, usize> = BTreeMap::new();
    let mut best: Option<&IncomingCustomer> = None;
    let shared = shared_numbers(&everyone);
    for customer in &everyone {
        let id = ids.get(&CustomerRef::External(customer.external.clone()));
        let tier = id
            .and_then(|id| states.get(id))
            .and_then(|state| state.tier.clone());
        let tier = tier.unwrap_or_else(|| "none".into());
        let alone = number_of(customer).is_some_and(|number| !shared.contains(&number));
        if best.is_none() && tier == "high" && alone {
            best = Some(customer);
        }
        *tiers.entry(tier).or_default() += 1;
    }
    let example = best.or_else(|| everyone.first());
    let example = example.ok_or_else(|| Failure::usage("--customers: at least 1 is needed"))?;
    let scopes = BTreeSet::from([Scope::Admin]);
    let token = access::make_token(opened, &scopes, TOKEN_SECONDS)?;
    Ok(page(&tiers, example, &token, config))
}

fn page(
    tiers: &BTreeMap<String, usize>,
    example: &IncomingCustomer,
    token: &str,
    config: &Config,
) -> String {
    let all: usize = tiers.values().sum::<usize>().max(1);
    let shares: Vec<String> = ["high", "general", "low", "none"]
        .iter()
        .filter_map(|tier| tiers.get(*tier).map(|count| (tier, count)))
        .map(|(tier, count)| format!("  {tier:<8} {count:>6}  {:>3} %", count * 100 / all))
        .collect();
    let id = &example.external.id;
    let system = &example.external.system;
    let phone = example.phones.iter().flatten().next();
    let caller = phone.map_or_else(String::new, |phone| phone.raw.clone());
    let region = phone.and_then(|phone| phone.region.clone());
    let region = region.map_or_else(String::new, |region| {
        format!(" --data-urlencode region={region}")
    });
    let auth = format!("-H 'Authorization: Bearer {token}'");
    format!(
        "\nTiers of {all} customers (data in {data})\n{shares}\n\n\
         What does {id} pay for 30 pieces?\n  \
         curl -G http://{{address}}/v1/decisions/discount {auth} \
         -d customer={system}:{id} -d sku={sku} -d qty=30 -d list=100.00 -d cost=62.00 -d currency=EUR\n\n\
         On what terms?\n  \
         curl http://{{address}}/v1/customers/by-external/{system}/{id}/credit-terms {auth}\n\n\
         Who calls, and where does the call go?\n  \
         curl -G http://{{address}}/v1/routing/lookup {auth} --data-urlencode 'caller={caller}'{region}\n\n\
         Documentation: http://{{address}}/docs   (the token works there, for a day; stop with Ctrl-C)\n",
        data = config.data.display(),
        shares = shares.join("\n"),
        sku = first_sku(),
    )
}

/// The customer's first number in E.164, where it is valid.
fn number_of(customer: &IncomingCustomer) -> Option<String> {
    let phone = customer.phones.as_ref()?.first()?;
    phones::normalise(&phone.raw, phone.region.as_deref())
        .e164()
        .map(str::to_owned)
}

/// Numbers of more than one customer: a call from one of them says less.
fn shared_numbers(customers: &[IncomingCustomer]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    customers
        .iter()
        .filter_map(number_of)
        .filter(|number| !seen.insert(number.clone()))
        .collect()
}

/// The customers as generated: who they are does not depend on what was loaded.
fn generated_customers(mark: &Mark) -> Vec<IncomingCustomer> {
    generate::company(generate::SEED, mark.customers, mark.today)
        .take_while(|batch| !matches!(batch, Batch::Facts(_)))
        .filter_map(|batch| match batch {
            Batch::Customers(customers) => Some(customers),
            _ => None,
        })
        .flatten()
        .collect()
}

fn first_sku() -> String {
    let first = generate::company(generate::SEED, 1, NaiveDate::default()).next();
    match first {
        Some(Batch::Products(products)) => products
            .first()
            .map_or_else(String::new, |product| product.sku.clone()),
        _ => String::new(),
    }
}
