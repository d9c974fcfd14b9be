//! Those who create customers, tell and correct facts, and change limits: each write under a key.

use super::scene::{BUYERS, Fact, LIMITED, SYSTEM, Scene};
use crate::failure::Outcome;
use serde_json::json;

/// Creates customers; only the name tells one from the other, so a second effect would show.
pub async fn customers(scene: &Scene, cycle: u64) -> Outcome<()> {
    let mut client = scene.client(cycle, 1);
    for turn in 0_u64.. {
        if scene.stop.get() {
            break;
        }
        let name = format!("chaos-{cycle}-{turn}");
        let body = json!({"kind": "organisation", "name": name}).to_string();
        let answer = client.write("/v1/customers", &name, &body).await?;
        answer.expect(&[201], "customer")?;
        scene.told.borrow_mut().customers.push(name);
        client.breathe().await;
    }
    Ok(())
}

/// Tells facts and corrects some; gives some up without an answer.
pub async fn facts(scene: &Scene, cycle: u64, actor: u64) -> Outcome<()> {
    let mut client = scene.client(cycle, 10 + actor);
    let mut mine: Vec<String> = Vec::new();
    for turn in 0_u64.. {
        if scene.stop.get() {
            break;
        }
        let corrects = !mine.is_empty() && client.draws.chance(30);
        let fresh = format!("f-{cycle}-{actor}-{turn}");
        let known = client.draws.below(mine.len() as u64) as usize;
        let id = if corrects { mine[known].clone() } else { fresh };
        let cents = client.draws.between(100, 1_000_000);
        let key = format!("chaos-fact-{cycle}-{actor}-{turn}");
        let body = body(&id, cents);
        if !corrects && client.draws.chance(10) {
            let answer = client.try_once("/v1/facts", &key, &body).await?;
            let mut told = scene.told.borrow_mut();
            match answer {
                Some(answer) => {
                    let answer = answer.expect(&[201], "fact")?;
                    told.facts.insert(id.clone(), fact(&answer.json(), cents));
                    mine.push(id);
                }
                None => {
                    told.perhaps.insert(id, cents);
                }
            }
            continue;
        }
        let answer = client.write("/v1/facts", &key, &body).await?;
        let answer = answer.expect(&[200, 201], "fact")?.json();
        let told = fact(&answer, cents);
        scene.told.borrow_mut().facts.insert(id.clone(), told);
        if !corrects {
            mine.push(id);
        }
        client.breathe().await;
    }
    Ok(())
}

fn fact(answer: &serde_json::Value, cents: u64) -> Fact {
    Fact {
        id: answer["id"].as_str().unwrap_or_default().to_owned(),
        version: answer["version"].as_i64().unwrap_or_default(),
        cents,
    }
}

/// The customer and the day follow from the id, so a correction changes the amount only.
fn body(id: &str, cents: u64) -> String {
    let mixed = id.bytes().map(usize::from).sum::<usize>();
    let (customer, day) = (BUYERS[mixed % BUYERS.len()], mixed % 28 + 1);
    json!({
        "source": SYSTEM, "external_id": id, "kind": "order_line",
        "occurred_on": format!("2026-{:02}-{day:02}", mixed % 10 + 1),
        "customer": {"external": {"system": SYSTEM, "id": customer}},
        "status": "closed", "amount": money(cents), "currency": "EUR",
    })
    .to_string()
}

pub fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Changes a limit again and again; each change is a row, told apart by its reason.
pub async fn limits(scene: &Scene, cycle: u64) -> Outcome<()> {
    let mut client = scene.client(cycle, 2);
    let account = scene.accounts.get(LIMITED).cloned().unwrap_or_default();
    let path = format!("/v1/credit/accounts/{account}/limits");
    for turn in 0_u64.. {
        if scene.stop.get() {
            break;
        }
        let reason = format!("chaos-limit-{cycle}-{turn}");
        let amount = money(client.draws.between(100_000, 900_000));
        let body = json!({"kind": "base", "amount": amount, "reason": reason, "approver": "cfo"});
        let answer = client.write(&path, &reason, &body.to_string()).await?;
        answer.expect(&[201], "limit")?;
        scene.told.borrow_mut().limits.push(reason);
        client.breathe().await;
    }
    Ok(())
}
