//! Vetoes: what holds of a customer forces or caps the tier, whatever the score says.

use super::condition::Condition;
use super::evaluate::EvaluationError;
use super::model::Model;
use super::refinement::Reason;
use super::subject::Subject;
use chrono::NaiveDate;

/// A condition and the tier that it forces or caps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Veto {
    pub code: String,
    pub label: String,
    pub when: Condition,
    pub effect: VetoEffect,
    pub reason: Option<Reason>,
}

/// What a veto does; tiers by their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VetoEffect {
    /// This tier and no other.
    Force(String),
    /// This tier at best.
    Cap(String),
}

impl VetoEffect {
    pub fn tier(&self) -> &str {
        match self {
            Self::Force(tier) | Self::Cap(tier) => tier,
        }
    }

    /// The word used in documents and answers.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Force(_) => "force",
            Self::Cap(_) => "cap",
        }
    }
}

/// Which vetoes hold, by their places in the model.
pub(super) fn holding(
    model: &Model,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Result<Vec<usize>, EvaluationError> {
    let mut holding = Vec::new();
    for (place, veto) in model.vetoes().iter().enumerate() {
        if veto.when.holds(subject, as_of)? {
            holding.push(place);
        }
    }
    Ok(holding)
}

impl Model {
    /// The tier that is left of `tier` by the vetoes that hold, and the veto that decided: the
    /// first that forces, else the cap that is the lowest.
    pub fn vetoed(&self, tier: usize, holding: &[usize]) -> (usize, Option<usize>) {
        let vetoes = holding.iter().filter_map(|place| {
            let veto = self.vetoes().get(*place)?;
            Some((*place, veto, self.index_of(veto.effect.tier())?))
        });
        let mut decided = (tier, None);
        for (place, veto, limit) in vetoes {
            match veto.effect {
                VetoEffect::Force(_) => return (limit, Some(place)),
                // A larger index is a lower tier.
                VetoEffect::Cap(_) if limit > decided.0 => decided = (limit, Some(place)),
                VetoEffect::Cap(_) => {}
            }
        }
        decided
    }
}
