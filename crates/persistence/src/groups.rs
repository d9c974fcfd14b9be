//! Groups of customers: a tree, so that a policy for a group holds for the groups below it.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::refused::{Fault, Refused, check_text};
use crate::sql;
use crate::store::{Source, sealed::Sealed};
use crate::write::{Change as Noted, Tx};
use chrono::{DateTime, Utc};
use sea_orm::{DbBackend, Value};
use std::collections::BTreeMap;
use tiercel_domain::ids::GroupId;
use tiercel_domain::incoming::Change;
use uuid::Uuid;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub version: i64,
    /// Unique among all groups.
    pub code: String,
    pub name: String,
    pub parent: Option<GroupId>,
    pub recorded_at: DateTime<Utc>,
}

/// A partial update: what it does not name stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupEdit {
    pub code: Option<String>,
    pub name: Option<String>,
    pub parent: Change<GroupId>,
}

/// All groups there are; a company has some hundreds.
pub async fn all(source: &impl Source) -> Result<BTreeMap<GroupId, Group>, DbError> {
    let text = "SELECT group_id, version, code, name, parent_id, recorded_at \
                FROM customer_group WHERE superseded_by IS NULL";
    let rows = sql::rows(source, text, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            let id: Uuid = row.try_get("", "group_id")?;
            let parent: Option<Uuid> = row.try_get("", "parent_id")?;
            let group = Group {
                id: GroupId::from_bits(id.as_u128()),
                version: row.try_get("", "version")?,
                code: row.try_get("", "code")?,
                name: row.try_get("", "name")?,
                parent: parent.map(|id| GroupId::from_bits(id.as_u128())),
                recorded_at: from_micros(row.try_get("", "recorded_at")?),
            };
            Ok((group.id, group))
        })
        .collect()
}

/// Of each group its code and the codes of those above it, the nearest first, as known now or at a
/// position of the journal.
pub async fn chains(
    source: &impl Source,
    known_at: Option<i64>,
) -> Result<BTreeMap<Uuid, Vec<String>>, DbError> {
    let text = format!(
        "SELECT g.group_id, g.code, g.parent_id FROM customer_group g WHERE {}",
        sql::known("g", known_at)
    );
    let values = known_at.map(Value::from).into_iter().collect();
    let mut groups: BTreeMap<Uuid, (String, Option<Uuid>)> = BTreeMap::new();
    for row in sql::rows(source, &text, values).await? {
        let above = (row.try_get("", "code")?, row.try_get("", "parent_id")?);
        groups.insert(row.try_get("", "group_id")?, above);
    }
    let chain = |id: &Uuid| {
        let above = |id: &Uuid| groups.get(id)?.1;
        // The tree has no circle; a broken one must not hang.
        let ids = std::iter::successors(Some(*id), above).take(groups.len());
        ids.filter_map(|id| groups.get(&id).map(|group| group.0.clone()))
            .collect()
    };
    Ok(groups.keys().map(|id| (*id, chain(id))).collect())
}

/// Makes a group.
pub async fn create(
    tx: &Tx,
    code: &str,
    name: &str,
    parent: Option<GroupId>,
) -> Result<Group, Refused> {
    let groups = locked(tx).await?;
    let group = Group {
        id: GroupId::from_bits(tx.mint()),
        version: 1,
        code: code.to_owned(),
        name: name.to_owned(),
        parent,
        recorded_at: tx.at(),
    };
    check(&groups, &group)?;
    insert(tx, &group, "created").await?;
    Ok(group)
}

