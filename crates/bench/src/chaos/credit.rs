//! Those who authorise orders and commit them: never beyond a limit, never twice.

use super::scene::{DEBTORS, Order, SYSTEM, Scene};
use super::writers::money;
use crate::failure::{Failure, Outcome};
use serde_json::json;

/// Authorises one order after the other and commits what was approved.
pub async fn authorize_and_commit(scene: &Scene, cycle: u64, actor: u64) -> Outcome<()> {
    let mut client = scene.client(cycle, 20 + actor);
    for turn in 0_u64.. {
        if scene.stop.get() {
            break;
        }
        let document = format!("SO-{cycle}-{actor}-{turn}");
        let (customer, _) = DEBTORS[client.draws.below(DEBTORS.len() as u64) as usize];
        let cents = client.draws.between(1_00, 90_00);
        let body = json!({
            "customer": {"external": {"system": SYSTEM, "id": customer}},
            "amount": money(cents), "currency": "EUR",
            "document": {"system": SYSTEM, "type": "sales_order", "id": document},
        });
        let (key, body) = (format!("chaos-{document}"), body.to_string());
        let answer = client
            .write("/v1/credit/authorizations", &key, &body)
            .await?
            .expect(&[200, 201], "authorization")?;
        let approved = answer.status == 201;
        if approved {
            let location = answer.location.clone();
            let location = location.ok_or_else(|| Failure::new("no Location"))?;
            let body = json!({"amount": money(cents), "stage": "ordered", "final": true});
            let (path, key) = (format!("{location}/commit"), format!("{key}-commit"));
            let done = client.write(&path, &key, &body.to_string()).await?;
            done.expect(&[200], "commit")?;
        }
        let order = Order {
            customer,
            cents,
            approved,
        };
        scene.told.borrow_mut().orders.insert(document, order);
        client.breathe().await;
    }
    Ok(())
}
