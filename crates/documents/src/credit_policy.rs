//! The credit policy as a document. Amounts are in the tenant's base currency.
//!
//! | terms in parts           | `credit_policy/lines.rs` |
//! | reservations, exceptions | `credit_policy/rules.rs` |
//! | reminders                | `credit_policy/dunning.rs` |
//! | proposed limits, data    | `credit_policy/proposals.rs` |

mod dunning;
mod lines;
mod proposals;
mod rules;

pub use dunning::{DelayFromDocument, DunningLevelDocument, DunningRulesDocument};
pub use lines::{DueDocument, PortionDocument, TermLineDocument};
pub use proposals::{CreditDataRulesDocument, LimitFormulaDocument, LimitStepDocument};
pub use rules::{
    AuthorizationRulesDocument, CreditExceptionDocument, ExceptionScopeDocument,
    ExpiredLimitDocument,
};

use crate::checks::Checks;
use crate::fault::DocumentFault;
use crate::hold_out::HoldOutDocument;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::credit::policy::{
    DataRules, Exception, HoldRules, LimitRule, Policy, TierCredit,
};
use tiercel_domain::credit::terms::{Due, EarlyPayment, PaymentTerm};
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::path::Path;
use tiercel_domain::scaled::Amount;
use utoipa::ToSchema;

/// The policy that a new tenant starts with.
pub const DEFAULT: &str = include_str!("defaults/credit_policy.json");

/// How credit is decided. Amounts and percentages are strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditPolicyDocument {
    /// The version of this shape: 1.
    pub schema: u32,
    pub name: String,
    /// One of `tiers`: its terms are for customers whose tier is not known or has no terms.
    pub default_tier: String,
    pub limit_source: LimitSourceDocument,
    pub tiers: Vec<TierCreditDocument>,
    #[serde(default)]
    pub authorization: AuthorizationRulesDocument,
    #[serde(default)]
    pub exceptions: Vec<CreditExceptionDocument>,
    /// What is expected of the data of finance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub data: Option<CreditDataRulesDocument>,
    /// Absent: no limits are proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit_formula: Option<LimitFormulaDocument>,
}

/// Where a customer's limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitSourceDocument {
    /// Always the tier.
    Tier,
    /// The customer's attribute `credit_limit`, and the tier where it is absent.
    AttributeElseTier,
}

/// What customers of one tier get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TierCreditDocument {
    pub tier: String,
    pub payment_term: PaymentTermDocument,
    pub limit: String,
    #[serde(default)]
    pub hold: HoldRulesDocument,
    /// Nothing is authorised for customers of this tier.
    #[serde(default)]
    pub veto: bool,
    /// Customers of this tier who get the terms of the default tier instead, so that it shows what
    /// the tier's bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_out: Option<HoldOutDocument>,
    /// Reminders of bills that are not paid.
    #[serde(default, skip_serializing_if = "DunningRulesDocument::is_empty")]
    pub dunning: DunningRulesDocument,
}

/// When a bill is to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentTermDocument {
    /// The code of the term in the ERP.
    pub code: String,
    pub kind: DueKindDocument,
    /// Days after the date of the invoice; only, and always, with kind `net`.
    #[serde(default)]
    pub net_days: Option<u16>,
    #[serde(default)]
    pub early_payment: Vec<EarlyPaymentDocument>,
    /// Parts of the bill; only with kind `net`, whose days then are those of the last part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<TermLineDocument>,
    #[serde(default)]
    pub grace_days: u16,
    /// Per year.
    pub late_interest_pct: String,
}

/// Whether goods are delivered before they are paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueKindDocument {
    Net,
    Prepayment,
}

/// What paying within some days takes off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlyPaymentDocument {
    pub days: u16,
    /// At most two decimals.
    pub percent: String,
}

/// When new orders are held; what is absent holds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HoldRulesDocument {
    /// More than this is overdue after the days of grace.
    pub overdue_above: Option<String>,
    /// The oldest open item is more days overdue than this.
    pub oldest_overdue_days_above: Option<u16>,
    /// The exposure is above the limit.
    pub over_limit: bool,
    /// One document is larger than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_above: Option<String>,
    /// As long as no more than this is overdue, the days of the oldest item hold nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_ignored_up_to: Option<String>,
}

