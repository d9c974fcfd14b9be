//! Whether benefits pay back: customers who have one against customers who do not, streamed.
//!
//! Who has which tier is decided on the eve of the period, so that nothing of the period itself
//! chooses who is compared. Where a benefit has a hold-out, those held out are the others; where it
//! has none, customers just below the threshold of its tier are, beside those just above.

use crate::book::Book;
use crate::flows::model::PublishedModel;
use crate::flows::policy_simulations::business::{Quoted, documents_of};
use crate::flows::simulations::effects::Catalogue;
use crate::flows::timeline::{Known, everyone};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::entitled::entitlements;
use tiercel_domain::discounts::rules::Rule;
use tiercel_domain::discounts::{self, Facts};
use tiercel_domain::evaluation::{Evaluation, Model};
use tiercel_domain::fact::FactKind;
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::payback::{Brought, Period, Sample, brought};
use tiercel_domain::scaled::{Amount, Percent, Points};
use tiercel_domain::{credit, payback};
use tiercel_persistence::Store;
use tiercel_persistence::refresh::RefreshError;

/// What kind of benefit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Discount,
    Credit,
}

impl Kind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Discount => "discount",
            Self::Credit => "credit",
        }
    }
}

/// One benefit of the customers of one tier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Benefit {
    pub kind: Kind,
    /// The place of the tier in the model, the best first.
    pub tier: usize,
    /// The rule; of credit terms the tier.
    pub code: String,
}

/// Whom those who have a benefit are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    HeldOut,
    Threshold,
    /// There is nobody: all customers have it, or it does not begin at a threshold.
    Nobody,
}

impl Method {
    pub const fn word(self) -> &'static str {
        match self {
            Self::HeldOut => "held_out",
            Self::Threshold => "threshold",
            Self::Nobody => "nobody",
        }
    }
}

/// Customers on one side of a comparison, and what they cost, in units of an amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    pub sample: Sample,
    /// What the rule takes off their order lines.
    pub discount: i128,
    /// What the capital in their unpaid bills costs.
    pub capital: i128,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub method: Method,
    pub with: Side,
    pub without: Side,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub period: Period,
    /// Points on either side of a threshold.
    pub bandwidth: Points,
    /// What capital costs per year.
    pub capital: Percent,
}

/// Everything counted.
#[derive(Debug, Default)]
pub struct Payback {
    pub parts: BTreeMap<Benefit, Part>,
    pub customers: u64,
    /// Customers who were none on the eve.
    pub newcomers: u64,
    /// Customers of whom a cost is not known: nothing of theirs is counted.
    pub without_profit: u64,
}

/// What customers are judged and served by.
pub struct Grounds<'a> {
    pub book: &'a Book,
    pub base: Currency,
    pub model: &'a PublishedModel,
    pub discount: Option<Arc<discounts::Policy>>,
    pub credit: Option<Arc<credit::Policy>>,
    pub asked: Asked,
}

/// Compares everyone. Reads every fact once; what is held is one comparison for each benefit.
pub async fn total(store: &Store, grounds: &Grounds<'_>) -> Result<Payback, RefreshError> {
    let mut all = Payback::default();
    let catalogue = Catalogue::of(grounds.book);
    everyone(store, None, |known| {
        let added = grounds.add(&mut all, &catalogue, known)?;
        added.ok_or_else(|| known.too_large())
    })
    .await?;
    Ok(all)
}

/// One customer on its way into the comparisons.
struct Subject<'a> {
    judged: Evaluation,
    facts: Facts,
    brought: Brought,
    value: i128,
    /// What each rule takes off.
    discounts: BTreeMap<&'a str, i128>,
}

