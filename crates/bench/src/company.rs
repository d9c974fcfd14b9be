//! A small company as files, and what their columns mean: what every bench database grows from.

use crate::draws::Draws;
use crate::failure::Outcome;
use crate::place::Place;
use chrono::{Days, NaiveDate};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The system in which everything is known.
pub const SYSTEM: &str = "bench";
const PRODUCTS: u64 = 60;
const SEED: u64 = 20_260_101;
/// Orders lie in the days before today.
const PAST_DAYS: u64 = 420;

const CUSTOMERS: &str = r#"
[source]
system = "bench"
[defaults]
date = ["%Y-%m-%d"]
[[customer]]
external_id = { column = "customer" }
kind = { constant = "organisation" }
name = { column = "name" }
since = { column = "since" }
owner = { column = "manager" }
[[customer.phones]]
number = { column = "phone" }
region = { constant = "DE" }
[customer.attributes.country]
type = "text"
value = { constant = "DE" }
[customer.attributes.size]
type = "text"
value = { column = "size" }
"#;

const PRODUCT_LIST: &str = r#"
[source]
system = "bench"
[defaults]
date = ["%Y-%m-%d"]
[[product]]
sku = { column = "sku" }
name = { column = "name" }
category = { column = "category" }
list_price = { column = "list_price" }
[product.cost]
value = { column = "cost" }
from = { constant = "2020-01-01" }
"#;

const LINE: &str = r#"
[source]
system = "bench"
[defaults]
date = ["%Y-%m-%d"]
[[fact]]
kind = "order_line"
external_id = { column = "order" }
customer = { column = "customer" }
occurred_on = { column = "ordered_on" }
document = { kind = "sales_order", id = { column = "order" } }
status = { constant = "closed" }
sku = { column = "sku" }
quantity = { column = "quantity" }
amount = { product = [{ column = "quantity" }, { column = "unit_price" }] }
"#;

const BILL: &str = r#"
[[fact]]
kind = "invoice"
external_id = { join = [{ constant = "I" }, { column = "order" }], with = "-" }
customer = { column = "customer" }
occurred_on = { column = "ordered_on" }
due_on = { column = "due_on" }
document = { kind = "invoice", id = { column = "order" } }
status = { constant = "open" }
amount = { product = [{ column = "quantity" }, { column = "unit_price" }] }
[[fact]]
kind = "payment"
when = [{ value = { column = "paid_on" }, present = true }]
external_id = { join = [{ constant = "P" }, { column = "order" }], with = "-" }
customer = { column = "customer" }
occurred_on = { column = "paid_on" }
document = { kind = "payment", id = { column = "order" } }
follows = { kind = "invoice", id = { column = "order" } }
status = { constant = "closed" }
amount = { product = [{ column = "quantity" }, { column = "unit_price" }] }
"#;

/// A file and the mapping that says what is in it.
#[derive(Debug, Clone)]
pub struct Sheet {
    file: PathBuf,
    mapping: PathBuf,
    pub rows: u64,
}

impl Sheet {
    fn write(folder: &Path, name: &str, mapping: &str, text: &str) -> Outcome<Self> {
        let sheet = Self {
            file: folder.join(format!("{name}.csv")),
            mapping: folder.join(format!("{name}.toml")),
            rows: text.lines().count().saturating_sub(1) as u64,
        };
        std::fs::write(&sheet.file, text)?;
        std::fs::write(&sheet.mapping, mapping)?;
        Ok(sheet)
    }

    /// Imports the file on the command line.
    pub fn import(&self, place: &Place) -> Outcome<()> {
        let (file, mapping) = (self.file.to_string_lossy(), self.mapping.to_string_lossy());
        let call = ["import", &file, "--map", &mapping, "--json"];
        let counts: serde_json::Value = serde_json::from_str(&place.tiercel(&call)?)?;
        if counts["created"] == self.rows {
            return Ok(());
        }
        Err(crate::Failure::new(format!("{file}: {counts}")))
    }
}

/// The customer of a number: what look-ups call it.
pub fn external_id(number: u64) -> String {
    format!("C-{number:07}")
}

/// The one phone number of a customer.
pub fn phone(number: u64) -> String {
    format!("+49151{number:08}")
}

pub fn sku(number: u64) -> String {
    format!("SKU-{:03}", number % PRODUCTS)
}

pub fn products(folder: &Path) -> Outcome<Sheet> {
    let mut text = "sku,name,category,list_price,cost\n".to_owned();
    for number in 0..PRODUCTS {
        let (sku, price) = (sku(number), 20 + number * 7);
        let (category, cost) = (
            ["drives", "sensors", "tools"][number as usize % 3],
            price / 2,
        );
        let _ = writeln!(
            text,
            "{sku},Article {number},{category},{price}.00,{cost}.40"
        );
    }
    Sheet::write(folder, "products", PRODUCT_LIST, &text)
}

pub fn customers(folder: &Path, count: u64, today: NaiveDate) -> Outcome<Sheet> {
    let mut text = "customer,name,since,manager,phone,size\n".to_owned();
    for number in 0..count {
        let mut draws = Draws::new(SEED, number);
        let since = before(today, draws.between(100, 4_000));
        let manager = draws.below(40);
        let size = ["small", "medium", "large"][draws.below(3) as usize];
        let (id, phone) = (external_id(number), phone(number));
        let _ = writeln!(
            text,
            "{id},Customer {number} GmbH,{since},AM-{manager:02},{phone},{size}"
        );
    }
    Sheet::write(folder, "customers", CUSTOMERS, &text)
}

/// Orders of all customers in order of day; `paid` adds invoices and payments to each.
pub fn orders(
    folder: &Path,
    customers: u64,
    count: u64,
    today: NaiveDate,
    paid: bool,
) -> Outcome<Sheet> {
    let mut rows: Vec<(NaiveDate, String)> = (0..count)
        .map(|number| {
            let mut draws = Draws::new(SEED + 1, number);
            let customer = external_id(number % customers);
            let (day, sku) = (before(today, draws.below(PAST_DAYS)), sku(draws.next()));
            let (quantity, price) = (draws.between(1, 40), draws.between(20, 400));
            let due = day + Days::new(30);
            let settled = day + Days::new(draws.between(5, 70));
            let is_paid = settled <= today && draws.chance(90);
            let settled = if is_paid {
                settled.to_string()
            } else {
                String::new()
            };
            let row = format!(
                "O-{number:08},{customer},{day},{sku},{quantity},{price}.50,{due},{settled}"
            );
            (day, row)
        })
        .collect();
    rows.sort();
    let mut text = "order,customer,ordered_on,sku,quantity,unit_price,due_on,paid_on\n".to_owned();
    for (_, row) in rows {
        text.push_str(&row);
        text.push('\n');
    }
    let mapping = if paid {
        format!("{LINE}{BILL}")
    } else {
        LINE.to_owned()
    };
    Sheet::write(folder, "orders", &mapping, &text)
}

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}
