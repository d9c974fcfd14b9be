//! How the points of a criterion count: absent for models of schema 1, where they count as given.

use super::decay::Decay;
use super::evaluate::{EvaluationError, Matched};
use super::filter::Filter;
use crate::money::{Rounding, round};
use crate::scaled::{Percent, Points};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// A code for programs and what people read, by language (`en`, `zh`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub code: String,
    pub texts: BTreeMap<String, String>,
}

/// Reasons of a criterion; that of an entry goes before that of the criterion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reasons {
    pub criterion: Option<Reason>,
    /// By place of the band or category.
    pub entries: Vec<Option<Reason>>,
    pub other: Option<Reason>,
    pub missing: Option<Reason>,
}

impl Reasons {
    /// The reason told for what matched.
    pub fn of(&self, matched: Matched) -> Option<&Reason> {
        let own = match matched {
            Matched::Band(place) | Matched::Category(place) => {
                self.entries.get(place).and_then(Option::as_ref)
            }
            Matched::Other => self.other.as_ref(),
            Matched::Missing => self.missing.as_ref(),
        };
        own.or(self.criterion.as_ref())
    }
}

/// What goes beyond a value and its points.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refinement {
    /// Which facts are looked at.
    pub filter: Filter,
    /// Points count by this share; 100 where it is absent.
    pub weight: Option<Percent>,
    /// The code of the group that caps the sum.
    pub group: Option<String>,
    /// Points fade with the age of the latest fact behind the value.
    pub decay: Option<Decay>,
    /// What ranked reasons compare the points with.
    pub baseline: Option<Points>,
    pub reasons: Reasons,
}

impl Refinement {
    /// What `given` points are worth with the weight and what is `left` of them: rounded half up
    /// to the four decimals of points, once.
    pub(super) fn weigh(
        &self,
        given: Points,
        left: Option<Percent>,
    ) -> Result<Points, EvaluationError> {
        let shares = [self.weight, left].into_iter().flatten();
        let mut shares = shares.filter(|share| share.decimal() != Decimal::ONE_HUNDRED);
        let Some(first) = shares.next() else {
            return Ok(given);
        };
        let share = |points: Decimal, share: Percent| {
            let part = points.checked_mul(share.decimal())?;
            part.checked_div(Decimal::ONE_HUNDRED)
        };
        let weighed = shares.try_fold(
            share(given.decimal(), first).ok_or(EvaluationError::Overflow)?,
            |points, next| share(points, next).ok_or(EvaluationError::Overflow),
        )?;
        let weighed = round(weighed, Points::SCALE, Rounding::HalfUp);
        Points::from_decimal(weighed).map_err(|_| EvaluationError::Overflow)
    }
}
