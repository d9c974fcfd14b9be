//! The question of a discount: as JSON with many lines, and as one query string.

use crate::faults::Faults;
use crate::problem::Problem;
use crate::v1::deciding::{CustomerReference, read_customer};
use crate::v1::ground::{AskedWhen, Present, When};
use crate::wire;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tiercel_domain::category::CategoryPath;
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::Contract;
use tiercel_domain::incoming::CustomerRef;
use tiercel_domain::period::days_between;
use tiercel_domain::scaled::{Quantity, UnitPrice};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// Lines of one request.
const MOST_LINES: usize = 1_000;
/// Characters of codes such as skus and line ids.
const MOST_CHARACTERS: usize = 200;
/// How long a firm quote may hold.
const MOST_DAYS: i64 = 366;
/// How long one holds that does not say.
const USUAL_DAYS: Days = Days::new(7);

/// A quote to price.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer": {"external": {"system": "erp1", "id": "C-1042"}}, "currency": "EUR", "explain": "summary", "lines": [{"line_id": "10", "sku": "BT023", "category_path": ["drives", "servo"], "quantity": "30", "list_unit_price": "100.00", "unit_cost": "62.00"}]}))]
pub struct DecideDiscountRequest {
    pub customer: CustomerReference,
    /// A business date; today where absent.
    #[schema(format = Date)]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant; now where absent.
    pub known_at: Option<String>,
    /// `full` adds a receipt to the answer; where absent `none`, for firm quotes `full`.
    pub receipt: Option<String>,
    /// ISO 4217, of all prices and costs in the request; the base currency where absent.
    pub currency: Option<String>,
    /// `simulate` (where absent): nothing is stored. `firm`: the quote is kept and holds until
    /// `valid_until`; needs an `Idempotency-Key`, and is always of now.
    pub mode: Option<String>,
    /// Firm quotes: the last day on which the prices hold, at most a year ahead; in a week where
    /// absent.
    #[schema(format = Date)]
    pub valid_until: Option<String>,
    /// `last_price` adds to each line the price last told to this customer for its article.
    pub include: Option<Vec<String>>,
    /// `none`, `summary` (default: adjustments and near misses) or `full` (also what the rules saw).
    pub explain: Option<String>,
    /// The document in the caller's system; comes back unchanged.
    pub document: Option<DecisionDocument>,
    /// Where the quote comes from, e.g. `field`, `web`.
    pub channel: Option<String>,
    /// The segments that the customer is of, as the caller knows them; rules may select on them.
    pub segments: Option<Vec<String>>,
    /// 1 to 1,000 lines.
    pub lines: Vec<DiscountLineRequest>,
}

/// The caller's document that a decision is for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "erp1", "type": "quote", "id": "Q-778", "revision": 3}))]
pub struct DecisionDocument {
    #[validate(length(min = 1, max = 200))]
    pub system: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[validate(length(min = 1, max = 200))]
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
}

/// One line of the quote.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"line_id": "10", "sku": "BT023", "category_path": ["drives", "servo"], "quantity": "30", "uom": "EA", "list_unit_price": "100.00", "unit_cost": "62.00"}))]
pub struct DiscountLineRequest {
    /// Comes back unchanged; unique in the request.
    pub line_id: String,
    pub sku: Option<String>,
    /// From the widest category to the narrowest; that of the product where absent.
    pub category_path: Option<Vec<String>>,
    /// Above zero, in the unit of measure of the prices.
    pub quantity: String,
    pub uom: Option<String>,
    /// Base units in one unit of measure: rules count base units, and product prices and costs are
    /// per base unit. 1 where absent.
    pub base_uom_factor: Option<String>,
    /// That of the product where absent.
    pub list_unit_price: Option<String>,
    /// That of the product today where absent.
    pub unit_cost: Option<String>,
    #[schema(format = Date)]
    pub cost_as_of: Option<String>,
    /// The contract that the line is sold under; rules may select on it.
    pub contract_ref: Option<String>,
    /// What the contract says a unit costs, where it says so; needs `contract_ref`.
    pub contract_unit_price: Option<String>,
    /// What somebody wants to sell a unit for: below the policy's price it takes an approval, and
    /// the policy's price stands.
    pub requested_unit_price: Option<String>,
}

