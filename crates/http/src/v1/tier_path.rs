//! The path of a customer: what lifts it to the next tier, what keeps it in its own, and what comes
//! if nothing happens.
//!
//! | in words | `tier_path/words.rs`, `tier_path/wire.rs`     |
//! | search   | `crates/domain/src/tier_path/mod.rs`          |

mod wire;
mod words;

use crate::body::{Id, Query};
use crate::faults::Faults;
use crate::flows::model::PublishedModel;
use crate::problem::Problem;
use crate::scope::need;
use crate::tenant::{CustomerTenant, TenantHandle};
use crate::v1::asking::{self, Moment, Subject};
use crate::v1::evaluations::model_for;
use crate::v1::evaluations::standing::{Steps, later, standing};
use crate::v1::tier_overrides;
use crate::wire as spelling;
use actix_web::{HttpResponse, get};
use chrono::{Datelike, Days, Months, NaiveDate};
use tiercel_domain::evaluation::{self, self as lifecycle, Evaluation, Model, Tier};
use tiercel_domain::fact::Fact;
use tiercel_domain::history::{History, Series, Sums};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::receivables::{Allocation, allocate};
use tiercel_domain::scaled::Amount;
use tiercel_domain::tier_path::{Ahead, Bounds, Standing, Ways, ways};
use tiercel_persistence::refresh::RefreshError;
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{FindPath, PathResponse, PathText, Projection, Telling, WayUp};

/// The day that is thought of lies at least so many days ahead.
const AHEAD: Days = Days::new(30);

pub fn routes(config: &mut ServiceConfig) {
    config.service(find_path);
}

/// The end of the month in which the day lies that is thirty days ahead.
fn usual_deadline(as_of: NaiveDate) -> NaiveDate {
    let ahead = as_of.checked_add_days(AHEAD).unwrap_or(as_of);
    let first = ahead.with_day(1).unwrap_or(ahead);
    let next = first.checked_add_months(Months::new(1));
    next.and_then(|next| next.pred_opt()).unwrap_or(ahead)
}

/// The smallest amount that is paid in a currency of so many decimals.
fn step(exponent: u32) -> Amount {
    let places = Amount::SCALE.saturating_sub(exponent);
    Amount::from_units(10_i64.checked_pow(places).unwrap_or(1))
}

/// Everything that one path is found from.
struct Walker {
    moment: Moment,
    by: NaiveDate,
    model: PublishedModel,
    subject: Subject,
    history: History,
    now: Allocation,
    then: Allocation,
    /// Where the model has a lifecycle: as of the day, and by the later one if nothing happens.
    stands: [Option<lifecycle::Standing>; 2],
    step: Amount,
}

impl Walker {
    async fn load(
        tenant: &TenantHandle,
        id: CustomerId,
        query: &FindPath,
    ) -> Result<Self, Problem> {
        let (as_of, known_at) = (query.as_of.as_deref(), query.known_at.as_deref());
        let moment = asking::moment(tenant, as_of, known_at).await?;
        let mut faults = Faults::default();
        let by = match query.by.as_deref() {
            None => Some(usual_deadline(moment.as_of)),
            Some(text) => spelling::date(&mut faults, "by", text),
        };
        let latest = moment.as_of.checked_add_months(Months::new(24));
        if by.is_some_and(|by| by <= moment.as_of || latest.is_some_and(|latest| by > latest)) {
            let detail = "must lie after `as_of`, by two years at most";
            faults.add("by", "out_of_range", detail);
        }
        let by = faults.finish(by)?;
        let subject = Subject::load(tenant.store(), id, moment.known_at).await?;
        let model = model_for(tenant, &moment).await?;
        let too_large = || Problem::from(RefreshError::TooLarge(id));
        let applied = model.in_force().of(&subject.profile);
        let stands = standing(tenant, &applied, &subject, &moment, Steps::Recorded).await?;
        let stands = [stands, later(applied.model, &subject, stands, by)?];
        let settled = |on| allocate(&subject.facts, on).map_err(|_| too_large());
        Ok(Self {
            history: History::of(&subject.facts).map_err(|_| too_large())?,
            now: settled(moment.as_of)?,
            then: settled(by)?,
            moment,
            by,
            model,
            subject,
            stands,
            step: step(tenant.settings().base_currency.exponent()),
        })
    }

