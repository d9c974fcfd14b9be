//! Floors and caps of a discount policy as JSON, and what the domain decides by.

use super::convert::{Reader, currency_of};
use super::rules::{MarginClassDocument, amount};
use crate::checks::Checks;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tiercel_domain::discounts::limit::Limit;
use tiercel_domain::discounts::policy::{
    ContractRule, ContractWins, DocumentFloorRule, FloorBasis, FloorException, FloorRule,
    MissingCost,
};
use tiercel_domain::path::Path;
use utoipa::ToSchema;

/// The margin that discounts must leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FloorDocument {
    pub basis: FloorBasisDocument,
    pub value: String,
    /// Of values that are amounts; the policy's where absent. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The deepest category that holds a line wins over `value`.
    #[serde(default)]
    pub by_category: Vec<CategoryFloorDocument>,
    /// Another value for some goods and customers: the deepest category wins, then the margin
    /// class, then the tier. Schema 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<FloorExceptionDocument>,
    pub missing_cost: MissingCostDocument,
}

/// The margin that one category and all below it must leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryFloorDocument {
    pub category: String,
    pub value: String,
}

/// Another value of the floor. All that is told must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FloorExceptionDocument {
    /// Stands for itself and everything below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin_class: Option<MarginClassDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    pub value: String,
}

/// The margin that discounts must leave on a whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentFloorDocument {
    pub basis: FloorBasisDocument,
    pub value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Where the cost of one line is not known; `block` keeps the document's own discounts off.
    pub missing_cost: MissingCostDocument,
}

/// The most that discounts may take. Where both are told, the tighter one counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitDocument {
    /// Of the price at which discounts begin: list, or contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pct: Option<String>,
    /// Of a whole line, or of the whole document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Of the amount; the policy's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// What the price of a contract means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractRuleDocument {
    pub wins: ContractWinsDocument,
    /// Whether the contract's own price needs no approval where it lies below the floor.
    pub beats_floor: bool,
}

/// When the contract's price replaces the list price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractWinsDocument {
    WhereCheaper,
    Always,
}

/// What the floor's value means: per cent of the net price, per cent of the cost, an amount on top
/// of the cost, or a price. Schema 1 knows the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FloorBasisDocument {
    GrossMarginPct,
    MarkupPct,
    AmountOverCost,
    Absolute,
}

/// What to do where the cost is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingCostDocument {
    Ignore,
    Approve,
    Block,
}

impl FloorDocument {
    pub(super) fn to_rule(&self, reader: &mut Reader<'_, '_>, at: &Path) -> Option<FloorRule> {
        let basis = self.basis.to_basis();
        let currency = currency_of(self.currency.as_deref(), reader, at);
        money_needs_currency(basis, currency == Some(None), reader.checks, at);
        let checks = &mut *reader.checks;
        let value = floor_value(&self.value, basis, checks, &at.field("value"));
        let list_at = at.field("by_category");
        let categories = self.by_category.iter().enumerate();
        checks.distinct(categories.map(|(index, floor)| {
            let at = list_at.index(index).field("category");
            (floor.category.as_str(), at)
        }));
        let categories = self.by_category.iter().enumerate();
        let mut exceptions: Vec<Option<FloorException>> = categories
            .map(|(index, floor)| {
                let at = list_at.index(index);
                let category = checks.read(&floor.category, &at.field("category"));
                let value = floor_value(&floor.value, basis, checks, &at.field("value"));
                Some(FloorException {
                    category: Some(category?),
                    margin_class: None,
                    tier: None,
                    value: value?,
                })
            })
            .collect();
        let list_at = at.field("exceptions");
        for (index, exception) in self.exceptions.iter().enumerate() {
            let at = list_at.index(index);
            exceptions.push(exception.to_exception(basis, checks, &at));
        }
        Some(FloorRule {
            basis,
            value: value?,
            currency: currency?.filter(|_| basis.is_amount()),
            exceptions: exceptions.into_iter().collect::<Option<_>>()?,
            missing_cost: self.missing_cost.to_rule(),
        })
    }
}

