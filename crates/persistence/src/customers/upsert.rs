//! Creates and changes customers, one or a thousand, found by id or by another system's id.

use super::customer::{Content, Customer, load_with};
use super::edit::{Edit, Rules, apply};
use super::lookup::resolve;
use super::save::{Saving, save};
use crate::attributes::{self, Definitions};
use crate::error::DbError;
use crate::groups;
use crate::refused::{Fault, Refused};
use crate::write::Tx;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{CustomerId, GroupId};
use tiercel_domain::incoming::{CustomerRef, ExternalRef, IncomingCustomer};
use tiercel_domain::profile::CustomerKind;

/// What became of a customer that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    /// It held all of it already; nothing was written.
    Unchanged,
}

/// What became of one of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upserted {
    Done {
        id: CustomerId,
        outcome: Outcome,
        /// The version of the profile after the write.
        version: i64,
    },
    /// Not written; the others of the batch are.
    Rejected(Vec<Fault>),
}

/// Creates or changes each of up to some thousand customers, in order: one that is sent twice gets
/// both changes and one new version. A version is written only where something changed. An erased
/// customer is rejected as `customer_erased`.
pub async fn upsert(
    tx: &Tx,
    incoming: &[IncomingCustomer],
    default_region: &str,
) -> Result<Vec<Upserted>, DbError> {
    let items: Vec<(ExternalRef, Edit)> = incoming
        .iter()
        .map(|customer| (customer.external.clone(), Edit::from(customer)))
        .collect();
    put_all(tx, &items, default_region).await
}

/// The same for edits of any field.
pub async fn put_all(
    tx: &Tx,
    items: &[(ExternalRef, Edit)],
    default_region: &str,
) -> Result<Vec<Upserted>, DbError> {
    let context = Context::read(tx, items.iter().map(|item| &item.1), default_region).await?;
    let refs: BTreeSet<CustomerRef> = items
        .iter()
        .map(|(external, _)| CustomerRef::External(external.clone()))
        .collect();
    let mut locked = BTreeSet::new();
    loop {
        let mut batch = Batch::read(tx, &context, &refs).await?;
        let outcomes: Vec<_> = items
            .iter()
            .map(|(external, edit)| batch.put(tx, external, edit))
            .collect();
        let known = batch.changed_known();
        if known.is_subset(&locked) {
            batch.save(tx).await?;
            return Ok(batch.finish(outcomes));
        }
        // Locked before they are read again: another write may have come between.
        locked.extend(tx.touch(&known).await?);
    }
}

/// Creates a customer.
pub async fn create(tx: &Tx, edit: &Edit, default_region: &str) -> Result<Customer, Refused> {
    let context = Context::read(tx, [edit], default_region).await?;
    refuse_taken(tx, edit, None).await?;
    let start = Content::new(edit.kind.unwrap_or(CustomerKind::Organisation));
    let after = apply(edit, &start, &context.rules()).map_err(Refused::Invalid)?;
    let id = CustomerId::from_bits(tx.mint());
    let saving = Saving {
        id,
        before: None,
        after: &after,
    };
    save(tx, &[saving], &context.definitions).await?;
    read_one(tx, id, &context.definitions).await
}

/// Changes a customer that `check` agrees to; nothing is written where nothing changes.
pub async fn patch<E: From<Refused> + From<DbError>>(
    tx: &Tx,
    id: CustomerId,
    edit: &Edit,
    default_region: &str,
    check: impl FnOnce(&Customer) -> Result<(), E>,
) -> Result<Customer, E> {
    let context = Context::read(tx, [edit], default_region).await?;
    tx.touch(&BTreeSet::from([id])).await?;
    let before = read_one(tx, id, &context.definitions).await?;
    check(&before)?;
    if before.state.erased_at.is_some() {
        return Err(Refused::Erased.into());
    }
    refuse_taken(tx, edit, Some(id)).await?;
    let after = apply(edit, &before.content, &context.rules())
        .map_err(|faults| E::from(Refused::Invalid(faults)))?;
    if after == before.content {
        return Ok(before);
    }
    let saving = Saving {
        id,
        before: Some(&before),
        after: &after,
    };
    save(tx, &[saving], &context.definitions).await?;
    Ok(read_one(tx, id, &context.definitions).await?)
}

async fn refuse_taken(tx: &Tx, edit: &Edit, owner: Option<CustomerId>) -> Result<(), Refused> {
    let refs = edit.add_external.iter().cloned();
    let found = resolve(tx, &refs.map(CustomerRef::External).collect()).await?;
    let taken = found.into_iter().find(|(_, id)| Some(*id) != owner);
    match taken {
        Some((CustomerRef::External(taken), _)) => Err(Refused::Taken(format!(
            "`{}:{}` is the id of another customer",
            taken.system, taken.id
        ))),
        _ => Ok(()),
    }
}