impl Grounds<'_> {
    fn model(&self) -> &Model {
        self.model.in_force().model
    }

    /// None where an amount does not fit.
    fn add(
        &self,
        all: &mut Payback,
        catalogue: &Catalogue<'_>,
        known: &Known<'_>,
    ) -> Result<Option<()>, RefreshError> {
        let period = self.asked.period;
        let eve = period.from.pred_opt().unwrap_or(period.from);
        let Some(day) = known.on(eve)? else {
            all.newcomers = all.newcomers.saturating_add(1);
            return Ok(Some(()));
        };
        let judged = day.judge(self.model())?;
        let brought = brought(known.facts(), period, self.asked.capital);
        let brought = brought.map_err(|_| known.too_large())?;
        let Some(profit) = brought.profit else {
            all.without_profit = all.without_profit.saturating_add(1);
            return Ok(Some(()));
        };
        all.customers = all.customers.saturating_add(1);
        let facts = self.facts(known, judged.tier);
        let subject = Subject {
            value: profit.saturating_sub(brought.capital),
            discounts: self.discounts(catalogue, known, &facts),
            judged,
            facts,
            brought,
        };
        // A customer shows what its own tier has and, near its threshold, what the next would.
        let own = subject.judged.tier;
        let tiers = [Some(own), own.checked_sub(1)];
        let added = tiers.into_iter().flatten().try_fold((), |(), tier| {
            self.add_discounts(all, &subject, tier)?;
            self.add_credit(all, &subject, tier)
        });
        Ok(added)
    }

    fn code(&self, tier: usize) -> &str {
        let tier = self.model().tiers().get(tier);
        tier.map_or("", |tier| tier.code.as_str())
    }

    fn facts(&self, known: &Known<'_>, tier: usize) -> Facts {
        let customer = self.book.customer(known.id());
        let groups = customer.map(|it| self.book.groups_of(it));
        Facts {
            customer_matched: true,
            customer: Some(known.id()),
            tier: Some(self.code(tier).to_owned()),
            groups: groups.unwrap_or_default(),
            ..Facts::default()
        }
    }

    /// What each rule takes off the order lines of the period, quoted on its first day.
    fn discounts(
        &self,
        catalogue: &Catalogue<'_>,
        known: &Known<'_>,
        facts: &Facts,
    ) -> BTreeMap<&str, i128> {
        let mut taken = BTreeMap::new();
        let Some(policy) = &self.discount else {
            return taken;
        };
        let period = self.asked.period;
        let quoted = Quoted {
            base: self.base,
            on: period.from,
            known: catalogue,
        };
        let lines = known
            .facts()
            .iter()
            .filter(|fact| fact.kind == FactKind::OrderLine && period.contains(fact.occurred_on));
        let groups = policy.groups.iter().chain(&policy.document_groups);
        let ids: BTreeMap<&str, &str> = groups
            .flat_map(|group| group.rules.all())
            .map(|rule| (rule.id.as_str(), rule.id.as_str()))
            .collect();
        for document in documents_of(lines) {
            let question = quoted.question(&document);
            let decision = discounts::decide(&question, facts, policy);
            for (rule, amount) in taken_by_rule(&question, &decision) {
                if let Some(id) = ids.get(rule) {
                    let sum: &mut i128 = taken.entry(*id).or_default();
                    *sum = sum.saturating_add(units(amount));
                }
            }
        }
        taken
    }

    fn add_discounts(&self, all: &mut Payback, subject: &Subject<'_>, tier: usize) -> Option<()> {
        let Some(policy) = &self.discount else {
            return Some(());
        };
        let own = tier == subject.judged.tier;
        let facts = Facts {
            tier: Some(self.code(tier).to_owned()),
            ..subject.facts.clone()
        };
        for found in entitlements(policy, &facts, &[], self.asked.period.from) {
            let method = self.method(found.rule, tier);
            let has = match method {
                Method::HeldOut => own.then_some(!found.held_out),
                Method::Nobody => own.then_some(true),
                Method::Threshold => self.near(&subject.judged, tier),
            };
            let benefit = Benefit {
                kind: Kind::Discount,
                tier,
                code: found.rule.id.clone(),
            };
            let cost = subject.discounts.get(found.rule.id.as_str());
            all.add(benefit, method, has, subject, cost.copied().unwrap_or(0))?;
        }
        Some(())
    }

    fn add_credit(&self, all: &mut Payback, subject: &Subject<'_>, tier: usize) -> Option<()> {
        let code = self.code(tier);
        let policy = self.credit.as_ref().filter(|it| it.default_tier != code);
        let known = policy.and_then(|policy| Some((policy, policy.tiers.get(code)?)));
        let Some((policy, terms)) = known else {
            return Some(());
        };
        let own = tier == subject.judged.tier;
        let customer = subject.facts.customer?;
        let (method, has) = match terms.hold_out {
            Some(_) => (
                Method::HeldOut,
                own.then(|| !policy.holds_out(code, customer)),
            ),
            None => (Method::Threshold, self.near(&subject.judged, tier)),
        };
        let benefit = Benefit {
            kind: Kind::Credit,
            tier,
            code: code.to_owned(),
        };
        all.add(benefit, method, has, subject, 0)
    }

    /// A rule begins at the threshold of a tier where it is for that tier and not for the one below.
    fn method(&self, rule: &Rule, tier: usize) -> Method {
        let tiers = &rule.selectors.tiers;
        let below = self.model().tiers().get(tier.saturating_add(1));
        match below {
            _ if rule.hold_out.is_some() => Method::HeldOut,
            Some(below) if !tiers.is_empty() && !tiers.contains(&below.code) => Method::Threshold,
            _ => Method::Nobody,
        }
    }

    /// Whether a customer stands just above the threshold of a tier, or just below; else nothing.
    fn near(&self, judged: &Evaluation, tier: usize) -> Option<bool> {
        let from = self.model().tiers().get(tier)?.from?;
        let reach = self.asked.bandwidth;
        let above = judged.tier == tier && judged.score <= from.checked_add(reach)?;
        let below = judged.tier == tier.checked_add(1)?
            && judged.score >= from.checked_sub(reach)?
            && judged.score < from;
        (above || below).then_some(above)
    }
}

