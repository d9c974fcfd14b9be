//! Contracts in JSON.

use crate::faults::Faults;
use crate::problem::{FieldError, Problem};
use crate::tenant::TenantHandle;
use crate::v1::deciding::CustomerReference;
use crate::wire::{date, instant, present};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tiercel_domain::contracts::{About, AgreedPrice, Contract, Party, Term};
use tiercel_domain::ids::{ContractId, CustomerId, GroupId};
use tiercel_domain::incoming::CustomerRef;
use tiercel_domain::scaled::{Percent, UnitPrice};
use tiercel_persistence::contracts::StoredContract;
use tiercel_persistence::{customers, groups};
use utoipa::ToSchema;

/// Terms of one contract.
const MOST_TERMS: usize = 10_000;
/// Characters of codes and skus.
const MOST_CHARACTERS: usize = 200;

/// A contract to make: with a `customer` or with a group.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "K-2026-7", "customer": {"external": {"system": "erp1", "id": "C-1042"}}, "currency": "EUR", "valid_from": "2026-03-01", "valid_until": "2026-12-31", "terms": [{"sku": "BT023", "net_unit_price": "81.50"}, {"category": "drives", "percent": "12"}]}))]
pub struct CreateContractRequest {
    /// What lines name as `contract_ref`; unique among all contracts.
    pub code: String,
    pub customer: Option<CustomerReference>,
    /// All customers of the group and of those below it, `grp_…`.
    pub group_id: Option<String>,
    /// ISO 4217, of the net prices; the base currency where absent.
    pub currency: Option<String>,
    #[schema(format = Date)]
    pub valid_from: String,
    /// The last day; until further notice where absent.
    #[schema(format = Date)]
    pub valid_until: Option<String>,
    /// 1 to 10,000; the narrowest that is about a line counts.
    pub terms: Vec<ContractTerm>,
}

/// Fields of a contract to change: absent fields stay.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_until": "2026-09-30"}))]
pub struct PatchContractRequest {
    #[schema(format = Date)]
    pub valid_from: Option<String>,
    /// Null: until further notice.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<Option<String>>,
    /// All of them.
    pub terms: Option<Vec<ContractTerm>>,
}

/// What was agreed for an article, a category with everything below it, or for everything.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "BT023", "net_unit_price": "81.50"}))]
pub struct ContractTerm {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sku: Option<String>,
    /// A path such as `drives/servo`; not with `sku`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub category: Option<String>,
    /// Of a base unit, in the currency of the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub net_unit_price: Option<String>,
    /// Off the list price; not with `net_unit_price`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub percent: Option<String>,
}

/// One version of a contract.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "ctr_06dv7n5z4h9k3m2p8q1r5s7t0z", "version": 1, "code": "K-2026-7", "customer_id": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "currency": "EUR", "valid_from": "2026-03-01", "valid_until": "2026-12-31", "terms": [{"sku": "BT023", "net_unit_price": "81.5"}], "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct ContractResponse {
    pub id: String,
    pub version: i64,
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub group_id: Option<String>,
    pub currency: String,
    #[schema(format = Date)]
    pub valid_from: String,
    /// The last day; absent: until further notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, nullable = false)]
    pub valid_until: Option<String>,
    pub terms: Vec<ContractTerm>,
    pub recorded_at: String,
}

impl CreateContractRequest {
    /// The id of what comes back means nothing yet.
    pub(super) async fn read(&self, tenant: &TenantHandle) -> Result<Contract, Problem> {
        let mut faults = Faults::default();
        let code = faults.text("/code", &self.code, MOST_CHARACTERS);
        let currency = match &self.currency {
            Some(text) => faults.currency("/currency", text),
            None => Some(tenant.settings().base_currency),
        };
        let from = date(&mut faults, "/valid_from", &self.valid_from);
        let until = self.valid_until.as_deref();
        let until = until.and_then(|text| date(&mut faults, "/valid_until", text));
        let terms = terms(&self.terms, &mut faults);
        check_period(from, until, &mut faults);
        let party = self.named(&mut faults);
        let read = code.zip(currency).zip(from).zip(party);
        let (((code, currency), valid_from), named) = faults.finish(read)?;
        Ok(Contract {
            id: ContractId::from_bits(0),
            code,
            party: existing(tenant, named).await?,
            currency,
            valid_from,
            valid_until: until,
            terms,
        })
    }

    fn named(&self, faults: &mut Faults) -> Option<Named> {
        match (&self.customer, &self.group_id) {
            (Some(customer), None) => {
                let customer = customer.clone().read("/customer", faults);
                customer.map(Named::Customer)
            }
            (None, Some(group)) => faults
                .parsed("/group_id", group, "not_an_id")
                .map(Named::Group),
            _ => {
                let detail = "must have either `customer` or `group_id`";
                faults.add("/customer", "one_of", detail);
                None
            }
        }
    }
}

/// A party before it is looked up.
enum Named {
    Customer(CustomerRef),
    Group(GroupId),
}