impl CreditPolicyDocument {
    /// What the domain decides by, or every fault. `known_tiers` are those of the evaluation model
    /// in force; none = tiers are not compared.
    pub fn to_policy(
        &self,
        reference: PolicyRef,
        known_tiers: Option<&BTreeSet<String>>,
    ) -> Result<Policy, Vec<DocumentFault>> {
        let mut checks = Checks::new(self.schema, known_tiers);
        let root = Path::root();
        checks.text(&self.name, &root.field("name"));
        let at = root.field("tiers");
        let rows = || self.tiers.iter().enumerate();
        checks.distinct(rows().map(|(index, row)| {
            let path = at.index(index).field("tier");
            (row.tier.as_str(), path)
        }));
        let has_default = self.tiers.iter().any(|row| row.tier == self.default_tier);
        let default_at = root.field("default_tier");
        checks.require(
            has_default,
            &default_at,
            "unknown_tier",
            "is none of `tiers`",
        );
        let tiers: Vec<Option<(String, TierCredit)>> = rows()
            .map(|(index, row)| row.to_credit(&mut checks, &at.index(index)))
            .collect();
        for (index, row) in rows().filter(|(_, row)| row.tier == self.default_tier) {
            let detail = "nobody is held out from the terms of the default tier";
            let hold_at = at.index(index).field("hold_out");
            checks.require(row.hold_out.is_none(), &hold_at, "not_allowed", detail);
        }
        let tiers: Option<BTreeMap<String, TierCredit>> = tiers.into_iter().collect();
        let authorization = self
            .authorization
            .read(&mut checks, &root.field("authorization"));
        let exceptions = self.exceptions(&mut checks, &root.field("exceptions"));
        let data = match &self.data {
            Some(data) => data.read(&mut checks, &root.field("data")),
            None => Some(DataRules::default()),
        };
        let formula = self.limit_formula.as_ref();
        let formula = formula.map(|it| it.read(&mut checks, &root.field("limit_formula")));
        let policy = tiers.and_then(|tiers| {
            Some(Policy {
                reference,
                default_tier: self.default_tier.clone(),
                default_terms: tiers.get(&self.default_tier)?.clone(),
                tiers,
                authorization,
                exceptions: exceptions?,
                data: data?,
                formula: match formula {
                    Some(formula) => Some(formula?),
                    None => None,
                },
                limit_source: match self.limit_source {
                    LimitSourceDocument::Tier => LimitRule::Tier,
                    LimitSourceDocument::AttributeElseTier => LimitRule::AttributeElseTier,
                },
            })
        });
        checks.finish(policy)
    }

