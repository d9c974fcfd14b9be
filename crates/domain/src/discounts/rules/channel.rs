//! Rules for quotes that come through some channels.

use super::{Case, Miss, MissReason, listed};
use std::collections::BTreeSet;

pub(super) fn miss(channels: &BTreeSet<String>, case: Case<'_>) -> Option<Miss> {
    let actual = case.facts.channel.as_deref();
    let holds = channels.is_empty() || actual.is_some_and(|channel| channels.contains(channel));
    (!holds).then(|| {
        let needed = listed(channels);
        Miss::new(MissReason::ChannelOther, needed, actual.unwrap_or_default())
    })
}
