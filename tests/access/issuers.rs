//! Tokens of other issuers, and every forgery of one that is known.

use super::signing::{Key, KeyServer, unsigned};
use super::{client, status, within_a_second};
use crate::support::server::Instance;
use crate::support::{Api, Server, both};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::Duration;

const ISSUER: &str = "https://login.test/realm";

/// A server that trusts the test's own issuer: role `writer` may write customers, `azp` `pbx` is a client.
async fn trusting(server: &Server, keys: &KeyServer, client: &str) -> Instance {
    let text = format!(
        "[[issuers]]\nname = \"corp\"\nissuer = \"{ISSUER}\"\naudience = \"tiercel\"\njwks_url = \"{}\"\nalgorithms = \"ES\"\nscope_claim = \"roles\"\nscopes = {{ writer = [\"customers:read\", \"customers:write\"] }}\nclient_claim = \"azp\"\nclients = {{ pbx = \"{client}\" }}\n",
        keys.url
    );
    let file = server.database.data().join("issuers.toml");
    std::fs::write(&file, text).unwrap();
    let instance = server.another_with(&[("TIERCEL_CONFIG", file.to_str().unwrap())]);
    for _ in 0..100 {
        if keys.asked() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    instance
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs().try_into().unwrap()
}

fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": ["tiercel", "userinfo"], "sub": "ann", "roles": ["writer", "admin"],
        "iat": now(), "nbf": now(), "exp": now() + 300,
    })
}

fn with(mut value: Value, name: &str, new: Value) -> String {
    value[name] = new;
    value.to_string()
}

fn without(mut value: Value, name: &str) -> String {
    value.as_object_mut().unwrap().remove(name);
    value.to_string()
}

both!(
    an_issuer_of_the_configuration_is_trusted_as_mapped,
    async |server: &Server| {
        let key = Key::new("k1");
        let keys = KeyServer::start(&[&key]);
        let pbx = client(server, "pbx", &["routing:read"]).await;
        let trusting = trusting(server, &keys, &pbx.id).await;
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}).to_string();
        let ann = trusting.bearing(&key.sign(&header, &good_claims().to_string()));
        let made = ann
            .post("/v1/customers", json!({"kind": "person", "name": "B"}))
            .await;
        made.expect(201);
        ann.get("/v1/clients")
            .await
            .expect_problem(403, "forbidden", &[]);
        let admin = server.admin();
        let named = async || admin.get("/v1/audit").await.text.contains("oidc:corp:ann");
        within_a_second(200, async || if named().await { 200 } else { 404 }).await;

        let claims = with(good_claims(), "azp", json!("pbx"));
        let mapped = trusting.bearing(&key.sign(&header, &claims));
        mapped
            .get("/v1/routing/lookup?caller=%2B14155550100")
            .await
            .expect(200);
        mapped
            .get("/v1/customers")
            .await
            .expect_problem(403, "forbidden", &[]);
        server
            .admin()
            .delete(&format!("/v1/clients/{}", pbx.id))
            .await
            .expect(204);
        within_a_second(401, async || mapped.get("/v1/customers").await.status).await;

        // Elsewhere the issuer is nobody; and unknown keys do not make us ask it again and again.
        let token = key.sign(&header, &good_claims().to_string());
        server
            .bearing(&token)
            .get("/v1/customers")
            .await
            .expect(401);
        let asked = keys.asked();
        for number in 0..20 {
            let header =
                json!({"alg": "ES256", "typ": "at+jwt", "kid": format!("k{}", number + 2)});
            let token = key.sign(&header.to_string(), &good_claims().to_string());
            trusting
                .bearing(&token)
                .get("/v1/customers")
                .await
                .expect(401);
        }
        assert_eq!(keys.asked(), asked, "at most once a minute");
    }
);