/// Changes a group that `agree` agrees to; a parent that stands below it is refused.
pub async fn patch<E: From<Refused> + From<DbError>>(
    tx: &Tx,
    id: GroupId,
    edit: &GroupEdit,
    agree: impl FnOnce(&Group) -> Result<(), E>,
) -> Result<Group, E> {
    let groups = locked(tx).await?;
    let before = groups.get(&id).ok_or(Refused::Unknown("group"))?;
    agree(before)?;
    let group = Group {
        code: edit.code.clone().unwrap_or_else(|| before.code.clone()),
        name: edit.name.clone().unwrap_or_else(|| before.name.clone()),
        parent: match edit.parent {
            Change::Keep => before.parent,
            Change::Clear => None,
            Change::Set(parent) => Some(parent),
        },
        ..before.clone()
    };
    if group == *before {
        return Ok(group);
    }
    check(&groups, &group)?;
    let group = Group {
        version: before.version.saturating_add(1),
        recorded_at: tx.at(),
        ..group
    };
    let text = "UPDATE customer_group SET superseded_by = $1 \
                WHERE group_id = $2 AND superseded_by IS NULL";
    let values = vec![tx.write_uuid().into(), Uuid::from_u128(id.bits()).into()];
    sql::run(tx, text, values).await?;
    insert(tx, &group, "updated").await?;
    Ok(group)
}

/// The tree, held still until the write ends: two moves at once could close a circle.
async fn locked(tx: &Tx) -> Result<BTreeMap<GroupId, Group>, DbError> {
    if tx.backend() == DbBackend::Postgres {
        let text = "SELECT group_id FROM customer_group WHERE superseded_by IS NULL \
                    ORDER BY group_id FOR UPDATE";
        sql::rows(tx, text, Vec::new()).await?;
    }
    all(tx).await
}

fn check(groups: &BTreeMap<GroupId, Group>, group: &Group) -> Result<(), Refused> {
    let mut faults = Vec::new();
    check_text(&mut faults, "code", &group.code, 64);
    check_text(&mut faults, "name", &group.name, 200);
    if let Some(parent) = group.parent {
        if !groups.contains_key(&parent) {
            let detail = format!("there is no group `{parent}`");
            faults.push(Fault::new("parent_id", "unknown_group", detail));
        }
        if stands_below(groups, parent, group.id) {
            let detail = "the parent is the group itself or stands below it";
            faults.push(Fault::new("parent_id", "cycle", detail));
        }
    }
    if !faults.is_empty() {
        return Err(Refused::Invalid(faults));
    }
    let taken = groups
        .values()
        .any(|other| other.id != group.id && other.code == group.code);
    if taken {
        let detail = format!("another group has the code `{}`", group.code);
        return Err(Refused::Taken(detail));
    }
    Ok(())
}

/// Whether `start` is `above` or stands anywhere below it.
fn stands_below(groups: &BTreeMap<GroupId, Group>, start: GroupId, above: GroupId) -> bool {
    let mut at = Some(start);
    // A tree has no path longer than its nodes.
    for _ in 0..=groups.len() {
        match at {
            Some(id) if id == above => return true,
            Some(id) => at = groups.get(&id).and_then(|group| group.parent),
            None => return false,
        }
    }
    true
}

async fn insert(tx: &Tx, group: &Group, what: &'static str) -> Result<(), DbError> {
    let text = "INSERT INTO customer_group \
                (group_id, version, code, name, parent_id, write_id, recorded_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let parent = group.parent.map(|id| Uuid::from_u128(id.bits()));
    let values: Vec<Value> = vec![
        Uuid::from_u128(group.id.bits()).into(),
        group.version.into(),
        group.code.clone().into(),
        group.name.clone().into(),
        parent.into(),
        tx.write_uuid().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    let parent = group.parent.map(|id| id.to_string()).unwrap_or_default();
    tx.note(Noted {
        entity: "customer_group",
        id: group.id.to_string(),
        version: group.version,
        what,
        customer: None,
        content: None,
        detail: vec![("code", group.code.clone()), ("parent", parent)],
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: u128, parent: Option<u128>) -> (GroupId, Group) {
        let id = GroupId::from_bits(id);
        let group = Group {
            id,
            version: 1,
            code: id.to_string(),
            name: "A group".into(),
            parent: parent.map(GroupId::from_bits),
            recorded_at: DateTime::UNIX_EPOCH,
        };
        (id, group)
    }

    #[test]
    fn no_move_closes_a_circle() {
        let groups = BTreeMap::from([group(1, None), group(2, Some(1)), group(3, Some(2))]);
        let moved = |id, parent| check(&groups, &group(id, Some(parent)).1).is_ok();
        assert!(!moved(1, 3) && !moved(1, 1) && !moved(2, 3));
        assert!(moved(3, 1));
    }
}
