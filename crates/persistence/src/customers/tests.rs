//! Batches, and what erasing leaves in the files.

use super::*;
use crate::test_store::{open, writing};
use crate::{DbError, Refused, Store, Written};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::{Change, ExternalRef, IncomingCustomer, IncomingPhone};
use tiercel_domain::profile::AttributeValue;

fn incoming(id: &str, name: &str) -> IncomingCustomer {
    IncomingCustomer {
        external: ExternalRef {
            system: "erp".into(),
            id: id.into(),
        },
        kind: None,
        name: Change::Set(name.into()),
        email: Change::Set(format!("{}@example.com", name.replace(" ", "."))),
        owner: Change::Keep,
        since: Change::Keep,
        attributes: BTreeMap::new(),
        phones: Some(vec![IncomingPhone {
            raw: format!("030 {name}"),
            region: None,
        }]),
    }
}

async fn put(store: &Store, all: &[IncomingCustomer]) -> Vec<Upserted> {
    let change = async |tx: &crate::Tx| Ok::<_, DbError>((upsert(tx, all, "DE").await?, None));
    match store.write(&writing(), change).await.unwrap() {
        Written::Fresh { value, .. } => value,
        other => panic!("{other:?}"),
    }
}

fn done(outcome: &Upserted) -> (CustomerId, Outcome, i64) {
    match outcome {
        Upserted::Done {
            id,
            outcome,
            version,
        } => (*id, *outcome, *version),
        Upserted::Rejected(faults) => panic!("{faults:?}"),
    }
}

#[tokio::test]
async fn a_batch_applies_in_order_and_writes_only_what_changed() {
    let (_dir, store) = open().await;
    let mut odd = incoming("2", "Berta");
    let text = AttributeValue::Text("huge".into());
    odd.attributes.insert("size".into(), Some(text.clone()));
    odd.attributes.insert("shoe".into(), Some(text));
    let first = put(
        &store,
        &[incoming("1", "Anna"), odd, incoming("1", "Anna B")],
    )
    .await;
    let (id, created, version) = done(&first[0]);
    assert_eq!((created, version), (Outcome::Created, 1));
    let Upserted::Rejected(faults) = &first[1] else {
        panic!("{first:?}")
    };
    let codes: Vec<&str> = faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["unknown_attribute", "not_allowed"]);
    assert_eq!(done(&first[2]), (id, Outcome::Updated, 1));

    let again = put(&store, &[incoming("1", "Anna B")]).await;
    assert_eq!(done(&again[0]), (id, Outcome::Unchanged, 1));
    let changed = put(&store, &[incoming("1", "Anna C")]).await;
    assert_eq!(done(&changed[0]), (id, Outcome::Updated, 2));
    let past = history(&store, id, None, 10).await.unwrap();
    let names: Vec<_> = past.iter().map(|past| past.content.name.clone()).collect();
    assert_eq!(names, [Some("Anna C".into()), Some("Anna B".into())]);
}

#[tokio::test]
async fn nothing_personal_is_left_in_the_files_of_an_erased_customer() {
    let (dir, store) = open().await;
    let everyone = |round: u32| -> Vec<_> {
        (0..300)
            .map(|n| incoming(&n.to_string(), &format!("Kanari{n}x{round}x")))
            .collect()
    };
    let ids: Vec<CustomerId> = put(&store, &everyone(0))
        .await
        .iter()
        .map(|one| done(one).0)
        .collect();
    for round in 1..4 {
        put(&store, &everyone(round)).await;
    }
    for id in &ids {
        let change = async |tx: &crate::Tx| Ok::<_, Refused>((erase(tx, *id).await?, None));
        store.write(&writing(), change).await.unwrap();
    }
    scrub(&store).await.unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let hit = bytes.windows(6).position(|window| window == b"Kanari");
        assert_eq!(hit, None, "{}", path.display());
    }
    let back = put(&store, &everyone(9)).await;
    assert!(back.iter().all(
        |one| matches!(one, Upserted::Rejected(faults) if faults[0].code == "customer_erased")
    ));
    assert!(ids_after(&store, None, 10).await.unwrap().is_empty());
    let profiles = profiles(&store, &BTreeSet::from([ids[0]]), None)
        .await
        .unwrap();
    assert_eq!(profiles.len(), 1);
}