impl Payback {
    /// `has` says on which side; none = the customer is not compared.
    fn add(
        &mut self,
        benefit: Benefit,
        method: Method,
        has: Option<bool>,
        subject: &Subject<'_>,
        discount: i128,
    ) -> Option<()> {
        let Some(has) = has else { return Some(()) };
        let part = self.parts.entry(benefit).or_insert(Part {
            method,
            with: Side::default(),
            without: Side::default(),
        });
        let (side, discount) = match has {
            true => (&mut part.with, discount),
            false => (&mut part.without, 0),
        };
        side.sample = side.sample.with(subject.value)?;
        side.discount = side.discount.checked_add(discount)?;
        side.capital = side.capital.checked_add(subject.brought.capital)?;
        Some(())
    }
}

impl Part {
    pub fn interval(&self) -> Option<payback::Interval> {
        payback::welch(&self.with.sample, &self.without.sample)
    }
}

/// What rules take off a quote: by line, then off the document.
fn taken_by_rule<'d>(
    question: &discounts::Question,
    decision: &'d discounts::Decision,
) -> Vec<(&'d str, Decimal)> {
    let lines = question.lines.iter().zip(&decision.lines);
    let lines = lines.filter_map(|(line, decided)| Some((line, decided.outcome.as_ref().ok()?)));
    let of_lines = lines.flat_map(|(line, priced)| {
        priced.adjustments.iter().filter_map(|step| {
            let taken = step.amount.checked_mul(line.quantity.decimal())?;
            Some((
                step.cause.rule.as_deref()?,
                Decimal::ZERO.checked_sub(taken)?,
            ))
        })
    });
    let document = decision.document.adjustments.iter();
    let of_document = document.map(|step| (step.rule.as_str(), step.amount));
    of_lines.chain(of_document).collect()
}

/// In units of an amount; one that no amount holds counts nothing.
fn units(value: Decimal) -> i128 {
    let rounded = round(value, Amount::SCALE, Rounding::HalfUp);
    Amount::from_decimal(rounded).map_or(0, |it| it.units().into())
}
