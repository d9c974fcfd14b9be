//! What the company sells: 300 products of industrial technology.

use super::random::{Random, later};
use chrono::{Datelike, NaiveDate};
use tiercel_domain::category::CategoryPath;
use tiercel_domain::currency::Currency;
use tiercel_domain::incoming::{Change, IncomingProduct, MarginClass};
use tiercel_domain::scaled::UnitPrice;

/// A category, its code, its families: name, code, list price in cents from and to.
type Category = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, i64, i64)],
);

const CATEGORIES: &[Category] = &[
    (
        "drives",
        "DRV",
        &[
            ("servo", "SER", 38_000, 240_000),
            ("stepper", "STP", 9_000, 52_000),
            ("gear", "GEA", 21_000, 160_000),
            ("inverter", "INV", 26_000, 310_000),
        ],
    ),
    (
        "controls",
        "CTL",
        &[
            ("plc", "PLC", 31_000, 280_000),
            ("panel", "HMI", 24_000, 190_000),
            ("io", "IOM", 6_500, 41_000),
            ("relay", "REL", 900, 7_800),
        ],
    ),
    (
        "sensors",
        "SNS",
        &[
            ("proximity", "PRX", 1_900, 14_000),
            ("optical", "OPT", 3_200, 36_000),
            ("pressure", "PRS", 5_400, 42_000),
            ("encoder", "ENC", 8_900, 64_000),
            ("camera", "CAM", 69_000, 420_000),
        ],
    ),
    (
        "pneumatics",
        "PNE",
        &[
            ("cylinder", "CYL", 3_900, 48_000),
            ("valve", "VAL", 2_600, 31_000),
            ("fitting", "FIT", 150, 2_400),
            ("compressor", "CMP", 48_000, 350_000),
        ],
    ),
    (
        "bearings",
        "BRG",
        &[
            ("ball", "BAL", 400, 9_800),
            ("roller", "ROL", 1_200, 28_000),
            ("linear", "LIN", 4_500, 61_000),
        ],
    ),
    (
        "cables",
        "CAB",
        &[
            ("power", "PWR", 350, 4_900),
            ("data", "DAT", 600, 8_200),
            ("connector", "CON", 120, 3_600),
        ],
    ),
    (
        "tools",
        "TOL",
        &[
            ("hand", "HND", 1_400, 16_000),
            ("power", "PTL", 7_900, 59_000),
            ("measuring", "MEA", 2_900, 88_000),
        ],
    ),
    (
        "safety",
        "SAF",
        &[
            ("clothing", "CLO", 900, 12_000),
            ("barrier", "BAR", 18_000, 210_000),
            ("switch", "SWI", 1_800, 22_000),
        ],
    ),
];

/// A product as orders need it. Prices in cents.
pub struct Product {
    pub sku: String,
    pub name: String,
    pub category: CategoryPath,
    pub list: i64,
    pub margin_class: MarginClass,
    /// Cost of one unit from each day on.
    pub costs: Vec<(NaiveDate, i64)>,
}

/// `count` products, spread over all families; the cost changes with every year.
pub fn products(seed: u64, count: usize, today: NaiveDate) -> Vec<Product> {
    let families: Vec<_> = CATEGORIES
        .iter()
        .flat_map(|(category, code, families)| families.iter().map(move |f| (category, code, f)))
        .collect();
    (0..count)
        .filter_map(|place| {
            let (category, code, family) = families[place % families.len()];
            let (name, family_code, low, high) = *family;
            let number = place / families.len() + 1;
            let mut random = Random::new(seed, 1_000_000 + place as u64);
            // Half of the span is rare: most products are at the cheaper end.
            let top = random.between(low, high);
            let list = random.between(low, top) / 10 * 10;
            Some(Product {
                sku: format!("{code}-{family_code}-{number:04}"),
                name: format!("{} {category} {family_code} {}", title(name), number * 10),
                category: format!("{category}/{name}").parse().ok()?,
                list,
                margin_class: random.weighted(&[
                    (65, MarginClass::Neutral),
                    (20, MarginClass::Promote),
                    (15, MarginClass::Restrict),
                ]),
                costs: costs(&mut random, list, today),
            })
        })
        .collect()
}

fn title(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Costs of four years, from 48 to 74 % of the list price, most of them rising.
fn costs(random: &mut Random, list: i64, today: NaiveDate) -> Vec<(NaiveDate, i64)> {
    let mut cost = list * random.between(480, 740) / 1000;
    let first = later(today, -4 * 366).year();
    (first..=today.year())
        .filter_map(|year| {
            let from = NaiveDate::from_ymd_opt(year, 1, 1)?;
            let told = (from, cost.max(1));
            cost = cost * random.between(985, 1045) / 1000;
            Some(told)
        })
        .collect()
}

impl Product {
    /// The product as a source system sends it: all of it with its first cost, then the changes.
    pub fn incoming(&self) -> Vec<IncomingProduct> {
        let mut updates = Vec::with_capacity(self.costs.len());
        for (place, (from, cost)) in self.costs.iter().enumerate() {
            let first = place == 0;
            updates.push(IncomingProduct {
                sku: self.sku.clone(),
                name: change(first, || self.name.clone()),
                category: change(first, || self.category.clone()),
                list_price: change(first, || unit_price(self.list)),
                margin_class: first.then_some(self.margin_class),
                currency: Some(Currency::EUR),
                cost: Some((*from, unit_price(*cost))),
            });
        }
        updates
    }
}

fn change<T>(set: bool, value: impl FnOnce() -> T) -> Change<T> {
    if set {
        Change::Set(value())
    } else {
        Change::Keep
    }
}

fn unit_price(cents: i64) -> UnitPrice {
    UnitPrice::from_units(cents * 10_000)
}
