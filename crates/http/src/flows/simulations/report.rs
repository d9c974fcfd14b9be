//! What a simulation counts: transitions, scores before and after, and why somebody moves.

use super::effects::{Effect, Effects};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tiercel_domain::evaluation::{Evaluation, Model};
use tiercel_domain::history::Totals;
use tiercel_domain::scaled::Points;

/// A distribution has at most so many columns.
const COLUMNS: i64 = 40;

/// Everything counted so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    pub customers: u64,
    /// By tier before (empty where there was no model) and after.
    pub cells: BTreeMap<String, BTreeMap<String, Cell>>,
    pub up: u64,
    pub down: u64,
    /// Who has the same rank under another code, or had no tier before.
    pub sideways: u64,
    pub scores: Distribution,
    pub effects: Effects,
}

/// Customers of one transition, and their year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cell {
    pub customers: u64,
    #[serde(with = "units")]
    pub revenue: i128,
    /// Of those whose costs are all known.
    #[serde(with = "units")]
    pub profit: i128,
    pub without_profit: u64,
}

/// How many customers have a score of each column; columns are `width` points wide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// Points, a power of two.
    pub width: i64,
    pub before: BTreeMap<i64, u64>,
    pub after: BTreeMap<i64, u64>,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            width: 1,
            before: BTreeMap::new(),
            after: BTreeMap::new(),
        }
    }
}

/// One customer, by the model in force and by the draft.
pub struct Counted<'a> {
    pub before: Option<(&'a Model, &'a Evaluation)>,
    pub after: Option<(&'a Model, &'a Evaluation)>,
    pub year: Totals,
}

/// What a mover's row tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoverContent {
    pub tier_before: Option<String>,
    pub tier_after: String,
    /// `up`, `down` or `sideways`.
    pub direction: String,
    pub score_before: Option<String>,
    pub score_after: String,
    /// The criteria that give other points, the strongest first.
    pub criteria: Vec<MovedCriterion>,
    #[serde(with = "units")]
    pub revenue: i128,
    /// None where a cost is not known.
    pub profit: Option<String>,
    pub effect: Option<Effect>,
}

/// Points of one criterion before and after; none where a model does not have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedCriterion {
    pub code: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

fn tier_of<'a>(side: Option<(&'a Model, &'a Evaluation)>) -> Option<&'a str> {
    let (model, evaluation) = side?;
    model
        .tiers()
        .get(evaluation.tier)
        .map(|tier| tier.code.as_str())
}

impl Counted<'_> {
    /// Whether the tier would be another.
    pub fn moves(&self) -> bool {
        tier_of(self.before) != tier_of(self.after)
    }

    fn direction(&self) -> &'static str {
        let rank = |side: Option<(&Model, &Evaluation)>| side.map(|(_, it)| it.tier);
        match (rank(self.before), rank(self.after)) {
            (Some(before), Some(after)) if after < before => "up",
            (Some(before), Some(after)) if after > before => "down",
            _ => "sideways",
        }
    }

    /// Net sales less what they cost; none where a cost is not known.
    fn profit(&self) -> Option<i128> {
        let year = &self.year;
        let brought = year.revenue.saturating_sub(year.cost);
        let returned = year.returned.saturating_sub(year.returned_cost);
        let profit = brought
            .saturating_sub(returned)
            .saturating_sub(year.expenses);
        (year.lines_without_cost == 0).then_some(profit)
    }

    pub fn mover(&self) -> MoverContent {
        let score = |side: Option<(&Model, &Evaluation)>| side.map(|(_, it)| it.score.to_string());
        MoverContent {
            tier_before: tier_of(self.before).map(str::to_owned),
            tier_after: tier_of(self.after).unwrap_or_default().to_owned(),
            direction: self.direction().to_owned(),
            score_before: score(self.before),
            score_after: score(self.after).unwrap_or_default(),
            criteria: self.criteria(),
            revenue: self.year.revenue,
            profit: self.profit().map(|units| units.to_string()),
            effect: None,
        }
    }

    fn criteria(&self) -> Vec<MovedCriterion> {
        let (before, after) = (points(self.before), points(self.after));
        let codes = before.iter().chain(&after).map(|(code, _)| *code);
        let mut seen = std::collections::BTreeSet::new();
        let find = |all: &[(&str, Points)], code: &str| {
            let found = all.iter().find(|(one, _)| *one == code);
            found.map(|(_, points)| *points)
        };
        let mut moved: Vec<(i64, MovedCriterion)> = Vec::new();
        for code in codes.filter(|code| seen.insert(*code)) {
            let (old, new) = (find(&before, code), find(&after, code));
            if old != new {
                let units = |points: Option<Points>| points.map_or(0, Points::units);
                let change = units(new).saturating_sub(units(old)).saturating_abs();
                moved.push((
                    change,
                    MovedCriterion {
                        code: code.to_owned(),
                        before: old.map(|points| points.to_string()),
                        after: new.map(|points| points.to_string()),
                    },
                ));
            }
        }
        moved.sort_by_key(|(change, _)| std::cmp::Reverse(*change));
        moved.into_iter().map(|(_, moved)| moved).collect()
    }
}

