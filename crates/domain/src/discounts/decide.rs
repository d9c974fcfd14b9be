//! The decision: stack groups, cap, unit rounding, floor, line amount.

use super::answer::{ApprovalCode, Cap, Decision, LineDecision, LineError, PricedLine, Totals};
use super::floor::{self, Floor};
use super::policy::{FloorRule, MissingCost, Policy, RoundingLevel};
use super::question::{Facts, Line, Question};
use super::rules::Case;
use super::stack::{self, NotApplied};
use super::waterfall::{AdjustmentKind, Cause, Waterfall};
use crate::currency::Currency;
use crate::decision::Reason;
use crate::money::{ExactMoney, Money, Rounding, percent_of, round};
use crate::scaled::{Amount, Percent, UnitPrice};
use rust_decimal::Decimal;

/// Prices every line of `question`. Cannot fail: what is wrong with a line stays in the line, and
/// an unknown customer is priced by the default tier.
pub fn decide(question: &Question, facts: &Facts, policy: &Policy) -> Decision {
    let tier = facts.tier.as_ref().unwrap_or(&policy.default_tier);
    let pricing = Pricing {
        policy,
        currency: question.currency,
        scale: policy
            .rounding
            .scale
            .unwrap_or(question.currency.exponent()),
    };
    let price = |line: &Line| LineDecision {
        line_id: line.line_id.clone(),
        outcome: pricing.price(Case {
            tier,
            facts,
            line,
            today: question.today,
        }),
    };
    let lines: Vec<LineDecision> = question.lines.iter().map(price).collect();
    Decision {
        policy: policy.reference.clone(),
        customer_matched: facts.customer_matched,
        tier: tier.clone(),
        currency: question.currency,
        rounding: policy.rounding,
        scale: pricing.scale,
        totals: totals(&lines, question.currency),
        lines,
    }
}

fn totals(lines: &[LineDecision], currency: Currency) -> Totals {
    let sum = |amount: fn(&PricedLine) -> Money| {
        let priced = lines.iter().filter_map(|line| line.outcome.as_ref().ok());
        // Each is an amount that a fact could hold, so only billions of lines could saturate.
        let total = priced
            .map(|line| amount(line).amount())
            .fold(Decimal::ZERO, Decimal::saturating_add);
        ExactMoney::new(total, currency).round(Rounding::HalfUp)
    };
    Totals {
        list: sum(|line| line.list_amount),
        net: sum(|line| line.net_amount),
        discount: sum(|line| line.discount_amount),
    }
}

/// What all lines of one quote share.
struct Pricing<'a> {
    policy: &'a Policy,
    currency: Currency,
    scale: u32,
}

/// What the floor did to a line.
#[derive(Default)]
struct Floored {
    floor: Option<Floor>,
    approval: Vec<Reason<ApprovalCode>>,
}

