//! What documents of schema 1 did not know yet.

use super::{
    DiscountKindDocument, DiscountPolicyDocument, DiscountRuleDocument, FloorBasisDocument,
    RoundingLevelDocument, StackGroupDocument, StackModeDocument,
};
use tiercel_domain::path::Path;

/// The places of everything that needs schema 2.
pub(super) fn needs_schema_2(it: &DiscountPolicyDocument) -> Vec<Path> {
    let root = Path::root();
    let floor = it.floor.as_ref();
    let level = it.rounding.level;
    let fields = [
        (it.currency.is_some(), root.field("currency")),
        (it.contract.is_some(), root.field("contract")),
        (
            !it.document_groups.is_empty(),
            root.field("document_groups"),
        ),
        (it.cap.is_some(), root.field("cap")),
        (it.document_cap.is_some(), root.field("document_cap")),
        (it.document_floor.is_some(), root.field("document_floor")),
        (it.approvals.is_some(), root.field("approvals")),
        (
            matches!(
                level,
                RoundingLevelDocument::Step | RoundingLevelDocument::Document
            ),
            root.field("rounding").field("level"),
        ),
        (
            it.rounding.ending.is_some(),
            root.field("rounding").field("ending"),
        ),
        (
            floor.is_some_and(|floor| !old_basis(floor.basis)),
            root.field("floor").field("basis"),
        ),
        (
            floor.is_some_and(|floor| floor.currency.is_some()),
            root.field("floor").field("currency"),
        ),
        (
            floor.is_some_and(|floor| !floor.exceptions.is_empty()),
            root.field("floor").field("exceptions"),
        ),
    ];
    let mut places: Vec<Path> = told(fields).collect();
    let at = root.field("groups");
    for (index, group) in it.groups.iter().enumerate() {
        places.extend(of_group(group, &at.index(index)));
    }
    places
}

fn told(fields: impl IntoIterator<Item = (bool, Path)>) -> impl Iterator<Item = Path> {
    let fields = fields.into_iter();
    fields.filter_map(|(is_there, at)| is_there.then_some(at))
}

const fn old_basis(basis: FloorBasisDocument) -> bool {
    matches!(
        basis,
        FloorBasisDocument::GrossMarginPct | FloorBasisDocument::MarkupPct
    )
}

fn of_group(group: &StackGroupDocument, at: &Path) -> Vec<Path> {
    let old = matches!(
        group.mode,
        StackModeDocument::BestForCustomer
            | StackModeDocument::MostSpecific
            | StackModeDocument::Compound
    );
    let fields = [
        (!old, at.field("mode")),
        (group.cap.is_some(), at.field("cap")),
    ];
    let mut places: Vec<Path> = told(fields).collect();
    for (index, rule) in group.rules.iter().enumerate() {
        places.extend(of_rule(rule, &at.field("rules").index(index)));
    }
    places
}

fn of_rule(rule: &DiscountRuleDocument, at: &Path) -> Vec<Path> {
    let select = &rule.select;
    let below = at.field("select");
    let fields = [
        (rule.version.is_some(), at.field("version")),
        (rule.kind != DiscountKindDocument::Percent, at.field("kind")),
        (rule.breaks.is_some(), at.field("breaks")),
        (rule.currency.is_some(), at.field("currency")),
        (rule.aggregate.is_some(), at.field("aggregate")),
        (rule.cap.is_some(), at.field("cap")),
        (rule.hold_out.is_some(), at.field("hold_out")),
        (!select.customers.is_empty(), below.field("customers")),
        (!select.segments.is_empty(), below.field("segments")),
        (!select.contracts.is_empty(), below.field("contracts")),
        (!select.currencies.is_empty(), below.field("currencies")),
        (
            select.below_quantity.is_some(),
            below.field("below_quantity"),
        ),
        (select.min_amount.is_some(), below.field("min_amount")),
        (select.below_amount.is_some(), below.field("below_amount")),
    ];
    told(fields).collect()
}