/// The question in one query string.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FlatDiscountQuery {
    /// `system:id` or an id such as `cus_…`.
    #[param(example = "erp1:C-1042")]
    pub customer: String,
    #[param(example = "BT023")]
    pub sku: Option<String>,
    /// The path with `/` between its parts.
    #[param(example = "drives/servo")]
    pub category: Option<String>,
    /// 1 where absent.
    #[param(example = "30")]
    pub qty: Option<String>,
    /// List price of one unit; that of the product where absent.
    #[param(example = "100.00")]
    pub list: Option<String>,
    /// Cost of one unit; that of the product today where absent.
    #[param(example = "62.00")]
    pub cost: Option<String>,
    /// ISO 4217; the base currency where absent.
    #[param(example = "EUR")]
    pub currency: Option<String>,
    pub channel: Option<String>,
    /// A segment that the customer is of.
    pub segment: Option<String>,
    /// A business date; today where absent.
    #[param(format = Date)]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant; now where absent.
    pub known_at: Option<String>,
    /// `full` adds a receipt, as JSON in a text; `none` where absent.
    pub receipt: Option<String>,
    /// Answer 404 for an unknown customer instead of deciding by the default tier.
    pub strict: Option<bool>,
}

/// How much of the way to the price is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Explain {
    None,
    Summary,
    Full,
}

impl Explain {
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "summary" => Some(Self::Summary),
            "full" => Some(Self::Full),
            _ => None,
        }
    }
}

/// Whether a quote holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Simulate,
    /// Until the end of this day.
    Firm {
        until: NaiveDate,
    },
}

/// The question, read.
pub struct Asked {
    pub when: When,
    pub mode: Mode,
    /// Whether the answer shows the receipt; firm quotes have one anyway.
    pub shows_receipt: bool,
    pub includes_last_price: bool,
    pub customer: CustomerRef,
    pub currency: Currency,
    pub explain: Explain,
    pub document: Option<DecisionDocument>,
    pub channel: Option<String>,
    pub segments: BTreeSet<String>,
    pub lines: Vec<AskedLine>,
}

/// One line, as far as the request tells it.
pub struct AskedLine {
    pub line_id: String,
    pub sku: Option<String>,
    pub category: Option<CategoryPath>,
    pub quantity: Quantity,
    pub list_unit_price: Option<UnitPrice>,
    pub unit_cost: Option<UnitPrice>,
    /// None = 1.
    pub base_units: Option<Quantity>,
    pub contract: Option<Contract>,
    pub requested_unit_price: Option<UnitPrice>,
}

impl DecideDiscountRequest {
    pub fn read(self, present: Present, base: Currency) -> Result<Asked, Problem> {
        let mut faults = Faults::default();
        let when = AskedWhen {
            as_of: self.as_of.as_deref(),
            known_at: self.known_at.as_deref(),
            receipt: self.receipt.as_deref(),
        };
        let when = When::read(present, when, "/", &mut faults);
        let mode = self.mode(present, &mut faults);
        let shows_receipt = match mode {
            Mode::Simulate => when.receipt,
            Mode::Firm { .. } => self.receipt.is_none() || when.receipt,
        };
        let includes_last_price = self.includes(&mut faults);
        let customer = self.customer.read("/customer", &mut faults);
        let currency = match &self.currency {
            Some(code) => faults.currency("/currency", code),
            None => Some(base),
        };
        let explain = self.explain.as_deref().unwrap_or("summary");
        let explain = faults.word("/explain", explain, Explain::from_word);
        let channel = text(self.channel.as_deref(), "/channel", &mut faults);
        let segments = segments(self.segments.unwrap_or_default(), &mut faults);
        if let Some(document) = &self.document {
            faults.declared("/document", document);
            faults.text("/document/type", &document.kind, MOST_CHARACTERS);
        }
        let lines = read_lines(self.lines, &mut faults);
        let asked = customer.zip(currency).zip(explain);
        faults.finish(asked.map(|((customer, currency), explain)| Asked {
            when: match mode {
                Mode::Simulate => when,
                Mode::Firm { .. } => when.with_receipt(),
            },
            mode,
            shows_receipt,
            includes_last_price,
            customer,
            currency,
            explain,
            document: self.document,
            channel,
            segments,
            lines,
        }))
    }
}

