//! Published policies as the domain decides by them; which one does is a question of the date.

use crate::tenant::Hosted;
use chrono::NaiveDate;
use std::fmt::Debug;
use std::sync::Arc;
use tiercel_documents::credit_policy::CreditPolicyDocument;
use tiercel_documents::discount_policy::DiscountPolicyDocument;
use tiercel_documents::fault::{self, DocumentFault};
use tiercel_documents::routing_policy::RoutingPolicyDocument;
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::{credit, discounts, routing};
use tiercel_persistence::book::past::Moment;
use tiercel_persistence::documents::{self, DocumentKind, StoredDocument};
use tiercel_persistence::{DbError, Store};

/// All published versions of one kind of policy, in the order in which they come into force.
#[derive(Debug)]
pub struct Dated<T> {
    versions: Vec<(NaiveDate, Arc<T>)>,
}

impl<T> Default for Dated<T> {
    fn default() -> Self {
        Self {
            versions: Vec::new(),
        }
    }
}

impl<T> Dated<T> {
    /// One version, whatever the day.
    pub fn always(policy: Arc<T>) -> Self {
        Self {
            versions: vec![(NaiveDate::MIN, policy)],
        }
    }

    /// The version in force on a day: versions of the future wait for theirs.
    pub fn on(&self, date: NaiveDate) -> Option<&Arc<T>> {
        let begun = self.versions.partition_point(|(from, _)| *from <= date);
        let (_, policy) = self.versions.get(begun.checked_sub(1)?)?;
        Some(policy)
    }
}

/// The policies behind the three decisions.
#[derive(Debug, Default)]
pub struct Policies {
    pub discount: Dated<discounts::Policy>,
    pub credit: Dated<credit::Policy>,
    pub routing: Dated<routing::Policy>,
}

impl Policies {
    pub(super) async fn load(store: &Store) -> Result<Self, DbError> {
        let mut policies = Self::default();
        for kind in [
            DocumentKind::DiscountPolicy,
            DocumentKind::CreditPolicy,
            DocumentKind::RoutingPolicy,
        ] {
            policies.take(kind, &documents::published(store, kind).await?)?;
        }
        Ok(policies)
    }

    /// The version of each kind that was in force on the date, as known at the position.
    pub(super) async fn at(
        hosted: &Hosted,
        moment: Moment,
        kinds: &[DocumentKind],
    ) -> Result<Self, DbError> {
        let mut policies = Self::default();
        for kind in kinds {
            let known = documents::published_by(&*hosted.store, *kind, moment.position).await?;
            let in_force = known.into_iter().rev().find(|document| {
                let begun = document.effective_from.is_some_and(|on| on <= moment.as_of);
                let ended = document.retired_at.map(|at| hosted.date_of(at));
                begun && ended.is_none_or(|day| moment.as_of < day)
            });
            policies.take(*kind, in_force.as_slice())?;
        }
        Ok(policies)
    }

    /// Compiles versions of one kind, which are in the order in which they come into force.
    pub fn take(&mut self, kind: DocumentKind, versions: &[StoredDocument]) -> Result<(), DbError> {
        match kind {
            DocumentKind::DiscountPolicy => {
                self.discount = dated(versions, |body, reference| {
                    fault::read::<DiscountPolicyDocument>(body)?.to_policy(reference, None)
                })?;
            }
            DocumentKind::CreditPolicy => {
                self.credit = dated(versions, |body, reference| {
                    fault::read::<CreditPolicyDocument>(body)?.to_policy(reference, None)
                })?;
            }
            DocumentKind::RoutingPolicy => {
                self.routing = dated(versions, |body, reference| {
                    fault::read::<RoutingPolicyDocument>(body)?.to_policy(reference, None)
                })?;
            }
            // Decisions read tiers, not the model behind them.
            DocumentKind::EvaluationModel => {}
        }
        Ok(())
    }
}

type Compile<T> = fn(&[u8], PolicyRef) -> Result<T, Vec<DocumentFault>>;

fn dated<T>(published: &[StoredDocument], compile: Compile<T>) -> Result<Dated<T>, DbError> {
    let versions = published.iter().filter_map(|document| {
        let from = document.effective_from?;
        let policy = compile(document.body.as_bytes(), reference(document));
        let policy = policy.map_err(|faults| corrupt(document, &faults));
        Some(policy.map(|policy| (from, Arc::new(policy))))
    });
    Ok(Dated {
        versions: versions.collect::<Result<_, _>>()?,
    })
}

fn reference(document: &StoredDocument) -> PolicyRef {
    PolicyRef {
        id: document.code.clone(),
        version: u32::try_from(document.version).unwrap_or(u32::MAX),
    }
}

/// Publication refuses such documents, so nobody but the database can have made it.
fn corrupt(document: &StoredDocument, faults: &[DocumentFault]) -> DbError {
    let first = faults.first().map(|fault| format!("{fault:?}"));
    DbError::Corrupt {
        table: "document",
        detail: format!(
            "{} version {}: {}",
            document.code,
            document.version,
            first.unwrap_or_default()
        ),
    }
}