async fn existing(tenant: &TenantHandle, named: Named) -> Result<Party, Problem> {
    match named {
        Named::Customer(reference) => {
            let wanted = BTreeSet::from([reference.clone()]);
            let found = customers::resolve(tenant.store(), &wanted).await?;
            let id: Option<CustomerId> = found.get(&reference).copied();
            let unknown = || unknown("/customer", "unknown_customer", "no customer has this id");
            let id = id.ok_or_else(unknown)?;
            let mut states = customers::state(tenant.store(), &BTreeSet::from([id])).await?;
            let state = states.remove(&id).filter(|it| it.erased_at.is_none());
            state.map(|_| Party::Customer(id)).ok_or_else(unknown)
        }
        Named::Group(id) => {
            let known = groups::all(tenant.store()).await?.contains_key(&id);
            let unknown = || unknown("/group_id", "unknown_group", "no group has this id");
            known.then_some(Party::Group(id)).ok_or_else(unknown)
        }
    }
}

fn unknown(pointer: &str, code: &str, detail: &str) -> Problem {
    Problem::invalid(vec![FieldError::new(pointer, code, detail)])
}

impl PatchContractRequest {
    pub(super) fn apply(&self, known: &Contract) -> Result<Contract, Problem> {
        let mut faults = Faults::default();
        let from = self.valid_from.as_deref();
        let from = from.and_then(|text| date(&mut faults, "/valid_from", text));
        let until = match &self.valid_until {
            None => known.valid_until,
            Some(None) => None,
            Some(Some(text)) => date(&mut faults, "/valid_until", text),
        };
        let from = from.unwrap_or(known.valid_from);
        check_period(Some(from), until, &mut faults);
        let terms = match &self.terms {
            Some(all) => terms(all, &mut faults),
            None => known.terms.clone(),
        };
        faults.finish(Some(Contract {
            valid_from: from,
            valid_until: until,
            terms,
            ..known.clone()
        }))
    }
}

fn check_period(from: Option<NaiveDate>, until: Option<NaiveDate>, faults: &mut Faults) {
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        let detail = "lies before the first day";
        faults.add("/valid_until", "before_valid_from", detail);
    }
}

fn terms(all: &[ContractTerm], faults: &mut Faults) -> Vec<Term> {
    if all.is_empty() || all.len() > MOST_TERMS {
        faults.add("/terms", "range", "must be 1 to 10,000 terms");
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut read = Vec::new();
    for (place, term) in all.iter().enumerate() {
        let at = format!("/terms/{place}");
        let Some(term) = term.read(&at, faults) else {
            continue;
        };
        if !seen.insert(term.about.clone()) {
            faults.add(at, "duplicate", "another term is about the same goods");
        }
        read.push(term);
    }
    read
}

impl ContractTerm {
    fn read(&self, at: &str, faults: &mut Faults) -> Option<Term> {
        let about = match (&self.sku, &self.category) {
            (None, None) => Some(About::Everything),
            (Some(sku), None) => faults
                .text(&format!("{at}/sku"), sku, MOST_CHARACTERS)
                .map(About::Sku),
            (None, Some(path)) => faults
                .parsed(&format!("{at}/category"), path, "not_a_category")
                .map(About::Category),
            (Some(_), Some(_)) => {
                faults.add(at, "one_of", "must have `sku` or `category`, not both");
                None
            }
        };
        let price = match (&self.net_unit_price, &self.percent) {
            (Some(net), None) => {
                let price: Option<UnitPrice> = faults.number(&format!("{at}/net_unit_price"), net);
                price.filter(|it| !it.is_negative()).map(AgreedPrice::Net)
            }
            (None, Some(percent)) => {
                let percent: Option<Percent> = faults.number(&format!("{at}/percent"), percent);
                let fits = |it: &Percent| !it.is_negative() && it.decimal() <= 100.into();
                percent.filter(fits).map(AgreedPrice::Percent)
            }
            _ => None,
        };
        if price.is_none() {
            let detail = "must have `net_unit_price`, not below zero, or `percent`, from 0 to 100";
            faults.add(at, "no_price", detail);
        }
        Some(Term {
            about: about?,
            price: price?,
        })
    }
}

impl From<&Term> for ContractTerm {
    fn from(term: &Term) -> Self {
        let (sku, category) = match &term.about {
            About::Everything => (None, None),
            About::Category(path) => (None, Some(path.to_string())),
            About::Sku(sku) => (Some(sku.clone()), None),
        };
        let (net_unit_price, percent) = match term.price {
            AgreedPrice::Net(price) => (Some(price.to_string()), None),
            AgreedPrice::Percent(percent) => (None, Some(percent.to_string())),
        };
        Self {
            sku,
            category,
            net_unit_price,
            percent,
        }
    }
}

impl From<StoredContract> for ContractResponse {
    fn from(stored: StoredContract) -> Self {
        let what = stored.what;
        let (customer, group) = match what.party {
            Party::Customer(id) => (Some(id.to_string()), None),
            Party::Group(id) => (None, Some(id.to_string())),
        };
        Self {
            id: what.id.to_string(),
            version: stored.version,
            code: what.code,
            customer_id: customer,
            group_id: group,
            currency: what.currency.to_string(),
            valid_from: what.valid_from.to_string(),
            valid_until: what.valid_until.map(|day| day.to_string()),
            terms: what.terms.iter().map(ContractTerm::from).collect(),
            recorded_at: instant(stored.recorded_at),
        }
    }
}
