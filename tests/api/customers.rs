//! Customers, contacts, attributes, groups and phones over HTTP.

use crate::support::{Api, Reply, Server, both};
use reqwest::Method;
use serde_json::json;

async fn create(api: &Api, body: serde_json::Value) -> Reply {
    api.post("/v1/customers", body).await.expect(201)
}

both!(
    a_customer_is_created_found_changed_and_remembered,
    async |server: &Server| {
        let api = server.admin();
        let made = create(&api, json!({
        "kind": "organisation", "name": "Muster GmbH", "email": "a@muster.example", "since": "2019-04-01",
        "attributes": {"size": "medium", "country": "DE", "annual_profit": "1250000.50", "listed": true},
        "phones": [{"number": "030 901820"}, {"number": "4711"}],
        "external_ids": [{"system": "erp", "id": "10/42"}],
    })).await;
        let path = made.header("location").to_owned();
        assert_eq!(made.header("etag"), "\"v1\"");
        assert_eq!(made.json["phones"][0]["e164"], "+4930901820");
        assert_eq!(made.json["phones"][1]["valid"], false);
        assert_eq!(made.json["attributes"]["annual_profit"], "1250000.5");
        let found = api
            .get("/v1/customers/by-external/erp/10%2F42")
            .await
            .expect(200);
        assert_eq!(found.json, made.json);

        api.send(Method::PATCH, &path, Some(json!({})), &[])
            .await
            .expect_problem(428, "precondition-required", &[]);
        api.patch(&path, "\"v9\"", json!({}))
            .await
            .expect_problem(412, "stale", &[]);
        let merge = [
            ("if-match", "\"v1\""),
            ("content-type", "application/merge-patch+json"),
        ];
        let body = json!({"name": "Muster AG", "email": null, "attributes": {"size": null}});
        let changed = api
            .send(Method::PATCH, &path, Some(body), &merge)
            .await
            .expect(200);
        assert_eq!(changed.header("etag"), "\"v2\"");
        assert_eq!(changed.json["email"], json!(null));
        assert_eq!(changed.json["attributes"]["country"], "DE");
        assert!(changed.json["attributes"].get("size").is_none());
        let same = api
            .patch(&path, "\"v2\"", json!({"name": "Muster AG"}))
            .await
            .expect(200);
        assert_eq!(same.header("etag"), "\"v2\"");

        let past = api
            .get(&format!("{path}/history?limit=1"))
            .await
            .expect(200);
        assert_eq!(past.json["items"][0]["name"], "Muster AG");
        assert!(past.header("link").contains("rel=\"next\""));
        let next = past.json["next"].as_str().unwrap();
        let past = api
            .get(&format!("{path}/history?limit=1&after={next}"))
            .await
            .expect(200);
        assert_eq!(past.json["items"][0]["name"], "Muster GmbH");
        assert_eq!(past.json["next"], json!(null));

        let invalid = api.get("/v1/phones?valid=false").await.expect(200);
        assert_eq!(invalid.json["items"].as_array().unwrap().len(), 1);
        for (query, hits) in [
            ("kind=organisation&count=true", 1),
            ("kind=person", 0),
            ("attribute=country:DE", 1),
            ("attribute=country:D", 0),
            ("attribute=listed:true", 1),
            ("external=erp:10/42", 1),
            ("owner=nobody", 0),
            ("attribute=annual_profit:1250000.500", 1),
            ("tier=high", 0),
        ] {
            let page = api.get(&format!("/v1/customers?{query}")).await.expect(200);
            assert_eq!(
                page.json["items"].as_array().unwrap().len(),
                hits,
                "{query}"
            );
        }
        api.get("/v1/customers?colour=red")
            .await
            .expect_problem(400, "unknown-parameter", &[]);
        api.get("/v1/customers?limit=201")
            .await
            .expect_problem(422, "invalid-input", &["limit"]);
        api.get(&format!("/v1/customers?after={next}"))
            .await
            .expect_problem(400, "bad-cursor", &[]);
    }
);

