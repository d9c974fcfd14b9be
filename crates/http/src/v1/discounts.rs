//! Discount decisions: what a customer pays for each line of a quote.
//!
//! | asked    | `discounts/request.rs`: the question in JSON, and in one query string |
//! | answered | `discounts/answer.rs`, `lines.rs`: the way from list to net, `flat.rs` |
//! | decided  | `crates/domain/src/discounts/decide.rs`, from one snapshot of the book |
//! | contract | `discounts/agreed.rs`: what was agreed with the customer               |
//! | document | `discounts/document.rs`: what is taken off all lines together          |
//! | approved | `discounts/binding.rs`: what was granted for exactly these inputs       |
//! | firm     | `discounts/firm.rs`: quotes that are kept and hold                     |
//! | before   | `discounts/last_price.rs`: what the customer was last told             |
//! | receipt  | `discounts/receipt.rs`: question and prices in one spelling            |
//! | what if  | `discounts/what_if.rs`: a quote of the past by other policies          |

mod agreed;
mod answer;
pub mod binding;
mod document;
mod firm;
mod flat;
mod last_price;
mod lines;
pub mod receipt;
mod request;
pub mod what_if;

pub use answer::DiscountResponse;
pub use flat::FlatDiscountResponse;
pub use request::{
    Asked, DecideDiscountRequest, DecisionDocument, DiscountLineRequest, FlatDiscountQuery,
};

use crate::body::{JsonAndBytes, Query};
use crate::book::{Book, Exchange, Factor, NoExchange, Wanted};
use crate::problem::Problem;
use crate::reply;
use crate::retry::RetryKey;
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::deciding::{Stamp, find_customer, without_policy};
use crate::v1::ground::{Ground, Present};
use crate::v1::receipts;
use actix_web::{HttpResponse, get, post, web};
use agreed::{Agreements, Sold};
use chrono::NaiveDate;
use request::{AskedLine, Mode};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tiercel_domain::contracts::Goods;
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::{self, Decision, Facts, Line, Policy, Question, UnitCost};
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::scaled::{Quantity, UnitPrice};
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::crypto;
use tiercel_persistence::documents::DocumentKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// What an answer takes without its lines, and what one line takes, explained as usual.
const ANSWER_BYTES: usize = 1_024;
const LINE_BYTES: usize = 1_024;

pub fn routes(config: &mut ServiceConfig) {
    config.service(decide_discount);
    config.service(find_discount);
}

/// What may be said beside the body.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiscountOptions {
    /// Answer 404 for an unknown customer instead of deciding by the default tier.
    strict: Option<bool>,
}

/// Decides the price of every line of a quote
///
/// Nothing is stored unless `mode` is `firm`, so the same question can be asked as often as needed. A
/// firm quote is kept with its receipt and holds until `valid_until`; it is at `/v1/quotes/{id}`. A
/// line that cannot be priced says why and leaves the others alone. Without the scope `costs:read`
/// no cost and no floor is told.
#[utoipa::path(
    tag = "discounts",
    params(DiscountOptions),
    request_body = DecideDiscountRequest,
    responses(
        (status = 200, description = "A price for each line, or why it has none", body = DiscountResponse),
        (status = 201, description = "The same for a firm quote; `Location` is the quote", body = DiscountResponse),
    )
)]
#[post("/decisions/discount")]
pub async fn decide_discount(
    tenant: Tenant<need::DiscountsDecide>,
    Query(options): Query<DiscountOptions>,
    retry: RetryKey,
    JsonAndBytes { value, bytes }: JsonAndBytes<DecideDiscountRequest>,
) -> Result<HttpResponse, Problem> {
    let present = Present::of(&tenant);
    let asked = value.read(present, tenant.settings().base_currency)?;
    if let Mode::Firm { until } = asked.mode {
        retry.require()?;
        let (decided, told) = answer_to(&tenant, &asked, options.strict).await?;
        let quoted = firm::Quoted::new(&asked, decided, told, until);
        let hash = crypto::sha256_hex(&bytes);
        return quoted.keep(&tenant, &retry, &hash).await;
    }
    let (decided, told) = answer_to(&tenant, &asked, options.strict).await?;
    let expected = ANSWER_BYTES.saturating_add(asked.lines.len().saturating_mul(LINE_BYTES));
    reply::sized(&answer::full(&asked, &decided, told), expected)
}

