//! Routing decisions: which queue answers a call, how soon, and who.
//!
//! | asked    | here and `routing/call.rs`: the numbers of the call                  |
//! | in time  | `routing/budget.rs`: an answer within the caller's budget            |
//! | answered | `routing/answer.rs`                                                  |
//! | dialects | `routing/dialects.rs`, `routing/freeswitch.rs`: as telephone systems read it |
//! | kept     | `routing/snapshot.rs`: all numbers at once, for a cache at the PBX   |
//! | decided  | `crates/domain/src/routing/decide.rs`, from one snapshot of the book |
//! | receipt  | `routing/receipt.rs`: the number as it was looked for, and the route |

mod answer;
mod budget;
mod call;
mod dialects;
mod freeswitch;
pub mod receipt;
mod snapshot;

pub use answer::RoutingResponse;
pub use call::Call;

use crate::body::{Id, Query};
use crate::book::Wanted;
use crate::faults::Faults;
use crate::problem::Problem;
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::credit;
use crate::v1::deciding::{Stamp, without_policy};
use crate::v1::ground::{AskedWhen, Ground, Present, When};
use crate::v1::receipts;
use actix_web::{HttpRequest, HttpResponse, get};
use answer::Seen;
use call::Shown;
use dialects::{FlatRoutingResponse, KnownDialect};
use serde::Deserialize;
use std::time::Duration;
use tiercel_domain::routing::{self, Dialect};
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::documents::DocumentKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(find_routing)
        .service(freeswitch::find_freeswitch_dialplan)
        .service(find_routing_in_dialect)
        .service(snapshot::export_routing_snapshot);
}

/// The call.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RoutingQuery {
    /// The number that calls, in any spelling; absent or withheld numbers get the default route.
    #[param(example = "+14155550100")]
    pub caller: Option<String>,
    /// The number that was dialled.
    #[param(example = "+18005550111")]
    pub called: Option<String>,
    /// ISO 3166-1 alpha-2: how a number without country code is read; the tenant's default region
    /// where absent.
    #[param(example = "US")]
    pub region: Option<String>,
    /// `json` where absent. `amazon_connect`, `genesys`, `twilio`, `asterisk`, `freeswitch`,
    /// `threecx` and `uccx` are answered as `/v1/routing/lookup/{dialect}` does.
    #[param(example = "json", pattern = "^json$")]
    pub dialect: Option<String>,
    /// Milliseconds, 1 to 10,000: what does not come in time from the database is answered from
    /// memory as of now, with `stale` and without a receipt.
    #[param(example = 300, minimum = 1, maximum = 10000)]
    pub budget_ms: Option<u32>,
    /// A business date; today where absent.
    #[param(format = Date)]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant; now where absent.
    pub known_at: Option<String>,
    /// `full` adds a receipt to the answer, with the number in it; `none` where absent.
    pub receipt: Option<String>,
}

/// The call, for a telephone system.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DialectQuery {
    /// The number that calls, in any spelling; absent or withheld numbers get the default route.
    #[param(example = "+14155550100")]
    pub caller: Option<String>,
    /// The number that was dialled.
    #[param(example = "+18005550111")]
    pub called: Option<String>,
    /// ISO 3166-1 alpha-2: how a number without country code is read; the tenant's default region
    /// where absent.
    #[param(example = "US")]
    pub region: Option<String>,
    /// Milliseconds, 1 to 10,000: how long the answer may take.
    #[param(example = 300, minimum = 1, maximum = 10000)]
    pub budget_ms: Option<u32>,
}

/// Routes a call by its number
///
/// Always 200 with the same flat keys and no nulls: a miss gets the default route. What is not
/// known is an empty text. Numbers that several customers have are said to be `ambiguous`: nobody
/// is named, and the best of their tiers counts.
#[utoipa::path(
    tag = "routing",
    params(RoutingQuery),
    responses((status = 200, description = "The route", body = RoutingResponse))
)]
#[get("/routing/lookup")]
pub async fn find_routing(
    tenant: Tenant<need::RoutingRead>,
    request: HttpRequest,
    Query(query): Query<RoutingQuery>,
) -> Result<HttpResponse, Problem> {
    let (asked, dialect) = query.read(&tenant)?;
    let routed = answer_to(&tenant, &asked).await?;
    if dialect == Dialect::Json {
        return Ok(HttpResponse::Ok().json(routed.response));
    }
    dialects::answer(&tenant, dialect, routed, &request).await
}

