//! The decision: every line by itself, then the document.

use super::answer::{Decision, LineDecision, PricedLine, Totals};
use super::document;
use super::policy::Policy;
use super::price::Pricing;
use super::question::{Facts, Question};
use super::rules::Case;
use super::sums::Sums;
use crate::currency::Currency;
use crate::money::{ExactMoney, Money, Rounding};
use rust_decimal::Decimal;

/// Prices every line of `question`. Cannot fail: what is wrong with a line stays in the line, and
/// an unknown customer is priced by the default tier.
pub fn decide(question: &Question, facts: &Facts, policy: &Policy) -> Decision {
    let tier = facts.tier.as_ref().unwrap_or(&policy.default_tier);
    let pricing = Pricing::new(policy, question);
    let sums = Sums::of(question);
    let cases = question.lines.iter().map(|line| Case {
        engine: policy.engine,
        tier,
        facts,
        line,
        question,
        sums: &sums,
    });
    let cases: Vec<Case<'_>> = cases.collect();
    let price = |case: &Case<'_>| LineDecision {
        line_id: case.line.line_id.clone(),
        outcome: pricing.price(*case),
    };
    let mut lines: Vec<LineDecision> = cases.iter().map(price).collect();
    let document = document::settle(policy, question, &cases, &mut lines);
    Decision {
        policy: policy.reference.clone(),
        customer_matched: facts.customer_matched,
        tier: tier.clone(),
        currency: question.currency,
        rounding: policy.rounding,
        scale: pricing.scale,
        totals: totals(&lines, question.currency),
        document,
        lines,
    }
}

fn totals(lines: &[LineDecision], currency: Currency) -> Totals {
    let sum = |amount: fn(&PricedLine) -> Money| {
        let priced = lines.iter().filter_map(|line| line.outcome.as_ref().ok());
        // Each is an amount that a fact could hold, so only billions of lines could saturate.
        let total = priced
            .map(|line| amount(line).amount())
            .fold(Decimal::ZERO, Decimal::saturating_add);
        ExactMoney::new(total, currency).round(Rounding::HalfUp)
    };
    Totals {
        list: sum(|line| line.list_amount),
        net: sum(|line| line.net_amount),
        discount: sum(|line| line.discount_amount),
    }
}
