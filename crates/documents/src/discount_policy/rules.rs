//! Rules of a discount policy as JSON, and what the domain decides by.

use super::bounds::LimitDocument;
use super::convert::{Reader, currency_of};
use crate::checks::Checks;
use crate::hold_out::HoldOutDocument;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::policy::Mode;
use tiercel_domain::discounts::rules::{
    Aggregate, Benefit, Break, Rule, Schedule, Selectors, Tiering,
};
use tiercel_domain::incoming::MarginClass;
use tiercel_domain::path::Path;
use tiercel_domain::scaled::{Quantity, UnitPrice};
use utoipa::ToSchema;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountRuleDocument {
    /// Unique within the policy.
    pub id: String,
    /// The author's count of the rule's changes; told with every price that it moves. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Breaks ties between equally specific rules, and orders compound groups.
    #[serde(default)]
    pub sequence: u32,
    #[serde(default)]
    pub select: DiscountSelectorsDocument,
    pub kind: DiscountKindDocument,
    /// Per cent, or an amount per base unit; absent where `breaks` say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Schema 2, as all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks: Option<BreaksDocument>,
    /// Of all amounts of the rule; the policy's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What quantities and amounts are counted over; the line where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<AggregateDocument>,
    /// The most that the rule takes off a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<LimitDocument>,
    /// Customers who do not get it, so that it shows what it brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_out: Option<HoldOutDocument>,
}

/// What a rule does to a price; schema 1 knows `percent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiscountKindDocument {
    /// A share is taken off.
    Percent,
    /// An amount per base unit is taken off; in document groups one for the document.
    Amount,
    /// A base unit costs this, unless it is cheaper already.
    NetPrice,
    /// A share is put on.
    SurchargePct,
    /// An amount per base unit is put on.
    SurchargeAmount,
}

/// Values by quantity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BreaksDocument {
    pub tiering: TieringDocument,
    /// From low to high; nothing is given below the first.
    pub steps: Vec<BreakDocument>,
}

/// Whether a break holds for all of the quantity, or for the part that lies within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TieringDocument {
    Volume,
    Graduated,
}

/// The value for quantities from `from` (included) to `below` (excluded), in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakDocument {
    pub from: String,
    /// Where told it must be where the next one begins; the last has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<String>,
    pub value: String,
}

/// The line, all lines of its category, or all lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AggregateDocument {
    Line,
    Category,
    Document,
}

/// When a rule applies: all that is told must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiscountSelectorsDocument {
    /// Ids of customers. Schema 2.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub customers: Vec<String>,
    pub tiers: Vec<String>,
    /// Schema 2.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// Ids of customer groups; each stands for itself and everything below it.
    pub customer_groups: Vec<String>,
    /// The references that quotes give for the contracts of their lines. Schema 2.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contracts: Vec<String>,
    /// Category paths; each stands for itself and everything below it.
    pub categories: Vec<String>,
    pub skus: Vec<String>,
    pub margin_classes: Vec<MarginClassDocument>,
    pub channels: Vec<String>,
    /// Of the quote. Schema 2.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub currencies: Vec<String>,
    /// In base units, included.
    pub min_quantity: Option<String>,
    /// In base units, excluded. Schema 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below_quantity: Option<String>,
    /// Of what is counted, at list prices, included. Schema 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_amount: Option<String>,
    /// The same, excluded. Schema 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below_amount: Option<String>,
    /// First and last day, both included.
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
}

/// How the margin of a product should move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarginClassDocument {
    Promote,
    Neutral,
    Restrict,
}

/// The group that a rule is read for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub mode: Mode,
    /// Whether the rule is for the document instead of its lines.
    pub document: bool,
}

impl DiscountRuleDocument {
    pub(super) fn to_rule(
        &self,
        reader: &mut Reader<'_, '_>,
        place: Place,
        at: &Path,
    ) -> Option<Rule> {
        let checks = &mut *reader.checks;
        checks.code(&self.id, &at.field("id"));
        let benefit = self.kind.to_benefit();
        self.check_place(checks, benefit, place, at);
        let currency = currency_of(self.currency.as_deref(), reader, at);
        let checks = &mut *reader.checks;
        let select = &self.select;
        let names_money = benefit.is_amount() || select.min_amount.is_some();
        if (names_money || select.below_amount.is_some()) && currency == Some(None) {
            let detail = "neither the rule nor the policy has a currency for its amounts";
            checks.fault(&at.field("currency"), "currency_missing", detail);
        }
        let selectors = select.to_selectors(checks, &at.field("select"));
        let schedule = self.schedule(checks, benefit, at);
        let cap = match &self.cap {
            Some(cap) => cap.to_limit(reader, &at.field("cap")).map(Some),
            None => Some(None),
        };
        let hold_out = match &self.hold_out {
            Some(share) => share.read(reader.checks, &at.field("hold_out")).map(Some),
            None => Some(None),
        };
        Some(Rule {
            hold_out: hold_out?,
            id: self.id.clone(),
            version: self.version.unwrap_or(1),
            sequence: self.sequence,
            selectors: selectors?,
            benefit,
            schedule: schedule?,
            // A percentage alone has no currency, so that it never needs a rate.
            currency: currency?.filter(|_| names_money || select.below_amount.is_some()),
            aggregate: self
                .aggregate
                .map_or(Aggregate::Line, AggregateDocument::to_aggregate),
            cap: cap?,
        })
    }