/// Routes a call in the words of a telephone system
///
/// The same decision as `GET /v1/routing/lookup`, always 200, with the same keys on a miss. One flat
/// object whose values are all texts; for `asterisk` a form, for `freeswitch` a dialplan, for
/// `uccx` XML where `Accept` asks for it. `priority` is in the system's own numbers: 1 first for
/// `amazon_connect`, minutes of advantage for `genesys` and `twilio`, 1 to 10 for `uccx`.
#[utoipa::path(
    tag = "routing",
    params(("dialect" = String, Path, description = "`amazon_connect`, `genesys`, `twilio`, `asterisk`, `freeswitch`, `threecx` or `uccx`", example = "amazon_connect"), DialectQuery),
    responses((status = 200, description = "The route", content(
        (FlatRoutingResponse = "application/json"),
        (String = "application/x-www-form-urlencoded"),
        (String = "text/xml"),
        (String = "application/xml"),
    )))
)]
#[get("/routing/lookup/{dialect}")]
pub async fn find_routing_in_dialect(
    tenant: Tenant<need::RoutingRead>,
    request: HttpRequest,
    Id(KnownDialect(dialect)): Id<KnownDialect>,
    Query(query): Query<DialectQuery>,
) -> Result<HttpResponse, Problem> {
    let asked = query.read(&tenant)?;
    let routed = answer_to(&tenant, &asked).await?;
    dialects::answer(&tenant, dialect, routed, &request).await
}

/// A look-up, read.
struct Asked {
    call: Call,
    when: When,
    budget: Option<Duration>,
}

/// A look-up, answered.
struct Routed {
    decision: routing::Decision,
    response: RoutingResponse,
}

async fn answer_to(tenant: &TenantHandle, asked: &Asked) -> Result<Routed, Problem> {
    let sees_hold = tenant.allows(Scope::CreditRead);
    let wanted = || wanted(&asked.call, sees_hold);
    let (ground, late) = budget::ground(tenant, asked, wanted).await?;
    let decision = decide(&asked.call, &ground)?;
    let customer = decision.customer.and_then(|id| ground.book.customer(id));
    let customer = customer.map(AsRef::as_ref);
    let hold = match customer.filter(|_| sees_hold) {
        Some(customer) => Some(hold(tenant, customer, &ground)?),
        None => None,
    };
    let stamp = Stamp::new(tenant.now());
    let receipt = match asked.when.receipt && ground.position.is_some() {
        true => {
            let decided = receipt::of(&asked.call, &decision, customer);
            Some(receipts::make(tenant, decided, &stamp, &ground)?)
        }
        false => None,
    };
    let seen = Seen {
        customer,
        hold: hold.as_ref(),
        late,
    };
    let response = answer::route(&decision, &seen, &ground, stamp);
    let response = RoutingResponse {
        receipt,
        ..response
    };
    Ok(Routed { decision, response })
}

fn hold(
    tenant: &TenantHandle,
    customer: &BookCustomer,
    ground: &Ground,
) -> Result<tiercel_domain::credit::Decision, Problem> {
    let moment = (tenant.now(), tenant.settings().base_currency);
    let account = customer.credit.first().map(|account| (account, moment));
    credit::decide(&ground.book, Some(customer), ground.as_of, account)
}

impl RoutingQuery {
    fn read(&self, tenant: &TenantHandle) -> Result<(Asked, Dialect), Problem> {
        let mut faults = Faults::default();
        let when = AskedWhen {
            as_of: self.as_of.as_deref(),
            known_at: self.known_at.as_deref(),
            receipt: self.receipt.as_deref(),
        };
        let when = When::read(Present::of(tenant), when, "", &mut faults);
        let word = self.dialect.as_deref().unwrap_or("json");
        let dialect = faults.word("dialect", word, Dialect::from_word);
        let shown = Shown {
            caller: self.caller.as_deref(),
            called: self.called.as_deref(),
            region: self.region.as_deref(),
        };
        let asked = Asked {
            call: Call::of(&shown, &tenant.settings().default_region),
            when,
            budget: budget::read(self.budget_ms, &mut faults),
        };
        faults.finish(dialect.map(|dialect| (asked, dialect)))
    }
}

impl DialectQuery {
    fn read(&self, tenant: &TenantHandle) -> Result<Asked, Problem> {
        let mut faults = Faults::default();
        let shown = Shown {
            caller: self.caller.as_deref(),
            called: self.called.as_deref(),
            region: self.region.as_deref(),
        };
        let asked = Asked {
            call: Call::of(&shown, &tenant.settings().default_region),
            when: When::default(),
            budget: budget::read(self.budget_ms, &mut faults),
        };
        faults.finish(Some(asked))
    }
}

/// What of the past such a decision needs.
fn wanted(call: &Call, sees_hold: bool) -> Wanted {
    let mut policies = vec![DocumentKind::RoutingPolicy];
    if sees_hold {
        policies.push(DocumentKind::CreditPolicy);
    }
    Wanted {
        phones: call.keys.clone(),
        near: call.near,
        open_items: sees_hold,
        policies,
        ..Wanted::default()
    }
}

fn decide(call: &Call, ground: &Ground) -> Result<routing::Decision, Problem> {
    let policy = ground.book.policies().routing.on(ground.as_of);
    let policy = policy.ok_or_else(|| without_policy("routing", ground.as_of))?;
    Ok(routing::decide(
        &call.facts(&ground.book, ground.as_of),
        policy,
    ))
}
