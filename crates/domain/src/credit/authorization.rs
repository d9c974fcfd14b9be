//! Credit reserved for one document: how commits, bills and releases move it, never adding.
//!
//! An authorised amount is always in exactly one place: reserved, ordered, delivered, billed but
//! not told as a fact yet, or told as an invoice fact and then part of the open items. Invoice
//! facts take over the furthest stage first and never more than is there (the clamp).

use crate::scaled::Amount;

/// How far a part of a document has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Reserved,
    Ordered,
    Delivered,
    Invoiced,
}

impl Stage {
    const ALL: [Self; 4] = [
        Self::Reserved,
        Self::Ordered,
        Self::Delivered,
        Self::Invoiced,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Ordered => "ordered",
            Self::Delivered => "delivered",
            Self::Invoiced => "invoiced",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.word() == word)
    }
}

/// Whether an authorisation still reserves; the last three are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    /// Committed for good; the rest is free.
    Committed,
    Released,
    Expired,
}

impl State {
    const ALL: [Self; 4] = [Self::Open, Self::Committed, Self::Released, Self::Expired];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What facts tell of the document and of what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// Lines of orders that are open.
    pub ordered: Amount,
    pub delivered: Amount,
    /// Bills, paid ones included: what was paid does not come back as a reservation.
    pub invoiced: Amount,
}

/// The amounts of one authorisation, in the currency of its account. None is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorization {
    pub state: State,
    /// What may be used in all.
    pub authorized: Amount,
    /// Committed, by the stage told with the commit.
    pub ordered: Amount,
    pub delivered: Amount,
    pub invoiced: Amount,
    pub told: Told,
}

/// What an authorisation holds of its account's credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    pub pending: Amount,
    pub posted: Amount,
}

/// Where the held amount is; the four sum to `pending + posted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Buckets {
    pub reserved: Amount,
    pub ordered: Amount,
    pub delivered_unbilled: Amount,
    /// Billed by the word of a commit; the invoice is not known as a fact yet.
    pub billed: Amount,
}

/// A movement of an authorisation that its state or its amounts do not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the authorisation was released")]
    Released,
    #[error("the authorisation has expired")]
    Expired,
    #[error("the authorisation is committed for good")]
    Committed,
    #[error("only {remaining} is there to commit")]
    Exceeds { remaining: Amount },
    #[error("{to:?} does not come after {from:?}")]
    Backwards { from: Stage, to: Stage },
}

/// Only amounts near the largest could saturate, and accounts refuse those before.
fn plus(one: Amount, other: Amount) -> Amount {
    Amount::from_units(one.units().saturating_add(other.units()))
}

/// The difference, zero where it would be negative.
fn less(one: Amount, other: Amount) -> Amount {
    Amount::from_units(one.units().saturating_sub(other.units())).max(Amount::ZERO)
}

impl Authorization {
    /// A fresh reservation.
    pub const fn of(authorized: Amount, told: Told) -> Self {
        Self {
            state: State::Open,
            authorized,
            ordered: Amount::ZERO,
            delivered: Amount::ZERO,
            invoiced: Amount::ZERO,
            told,
        }
    }

    /// Committed at any stage.
    pub fn committed(&self) -> Amount {
        plus(plus(self.ordered, self.delivered), self.invoiced)
    }

    /// What may still be committed.
    pub fn remaining(&self) -> Amount {
        match self.state {
            State::Open => less(self.authorized, self.committed()),
            _ => Amount::ZERO,
        }
    }

    /// An order or delivery told as a fact counts as committed, as far as it was authorised.
    fn used(&self) -> Amount {
        let told = self.told.ordered.max(self.told.delivered);
        self.committed().max(told.min(self.authorized))
    }

    /// What is held now. What was billed is an open item and not held here again.
    pub fn held(&self) -> Held {
        let used = self.used();
        let all = match self.state {
            State::Open => self.authorized.max(used),
            _ => used,
        };
        let posted = less(used, self.told.invoiced);
        let pending = less(less(all, self.told.invoiced), posted);
        Held { pending, posted }
    }

