//! FreeSWITCH asks for a dialplan in XML, and wants to be told in XML where there is none.

use super::call::{Call, Shown};
use super::dialects::{Fields, fields, text, xml};
use super::{Asked, Routed, answer_to, budget};
use crate::body::{Query, Whole};
use crate::faults::Faults;
use crate::problem::Problem;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::ground::When;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use std::collections::HashMap;
use tiercel_domain::routing::{Decision, Dialect};
use utoipa::IntoParams;

/// The context of calls from outside, where nothing else is said.
pub(super) const PUBLIC: &str = "public";

/// The context that routed calls go on in; the dialplan on disk has it.
const ROUTED: &str = "tiercel";

/// What the binding says beside the call.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FreeswitchQuery {
    /// ISO 3166-1 alpha-2: how a number without country code is read; the tenant's default region
    /// where absent.
    #[param(example = "US")]
    pub region: Option<String>,
    /// Milliseconds, 1 to 10,000: how long the answer may take.
    #[param(example = 300, minimum = 1, maximum = 10000)]
    pub budget_ms: Option<u32>,
}

/// Answers a dialplan request of FreeSWITCH
///
/// The address for `mod_xml_curl`. It posts a form with everything it knows of the call; the caller's
/// and the dialled number are read from it, and the rest is passed over. A caller who is known, or is
/// not entitled to the line dialled, gets an extension that sets `cc_base_score` and transfers to the
/// queue in the context `tiercel`; for everybody and everything else the answer is `not found`, and
/// FreeSWITCH goes on with its dialplan on disk.
#[utoipa::path(
    tag = "routing",
    params(FreeswitchQuery),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "The call, as FreeSWITCH tells it",
        example = "section=dialplan&Caller-Context=public&Caller-Caller-ID-Number=%2B14155550100&Caller-Destination-Number=4000"),
    responses((status = 200, description = "A dialplan, or `not found`", body = String, content_type = "text/xml"))
)]
#[post("/routing/lookup/freeswitch")]
pub async fn find_freeswitch_dialplan(
    tenant: Tenant<need::RoutingRead>,
    Query(query): Query<FreeswitchQuery>,
    Whole(form): Whole,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let budget = budget::read(query.budget_ms, &mut faults);
    faults.finish(Some(()))?;
    let form = read(&form);
    let said = |names: &[&str]| {
        let mut names = names.iter();
        names.find_map(|name| form.get(*name)).map(String::as_str)
    };
    // A hunt is a transfer: what it says comes first.
    let context = said(&["Hunt-Context", "Caller-Context"]).unwrap_or(PUBLIC);
    if said(&["section"]).is_some_and(|section| section != "dialplan") || context == ROUTED {
        return Ok(not_found());
    }
    let shown = Shown {
        caller: said(&["Hunt-Caller-ID-Number", "Caller-Caller-ID-Number"]),
        called: said(&["Hunt-Destination-Number", "Caller-Destination-Number"]),
        region: query.region.as_deref(),
    };
    let asked = Asked {
        call: Call::of(&shown, &tenant.settings().default_region),
        when: When::default(),
        budget,
    };
    let routed = answer_to(&tenant, &asked).await?;
    let standing = Dialect::Freeswitch.standing(&routed.decision);
    let fields = fields(Dialect::Freeswitch, &routed.response, standing)?;
    Ok(answer(&routed, &fields, context))
}

/// What is no form says nothing of a call.
fn read(form: &[u8]) -> HashMap<String, String> {
    let text = String::from_utf8_lossy(form);
    let read = web::Query::<HashMap<String, String>>::from_query(&text);
    read.map(web::Query::into_inner).unwrap_or_default()
}

/// The dialplan of a route; none for callers whom the dialplan on disk serves as well.
pub(super) fn answer(routed: &Routed, fields: &Fields, context: &str) -> HttpResponse {
    let decision = &routed.decision;
    if !decision.matched && decision.line_entitled {
        return not_found();
    }
    let mut actions = vec![(
        "set",
        format!("cc_base_score={}", decision.advantage_seconds),
    )];
    let told = fields
        .iter()
        .filter(|(name, _)| TOLD.contains(&name.as_str()));
    actions.extend(told.map(|(name, value)| ("set", format!("tiercel_{name}={}", plain(value)))));
    actions.push((
        "transfer",
        format!("{} XML {ROUTED}", plain(queue(decision))),
    ));
    let actions: String = actions
        .iter()
        .map(|(application, data)| {
            let data = xml(data);
            format!("          <action application=\"{application}\" data=\"{data}\"/>\n")
        })
        .collect();
    let context = xml(context);
    document(&format!(
        "  <section name=\"dialplan\">\n    <context name=\"{context}\">\n      \
         <extension name=\"tiercel\">\n        <condition>\n{actions}        </condition>\n      \
         </extension>\n    </context>\n  </section>\n"
    ))
}

/// Variables of the channel that a dialplan or an agent's screen can use.
const TOLD: [&str; 8] = [
    "customer_ref",
    "tier",
    "segment",
    "preferred_agent",
    "language",
    "greeting",
    "skills",
    "decision_id",
];

fn queue(decision: &Decision) -> &str {
    decision.reroute_to.as_deref().unwrap_or(&decision.queue)
}

/// FreeSWITCH runs what stands in `${…}`: no value of ours may hold it.
fn plain(value: &str) -> String {
    value.replace('$', "")
}

fn not_found() -> HttpResponse {
    document("  <section name=\"result\">\n    <result status=\"not found\"/>\n  </section>\n")
}

fn document(section: &str) -> HttpResponse {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>";
    let document = format!("{head}\n<document type=\"freeswitch/xml\">\n{section}</document>\n");
    text("text/xml", document)
}