both!(
    what_makes_no_sense_is_refused_whole,
    async |server: &Server| {
        let api = server.admin();
        let body = json!({"kind": "club", "since": "2023-02-29", "attributes": {"shoe": "44", "annual_profit": "1e400", "listed": "yes"}});
        api.post("/v1/customers", body).await.expect_problem(
            422,
            "invalid-input",
            &[
                "/kind",
                "/since",
                "/attributes/shoe",
                "/attributes/annual_profit",
                "/attributes/listed",
            ],
        );
        let body = json!({"kind": "person", "email": "nobody", "attributes": {"size": "huge", "country": "Germany"}, "phones": [{"number": "", "region": "de"}]});
        api.post("/v1/customers", body).await.expect_problem(
            422,
            "invalid-input",
            &[
                "/email",
                "/attributes/size",
                "/attributes/country",
                "/phones/0/number",
                "/phones/0/region",
            ],
        );
        for body in [
            json!({"kind": "person", "attributes": {"annual_profit": 5}}),
            json!({"kind": 1}),
            json!({"kind": "person", "nmae": "x"}),
            json!({"kind": "person", "name": "a\u{0}b"}),
        ] {
            api.post("/v1/customers", body)
                .await
                .expect_problem(400, "unreadable", &[]);
        }
        let group = json!({"kind": "person", "group_id": "grp_00000000000000000000000001"});
        api.post("/v1/customers", group)
            .await
            .expect_problem(422, "invalid-input", &["/group_id"]);
        for path in [
            "/v1/customers/nonsense",
            "/v1/customers/cus_00000000000000000000000001",
            "/v1/customers/by-external/a/b",
            "/v1/customers/by-external/a/b%00",
        ] {
            api.get(path).await.expect_problem(404, "not-found", &[]);
        }
        assert_eq!(
            api.get("/v1/customers").await.expect(200).json["items"],
            json!([])
        );
        let refused = server
            .with("customers:read")
            .post("/v1/customers", json!("junk"))
            .await;
        assert!(
            refused
                .expect_problem(403, "forbidden", &[])
                .text
                .contains("customers:write")
        );
    }
);