    fn exceptions(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Vec<Exception>> {
        let rows = self.exceptions.iter().enumerate();
        let read: Vec<Option<Exception>> = rows
            .map(|(index, row)| row.read(checks, &at.index(index)))
            .collect();
        read.into_iter().collect()
    }
}

impl TierCreditDocument {
    fn to_credit(&self, checks: &mut Checks<'_>, at: &Path) -> Option<(String, TierCredit)> {
        checks.tier(&self.tier, &at.field("tier"));
        let term = self.payment_term.to_term(checks, &at.field("payment_term"));
        let limit = amount(&self.limit, checks, &at.field("limit"));
        let hold = &self.hold;
        let hold_at = at.field("hold");
        let overdue_above =
            rules::some(&hold.overdue_above, checks, &hold_at.field("overdue_above"));
        let document_at = hold_at.field("document_above");
        let document_above = rules::some(&hold.document_above, checks, &document_at);
        let ignored_at = hold_at.field("days_ignored_up_to");
        let days_ignored_up_to = rules::some(&hold.days_ignored_up_to, checks, &ignored_at);
        let hold_out = match &self.hold_out {
            Some(share) => share.read(checks, &at.field("hold_out")).map(Some),
            None => Some(None),
        };
        let dunning = self.dunning.read(checks, &at.field("dunning"));
        let credit = TierCredit {
            hold_out: hold_out?,
            term: term?,
            limit: limit?,
            hold: HoldRules {
                overdue_above: overdue_above?,
                oldest_overdue_days_above: hold.oldest_overdue_days_above,
                over_limit: hold.over_limit,
                document_above: document_above?,
                days_ignored_up_to: days_ignored_up_to?,
            },
            veto: self.veto,
            dunning: dunning?,
        };
        Some((self.tier.clone(), credit))
    }
}

fn amount(text: &str, checks: &mut Checks<'_>, at: &Path) -> Option<Amount> {
    let amount: Amount = checks.read(text, at)?;
    checks.require(!amount.is_negative(), at, "out_of_range", "is negative");
    Some(amount)
}

impl PaymentTermDocument {
    fn to_term(&self, checks: &mut Checks<'_>, at: &Path) -> Option<PaymentTerm> {
        checks.code(&self.code, &at.field("code"));
        let due = self.due(checks, at);
        let early_payment = self.early_payment(checks, &at.field("early_payment"));
        let lines_at = at.field("lines");
        let lines = lines::read(&self.lines, checks, &lines_at);
        let parts = self.lines.is_empty() || self.kind == DueKindDocument::Net;
        checks.require(parts, &lines_at, "not_allowed", "prepayment has no parts");
        let interest_at = at.field("late_interest_pct");
        let late_interest = checks.percent(&self.late_interest_pct, 100, &interest_at);
        Some(PaymentTerm {
            code: self.code.clone(),
            due: due?,
            lines: lines?,
            early_payment: early_payment?,
            grace_days: self.grace_days,
            late_interest: late_interest?,
        })
    }