/// Decides the price of one article
///
/// One flat object of strings, always with the same keys: for systems that price one field at a
/// time. `net_unit_price` is the truth; `discount_pct` is rounded for display.
#[utoipa::path(
    tag = "discounts",
    params(FlatDiscountQuery),
    responses((status = 200, description = "The price, or the reason why there is none", body = FlatDiscountResponse))
)]
#[get("/decisions/discount")]
pub async fn find_discount(
    tenant: Tenant<need::DiscountsDecide>,
    Query(query): Query<FlatDiscountQuery>,
) -> Result<web::Json<FlatDiscountResponse>, Problem> {
    let strict = query.strict;
    let present = Present::of(&tenant);
    let asked = query.read(present, tenant.settings().base_currency)?;
    let (decided, told) = answer_to(&tenant, &asked, strict).await?;
    Ok(web::Json(flat::flat(&asked, &decided, told)))
}

/// Decides, and makes the receipt where one is asked for.
async fn answer_to(
    tenant: &TenantHandle,
    asked: &Asked,
    strict: Option<bool>,
) -> Result<(Decided, answer::Told), Problem> {
    let ground = asked.when.ground(tenant, || wanted(asked)).await?;
    let decided = decide(tenant.settings().base_currency, &ground, asked, strict)?;
    let stamp = Stamp::new(tenant.now());
    let receipt = match asked.when.receipt {
        true => Some(receipts::make(
            tenant,
            receipt::of(asked, &decided),
            &stamp,
            &ground,
        )?),
        false => None,
    };
    let told = answer::Told {
        stamp,
        receipt,
        shows_costs: tenant.allows(Scope::CostsRead),
        valid_until: None,
        last_prices: last_price::of(tenant, asked, &decided).await?,
    };
    Ok((decided, told))
}

/// What of the past such a decision needs.
fn wanted(asked: &Asked) -> Wanted {
    Wanted {
        customer: Some(asked.customer.clone()),
        skus: asked.lines.iter().filter_map(|it| it.sku.clone()).collect(),
        pricing: true,
        policies: vec![DocumentKind::DiscountPolicy],
        ..Wanted::default()
    }
}

/// A decision, and what became of each line that was asked.
pub struct Decided {
    pub customer: Option<Arc<BookCustomer>>,
    as_of: NaiveDate,
    position: Option<i64>,
    pub decision: Decision,
    /// The lines that could be completed, in the order asked.
    pub lines: Vec<Line>,
    /// Of every line asked: why it is not among them, if so.
    errors: Vec<Option<&'static str>>,
    /// The rates of currencies that the policy or a product names, by currency.
    rates: BTreeMap<Currency, Factor>,
}

pub fn decide(
    base: Currency,
    ground: &Ground,
    asked: &Asked,
    strict: Option<bool>,
) -> Result<Decided, Problem> {
    let (book, today) = (&*ground.book, ground.as_of);
    let customer = find_customer(book, &asked.customer, strict)?;
    let policy = book.policies().discount.on(today);
    let policy = policy.ok_or_else(|| without_policy("discount", today))?;
    let exchange = Exchange {
        rates: book.rates(),
        base,
        into: asked.currency,
        on: today,
    };
    let agreements = Agreements::new(book, customer.map(|it| &**it), exchange);
    let (mut lines, mut errors) = (Vec::with_capacity(asked.lines.len()), Vec::new());
    for line in &asked.lines {
        let completed = complete(line, book, exchange, &agreements);
        errors.push(completed.as_ref().err().copied());
        lines.extend(completed);
    }
    let rates = rates(policy, asked, &agreements, exchange);
    let mut question = Question {
        currency: asked.currency,
        today,
        lines,
        rates: rates
            .iter()
            .map(|(currency, it)| (*currency, it.rate))
            .collect(),
        approved: None,
    };
    if let Some(customer) = customer {
        binding::bind(&mut question, &customer.approvals, &policy.reference);
    }
    let facts = Facts {
        customer_matched: customer.is_some(),
        customer: customer.map(|it| it.id),
        segments: asked.segments.clone(),
        tier: customer.and_then(|it| it.tier_on(today).map(str::to_owned)),
        groups: customer.map(|it| book.groups_of(it)).unwrap_or_default(),
        channel: asked.channel.clone(),
    };
    Ok(Decided {
        customer: customer.cloned(),
        as_of: today,
        position: ground.position,
        decision: discounts::decide(&question, &facts, policy),
        lines: question.lines,
        errors,
        rates,
    })
}

