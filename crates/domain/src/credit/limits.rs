//! The limit of a credit account on a day, from the changes that were ever made to it.

use super::decide::LimitSource;
use crate::scaled::Amount;
use chrono::NaiveDate;

/// What a change of a limit sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// The limit itself.
    Base,
    /// Another limit for a while, in place of the base limit.
    Temporary,
    /// A security that is added to the limit.
    Collateral,
}

impl LimitKind {
    const ALL: [Self; 3] = [Self::Base, Self::Temporary, Self::Collateral];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Temporary => "temporary",
            Self::Collateral => "collateral",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One change of a limit, in the currency of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitChange {
    pub kind: LimitKind,
    pub amount: Amount,
    /// The first day on which it counts.
    pub valid_from: NaiveDate,
    /// The last day on which it counts; none = until it is changed.
    pub valid_to: Option<NaiveDate>,
}

impl LimitChange {
    fn has_ended(&self, today: NaiveDate) -> bool {
        self.valid_to.is_some_and(|last| last < today)
    }
}

/// What a base limit is worth after its last day. Declared by the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpiredLimit {
    /// Nothing is authorised until somebody looks at it.
    #[default]
    Block,
    /// It goes on as it was.
    LastValue,
    /// It is zero.
    Zero,
}

impl ExpiredLimit {
    const ALL: [Self; 3] = [Self::Block, Self::LastValue, Self::Zero];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::LastValue => "last_value",
            Self::Zero => "zero",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }
}

/// The limit in force on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectiveLimit {
    /// With collateral.
    pub amount: Amount,
    pub source: LimitSource,
    pub collateral: Amount,
    /// The last day of what is in force.
    pub valid_to: Option<NaiveDate>,
    /// The base limit has ended and the policy blocks then.
    pub blocked: bool,
}

/// The limit on a day. `changes` are oldest first: of each kind the latest that has begun counts.
/// `granted` is the limit by the customer's terms, for accounts that nobody gave a limit of their
/// own; without it and without changes there is no limit at all.
pub fn effective(
    changes: &[LimitChange],
    granted: Option<(Amount, LimitSource)>,
    today: NaiveDate,
    expired: ExpiredLimit,
) -> Option<EffectiveLimit> {
    let latest = |kind: LimitKind| {
        let begun = |change: &&LimitChange| change.kind == kind && change.valid_from <= today;
        changes.iter().rev().find(begun)
    };
    let running = |kind: LimitKind| latest(kind).filter(|change| !change.has_ended(today));
    let collateral = running(LimitKind::Collateral).map_or(Amount::ZERO, |change| change.amount);
    let (amount, source, valid_to, blocked) = match running(LimitKind::Temporary) {
        Some(change) => (
            change.amount,
            LimitSource::Temporary,
            change.valid_to,
            false,
        ),
        None => base(latest(LimitKind::Base), granted, today, expired)?,
    };
    Some(EffectiveLimit {
        amount: Amount::from_units(amount.units().saturating_add(collateral.units())),
        source,
        collateral,
        valid_to,
        blocked,
    })
}

fn base(
    change: Option<&LimitChange>,
    granted: Option<(Amount, LimitSource)>,
    today: NaiveDate,
    expired: ExpiredLimit,
) -> Option<(Amount, LimitSource, Option<NaiveDate>, bool)> {
    let Some(change) = change else {
        return granted.map(|(amount, source)| (amount, source, None, false));
    };
    let ended = change.has_ended(today);
    let amount = match expired {
        ExpiredLimit::Zero if ended => Amount::ZERO,
        _ => change.amount,
    };
    let blocked = ended && expired == ExpiredLimit::Block;
    Some((amount, LimitSource::Account, change.valid_to, blocked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn change(kind: LimitKind, amount: &str, from: &str, to: Option<&str>) -> LimitChange {
        LimitChange {
            kind,
            amount: amount.parse().unwrap(),
            valid_from: day(from),
            valid_to: to.map(day),
        }
    }

    fn on(changes: &[LimitChange], today: &str, expired: ExpiredLimit) -> (String, bool) {
        let granted = Some(("10".parse().unwrap(), LimitSource::Tier));
        let limit = effective(changes, granted, day(today), expired).unwrap();
        (limit.amount.to_string(), limit.blocked)
    }

    #[test]
    fn a_limit_counts_on_its_last_day_and_the_policy_speaks_on_the_next() {
        let base = [change(
            LimitKind::Base,
            "100",
            "2025-01-01",
            Some("2025-06-30"),
        )];
        for (today, expired, amount, blocked) in [
            ("2024-12-31", ExpiredLimit::Block, "10", false),
            ("2025-06-29", ExpiredLimit::Block, "100", false),
            ("2025-06-30", ExpiredLimit::Block, "100", false),
            ("2025-07-01", ExpiredLimit::Block, "100", true),
            ("2025-07-01", ExpiredLimit::LastValue, "100", false),
            ("2025-07-01", ExpiredLimit::Zero, "0", false),
        ] {
            let found = on(&base, today, expired);
            assert_eq!(found, (amount.to_owned(), blocked), "{today} {expired:?}");
        }
    }

    #[test]
    fn a_temporary_limit_replaces_and_collateral_adds() {
        let changes = [
            change(LimitKind::Base, "100", "2025-01-01", None),
            change(
                LimitKind::Temporary,
                "300",
                "2025-03-01",
                Some("2025-03-31"),
            ),
            change(LimitKind::Collateral, "50", "2025-03-31", None),
        ];
        for (today, amount) in [
            ("2025-02-28", "100"),
            ("2025-03-01", "300"),
            ("2025-03-31", "350"),
            ("2025-04-01", "150"),
        ] {
            let found = on(&changes, today, ExpiredLimit::Block);
            assert_eq!(found, (amount.to_owned(), false), "{today}");
        }
        assert_eq!(
            effective(&[], None, day("2025-01-01"), ExpiredLimit::Block),
            None
        );
    }
}
