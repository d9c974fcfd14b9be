//! The look-ups that are measured, each with many different customers.

use crate::company::{self, SYSTEM};
use crate::draws::Draws;
use crate::ground::Ground;
use crate::wire::request;
use serde_json::json;

/// One kind of look-up with its requests, as bytes.
pub struct Kind {
    pub name: &'static str,
    pub requests: Vec<Vec<u8>>,
}

/// Different requests of a kind; of large ones fewer, so that the driver stays small.
const MANY: u64 = 8_192;
const FEW: u64 = 256;

pub fn kinds(ground: Ground, token: &str) -> Vec<Kind> {
    let kind = |name, count, of: &dyn Fn(&mut Draws, &str, u64) -> Vec<u8>| {
        let mut draws = Draws::new(7, count);
        let mut one = || {
            let number = draws.below(ground.customers);
            of(&mut draws, token, number)
        };
        Kind {
            name,
            requests: (0..count).map(|_| one()).collect(),
        }
    };
    vec![
        kind("discount, GET", MANY, &flat_discount),
        kind("discount, 3 lines", MANY, &|draws, token, number| {
            discount(draws, token, number, 3)
        }),
        kind("discount, 200 lines", FEW, &|draws, token, number| {
            discount(draws, token, number, 200)
        }),
        kind("credit terms", MANY, &credit_terms),
        kind("routing", MANY, &routing),
    ]
}

fn get(token: &str, path: &str) -> Vec<u8> {
    let bearer = format!("Bearer {token}");
    request("GET", path, &[("Authorization", &bearer)], None)
}

fn flat_discount(draws: &mut Draws, token: &str, number: u64) -> Vec<u8> {
    let (id, sku) = (company::external_id(number), company::sku(draws.next()));
    let quantity = draws.between(1, 60);
    get(
        token,
        &format!(
            "/v1/decisions/discount?customer={SYSTEM}:{id}&sku={sku}&qty={quantity}&list=100.00&cost=62.00&currency=EUR"
        ),
    )
}

fn discount(draws: &mut Draws, token: &str, number: u64, lines: usize) -> Vec<u8> {
    let lines = (1..=lines).map(|line| {
        json!({
            "line_id": line.to_string(),
            "sku": company::sku(draws.next()),
            "quantity": draws.between(1, 60).to_string(),
            "list_unit_price": format!("{}.00", draws.between(20, 400)),
            "unit_cost": "12.40",
        })
    });
    let body = json!({
        "customer": {"external": {"system": SYSTEM, "id": company::external_id(number)}},
        "currency": "EUR",
        "lines": lines.collect::<Vec<_>>(),
    });
    let bearer = format!("Bearer {token}");
    let body = body.to_string();
    request(
        "POST",
        "/v1/decisions/discount",
        &[("Authorization", &bearer)],
        Some(("application/json", &body)),
    )
}

fn credit_terms(_: &mut Draws, token: &str, number: u64) -> Vec<u8> {
    let id = company::external_id(number);
    let path = format!("/v1/customers/by-external/{SYSTEM}/{id}/credit-terms");
    get(token, &path)
}

fn routing(_: &mut Draws, token: &str, number: u64) -> Vec<u8> {
    let phone = company::phone(number).replace('+', "%2B");
    get(token, &format!("/v1/routing/lookup?caller={phone}"))
}
