//! A trial: everything an import does but writing.

use super::ImportError;
use super::batch::reason;
use super::feed::{Data, Line};
use serde::Serialize;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use tiercel_documents::import::{ImportRecord, RowReason, RowRejection, SurveyReport};
use tiercel_domain::facts::faults;
use tiercel_domain::incoming::{CustomerRef, IncomingFact};
use tiercel_persistence::rates::RateTable;
use tiercel_persistence::settings::Settings;
use tiercel_persistence::{Store, customers, products, rates};

/// What a trial found.
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    pub rows: u64,
    /// Rows that nothing speaks against.
    pub accepted: u64,
    pub rejected: u64,
    pub survey: SurveyReport,
}

/// What facts may refer to: what is known, and what the file itself has told so far. Texts are
/// kept as their hashes; two that share one make the trial more lenient, the import is exact.
struct Known<'a> {
    store: &'a Store,
    settings: &'a Settings,
    rates: RateTable,
    told: HashSet<u64>,
}

/// Surveys, converts and validates a file; `rejected` hears of every row that would be rejected.
pub async fn trial(
    store: &Store,
    settings: &Settings,
    data: &Data,
    mut rejected: impl FnMut(&[String], &RowRejection) -> Result<(), ImportError>,
) -> Result<Trial, ImportError> {
    let survey = data.survey().await?;
    let mut trial = Trial {
        rows: 0,
        accepted: 0,
        rejected: 0,
        survey,
    };
    if trial.survey.is_refused() {
        return Ok(trial);
    }
    let mut known = Known {
        store,
        settings,
        rates: rates::table(store).await?,
        told: HashSet::new(),
    };
    let mut chunks = data.chunks(0);
    while let Some(chunk) = chunks.recv().await {
        let chunk = chunk?;
        let mut all = chunk.rejected;
        known.hear(&chunk.lines);
        all.extend(known.refused(&chunk.lines).await?);
        all.sort_by_key(|(place, _)| *place);
        for (_, rejection) in &all {
            rejected(&chunk.header, rejection)?;
        }
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        trial.rows = trial.rows.saturating_add(chunk.rows);
        trial.rejected = trial.rejected.saturating_add(count);
    }
    trial.accepted = trial.rows.saturating_sub(trial.rejected);
    Ok(trial)
}

impl Known<'_> {
    fn hear(&mut self, lines: &[Line]) {
        for record in lines.iter().flat_map(|line| &line.records) {
            match record {
                ImportRecord::Customer(it) => {
                    let reference = CustomerRef::External(it.external.clone());
                    self.told.insert(hash(&reference));
                }
                ImportRecord::Product(it) => {
                    self.told.insert(hash(&it.sku));
                }
                ImportRecord::Fact(_) => {}
            }
        }
    }

    async fn refused(&self, lines: &[Line]) -> Result<Vec<(u64, RowRejection)>, ImportError> {
        let facts = || lines.iter().flat_map(facts_of);
        let refs: BTreeSet<CustomerRef> = facts()
            .map(|fact| &fact.customer)
            .filter(|reference| !self.told.contains(&hash(reference)))
            .cloned()
            .collect();
        let skus: BTreeSet<String> = facts()
            .filter_map(|fact| fact.sku.clone())
            .filter(|sku| !self.told.contains(&hash(sku)))
            .collect();
        let known = customers::resolve(self.store, &refs).await?;
        let listed = products::by_sku(self.store, &skus).await?;
        let strange = |fact: &IncomingFact| {
            let customer = refs.contains(&fact.customer) && !known.contains_key(&fact.customer);
            let sku = fact.sku.as_ref();
            let sku = sku.is_some_and(|sku| skus.contains(sku) && !listed.contains_key(sku));
            self.reasons(fact, customer, sku)
        };
        let rows = lines.iter().filter_map(|line| {
            let reasons: Vec<RowReason> = facts_of(line).flat_map(strange).collect();
            (!reasons.is_empty()).then(|| (line.place, line.row.rejected(reasons)))
        });
        Ok(rows.collect())
    }

    fn reasons(&self, fact: &IncomingFact, no_customer: bool, no_sku: bool) -> Vec<RowReason> {
        let found = faults(fact);
        let mut reasons: Vec<RowReason> = found
            .iter()
            .map(|fault| reason(fault.field, fault.code, &fault.detail))
            .collect();
        if no_customer {
            let detail = "no customer has this id";
            reasons.push(reason("customer", "unknown_customer", detail));
        }
        if no_sku {
            reasons.push(reason("sku", "unknown_sku", "no product has this sku"));
        }
        let currency = fact.currency.unwrap_or(self.settings.base_currency);
        let foreign = currency != self.settings.base_currency && fact.amount.is_some();
        if foreign && self.rates.on(currency, fact.occurred_on).is_none() {
            let detail = format!("no rate for {currency} is known on {}", fact.occurred_on);
            reasons.push(reason("currency", "no_rate", &detail));
        }
        reasons
    }
}

fn facts_of(line: &Line) -> impl Iterator<Item = &IncomingFact> {
    line.records.iter().filter_map(|record| match record {
        ImportRecord::Fact(fact) => Some(&**fact),
        ImportRecord::Customer(_) | ImportRecord::Product(_) => None,
    })
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