impl DecideDiscountRequest {
    fn mode(&self, present: Present, faults: &mut Faults) -> Mode {
        let word = self.mode.as_deref().unwrap_or("simulate");
        let firm = faults.word("/mode", word, |word| match word {
            "simulate" => Some(false),
            "firm" => Some(true),
            _ => None,
        });
        if firm != Some(true) {
            if self.valid_until.is_some() {
                let detail = "only firm quotes hold until a day";
                faults.add("/valid_until", "not_firm", detail);
            }
            return Mode::Simulate;
        }
        let past = [("/as_of", &self.as_of), ("/known_at", &self.known_at)];
        for (pointer, value) in past {
            if value.is_some() {
                faults.add(pointer, "not_with_firm", "a firm quote is of now");
            }
        }
        let given = self.valid_until.as_deref();
        let given = given.and_then(|text| wire::date(faults, "/valid_until", text));
        let days = given.map(|day| days_between(present.today, day));
        if days.is_some_and(|days| !(0..=MOST_DAYS).contains(&days)) {
            let detail = "must be today or at most 366 days later";
            faults.add("/valid_until", "range", detail);
        }
        let week = present.today.checked_add_days(USUAL_DAYS);
        Mode::Firm {
            until: given.or(week).unwrap_or(present.today),
        }
    }

    fn includes(&self, faults: &mut Faults) -> bool {
        let asked = self.include.iter().flatten().enumerate();
        let known = asked.map(|(place, word)| {
            faults.word(&format!("/include/{place}"), word, |word| {
                (word == "last_price").then_some(())
            })
        });
        // Every word is looked at, so that every fault is named.
        let known: Vec<Option<()>> = known.collect();
        known.iter().any(Option::is_some)
    }
}

