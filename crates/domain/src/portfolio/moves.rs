//! How steady tiers are: who moves from one date to the next, and who moves back.

use std::collections::BTreeMap;

/// The moves between consecutive dates. A tier is told by its code; none = not evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moves {
    steps: Vec<Step>,
}

/// From one date to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// Customers with a tier on both dates.
    pub compared: u64,
    pub changed: u64,
    /// Of the changed ones, those that have their former tier again on the date after.
    pub bounced: u64,
    /// By tier before and after, unchanged ones too.
    pub cells: BTreeMap<(String, String), u64>,
}

impl Moves {
    /// Between so many dates.
    pub fn new(dates: usize) -> Self {
        Self {
            steps: vec![Step::default(); dates.saturating_sub(1)],
        }
    }

    /// Adds a customer by its tier on each date, in order.
    pub fn add(&mut self, tiers: &[Option<String>]) {
        for (place, step) in self.steps.iter_mut().enumerate() {
            let at = |offset: usize| tiers.get(place.saturating_add(offset))?.as_ref();
            let (Some(before), Some(after)) = (at(0), at(1)) else {
                continue;
            };
            step.compared = step.compared.saturating_add(1);
            let cell = step.cells.entry((before.clone(), after.clone()));
            let cell = cell.or_default();
            *cell = cell.saturating_add(1);
            if before != after {
                step.changed = step.changed.saturating_add(1);
                let back = u64::from(at(2) == Some(before));
                step.bounced = step.bounced.saturating_add(back);
            }
        }
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_has_bounced() {
        let tiers = |codes: &str| -> Vec<Option<String>> {
            let codes = codes.chars();
            codes
                .map(|code| (code != '-').then(|| code.to_string()))
                .collect()
        };
        let mut moves = Moves::new(4);
        for codes in ["aaaa", "abab", "aabb", "-abb", "abcc"] {
            moves.add(&tiers(codes));
        }
        let told = moves.steps().iter();
        let told: Vec<_> = told
            .map(|step| (step.compared, step.changed, step.bounced))
            .collect();
        // The last step has no date after it.
        assert_eq!(told, [(4, 2, 1), (5, 4, 1), (5, 1, 0)]);
        let cell = ("a".to_owned(), "b".to_owned());
        assert_eq!(moves.steps()[0].cells[&cell], 2);
    }
}
