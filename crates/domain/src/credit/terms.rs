//! Payment terms: one canonical model, and the spellings that people and systems read.

use super::schedule::{DueRule, Instalment, OutOfCalendar, Portion, TermLine, schedule};
use crate::scaled::Percent;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::fmt::Write;

/// When a bill is to be paid, and what paying early earns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentTerm {
    /// The code of the term in the ERP, e.g. `2-10-N45`.
    pub code: String,
    pub due: Due,
    /// Parts of the bill and when each is due; empty = the whole bill as `due` says. The last
    /// takes the remainder.
    pub lines: Vec<TermLine>,
    /// By days, the shortest first.
    pub early_payment: Vec<EarlyPayment>,
    /// A bill counts as overdue for holds and reminders from the `grace_days`th day after it was
    /// due, and never on the day it is due.
    pub grace_days: u16,
    /// Per year.
    pub late_interest: Percent,
}

/// When the whole amount is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// So many days after the date of the invoice.
    Net { days: u16 },
    /// Before delivery: the customer gets no credit.
    Prepayment,
}

/// Paying within `days` after the date of the invoice takes `percent` off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlyPayment {
    pub days: u16,
    pub percent: Percent,
}

impl PaymentTerm {
    /// For people: `2% 10 days, net 45`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for early in &self.early_payment {
            // Writing into a `String` cannot fail.
            let _ = write!(text, "{}% {} days, ", early.percent, early.days);
        }
        let _ = match self.due {
            Due::Net { days } if self.lines.is_empty() => write!(text, "net {days}"),
            Due::Net { days } => write!(text, "{} parts, net {days}", self.lines.len()),
            Due::Prepayment => write!(text, "prepayment"),
        };
        text
    }

    /// The payments of a bill of that date: its lines, or all of it on one day.
    ///
    /// # Errors
    /// Where a date lies beyond the calendar.
    pub fn schedule(
        &self,
        amount: Decimal,
        invoiced_on: NaiveDate,
        scale: u32,
    ) -> Result<Vec<Instalment>, OutOfCalendar> {
        if !self.lines.is_empty() {
            return schedule(&self.lines, amount, invoiced_on, scale);
        }
        let days = match self.due {
            Due::Net { days } => u32::from(days),
            Due::Prepayment => 0,
        };
        let whole = TermLine {
            portion: Portion::Remainder,
            due: DueRule {
                days,
                ..DueRule::default()
            },
        };
        schedule(&[whole], amount, invoiced_on, scale)
    }

    /// UN/CEFACT 4279 (payment terms type): 1 basic, 10 instant (due on receipt), 21 instalments,
    /// 22 discount.
    pub fn unece_4279(&self) -> Vec<&'static str> {
        let due = match self.due {
            Due::Net { .. } if self.lines.len() > 1 => "21",
            Due::Net { .. } => "1",
            Due::Prepayment => "10",
        };
        let discount = (!self.early_payment.is_empty()).then_some("22");
        std::iter::once(due).chain(discount).collect()
    }

    /// The structured part of BT-20 in XRechnung, one line for each discount:
    /// `#SKONTO#TAGE=10#PROZENT=2.00#`. Empty without discounts.
    pub fn xrechnung(&self) -> String {
        let lines = self.early_payment.iter().map(|early| {
            let mut percent = early.percent.decimal();
            // Declared percentages have at most two decimals, so that nothing is lost here.
            percent.rescale(2);
            format!("#SKONTO#TAGE={}#PROZENT={percent}#", early.days)
        });
        lines.collect::<Vec<String>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(due: Due, early: &[(u16, &str)]) -> PaymentTerm {
        let early = early.iter().map(|(days, percent)| EarlyPayment {
            days: *days,
            percent: percent.parse().unwrap(),
        });
        PaymentTerm {
            code: "t".to_owned(),
            due,
            lines: Vec::new(),
            early_payment: early.collect(),
            grace_days: 0,
            late_interest: Percent::ZERO,
        }
    }

    #[test]
    fn terms_are_spelled_for_people_and_systems() {
        let net = term(Due::Net { days: 45 }, &[(10, "2"), (20, "1.5")]);
        assert_eq!(net.text(), "2% 10 days, 1.5% 20 days, net 45");
        assert_eq!(net.unece_4279(), ["1", "22"]);
        assert_eq!(
            net.xrechnung(),
            "#SKONTO#TAGE=10#PROZENT=2.00#\n#SKONTO#TAGE=20#PROZENT=1.50#"
        );
        let first = term(Due::Prepayment, &[]);
        assert_eq!(first.text(), "prepayment");
        assert_eq!(first.unece_4279(), ["10"]);
        assert_eq!(first.xrechnung(), "");
    }
}
