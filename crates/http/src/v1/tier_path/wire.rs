//! Request and answer of a path.

use super::words::{self, Words};
use crate::v1::tier_overrides::HeldTier;
use crate::wire::money;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::evaluation::{Evaluation, Tier};
use tiercel_domain::scaled::Amount;
use tiercel_domain::tier_path::{Effort, Moves, Way, Ways};
use utoipa::{IntoParams, ToSchema};

/// As of when, as known when, by when.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindPath {
    /// A business date; today where it is absent.
    #[param(example = "2026-03-01")]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
    /// The day by which something happens and that is evaluated, within two years; where it is
    /// absent, the end of the month in which the day lies that is thirty days ahead.
    #[param(example = "2026-06-30")]
    pub by: Option<String>,
}

/// A tier and the score it comes of.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "general", "label": "General", "rank": 2, "score": "52.5"}))]
pub struct PathTier {
    pub code: String,
    pub label: String,
    /// 1 is the best.
    pub rank: usize,
    /// Null for a token bound to the customer.
    pub score: Option<String>,
}

/// What is evaluated on the day if nothing happens: no orders, no payments.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"tier": {"code": "low", "label": "Low", "rank": 3, "score": "31"}, "score_tier": "low", "drops": true}))]
pub struct Projection {
    /// The one that would be in force, after lifecycle and vetoes.
    pub tier: PathTier,
    /// What the score alone would say.
    pub score_tier: String,
    /// Whether that is worse than now.
    pub drops: bool,
}

/// A sentence for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"en": "an order of 38,000.00 EUR by 30 September 2026", "zh": "在2026年9月30日前下单38,000.00 EUR"}))]
pub struct PathText {
    pub en: String,
    pub zh: String,
}

/// One thing to do until the day.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"kind": "orders", "count": 1, "amount": "38000.00", "text": {"en": "an order of 38,000.00 EUR by 30 September 2026", "zh": "在2026年9月30日前下单38,000.00 EUR"}}))]
pub struct PathMove {
    /// `orders`, `new_products` (never ordered before), `invoices_on_time` (the next ones to fall
    /// due) or `settle_overdue`.
    pub kind: String,
    /// Null for `settle_overdue`.
    pub count: Option<u32>,
    /// In base currency: the smallest that suffices. Null where any amount does.
    pub amount: Option<String>,
    pub text: PathText,
}

/// What is enough, all of it together.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"moves": [{"kind": "orders", "count": 1, "amount": "38000.00", "text": {"en": "an order of 38,000.00 EUR by 30 September 2026", "zh": "在2026年9月30日前下单38,000.00 EUR"}}], "text": {"en": "an order of 38,000.00 EUR by 30 September 2026", "zh": "在2026年9月30日前下单38,000.00 EUR"}, "effort": "38050", "reaches": {"code": "high", "label": "High value", "rank": 1, "score": "70"}}))]
pub struct PathWay {
    /// Empty where time alone is enough.
    pub moves: Vec<PathMove>,
    pub text: PathText,
    /// What it is weighed with; null for a token bound to the customer.
    pub effort: Option<String>,
    pub reaches: PathTier,
}

/// How a tier is reached.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"tier": "high", "label": "High value", "reachable": true, "single": [], "best": null}))]
pub struct PathWays {
    pub tier: String,
    pub label: String,
    /// Whether anything that was thought of suffices.
    pub reachable: bool,
    /// One kind of thing alone, the cheapest first.
    pub single: Vec<PathWay>,
    /// The cheapest of all, perhaps several things together.
    pub best: Option<PathWay>,
}

/// How the next better tier is reached.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"holds_from": "2026-09-30", "points_missing": "17.5", "tier": "high", "label": "High value", "reachable": true, "single": [], "best": null}))]
pub struct WayUp {
    /// The first day on which the tier holds if the score reaches it by `by`: with a lifecycle that
    /// lifts on calendar dates, the day after the next of them.
    #[schema(format = Date)]
    pub holds_from: String,
    /// From the score of now; null for a token bound to the customer.
    pub points_missing: Option<String>,
    #[serde(flatten)]
    pub ways: PathWays,
}

