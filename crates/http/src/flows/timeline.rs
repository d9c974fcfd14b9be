//! The portfolio on several dates, customer by customer, in bounded memory: every customer is
//! evaluated for each date by the models in force on it.

use super::course::Course;
use crate::flows::model::{self, PublishedModel};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::evaluation::{self as decision, Evaluation, Model, Subject};
use tiercel_domain::fact::Fact;
use tiercel_domain::history::{Series, Sums, Totals};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::period::Span;
use tiercel_domain::portfolio::Moves;
use tiercel_domain::profile::Profile;
use tiercel_domain::receivables::{Allocation, allocate};
use tiercel_persistence::evaluations::YEAR;
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::{Store, customers, facts};

/// Customers read at a time.
const CHUNK: u64 = 500;

/// Customers of one tier on one date, with the year that ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TierYear {
    pub customers: u64,
    pub revenue: i128,
    /// Of the customers whose costs are all known.
    pub profit: i128,
    pub without_profit: u64,
}

/// Everything counted over the dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    pub dates: Vec<NaiveDate>,
    /// By date, by code of the tier; empty where no model is in force.
    pub tiers: Vec<BTreeMap<String, TierYear>>,
    pub moves: Moves,
    /// The codes of all tiers, the best first, as the latest model has them.
    pub order: Vec<String>,
}

/// What was known of one customer at a position of the journal.
pub(super) struct Known<'a> {
    id: CustomerId,
    profile: &'a Profile,
    facts: &'a [Fact],
    series: Series,
    /// The day of its first fact, or of its profile's `since`.
    began: Option<NaiveDate>,
}

/// A customer on one date.
pub(super) struct Day<'a> {
    known: &'a Known<'a>,
    ledger: Allocation,
    on: NaiveDate,
}

impl<'a> Known<'a> {
    fn new(id: CustomerId, profile: &'a Profile, facts: &'a [Fact]) -> Self {
        let series = Series::of(facts);
        let began = [series.first_day(), profile.since];
        let began = began.into_iter().flatten().min();
        Self {
            id,
            profile,
            facts,
            series,
            began,
        }
    }

    pub(super) const fn id(&self) -> CustomerId {
        self.id
    }

    pub(super) const fn facts(&self) -> &'a [Fact] {
        self.facts
    }

    pub(super) fn too_large(&self) -> RefreshError {
        RefreshError::TooLarge(self.id)
    }

    /// None before the customer's first day.
    pub(super) fn on(&'a self, on: NaiveDate) -> Result<Option<Day<'a>>, RefreshError> {
        if self.began.is_none_or(|day| day > on) {
            return Ok(None);
        }
        Day::new(self, on).map(Some)
    }
}

impl<'a> Day<'a> {
    fn new(known: &'a Known<'a>, on: NaiveDate) -> Result<Self, RefreshError> {
        let ledger = allocate(known.facts, on).map_err(|_| known.too_large())?;
        Ok(Self { known, ledger, on })
    }

    pub(super) const fn on(&self) -> NaiveDate {
        self.on
    }

    pub(super) const fn profile(&self) -> &Profile {
        self.known.profile
    }

    /// The same customer on another date.
    pub(super) fn at(&self, on: NaiveDate) -> Result<Self, RefreshError> {
        Self::new(self.known, on)
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            profile: self.known.profile,
            sums: Sums::Facts(self.known.facts),
            series: &self.known.series,
            invoices: &self.ledger.invoices,
        }
    }

    /// What a model says of this date alone.
    pub(super) fn judge(&self, model: &Model) -> Result<Evaluation, RefreshError> {
        let judged = decision::evaluate(model, &self.subject(), self.on);
        judged.map_err(|_| self.known.too_large())
    }
}

pub(super) async fn models(
    store: &Store,
    dates: &[NaiveDate],
) -> Result<Vec<Option<PublishedModel>>, RefreshError> {
    let mut models = Vec::with_capacity(dates.len());
    for date in dates {
        models.push(model::on(store, *date).await?);
    }
    Ok(models)
}

/// Visits every customer, a bounded number in memory at a time.
pub(super) async fn everyone(
    store: &Store,
    known_at: Option<i64>,
    mut visit: impl FnMut(&Known<'_>) -> Result<(), RefreshError>,
) -> Result<(), RefreshError> {
    let mut after: Option<CustomerId> = None;
    loop {
        let ids = customers::ids_after(store, after, CHUNK).await?;
        let Some(last) = ids.last().copied() else {
            return Ok(());
        };
        let ids: BTreeSet<CustomerId> = ids.into_iter().collect();
        let profiles = customers::profiles(store, &ids, known_at).await?;
        let facts = facts::of_customers(store, &ids, known_at).await?;
        for (id, profile) in &profiles {
            let facts = facts.get(id).map_or(&[][..], Vec::as_slice);
            visit(&Known::new(*id, profile, facts))?;
        }
        after = Some(last);
    }
}

/// Counts everyone on each of the dates, which are in order. Reads every fact once. A customer
/// counts from the day of its first fact or of its profile's `since` on.
pub async fn over(
    store: &Store,
    dates: &[NaiveDate],
    known_at: Option<i64>,
) -> Result<Timeline, RefreshError> {
    let models = models(store, dates).await?;
    let latest = models.iter().rev().flatten().next();
    let order = latest.map(|it| it.tiers().map(str::to_owned).collect());
    let mut timeline = Timeline {
        dates: dates.to_vec(),
        tiers: vec![BTreeMap::new(); dates.len()],
        moves: Moves::new(dates.len()),
        order: order.unwrap_or_default(),
    };
    everyone(store, known_at, |known| timeline.add(known, &models)).await?;
    Ok(timeline)
}

impl Timeline {
    fn add(
        &mut self,
        known: &Known<'_>,
        models: &[Option<PublishedModel>],
    ) -> Result<(), RefreshError> {
        let mut codes = Vec::with_capacity(self.dates.len());
        let mut course = Course::default();
        for ((date, model), tiers) in self.dates.iter().zip(models).zip(&mut self.tiers) {
            let Some(day) = known.on(*date)? else {
                codes.push(None);
                continue;
            };
            let ranked = model.as_ref().map(|model| course.next(&day, model));
            let code = ranked.transpose()?.map(|ranked| ranked.code);
            let year = day.subject().sums.over(Span::new(YEAR, *date));
            let tier = tiers.entry(code.clone().unwrap_or_default()).or_default();
            tier.add(&year);
            codes.push(code);
        }
        self.moves.add(&codes);
        Ok(())
    }
}

impl TierYear {
    fn add(&mut self, year: &Totals) {
        self.customers = self.customers.saturating_add(1);
        self.revenue = self.revenue.saturating_add(year.revenue);
        if year.lines_without_cost > 0 {
            self.without_profit = self.without_profit.saturating_add(1);
            return;
        }
        let brought = year.revenue.saturating_sub(year.cost);
        let returned = year.returned.saturating_sub(year.returned_cost);
        let profit = brought
            .saturating_sub(returned)
            .saturating_sub(year.expenses);
        self.profit = self.profit.saturating_add(profit);
    }
}
