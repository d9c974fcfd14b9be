//! Three years of one customer.

use super::catalogue::Product;
use super::customers::{Class, Customer};
use super::order::{Order, cents, fact};
use super::random::{Random, later};
use chrono::{Datelike, NaiveDate};
use tiercel_domain::fact::FactKind;
use tiercel_domain::incoming::IncomingFact;
use tiercel_domain::period::days_between;
use tiercel_domain::scaled::Amount;

/// How long the story goes back.
const DAYS: i64 = 3 * 365;

/// How busy each month is, of 125.
const SEASON: [i64; 12] = [80, 88, 112, 100, 96, 108, 84, 70, 112, 118, 125, 74];

const COMPLAINTS: &[&str] = &[
    "Delivered two days late",
    "One carton damaged on arrival",
    "Wrong quantity in the delivery",
    "Invoice does not match the offer",
    "Part failed after a week",
];

/// The customer's facts in order of day; the same for the same seed.
pub fn facts(
    seed: u64,
    customer: &Customer,
    today: NaiveDate,
    products: &[Product],
) -> Vec<IncomingFact> {
    let mut random = Random::new(seed, 3_000_000 + customer.number as u64);
    let from = later(today, -DAYS).max(customer.since);
    let mut told = Vec::new();
    for (number, on) in (1..).zip(order_days(customer, from, &mut random)) {
        let order = Order::new(customer, number, on, today, products, &mut random);
        told.extend(order.facts(&mut random));
        if random.chance(if customer.hard_bargainer { 9 } else { 3 }) {
            told.push(complaint(customer, number, later(on, 20), &mut random));
        }
    }
    contacts(customer, from, &mut random, &mut told);
    ratings(customer, from, &mut random, &mut told);
    told.retain(|fact| fact.occurred_on <= today);
    told.sort_by(|one, other| {
        (one.occurred_on, &one.external_id).cmp(&(other.occurred_on, &other.external_id))
    });
    told
}

/// The days on which the customer orders: by its size, more in busy months.
fn order_days(customer: &Customer, from: NaiveDate, random: &mut Random) -> Vec<NaiveDate> {
    let (low, high) = match customer.class {
        Class::Key => (14, 22),
        Class::Large => (5, 9),
        Class::Medium => (2, 4),
        Class::Small => (1, 2),
        Class::Person => (0, 2),
    };
    let span = days_between(from, customer.until).max(0);
    let orders = random.between(low, high) * span / 365 + random.between(0, 1);
    let mut days: Vec<_> = (0..orders).map(|_| busy_day(from, span, random)).collect();
    days.sort_unstable();
    days
}

fn busy_day(from: NaiveDate, span: i64, random: &mut Random) -> NaiveDate {
    let mut day = from;
    for _ in 0..6 {
        day = later(from, random.between(0, span));
        let season = SEASON.get(day.month0() as usize).copied().unwrap_or(125);
        let weekend = day.weekday().number_from_monday() > 5;
        if !weekend && random.between(1, 125) <= season {
            break;
        }
    }
    day
}

fn complaint(
    customer: &Customer,
    number: usize,
    on: NaiveDate,
    random: &mut Random,
) -> IncomingFact {
    let id = format!("CASE-{}-{number:03}", 1001 + customer.number);
    IncomingFact {
        severity: Some(random.weighted(&[(30, 1), (30, 2), (22, 3), (12, 4), (6, 5)])),
        channel: Some(random.pick(&["phone", "email", "web"]).to_owned()),
        note: Some(random.pick(COMPLAINTS).to_owned()),
        ..fact(customer, &id, FactKind::Complaint, on)
    }
}

/// Talks with staff, and the visits among them that cost money.
fn contacts(
    customer: &Customer,
    from: NaiveDate,
    random: &mut Random,
    out: &mut Vec<IncomingFact>,
) {
    let a_year = match customer.class {
        Class::Key => 10,
        Class::Large => 5,
        Class::Medium => 2,
        Class::Small | Class::Person => 1,
    };
    let span = days_between(from, customer.until).max(0);
    for number in 1..=random.between(0, a_year + a_year / 2) * span / 365 {
        let on = busy_day(from, span, random);
        let id = format!("ACT-{}-{number:03}", 1001 + customer.number);
        let visit = matches!(customer.class, Class::Key | Class::Large) && random.chance(20);
        out.push(IncomingFact {
            minutes: u32::try_from(random.between(3, if visit { 180 } else { 40 })).ok(),
            channel: Some(if visit { "visit" } else { "phone" }.to_owned()),
            author: Some(customer.owner.clone()),
            ..fact(customer, &id, FactKind::Contact, on)
        });
        if visit {
            out.push(IncomingFact {
                amount: cents(random.between(6_000, 48_000)),
                author: Some(customer.owner.clone()),
                ..fact(customer, &format!("EXP-{id}"), FactKind::Expense, on)
            });
        }
    }
}

/// Account managers rate organisations from 1 to 5, the larger ones more often.
fn ratings(customer: &Customer, from: NaiveDate, random: &mut Random, out: &mut Vec<IncomingFact>) {
    let every_days = match customer.class {
        Class::Key => 120,
        Class::Large => 180,
        Class::Medium => 365,
        Class::Small => 730,
        Class::Person => return,
    };
    let mood = random.between(2, 5);
    let mut on = later(from, random.between(10, every_days));
    while on <= customer.until {
        let rating = (mood + random.between(-1, 1)).clamp(1, 5);
        let id = format!("RAT-{}-{on}", 1001 + customer.number);
        out.push(IncomingFact {
            rating: Some(Amount::from_units(rating * 10_000)),
            author: Some(customer.owner.clone()),
            ..fact(customer, &id, FactKind::StaffRating, on)
        });
        on = later(on, every_days);
    }
}