impl Pricing<'_> {
    fn price(&self, case: Case<'_>) -> Result<PricedLine, LineError> {
        let mut fall = Waterfall::from_list(list_price(case.line)?.decimal());
        let near = self.stack(case, &mut fall).ok_or(LineError::Overflow)?;
        let cap = self.cap(&mut fall).ok_or(LineError::Overflow)?;
        self.round(&mut fall).ok_or(LineError::Overflow)?;
        let floored = match &self.policy.floor {
            Some(rule) => self.floor(rule, case.line, &mut fall)?,
            None => Floored::default(),
        };
        let lowest = [
            cap.map(|cap| cap.unit_cap),
            floored.floor.map(|it| it.unit_floor),
        ];
        let lowest = lowest.into_iter().flatten().max().unwrap_or(Decimal::ZERO);
        let line = self
            .extend(case.line, fall, lowest)
            .ok_or(LineError::Overflow)?;
        Ok(PricedLine {
            cap,
            floor: floored.floor,
            approval: floored.approval,
            not_applied: near,
            ..line
        })
    }

    fn stack(&self, case: Case<'_>, fall: &mut Waterfall) -> Option<Vec<NotApplied>> {
        let mut near = Vec::new();
        for group in &self.policy.groups {
            near.extend(stack::apply(group, case, fall)?);
        }
        Some(near)
    }

    fn cap(&self, fall: &mut Waterfall) -> Option<Option<Cap>> {
        let Some(percent) = self.policy.cap else {
            return Some(None);
        };
        let most = percent_of(fall.list, percent.decimal())?;
        let unit_cap = floor::tellable(fall.list.checked_sub(most)?, fall.list, self.scale);
        let binding = fall.unit < unit_cap;
        if binding {
            let cause = Cause::bound(AdjustmentKind::Cap, Some(percent.decimal()));
            fall.move_to(unit_cap, cause)?;
        }
        Some(Some(Cap {
            percent,
            unit_cap,
            binding,
        }))
    }

    /// A list price that nothing has changed is told as it is, and no price is rounded above list.
    fn round(&self, fall: &mut Waterfall) -> Option<()> {
        let rounding = self.policy.rounding;
        if rounding.level == RoundingLevel::Line || fall.unit == fall.list {
            return Some(());
        }
        let rounded = round(fall.unit, self.scale, rounding.mode).min(fall.list);
        if rounded == fall.unit {
            return Some(());
        }
        fall.move_to(rounded, Cause::bound(AdjustmentKind::Rounding, None))
    }

    /// Raises the price to the floor, but never above list: there it takes an approval.
    fn floor(
        &self,
        rule: &FloorRule,
        line: &Line,
        fall: &mut Waterfall,
    ) -> Result<Floored, LineError> {
        let Some(cost) = line.unit_cost.amount() else {
            return missing_cost(rule.missing_cost);
        };
        if cost.is_negative() {
            return Err(LineError::CostNegative);
        }
        let percent = rule.percent_for(line);
        let exact = floor::exact_floor(rule.basis, percent, cost).ok_or(LineError::Overflow)?;
        let unit_floor = floor::tellable(exact, fall.list, self.scale);
        let binding = fall.unit < unit_floor;
        let target = unit_floor.min(fall.list);
        if fall.unit < target {
            let cause = Cause::bound(AdjustmentKind::Floor, Some(percent.decimal()));
            fall.move_to(target, cause).ok_or(LineError::Overflow)?;
        }
        let above = unit_floor > fall.list;
        let reason = Reason::beyond(ApprovalCode::FloorAboveList, fall.list, unit_floor);
        Ok(Floored {
            floor: Some(Floor {
                basis: rule.basis,
                percent,
                unit_floor,
                binding,
            }),
            approval: above.then_some(reason).into_iter().collect(),
        })
    }

    /// From the price of one unit to the line. Rounding the line's amount never takes it below the
    /// `lowest` unit price times the quantity, unless list itself is rounded below that.
    fn extend(&self, line: &Line, fall: Waterfall, lowest: Decimal) -> Option<PricedLine> {
        let quantity = line.quantity.decimal();
        let mode = self.policy.rounding.mode;
        let payable = |unit: Decimal, mode| self.amount(unit.checked_mul(quantity)?, mode);
        let list_amount = payable(fall.list, mode)?;
        let mut net_amount = payable(fall.unit, mode)?;
        if net_amount.amount() < lowest.min(fall.unit).checked_mul(quantity)? {
            net_amount = payable(fall.unit, Rounding::Up)?;
        }
        if net_amount.amount() > list_amount.amount() {
            net_amount = list_amount;
        }
        let exact = fall.unit.checked_mul(quantity)?;
        Some(PricedLine {
            list_unit_price: fall.list,
            net_unit_price: fall.unit,
            list_amount,
            net_amount,
            discount_amount: list_amount.checked_sub(net_amount).ok()?,
            line_rounding: net_amount.amount().checked_sub(exact)?,
            effective_discount_pct: effective(fall.list, fall.unit)?,
            adjustments: fall.adjustments,
            cap: None,
            floor: None,
            cost: line.unit_cost,
            approval: Vec::new(),
            not_applied: Vec::new(),
        })
    }

    /// Amounts that a fact could not record are too large to quote.
    fn amount(&self, exact: Decimal, mode: Rounding) -> Option<Money> {
        let money = ExactMoney::new(exact, self.currency).round(mode);
        Amount::from_decimal(money.amount()).ok().map(|_| money)
    }
}

fn list_price(line: &Line) -> Result<UnitPrice, LineError> {
    let list = line.list_unit_price.ok_or(LineError::ListPriceMissing)?;
    if list.is_negative() {
        return Err(LineError::ListPriceNegative);
    }
    if line.quantity.is_negative() || line.quantity.is_zero() {
        return Err(LineError::QuantityNotPositive);
    }
    Ok(list)
}

fn missing_cost(rule: MissingCost) -> Result<Floored, LineError> {
    let approval = match rule {
        MissingCost::Block => return Err(LineError::CostMissing),
        MissingCost::Approve => vec![Reason::plain(ApprovalCode::CostMissing)],
        MissingCost::Ignore => Vec::new(),
    };
    Ok(Floored {
        floor: None,
        approval,
    })
}

/// `(list − net) ÷ list` in per cent; zero for what is free anyway.
fn effective(list: Decimal, net: Decimal) -> Option<Percent> {
    if list.is_zero() {
        return Some(Percent::ZERO);
    }
    let off = list.checked_sub(net)?.checked_mul(Decimal::ONE_HUNDRED)?;
    let percent = round(off.checked_div(list)?, Percent::SCALE, Rounding::HalfUp);
    Percent::from_decimal(percent).ok()
}