both!(
    a_put_creates_then_updates_and_ids_have_one_owner,
    async |server: &Server| {
        let api = server.admin();
        let path = "/v1/customers/by-external/shop/7";
        let once = [("if-none-match", "*")];
        let first = api
            .send(
                Method::PUT,
                path,
                Some(json!({"name": "Anna", "owner": "kern"})),
                &once,
            )
            .await
            .expect(201);
        let own = first.header("location").to_owned();
        api.send(Method::PUT, path, Some(json!({"name": "Anna"})), &once)
            .await
            .expect_problem(412, "stale", &[]);
        let second = api
            .put(path, json!({"name": "Anna B", "owner": null}))
            .await
            .expect(200);
        assert_eq!(
            (second.json["id"].clone(), second.json["owner"].clone()),
            (first.json["id"].clone(), json!(null))
        );
        let other = create(&api, json!({"kind": "person"}))
            .await
            .header("location")
            .to_owned();
        let ids = format!("{other}/external-ids");
        api.post(&ids, json!({"system": "shop", "id": "7"}))
            .await
            .expect_problem(409, "conflict", &[]);
        api.post(&ids, json!({"system": "shop", "id": "8"}))
            .await
            .expect(201);
        api.delete(&format!("{own}/external-ids/shop/7"))
            .await
            .expect(204);
        api.delete(&format!("{own}/external-ids/shop/7"))
            .await
            .expect(404);
        api.post(&ids, json!({"system": "shop", "id": "7"}))
            .await
            .expect(201);
        assert_eq!(
            api.get(path).await.expect(200).json["external_ids"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
);

both!(contacts_attributes_and_groups, async |server: &Server| {
    let api = server.admin();
    let customer = create(&api, json!({"kind": "organisation"}))
        .await
        .header("location")
        .to_owned();
    let all = format!("{customer}/contacts");
    let erika = json!({"name": "Erika", "position": "board", "country": "FR", "primary": true, "phones": [{"number": "01 40 20 50 50"}]});
    let erika = api.post(&all, erika).await.expect(201);
    assert_eq!(erika.json["phones"][0]["e164"], "+33140205050");
    let path = erika.header("location").to_owned();
    api.post(&all, json!({"name": "Max", "primary": true}))
        .await
        .expect(201);
    let erika = api.get(&path).await.expect(200);
    assert_eq!(
        (erika.json["primary"].clone(), erika.header("etag")),
        (json!(false), "\"v2\"")
    );
    api.patch(&path, "\"v2\"", json!({"position": "king"}))
        .await
        .expect_problem(422, "invalid-input", &["/position"]);
    api.patch(&path, "\"v2\"", json!({"position": "staff"}))
        .await
        .expect(200);
    let odd = json!({"name": "Kanarienkoenig", "phones": [{"number": "0331 4711 0815"}]});
    let odd = api.post(&all, odd).await.expect(201);
    api.delete(odd.header("location")).await.expect(204);
    // SQLite's files can be read here; of PostgreSQL's dead rows a VACUUM takes care.
    for file in std::fs::read_dir(server.database.data()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for word in [&b"Kanarienkoenig"[..], b"0331 4711 0815"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word));
        }
    }
    api.delete(&path).await.expect(204);
    api.get(&path).await.expect(404);
    assert_eq!(
        api.get(&all).await.expect(200).json["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let define = json!({"code": "nickname", "type": "text", "label": "Nickname", "personal": true});
    api.post("/v1/attribute-definitions", define.clone())
        .await
        .expect(201);
    api.post("/v1/attribute-definitions", define)
        .await
        .expect_problem(409, "conflict", &[]);
    let odd = json!({"code": "Nick", "type": "number", "label": "", "allowed": ["a"]});
    api.post("/v1/attribute-definitions", odd)
        .await
        .expect_problem(422, "invalid-input", &["/code", "/label", "/allowed"]);
    let listed = api.get("/v1/attribute-definitions").await.expect(200);
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 9);

    let root = api
        .post("/v1/customer-groups", json!({"code": "all", "name": "All"}))
        .await
        .expect(201);
    let leaf = json!({"code": "some", "name": "Some", "parent_id": root.json["id"]});
    let leaf = api.post("/v1/customer-groups", leaf).await.expect(201);
    api.post(
        "/v1/customer-groups",
        json!({"code": "all", "name": "Again"}),
    )
    .await
    .expect(409);
    let circle = json!({"parent_id": leaf.json["id"]});
    api.patch(root.header("location"), "\"v1\"", circle)
        .await
        .expect_problem(422, "invalid-input", &["/parent_id"]);
    let member = json!({"group_id": leaf.json["id"], "attributes": {"nickname": "Musti"}});
    api.patch(&customer, "\"v1\"", member).await.expect(200);
    let group = leaf.json["id"].as_str().unwrap();
    for query in [
        format!("group_id={group}"),
        "attribute=nickname:Musti".into(),
    ] {
        let page = api.get(&format!("/v1/customers?{query}")).await.expect(200);
        assert_eq!(page.json["items"].as_array().unwrap().len(), 1, "{query}");
    }
});

both!(
    an_erased_customer_leaves_no_trace,
    async |server: &Server| {
        let api = server.admin();
        let key = [("idempotency-key", "canary-1")];
        let body = json!({"kind": "person", "name": "Kanarienvogel", "email": "kanari@vogel.example", "note": "Kanari singt", "phones": [{"number": "0170 5558231"}], "external_ids": [{"system": "crm", "id": "1"}]});
        let made = api
            .send(Method::POST, "/v1/customers", Some(body.clone()), &key)
            .await
            .expect(201);
        let again = api
            .send(Method::POST, "/v1/customers", Some(body.clone()), &key)
            .await
            .expect(201);
        assert_eq!(
            (again.header("idempotency-replayed"), &again.text),
            ("true", &made.text)
        );
        let path = made.header("location").to_owned();
        api.patch(&path, "\"v1\"", json!({"name": "Kanarienvogel II"}))
            .await
            .expect(200);
        api.post(
            &format!("{path}/contacts"),
            json!({"name": "Kanarina", "phones": [{"number": "0170 5558232"}]}),
        )
        .await
        .expect(201);
        api.delete(&path).await.expect(204);
        api.delete(&path).await.expect(204);
        let left = api.get(&path).await.expect(200);
        assert_eq!(left.json["erased"], true);
        assert!(!left.text.contains("anari"), "{}", left.text);
        assert_eq!(
            api.get(&format!("{path}/contacts")).await.expect(200).json["items"],
            json!([])
        );
        assert!(
            !api.get(&format!("{path}/history"))
                .await
                .expect(200)
                .text
                .contains("anari")
        );
        api.put("/v1/customers/by-external/crm/1", json!({"name": "Back"}))
            .await
            .expect_problem(409, "conflict", &[]);
        api.patch(&path, left.header("etag"), json!({"name": "Back"}))
            .await
            .expect_problem(409, "conflict", &[]);
        // SQLite is searched byte by byte, its log included; PostgreSQL's files are the operator's.
        for file in std::fs::read_dir(server.database.data()).unwrap() {
            let file = file.unwrap().path();
            let bytes = std::fs::read(&file).unwrap_or_default();
            for canary in ["anari", "5558231", "5558232"] {
                let found = bytes
                    .windows(canary.len())
                    .any(|window| window == canary.as_bytes());
                assert!(!found, "{canary} in {}", file.display());
            }
        }
    }
);

both!(
    collaborators_stand_beside_the_owner,
    async |server: &Server| {
        let api = server.admin();
        let team = json!(["b.kern", "a \"x\" y", "b.kern"]);
        let made = create(
            &api,
            json!({"kind": "organisation", "owner": "o", "collaborators": team}),
        )
        .await;
        let path = made.header("location").to_owned();
        assert_eq!(made.json["collaborators"], json!(["a \"x\" y", "b.kern"]));
        let put = "/v1/customers/by-external/erp/1";
        let other = api
            .put(put, json!({"collaborators": ["b"]}))
            .await
            .expect(201);
        let kept = api.put(put, json!({"owner": "o"})).await.expect(200);
        assert_eq!(kept.json["collaborators"], json!(["b"]));
        for (name, found) in [
            ("b.kern", vec![&made.json["id"]]),
            ("b", vec![&other.json["id"]]),
            ("x", vec![]),
            ("a%20%22x%22%20y", vec![&made.json["id"]]),
        ] {
            let list = api
                .get(&format!("/v1/customers?owner=o&collaborator={name}"))
                .await;
            let list = list.expect(200).json;
            let ids: Vec<_> = list["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| &it["id"])
                .collect();
            assert_eq!(ids, found, "{name}");
        }
        let changed = api
            .patch(&path, "\"v1\"", json!({"collaborators": null}))
            .await;
        assert_eq!(changed.expect(200).json["collaborators"], json!([]));
        let past = api.get(&format!("{path}/history")).await.expect(200).json;
        let past = past["items"].as_array().unwrap().iter();
        let past: Vec<_> = past
            .map(|it| it["collaborators"].as_array().unwrap().len())
            .collect();
        assert_eq!(past, [0, 2]);
    }
);

both!(lists_in_a_request_have_an_end, async |server: &Server| {
    let api = server.admin();
    let many = |one: fn(usize) -> serde_json::Value| (0..51).map(one).collect::<Vec<_>>();
    let phones = many(|at| json!({"number": format!("030 90182{at}")}));
    let attributes: serde_json::Map<_, _> = (0..201)
        .map(|at| (format!("size_{at}"), json!(null)))
        .collect();
    let body = json!({
        "kind": "organisation", "phones": phones.clone(), "attributes": attributes,
        "external_ids": many(|at| json!({"system": "erp", "id": at.to_string()})),
        "collaborators": many(|at| json!(at.to_string())),
    });
    let all = ["/phones", "/external_ids", "/collaborators", "/attributes"];
    let refused = api.post("/v1/customers", body).await;
    refused.expect_problem(422, "invalid-input", &all);
    let made = create(&api, json!({"kind": "person", "phones": phones[..50]})).await;
    let contacts = format!("{}/contacts", made.header("location"));
    let refused = api.post(&contacts, json!({"phones": phones})).await;
    refused.expect_problem(422, "invalid-input", &["/phones"]);
});
