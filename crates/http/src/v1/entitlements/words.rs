//! Benefits in the words of the languages that cards are written in.

use super::card::CardBenefit;
use super::resolve::{Grounds, ResolvedDiscount};
use crate::problem::Problem;
use crate::wire::money;
use rust_decimal::Decimal;
use tiercel_domain::credit;
use tiercel_domain::credit::terms::Due;
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::rules::Benefit;
use tiercel_domain::routing;

/// A language that cards are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    pub fn say(self, english: String, chinese: String) -> String {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

/// What the customer has, the discount first.
pub(super) fn benefits(
    grounds: &Grounds<'_>,
    language: Language,
    base: Currency,
) -> Result<Vec<CardBenefit>, Problem> {
    let mut told = Vec::new();
    let mut tell = |kind: &str, text: Option<String>| {
        told.extend(text.map(|text| CardBenefit {
            kind: kind.to_owned(),
            text,
        }));
    };
    tell("discount", discount(&grounds.discount()?, language));
    let credit = grounds.credit()?.decision;
    tell("payment_term", Some(term(&credit, language)));
    for early in &credit.term.early_payment {
        let (days, percent) = (early.days, early.percent);
        let text = language.say(
            format!("{percent} % off invoices that are paid within {days} days"),
            format!("{days} 天内付款可享 {percent}% 优惠"),
        );
        tell("early_payment", Some(text));
    }
    tell("grace", grace(&credit, language));
    tell("credit_limit", limit(&credit, language, base));
    let routing = grounds.routing()?.decision;
    tell("dedicated_line", line(&routing, language));
    tell("priority", priority(&routing, language));
    let contact = routing.preferred_agent.as_ref().map(|agent| {
        language.say(
            format!("Your contact: {agent}"),
            format!("您的专属联系人：{agent}"),
        )
    });
    tell("contact", contact);
    Ok(told)
}

/// The range of all percentages; rules that give amounts are not summed up.
fn discount(resolved: &ResolvedDiscount<'_>, language: Language) -> Option<String> {
    let percents = resolved.rules.iter();
    let percents = percents.filter(|it| it.rule.benefit == Benefit::Percent && !it.held_out);
    let values = percents.flat_map(|it| {
        let (least, most) = it.rule.schedule.range();
        [least, most]
    });
    let values: Vec<Decimal> = values.filter(|value| *value > Decimal::ZERO).collect();
    let (least, most) = (values.iter().min()?, values.iter().max()?);
    let (least, most) = (least.normalize(), most.normalize());
    let text = if least == most {
        language.say(
            format!("Discounts of up to {most} %"),
            format!("最高可享 {most}% 折扣"),
        )
    } else {
        language.say(
            format!("Discounts of {least} % to {most} %, depending on what you buy"),
            format!("视所购商品可享 {least}% 至 {most}% 折扣"),
        )
    };
    Some(text)
}

fn term(credit: &credit::Decision, language: Language) -> String {
    match credit.term.due {
        Due::Net { days } if credit.term.lines.is_empty() => language.say(
            format!("Pay within {days} days of the invoice"),
            format!("发票日起 {days} 天内付款"),
        ),
        Due::Net { days } => {
            let parts = credit.term.lines.len();
            language.say(
                format!("Pay in {parts} parts, the last within {days} days of the invoice"),
                format!("分 {parts} 期付款，最后一期为发票日起 {days} 天内"),
            )
        }
        Due::Prepayment => {
            language.say("Payment before delivery".to_owned(), "款到发货".to_owned())
        }
    }
}

fn grace(credit: &credit::Decision, language: Language) -> Option<String> {
    let days = credit.term.grace_days;
    (days > 0).then(|| {
        language.say(
            format!("{days} days of grace after the due date"),
            format!("到期后享有 {days} 天宽限期"),
        )
    })
}

fn limit(credit: &credit::Decision, language: Language, base: Currency) -> Option<String> {
    let limit = credit.limit.amount.decimal();
    (limit > Decimal::ZERO).then(|| {
        let amount = money(limit, base);
        language.say(
            format!("Up to {amount} {base} on account"),
            format!("赊购额度最高 {amount} {base}"),
        )
    })
}

fn line(routing: &routing::Decision, language: Language) -> Option<String> {
    let line = routing.dedicated_line.as_ref()?;
    Some(language.say(
        format!("A telephone line of your own: {line}"),
        format!("专属服务热线：{line}"),
    ))
}

/// Minutes that are begun count, as in the queue.
fn priority(routing: &routing::Decision, language: Language) -> Option<String> {
    let minutes = routing.advantage_seconds.div_ceil(60);
    (minutes > 0).then(|| {
        language.say(
            format!("Your calls are answered as if you had waited {minutes} minutes already"),
            format!("来电优先接听，相当于已等候 {minutes} 分钟"),
        )
    })
}
