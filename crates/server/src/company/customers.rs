//! Who the customers are, and how each behaves.

use super::names::{Country, slug};
use super::random::{Random, later};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tiercel_domain::incoming::{Change, ExternalRef, IncomingCustomer, IncomingPhone};
use tiercel_domain::profile::{AttributeValue, CustomerKind};

/// The system in which everything of the company is known.
pub const SYSTEM: &str = "demo-erp";

/// How much a customer buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Key,
    Large,
    Medium,
    Small,
    Person,
}

/// How a customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temper {
    Early,
    Punctual,
    Late,
    VeryLate,
    Defaulting,
}

/// A customer and its habits; the habits only the story knows.
pub struct Customer {
    pub number: usize,
    pub class: Class,
    pub temper: Temper,
    pub since: NaiveDate,
    /// The last day on which it still orders.
    pub until: NaiveDate,
    /// Wants every price below cost, and gets some.
    pub hard_bargainer: bool,
    /// Names no invoice when it pays.
    pub silent_payer: bool,
    pub owner: String,
    pub incoming: IncomingCustomer,
}

const INDUSTRIES: &[&str] = &[
    "automotive",
    "machinery",
    "food",
    "packaging",
    "energy",
    "medical",
];

/// The customer with a number; the same whatever the number of customers.
pub fn customer(seed: u64, number: usize, today: NaiveDate) -> Customer {
    let mut random = Random::new(seed, number as u64);
    let country = Country::any(&mut random);
    let class = random.weighted(&[
        (2, Class::Key),
        (11, Class::Large),
        (29, Class::Medium),
        (38, Class::Small),
        (20, Class::Person),
    ]);
    let temper = random.weighted(&[
        (38, Temper::Early),
        (30, Temper::Punctual),
        (21, Temper::Late),
        (8, Temper::VeryLate),
        (3, Temper::Defaulting),
    ]);
    let since = later(today, -random.between(60, 4_200));
    let leaves = random.chance(14) && class != Class::Key;
    let until = if leaves {
        later(today, -random.between(90, 800))
    } else {
        today
    };
    let owner = format!("AM-{:02}", random.between(1, 12));
    let incoming = profile(seed, number, class, country, &mut random);
    Customer {
        number,
        class,
        temper,
        since,
        until: until.max(since),
        hard_bargainer: random.chance(7),
        silent_payer: random.chance(10),
        incoming: IncomingCustomer {
            since: Change::Set(since),
            owner: Change::Set(owner.clone()),
            ..incoming
        },
        owner,
    }
}

fn profile(
    seed: u64,
    number: usize,
    class: Class,
    country: &Country,
    random: &mut Random,
) -> IncomingCustomer {
    let person = class == Class::Person;
    let (name, email) = if person {
        let name = country.person(random);
        let email = format!("{}.{number}@mail.example", slug(&name).replace('-', "."));
        (name, email)
    } else {
        let name = country.organisation(random);
        let email = format!("einkauf@{}-{number}.example", slug(&name));
        (name, email)
    };
    IncomingCustomer {
        external: ExternalRef {
            system: SYSTEM.to_owned(),
            id: external_id(number),
        },
        kind: Some(if person {
            CustomerKind::Person
        } else {
            CustomerKind::Organisation
        }),
        name: Change::Set(name),
        email: Change::Set(email),
        owner: Change::Keep,
        since: Change::Keep,
        attributes: attributes(class, country, random),
        phones: Some(vec![phone(seed, number)]),
    }
}

/// The id in the demo's ERP: `C-1001` is the first.
pub fn external_id(number: usize) -> String {
    format!("C-{}", 1001 + number)
}

/// One number in a hundred is that of a customer before: a shared switchboard, or a family's.
fn phone(seed: u64, number: usize) -> IncomingPhone {
    let whose = if number % 100 == 99 {
        number - 99
    } else {
        number
    };
    let country = Country::any(&mut Random::new(seed, whose as u64));
    let mut random = Random::new(seed, 2_000_000 + whose as u64);
    IncomingPhone {
        raw: country.phone(&mut random),
        region: Some(country.code.to_owned()),
    }
}

fn attributes(
    class: Class,
    country: &Country,
    random: &mut Random,
) -> BTreeMap<String, Option<AttributeValue>> {
    let text = |word: &str| AttributeValue::Text(word.to_owned());
    let mut known = vec![
        ("country", text(country.code)),
        ("region", text(random.pick(country.regions))),
    ];
    if class != Class::Person {
        let (size, profit) = match class {
            Class::Key => ("large", random.between(2_000, 60_000)),
            Class::Large => ("large", random.between(-500, 9_000)),
            Class::Medium => ("medium", random.between(-300, 1_200)),
            _ => ("small", random.between(-60, 250)),
        };
        known.push(("size", text(size)));
        known.push(("industry", text(random.pick(INDUSTRIES))));
        let listed = class == Class::Key && random.chance(60) || random.chance(2);
        known.push(("listed", AttributeValue::Flag(listed)));
        if random.chance(80) {
            known.push((
                "annual_profit",
                AttributeValue::Number((profit * 1_000).into()),
            ));
        }
    }
    known
        .into_iter()
        .map(|(code, value)| (code.to_owned(), Some(value)))
        .collect()
}