    fn check_place(&self, checks: &mut Checks<'_>, benefit: Benefit, place: Place, at: &Path) {
        let fits = !place.document || matches!(benefit, Benefit::Percent | Benefit::Amount);
        let detail = "documents are discounted by `percent` and `amount` only";
        checks.require(fits, &at.field("kind"), "not_for_documents", detail);
        let counts = !place.document || self.aggregate.is_none();
        let detail = "rules for documents always count all lines that they are about";
        checks.require(counts, &at.field("aggregate"), "not_for_documents", detail);
        let fits = !benefit.is_surcharge() || place.mode.takes_all();
        let detail = "surcharges do not compete: use `compound`, `additive` or `always_last`";
        checks.require(fits, &at.field("kind"), "surcharge_competes", detail);
    }

    fn schedule(&self, checks: &mut Checks<'_>, benefit: Benefit, at: &Path) -> Option<Schedule> {
        match (&self.value, &self.breaks) {
            (Some(text), None) => {
                let value = value(text, benefit, checks, &at.field("value"));
                value.map(Schedule::Flat)
            }
            (None, Some(breaks)) => breaks.to_schedule(checks, benefit, &at.field("breaks")),
            _ => {
                let detail = "must have either `value` or `breaks`";
                checks.fault(&at.field("value"), "one_of", detail);
                None
            }
        }
    }
}

fn value(text: &str, benefit: Benefit, checks: &mut Checks<'_>, at: &Path) -> Option<Decimal> {
    if benefit.is_amount() {
        return amount(text, checks, at).map(UnitPrice::decimal);
    }
    let most = if benefit.is_surcharge() { 1_000 } else { 100 };
    checks
        .percent(text, most, at)
        .map(|percent| percent.decimal())
}

/// An amount that is not below zero.
pub(super) fn amount(text: &str, checks: &mut Checks<'_>, at: &Path) -> Option<UnitPrice> {
    let amount: UnitPrice = checks.read(text, at)?;
    let fits = !amount.is_negative();
    checks.require(fits, at, "out_of_range", "is below zero");
    fits.then_some(amount)
}

impl BreaksDocument {
    fn to_schedule(
        &self,
        checks: &mut Checks<'_>,
        benefit: Benefit,
        at: &Path,
    ) -> Option<Schedule> {
        let at = at.field("steps");
        if self.steps.is_empty() {
            checks.fault(&at, "empty", "has no step");
        }
        let rows = self.steps.iter().enumerate();
        let rows: Vec<Option<(Break, Option<Quantity>)>> = rows
            .map(|(index, step)| {
                let at = at.index(index);
                let from: Option<Quantity> = checks.read(&step.from, &at.field("from"));
                let below = checks.read_some(step.below.as_deref(), &at.field("below"));
                let value = value(&step.value, benefit, checks, &at.field("value"));
                let from = from?;
                let fits = !from.is_negative();
                checks.require(fits, &at.field("from"), "out_of_range", "is below zero");
                Some((
                    Break {
                        from,
                        value: value?,
                    },
                    below?,
                ))
            })
            .collect();
        let rows: Vec<(Break, Option<Quantity>)> = rows.into_iter().collect::<Option<_>>()?;
        seams(&rows, checks, &at);
        Some(Schedule::Breaks {
            tiering: match self.tiering {
                TieringDocument::Volume => Tiering::Volume,
                TieringDocument::Graduated => Tiering::Graduated,
            },
            steps: rows.into_iter().map(|(step, _)| step).collect(),
        })
    }
}

/// Each break must begin where the one before ends.
fn seams(rows: &[(Break, Option<Quantity>)], checks: &mut Checks<'_>, at: &Path) {
    for (index, (step, below)) in rows.iter().enumerate() {
        let at = at.index(index);
        let Some((next, _)) = rows.get(index + 1) else {
            let open = below.is_none();
            checks.require(open, &at.field("below"), "gap", "nothing is said above it");
            continue;
        };
        let end = below.unwrap_or(next.from);
        if next.from <= step.from || end > next.from {
            let detail = format!("overlaps with the next step, from {}", next.from);
            checks.fault(&at, "overlap", detail);
        } else if end < next.from {
            let detail = format!("nothing is said from {end} to {}", next.from);
            checks.fault(&at.field("below"), "gap", detail);
        }
    }
}

