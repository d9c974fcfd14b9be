//! The price of one line: contract, stack groups, cap, unit rounding, floor, line amount.

use super::answer::{ApprovalCode, Cap, LineError, PricedLine};
use super::approval::{Approval, Depth};
use super::floor::{self, Floor};
use super::limit::CapScope;
use super::policy::{ContractWins, Ending, MissingCost, Policy, RoundingLevel, in_order};
use super::question::{Line, Question};
use super::rules::Case;
use super::stack::{self, Applied, StepRounding};
use super::waterfall::{AdjustmentKind, Cause, Waterfall};
use crate::decision::Reason;
use crate::money::{ExactMoney, Money, Rounding, round};
use crate::scaled::{Amount, Percent, UnitPrice};
use rust_decimal::Decimal;

/// What all lines of one quote share.
pub(super) struct Pricing<'a> {
    policy: &'a Policy,
    question: &'a Question,
    /// Decimals of unit prices and floors.
    pub scale: u32,
}

/// What the floor did to a line.
#[derive(Default)]
struct Floored {
    floor: Option<Floor>,
    approval: Vec<Reason<ApprovalCode>>,
}

impl<'a> Pricing<'a> {
    pub(super) fn new(policy: &'a Policy, question: &'a Question) -> Self {
        let usual = question.currency.exponent();
        Self {
            policy,
            question,
            scale: policy.rounding.scale.unwrap_or(usual),
        }
    }

    pub(super) fn price(&self, case: Case<'_>) -> Result<PricedLine, LineError> {
        let mut fall = Waterfall::from_list(list_price(case.line)?.decimal());
        let under_contract = self.contract(case.line, &mut fall)?;
        let mut applied = self.stack(case, &mut fall)?;
        let cap = self.cap(case.line, &mut fall)?;
        self.round(&mut fall).ok_or(LineError::Overflow)?;
        let floored = self.floor(case, under_contract, &mut fall)?;
        let lowest = [
            cap.as_ref().map(|cap| cap.unit_cap),
            floored.floor.map(|floor| floor.unit_floor),
        ];
        let lowest = lowest.into_iter().flatten().max().unwrap_or(Decimal::ZERO);
        let approval = self.requested(case.line, floored.approval, lowest, &mut fall)?;
        let line = self.extend(case.line, fall, lowest);
        applied.caps.extend(cap);
        Ok(PricedLine {
            caps: applied.caps,
            floor: floored.floor,
            approval,
            not_applied: applied.near,
            ..line.ok_or(LineError::Overflow)?
        })
    }

    /// Whether the contract's price took the place of the list price.
    fn contract(&self, line: &Line, fall: &mut Waterfall) -> Result<bool, LineError> {
        let contract = line.contract.as_ref();
        let Some(price) = contract.and_then(|contract| contract.unit_price) else {
            return Ok(false);
        };
        if price.is_negative() {
            return Err(LineError::ListPriceNegative);
        }
        let wins = match self.policy.contract.wins {
            ContractWins::Always => true,
            ContractWins::WhereCheaper => price.decimal() < fall.list,
        };
        if wins {
            let moved = fall.start_at(price.decimal());
            moved.ok_or(LineError::Overflow)?;
        }
        Ok(wins)
    }

    fn stack(&self, case: Case<'_>, fall: &mut Waterfall) -> Result<Applied, LineError> {
        let mut all = Applied::default();
        for group in in_order(&self.policy.groups) {
            let applied = stack::apply(group, case, self.step(), fall)?;
            all.near.extend(applied.near);
            all.caps.extend(applied.caps);
        }
        Ok(all)
    }

    fn step(&self) -> StepRounding {
        let rounding = self.policy.rounding;
        (rounding.level == RoundingLevel::Step).then_some((self.scale, rounding.mode))
    }

    fn cap(&self, line: &Line, fall: &mut Waterfall) -> Result<Option<Cap>, LineError> {
        let Some(limit) = self.policy.cap else {
            return Ok(None);
        };
        let most = limit.most_of_unit(fall.start, line.quantity.decimal(), self.question)?;
        let exact = fall.start.checked_sub(most).ok_or(LineError::Overflow)?;
        let unit_cap = floor::tellable(exact, fall.start, self.scale);
        let binding = fall.unit < unit_cap;
        if binding {
            let value = limit.percent.map(|percent| percent.decimal());
            let cause = Cause::bound(AdjustmentKind::Cap, value);
            fall.move_to(unit_cap, cause).ok_or(LineError::Overflow)?;
        }
        Ok(Some(Cap {
            scope: CapScope::Line,
            name: None,
            limit,
            unit_cap,
            binding,
        }))
    }

    /// A price that nothing has changed is told as it is, and no price is rounded above that.
    fn round(&self, fall: &mut Waterfall) -> Option<()> {
        let rounding = self.policy.rounding;
        let by_unit = matches!(rounding.level, RoundingLevel::Step | RoundingLevel::Unit);
        if fall.unit == fall.start || (!by_unit && rounding.ending.is_none()) {
            return Some(());
        }
        let rounded = match rounding.ending {
            Some(ending) => ended(fall.unit, ending, rounding.mode)?,
            None => round(fall.unit, self.scale, rounding.mode),
        };
        let rounded = rounded.min(fall.ceiling(self.scale)?);
        if rounded == fall.unit {
            return Some(());
        }
        fall.move_to(rounded, Cause::bound(AdjustmentKind::Rounding, None))
    }