fn read_lines(lines: Vec<DiscountLineRequest>, faults: &mut Faults) -> Vec<AskedLine> {
    if lines.is_empty() || lines.len() > MOST_LINES {
        faults.add("/lines", "range", "must be 1 to 1,000 lines");
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    for (place, line) in lines.iter().enumerate() {
        if !seen.insert(line.line_id.as_str()) {
            let pointer = format!("/lines/{place}/line_id");
            faults.add(pointer, "duplicate", "another line has the same id");
        }
    }
    let lines = lines.into_iter().enumerate();
    lines
        .filter_map(|(place, line)| {
            let mut found = Faults::default();
            let line = line.read(&mut found);
            if !found.is_empty() {
                faults.extend_below(&format!("/lines/{place}"), found);
            }
            line
        })
        .collect()
}

impl DiscountLineRequest {
    /// Faults are noted relative to the line.
    fn read(self, faults: &mut Faults) -> Option<AskedLine> {
        self.check_what_is_only_told(faults);
        let line_id = faults.own_text("/line_id", self.line_id, MOST_CHARACTERS);
        let sku = self.sku;
        let sku = sku.and_then(|sku| faults.own_text("/sku", sku, MOST_CHARACTERS));
        let path = self.category_path.map(|parts| category(&parts));
        let category = path.and_then(|path| match path {
            Ok(path) => Some(path),
            Err(detail) => {
                faults.add("/category_path", "not_a_category", detail);
                None
            }
        });
        let factor = self.base_uom_factor.as_deref();
        let base_units = factor.map(|text| quantity(text, "/base_uom_factor", faults));
        let quantity = quantity(&self.quantity, "/quantity", faults);
        let list = self.list_unit_price.as_deref();
        let cost = self.unit_cost.as_deref();
        let list_unit_price = price(list, "/list_unit_price", faults);
        let unit_cost = price(cost, "/unit_cost", faults);
        let requested = self.requested_unit_price.as_deref();
        let requested_unit_price = price(requested, "/requested_unit_price", faults);
        let agreed = self.contract_unit_price.as_deref();
        let agreed = price(agreed, "/contract_unit_price", faults);
        let contract = text(self.contract_ref.as_deref(), "/contract_ref", faults);
        if self.contract_unit_price.is_some() && self.contract_ref.is_none() {
            let detail = "is needed with `contract_unit_price`";
            faults.add("/contract_ref", "missing", detail);
        }
        Some(AskedLine {
            line_id: line_id?,
            sku,
            category,
            quantity: quantity?,
            list_unit_price,
            unit_cost,
            base_units: base_units.flatten(),
            contract: contract.map(|reference| Contract {
                reference,
                unit_price: agreed,
            }),
            requested_unit_price,
        })
    }

    fn check_what_is_only_told(&self, faults: &mut Faults) {
        text(self.uom.as_deref(), "/uom", faults);
        if let Some(date) = &self.cost_as_of {
            wire::date(faults, "/cost_as_of", date);
        }
    }
}

impl FlatDiscountQuery {
    pub(super) fn read(self, present: Present, base: Currency) -> Result<Asked, Problem> {
        let mut faults = Faults::default();
        let when = AskedWhen {
            as_of: self.as_of.as_deref(),
            known_at: self.known_at.as_deref(),
            receipt: self.receipt.as_deref(),
        };
        let when = When::read(present, when, "", &mut faults);
        let customer = read_customer("customer", &self.customer, &mut faults);
        let currency = match &self.currency {
            Some(code) => faults.currency("currency", code),
            None => Some(base),
        };
        let path = self.category.as_deref();
        let category = path.and_then(|path| faults.parsed("category", path, "not_a_category"));
        let line = AskedLine {
            line_id: "1".to_owned(),
            sku: text(self.sku.as_deref(), "sku", &mut faults),
            category,
            quantity: quantity(self.qty.as_deref().unwrap_or("1"), "qty", &mut faults)
                .unwrap_or_default(),
            list_unit_price: price(self.list.as_deref(), "list", &mut faults),
            unit_cost: price(self.cost.as_deref(), "cost", &mut faults),
            base_units: None,
            contract: None,
            requested_unit_price: None,
        };
        let segment = text(self.segment.as_deref(), "segment", &mut faults);
        let channel = text(self.channel.as_deref(), "channel", &mut faults);
        let asked = customer.zip(currency).map(|(customer, currency)| Asked {
            shows_receipt: when.receipt,
            when,
            mode: Mode::Simulate,
            includes_last_price: false,
            customer,
            currency,
            explain: Explain::None,
            document: None,
            channel,
            segments: segment.into_iter().collect(),
            lines: vec![line],
        });
        faults.finish(asked)
    }
}

fn text(value: Option<&str>, pointer: &str, faults: &mut Faults) -> Option<String> {
    value.and_then(|value| faults.text(pointer, value, MOST_CHARACTERS))
}

fn segments(texts: Vec<String>, faults: &mut Faults) -> BTreeSet<String> {
    let texts = texts.iter().enumerate();
    texts
        .filter_map(|(place, it)| text(Some(it.as_str()), &format!("/segments/{place}"), faults))
        .collect()
}

fn category(parts: &[String]) -> Result<CategoryPath, String> {
    if parts.iter().any(|part| part.contains('/')) {
        return Err("no part may contain `/`".to_owned());
    }
    parts.join("/").parse().map_err(|error| format!("{error}"))
}

fn quantity(value: &str, pointer: &str, faults: &mut Faults) -> Option<Quantity> {
    let quantity: Quantity = faults.number(pointer, value)?;
    if quantity.is_negative() || quantity.is_zero() {
        faults.add(pointer, "not_positive", "must be above zero");
        return None;
    }
    Some(quantity)
}

fn price(value: Option<&str>, pointer: &str, faults: &mut Faults) -> Option<UnitPrice> {
    let price: UnitPrice = faults.optional_number(pointer, value)?;
    if price.is_negative() {
        faults.add(pointer, "negative", "must not be below zero");
        return None;
    }
    Some(price)
}