    fn due(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Due> {
        match (self.kind, self.net_days) {
            (DueKindDocument::Net, Some(days)) => Some(Due::Net { days }),
            (DueKindDocument::Prepayment, None) => Some(Due::Prepayment),
            (DueKindDocument::Net, None) => {
                checks.fault(
                    &at.field("net_days"),
                    "missing",
                    "kind `net` needs its days",
                );
                None
            }
            (DueKindDocument::Prepayment, Some(_)) => {
                let detail = "prepayment has no days";
                checks.fault(&at.field("net_days"), "not_allowed", detail);
                None
            }
        }
    }

    /// Longer terms must earn less, and none may reach the day on which all is due anyway.
    fn early_payment(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Vec<EarlyPayment>> {
        let mut kept: Vec<EarlyPayment> = Vec::new();
        for (index, row) in self.early_payment.iter().enumerate() {
            let at = at.index(index);
            let percent_at = at.field("percent");
            let percent = checks.percent(&row.percent, 99, &percent_at)?;
            let spelled = percent.decimal().scale() <= 2 && !percent.is_zero();
            let detail = "is zero or has more than two decimals";
            checks.require(spelled, &percent_at, "out_of_range", detail);
            let falls = kept
                .last()
                .is_none_or(|last| last.days < row.days && percent < last.percent);
            let detail = "has no more days, or no smaller percentage, than the one before";
            checks.require(falls, &at, "not_in_order", detail);
            let early = self.net_days.is_some_and(|days| row.days < days);
            let detail = "does not lie before the day on which all is due";
            checks.require(early, &at.field("days"), "too_late", detail);
            kept.push(EarlyPayment {
                days: row.days,
                percent,
            });
        }
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::canonical;
    use crate::fault::read;

    fn reference() -> PolicyRef {
        PolicyRef {
            id: "credit".to_owned(),
            version: 1,
        }
    }

    #[test]
    fn the_default_policy_has_no_fault_and_reads_back() {
        let document: CreditPolicyDocument = read(DEFAULT.as_bytes()).unwrap();
        let tiers = ["high", "general", "low"].map(str::to_owned);
        let policy = document.to_policy(reference(), Some(&BTreeSet::from(tiers)));
        let high = policy.unwrap().tiers.remove("high").unwrap();
        assert_eq!(high.term.text(), "2% 10 days, net 45");
        let bytes = canonical(&document).unwrap().bytes;
        assert_eq!(read::<CreditPolicyDocument>(&bytes).unwrap(), document);
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let text = r#"{"schema": 1, "name": "n", "default_tier": "gold", "limit_source": "tier",
            "tiers": [
              {"tier": "high", "limit": "-1", "hold": {"overdue_above": "x"}, "payment_term": {
                "code": "", "kind": "net", "net_days": 30, "late_interest_pct": "101",
                "early_payment": [{"days": 10, "percent": "2.005"}, {"days": 30, "percent": "3"}]}},
              {"tier": "high", "limit": "1", "payment_term": {
                "code": "a", "kind": "net", "late_interest_pct": "0"}},
              {"tier": "low", "limit": "1", "payment_term": {
                "code": "b", "kind": "prepayment", "net_days": 3, "late_interest_pct": "0"}}
            ]}"#;
        let document: CreditPolicyDocument = read(text.as_bytes()).unwrap();
        let faults = document.to_policy(reference(), None).unwrap_err();
        let told = faults.into_iter();
        let told: Vec<String> = told
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect();
        assert_eq!(
            told,
            [
                "/tiers/1/tier duplicate",
                "/default_tier unknown_tier",
                "/tiers/0/payment_term/code not_a_code",
                "/tiers/0/payment_term/early_payment/0/percent out_of_range",
                "/tiers/0/payment_term/early_payment/1 not_in_order",
                "/tiers/0/payment_term/early_payment/1/days too_late",
                "/tiers/0/payment_term/late_interest_pct out_of_range",
                "/tiers/0/limit out_of_range",
                "/tiers/0/hold/overdue_above not_a_value",
                "/tiers/1/payment_term/net_days missing",
                "/tiers/2/payment_term/net_days not_allowed",
            ]
        );
    }

    #[test]
    fn parts_rules_and_exceptions_are_read_and_their_faults_told() {
        let with = |lines: &str, exceptions: &str, ttl: u32| {
            let text = format!(
                r#"{{"schema": 1, "name": "n", "default_tier": "a", "limit_source": "tier",
                "authorization": {{"ttl_seconds": {ttl}, "expired_limit": "last_value"}},
                "exceptions": [{exceptions}],
                "tiers": [{{"tier": "a", "limit": "1", "veto": true, "payment_term": {{"code": "x",
                  "kind": "net", "net_days": 60, "late_interest_pct": "0", "lines": [{lines}]}}}}]}}"#
            );
            let document: CreditPolicyDocument = read(text.as_bytes()).unwrap();
            document.to_policy(reference(), None)
        };
        let half = r#"{"portion": "percent_of_total", "percent": "40", "divisor": "2.5", "due": {"days": 30}}"#;
        let rest = r#"{"portion": "remainder", "due": {"months": 2, "end_of_month": true}}"#;
        let all = r#"{"applies_to": "all", "oldest_overdue_days_above": 61}"#;
        let policy = with(&format!("{half}, {rest}"), all, 60).unwrap();
        assert_eq!(policy.default_terms.term.lines.len(), 2);
        assert_eq!(policy.default_terms.term.unece_4279(), ["21"]);
        assert!(policy.default_terms.veto && policy.exceptions.len() == 1);

        // W16: a divisor of 2 is not 40 %.
        let wrong = half.replace("2.5", "2");
        let nobody = r#"{"applies_to": "group"}, {"applies_to": "all", "id": "grp_x", "overdue_above": "-1"}"#;
        let faults = with(&format!("{wrong}, {rest}"), nobody, 0).unwrap_err();
        let told = faults.into_iter();
        let told: Vec<String> = told
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect();
        assert_eq!(
            told,
            [
                "/tiers/0/payment_term/lines/0/divisor wrong_divisor",
                "/authorization/ttl_seconds out_of_range",
                "/exceptions/0/id missing",
                "/exceptions/1/id not_allowed",
                "/exceptions/1/overdue_above out_of_range",
            ]
        );
        let faults = with(half, "", 60).unwrap_err();
        assert_eq!(faults[0].code, "not_a_term");
    }
}