    /// The held amount by stage.
    pub fn buckets(&self) -> Buckets {
        let held = self.held();
        let total = plus(held.pending, held.posted);
        // The furthest stage is taken over by bills first.
        let billed = less(self.invoiced, self.told.invoiced).min(total);
        let shipped = plus(self.invoiced, self.delivered).max(self.told.delivered);
        let delivered = less(less(shipped, self.told.invoiced), billed);
        let delivered_unbilled = delivered.min(less(held.posted, billed));
        Buckets {
            reserved: held.pending,
            ordered: less(less(held.posted, billed), delivered_unbilled),
            delivered_unbilled,
            billed,
        }
    }

    const fn place(&mut self, stage: Stage) -> Option<&mut Amount> {
        match stage {
            Stage::Reserved => None,
            Stage::Ordered => Some(&mut self.ordered),
            Stage::Delivered => Some(&mut self.delivered),
            Stage::Invoiced => Some(&mut self.invoiced),
        }
    }

    const fn at(&self, stage: Stage) -> Amount {
        match stage {
            Stage::Reserved => Amount::ZERO,
            Stage::Ordered => self.ordered,
            Stage::Delivered => self.delivered,
            Stage::Invoiced => self.invoiced,
        }
    }

    const fn open(&self) -> Result<(), Refusal> {
        match self.state {
            State::Open => Ok(()),
            State::Committed => Err(Refusal::Committed),
            State::Released => Err(Refusal::Released),
            State::Expired => Err(Refusal::Expired),
        }
    }

    /// Moves an amount to a later stage; `last` frees what remains reserved.
    ///
    /// What was committed at one stage may move on to the next although the reservation ended.
    ///
    /// # Errors
    /// `Exceeds` where less is at `from`; `Backwards` where the stage is not a later one.
    pub fn commit(
        mut self,
        amount: Amount,
        from: Stage,
        to: Stage,
        last: bool,
    ) -> Result<Self, Refusal> {
        if from >= to {
            return Err(Refusal::Backwards { from, to });
        }
        if from == Stage::Reserved {
            self.open()?;
        }
        let there = match from {
            Stage::Reserved => self.remaining(),
            _ => self.at(from),
        };
        if amount > there {
            return Err(Refusal::Exceeds { remaining: there });
        }
        if let Some(place) = self.place(from) {
            *place = less(*place, amount);
        }
        if let Some(place) = self.place(to) {
            *place = plus(*place, amount);
        }
        Ok(if last && self.state == State::Open {
            self.end(State::Committed)
        } else {
            self
        })
    }

    /// Sets the amount authorised in all. A decrease is always possible and takes the earliest
    /// stages first; whether an increase fits the limit is for the account to say.
    ///
    /// # Errors
    /// Where the reservation has ended and the amount would grow.
    pub fn adjust(mut self, to: Amount) -> Result<Self, Refusal> {
        if to > self.authorized {
            self.open()?;
        }
        self.authorized = to;
        for stage in [Stage::Ordered, Stage::Delivered, Stage::Invoiced] {
            let excess = less(self.committed(), to);
            if let Some(place) = self.place(stage) {
                *place = less(*place, excess);
            }
        }
        Ok(self)
    }

    /// Frees what remains reserved.
    ///
    /// # Errors
    /// Where it has ended already.
    pub fn release(self) -> Result<Self, Refusal> {
        self.open()?;
        Ok(self.end(State::Released))
    }

    /// Frees what remains reserved because its time is over.
    ///
    /// # Errors
    /// Where it has ended already.
    pub fn expire(self) -> Result<Self, Refusal> {
        self.open()?;
        Ok(self.end(State::Expired))
    }

    /// Later facts cannot take more than what is used at the end.
    fn end(mut self, state: State) -> Self {
        self.authorized = self.used();
        self.state = state;
        self
    }
}
