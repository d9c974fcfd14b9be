//! From the document to what the domain decides by.

use super::rules::Place;
use super::schema::needs_schema_2;
use super::{
    DiscountPolicyDocument, PercentBasisDocument, PriceEndingDocument, PriceRoundingDocument,
    RoundingLevelDocument, RoundingModeDocument, StackGroupDocument, StackModeDocument,
};
use crate::checks::Checks;
use crate::fault::DocumentFault;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use tiercel_domain::currency::Currency;
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::discounts::index::RuleSet;
use tiercel_domain::discounts::limit::Limit;
use tiercel_domain::discounts::policy::{
    Basis, ContractRule, ContractWins, Ending, Engine, Mode, Policy, PriceRounding, RoundingLevel,
    StackGroup,
};
use tiercel_domain::discounts::rules::Rule;
use tiercel_domain::money::Rounding;
use tiercel_domain::path::Path;
use tiercel_domain::scaled::UnitPrice;

/// The newest shape that this program reads.
const SCHEMA: u32 = 2;

/// What the readers of all parts share.
pub(super) struct Reader<'a, 'c> {
    pub checks: &'a mut Checks<'c>,
    /// The policy's own.
    pub currency: Option<Currency>,
}

/// The currency of a part's amounts: its own, else the policy's; the outer `None` means a fault.
pub(super) fn currency_of(
    own: Option<&str>,
    reader: &mut Reader<'_, '_>,
    at: &Path,
) -> Option<Option<Currency>> {
    let own: Option<Currency> = reader.checks.read_some(own, &at.field("currency"))?;
    Some(own.or(reader.currency))
}

impl DiscountPolicyDocument {
    /// What the domain decides by, or every fault. `known_tiers` are those of the evaluation model
    /// in force; none = tiers are not compared.
    pub fn to_policy(
        &self,
        reference: PolicyRef,
        known_tiers: Option<&BTreeSet<String>>,
    ) -> Result<Policy, Vec<DocumentFault>> {
        let mut checks = Checks::up_to(SCHEMA, self.schema, known_tiers);
        let root = Path::root();
        self.check_schema(&mut checks);
        checks.text(&self.name, &root.field("name"));
        checks.tier(&self.default_tier, &root.field("default_tier"));
        self.check_distinct(&mut checks);
        let currency = checks.read_some(self.currency.as_deref(), &root.field("currency"));
        let mut reader = Reader {
            checks: &mut checks,
            currency: currency.flatten(),
        };
        let groups = read_groups(&self.groups, &mut reader, false);
        let document_groups = read_groups(&self.document_groups, &mut reader, true);
        let rounding = self.rounding.to_rounding(reader.checks);
        let cap = self.line_cap(&mut reader);
        let floor = optional(&self.floor, |it| {
            it.to_rule(&mut reader, &root.field("floor"))
        });
        let at = root.field("document_cap");
        let document_cap = optional(&self.document_cap, |it| it.to_limit(&mut reader, &at));
        let at = root.field("document_floor");
        let document_floor = optional(&self.document_floor, |it| it.to_rule(&mut reader, &at));
        let at = root.field("approvals");
        let approvals = optional(&self.approvals, |it| it.to_rule(&mut reader, &at));
        let policy = (|| {
            Some(Policy {
                reference,
                engine: if self.schema == 1 {
                    Engine::One
                } else {
                    Engine::Two
                },
                default_tier: self.default_tier.clone(),
                groups: groups?,
                document_groups: document_groups?,
                rounding: rounding?,
                cap: cap?,
                document_cap: document_cap?,
                floor: floor?,
                document_floor: document_floor?,
                contract: self.contract.as_ref().map_or(
                    ContractRule {
                        wins: ContractWins::WhereCheaper,
                        beats_floor: false,
                    },
                    super::ContractRuleDocument::to_rule,
                ),
                approvals: approvals?.unwrap_or_default(),
            })
        })();
        checks.finish(policy)
    }

    /// A document of schema 1 says nothing that schema 1 did not know, and the other way round.
    fn check_schema(&self, checks: &mut Checks<'_>) {
        let root = Path::root();
        if self.schema == 1 {
            for at in needs_schema_2(self) {
                checks.fault(&at, "needs_schema_2", "is not known in schema 1");
            }
        } else if self.cap_pct.is_some() {
            let detail = "is of schema 1; say `cap` with `pct`";
            checks.fault(&root.field("cap_pct"), "needs_schema_1", detail);
        }
    }

    fn check_distinct(&self, checks: &mut Checks<'_>) {
        let lists = || {
            [
                ("groups", &self.groups),
                ("document_groups", &self.document_groups),
            ]
        };
        let groups = || {
            lists().into_iter().flat_map(|(field, groups)| {
                let at = Path::root().field(field);
                let groups = groups.iter().enumerate();
                groups.map(move |(index, group)| (group, at.index(index)))
            })
        };
        checks.distinct(groups().map(|(group, at)| (group.code.as_str(), at.field("code"))));
        checks.distinct(groups().flat_map(|(group, at)| {
            let at = at.field("rules");
            let rules = group.rules.iter().enumerate();
            rules.map(move |(index, rule)| (rule.id.as_str(), at.index(index).field("id")))
        }));
    }