/// Headers that a token must not have, beside good claims.
fn bad_headers() -> Vec<String> {
    let good = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"});
    let mut all: Vec<String> = [
        "none", "None", "NONE", "HS256", "RS256", "ES384", "PS256", "EdDSA", "",
    ]
    .iter()
    .map(|alg| with(good.clone(), "alg", json!(alg)))
    .collect();
    for kid in [
        "../../etc/passwd",
        "k1' OR '1'='1",
        "unknown",
        "",
        "K1",
        &"k".repeat(10_000),
    ] {
        all.push(with(good.clone(), "kid", json!(kid)));
    }
    for typ in ["JWT", "id+jwt", "", "at+jwt2", "dpop+jwt"] {
        all.push(with(good.clone(), "typ", json!(typ)));
    }
    all.push(without(good.clone(), "kid"));
    all.push(without(good.clone(), "typ"));
    all.push(with(good.clone(), "crit", json!(["exp"])));
    all.push(with(good.clone(), "crit", json!([])));
    all.push(with(good.clone(), "zip", json!("DEF")));
    all.push(with(good.clone(), "cty", json!("JWT")));
    all.push(with(good.clone(), "kid", json!(["k1"])));
    all.push(r#"{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"k1"}"#.to_owned());
    all
}

/// Claims that a token must not have, under a good header.
fn bad_claims() -> Vec<String> {
    let good = good_claims();
    let mut all = Vec::new();
    for name in ["exp", "aud", "iss", "sub"] {
        all.push(without(good.clone(), name));
        all.push(with(good.clone(), name, Value::Null));
        all.push(with(good.clone(), name, json!({})));
    }
    for name in ["exp", "nbf", "iat"] {
        let far = now() + 100_000;
        for bad in [json!(far.to_string()), json!(-1), json!([far]), json!(true)] {
            all.push(with(good.clone(), name, bad));
        }
        let text = good.to_string();
        let place = format!("\"{name}\":{}", good[name]);
        assert!(text.contains(&place));
        for bad in [
            "1e400",
            &format!("{}.5", good[name]),
            &format!("{}.0", good[name]),
            "9223372036854775808",
            "NaN",
        ] {
            all.push(text.replace(&place, &format!("\"{name}\":{bad}")));
        }
        all.push(text.replace(&place, &format!("{place},{place}")));
    }
    all.push(with(good.clone(), "exp", json!(now() - 61)));
    all.push(with(good.clone(), "nbf", json!(now() + 61)));
    all.push(with(good.clone(), "iat", json!(now() + 61)));
    for audience in [
        json!("other"),
        json!(["other", "userinfo"]),
        json!([]),
        json!("tiercel2"),
        json!(["tiercel", 1]),
    ] {
        all.push(with(good.clone(), "aud", audience));
    }
    for issuer in [
        "https://login.test/other",
        "https://login.test/realm/",
        "tiercel",
        "",
    ] {
        all.push(with(good.clone(), "iss", json!(issuer)));
    }
    for subject in [json!(""), json!(7), json!("a\nb"), json!("x".repeat(256))] {
        all.push(with(good.clone(), "sub", subject));
    }
    let text = good.to_string();
    all.push(text.replacen('{', "{\"iss\":\"tiercel\",", 1));
    all.push(text.replacen('{', "{\"roles\":[\"admin\"],", 1));
    all.push("[]".to_owned());
    all.push("null".to_owned());
    all.push("\u{feff}{}".to_owned());
    all.push(String::new());
    all
}

/// Tokens that are wrong as a whole.
fn misshapen(key: &Key, own: &str) -> Vec<String> {
    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}).to_string();
    let claims = good_claims().to_string();
    let good = key.sign(&header, &claims);
    let (text, signature) = good.rsplit_once('.').unwrap();
    let stranger = Key::new("k1");
    let with_jwk = with(
        json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}),
        "jwk",
        stranger.jwk(),
    );
    let jku = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1", "jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/"});
    let symmetric = unsigned(&header.replace("ES256", "HS256"), &claims);
    let shared = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key.public());
    let mac = aws_lc_rs::hmac::sign(&shared, symmetric.as_bytes());
    let (own_header, own_rest) = own.split_once('.').unwrap();
    let own_claims = own_rest.split('.').next().unwrap();
    let inside = key.sign(&header.replace("at+jwt", "JWT"), &format!("\"{good}\""));
    vec![
        format!("{text}."),
        text.to_owned(),
        format!("{text}.{}", &signature[..signature.len() - 4]),
        format!("{text}.{signature}.{signature}"),
        format!("{good}="),
        format!(".{good}"),
        stranger.sign(&header, &claims),
        stranger.sign(&with_jwk, &claims),
        stranger.sign(&jku.to_string(), &claims),
        format!("{symmetric}.{}", URL_SAFE_NO_PAD.encode(mac.as_ref())),
        inside,
        key.sign(
            &header,
            &with(good_claims(), "pad", json!("x".repeat(64_000))),
        ),
        format!("{own_header}.{own_claims}.{signature}"),
        format!(
            "{}.{own_claims}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#)
        ),
        key.sign(
            &String::from_utf8(URL_SAFE_NO_PAD.decode(own_header).unwrap()).unwrap(),
            &String::from_utf8(URL_SAFE_NO_PAD.decode(own_claims).unwrap()).unwrap(),
        ),
    ]
}

async fn refused(api: &Api, token: &str, detail: &Value) {
    let body = json!({"kind": "person", "name": "Mallory"}).to_string();
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let answer = api
        .raw(reqwest::Method::POST, "/v1/customers", body, &headers)
        .await;
    let shown: String = token.chars().take(300).collect();
    assert_eq!(answer.status, 401, "{shown}: {}", answer.text);
    assert_eq!(&answer.json["detail"], detail, "{shown}");
}

both!(
    every_forged_token_is_refused_without_a_trace,
    async |server: &Server| {
        let key = Key::new("k1");
        let keys = KeyServer::start(&[&key]);
        let trusting = trusting(server, &keys, "cli_06dv7n5z4h9k3m2p8q1r5s7t0z").await;
        let api = trusting.without_token();
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}).to_string();
        let bearer = format!("Bearer {}", key.sign(&header, &good_claims().to_string()));
        assert_eq!(
            status(&api, "/v1/customers", ("authorization", &bearer)).await,
            200
        );

        let head = || server.database.tiercel(&["audit", "head"]);
        let before = head();
        let none = api.post("/v1/customers", json!({})).await.expect(401).json["detail"].clone();
        let own = server.database.token("admin");
        let claims = good_claims().to_string();
        let mut tokens: Vec<String> = bad_headers()
            .iter()
            .map(|header| key.sign(header, &claims))
            .collect();
        tokens.extend(bad_claims().iter().map(|claims| key.sign(&header, claims)));
        tokens.extend(misshapen(&key, &own));
        assert!(tokens.len() > 100, "{}", tokens.len());
        for token in &tokens {
            refused(&api, token, &none).await;
        }
        assert_eq!(head(), before, "nothing was written");
        assert_eq!(keys.asked(), 1, "nothing was fetched");
    }
);
