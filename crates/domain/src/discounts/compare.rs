//! What two policies make of the same quote: what it comes to, what it leaves, and where it binds.

use super::answer::{Decision, LineDecision, PricedLine};
use super::question::Line;
use rust_decimal::Decimal;

/// Two decisions of one question, added up over the lines that both price. Amounts in the currency
/// of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compared {
    pub lines: u64,
    /// Lines that one of the two cannot price: nothing of theirs is counted.
    pub unpriced: u64,
    /// Lines whose cost nobody knows: no margin of theirs is counted.
    pub without_cost: u64,
    pub list: Decimal,
    /// Of the lines whose cost is known.
    pub cost: Decimal,
    pub before: Side,
    pub after: Side,
}

/// What one policy makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Side {
    pub net: Decimal,
    /// The net of the lines whose cost is known.
    pub costed: Decimal,
    /// Lines whose floor held a discount back.
    pub floors: u64,
    /// Lines, and the document, that somebody would have to approve.
    pub approvals: u64,
}

/// Compares two decisions of the question with these lines. None where an amount does not fit.
pub fn compare(lines: &[Line], before: &Decision, after: &Decision) -> Option<Compared> {
    let mut all = Compared::default();
    let pairs = before.lines.iter().zip(&after.lines);
    for (line, (one, other)) in lines.iter().zip(pairs) {
        all.add(line, one, other)?;
    }
    for (side, decision) in [(&mut all.before, before), (&mut all.after, after)] {
        let asked = decision.document.approval.is_required();
        side.approvals = side.approvals.saturating_add(u64::from(asked));
    }
    Some(all)
}

impl Compared {
    fn add(&mut self, line: &Line, one: &LineDecision, other: &LineDecision) -> Option<()> {
        self.lines = self.lines.saturating_add(1);
        let (Ok(one), Ok(other)) = (&one.outcome, &other.outcome) else {
            self.unpriced = self.unpriced.saturating_add(1);
            return Some(());
        };
        self.list = self.list.checked_add(other.list_amount.amount())?;
        let cost = match line.unit_cost.amount() {
            Some(cost) => Some(cost.decimal().checked_mul(line.quantity.decimal())?),
            None => None,
        };
        match cost {
            Some(cost) => self.cost = self.cost.checked_add(cost)?,
            None => self.without_cost = self.without_cost.saturating_add(1),
        }
        self.before.add(one, cost.is_some())?;
        self.after.add(other, cost.is_some())
    }
}

impl Side {
    fn add(&mut self, priced: &PricedLine, costed: bool) -> Option<()> {
        let net = priced.net_amount.amount();
        self.net = self.net.checked_add(net)?;
        if costed {
            self.costed = self.costed.checked_add(net)?;
        }
        let binds = priced.floor.is_some_and(|floor| floor.binding);
        self.floors = self.floors.saturating_add(u64::from(binds));
        let asks = priced.approval.is_required();
        self.approvals = self.approvals.saturating_add(u64::from(asks));
        Some(())
    }
}
