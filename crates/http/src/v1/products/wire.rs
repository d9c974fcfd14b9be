//! Products on the wire.

use crate::faults::Faults;
use crate::problem::Problem;
use crate::wire::{instant, money, present};
use serde::{Deserialize, Serialize};
use tiercel_domain::incoming::{Change, IncomingProduct, MarginClass};
use tiercel_domain::scaled::UnitPrice;
use tiercel_persistence::products::{Filter, Product, ProductVersion};
use utoipa::{IntoParams, ToSchema};

/// Longest sku; longer ones are no identifiers.
const SKU: usize = 120;
const NAME: usize = 250;

/// A product to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "SRV-200", "name": "Servo drive 200 W", "category": "drives/servo", "list_price": "189.50", "currency": "EUR", "margin_class": "neutral"}))]
pub struct CreateProductRequest {
    /// Its identifier in your systems; unique, 1 to 120 characters.
    pub sku: String,
    pub name: Option<String>,
    /// Path from the widest category to the narrowest.
    pub category: Option<String>,
    /// Of one unit; up to six decimals.
    pub list_price: Option<String>,
    /// ISO 4217; the base currency where it is absent.
    pub currency: Option<String>,
    /// `promote`, `neutral` (the default) or `restrict`.
    pub margin_class: Option<String>,
}

/// Fields of a product to change: absent fields stay, null clears.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"list_price": "179.00", "category": null}))]
pub struct PatchProductRequest {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// Path from the widest category to the narrowest.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Option<String>>,
    /// Of one unit; up to six decimals.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub list_price: Option<Option<String>>,
    /// ISO 4217; it cannot be cleared.
    pub currency: Option<String>,
    /// `promote`, `neutral` or `restrict`; it cannot be cleared.
    pub margin_class: Option<String>,
}

impl CreateProductRequest {
    pub fn into_incoming(self) -> Result<IncomingProduct, Problem> {
        let fields = PatchProductRequest {
            name: self.name.map(Some),
            category: self.category.map(Some),
            list_price: self.list_price.map(Some),
            currency: self.currency,
            margin_class: self.margin_class,
        };
        let mut faults = Faults::default();
        let sku = read_sku(&mut faults, "/sku", &self.sku);
        fields.read(faults, sku)
    }
}

impl PatchProductRequest {
    pub fn into_incoming(self, sku: String) -> Result<IncomingProduct, Problem> {
        self.read(Faults::default(), Some(sku))
    }

    fn read(self, mut faults: Faults, sku: Option<String>) -> Result<IncomingProduct, Problem> {
        let name = three_state(self.name, |text| faults.text("/name", &text, NAME));
        let category = three_state(self.category, |text| {
            faults.parsed("/category", &text, "not_a_category")
        });
        let list_price = three_state(self.list_price, |text| {
            price(&mut faults, "/list_price", &text)
        });
        let class = self.margin_class;
        let class =
            class.and_then(|word| faults.word("/margin_class", &word, MarginClass::from_word));
        let currency = self.currency;
        let currency = currency.and_then(|code| faults.currency("/currency", &code));
        let incoming = sku.map(|sku| IncomingProduct {
            sku,
            name,
            category,
            list_price,
            margin_class: class,
            currency,
            cost: None,
        });
        faults.finish(incoming)
    }
}

/// A field that could not be read is noted as a fault, so what it becomes does not matter.
fn three_state<T, U>(field: Option<Option<T>>, read: impl FnOnce(T) -> Option<U>) -> Change<U> {
    match field {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(value)) => read(value).map_or(Change::Keep, Change::Set),
    }
}

/// A price or cost of one unit: never negative.
pub fn price(faults: &mut Faults, pointer: &str, text: &str) -> Option<UnitPrice> {
    let price: UnitPrice = faults.number(pointer, text)?;
    if price.is_negative() {
        faults.add(pointer, "negative", "must not be negative");
        return None;
    }
    Some(price)
}

/// A sku from a path.
pub fn sku(text: &str) -> Result<String, Problem> {
    let mut faults = Faults::default();
    let sku = read_sku(&mut faults, "sku", text);
    faults.finish(sku)
}

fn read_sku(faults: &mut Faults, pointer: &str, text: &str) -> Option<String> {
    let sku = faults.text(pointer, text, SKU)?;
    if sku.trim() != sku {
        faults.add(pointer, "blanks", "must not begin or end with a blank");
        return None;
    }
    Some(sku)
}

/// Which products to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListProducts {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Adds the total.
    pub count: Option<bool>,
    pub sku: Option<String>,
    /// The category and everything below it.
    pub category: Option<String>,
    /// `promote`, `neutral` or `restrict`.
    pub margin_class: Option<String>,
}

impl ListProducts {
    pub fn filter(&self) -> Result<Filter, Problem> {
        let mut faults = Faults::default();
        let within = self.category.as_deref();
        let within = within.and_then(|text| faults.parsed("category", text, "not_a_category"));
        let class = self.margin_class.as_deref();
        let class =
            class.and_then(|word| faults.word("margin_class", word, MarginClass::from_word));
        faults.finish(Some(Filter {
            sku: self.sku.clone(),
            within,
            margin_class: class,
        }))
    }
}

/// A product as it is known now. What it costs is told by its costs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "prd_06dv7n5z4h9k3m2p8q1r5s7t0w", "sku": "SRV-200", "name": "Servo drive 200 W", "category": "drives/servo", "list_price": "189.50", "currency": "EUR", "margin_class": "neutral", "version": 1, "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct ProductResponse {
    pub id: String,
    pub sku: String,
    pub name: Option<String>,
    pub category: Option<String>,
    pub list_price: Option<String>,
    pub currency: String,
    pub margin_class: String,
    pub version: i64,
    /// When this version was recorded.
    pub recorded_at: String,
}

impl From<Product> for ProductResponse {
    fn from(product: Product) -> Self {
        Self {
            id: product.id.to_string(),
            sku: product.sku,
            name: product.name,
            category: product.category.map(|category| category.to_string()),
            list_price: product
                .list_price
                .map(|price| money(price.decimal(), product.currency)),
            currency: product.currency.to_string(),
            margin_class: product.margin_class.word().to_owned(),
            version: product.version,
            recorded_at: instant(product.recorded_at),
        }
    }
}

/// One version of a product, with the writes that brought and replaced it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"write_id": "wrt_06dv7n5z4h9k3m2p8q1r5s7t0x", "position": 42, "superseded_by": null, "product": {"id": "prd_06dv7n5z4h9k3m2p8q1r5s7t0w", "sku": "SRV-200", "name": null, "category": "drives/servo", "list_price": "189.50", "currency": "EUR", "margin_class": "neutral", "version": 1, "recorded_at": "2026-03-01T09:30:00.000000Z"}}))]
pub struct ProductVersionResponse {
    pub product: ProductResponse,
    pub write_id: String,
    /// Of the write in the journal; null while it is not numbered yet.
    pub position: Option<i64>,
    /// The write that brought the next version.
    pub superseded_by: Option<String>,
}

impl From<ProductVersion> for ProductVersionResponse {
    fn from(version: ProductVersion) -> Self {
        Self {
            write_id: version.write_id.to_string(),
            position: version.position,
            superseded_by: version.superseded_by.map(|write| write.to_string()),
            product: version.product.into(),
        }
    }
}
