//! Looks ahead: whose tier will drop some days from now if nothing happens, told once as an event.

use crate::flows::model;
use crate::tenant::Hosted;
use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::evaluations::{Compared, TierDrop, compare, warn};
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::{DbError, Tx, Writing, customers};

/// Customers looked at in one write.
const CHUNK: u64 = 500;

/// Looks so many days ahead from a day and tells of everyone whose tier will be worse then.
pub async fn look_ahead(hosted: &Hosted, today: NaiveDate, days: u32) -> Result<(), RefreshError> {
    let store = &*hosted.store;
    let by = today
        .checked_add_days(Days::new(days.into()))
        .unwrap_or(today);
    let Some(model) = model::on(store, today).await? else {
        return Ok(());
    };
    let then = model::on(store, by).await?;
    let then = then.as_ref().unwrap_or(&model);
    let mut after: Option<CustomerId> = None;
    loop {
        let ids = customers::ids_after(store, after, CHUNK).await?;
        let Some(last) = ids.last().copied() else {
            return Ok(());
        };
        let ids: BTreeSet<CustomerId> = ids.into_iter().collect();
        let now = compare(store, &ids, &[model.in_force()], today).await?;
        let later = compare(store, &ids, &[then.in_force()], by).await?;
        let drops = drops(&now, &later);
        let writing = Writing {
            principal: "system",
            action: "tier.will_downgrade",
            retry: None,
        };
        let told = async |tx: &Tx| {
            let told = warn(tx, &ids, &drops, by).await?;
            Ok::<_, DbError>((told, None))
        };
        store.write(&writing, told).await?;
        after = Some(last);
    }
}

/// Whoever ranks worse then than now.
fn drops(now: &[Compared<'_>], later: &[Compared<'_>]) -> BTreeMap<CustomerId, TierDrop> {
    let tier = |one: &Compared<'_>| {
        let (model, evaluation) = one.evaluations.first()?;
        let tier = model.tiers().get(evaluation.tier)?;
        Some((evaluation.tier, tier.code.clone()))
    };
    let later: BTreeMap<CustomerId, (usize, String)> = later
        .iter()
        .filter_map(|one| Some((one.customer, tier(one)?)))
        .collect();
    let drop = |one: &Compared<'_>| {
        let ((before, tier), (after, to)) = (tier(one)?, later.get(&one.customer)?);
        let drop = TierDrop {
            tier,
            to: to.clone(),
        };
        (*after > before).then_some((one.customer, drop))
    };
    now.iter().filter_map(drop).collect()
}
