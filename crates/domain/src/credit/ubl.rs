//! Payment terms as UBL 2.1: `cac:PaymentTerms`, one element for each discount and each payment.

use super::schedule::{Instalment, Portion};
use super::terms::{Due, PaymentTerm};
use crate::currency::Currency;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::fmt::Write;

/// What of a discount is known once there is a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedDiscount {
    pub percent: Decimal,
    /// What is taken off.
    pub amount: Decimal,
    pub pay_by: NaiveDate,
}

/// A bill and when it is to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedTerms<'a> {
    pub currency: Currency,
    pub payments: &'a [Instalment],
    pub discounts: &'a [DatedDiscount],
}

/// One `cac:PaymentTerms`, its children in the order of the schema.
#[derive(Default)]
struct Element(String);

impl Element {
    fn of(term: &PaymentTerm) -> Self {
        let element = Self::default().child("cbc:ID", &term.code);
        element.child("cbc:Note", &term.text())
    }

    fn child(self, name: &str, value: &str) -> Self {
        self.with(name, "", value)
    }

    fn with(mut self, name: &str, attributes: &str, value: &str) -> Self {
        let value = escaped(value);
        // Writing into a `String` cannot fail.
        let _ = write!(self.0, "<{name}{attributes}>{value}</{name}>");
        self
    }

    fn percent(self, name: &str, percent: Decimal) -> Self {
        self.child(name, &percent.normalize().to_string())
    }

    fn money(self, name: &str, amount: Decimal, currency: Currency) -> Self {
        let attributes = format!(" currencyID=\"{currency}\"");
        let mut amount = amount.normalize();
        if amount.scale() < currency.exponent() {
            amount.rescale(currency.exponent());
        }
        self.with(name, &attributes, &amount.to_string())
    }

    fn penalty(self, term: &PaymentTerm) -> Self {
        let percent = term.late_interest.decimal();
        if percent.is_zero() {
            return self;
        }
        self.percent("cbc:PenaltySurchargePercent", percent)
    }

    fn within_days(mut self, days: u32) -> Self {
        let _ = write!(
            self.0,
            "<cac:SettlementPeriod><cbc:DurationMeasure unitCode=\"DAY\">{days}\
             </cbc:DurationMeasure></cac:SettlementPeriod>"
        );
        self
    }

    fn until(mut self, day: NaiveDate) -> Self {
        let _ = write!(
            self.0,
            "<cac:SettlementPeriod><cbc:EndDate>{day}</cbc:EndDate></cac:SettlementPeriod>"
        );
        self
    }

