//! The cheapest moves that reach a tier.
//!
//! Orders never touch an invoice, and payments never touch an order, so each side is searched on
//! its own for every outcome it can bring about, each by its cheapest moves. Then pairs of outcomes
//! are tried, the cheapest first. Along an amount every measure moves one way only, so between two
//! amounts with the same outcome there is no other, and the amounts at which something changes are
//! found by halving. Whatever is found was evaluated: it reaches the tier.

use super::ahead::{Ahead, Standing, overdue};
use super::moves::{Bounds, Effort, Moves};
use crate::evaluation::{Efforts, Evaluation, EvaluationError, Matched, Measure, Model};
use crate::fact::FactKind;
use crate::scaled::{Amount, Points};

/// Moves that are enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub moves: Moves,
    pub effort: Effort,
    /// What the model says after them.
    pub reached: Evaluation,
}

/// How a tier is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways {
    /// By one kind of move alone, the cheapest first: at most one way for each kind.
    pub single: Vec<Way>,
    /// The cheapest of all; none where the bounds do not suffice. Without moves where time alone
    /// brings the customer there.
    pub best: Option<Way>,
}

/// What a criterion made of its value; equal outcomes score alike.
type Outcome = (Points, usize, Vec<(Matched, Points)>);

/// The cheapest moves of one side that bring an outcome about.
#[derive(Debug, Clone)]
struct Found {
    outcome: Outcome,
    moves: Moves,
    effort: Effort,
}

/// The ways to a tier or a better one: `target` is its index in the model.
///
/// # Errors
/// Where the amounts that are known are too large to calculate with.
pub fn ways(
    standing: Standing<'_>,
    target: usize,
    efforts: &Efforts,
    bounds: &Bounds,
) -> Result<Ways, EvaluationError> {
    let search = Search {
        standing,
        target,
        efforts,
        bounds,
    };
    let idle = Ahead::idle(standing);
    search.outcome(&idle)?;
    let orders = search.orders(&idle);
    let payments = search.payments(&idle);
    let mut single: Vec<Way> = Vec::new();
    let alone = orders.singles.iter().chain(&payments.singles);
    for moves in alone.filter(|moves| search.is_tight(moves)) {
        single.extend(search.way(moves));
    }
    single.sort_by_key(|way| way.effort);
    let best = search.cheapest(&orders.all, &payments.all);
    Ok(Ways { single, best })
}

/// One side: every outcome by its cheapest moves, and the least of each kind of move alone.
#[derive(Default)]
struct Side {
    all: Vec<Found>,
    singles: Vec<Moves>,
}

struct Search<'a> {
    standing: Standing<'a>,
    target: usize,
    efforts: &'a Efforts,
    bounds: &'a Bounds,
}