    fn line_cap(&self, reader: &mut Reader<'_, '_>) -> Option<Option<Limit>> {
        let root = Path::root();
        if let Some(text) = &self.cap_pct {
            let percent = reader.checks.percent(text, 100, &root.field("cap_pct"))?;
            return Some(Some(Limit {
                percent: Some(percent),
                ..Limit::default()
            }));
        }
        optional(&self.cap, |cap| cap.to_limit(reader, &root.field("cap")))
    }
}

/// The value where there is one; the outer `None` means a fault.
fn optional<D, T>(document: &Option<D>, read: impl FnOnce(&D) -> Option<T>) -> Option<Option<T>> {
    match document {
        Some(document) => read(document).map(Some),
        None => Some(None),
    }
}

fn read_groups(
    groups: &[StackGroupDocument],
    reader: &mut Reader<'_, '_>,
    document: bool,
) -> Option<Vec<StackGroup>> {
    let field = if document {
        "document_groups"
    } else {
        "groups"
    };
    let at = Path::root().field(field);
    let groups = groups.iter().enumerate();
    let groups: Vec<Option<StackGroup>> = groups
        .map(|(index, group)| group.to_group(reader, document, &at.index(index)))
        .collect();
    groups.into_iter().collect()
}

impl StackGroupDocument {
    fn to_group(
        &self,
        reader: &mut Reader<'_, '_>,
        document: bool,
        at: &Path,
    ) -> Option<StackGroup> {
        reader.checks.code(&self.code, &at.field("code"));
        let mode = self.mode.to_mode();
        let place = Place { mode, document };
        let rules = self.rules.iter().enumerate();
        let rules: Vec<Option<Rule>> = rules
            .map(|(index, rule)| rule.to_rule(reader, place, &at.field("rules").index(index)))
            .collect();
        let cap = optional(&self.cap, |cap| cap.to_limit(reader, &at.field("cap")));
        Some(StackGroup {
            code: self.code.clone(),
            mode,
            basis: match self.basis {
                PercentBasisDocument::Running => Basis::Running,
                PercentBasisDocument::List => Basis::List,
            },
            cap: cap?,
            rules: RuleSet::new(rules.into_iter().collect::<Option<_>>()?),
        })
    }
}

impl StackModeDocument {
    const fn to_mode(self) -> Mode {
        match self {
            Self::Unique => Mode::Unique,
            Self::Priority => Mode::Priority,
            Self::MostSpecific => Mode::MostSpecific,
            Self::BestForCustomer => Mode::BestForCustomer,
            Self::BestForMargin => Mode::BestForMargin,
            Self::Compound => Mode::Compound,
            Self::Additive => Mode::Additive,
            Self::AlwaysLast => Mode::AlwaysLast,
        }
    }
}

impl PriceRoundingDocument {
    fn to_rounding(&self, checks: &mut Checks<'_>) -> Option<PriceRounding> {
        let at = Path::root().field("rounding");
        let scale = self.scale.unwrap_or(0);
        let detail = "is more than 6 decimals";
        checks.require(scale <= 6, &at.field("scale"), "out_of_range", detail);
        let ending = optional(&self.ending, |it| it.to_ending(checks, &at.field("ending")));
        Some(PriceRounding {
            mode: match self.mode {
                RoundingModeDocument::HalfUp => Rounding::HalfUp,
                RoundingModeDocument::HalfEven => Rounding::HalfEven,
                RoundingModeDocument::Up => Rounding::Up,
                RoundingModeDocument::Down => Rounding::Down,
            },
            level: match self.level {
                RoundingLevelDocument::Step => RoundingLevel::Step,
                RoundingLevelDocument::Unit => RoundingLevel::Unit,
                RoundingLevelDocument::Line => RoundingLevel::Line,
                RoundingLevelDocument::Document => RoundingLevel::Document,
            },
            scale: self.scale,
            ending: ending?,
        })
    }
}

impl PriceEndingDocument {
    fn to_ending(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Ending> {
        let multiple: Option<UnitPrice> = checks.read(&self.multiple, &at.field("multiple"));
        let offset: Option<UnitPrice> = checks.read(&self.offset, &at.field("offset"));
        let (multiple, offset) = (multiple?.decimal(), offset?.decimal());
        let fits = multiple > Decimal::ZERO;
        checks.require(
            fits,
            &at.field("multiple"),
            "out_of_range",
            "is not above zero",
        );
        let fits = offset.abs() < multiple;
        let detail = "is not smaller than the multiple";
        checks.require(fits, &at.field("offset"), "out_of_range", detail);
        Some(Ending { multiple, offset })
    }
}
