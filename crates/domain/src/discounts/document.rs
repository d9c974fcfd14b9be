//! What is taken off all lines of a quote together, and how it is shared among them.

use super::answer::{ApprovalCode, LineDecision, LineError};
use super::approval::{Approval, Depth};
use super::floor;
use super::limit::Limit;
use super::offer::{self, Offer};
use super::policy::{Basis, FloorBasis, MissingCost, Policy, RoundingLevel, StackGroup, in_order};
use super::question::Question;
use super::rules::{Benefit, Case};
use super::spread::{apportion, spread};
use super::stack::{self, NotApplied};
use crate::decision::Reason;
use crate::money::{ExactMoney, Money, Rounding, round};
use rust_decimal::Decimal;

/// The document's own discounts and bounds. All amounts are payable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentDecision {
    pub adjustments: Vec<DocumentAdjustment>,
    pub cap: Option<DocumentCap>,
    /// None where the policy has none or a cost that it needs is missing.
    pub floor: Option<DocumentFloor>,
    /// Totals of the document.
    pub approval: Approval,
    pub not_applied: Vec<NotApplied>,
    /// Why nothing was taken off the document although its rules are asked; the lines stand.
    pub error: Option<LineError>,
}

/// What one rule took off the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentAdjustment {
    pub rule: String,
    pub rule_version: u32,
    pub group: String,
    pub benefit: Benefit,
    /// As written in the policy.
    pub value: Decimal,
    pub basis: Basis,
    /// What the rule asked for.
    pub wanted: Decimal,
    /// What was taken: the lines' shares add up to it.
    pub amount: Decimal,
    /// `wanted` less `amount`: what caps and floors left no room for.
    pub unplaced: Decimal,
}

/// The most that all discounts together may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentCap {
    pub limit: Limit,
    pub amount: Decimal,
    pub binding: bool,
}

/// The least that the document may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentFloor {
    pub basis: FloorBasis,
    pub value: Decimal,
    pub amount: Decimal,
    pub binding: bool,
}

/// A priced line while the document is settled.
pub(super) struct Work<'a> {
    pub case: Case<'a>,
    /// Among the lines of the question.
    place: usize,
    pub list: Decimal,
    pub net: Decimal,
    lowest: Decimal,
    /// Unit price times quantity, before any rounding.
    exact: Decimal,
    cost: Option<Decimal>,
    shares: Vec<Decimal>,
}

impl Work<'_> {
    /// What the line's discount is counted from: list, or where a contract or a surcharge has
    /// lifted it.
    fn begun(&self) -> Decimal {
        self.list.max(self.net)
    }
}

/// The settling of one document.
struct Desk<'a> {
    policy: &'a Policy,
    question: &'a Question,
    /// Decimals of payable amounts.
    scale: u32,
    lines: Vec<Work<'a>>,
    decision: DocumentDecision,
}

/// Takes the document's discounts off `lines`, within the headroom of each above its floor and its
/// cap and within the document's own bounds.
pub(super) fn settle(
    policy: &Policy,
    question: &Question,
    cases: &[Case<'_>],
    lines: &mut [LineDecision],
) -> DocumentDecision {
    let mut desk = Desk {
        policy,
        question,
        scale: question.currency.exponent(),
        lines: works(cases, lines),
        decision: DocumentDecision::default(),
    };
    if policy.rounding.level == RoundingLevel::Document {
        // Where it cannot be calculated the lines keep the rounding of their own.
        let _kept = desk.round();
    }
    if let Err(error) = desk.run() {
        desk.decision.error = Some(error);
        desk.decision.adjustments.clear();
        desk.lines.iter_mut().for_each(|line| line.shares.clear());
    }
    let written = desk.lines.iter().map(|line| write(line, question, lines));
    let written: Option<Vec<()>> = written.collect();
    if written.is_none() {
        desk.decision.error = Some(LineError::Overflow);
    }
    desk.decision
}

fn works<'a>(cases: &[Case<'a>], lines: &[LineDecision]) -> Vec<Work<'a>> {
    let priced = cases.iter().zip(lines).enumerate();
    let priced = priced.filter_map(|(place, (case, line))| {
        let price = line.outcome.as_ref().ok()?;
        let cost = case.line.unit_cost.amount().map(|cost| cost.decimal());
        Some(Work {
            case: *case,
            place,
            list: price.list_amount.amount(),
            net: price.net_amount.amount(),
            lowest: price.lowest_amount.amount(),
            exact: price.net_amount.amount().checked_sub(price.line_rounding)?,
            cost: cost.and_then(|cost| cost.checked_mul(case.line.quantity.decimal())),
            shares: Vec::new(),
        })
    });
    priced.collect()
}

