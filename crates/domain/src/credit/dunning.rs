//! Dunning: how far the reminders of overdue bills have come, from open items and a date alone.

use super::ageing::days_overdue;
use super::decide::OpenItem;
use super::early::late_interest;
use super::terms::PaymentTerm;
use crate::fact::DocumentRef;
use crate::scaled::Amount;
use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::Decimal;

/// The reminders of a tier, the first one first. Empty = nobody is reminded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DunningRules {
    pub levels: Vec<DunningLevel>,
    /// Items of which less is open are left alone.
    pub ignored_below: Option<Amount>,
}

/// One level: when a bill reaches it, and what is done then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DunningLevel {
    pub after_days: u16,
    pub from: DelayFrom,
    /// For whoever sends it, e.g. `call_first`, `email`, `letter`.
    pub action: String,
    /// Asked for at this level, in base currency.
    pub fee: Amount,
    /// New orders are held from this level on.
    pub hold: bool,
}

/// From which day a level's days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DelayFrom {
    /// The due day.
    Due,
    /// The due day; the level is reached at the end of the month that the days lead to.
    EndOfMonth,
    /// The day of the level before; of the first one, the due day.
    Previous,
}

/// The level that somebody set in place of the computed one, for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DunningByHand {
    pub level: u16,
    /// The first day.
    pub from: NaiveDate,
    /// The last day; none = until it is changed.
    pub until: Option<NaiveDate>,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DunningSource {
    Computed,
    ByHand,
}

/// How far a customer has come. 0 = nothing is reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dunning {
    pub level: u16,
    pub source: DunningSource,
    /// The day on which the level was reached.
    pub since: Option<NaiveDate>,
    /// The document that brought it there; none by hand.
    pub document: Option<DocumentRef>,
    /// The day on which the next level is reached if nothing is paid; none at the last one, and by
    /// hand.
    pub next_on: Option<NaiveDate>,
}

/// What a customer is asked for: what is overdue after grace, interest for it, and the level's fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub overdue: Decimal,
    pub interest: Decimal,
    pub fee: Decimal,
    pub total: Decimal,
}

impl DunningRules {
    /// What is done at a level; none at 0. Above the last one, the last one's.
    pub fn at(&self, level: u16) -> Option<&DunningLevel> {
        let place = usize::from(level).checked_sub(1)?;
        self.levels.get(place).or(self.levels.last())
    }

    /// The highest level at which orders are not held; none where no level holds.
    pub fn most_unheld(&self) -> Option<u16> {
        let first = self.levels.iter().position(|level| level.hold)?;
        u16::try_from(first).ok()
    }

    /// The day on which a bill reaches each level, never before its grace is over and never before
    /// the level below.
    fn days(&self, due_on: NaiveDate, grace_days: u16) -> Vec<NaiveDate> {
        let later = |from: NaiveDate, days: u16| from.checked_add_days(Days::new(days.into()));
        let Some(earliest) = later(due_on, grace_days.max(1)) else {
            return Vec::new();
        };
        let mut before = due_on;
        let mut reached = earliest;
        let mut days = Vec::new();
        for level in &self.levels {
            let from = match level.from {
                DelayFrom::Due | DelayFrom::EndOfMonth => due_on,
                DelayFrom::Previous => before,
            };
            let day = later(from, level.after_days);
            let day = match level.from {
                DelayFrom::EndOfMonth => day.and_then(end_of_month),
                DelayFrom::Due | DelayFrom::Previous => day,
            };
            // Beyond the calendar is never.
            let Some(day) = day else { break };
            reached = reached.max(day);
            before = reached;
            days.push(reached);
        }
        days
    }

    /// The level on a day: of the open item that has come farthest.
    pub fn level_on(&self, items: &[OpenItem], grace_days: u16, today: NaiveDate) -> Dunning {
        let counts = |item: &&OpenItem| {
            item.open > Amount::ZERO && self.ignored_below.is_none_or(|least| item.open >= least)
        };
        let dated = items.iter().filter(counts).filter_map(|item| {
            let days = self.days(item.due_on?, grace_days);
            Some((days, item))
        });
        let dated: Vec<(Vec<NaiveDate>, &OpenItem)> = dated.collect();
        let passed = |days: &[NaiveDate]| days.iter().take_while(|day| **day <= today).count();
        let level = dated.iter().map(|(days, _)| passed(days)).max();
        let level = level.unwrap_or_default();
        let reaching = |place: usize| {
            let each = dated.iter();
            let each = each.filter_map(move |(days, item)| Some((*days.get(place)?, *item)));
            each.min_by_key(|(day, _)| *day)
        };
        let first = level.checked_sub(1).and_then(reaching);
        Dunning {
            level: u16::try_from(level).unwrap_or(u16::MAX),
            source: DunningSource::Computed,
            since: first.map(|(day, _)| day),
            document: first.and_then(|(_, item)| item.document.clone()),
            next_on: reaching(level).map(|(day, _)| day),
        }
    }

    /// The same where somebody may have set a level by hand: the latest that holds on the day.
    pub fn level_by(
        &self,
        by_hand: &[DunningByHand],
        items: &[OpenItem],
        grace_days: u16,
        today: NaiveDate,
    ) -> Dunning {
        match by_hand_on(by_hand, today) {
            Some(set) => Dunning {
                level: set.level,
                source: DunningSource::ByHand,
                since: Some(set.from),
                document: None,
                next_on: None,
            },
            None => self.level_on(items, grace_days, today),
        }
    }
}

/// The level by hand that holds on a day; `all` in the order in which they were set.
pub fn by_hand_on(all: &[DunningByHand], today: NaiveDate) -> Option<&DunningByHand> {
    let last = all.iter().rev().find(|set| set.from <= today)?;
    last.until
        .is_none_or(|until| today <= until)
        .then_some(last)
}

fn end_of_month(day: NaiveDate) -> Option<NaiveDate> {
    day.with_day(1)?
        .checked_add_months(Months::new(1))?
        .pred_opt()
}

/// What is asked for on a day. Interest runs from the due day, of each item for itself; grace
/// decides only whether an item is asked for.
pub fn claim(
    items: &[OpenItem],
    term: &PaymentTerm,
    fee: Amount,
    today: NaiveDate,
    scale: u32,
) -> Claim {
    let (mut overdue, mut interest) = (Decimal::ZERO, Decimal::ZERO);
    for item in items {
        let Some(days) = days_overdue(item.due_on, today) else {
            continue;
        };
        if days < u32::from(term.grace_days) {
            continue;
        }
        let open = item.open.decimal();
        overdue = overdue.saturating_add(open);
        let late = late_interest(open, days, term.late_interest, scale);
        interest = interest.saturating_add(late.unwrap_or(Decimal::ZERO));
    }
    let fee = match overdue.is_zero() {
        true => Decimal::ZERO,
        false => fee.decimal(),
    };
    Claim {
        overdue,
        interest,
        fee,
        total: overdue.saturating_add(interest).saturating_add(fee),
    }
}