fn points<'a>(side: Option<(&'a Model, &'a Evaluation)>) -> Vec<(&'a str, Points)> {
    let Some((model, evaluation)) = side else {
        return Vec::new();
    };
    let criteria = model.criteria().iter().zip(&evaluation.criteria);
    criteria
        .map(|(criterion, result)| (criterion.code.as_str(), result.points))
        .collect()
}

impl Report {
    pub fn movers(&self) -> u64 {
        self.up
            .saturating_add(self.down)
            .saturating_add(self.sideways)
    }

    pub fn add(&mut self, one: &Counted<'_>) {
        let before = tier_of(one.before).unwrap_or_default().to_owned();
        let after = tier_of(one.after).unwrap_or_default().to_owned();
        let cell = self
            .cells
            .entry(before)
            .or_default()
            .entry(after)
            .or_default();
        cell.customers = cell.customers.saturating_add(1);
        cell.revenue = cell.revenue.saturating_add(one.year.revenue);
        match one.profit() {
            Some(profit) => cell.profit = cell.profit.saturating_add(profit),
            None => cell.without_profit = cell.without_profit.saturating_add(1),
        }
        self.customers = self.customers.saturating_add(1);
        if one.moves() {
            let count = match one.direction() {
                "up" => &mut self.up,
                "down" => &mut self.down,
                _ => &mut self.sideways,
            };
            *count = count.saturating_add(1);
        }
        let score = |side: Option<(&Model, &Evaluation)>| side.map(|(_, it)| it.score);
        self.scores.add(score(one.before), score(one.after));
    }
}

impl Distribution {
    fn add(&mut self, before: Option<Points>, after: Option<Points>) {
        let column = |points: Points| points.units().div_euclid(10_000).div_euclid(self.width);
        let (before, after) = (before.map(column), after.map(column));
        for (column, counts) in [(before, &mut self.before), (after, &mut self.after)] {
            if let Some(column) = column {
                let count = counts.entry(column).or_default();
                *count = count.saturating_add(1);
            }
        }
        while self.span() > COLUMNS {
            self.width = self.width.saturating_mul(2);
            for counts in [&mut self.before, &mut self.after] {
                let narrow = std::mem::take(counts);
                for (column, count) in narrow {
                    let wide = counts.entry(column.div_euclid(2)).or_default();
                    *wide = wide.saturating_add(count);
                }
            }
        }
    }

    /// From the lowest column to the highest.
    fn span(&self) -> i64 {
        let columns = || self.before.keys().chain(self.after.keys());
        let (first, last) = (columns().min(), columns().max());
        first
            .zip(last)
            .map_or(0, |(first, last)| last.saturating_sub(*first))
    }
}

/// Sums of amounts as texts: JSON numbers do not hold them.
pub mod units {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(units: &i128, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&units.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i128, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scores: impl IntoIterator<Item = i64>) -> Distribution {
        let mut all = Distribution::default();
        for score in scores {
            all.add(None, Some(Points::from_units(score)));
        }
        all
    }

    #[test]
    fn a_distribution_does_not_depend_on_the_order() {
        let scores = || (0..60_i64).map(|place| place * place * 13_337 - 5_000_000);
        let one = of(scores());
        assert_eq!(of(scores().rev()), one);
        assert_eq!(of(scores().skip(20).chain(scores().take(20))), one);
        assert!(one.span() <= COLUMNS && one.width > 1);
        assert_eq!(one.after.values().sum::<u64>(), 60);
        assert_eq!(
            of([10_000, 19_999, 20_000]).after,
            BTreeMap::from([(1, 2), (2, 1)])
        );
    }
}
