//! One order: its lines, what was delivered and billed, what came back, and how it was paid.

use super::catalogue::Product;
use super::customers::{Class, Customer, SYSTEM, Temper, external_id};
use super::random::{Random, later};
use chrono::NaiveDate;
use tiercel_domain::fact::{DocumentRef, DocumentStatus, FactKind};
use tiercel_domain::incoming::{CustomerRef, ExternalRef, IncomingFact};
use tiercel_domain::scaled::{Amount, Quantity};

/// A fact about a customer with nothing but its kind and day.
pub fn fact(customer: &Customer, id: &str, kind: FactKind, on: NaiveDate) -> IncomingFact {
    let external = ExternalRef {
        system: SYSTEM.to_owned(),
        id: external_id(customer.number),
    };
    IncomingFact {
        source: SYSTEM.to_owned(),
        external_id: id.to_owned(),
        customer: CustomerRef::External(external),
        kind,
        occurred_on: on,
        document: None,
        follows: None,
        status: DocumentStatus::Closed,
        sku: None,
        category: None,
        quantity: None,
        amount: None,
        currency: None,
        cost: None,
        due_on: None,
        rating: None,
        severity: None,
        minutes: None,
        channel: None,
        author: None,
        note: None,
    }
}

pub fn cents(cents: i64) -> Option<Amount> {
    Some(Amount::from_units(cents * 100))
}

fn pieces(count: i64) -> Option<Quantity> {
    Some(Quantity::from_units(count * 1_000_000))
}

fn document(kind: &str, id: &str, line: Option<usize>) -> Option<DocumentRef> {
    Some(DocumentRef {
        system: SYSTEM.to_owned(),
        kind: kind.to_owned(),
        id: id.to_owned(),
        line: line.map(|line| line.to_string()),
    })
}

/// A line as it was agreed.
struct Line<'a> {
    product: &'a Product,
    count: i64,
    /// Net value in cents.
    net: i64,
}

/// An order under way.
pub struct Order<'a> {
    customer: &'a Customer,
    /// What its documents have in common: `1001-007`.
    name: String,
    on: NaiveDate,
    today: NaiveDate,
    lines: Vec<Line<'a>>,
}

impl<'a> Order<'a> {
    pub fn new(
        customer: &'a Customer,
        number: usize,
        on: NaiveDate,
        today: NaiveDate,
        products: &'a [Product],
        random: &mut Random,
    ) -> Self {
        let (most, low, high) = match customer.class {
            Class::Key => (4, 180_000, 1_400_000),
            Class::Large => (3, 90_000, 600_000),
            Class::Medium => (3, 30_000, 220_000),
            Class::Small => (2, 8_000, 60_000),
            Class::Person => (2, 2_500, 18_000),
        };
        let lines = (0..random.between(1, most))
            .map(|_| Line::agree(customer, random.between(low, high), products, random))
            .collect();
        let name = format!("{}-{number:03}", 1001 + customer.number);
        Self {
            customer,
            name,
            on,
            today,
            lines,
        }
    }

    /// Every fact of the order that has happened by today.
    pub fn facts(&self, random: &mut Random) -> Vec<IncomingFact> {
        let cancelled = random.chance(2);
        let delivered_on = later(self.on, random.between(1, 16));
        let is_open = delivered_on > self.today;
        let status = match (cancelled, is_open) {
            (true, _) => DocumentStatus::Cancelled,
            (false, true) => DocumentStatus::Open,
            (false, false) => DocumentStatus::Closed,
        };
        let mut facts: Vec<_> = (1..)
            .zip(&self.lines)
            .map(|(n, l)| self.line(n, l, status))
            .collect();
        if cancelled || is_open {
            return facts;
        }
        let cut = if self.lines.len() > 1 && random.chance(12) {
            1
        } else {
            self.lines.len()
        };
        let (first, second) = self.lines.split_at(cut);
        self.deliver(1, first, delivered_on, random, &mut facts);
        if !second.is_empty() {
            let rest_on = later(delivered_on, random.between(5, 25));
            self.deliver(2, second, rest_on, random, &mut facts);
        }
        facts.retain(|fact| fact.occurred_on <= self.today);
        facts
    }

    fn line(&self, number: usize, line: &Line<'_>, status: DocumentStatus) -> IncomingFact {
        let id = format!("SO-{}/{number}", self.name);
        IncomingFact {
            document: document("sales_order", &format!("SO-{}", self.name), Some(number)),
            status,
            sku: Some(line.product.sku.clone()),
            quantity: pieces(line.count),
            amount: cents(line.net),
            channel: Some(
                if self.customer.number.is_multiple_of(3) {
                    "edi"
                } else {
                    "web"
                }
                .to_owned(),
            ),
            author: Some(self.customer.owner.clone()),
            ..fact(self.customer, &id, FactKind::OrderLine, self.on)
        }
    }