impl FloorExceptionDocument {
    fn to_exception(
        &self,
        basis: FloorBasis,
        checks: &mut Checks<'_>,
        at: &Path,
    ) -> Option<FloorException> {
        if let Some(tier) = &self.tier {
            checks.tier(tier, &at.field("tier"));
        }
        let says = self.category.is_some() || self.margin_class.is_some() || self.tier.is_some();
        checks.require(
            says,
            at,
            "empty",
            "says neither category, margin class nor tier",
        );
        let category = checks.read_some(self.category.as_deref(), &at.field("category"));
        let value = floor_value(&self.value, basis, checks, &at.field("value"));
        Some(FloorException {
            category: category?,
            margin_class: self.margin_class.map(MarginClassDocument::to_class),
            tier: self.tier.clone(),
            value: value?,
        })
    }
}

impl DocumentFloorDocument {
    pub(super) fn to_rule(
        &self,
        reader: &mut Reader<'_, '_>,
        at: &Path,
    ) -> Option<DocumentFloorRule> {
        let basis = self.basis.to_basis();
        let currency = currency_of(self.currency.as_deref(), reader, at);
        money_needs_currency(basis, currency == Some(None), reader.checks, at);
        let value = floor_value(&self.value, basis, reader.checks, &at.field("value"));
        Some(DocumentFloorRule {
            basis,
            value: value?,
            currency: currency?.filter(|_| basis.is_amount()),
            missing_cost: self.missing_cost.to_rule(),
        })
    }
}

fn money_needs_currency(basis: FloorBasis, missing: bool, checks: &mut Checks<'_>, at: &Path) {
    let known = !basis.is_amount() || !missing;
    let detail = "neither the floor nor the policy has a currency for its amount";
    checks.require(known, &at.field("currency"), "currency_missing", detail);
}

/// No price leaves a gross margin of 100 %, so there the bound is 99.
fn floor_value(
    text: &str,
    basis: FloorBasis,
    checks: &mut Checks<'_>,
    at: &Path,
) -> Option<Decimal> {
    let most = match basis {
        FloorBasis::GrossMargin => 99,
        FloorBasis::Markup => 1_000,
        FloorBasis::AmountOverCost | FloorBasis::Absolute => {
            return amount(text, checks, at).map(|amount| amount.decimal());
        }
    };
    checks
        .percent(text, most, at)
        .map(|percent| percent.decimal())
}

impl LimitDocument {
    pub(super) fn to_limit(&self, reader: &mut Reader<'_, '_>, at: &Path) -> Option<Limit> {
        let currency = currency_of(self.currency.as_deref(), reader, at);
        let checks = &mut *reader.checks;
        let says = self.pct.is_some() || self.amount.is_some();
        checks.require(says, at, "empty", "says neither `pct` nor `amount`");
        let known = self.amount.is_none() || currency != Some(None);
        let detail = "neither the cap nor the policy has a currency for its amount";
        checks.require(known, &at.field("currency"), "currency_missing", detail);
        let percent = match &self.pct {
            Some(text) => checks.percent(text, 100, &at.field("pct")).map(Some),
            None => Some(None),
        };
        let most = match &self.amount {
            Some(text) => amount(text, checks, &at.field("amount")).map(Some),
            None => Some(None),
        };
        Some(Limit {
            percent: percent?,
            amount: most?,
            currency: currency?.filter(|_| self.amount.is_some()),
        })
    }
}

impl ContractRuleDocument {
    pub(super) const fn to_rule(&self) -> ContractRule {
        ContractRule {
            wins: match self.wins {
                ContractWinsDocument::WhereCheaper => ContractWins::WhereCheaper,
                ContractWinsDocument::Always => ContractWins::Always,
            },
            beats_floor: self.beats_floor,
        }
    }
}

impl FloorBasisDocument {
    const fn to_basis(self) -> FloorBasis {
        match self {
            Self::GrossMarginPct => FloorBasis::GrossMargin,
            Self::MarkupPct => FloorBasis::Markup,
            Self::AmountOverCost => FloorBasis::AmountOverCost,
            Self::Absolute => FloorBasis::Absolute,
        }
    }
}

impl MissingCostDocument {
    const fn to_rule(self) -> MissingCost {
        match self {
            Self::Ignore => MissingCost::Ignore,
            Self::Approve => MissingCost::Approve,
            Self::Block => MissingCost::Block,
        }
    }
}
