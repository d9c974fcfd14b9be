//! The example page for customers, in a real browser: on a phone and on a desk, in the light and in
//! the dark, with the API away, and with everything there is to show. The screenshots are kept in
//! `target/front-end`, to be looked at.

use crate::contract::{load_company, succeeds};
use crate::support::tools::Tools;
use crate::support::{Database, Server, block_on, data, server};
use serde_json::Value;
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::Duration;

/// What a page with no session yet, or with no such operation at the server, may say in the console.
const ABSENT: &str =
    "Failed to load resource: the server responded with a status of 404 (Not Found)";

/// The shop's server of the example; ends with the test.
struct Shop(Child);

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_customer_sees_its_standing_on_every_screen() {
    let Some(tools) = Tools::with(&["node", "playwright-core", "chromium", "python3"]) else {
        return;
    };
    let database = Database::sqlite();
    load_company(&database);
    let seen = block_on(async {
        let server = Server::start(database).await;
        let address = format!("127.0.0.1:{}", server::free_port());
        let page = format!("http://{address}");
        // The browser's origin is the shop's, so the API has to allow it.
        let api = server.another_with(&[("TIERCEL_CORS_ORIGINS", &page)]);
        let _shop = shop(&server, api.base(), &address);
        look(&tools, &page)
    });
    for look in seen["looks"].as_array().unwrap() {
        shows_standing(look);
        assert!(look["faults"].as_array().unwrap().is_empty(), "{look:#}");
        let errors = look["errors"].as_array().unwrap().iter();
        assert!(errors.clone().all(|error| error == ABSENT), "{look:#}");
        // The shop and Tiercel, and nobody else.
        assert_eq!(look["hosts"].as_array().unwrap().len(), 2, "{look:#}");
        let phone = look["screen"] == "phone";
        assert_eq!(look["columns"], if phone { 1 } else { 2 }, "{look:#}");
        let dark = look["colorScheme"] == "dark";
        assert_eq!(lightness(&look["background"]) < 64, dark, "{look:#}");
    }
    let lost = &seen["lost"];
    assert_eq!(lost["lost"]["sections"], serde_json::json!(["trouble"]));
    assert!(lost["blocked"].as_array().unwrap().is_empty(), "{lost:#}");
    shows_standing(&lost["found"]);
    let full = &seen["full"];
    assert_eq!(
        full["sections"],
        serde_json::json!(["benefits", "path", "keep", "why"])
    );
    assert_eq!(full["benefits"].as_array().unwrap().len(), 3, "{full:#}");
    let lines = |name: &str| full[name].as_array().unwrap().len();
    assert_eq!((lines("path"), lines("keep")), (2, 1), "{full:#}");
}

/// Tier, explanation in words, and a page that fits its screen.
fn shows_standing(look: &Value) {
    assert!(
        ["High value", "General", "Low value"].contains(&look["tier"].as_str().unwrap()),
        "{look:#}"
    );
    assert!(
        look["points"].as_str().unwrap().ends_with(" points"),
        "{look:#}"
    );
    assert!(
        look["fresh"].as_str().unwrap().starts_with("As of "),
        "{look:#}"
    );
    let sections = look["sections"].as_array().unwrap();
    assert!(
        sections.contains(&"why".into()) && !sections.contains(&"trouble".into()),
        "{look:#}"
    );
    let why = look["why"].as_array().unwrap();
    let size = why.iter().find(|row| row[0] == "Company size").unwrap();
    assert_eq!(size[1], "large");
    assert!(
        why.iter()
            .any(|row| row[0] == "Revenue of the last 12 months"),
        "{look:#}"
    );
    let unknown = look["unknown"].as_str().unwrap();
    assert!(unknown.contains("rating by staff"), "{look:#}");
    assert_eq!(
        (&look["overflow"], &look["lowButtons"]),
        (&0.into(), &0.into()),
        "{look:#}"
    );
}

/// How bright a colour such as `rgb(244, 245, 248)` is, of 255.
fn lightness(colour: &Value) -> u32 {
    let colour = colour.as_str().unwrap();
    let digits = colour.trim_start_matches("rgb(").trim_end_matches(')');
    let parts = digits.split(", ").map(|part| part.parse::<u32>().unwrap());
    parts.sum::<u32>() / 3
}

fn shop(server: &Server, api: &str, address: &str) -> Shop {
    let scopes = "customers:delegate";
    let client = [
        "client", "create", "--name", "shop", "--scopes", scopes, "--json",
    ];
    let client: Value = serde_json::from_str(&server.database.tiercel(&client)).unwrap();
    let mut shop = Command::new(data::root().join("examples/front-end/shop.py"));
    shop.arg(address)
        .env("TIERCEL", api)
        .env("CLIENT_ID", client["client_id"].as_str().unwrap())
        .env("CLIENT_SECRET", client["client_secret"].as_str().unwrap());
    let shop = Shop(shop.spawn().unwrap());
    for _ in 0..300 {
        if TcpStream::connect(address).is_ok() {
            return shop;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the shop does not listen at {address}");
}

fn look(tools: &Tools, page: &str) -> Value {
    let screenshots = data::root().join("target/front-end");
    std::fs::create_dir_all(&screenshots).unwrap();
    let mut browser = tools.command("node");
    browser
        .env("TOOLS", tools.folder())
        .arg(data::root().join("tests/front_end/look.mjs"))
        .arg(page)
        .arg(tools.command("chromium").get_program())
        .arg(screenshots);
    serde_json::from_str(&succeeds(&mut browser)).unwrap()
}