    /// A delivery, its invoice, and what follows from both.
    fn deliver(
        &self,
        part: usize,
        lines: &[Line<'_>],
        on: NaiveDate,
        random: &mut Random,
        out: &mut Vec<IncomingFact>,
    ) {
        let name = format!("{}-{part}", self.name);
        let net: i64 = lines.iter().map(|line| line.net).sum();
        let order = document("sales_order", &format!("SO-{}", self.name), None);
        let delivery = format!("DN-{name}");
        out.push(IncomingFact {
            document: document("delivery", &delivery, None),
            follows: order,
            amount: cents(net),
            ..fact(self.customer, &delivery, FactKind::Delivery, on)
        });
        let invoice = format!("INV-{name}");
        let invoiced_on = later(on, random.between(0, 2));
        let terms = self.terms_in_days();
        let due_on = later(invoiced_on, terms);
        let credited = self.give_back(&name, lines, on, random, out);
        let payment = self.pays_on(invoiced_on, due_on, random);
        let disputed = credited.is_some() && payment.is_none();
        out.push(IncomingFact {
            document: document("invoice", &invoice, None),
            follows: document("delivery", &delivery, None),
            status: match payment {
                Some(_) => DocumentStatus::Closed,
                None if disputed => DocumentStatus::Disputed,
                None => DocumentStatus::Open,
            },
            amount: cents(net),
            due_on: Some(due_on),
            ..fact(self.customer, &invoice, FactKind::Invoice, invoiced_on)
        });
        if let Some(paid_on) = payment {
            // A credit note that is known by then is taken off.
            let off = credited
                .filter(|(on, _)| *on <= paid_on)
                .map_or(0, |(_, cents)| cents);
            out.extend(self.payment(&name, &invoice, paid_on, net - off));
        }
    }

    fn payment(&self, name: &str, invoice: &str, on: NaiveDate, net: i64) -> Option<IncomingFact> {
        let id = format!("PAY-{name}");
        (net > 0).then(|| IncomingFact {
            document: document("payment", &id, None),
            follows: document("invoice", invoice, None).filter(|_| !self.customer.silent_payer),
            amount: cents(net),
            ..fact(self.customer, &id, FactKind::Payment, on)
        })
    }

    /// A return of part of one line, with its credit note: its day and cents.
    fn give_back(
        &self,
        name: &str,
        lines: &[Line<'_>],
        delivered_on: NaiveDate,
        random: &mut Random,
        out: &mut Vec<IncomingFact>,
    ) -> Option<(NaiveDate, i64)> {
        let likely = if self.customer.hard_bargainer { 12 } else { 4 };
        if !random.chance(likely) {
            return None;
        }
        let line = lines.first()?;
        let count = random.between(1, line.count);
        let value = line.net * count / line.count;
        let on = later(delivered_on, random.between(2, 20));
        let rma = format!("RMA-{name}");
        out.push(IncomingFact {
            document: document("return", &rma, None),
            follows: document("sales_order", &format!("SO-{}", self.name), None),
            sku: Some(line.product.sku.clone()),
            quantity: pieces(count),
            amount: cents(value),
            ..fact(self.customer, &rma, FactKind::Return, on)
        });
        let note = format!("CN-{name}");
        let credited_on = later(on, random.between(1, 6));
        out.push(IncomingFact {
            document: document("credit_note", &note, None),
            follows: document("invoice", &format!("INV-{name}"), None),
            amount: cents(value),
            ..fact(self.customer, &note, FactKind::CreditNote, credited_on)
        });
        Some((credited_on, value))
    }

    const fn terms_in_days(&self) -> i64 {
        match self.customer.class {
            Class::Key => 60,
            Class::Large | Class::Medium => 30,
            Class::Small => 14,
            Class::Person => 7,
        }
    }

    /// The day of payment; none where it has not come yet.
    fn pays_on(
        &self,
        invoiced_on: NaiveDate,
        due_on: NaiveDate,
        random: &mut Random,
    ) -> Option<NaiveDate> {
        let paid_on = match self.customer.temper {
            Temper::Early => later(invoiced_on, random.between(2, self.terms_in_days())),
            Temper::Punctual => later(due_on, random.between(-6, 1)),
            Temper::Late => later(due_on, random.between(-5, 24)),
            Temper::VeryLate => later(due_on, random.between(4, 80)),
            Temper::Defaulting if random.chance(25) => return None,
            Temper::Defaulting => later(due_on, random.between(10, 150)),
        };
        Some(paid_on.max(invoiced_on)).filter(|day| *day <= self.today)
    }
}

impl<'a> Line<'a> {
    /// A line of about `target` cents, at the price this customer gets.
    fn agree(
        customer: &Customer,
        target: i64,
        products: &'a [Product],
        random: &mut Random,
    ) -> Self {
        let product = affordable(customer, target, products, random);
        let count = (target / product.list.max(1)).clamp(1, 400);
        let discount = match customer.class {
            _ if customer.hard_bargainer => random.between(300, 560),
            Class::Key => random.between(140, 270),
            Class::Large => random.between(80, 220),
            Class::Medium => random.between(20, 150),
            Class::Small | Class::Person => random.between(0, 60),
        };
        let net = (product.list * count * (1_000 - discount) + 500) / 1_000;
        Self {
            product,
            count,
            net,
        }
    }
}

/// Customers keep to a part of the assortment, and buy nothing far above what they spend.
fn affordable<'a>(
    customer: &Customer,
    target: i64,
    products: &'a [Product],
    random: &mut Random,
) -> &'a Product {
    let mut chosen = &products[random.place(products.len())];
    for _ in 0..12 {
        let familiar = chosen
            .sku
            .as_bytes()
            .first()
            .map_or(0, |letter| usize::from(*letter))
            % 3
            != customer.number % 3;
        if familiar && chosen.list <= target {
            break;
        }
        let other = &products[random.place(products.len())];
        if other.list <= target || other.list < chosen.list {
            chosen = other;
        }
    }
    chosen
}