async fn read_one(tx: &Tx, id: CustomerId, definitions: &Definitions) -> Result<Customer, Refused> {
    load_with(tx, &BTreeSet::from([id]), definitions)
        .await?
        .remove(&id)
        .ok_or(Refused::Unknown("customer"))
}

/// What edits are checked against, read once.
struct Context<'a> {
    definitions: Definitions,
    groups: BTreeSet<GroupId>,
    default_region: &'a str,
}

impl<'a> Context<'a> {
    async fn read(
        tx: &Tx,
        edits: impl IntoIterator<Item = &Edit>,
        default_region: &'a str,
    ) -> Result<Self, DbError> {
        use tiercel_domain::incoming::Change;
        let grouped = edits
            .into_iter()
            .any(|edit| matches!(edit.group, Change::Set(_)));
        let groups = if grouped {
            groups::all(tx).await?.into_keys().collect()
        } else {
            BTreeSet::new()
        };
        Ok(Self {
            definitions: attributes::definitions(tx).await?,
            groups,
            default_region,
        })
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            definitions: &self.definitions,
            groups: &self.groups,
            default_region: self.default_region,
        }
    }
}

/// What is being made of a batch, before anything is written.
struct Batch<'a> {
    context: &'a Context<'a>,
    ids: BTreeMap<ExternalRef, CustomerId>,
    before: BTreeMap<CustomerId, Customer>,
    after: BTreeMap<CustomerId, Content>,
}

impl<'a> Batch<'a> {
    async fn read(
        tx: &Tx,
        context: &'a Context<'a>,
        refs: &BTreeSet<CustomerRef>,
    ) -> Result<Self, DbError> {
        let found = resolve(tx, refs).await?;
        let before =
            load_with(tx, &found.values().copied().collect(), &context.definitions).await?;
        let ids = found
            .into_iter()
            .filter_map(|(reference, id)| match reference {
                CustomerRef::External(external) => Some((external, id)),
                CustomerRef::Id(_) => None,
            });
        Ok(Self {
            context,
            ids: ids.collect(),
            before,
            after: BTreeMap::new(),
        })
    }

    fn put(
        &mut self,
        tx: &Tx,
        external: &ExternalRef,
        edit: &Edit,
    ) -> Result<(CustomerId, Outcome), Vec<Fault>> {
        let known = self.ids.get(external).copied();
        let id = known.unwrap_or_else(|| CustomerId::from_bits(tx.mint()));
        let before = self.before.get(&id);
        if before.is_some_and(|before| before.state.erased_at.is_some()) {
            let detail = "the customer is erased; its data cannot be brought back";
            return Err(vec![Fault::new("", "customer_erased", detail)]);
        }
        let start = self.after.get(&id).or(before.map(|known| &known.content));
        let (start, edit) = match start {
            Some(start) => (start.clone(), edit.clone()),
            None => (
                Content::new(CustomerKind::Organisation),
                naming(edit, external),
            ),
        };
        let after = apply(&edit, &start, &self.context.rules())?;
        let outcome = match known {
            None => Outcome::Created,
            Some(_) if after == start => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        self.ids.insert(external.clone(), id);
        self.after.insert(id, after);
        Ok((id, outcome))
    }

    fn savings(&self) -> Vec<Saving<'_>> {
        self.after
            .iter()
            .map(|(id, after)| Saving {
                id: *id,
                before: self.before.get(id),
                after,
            })
            .filter(|saving| {
                saving
                    .before
                    .is_none_or(|before| before.content != *saving.after)
            })
            .collect()
    }

    fn changed_known(&self) -> BTreeSet<CustomerId> {
        self.savings()
            .iter()
            .filter(|saving| saving.before.is_some())
            .map(|saving| saving.id)
            .collect()
    }

    async fn save(&self, tx: &Tx) -> Result<(), DbError> {
        let saved = save(tx, &self.savings(), &self.context.definitions).await;
        // Another write took one of the ids: run again, this one finds the customer.
        saved.map_err(|error| match error {
            DbError::Taken(detail) => DbError::Conflict(detail),
            other => other,
        })
    }

    fn finish(&self, outcomes: Vec<Result<(CustomerId, Outcome), Vec<Fault>>>) -> Vec<Upserted> {
        let versions: BTreeMap<CustomerId, i64> = self
            .savings()
            .iter()
            .map(|saving| (saving.id, saving.version()))
            .collect();
        let version_of = |id: &CustomerId| {
            let before = self.before.get(id).map(|known| known.state.profile_version);
            versions.get(id).copied().or(before).unwrap_or(1)
        };
        outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Err(faults) => Upserted::Rejected(faults),
                Ok((id, outcome)) => Upserted::Done {
                    id,
                    outcome,
                    version: version_of(&id),
                },
            })
            .collect()
    }
}

fn naming(edit: &Edit, external: &ExternalRef) -> Edit {
    let mut edit = edit.clone();
    edit.add_external.insert(external.clone());
    edit
}