/// What other currencies are worth that the policy, a contract or a product of the quote names, as far as there
/// are rates: a line that needs one that is not there says so.
fn rates(
    policy: &Policy,
    asked: &Asked,
    agreements: &Agreements<'_>,
    exchange: Exchange<'_>,
) -> BTreeMap<Currency, Factor> {
    let products = asked
        .lines
        .iter()
        .filter_map(|line| agreements.book.product(line.sku.as_deref()?));
    let mut named = policy.currencies();
    named.extend(agreements.currencies());
    for product in products {
        named.insert(product.currency);
        named.extend(product.cost_on(exchange.on).map(|(_, currency)| currency));
    }
    named.remove(&exchange.into);
    let rates = named.into_iter();
    rates
        .filter_map(|currency| Some((currency, exchange.factor(currency).ok()?)))
        .collect()
}

/// Adds what the product tells to what the request tells; the request comes first.
fn complete(
    line: &AskedLine,
    book: &Book,
    exchange: Exchange<'_>,
    agreements: &Agreements<'_>,
) -> Result<Line, &'static str> {
    let product = line.sku.as_deref().and_then(|sku| book.product(sku));
    let base_units = line.base_units.unwrap_or(Quantity::from_units(1_000_000));
    let of_unit = |price: UnitPrice| times(price, base_units);
    let list_of_product = || {
        let product = product?;
        let price = exchange.price(product.list_price?, product.currency);
        Some(price.and_then(of_unit))
    };
    let list_unit_price = match line.list_unit_price {
        Some(price) => Some(price),
        None => list_of_product().transpose()?,
    };
    let cost_of_product = || {
        let (cost, currency) = product?.cost_on(exchange.on)?;
        Some(exchange.price(cost, currency).and_then(of_unit))
    };
    let unit_cost = match line.unit_cost {
        Some(cost) => UnitCost::Given(cost),
        None => cost_of_product()
            .transpose()?
            .map_or(UnitCost::Missing, UnitCost::Product),
    };
    let category = line.category.as_ref();
    let category = category.or_else(|| product?.category.as_ref());
    let sold = Sold {
        goods: Goods {
            sku: line.sku.as_deref(),
            category,
        },
        list: list_unit_price,
        base_units,
    };
    Ok(Line {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        category: category.cloned(),
        margin_class: product.map(|it| it.margin_class).unwrap_or_default(),
        quantity: line.quantity,
        base_units,
        list_unit_price,
        unit_cost,
        contract: agreements.contract(line.contract.as_ref(), &sold)?,
        requested_unit_price: line.requested_unit_price,
        approved: None,
    })
}

/// The price of a unit of measure from that of a base unit, six decimals, half away from zero.
fn times(price: UnitPrice, base_units: Quantity) -> Result<UnitPrice, NoExchange> {
    let exact = price.decimal().checked_mul(base_units.decimal());
    let exact = exact.ok_or(NoExchange::Overflow)?;
    let rounded = round(exact, UnitPrice::SCALE, Rounding::HalfUp);
    UnitPrice::from_decimal(rounded).map_err(|_| NoExchange::Overflow)
}
