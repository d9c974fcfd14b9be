//! What to do, in English and Chinese.

use super::wire::PathText;
use crate::wire::money;
use chrono::{Datelike, NaiveDate};
use tiercel_domain::currency::Currency;
use tiercel_domain::scaled::Amount;

/// Sentences about one day and one currency.
pub(super) struct Words {
    pub currency: Currency,
    pub by: NaiveDate,
}

impl Words {
    pub fn orders(&self, orders: u32, amount: Amount) -> PathText {
        let (worth, en_day, zh_day) = (self.amount(amount), self.en_day(), self.zh_day());
        let (en, zh) = match (orders, amount.is_zero()) {
            (1, true) => ("an order".to_owned(), "再下1笔订单".to_owned()),
            (1, false) => (format!("an order of {worth}"), format!("下单{worth}")),
            (_, true) => (format!("{orders} orders"), format!("再下{orders}笔订单")),
            (_, false) => (
                format!("{orders} orders of together {worth}"),
                format!("再下{orders}笔订单，合计{worth}"),
            ),
        };
        PathText {
            en: format!("{en} by {en_day}"),
            zh: format!("在{zh_day}前{zh}"),
        }
    }

    pub fn new_products(&self, products: u32) -> PathText {
        let (en_day, zh_day) = (self.en_day(), self.zh_day());
        let en = match products {
            1 => "a product never ordered before".to_owned(),
            _ => format!("{products} products never ordered before"),
        };
        PathText {
            en: format!("{en}, ordered by {en_day}"),
            zh: format!("在{zh_day}前订购{products}种从未订购过的产品"),
        }
    }

    pub fn invoices_on_time(&self, invoices: u32) -> PathText {
        let (en_day, zh_day) = (self.en_day(), self.zh_day());
        let en = match invoices {
            1 => "the next invoice".to_owned(),
            _ => format!("the next {invoices} invoices"),
        };
        PathText {
            en: format!("{en} on time, by {en_day}"),
            zh: format!("在{zh_day}前，接下来{invoices}张发票按时付款"),
        }
    }

    pub fn settle_overdue(&self, amount: Amount) -> PathText {
        let (worth, en_day, zh_day) = (self.amount(amount), self.en_day(), self.zh_day());
        PathText {
            en: format!("{worth} of overdue invoices paid by {en_day}"),
            zh: format!("在{zh_day}前结清逾期款{worth}"),
        }
    }

    /// `38,000.00 EUR`.
    fn amount(&self, amount: Amount) -> String {
        let text = money(amount.decimal(), self.currency);
        let (whole, rest) = text
            .split_once('.')
            .map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let rest = rest.map_or_else(String::new, |rest| format!(".{rest}"));
        format!("{grouped}{rest} {}", self.currency)
    }

    fn en_day(&self) -> String {
        self.by.format("%-d %B %Y").to_string()
    }

    fn zh_day(&self) -> String {
        let (year, month, day) = (self.by.year(), self.by.month(), self.by.day());
        format!("{year}年{month}月{day}日")
    }
}

/// Several sentences as one; of nothing to do, that.
pub(super) fn together<'a>(texts: impl Iterator<Item = &'a PathText>) -> PathText {
    let texts: Vec<&PathText> = texts.collect();
    if texts.is_empty() {
        return PathText {
            en: "nothing: time alone is enough".to_owned(),
            zh: "无需任何操作，届时自然达到".to_owned(),
        };
    }
    let en: Vec<&str> = texts.iter().map(|text| text.en.as_str()).collect();
    let zh: Vec<&str> = texts.iter().map(|text| text.zh.as_str()).collect();
    PathText {
        en: en.join(", and "),
        zh: zh.join("；并且"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_days_read_as_people_write_them() {
        let words = Words {
            currency: Currency::EUR,
            by: "2026-09-30".parse().unwrap(),
        };
        let amount = |units| words.orders(1, Amount::from_units(units));
        let order = amount(380_000_000);
        assert_eq!(order.en, "an order of 38,000.00 EUR by 30 September 2026");
        assert_eq!(order.zh, "在2026年9月30日前下单38,000.00 EUR");
        assert_eq!(words.amount(Amount::from_units(9_995_000)), "999.50 EUR");
        let large = Amount::from_units(12_345_678_910_000);
        assert_eq!(words.amount(large), "1,234,567,891.00 EUR");
        let both = together([&order, &words.invoices_on_time(2)].into_iter());
        assert!(
            both.en
                .ends_with(", and the next 2 invoices on time, by 30 September 2026")
        );
    }
}