    fn model(&self) -> &Model {
        self.model.in_force().of(&self.subject.profile).model
    }

    fn tier(&self, index: usize) -> Option<&Tier> {
        self.model().tiers().get(index)
    }

    /// Those of the facts that the windows cut when they end on the deadline.
    fn edges(&self) -> Vec<Fact> {
        let edges = evaluation::edges(self.model(), self.by);
        let at = |fact: &&Fact| {
            let day = fact.occurred_on;
            edges.kinds.contains(&fact.kind) && edges.days.iter().any(|days| days.contains(&day))
        };
        self.subject.facts.iter().filter(at).cloned().collect()
    }

    fn evaluated_now(&self) -> Result<Evaluation, evaluation::EvaluationError> {
        let series = Series::of(&self.subject.facts);
        let read = evaluation::Subject {
            profile: &self.subject.profile,
            sums: Sums::Facts(&self.subject.facts),
            series: &series,
            invoices: &self.now.invoices,
        };
        evaluation::evaluate(self.model(), &read, self.moment.as_of)
    }
}

/// What there is to tell of a customer.
struct Found {
    now: Evaluation,
    then: Evaluation,
    next: Option<(usize, Ways)>,
    keep: Option<(usize, Ways)>,
}

impl Walker {
    fn find(&self) -> Result<Found, evaluation::EvaluationError> {
        let edges = self.edges();
        let standing = Standing {
            model: self.model(),
            profile: &self.subject.profile,
            history: &self.history,
            edges: &edges,
            invoices: &self.then.invoices,
            today: self.moment.as_of,
            by: self.by,
        };
        let (efforts, bounds) = (self.model().efforts(), Bounds::usual(self.step));
        let to = |target: usize| Ok((target, ways(standing, target, &efforts, &bounds)?));
        let now = self.in_force(self.evaluated_now()?, self.stands[0]);
        let scored = Ahead::idle(standing).evaluate()?;
        let next = now.tier.checked_sub(1).map(to).transpose()?;
        let keep = (scored.tier > now.tier).then_some(now.tier).map(to);
        Ok(Found {
            next,
            keep: keep.transpose()?,
            now,
            then: self.in_force(scored, self.stands[1]),
        })
    }

    /// With the tier that decisions use: where the customer stands, after vetoes.
    fn in_force(&self, scored: Evaluation, stands: Option<lifecycle::Standing>) -> Evaluation {
        let stands = stands.map_or(scored.score_tier, |it| it.tier);
        let (tier, _) = self.model().vetoed(stands, &scored.vetoes);
        Evaluation { tier, ..scored }
    }

    /// The first day on which a tier holds that the score reaches by the day.
    fn holds_from(&self) -> NaiveDate {
        let waits = self.model().lifecycle();
        let waits = waits.filter(|rules| rules.rise == lifecycle::Rise::OnDate);
        let from = waits.and_then(|rules| rules.calendar.first_from(self.by).succ_opt());
        from.unwrap_or(self.by)
    }
}

/// Find the path of a customer
///
/// The cheapest single moves and the cheapest of all that reach the next tier by a day, what keeps
/// the present tier if it would be lost by then, and what comes if nothing happens. Each suggestion
/// was evaluated; amounts are the smallest that suffice. A token bound to the customer reads it too:
/// without score, points and efforts.
#[utoipa::path(tag = "evaluations", security(("customer" = [])),
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0x"), FindPath),
    responses((status = 200, description = "The path", body = PathResponse)))]