impl DiscountKindDocument {
    const fn to_benefit(self) -> Benefit {
        match self {
            Self::Percent => Benefit::Percent,
            Self::Amount => Benefit::Amount,
            Self::NetPrice => Benefit::NetPrice,
            Self::SurchargePct => Benefit::SurchargePercent,
            Self::SurchargeAmount => Benefit::SurchargeAmount,
        }
    }
}

impl AggregateDocument {
    const fn to_aggregate(self) -> Aggregate {
        match self {
            Self::Line => Aggregate::Line,
            Self::Category => Aggregate::Category,
            Self::Document => Aggregate::Document,
        }
    }
}

impl MarginClassDocument {
    pub(super) const fn to_class(self) -> MarginClass {
        match self {
            Self::Promote => MarginClass::Promote,
            Self::Neutral => MarginClass::Neutral,
            Self::Restrict => MarginClass::Restrict,
        }
    }
}

impl DiscountSelectorsDocument {
    fn to_selectors(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Selectors> {
        for (index, tier) in self.tiers.iter().enumerate() {
            checks.tier(tier, &at.field("tiers").index(index));
        }
        for (field, texts) in [
            ("segments", &self.segments),
            ("contracts", &self.contracts),
            ("skus", &self.skus),
            ("channels", &self.channels),
        ] {
            for (index, text) in texts.iter().enumerate() {
                checks.text(text, &at.field(field).index(index));
            }
        }
        let customers = checks.read_all(&self.customers, &at.field("customers"));
        let groups = checks.read_all(&self.customer_groups, &at.field("customer_groups"));
        let categories = checks.read_all(&self.categories, &at.field("categories"));
        let currencies = checks.read_all::<Currency, _>(&self.currencies, &at.field("currencies"));
        let quantities = [
            ("min_quantity", &self.min_quantity),
            ("below_quantity", &self.below_quantity),
        ];
        let [min_quantity, below_quantity] =
            quantities.map(|(field, text)| positive(text, checks, &at.field(field)));
        let amounts = [
            ("min_amount", &self.min_amount),
            ("below_amount", &self.below_amount),
        ];
        let [min_amount, below_amount] =
            amounts.map(|(field, text)| positive(text, checks, &at.field(field)));
        let valid_from = checks.read_some(self.valid_from.as_deref(), &at.field("valid_from"));
        let until_at = at.field("valid_until");
        let valid_until = checks.read_some(self.valid_until.as_deref(), &until_at);
        let set = |texts: &[String]| texts.iter().cloned().collect();
        let classes = self.margin_classes.iter();
        let selectors = Selectors {
            customers: customers?,
            tiers: set(&self.tiers),
            segments: set(&self.segments),
            customer_groups: groups?,
            contracts: set(&self.contracts),
            categories: categories?,
            skus: set(&self.skus),
            margin_classes: classes.map(|class| class.to_class()).collect(),
            channels: set(&self.channels),
            currencies: currencies?,
            min_quantity: min_quantity?,
            below_quantity: below_quantity?,
            min_amount: min_amount?,
            below_amount: below_amount?,
            valid_from: valid_from?,
            valid_until: valid_until?,
        };
        check_bounds(&selectors, checks, at);
        Some(selectors)
    }
}

/// A number above zero where it is told; the outer `None` means a fault.
fn positive<T>(text: &Option<String>, checks: &mut Checks<'_>, at: &Path) -> Option<Option<T>>
where
    T: FromStr + Default + PartialOrd,
    T::Err: std::fmt::Display,
{
    let number: Option<T> = checks.read_some(text.as_deref(), at)?;
    let fits = number.as_ref().is_none_or(|number| *number > T::default());
    checks.require(fits, at, "out_of_range", "is not above zero");
    Some(number)
}

/// Bounds between which nothing lies.
fn check_bounds(it: &Selectors, checks: &mut Checks<'_>, at: &Path) {
    let days = it.valid_from.zip(it.valid_until);
    let quantities = it.min_quantity.zip(it.below_quantity);
    let amounts = it.min_amount.zip(it.below_amount);
    for (holds, field, detail) in [
        (
            days.is_none_or(|(from, until)| from <= until),
            "valid_until",
            "lies before `valid_from`",
        ),
        (
            quantities.is_none_or(|(least, below)| least < below),
            "below_quantity",
            "is not above `min_quantity`",
        ),
        (
            amounts.is_none_or(|(least, below)| least < below),
            "below_amount",
            "is not above `min_amount`",
        ),
    ] {
        checks.require(holds, &at.field(field), "never_valid", detail);
    }
}