/// Writes what became of a line. Rounding and shares are told apart.
fn write(line: &Work<'_>, question: &Question, lines: &mut [LineDecision]) -> Option<()> {
    let price = lines.get_mut(line.place)?.outcome.as_mut().ok()?;
    let money = |amount| ExactMoney::new(amount, question.currency).round(Rounding::HalfUp);
    let taken = line
        .shares
        .iter()
        .try_fold(Decimal::ZERO, |sum, share| sum.checked_add(*share))?;
    let net = money(line.net);
    let before = line.net.checked_add(taken)?;
    let moved = before.checked_sub(price.net_amount.amount())?;
    let rounding = price.line_rounding.checked_add(moved)?;
    price.discount_amount = price.list_amount.checked_sub(net).ok()?;
    price.line_rounding = rounding;
    price.net_amount = net;
    price.document_shares = line
        .shares
        .iter()
        .copied()
        .map(money)
        .collect::<Vec<Money>>();
    Some(())
}

impl Desk<'_> {
    /// Rounds the document's net and spreads the discount by largest remainder, ties to the earlier
    /// line, never below a line's floor.
    fn round(&mut self) -> Option<()> {
        let mut exact_net = Decimal::ZERO;
        let mut begun = Decimal::ZERO;
        let mut shares = Vec::new();
        let mut most = Vec::new();
        for line in &self.lines {
            begun = begun.checked_add(line.begun())?;
            exact_net = exact_net.checked_add(line.exact)?;
            shares.push(line.begun().checked_sub(line.exact)?.max(Decimal::ZERO));
            most.push(line.begun().checked_sub(line.lowest)?.max(Decimal::ZERO));
        }
        let net = round(exact_net, self.scale, self.policy.rounding.mode);
        let parts = apportion(begun.checked_sub(net)?, &shares, &most, self.scale)?;
        for (line, part) in self.lines.iter_mut().zip(parts) {
            line.net = line.begun().checked_sub(part)?;
        }
        Some(())
    }

    fn run(&mut self) -> Result<(), LineError> {
        self.bounds()?;
        let policy = self.policy;
        for group in in_order(&policy.document_groups) {
            self.group(group)?;
        }
        self.approve()
    }

    /// Whether the document as it came out was approved, else who must.
    fn approve(&mut self) -> Result<(), LineError> {
        if self.decision.approval.reasons.is_empty() {
            return Ok(());
        }
        let list = self.sum(|line| Some(line.list));
        let net = self.sum(|line| Some(line.net));
        let (list, net) = list.zip(net).ok_or(LineError::Overflow)?;
        let approved = self.question.approved;
        let covered = approved.filter(|approved| approved.covers(net));
        self.decision.approval.granted = covered.map(|approved| approved.id);
        if covered.is_none() {
            // What the lines give up, their own approvals weigh.
            let depth = Depth::new(list, net, Decimal::ZERO).ok_or(LineError::Overflow)?;
            let level = self.policy.approvals.last(depth, self.question)?;
            self.decision.approval.level = Some(level);
            self.decision.approval.wanted = Some(net);
        }
        Ok(())
    }

    fn sum(&self, amount: impl Fn(&Work<'_>) -> Option<Decimal>) -> Option<Decimal> {
        let mut amounts = self.lines.iter().map(amount);
        amounts.try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount?))
    }

    /// The document's cap and floor, and whether its lines alone are beyond them.
    fn bounds(&mut self) -> Result<(), LineError> {
        let fits = |sum: Option<Decimal>| sum.ok_or(LineError::Overflow);
        let list = fits(self.sum(|line| Some(line.list)))?;
        let net = fits(self.sum(|line| Some(line.net)))?;
        let discount = fits(list.checked_sub(net))?;
        if let Some(limit) = self.policy.document_cap {
            let most = limit.most(list, self.question)?;
            let amount = round(most, self.scale, Rounding::Down);
            let binding = discount > amount;
            self.decision.cap = Some(DocumentCap {
                limit,
                amount,
                binding,
            });
            let reason = Reason::beyond(ApprovalCode::DocumentAboveCap, discount, amount);
            self.need(binding.then_some(reason));
        }
        let Some(rule) = self.policy.document_floor else {
            return Ok(());
        };
        let cost = self.sum(|line| line.cost);
        let least = floor::of_document(rule, cost, self.question)?;
        let Some(amount) = least else {
            return self.without_cost(rule.missing_cost);
        };
        let binding = net < amount;
        self.decision.floor = Some(DocumentFloor {
            basis: rule.basis,
            value: rule.value,
            amount,
            binding,
        });
        let reason = Reason::beyond(ApprovalCode::DocumentBelowFloor, net, amount);
        self.need(binding.then_some(reason));
        Ok(())
    }

    fn need(&mut self, reason: Option<Reason<ApprovalCode>>) {
        self.decision.approval.reasons.extend(reason);
    }

    fn without_cost(&mut self, rule: MissingCost) -> Result<(), LineError> {
        match rule {
            MissingCost::Block => Err(LineError::CostMissing),
            MissingCost::Approve => {
                self.need(Some(Reason::plain(ApprovalCode::CostMissing)));
                Ok(())
            }
            MissingCost::Ignore => Ok(()),
        }
    }

    fn group(&mut self, group: &StackGroup) -> Result<(), LineError> {
        let (mut offers, near) = offer::sort_out(group, &self.lines)?;
        self.decision.not_applied.extend(near);
        offers.sort_by_cached_key(Offer::rank);
        let entry: Vec<Decimal> = self.lines.iter().map(|line| line.net).collect();
        let chosen = {
            let matching: Vec<_> = offers.iter().map(|offer| offer.rule).collect();
            stack::choose(group.mode, &matching, |rule| {
                let offer = offers.iter().find(|offer| offer.rule == rule);
                let offer = offer.ok_or(LineError::Overflow)?;
                offer.taken(group, &self.lines, &entry, self.question, self.policy)
            })?
        };
        let mut left = match &group.cap {
            Some(limit) => {
                let list = self.sum(|line| Some(line.list));
                Some(limit.most(list.ok_or(LineError::Overflow)?, self.question)?)
            }
            None => None,
        };
        for rule in &chosen {
            let offer = offers.iter().find(|offer| offer.rule == *rule);
            let offer = offer.ok_or(LineError::Overflow)?;
            let taken = offer.taken(group, &self.lines, &entry, self.question, self.policy)?;
            let bounded = left.map_or(taken.amount, |left| taken.amount.min(left));
            let amount = self.place(offer, bounded).ok_or(LineError::Overflow)?;
            left = left.map(|left| left.saturating_sub(amount));
            let unplaced = taken.wanted.checked_sub(amount);
            self.decision.adjustments.push(DocumentAdjustment {
                rule: rule.id.clone(),
                rule_version: rule.version,
                group: group.code.clone(),
                benefit: rule.benefit,
                value: taken.value,
                basis: group.basis,
                wanted: taken.wanted,
                amount,
                unplaced: unplaced.ok_or(LineError::Overflow)?,
            });
        }
        if let Some(winner) = chosen.first() {
            let losers = offers.iter().filter(|offer| !chosen.contains(&offer.rule));
            let outranked = losers.map(|loser| stack::outranked(group, loser.rule, winner));
            self.decision.not_applied.extend(outranked);
        }
        Ok(())
    }

    /// Takes as much of `wanted` off the offer's lines as there is room for; returns how much.
    fn place(&mut self, offer: &Offer<'_>, wanted: Decimal) -> Option<Decimal> {
        let room = |(place, line): (usize, &Work<'_>)| match offer.lines.contains(&place) {
            true => line.net.checked_sub(line.lowest),
            false => Some(Decimal::ZERO),
        };
        let rooms: Option<Vec<Decimal>> = self.lines.iter().enumerate().map(room).collect();
        let rooms = rooms?;
        let within = self.within_bounds(wanted)?;
        let sum = rooms
            .iter()
            .try_fold(Decimal::ZERO, |sum, room| sum.checked_add(*room))?;
        let total = round(within.min(sum), self.scale, Rounding::Down);
        for (line, part) in self
            .lines
            .iter_mut()
            .zip(spread(total, &rooms, self.scale)?)
        {
            line.net = line.net.checked_sub(part)?;
            line.shares.push(part);
        }
        Some(total)
    }

    /// What of `wanted` the document's own cap and floor leave room for.
    fn within_bounds(&mut self, wanted: Decimal) -> Option<Decimal> {
        let net = self.sum(|line| Some(line.net))?;
        let list = self.sum(|line| Some(line.list))?;
        let mut within = wanted;
        if let Some(cap) = &mut self.decision.cap {
            let room = cap.amount.checked_sub(list.checked_sub(net)?)?;
            cap.binding = cap.binding || within > room;
            within = within.min(room);
        }
        if let Some(floor) = &mut self.decision.floor {
            let room = net.checked_sub(floor.amount)?;
            floor.binding = floor.binding || within > room;
            within = within.min(room);
        }
        Some(within.max(Decimal::ZERO))
    }
}