/// The path of a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "as_of": "2026-09-01", "known_at": null, "by": "2026-09-30", "currency": "EUR", "tier": {"code": "general", "label": "General", "rank": 2, "score": "52.5"}, "by_hand": null, "projection": {"tier": {"code": "general", "label": "General", "rank": 2, "score": "50"}, "score_tier": "general", "drops": false}, "next": null, "keep": null}))]
pub struct PathResponse {
    pub customer: String,
    pub as_of: String,
    /// The position of the journal that was asked for.
    pub known_at: Option<i64>,
    /// The day that everything below is about.
    #[schema(format = Date)]
    pub by: String,
    /// Base currency, of all amounts.
    pub currency: String,
    /// The one in force on `as_of`, after lifecycle and vetoes.
    pub tier: PathTier,
    /// A tier by hand that holds on `as_of`, whatever is evaluated.
    pub by_hand: Option<HeldTier>,
    pub projection: Projection,
    /// Null in the best tier.
    pub next: Option<WayUp>,
    /// What keeps the score of `by` good enough for the present tier; null where nothing has to be
    /// done for it.
    pub keep: Option<PathWays>,
}

/// In which words, and for whose eyes.
pub(super) struct Telling<'a> {
    pub currency: Currency,
    pub by: NaiveDate,
    pub tiers: &'a [Tier],
    pub to_customer: bool,
}

impl Telling<'_> {
    pub fn code(&self, tier: usize) -> String {
        let tier = self.tiers.get(tier);
        tier.map(|tier| tier.code.clone()).unwrap_or_default()
    }

    pub fn tier(&self, evaluation: &Evaluation) -> PathTier {
        let tier = self.tiers.get(evaluation.tier);
        let score = (!self.to_customer).then(|| evaluation.score.to_string());
        PathTier {
            code: self.code(evaluation.tier),
            label: tier.map(|tier| tier.label.clone()).unwrap_or_default(),
            rank: evaluation.tier.saturating_add(1),
            score,
        }
    }

    pub fn ways(&self, target: usize, ways: &Ways) -> PathWays {
        let tier = self.tiers.get(target);
        let single = ways.single.iter().map(|way| self.way(way));
        PathWays {
            tier: self.code(target),
            label: tier.map(|tier| tier.label.clone()).unwrap_or_default(),
            reachable: ways.best.is_some(),
            single: single.collect(),
            best: ways.best.as_ref().map(|way| self.way(way)),
        }
    }

    fn way(&self, way: &Way) -> PathWay {
        let moves = self.moves(&way.moves);
        PathWay {
            text: words::together(moves.iter().map(|one| &one.text)),
            effort: (!self.to_customer).then(|| effort(way.effort)),
            reaches: self.tier(&way.reached),
            moves,
        }
    }

    fn moves(&self, moves: &Moves) -> Vec<PathMove> {
        let words = Words {
            currency: self.currency,
            by: self.by,
        };
        let amount = |amount: Amount| money(amount.decimal(), self.currency);
        let mut told = Vec::new();
        if moves.orders > 0 {
            told.push(PathMove {
                kind: "orders".to_owned(),
                count: Some(moves.orders),
                amount: (!moves.amount.is_zero()).then(|| amount(moves.amount)),
                text: words.orders(moves.orders, moves.amount),
            });
        }
        if moves.products > 0 {
            told.push(PathMove {
                kind: "new_products".to_owned(),
                count: Some(moves.products),
                amount: None,
                text: words.new_products(moves.products),
            });
        }
        if moves.invoices > 0 {
            told.push(PathMove {
                kind: "invoices_on_time".to_owned(),
                count: Some(moves.invoices),
                amount: None,
                text: words.invoices_on_time(moves.invoices),
            });
        }
        if !moves.settled.is_zero() {
            told.push(PathMove {
                kind: "settle_overdue".to_owned(),
                count: None,
                amount: Some(amount(moves.settled)),
                text: words.settle_overdue(moves.settled),
            });
        }
        told
    }
}

fn effort(effort: Effort) -> String {
    let exact = Decimal::try_from_i128_with_scale(effort.units(), Effort::SCALE);
    exact.map_or_else(
        |_| effort.units().to_string(),
        |exact| exact.normalize().to_string(),
    )
}
