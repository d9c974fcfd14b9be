//! What beyond points made a tier: groups, vetoes, the lifecycle, and which reasons weigh most.

use super::wire::{
    CountedPoints, GroupResponse, LifecycleResponse, RankedReasonResponse, ReasonResponse,
    VetoResponse,
};
use chrono::NaiveDate;
use tiercel_domain::evaluation::{
    Criterion, CriterionResult, Effect, Evaluation, Keeping, Lifecycle, Model, Reason, Standing,
    ranked_reasons,
};
use tiercel_domain::scaled::Points;

pub fn reason(reason: &Reason) -> ReasonResponse {
    ReasonResponse {
        code: reason.code.clone(),
        en: reason.texts.get("en").cloned(),
        zh: reason.texts.get("zh").cloned(),
    }
}

pub fn counted(criterion: &Criterion, result: &CriterionResult) -> CountedPoints {
    let refinement = &criterion.refinement;
    CountedPoints {
        given: result.given.to_string(),
        weight: refinement.weight.map(|weight| weight.to_string()),
        left: result.left.map(|left| left.to_string()),
        weighed: result.weighed.to_string(),
        group: refinement.group.clone(),
    }
}

pub fn groups(model: &Model, evaluation: &Evaluation) -> Vec<GroupResponse> {
    let groups = model.groups().iter().zip(&evaluation.groups);
    let shown = |points: &Option<Points>| points.map(|points| points.to_string());
    groups
        .map(|(group, result)| GroupResponse {
            code: group.code.clone(),
            label: group.label.clone(),
            min: shown(&group.min),
            max: shown(&group.max),
            sum: result.sum.to_string(),
            points: result.points.to_string(),
        })
        .collect()
}

/// The vetoes that hold; `decided` is the place of the one that made the tier.
pub fn vetoes(model: &Model, evaluation: &Evaluation, decided: Option<usize>) -> Vec<VetoResponse> {
    let holding = evaluation.vetoes.iter();
    let holding = holding.filter_map(|place| Some((*place, model.vetoes().get(*place)?)));
    holding
        .map(|(place, veto)| VetoResponse {
            code: veto.code.clone(),
            label: veto.label.clone(),
            effect: veto.effect.word().to_owned(),
            tier: veto.effect.tier().to_owned(),
            decides: decided == Some(place),
            reason: veto.reason.as_ref().map(reason),
        })
        .collect()
}

/// The reasons of criteria that `shown` lets through.
pub fn reasons(
    model: &Model,
    evaluation: &Evaluation,
    shown: impl Fn(&Criterion) -> bool,
) -> Vec<RankedReasonResponse> {
    let ranked = ranked_reasons(model, evaluation).into_iter();
    let ranked = ranked.filter_map(|it| {
        let criterion = model.criteria().get(it.criterion)?;
        shown(criterion).then_some((criterion, it))
    });
    let ranked = (1..).zip(ranked);
    ranked
        .map(|(rank, (criterion, it))| RankedReasonResponse {
            rank,
            criterion: criterion.code.clone(),
            difference: it.difference.to_string(),
            reason: it.reason.map(reason),
        })
        .collect()
}

pub fn lifecycle(
    model: &Model,
    lifecycle: &Lifecycle,
    standing: &Standing,
    raw: usize,
    as_of: NaiveDate,
) -> LifecycleResponse {
    let code = |tier: usize| {
        let tier = model.tiers().get(tier);
        tier.map(|tier| tier.code.clone()).unwrap_or_default()
    };
    let (tier, says) = (code(standing.tier), code(raw));
    let (effect, by, until) = match lifecycle.effect(standing, raw, as_of) {
        Effect::None => ("none", None, None),
        Effect::Kept { until, by } => ("kept", Some(by), Some(until)),
        Effect::Waits { until } => ("waits", None, Some(until)),
    };
    let day = until.map(|day| day.to_string()).unwrap_or_default();
    let (en, zh) = match by {
        Some(by) => {
            let (en, zh) = kept_by(by);
            (
                format!("score says {says}; kept {tier} until {day} by {en}"),
                format!("评分对应{says}；因{zh}保留{tier}至{day}"),
            )
        }
        None if effect == "waits" => (
            format!("score says {says}; rises from {tier} after {day}"),
            format!("评分对应{says}；{day}之后从{tier}升级"),
        ),
        None => (format!("score says {says}"), format!("评分对应{says}")),
    };
    LifecycleResponse {
        tier,
        since: standing.since.to_string(),
        misses: standing.misses,
        effect: effect.to_owned(),
        by: by.map(|by| by.word().to_owned()),
        until: until.map(|day| day.to_string()),
        en,
        zh,
    }
}

const fn kept_by(by: Keeping) -> (&'static str, &'static str) {
    match by {
        Keeping::Grace => ("grace", "宽限期"),
        Keeping::MinimumStay => ("minimum stay", "最短保留期"),
        Keeping::Misses => ("the misses that it allows", "允许的未达标次数"),
        Keeping::Calendar => ("the calendar", "评定周期"),
    }
}
