//! Genesys, Twilio, Amazon Connect, 3CX and Cisco UCCX, by the files that customers install.

use super::{Centre, VIP, VIP_LINE, between, body, escaped, flat, shipped};
use crate::support::{Server, both};
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

const HOST: &str = "https://tiercel.example.com";

/// Runs the data action as Genesys Cloud does: Velocity in the request, JSON paths in the answer.
async fn data_action(centre: &Centre, caller: &str, called: &str) -> Value {
    let action: Value = serde_json::from_str(&shipped("genesys/data_action.json")).unwrap();
    let request = &action["config"]["request"];
    assert_eq!(request["requestType"], "GET");
    let url = request["requestUrlTemplate"].as_str().unwrap();
    let url = url
        .replace(HOST, &centre.base)
        .replace("$esc.url(\"${input.CALLER}\")", &escaped(caller))
        .replace("$esc.url(\"$!{input.CALLED}\")", &escaped(called));
    assert!(!url.contains('$'), "{url}");
    let key = request["headers"]["X-Api-Key"].as_str().unwrap();
    let key = key.replace("${credentials.apiKey}", &centre.key());
    let (_, text) = body(centre.get(&url).header("x-api-key", key)).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    let told = translated(&action, &answer);
    let schema = &action["contract"]["output"]["successSchema"];
    assert!(jsonschema::is_valid(schema, &told), "{told}");
    told
}

/// The answer through the translation map and the template.
fn translated(action: &Value, answer: &Value) -> Value {
    let response = &action["config"]["response"];
    let mut told = response["successTemplate"].as_str().unwrap().to_owned();
    for (name, path) in response["translationMap"].as_object().unwrap() {
        let key = path.as_str().unwrap().strip_prefix("$.").unwrap();
        let default = response["translationMapDefaults"][name].as_str().unwrap();
        let value = answer.get(key).map_or(default.to_owned(), Value::to_string);
        told = told.replace(&format!("${{{name}}}"), &value);
    }
    serde_json::from_str(&told).unwrap()
}

both!(genesys_reads_minutes, async |server: &Server| {
    let centre = Centre::open(server).await;
    let vip = data_action(&centre, VIP, VIP_LINE).await;
    assert_eq!(
        (vip["queue"].as_str(), vip["priority"].as_str()),
        (Some("vip"), Some("10"))
    );
    assert_eq!(vip["skills"], "drives,german");
    let stranger = data_action(&centre, "tel:+4930111111", VIP_LINE).await;
    assert_eq!(stranger["reroute_to"], "standard");
    assert_eq!(stranger["priority"], "0");
    let action: Value = serde_json::from_str(&shipped("genesys/data_action.json")).unwrap();
    let nothing = translated(&action, &Value::Null);
    assert_eq!(
        (nothing["queue"].as_str(), nothing["stale"].as_str()),
        (Some("standard"), Some("true"))
    );
});

/// Runs the flow's request and fills in what it queues the call with.
async fn studio(centre: &Centre, caller: &str, called: &str) -> (String, Value) {
    let flow: Value = serde_json::from_str(&shipped("twilio/studio_flow.json")).unwrap();
    let state = |name: &str| {
        let states = flow["states"].as_array().unwrap().iter();
        states
            .clone()
            .find(|state| state["name"] == name)
            .unwrap()
            .clone()
    };
    let route = state("Route");
    assert_eq!(route["properties"]["method"], "GET");
    let url = route["properties"]["url"].as_str().unwrap();
    let (user, rest) = url
        .strip_prefix("https://")
        .unwrap()
        .split_once('@')
        .unwrap();
    assert_eq!(user, "CLIENT_ID:CLIENT_SECRET");
    let rest = rest
        .replace("{{trigger.call.From | url_encode}}", &escaped(caller))
        .replace("{{trigger.call.To | url_encode}}", &escaped(called));
    let url = format!(
        "{}{}",
        centre.base,
        rest.strip_prefix("tiercel.example.com").unwrap()
    );
    let request = centre
        .get(&url)
        .basic_auth(&centre.id, Some(&centre.secret));
    let (media, text) = body(request).await;
    assert!(
        media.starts_with("application/json"),
        "Studio parses nothing else: {media}"
    );
    let parsed = flat(&text);
    let fill = |template: &Value| {
        let mut filled = template.as_str().unwrap().to_owned();
        for (key, value) in &parsed {
            filled = filled.replace(&format!("{{{{widgets.Route.parsed.{key}}}}}"), value);
        }
        assert!(!filled.contains("{{"), "{filled}");
        filled
    };
    let queued = state("Queue")["properties"].clone();
    let attributes = serde_json::from_str(&fill(&queued["task_attributes"])).unwrap();
    (fill(&queued["priority"]), attributes)
}

/// The first filter of the workflow that a task fits.
fn filter(attributes: &Value) -> String {
    let workflow: Value = serde_json::from_str(&shipped("twilio/workflow.json")).unwrap();
    let filters = workflow["task_routing"]["filters"].as_array().unwrap();
    let fits = |filter: &&Value| {
        let expression = filter["expression"].as_str().unwrap();
        let (name, value) = expression.split_once("==").unwrap();
        attributes[name] == value.trim_matches('\'')
    };
    let found = filters.iter().find(fits).unwrap();
    found["targets"][0]["queue"].as_str().unwrap().to_owned()
}

