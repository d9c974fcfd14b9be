//! Which customers to list.

use super::values::{AttributeInput, read_attribute};
use crate::faults::Faults;
use crate::problem::{FieldError, Problem};
use serde::Deserialize;
use tiercel_domain::incoming::ExternalRef;
use tiercel_domain::profile::{AttributeType, CustomerKind};
use tiercel_persistence::attributes::Definitions;
use tiercel_persistence::customers::Filter;
use utoipa::IntoParams;

/// Filters; all of them must hold. Erased customers are in no list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListCustomers {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Adds the total.
    pub count: Option<bool>,
    pub owner: Option<String>,
    /// Who looks after the customer beside the owner.
    pub collaborator: Option<String>,
    pub group_id: Option<String>,
    pub tier: Option<String>,
    /// `organisation` or `person`.
    pub kind: Option<String>,
    /// An id of another system: `system:id`.
    pub external: Option<String>,
    /// An attribute and the value it must have: `code:value`.
    pub attribute: Option<String>,
}

impl ListCustomers {
    pub fn filter(&self, definitions: &Definitions) -> Result<Filter, Problem> {
        let mut faults = Faults::default();
        let kind = self.kind.as_deref();
        let group = self.group_id.as_deref();
        let mut filter = Filter {
            owner: self.owner.clone(),
            collaborator: self.collaborator.clone(),
            group: group.and_then(|text| faults.parsed("group_id", text, "not_an_id")),
            tier: self.tier.clone(),
            kind: kind.and_then(|word| faults.word("kind", word, CustomerKind::from_word)),
            ..Filter::default()
        };
        if let Some((system, id)) = pair(&mut faults, "external", self.external.as_deref()) {
            filter.external = Some(ExternalRef { system, id });
        }
        if let Some((code, text)) = pair(&mut faults, "attribute", self.attribute.as_deref()) {
            let flags = definitions
                .get(&code)
                .is_some_and(|known| known.kind == AttributeType::Flag);
            let value = match text.as_str() {
                "true" if flags => AttributeInput::Flag(true),
                "false" if flags => AttributeInput::Flag(false),
                _ => AttributeInput::Text(text),
            };
            let value = read_attribute(&mut faults, definitions, &code, value);
            filter.attributes.extend(value.map(|value| (code, value)));
        }
        faults.finish(Some(filter))
    }
}

fn pair(faults: &mut Faults, name: &str, text: Option<&str>) -> Option<(String, String)> {
    let text = text?;
    let read = text.split_once(':');
    if read.is_none() {
        let detail = "must be two parts joined by a colon";
        faults.extend([FieldError::new(name, "not_a_pair", detail)]);
    }
    read.map(|(left, right)| (left.to_owned(), right.to_owned()))
}
