//! Writes new versions of customers, in a bounded number of statements for 500 of them.

use super::customer::{Content, Customer};
use super::edit::fields;
use crate::attributes::{self, Definitions};
use crate::crypto;
use crate::entity::{
    customer_key, customer_personal, customer_profile, customer_state, external_id,
};
use crate::error::DbError;
use crate::mint;
use crate::phones;
use crate::sql;
use crate::store::sealed::Sealed;
use crate::write::{Change, Tx};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use std::collections::BTreeMap;
use tiercel_domain::ids::CustomerId;
use uuid::Uuid;

/// One customer to write: what it held, where it existed, and what it shall hold.
pub(super) struct Saving<'a> {
    pub id: CustomerId,
    pub before: Option<&'a Customer>,
    pub after: &'a Content,
}

impl Saving<'_> {
    /// The version that is written.
    pub fn version(&self) -> i64 {
        self.before
            .map_or(1, |before| before.state.profile_version.saturating_add(1))
    }

    const fn uuid(&self) -> Uuid {
        Uuid::from_u128(self.id.bits())
    }
}

/// Writes them all; those that exist have been touched.
pub(super) async fn save(
    tx: &Tx,
    all: &[Saving<'_>],
    definitions: &Definitions,
) -> Result<(), DbError> {
    for chunk in all.chunks(sql::MANY) {
        create_new(tx, chunk).await?;
        supersede(tx, chunk).await?;
        insert_versions(tx, chunk, definitions).await?;
        save_external_ids(tx, chunk).await?;
        save_phones(tx, chunk).await?;
    }
    for saving in all {
        note(tx, saving, definitions);
    }
    Ok(())
}

async fn create_new(tx: &Tx, chunk: &[Saving<'_>]) -> Result<(), DbError> {
    let mut states = Vec::new();
    let mut keys = Vec::new();
    for saving in chunk.iter().filter(|saving| saving.before.is_none()) {
        states.push(new_state(tx, saving.uuid()));
        keys.push(customer_key::ActiveModel {
            customer_id: Set(saving.uuid()),
            secret: Set(mint::secret::<32>()?.to_vec()),
        });
        tx.adopt(saving.id);
    }
    if states.is_empty() {
        return Ok(());
    }
    customer_state::Entity::insert_many(states)
        .exec_without_returning(tx.connection())
        .await?;
    customer_key::Entity::insert_many(keys)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn new_state(tx: &Tx, id: Uuid) -> customer_state::ActiveModel {
    customer_state::ActiveModel {
        customer_id: Set(id),
        version: Set(1),
        profile_version: Set(1),
        created_at: Set(tx.micros()),
        updated_at: Set(tx.micros()),
        erased_at: Set(None),
        evaluation_id: Set(None),
        evaluated_as_of: Set(None),
        tier: Set(None),
        score: Set(None),
        model_version: Set(None),
        next_change_on: Set(None),
        steady_until: Set(None),
    }
}

async fn supersede(tx: &Tx, chunk: &[Saving<'_>]) -> Result<(), DbError> {
    let known: Vec<Uuid> = chunk
        .iter()
        .filter(|saving| saving.before.is_some())
        .map(Saving::uuid)
        .collect();
    if known.is_empty() {
        return Ok(());
    }
    customer_profile::Entity::update_many()
        .col_expr(
            customer_profile::Column::SupersededBy,
            Expr::value(tx.write_uuid()),
        )
        .filter(customer_profile::Column::SupersededBy.is_null())
        .filter(customer_profile::Column::CustomerId.is_in(known.iter().copied()))
        .exec(tx.connection())
        .await?;
    customer_state::Entity::update_many()
        .col_expr(
            customer_state::Column::ProfileVersion,
            Expr::col(customer_state::Column::ProfileVersion).add(1),
        )
        .filter(customer_state::Column::CustomerId.is_in(known))
        .exec(tx.connection())
        .await?;
    Ok(())
}

async fn insert_versions(
    tx: &Tx,
    chunk: &[Saving<'_>],
    definitions: &Definitions,
) -> Result<(), DbError> {
    let rows = chunk.iter().map(|saving| to_rows(tx, saving, definitions));
    let (plain, personal): (Vec<_>, Vec<_>) = rows.unzip();
    customer_profile::Entity::insert_many(plain)
        .exec_without_returning(tx.connection())
        .await?;
    customer_personal::Entity::insert_many(personal)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn to_rows(
    tx: &Tx,
    saving: &Saving,
    definitions: &Definitions,
) -> (
    customer_profile::ActiveModel,
    customer_personal::ActiveModel,
) {
    let after = saving.after;
    let (personal, plain) = attributes::split(&after.attributes, definitions);
    let plain = customer_profile::ActiveModel {
        customer_id: Set(saving.uuid()),
        version: Set(saving.version()),
        kind: Set(after.kind.word().to_owned()),
        owner: Set(after.owner.clone()),
        collaborators: Set(serde_json::json!(after.collaborators).to_string()),
        group_id: Set(after.group.map(|id| Uuid::from_u128(id.bits()))),
        since: Set(after.since),
        attributes: Set(attributes::encode(&plain)),
        write_id: Set(tx.write_uuid()),
        recorded_at: Set(tx.micros()),
        superseded_by: Set(None),
    };
    let personal = customer_personal::ActiveModel {
        customer_id: Set(saving.uuid()),
        version: Set(saving.version()),
        name: Set(after.name.clone()),
        email: Set(after.email.clone()),
        note: Set(after.note.clone()),
        attributes: Set(attributes::encode(&personal)),
    };
    (plain, personal)
}

async fn save_external_ids(tx: &Tx, chunk: &[Saving<'_>]) -> Result<(), DbError> {
    let mut added = Vec::new();
    for saving in chunk {
        let before = saving.before.map(|before| &before.content.external_ids);
        for external in &saving.after.external_ids {
            if before.is_none_or(|before| !before.contains(external)) {
                added.push(external_id::ActiveModel {
                    customer_id: Set(saving.uuid()),
                    system: Set(external.system.clone()),
                    value: Set(external.id.clone()),
                    write_id: Set(tx.write_uuid()),
                    recorded_at: Set(tx.micros()),
                    superseded_by: Set(None),
                });
            }
        }
        // Only a request about one customer takes ids away, so this is no loop over many.
        for external in before.into_iter().flatten() {
            if !saving.after.external_ids.contains(external) {
                remove_external_id(tx, saving.uuid(), &external.system, &external.id).await?;
            }
        }
    }
    for rows in added.chunks(sql::MANY) {
        external_id::Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

async fn remove_external_id(
    tx: &Tx,
    customer: Uuid,
    system: &str,
    value: &str,
) -> Result<(), DbError> {
    external_id::Entity::update_many()
        .col_expr(
            external_id::Column::SupersededBy,
            Expr::value(tx.write_uuid()),
        )
        .filter(external_id::Column::CustomerId.eq(customer))
        .filter(external_id::Column::System.eq(system))
        .filter(external_id::Column::Value.eq(value))
        .filter(external_id::Column::SupersededBy.is_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

async fn save_phones(tx: &Tx, chunk: &[Saving<'_>]) -> Result<(), DbError> {
    let lists: BTreeMap<CustomerId, &[phones::Phone]> = chunk
        .iter()
        .filter(|saving| {
            let before = saving.before.map(|before| &before.content.phones);
            before.map_or(!saving.after.phones.is_empty(), |before| {
                *before != saving.after.phones
            })
        })
        .map(|saving| (saving.id, saving.after.phones.as_slice()))
        .collect();
    phones::replace(tx, None, &lists).await
}

fn note(tx: &Tx, saving: &Saving, definitions: &Definitions) {
    let empty = Content::new(saving.after.kind);
    let before = saving.before.map_or(&empty, |before| &before.content);
    let (_, plain) = attributes::split(&saving.after.attributes, definitions);
    let public = serde_json::json!([
        saving.after.kind.word(),
        saving.after.owner,
        saving.after.collaborators,
        saving.after.group.map(|id| id.to_string()),
        saving.after.since.map(|day| day.to_string()),
        attributes::encode(&plain),
    ]);
    tx.note(Change {
        entity: "customer",
        id: saving.id.to_string(),
        version: saving.version(),
        what: if saving.before.is_some() {
            "updated"
        } else {
            "created"
        },
        customer: Some(saving.id),
        content: Some(crypto::sha256_hex(public.to_string().as_bytes())),
        detail: vec![("fields", fields(before, saving.after))],
    });
}
