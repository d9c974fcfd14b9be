//! What a discount policy does to the products that are known, told before it is published.

use super::lint::told;
use crate::book::{Book, Exchange};
use crate::problem::FieldError;
use crate::tenant::TenantHandle;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tiercel_documents::discount_policy::DiscountPolicyDocument;
use tiercel_documents::fault::{self, DocumentFault};
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::discounts::{self, ApprovalCode, Facts, Line, Question, UnitCost};
use tiercel_domain::path::Path;
use tiercel_domain::scaled::Quantity;
use tiercel_persistence::products::KnownProduct;

/// Products looked at, so that lint answers at once.
const MOST_PRODUCTS: usize = 20_000;
/// Named in the warning.
const MOST_NAMED: usize = 20;

/// A warning where the floor lies above the list price of products, for customers of the default
/// tier: nobody can buy them without an approval.
pub fn floors_above_list(
    body: &str,
    book: &Book,
    tenant: &TenantHandle,
    today: NaiveDate,
) -> Option<FieldError> {
    let reference = PolicyRef {
        id: String::new(),
        version: 0,
    };
    let document = fault::read::<DiscountPolicyDocument>(body.as_bytes()).ok()?;
    let policy = document.to_policy(reference, None).ok()?;
    policy.floor.as_ref()?;
    let base = tenant.settings().base_currency;
    let exchange = Exchange {
        rates: book.rates(),
        base,
        into: base,
        on: today,
    };
    let rates = policy.currencies().into_iter();
    let rates = rates.filter_map(|it| Some((it, exchange.factor(it).ok()?.rate)));
    let mut products: Vec<&KnownProduct> = book.products().collect();
    products.sort_unstable_by(|one, other| one.sku.cmp(&other.sku));
    let products = products.into_iter().take(MOST_PRODUCTS);
    let question = Question {
        currency: base,
        today,
        lines: products.filter_map(|it| line(it, exchange)).collect(),
        rates: rates.collect::<BTreeMap<_, _>>(),
        approved: None,
    };
    let decision = discounts::decide(&question, &Facts::default(), &policy);
    let above = decision.lines.iter().filter(|line| {
        let approval = line
            .outcome
            .iter()
            .flat_map(|price| &price.approval.reasons);
        let mut codes = approval.map(|reason| reason.code);
        codes.any(|code| code == ApprovalCode::FloorAboveList)
    });
    let skus: Vec<&str> = above.map(|line| line.line_id.as_str()).collect();
    if skus.is_empty() {
        return None;
    }
    let named: Vec<&str> = skus.iter().copied().take(MOST_NAMED).collect();
    let detail = format!(
        "the floor lies above the list price of {} products: {}",
        skus.len(),
        named.join(", ")
    );
    let at = Path::root().field("floor");
    Some(told(&DocumentFault::new(&at, "floor_above_list", detail)))
}

/// One piece of the product; nothing where price or cost is not known.
fn line(product: &KnownProduct, exchange: Exchange<'_>) -> Option<Line> {
    let one = Quantity::from_units(1_000_000);
    let (cost, currency) = product.cost_on(exchange.on)?;
    let list = exchange.price(product.list_price?, product.currency);
    Some(Line {
        line_id: product.sku.clone(),
        sku: Some(product.sku.clone()),
        category: product.category.clone(),
        margin_class: product.margin_class,
        quantity: one,
        base_units: one,
        list_unit_price: Some(list.ok()?),
        unit_cost: UnitCost::Product(exchange.price(cost, currency).ok()?),
        contract: None,
        requested_unit_price: None,
        approved: None,
    })
}
