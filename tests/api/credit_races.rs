//! Credit when many want it at once, and when the server dies in the middle.

use super::credit::{AUTHORIZE, balances, customer, give_limit, keyed, ledger_holds, order, same};
use crate::support::{Api, Database, Reply, Server, block_on, both};
use serde_json::{Value, json};
use std::time::Duration;

/// The same moment for all; answers in their order.
async fn at_once<T: Send + 'static>(
    calls: impl IntoIterator<Item: Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    answers
}

fn authorize(
    api: &Api,
    key: &str,
    body: Value,
) -> impl Future<Output = Reply> + Send + 'static + use<> {
    let (api, key) = (api.clone(), key.to_owned());
    async move { keyed(&api, AUTHORIZE, &key, body).await }
}

both!(
    a_hundred_callers_never_get_more_than_the_limit,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "250").await;
        let calls = (0..100).map(|place| {
            let (key, id) = (format!("k{place}"), format!("SO-{place}"));
            authorize(&api, &key, order("C-1", &id, "10.00"))
        });
        let mut outcomes = std::collections::BTreeMap::new();
        for reply in at_once(calls).await {
            assert!([200, 201].contains(&reply.status), "{}", reply.text);
            let outcome = reply.json["outcome"].as_str().unwrap().to_owned();
            *outcomes.entry((reply.status, outcome)).or_insert(0) += 1;
        }
        let expected = [
            ((200, "held".to_owned()), 75),
            ((201, "approved".to_owned()), 25),
        ];
        assert_eq!(outcomes, expected.into());
        assert_eq!(balances(&api, &account).await, same(("0.00", "250.00")));
        ledger_holds(&api, &account).await;
        let held = api
            .get("/v1/credit/holds?limit=200&status=open")
            .await
            .expect(200);
        assert_eq!(held.json["items"].as_array().unwrap().len(), 75);
    }
);

both!(
    one_of_two_orders_and_one_effect_of_twenty_retries,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "100").await;
        let two =
            at_once(["A", "B"].map(|id| authorize(&api, id, order("C-1", id, "60.00")))).await;
        let mut statuses: Vec<u16> = two.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201]);
        let refused = two.iter().find(|reply| reply.status == 200).unwrap();
        assert_eq!(refused.json["reasons"][0]["code"], "limit_exceeded");
        assert_eq!(refused.json["reasons"][0]["shortfall"], "20.00");
        assert_eq!(
            refused.json["remedies"][0],
            json!({"type": "prepay", "amount": "20.00", "payment_term": null})
        );
        assert_eq!(refused.json["remedies"][1]["amount"], "40.00");

        let body = order("C-1", "C", "5.00");
        let many = at_once((0..20).map(|_| authorize(&api, "same", body.clone()))).await;
        for reply in &many {
            assert_eq!((reply.status, &reply.text), (201, &many[0].text));
        }
        assert_eq!(balances(&api, &account).await, same(("0.00", "65.00")));
        let other = keyed(&api, AUTHORIZE, "same", order("C-1", "C", "6.00")).await;
        other.expect_problem(422, "idempotency-key-reused", &[]);
        // Declined once, declined for ever under the same key.
        let held = refused.json["document"]["id"].as_str().unwrap();
        let again = keyed(&api, AUTHORIZE, held, order("C-1", held, "60.00")).await;
        assert_eq!((again.status, &again.text), (200, &refused.text));
    }
);

both!(
    a_group_is_never_exceeded_by_its_members,
    async |server: &Server| {
        let api = server.admin();
        let body = json!({"name": "Holding", "currency": "EUR"});
        let group = keyed(&api, "/v1/credit/accounts", "g", body)
            .await
            .expect(201);
        let group = group.json["id"].as_str().unwrap().to_owned();
        give_limit(&api, &group, "100", "group limit").await;
        let mut members = Vec::new();
        for id in ["C-1", "C-2", "C-3", "C-4"] {
            let account = customer(&api, id, "1000").await;
            let path = format!("/v1/credit/accounts/{account}");
            let tag = api.get(&path).await.header("etag").to_owned();
            api.patch(&path, &tag, json!({"parent_id": group}))
                .await
                .expect(200);
            members.push(account);
        }
        let calls = (0..24).map(|place| {
            let (customer, id) = (format!("C-{}", place % 4 + 1), format!("SO-{place}"));
            authorize(&api, &id, order(&customer, &id, "10.00"))
        });
        let replies = at_once(calls).await;
        let approved = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(
            approved,
            10,
            "{:?}",
            replies.iter().map(|it| &it.text).next_back()
        );
        assert_eq!(balances(&api, &group).await, same(("0.00", "100.00")));
        ledger_holds(&api, &group).await;
        let held = replies.iter().find(|reply| reply.status == 200).unwrap();
        assert_eq!(held.json["reasons"][0]["code"], "group_limit_exceeded");

        // Who leaves takes its balances along.
        let path = format!("/v1/credit/accounts/{}", members[0]);
        let (_, mine) = balances(&api, &members[0]).await;
        let tag = api.get(&path).await.header("etag").to_owned();
        api.patch(&path, &tag, json!({"parent_id": null}))
            .await
            .expect(200);
        let rest = 100 - mine.replace(".00", "").parse::<i64>().unwrap();
        assert_eq!(balances(&api, &group).await.1, format!("{rest}.00"));
        ledger_holds(&api, &group).await;
    }
);

fn killed_in_the_middle(database: Option<Database>) {
    let Some(database) = database else { return };
    block_on(async {
        let mut server = Server::start(database).await;
        let token = server.database.token("admin");
        let api = server.bearing(&token);
        let account = customer(&api, "C-1", "1000000").await;
        let calls = (0..200).map(|place| {
            let api = api.clone();
            tokio::spawn(async move {
                let id = format!("SO-{place}");
                let sent = tokio::time::timeout(
                    Duration::from_secs(20),
                    api.try_keyed(AUTHORIZE, &id, order("C-1", &id, "10.00")),
                );
                sent.await
                    .ok()
                    .flatten()
                    .filter(|reply| reply.status == 201)
            })
        });
        let calls: Vec<_> = calls.collect();
        tokio::time::sleep(Duration::from_millis(400)).await;
        server.crash_and_restart();
        let mut acknowledged = 0;
        for call in calls {
            acknowledged += usize::from(call.await.unwrap().is_some());
        }
        let api = server.bearing(&token);
        let mut kept = 0;
        let mut path = format!("{AUTHORIZE}?limit=200");
        loop {
            let page = api.get(&path).await.expect(200).json;
            kept += page["items"].as_array().unwrap().len();
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = format!("{AUTHORIZE}?limit=200&after={next}");
        }
        assert!(kept >= acknowledged, "{kept} of {acknowledged}");
        let pending = format!("{}.00", kept * 10);
        assert_eq!(balances(&api, &account).await, ("0.00".to_owned(), pending));
        ledger_holds(&api, &account).await;
    });
}

#[test]
fn a_crash_leaves_no_half_reservation_on_sqlite() {
    killed_in_the_middle(Some(Database::sqlite()));
}

#[test]
fn a_crash_leaves_no_half_reservation_on_postgres() {
    killed_in_the_middle(Database::postgres());
}