impl Search<'_> {
    fn outcome(&self, ahead: &Ahead<'_>) -> Result<(Outcome, bool), EvaluationError> {
        let found = ahead.evaluate()?;
        let matched = found.criteria.iter().map(|it| (it.matched, it.points));
        let reaches = found.tier <= self.target;
        Ok(((found.score, found.tier, matched.collect()), reaches))
    }

    fn way(&self, moves: &Moves) -> Option<Way> {
        let reached = Ahead::after(self.standing, moves)?.evaluate().ok()?;
        (reached.tier <= self.target).then(|| Way {
            moves: *moves,
            effort: self.efforts.of(moves),
            reached,
        })
    }

    /// Whether nothing of it can be spared.
    fn is_tight(&self, moves: &Moves) -> bool {
        let less = moves.one_less(self.bounds.step);
        less.iter().all(|less| self.way(less).is_none())
    }

    /// Everything that orders can bring about.
    fn orders(&self, idle: &Ahead<'_>) -> Side {
        let mut side = Side::default();
        let asked = Asked::of(self.standing.model);
        let most = if asked.orders { self.bounds.orders } else { 0 };
        let products = if asked.products {
            self.bounds.products
        } else {
            0
        };
        for orders in 0..=most {
            // Products and amounts need an order that carries them.
            let (products, most) = match orders {
                0 => (0, Amount::ZERO),
                _ => (products, self.bounds.amount),
            };
            for products in 0..=products {
                let ahead = idle.lent().ordering(orders, products);
                let moves = |amount| Moves {
                    orders,
                    products,
                    amount,
                    ..Moves::default()
                };
                let at = |amount| self.outcome(&ahead.lent().worth(amount)?).ok();
                let changes = changes(most, self.bounds.step, at);
                self.collect(&mut side, changes, moves);
            }
        }
        side
    }

    /// Everything that payments can bring about.
    fn payments(&self, idle: &Ahead<'_>) -> Side {
        let mut side = Side::default();
        let asked = Asked::of(self.standing.model);
        let most = if asked.payments {
            self.bounds.invoices
        } else {
            0
        };
        let overdue = if asked.payments {
            overdue(&self.standing)
        } else {
            Amount::ZERO
        };
        for invoices in 0..=most {
            let moves = |settled| Moves {
                invoices,
                settled,
                ..Moves::default()
            };
            let at = |settled| self.outcome(&idle.lent().paying(invoices, settled)).ok();
            let changes = changes(overdue, self.bounds.step, at);
            self.collect(&mut side, changes, moves);
        }
        side
    }

    fn collect(
        &self,
        side: &mut Side,
        changes: Vec<(Amount, Outcome, bool)>,
        moves: impl Fn(Amount) -> Moves,
    ) {
        for (amount, outcome, reaches) in changes {
            let moves = moves(amount);
            let effort = self.efforts.of(&moves);
            if reaches && moves.kinds() == 1 {
                let same = |one: &Moves| kind_of(one) == kind_of(&moves);
                match side.singles.iter_mut().find(|one| same(one)) {
                    Some(one) if effort < self.efforts.of(one) => *one = moves,
                    Some(_) => {}
                    None => side.singles.push(moves),
                }
            }
            match side.all.iter_mut().find(|one| one.outcome == outcome) {
                Some(one) if effort < one.effort => {
                    one.moves = moves;
                    one.effort = effort;
                }
                Some(_) => {}
                None => side.all.push(Found {
                    outcome,
                    moves,
                    effort,
                }),
            }
        }
    }

    fn cheapest(&self, orders: &[Found], payments: &[Found]) -> Option<Way> {
        let pairs = orders.iter().flat_map(|order| {
            let join = move |payment: &Found| {
                let moves = Moves {
                    invoices: payment.moves.invoices,
                    settled: payment.moves.settled,
                    ..order.moves
                };
                (order.effort.plus(payment.effort), moves)
            };
            payments.iter().map(join)
        });
        let mut pairs: Vec<(Effort, Moves)> = pairs.collect();
        pairs.sort_by_key(|(effort, moves)| (*effort, moves.orders, moves.invoices));
        pairs.iter().find_map(|(_, moves)| self.way(moves))
    }
}

/// Which kind of move stands alone.
const fn kind_of(moves: &Moves) -> (bool, bool, bool) {
    (
        !moves.amount.is_zero(),
        moves.products > 0,
        moves.invoices > 0,
    )
}

/// The smallest amounts, multiples of `step` from none to `most`, at which the outcome changes.
fn changes(
    most: Amount,
    step: Amount,
    at: impl Fn(Amount) -> Option<(Outcome, bool)>,
) -> Vec<(Amount, Outcome, bool)> {
    let step = step.units().max(1);
    let amount = |steps: i64| Amount::from_units(steps.saturating_mul(step));
    let Some(first) = at(Amount::ZERO) else {
        return Vec::new();
    };
    let mut found = vec![(Amount::ZERO, first.0.clone(), first.1)];
    let last = most.units().checked_div(step).unwrap_or(0);
    let mut open = Vec::new();
    if let Some(end) = at(amount(last)).filter(|end| end.0 != first.0) {
        open.push((0, first, last, end));
    }
    while let Some((low, below, high, above)) = open.pop() {
        if high.saturating_sub(low) <= 1 {
            found.push((amount(high), above.0, above.1));
            continue;
        }
        let middle = low.saturating_add(high.saturating_sub(low) / 2);
        let Some(between) = at(amount(middle)) else {
            continue;
        };
        // The lower half is taken first, so that amounts are found in their order.
        if between.0 != above.0 {
            open.push((middle, between.clone(), high, above));
        }
        if between.0 != below.0 {
            open.push((low, below, middle, between));
        }
    }
    found
}

/// Which moves the model looks at.
struct Asked {
    orders: bool,
    products: bool,
    payments: bool,
}

impl Asked {
    fn of(model: &Model) -> Self {
        use Measure::{
            AverageDaysLate, OnTimeRate, OverdueAmount, ProductBreadth, SettledOnTimeRate,
            WorstDaysLate,
        };
        let measures = || model.criteria().iter().map(|criterion| &criterion.measure);
        let payment = |measure: &Measure| {
            matches!(
                measure,
                OnTimeRate { .. }
                    | SettledOnTimeRate { .. }
                    | AverageDaysLate { .. }
                    | WorstDaysLate { .. }
                    | OverdueAmount
            )
        };
        Self {
            orders: measures().any(|it| it.reads(FactKind::OrderLine)),
            products: measures().any(|it| matches!(it, ProductBreadth { .. })),
            payments: measures().any(payment),
        }
    }
}