    /// Raises the price to the floor, but never above where the rules began: there it takes an
    /// approval.
    fn floor(
        &self,
        case: Case<'_>,
        under_contract: bool,
        fall: &mut Waterfall,
    ) -> Result<Floored, LineError> {
        let Some(rule) = &self.policy.floor else {
            return Ok(Floored::default());
        };
        let Some((exact, value)) = rule.exact(case)? else {
            return missing_cost(rule.missing_cost);
        };
        let most = fall.ceiling(self.scale).ok_or(LineError::Overflow)?;
        let mut unit_floor = floor::tellable(exact, most, self.scale);
        if under_contract && self.policy.contract.beats_floor {
            unit_floor = unit_floor.min(fall.start);
        }
        let binding = fall.unit < unit_floor;
        let target = unit_floor.min(most);
        if fall.unit < target {
            let cause = Cause::bound(AdjustmentKind::Floor, Some(value));
            fall.move_to(target, cause).ok_or(LineError::Overflow)?;
        }
        let code = match under_contract {
            true => ApprovalCode::FloorAboveContract,
            false => ApprovalCode::FloorAboveList,
        };
        let reason = Reason::beyond(code, most, unit_floor);
        Ok(Floored {
            floor: Some(Floor {
                basis: rule.basis,
                value,
                unit_floor,
                binding,
            }),
            approval: (unit_floor > most).then_some(reason).into_iter().collect(),
        })
    }

    /// The price that somebody asks for takes the place of the policy's where an approval covers it,
    /// or where the policy leaves it free; until then the policy's price stands.
    fn requested(
        &self,
        line: &Line,
        mut reasons: Vec<Reason<ApprovalCode>>,
        lowest: Decimal,
        fall: &mut Waterfall,
    ) -> Result<Approval, LineError> {
        let net = fall.unit;
        let asked = line.requested_unit_price.map(|price| price.decimal());
        let asked = asked.filter(|asked| *asked < net);
        // A price that can be told, at most a fraction above what is asked for.
        let wanted = asked.map_or(net, |asked| round(asked, self.scale, Rounding::Up).min(net));
        let floor_kept = reasons.is_empty();
        reasons.extend(asked.map(|it| Reason::beyond(ApprovalCode::RequestedBelowNet, it, net)));
        if reasons.is_empty() {
            return Ok(Approval::default());
        }
        let depth = self.depth(line, fall.list, net, wanted);
        let depth = depth.ok_or(LineError::Overflow)?;
        let rule = &self.policy.approvals;
        let free = rule
            .free
            .is_some_and(|most| depth.discount <= most.decimal());
        let covered = line.approved.filter(|approved| approved.covers(wanted));
        let mut approval = Approval {
            reasons,
            granted: covered.map(|approved| approved.id),
            ..Approval::default()
        };
        if covered.is_none() {
            if !(free && floor_kept && wanted >= lowest) {
                approval.level = Some(rule.last(depth, self.question)?);
                approval.wanted = Some(wanted);
                return Ok(approval);
            }
            approval.reasons.clear();
        }
        if wanted < net {
            let moved = fall.move_to(wanted, Cause::requested(approval.granted));
            moved.ok_or(LineError::Overflow)?;
        }
        Ok(approval)
    }

    fn depth(&self, line: &Line, list: Decimal, net: Decimal, wanted: Decimal) -> Option<Depth> {
        let margin = net.checked_sub(wanted)?;
        Depth::new(list, wanted, margin.checked_mul(line.quantity.decimal())?)
    }

    /// From the price of one unit to the line. Rounding the line's amount never takes it below the
    /// `lowest` unit price times the quantity, unless the price at the start is rounded below that.
    fn extend(&self, line: &Line, fall: Waterfall, lowest: Decimal) -> Option<PricedLine> {
        let quantity = line.quantity.decimal();
        let mode = self.policy.rounding.mode;
        let payable = |unit: Decimal, mode| self.amount(unit.checked_mul(quantity)?, mode);
        let list_amount = payable(fall.list, mode)?;
        let mut net_amount = payable(fall.unit, mode)?;
        let lowest = lowest.min(fall.unit);
        if net_amount.amount() < lowest.checked_mul(quantity)? {
            net_amount = payable(fall.unit, Rounding::Up)?;
        }
        let most = payable(fall.ceiling(self.scale)?, mode)?;
        if net_amount.amount() > most.amount() {
            net_amount = most;
        }
        let mut lowest_amount = payable(lowest, Rounding::Up)?;
        if lowest_amount.amount() > net_amount.amount() {
            lowest_amount = net_amount;
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
            document_shares: Vec::new(),
            caps: Vec::new(),
            floor: None,
            lowest_amount,
            cost: line.unit_cost,
            approval: Approval::default(),
            not_applied: Vec::new(),
        })
    }

    /// Amounts that a fact could not record are too large to quote.
    fn amount(&self, exact: Decimal, mode: Rounding) -> Option<Money> {
        let money = ExactMoney::new(exact, self.question.currency).round(mode);
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

/// The nearest price with the ending, never below zero.
fn ended(unit: Decimal, ending: Ending, mode: Rounding) -> Option<Decimal> {
    let times = round(unit.checked_div(ending.multiple)?, 0, mode);
    let price = times
        .checked_mul(ending.multiple)?
        .checked_add(ending.offset)?;
    Some(price.max(Decimal::ZERO))
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
