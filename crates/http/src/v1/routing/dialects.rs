//! A route as telephone systems read it: one flat object of texts, a form, or XML.

use super::answer::RoutingResponse;
use super::{Routed, freeswitch};
use crate::problem::{Kind, Problem};
use crate::scope::Scope;
use crate::tenant::TenantHandle;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::str::FromStr;
use std::time::Duration;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::CustomerRef;
use tiercel_domain::routing::{Dialect, Standing};
use tiercel_persistence::customers;
use utoipa::ToSchema;

/// A name is shown where it comes in time; the call does not wait for it.
const NAME_WITHIN: Duration = Duration::from_millis(250);

/// One flat object: keys of `a` to `z`, digits and `_`, all values texts, the same keys on a miss.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"matched": "true", "match_quality": "exact", "match_count": "1", "customer_ref": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "tier": "high", "tier_rank": "1", "segment": "vip", "queue": "vip", "routing_profile": "vip", "priority": "1", "age_boost_seconds": "600", "dedicated_line": "+18005550111", "line_entitled": "true", "reroute_to": "", "preferred_agent": "agent42", "language": "de", "credit_hold": "", "greeting": "vip", "policy_version": "12", "stale": "false", "decision_id": "dec_01k8z6v3q2e4r5t6y7a8b9c0de"}))]
pub struct FlatRoutingResponse(#[schema(inline)] BTreeMap<String, String>);

/// A dialect in a path: that of a telephone system.
#[derive(Debug)]
pub struct KnownDialect(pub Dialect);

impl FromStr for KnownDialect {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let dialect = Dialect::from_word(word).filter(|it| *it != Dialect::Json);
        dialect.map(Self).ok_or(())
    }
}

/// The names and values of an answer, in their order.
pub(super) type Fields = Vec<(String, String)>;

/// Answers in a dialect other than the neutral one.
pub(super) async fn answer(
    tenant: &TenantHandle,
    dialect: Dialect,
    routed: Routed,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let standing = dialect.standing(&routed.decision);
    let mut fields = fields(dialect, &routed.response, standing)?;
    Ok(match dialect {
        Dialect::Freeswitch => freeswitch::answer(&routed, &fields, freeswitch::PUBLIC),
        Dialect::Asterisk => text("application/x-www-form-urlencoded", form(&fields)),
        Dialect::Uccx if wants_xml(request) => text("application/xml", elements(&fields)),
        Dialect::Threecx => {
            let name = contact_name(tenant, &routed).await;
            fields.push(("contact_name".to_owned(), name));
            json(fields)
        }
        Dialect::Json
        | Dialect::AmazonConnect
        | Dialect::Genesys
        | Dialect::Twilio
        | Dialect::Uccx => json(fields),
    })
}

fn json(fields: Fields) -> HttpResponse {
    HttpResponse::Ok().json(FlatRoutingResponse(fields.into_iter().collect()))
}

pub(super) fn text(media: &str, body: String) -> HttpResponse {
    let media = format!("{media}; charset=utf-8");
    HttpResponse::Ok().content_type(media).body(body)
}

/// The keys of the neutral answer, with the standing in the system's own numbers.
pub(super) fn fields(
    dialect: Dialect,
    response: &RoutingResponse,
    standing: Standing,
) -> Result<Fields, Problem> {
    let unwritable = |_| Problem::new(Kind::Internal, "the answer could not be written");
    let Value::Object(neutral) = serde_json::to_value(response).map_err(unwritable)? else {
        return Ok(Fields::new());
    };
    let told = neutral.into_iter().filter_map(|(name, value)| {
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        match name.as_str() {
            "priority" => {
                let key = match dialect {
                    Dialect::Asterisk => "prio",
                    _ => "priority",
                };
                Some((key.to_owned(), standing.priority?.to_string()))
            }
            "advantage_seconds" if dialect == Dialect::AmazonConnect => {
                Some(("age_boost_seconds".to_owned(), value))
            }
            _ => Some((name, value)),
        }
    });
    Ok(told.collect())
}

/// What people see when the telephone rings: the customer's name for who may read customers, else
/// the tier. Names are not kept in memory, so an unwilling database leaves the tier.
async fn contact_name(tenant: &TenantHandle, routed: &Routed) -> String {
    let named = match routed.decision.customer {
        Some(customer) if tenant.allows(Scope::CustomersRead) => name_of(tenant, customer).await,
        _ => None,
    };
    let tier = routed.decision.tier.clone();
    named.or(tier).unwrap_or_default()
}

async fn name_of(tenant: &TenantHandle, customer: CustomerId) -> Option<String> {
    let reference = CustomerRef::Id(customer);
    let reading = customers::find(tenant.store(), &reference);
    let found = tokio::time::timeout(NAME_WITHIN, reading).await.ok()?;
    found.ok()??.content.name
}

/// A form in which every reader sees the same: blanks are `%20`, never `+`.
fn form(fields: &Fields) -> String {
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn wants_xml(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(header::ACCEPT);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    accepted.is_some_and(|media| media.contains("xml") && !media.contains("json"))
}

fn elements(fields: &Fields) -> String {
    let elements = fields
        .iter()
        .map(|(name, value)| format!("<{name}>{}</{name}>", xml(value)));
    let elements: String = elements.collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<route>{elements}</route>\n")
}

/// Text as it may stand in XML 1.0, in attributes too.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back() {
        let told = escaped("a b+c&d=é,'\"");
        assert_eq!(told, "a%20b%2Bc%26d%3D%C3%A9%2C%27%22");
    }

    #[test]
    fn xml_holds_any_text() {
        assert_eq!(xml("<a & \"b\">\u{1}"), "&lt;a &amp; &quot;b&quot;&gt; ");
    }

    #[test]
    fn only_systems_are_found_in_paths() {
        assert!("genesys".parse::<KnownDialect>().is_ok());
        assert!("json".parse::<KnownDialect>().is_err());
    }
}