both!(twilio_queues_by_minutes, async |server: &Server| {
    let centre = Centre::open(server).await;
    let (priority, attributes) = studio(&centre, VIP, VIP_LINE).await;
    assert_eq!(
        (priority.as_str(), filter(&attributes).as_str()),
        ("10", "WQ_VIP")
    );
    let (priority, attributes) = studio(&centre, "+266696687", VIP_LINE).await;
    assert_eq!(
        (priority.as_str(), filter(&attributes).as_str()),
        ("0", "WQ_STANDARD")
    );
});

/// Runs the Lambda with an event of Connect; its answer must pass as a STRING_MAP.
fn lambda(base: &str, centre: &Centre, caller: Option<&str>) -> Option<Value> {
    let endpoint =
        |number: &str| serde_json::json!({"Address": number, "Type": "TELEPHONE_NUMBER"});
    let event = serde_json::json!({"Name": "ContactFlowEvent", "Details": {"Parameters": {}, "ContactData": {
        "Channel": "VOICE", "CustomerEndpoint": caller.map(endpoint), "SystemEndpoint": endpoint(VIP_LINE)}}});
    let file = "examples/call-centre/amazon_connect/lambda_function.py";
    let mut python = Command::new("python3")
        .arg("-B")
        .arg(crate::support::data::root().join(file))
        .env("ROUTE_TIMEOUT", "20")
        .env("TIERCEL", base)
        .env("CLIENT_ID", &centre.id)
        .env("CLIENT_SECRET", &centre.secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    python
        .stdin
        .take()
        .unwrap()
        .write_all(event.to_string().as_bytes())
        .unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.stdout.len() < 32 * 1_024);
    let fields = told.as_object().unwrap();
    assert!(fields.values().all(Value::is_string), "{told}");
    Some(told)
}

both!(connect_gets_a_string_map, async |server: &Server| {
    let centre = Centre::open(server).await;
    let Some(vip) = lambda(&centre.base, &centre, Some(VIP)) else {
        crate::support::skipped("the Lambda: python3 is not installed");
        return;
    };
    assert_eq!(
        (vip["priority"].as_str(), vip["age_boost_seconds"].as_str()),
        (Some("1"), Some("600"))
    );
    assert_eq!(vip["reroute_to"], "");
    // Chats and withheld numbers have no endpoint.
    let nobody = lambda(&centre.base, &centre, None).unwrap();
    assert_eq!(
        (nobody["priority"].as_str(), nobody["reroute_to"].as_str()),
        (Some("5"), Some("standard"))
    );
    let away = lambda("http://127.0.0.1:9", &centre, Some(VIP)).unwrap();
    assert_eq!(
        (away["queue"].as_str(), away["stale"].as_str()),
        (Some("standard"), Some("true"))
    );
    let keys = away.as_object().unwrap().keys();
    assert!(keys.clone().all(|key| vip.get(key).is_some()));
});

both!(a_3cx_template_finds_its_contact, async |server: &Server| {
    let centre = Centre::open(server).await;
    let template = shipped("threecx/tiercel.crm.xml");
    assert!(template.contains("<Number Prefix=\"Plus\""));
    assert_eq!(
        between(
            &template,
            "<Authentication Type=\"Basic\">\n    <Value>",
            "<"
        ),
        "[ClientId]:[ClientSecret]"
    );
    let url = between(&template, "Url=\"", "\"").replace("&amp;", "&");
    let mut found = Vec::new();
    // 3CX puts the number into the address as it is: the plus arrives as a blank.
    for caller in [VIP, "+4930111111", "anonymous"] {
        let url = url
            .replace("[Server]", &centre.base)
            .replace("[Number]", caller);
        let request = centre
            .get(&url)
            .basic_auth(&centre.id, Some(&centre.secret));
        let told = flat(&body(request).await.1);
        let paths = template.split(" Path=\"").skip(1);
        let values = paths.map(|rest| told[rest.split('"').next().unwrap()].clone());
        found.push(values.collect::<Vec<_>>());
    }
    assert_eq!(found[0][0], centre.customer);
    assert!(!found[0][1].is_empty(), "something is shown");
    assert!(
        found[1..].iter().flatten().all(String::is_empty),
        "{found:?}"
    );
});

both!(uccx_reads_json_or_xml, async |server: &Server| {
    let centre = Centre::open(server).await;
    let steps = shipped("uccx/script.md");
    let url = between(&steps, "URL: `", "`").replace("{server}", &centre.base);
    let ask = async |caller: &str, accept: &str| {
        let url = url
            .replace("{caller}", &escaped(caller))
            .replace("{called}", &escaped(VIP_LINE));
        let request = centre
            .get(&url)
            .basic_auth(&centre.id, Some(&centre.secret));
        body(request.header("accept", accept)).await
    };
    let (_, vip) = ask(VIP, "application/json").await;
    let vip = flat(&vip);
    let used = steps
        .split("`$.")
        .skip(1)
        .filter_map(|rest| rest.split('`').next());
    for key in used {
        assert!(vip.contains_key(key), "{key} is not answered");
    }
    assert_eq!(
        (vip["priority"].as_str(), vip["queue"].as_str()),
        ("10", "vip")
    );
    let (media, stranger) = ask("+4930111111", "application/xml").await;
    assert!(media.starts_with("application/xml"), "{media}");
    let read = |name: &str| between(&stranger, &format!("<{name}>"), &format!("</{name}>"));
    assert_eq!(
        (read("priority"), read("queue"), read("reroute_to")),
        ("1", "standard", "standard")
    );
    assert!(stranger.contains("<route>"));
});