    fn close(self) -> String {
        format!("<cac:PaymentTerms>{}</cac:PaymentTerms>", self.0)
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

impl PaymentTerm {
    /// The term as it stands, before there is a bill: days count from the date of the invoice. The
    /// namespaces `cac` and `cbc` are those of the document around it.
    pub fn ubl(&self) -> String {
        let discounts = self.early_payment.iter().map(|early| {
            let element = Element::of(self);
            let element = element.percent("cbc:SettlementDiscountPercent", early.percent.decimal());
            element.within_days(early.days.into()).close()
        });
        let whole = || match self.due {
            Due::Net { days } => Element::of(self).penalty(self).within_days(days.into()),
            Due::Prepayment => Element::of(self).penalty(self).within_days(0),
        };
        let payments: Vec<String> = match self.lines.is_empty() {
            true => vec![whole().close()],
            false => self.parts(),
        };
        discounts.chain(payments).collect()
    }

    /// Parts whose days depend on months have no length of their own; the schedule of a bill dates
    /// them.
    fn parts(&self) -> Vec<String> {
        let lines = self.lines.iter().map(|line| {
            let element = Element::of(self).penalty(self);
            let element = match line.portion {
                Portion::PercentOfTotal(percent) => {
                    element.percent("cbc:PaymentPercent", percent.decimal())
                }
                Portion::PercentOfRest(_) | Portion::Fixed(_) | Portion::Remainder => element,
            };
            let due = line.due;
            let by_days = due.months == 0 && due.day_of_month.is_none() && !due.end_of_month;
            match by_days {
                true => element.within_days(due.days).close(),
                false => element.close(),
            }
        });
        lines.collect()
    }

    /// The same for a bill: every amount and every day.
    pub fn ubl_of(&self, dated: &DatedTerms<'_>) -> String {
        let discounts = dated.discounts.iter().map(|discount| {
            let element = Element::of(self);
            let element = element.percent("cbc:SettlementDiscountPercent", discount.percent);
            let name = "cbc:SettlementDiscountAmount";
            let element = element.money(name, discount.amount, dated.currency);
            element.until(discount.pay_by).close()
        });
        let single = dated.payments.len() == 1;
        let due = if single {
            "cbc:PaymentDueDate"
        } else {
            "cbc:InstallmentDueDate"
        };
        let payments = dated.payments.iter().map(|payment| {
            let element = Element::of(self).penalty(self);
            let element = element.money("cbc:Amount", payment.amount, dated.currency);
            element.child(due, &payment.due_on.to_string()).close()
        });
        discounts.chain(payments).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::schedule::{DueRule, TermLine};
    use super::super::terms::EarlyPayment;
    use super::*;

    fn term() -> PaymentTerm {
        PaymentTerm {
            code: "2-10-N30".to_owned(),
            due: Due::Net { days: 30 },
            lines: Vec::new(),
            early_payment: vec![EarlyPayment {
                days: 10,
                percent: "2".parse().unwrap(),
            }],
            grace_days: 0,
            late_interest: "9".parse().unwrap(),
        }
    }

    /// The elements as `name=value`, in their order.
    fn elements(ubl: &str) -> Vec<String> {
        let parts = ubl.split("<cbc:").skip(1);
        let parts = parts.map(|part| {
            let (name, rest) = part.split_once('>').unwrap();
            let value = rest.split_once("</").unwrap().0;
            format!("{}={value}", name.split(' ').next().unwrap())
        });
        parts.collect()
    }

    #[test]
    fn a_discount_and_a_due_day_are_two_elements() {
        let ubl = term().ubl();
        assert_eq!(ubl.matches("</cac:PaymentTerms>").count(), 2);
        let note = "Note=2% 10 days, net 30";
        assert_eq!(
            elements(&ubl),
            [
                "ID=2-10-N30",
                note,
                "SettlementDiscountPercent=2",
                "DurationMeasure=10",
                "ID=2-10-N30",
                note,
                "PenaltySurchargePercent=9",
                "DurationMeasure=30"
            ]
        );
    }

    #[test]
    fn w17_a_bill_dates_its_discount_and_its_due_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let hundred = Decimal::ONE_HUNDRED;
        let term = term();
        let payments = term.schedule(hundred, day("2025-01-01"), 2).unwrap();
        let ubl = term.ubl_of(&DatedTerms {
            currency: Currency::EUR,
            payments: &payments,
            discounts: &[DatedDiscount {
                percent: Decimal::TWO,
                amount: Decimal::TWO,
                pay_by: day("2025-01-11"),
            }],
        });
        let told = elements(&ubl);
        for element in [
            "SettlementDiscountAmount=2.00",
            "EndDate=2025-01-11",
            "Amount=100.00",
            "PaymentDueDate=2025-01-31",
        ] {
            assert!(told.iter().any(|it| it == element), "{element}: {ubl}");
        }
        assert!(ubl.contains("<cbc:Amount currencyID=\"EUR\">"), "{ubl}");
    }

    #[test]
    fn w16_every_part_has_its_amount_and_its_day() {
        let line = |portion: Portion, months: u32, days: u32| TermLine {
            portion,
            due: DueRule {
                months,
                days,
                ..DueRule::default()
            },
        };
        let quarter: crate::scaled::Percent = "25".parse().unwrap();
        let term = PaymentTerm {
            code: "Q&A".to_owned(),
            early_payment: Vec::new(),
            lines: vec![
                line(Portion::PercentOfTotal(quarter), 0, 30),
                line(Portion::Remainder, 2, 0),
            ],
            ..term()
        };
        let own = elements(&term.ubl());
        assert_eq!(own.iter().filter(|it| *it == "ID=Q&amp;A").count(), 2);
        assert!(own.contains(&"PaymentPercent=25".to_owned()), "{own:?}");
        assert_eq!(
            own.iter().filter(|it| it.starts_with("Duration")).count(),
            1
        );
        let bill = Decimal::new(158_735, 2);
        let payments = term.schedule(bill, "2011-10-01".parse().unwrap(), 2);
        let ubl = term.ubl_of(&DatedTerms {
            currency: Currency::EUR,
            payments: &payments.unwrap(),
            discounts: &[],
        });
        let told = elements(&ubl);
        let dated: Vec<&String> = told
            .iter()
            .filter(|it| it.starts_with("Amount") || it.starts_with("Instal"))
            .collect();
        assert_eq!(
            dated,
            [
                "Amount=396.84",
                "InstallmentDueDate=2011-10-31",
                "Amount=1190.51",
                "InstallmentDueDate=2011-12-01"
            ]
        );
    }
}
