//! Approvals are bound to what a price depends on: one hash over all of it.
//!
//! The cost is part of it, so the hash is never told: what is known but for one number is guessed
//! by trying. Where the cost comes from is part of it too: whoever tells costs of their own does not
//! learn from an approval that one of them is the product's.

use serde_json::json;
use tiercel_domain::currency::Currency;
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::discounts::approval::{GrantedPrice, granted};
use tiercel_domain::discounts::{Line, Question};
use tiercel_persistence::crypto::sha256_hex;

/// What the fingerprints of one quote have in common.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    pub policy: &'a PolicyRef,
    pub currency: Currency,
}

impl Binding<'_> {
    /// Of one line, whatever its id: its goods, prices and cost, and how much of them.
    pub fn of_line(self, line: &Line) -> String {
        let contract = line.contract.as_ref();
        let agreed = contract.and_then(|it| it.unit_price);
        let cost = line.unit_cost.amount();
        self.hash(&json!([
            "line",
            line.sku,
            line.category.as_ref().map(ToString::to_string),
            line.margin_class.word(),
            line.quantity.to_string(),
            line.base_units.to_string(),
            line.list_unit_price.map(|it| it.to_string()),
            cost.map(|it| it.to_string()),
            line.unit_cost.source(),
            contract.map(|it| &it.reference),
            agreed.map(|it| it.to_string()),
        ]))
    }

    /// Of lines together, in whatever order.
    pub fn of_document<'l>(self, lines: impl Iterator<Item = &'l Line>) -> String {
        let mut lines: Vec<String> = lines.map(|line| self.of_line(line)).collect();
        lines.sort_unstable();
        self.hash(&json!(["document", lines]))
    }

    fn hash(self, what: &serde_json::Value) -> String {
        let (id, version) = (&self.policy.id, self.policy.version);
        let inputs = json!([id, version, self.currency.to_string(), what]);
        sha256_hex(inputs.to_string().as_bytes())
    }
}

/// Tells each line, and the document, what was granted for it.
pub(super) fn bind(question: &mut Question, held: &[GrantedPrice], policy: &PolicyRef) {
    if held.is_empty() {
        return;
    }
    let binding = Binding {
        policy,
        currency: question.currency,
    };
    let document = binding.of_document(question.lines.iter());
    question.approved = granted(held, &document, question.today);
    for line in &mut question.lines {
        line.approved = granted(held, &binding.of_line(line), question.today);
    }
}
