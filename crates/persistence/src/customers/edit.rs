//! What a caller wants changed, checked and applied to what a customer holds.

use super::customer::Content;
use crate::attributes::{self, Definitions};
use crate::phones;
use crate::refused::{Fault, MANY, check_count, check_email, check_text};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::GroupId;
use tiercel_domain::incoming::{Change, ExternalRef, IncomingCustomer, IncomingPhone};
use tiercel_domain::profile::{AttributeValue, CustomerKind};

/// Attributes that one change may name.
const MANY_ATTRIBUTES: usize = 200;

/// A partial update: what it does not name stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// An organisation where a new customer's is not told.
    pub kind: Option<CustomerKind>,
    pub name: Change<String>,
    pub email: Change<String>,
    pub note: Change<String>,
    pub owner: Change<String>,
    /// Who else looks after the customer: the whole list.
    pub collaborators: Option<Vec<String>>,
    pub group: Change<GroupId>,
    pub since: Change<NaiveDate>,
    /// `None` clears the attribute.
    pub attributes: BTreeMap<String, Option<AttributeValue>>,
    /// The customer's own numbers: the whole list.
    pub phones: Option<Vec<IncomingPhone>>,
    /// Ids of other systems that the customer gets, and that it loses.
    pub add_external: BTreeSet<ExternalRef>,
    pub remove_external: BTreeSet<ExternalRef>,
}

impl From<&IncomingCustomer> for Edit {
    fn from(incoming: &IncomingCustomer) -> Self {
        Self {
            kind: incoming.kind,
            name: incoming.name.clone(),
            email: incoming.email.clone(),
            owner: incoming.owner.clone(),
            since: incoming.since.clone(),
            attributes: incoming.attributes.clone(),
            phones: incoming.phones.clone(),
            ..Self::default()
        }
    }
}

/// What a change is checked against.
pub(super) struct Rules<'a> {
    pub definitions: &'a Definitions,
    pub groups: &'a BTreeSet<GroupId>,
    /// How a number is read that has no region of its own, of a customer without a country.
    pub default_region: &'a str,
}

/// The content after the change, or everything that is wrong with the change.
pub(super) fn apply(edit: &Edit, before: &Content, rules: &Rules) -> Result<Content, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut after = before.clone();
    after.kind = edit.kind.unwrap_or(before.kind);
    text(&mut faults, "name", &edit.name, 300, &mut after.name);
    text(&mut faults, "note", &edit.note, 10_000, &mut after.note);
    text(&mut faults, "owner", &edit.owner, 200, &mut after.owner);
    if let Some(names) = &edit.collaborators {
        check_count(&mut faults, "collaborators", names.len(), MANY);
        for (place, name) in names.iter().enumerate() {
            check_text(&mut faults, &format!("collaborators/{place}"), name, 200);
        }
        after.collaborators = names.iter().cloned().collect();
    }
    if let Change::Set(email) = &edit.email {
        check_email(&mut faults, "email", email);
    }
    change(&edit.email, &mut after.email);
    if let Change::Set(group) = &edit.group
        && !rules.groups.contains(group)
    {
        let detail = format!("there is no group `{group}`");
        faults.push(Fault::new("group_id", "unknown_group", detail));
    }
    change(&edit.group, &mut after.group);
    change(&edit.since, &mut after.since);
    let attributes = edit.attributes.len();
    check_count(&mut faults, "attributes", attributes, MANY_ATTRIBUTES);
    for (code, value) in &edit.attributes {
        faults.extend(attributes::check(rules.definitions, code, value.as_ref()));
        match value {
            Some(value) => after.attributes.insert(code.clone(), value.clone()),
            None => after.attributes.remove(code),
        };
    }
    check_count(&mut faults, "external_ids", edit.add_external.len(), MANY);
    for external in &edit.add_external {
        check_external(&mut faults, external);
    }
    after.external_ids.extend(edit.add_external.iter().cloned());
    after
        .external_ids
        .retain(|external| !edit.remove_external.contains(external));
    if let Some(incoming) = &edit.phones {
        let region = country(&after).unwrap_or(rules.default_region).to_owned();
        after.phones = phones::read_all(&mut faults, incoming, &region);
    }
    if faults.is_empty() {
        Ok(after)
    } else {
        Err(faults)
    }
}

fn country(content: &Content) -> Option<&str> {
    match content.attributes.get("country") {
        Some(AttributeValue::Text(country)) => Some(country),
        _ => None,
    }
}

fn check_external(faults: &mut Vec<Fault>, external: &ExternalRef) {
    check_text(faults, "external_ids/system", &external.system, 64);
    check_text(faults, "external_ids/id", &external.id, 200);
    // `system:id` names a customer in one parameter.
    if external.system.contains(':') {
        let detail = "must not contain a colon";
        faults.push(Fault::new("external_ids/system", "colon", detail));
    }
}

fn text(
    faults: &mut Vec<Fault>,
    field: &str,
    wanted: &Change<String>,
    most: usize,
    held: &mut Option<String>,
) {
    if let Change::Set(value) = wanted {
        check_text(faults, field, value, most);
    }
    change(wanted, held);
}

pub(crate) fn change<T: Clone>(wanted: &Change<T>, held: &mut Option<T>) {
    match wanted {
        Change::Keep => {}
        Change::Clear => *held = None,
        Change::Set(value) => *held = Some(value.clone()),
    }
}

/// The names of the fields in which two contents differ; never their values.
pub(super) fn fields(before: &Content, after: &Content) -> String {
    let differences = [
        ("kind", before.kind != after.kind),
        ("name", before.name != after.name),
        ("email", before.email != after.email),
        ("note", before.note != after.note),
        ("owner", before.owner != after.owner),
        ("collaborators", before.collaborators != after.collaborators),
        ("group_id", before.group != after.group),
        ("since", before.since != after.since),
        ("attributes", before.attributes != after.attributes),
        ("external_ids", before.external_ids != after.external_ids),
        ("phones", before.phones != after.phones),
    ];
    let names: Vec<&str> = differences
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect();
    names.join(" ")
}