#[get("/customers/{id}/path")]
pub async fn find_path(
    tenant: CustomerTenant<need::EvaluationsRead>,
    Id(id): Id<CustomerId>,
    Query(query): Query<FindPath>,
) -> Result<HttpResponse, Problem> {
    let walker = Walker::load(&tenant, id, &query).await?;
    let by_hand = tier_overrides::held(tenant.store(), id, walker.moment).await?;
    let too_large = |_| Problem::from(RefreshError::TooLarge(id));
    let found = walker.find().map_err(too_large)?;
    let telling = Telling {
        currency: tenant.settings().base_currency,
        by: walker.by,
        tiers: walker.model().tiers(),
        to_customer: tenant.is_customer(),
    };
    let mut answer = PathResponse {
        customer: id.to_string(),
        as_of: walker.moment.as_of.to_string(),
        known_at: walker.moment.known_at,
        by: walker.by.to_string(),
        currency: telling.currency.to_string(),
        tier: telling.tier(&found.now),
        by_hand,
        projection: Projection {
            score_tier: telling.code(found.then.score_tier),
            tier: telling.tier(&found.then),
            drops: found.then.tier > found.now.tier,
        },
        next: found.next.as_ref().map(|(target, ways)| WayUp {
            holds_from: walker.holds_from().to_string(),
            points_missing: walker.missing(*target, &found.now, tenant.is_customer()),
            ways: telling.ways(*target, ways),
        }),
        keep: found
            .keep
            .as_ref()
            .map(|(target, ways)| telling.ways(*target, ways)),
    };
    if let Some(held) = answer.by_hand.as_mut().filter(|_| tenant.is_customer()) {
        held.leave_out_people();
    }
    Ok(HttpResponse::Ok().json(answer))
}

/// The way to the next tier, as its customer may read it.
pub(super) struct WayInWords {
    /// The tier that it leads to.
    pub tier: String,
    pub by: NaiveDate,
    /// Each alone is enough, the cheapest first.
    pub ways: Vec<PathText>,
}

/// What lifts a customer to the next tier by the usual day; none in the best tier.
pub(super) async fn way_in_words(
    tenant: &TenantHandle,
    id: CustomerId,
) -> Result<Option<WayInWords>, Problem> {
    let walker = Walker::load(tenant, id, &FindPath::default()).await?;
    let too_large = |_| Problem::from(RefreshError::TooLarge(id));
    let found = walker.find().map_err(too_large)?;
    let telling = Telling {
        currency: tenant.settings().base_currency,
        by: walker.by,
        tiers: walker.model().tiers(),
        to_customer: true,
    };
    Ok(found.next.map(|(target, ways)| {
        let told = telling.ways(target, &ways);
        let mut texts: Vec<PathText> = told.single.into_iter().map(|way| way.text).collect();
        // What takes several things together is told where nothing alone is enough.
        if texts.is_empty() {
            texts.extend(told.best.map(|way| way.text));
        }
        WayInWords {
            tier: told.tier,
            by: walker.by,
            ways: texts,
        }
    }))
}

impl Walker {
    /// How many points lie between the score of now and a tier.
    fn missing(&self, target: usize, now: &Evaluation, to_customer: bool) -> Option<String> {
        let from = self.tier(target)?.from.filter(|_| !to_customer)?;
        Some(from.checked_sub(now.score)?.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_deadline_is_the_end_of_a_month_thirty_days_ahead() {
        let of = |text: &str| usual_deadline(text.parse().unwrap()).to_string();
        assert_eq!(of("2026-09-01"), "2026-10-31");
        assert_eq!(of("2026-11-27"), "2026-12-31");
        assert_eq!(of("2027-12-02"), "2028-01-31");
        assert_eq!(of("2028-01-30"), "2028-02-29");
    }

    #[test]
    fn amounts_are_paid_in_steps_of_the_currency() {
        assert_eq!(
            [0, 2, 3, 4].map(|it| step(it).units()),
            [10_000, 100, 10, 1]
        );
    }
}
