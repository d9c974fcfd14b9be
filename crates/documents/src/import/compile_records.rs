//! The record templates of a mapping, checked.

use super::compile::{Compiler, Need};
use super::mapping::*;
use super::template::{Condition, Customer, Document, Fact, Product};
use tiercel_domain::fact::{DocumentStatus, FactKind};
use tiercel_domain::incoming::MarginClass;
use tiercel_domain::path::Path;
use tiercel_domain::profile::CustomerKind;

impl Compiler<'_> {
    pub(super) fn customer(&mut self, spec: &CustomerTemplate, path: &Path) -> Customer {
        let kind = Need::Word(|word| CustomerKind::from_word(word).is_some());
        let phones = self.each(
            &spec.phones,
            &path.field("phones"),
            |compiler, phone, path| {
                let number = compiler.value(&phone.number, &path.field("number"), Need::Text);
                let region = phone.region.as_ref();
                let region =
                    compiler.optional(region, &path.field("region"), Need::Word(is_region));
                (number, region)
            },
        );
        let attributes = spec.attributes.iter().map(|(code, attribute)| {
            let need = match attribute.kind {
                AttributeKind::Text => Need::Text,
                AttributeKind::Number => Need::Number,
                AttributeKind::Flag => Need::Word(|word| word.parse::<bool>().is_ok()),
                AttributeKind::Date => Need::Date,
            };
            let path = path.field("attributes").key(code).field("value");
            (
                code.clone(),
                attribute.kind,
                self.value(&attribute.value, &path, need),
            )
        });
        let attributes = attributes.collect();
        Customer {
            when: self.conditions(&spec.when, path),
            external_id: self.value(&spec.external_id, &path.field("external_id"), Need::Text),
            kind: self.optional(spec.kind.as_ref(), &path.field("kind"), kind),
            name: self.optional(spec.name.as_ref(), &path.field("name"), Need::Text),
            email: self.optional(spec.email.as_ref(), &path.field("email"), Need::Text),
            owner: self.optional(spec.owner.as_ref(), &path.field("owner"), Need::Text),
            since: self.optional(spec.since.as_ref(), &path.field("since"), Need::Date),
            phones,
            attributes,
        }
    }

    pub(super) fn product(&mut self, spec: &ProductTemplate, path: &Path) -> Product {
        let margin = Need::Word(|word| MarginClass::from_word(word).is_some());
        let mut field = |value: &Option<MappingValue>, name, need| {
            self.optional(value.as_ref(), &path.field(name), need)
        };
        let name = field(&spec.name, "name", Need::Text);
        let category = field(&spec.category, "category", Need::Text);
        let list_price = field(&spec.list_price, "list_price", Need::Number);
        let margin_class = field(&spec.margin_class, "margin_class", margin);
        let currency = field(&spec.currency, "currency", Need::Text);
        let cost = spec.cost.as_ref().map(|cost| {
            let path = path.field("cost");
            let value = self.value(&cost.value, &path.field("value"), Need::Number);
            (
                value,
                self.value(&cost.from, &path.field("from"), Need::Date),
            )
        });
        Product {
            when: self.conditions(&spec.when, path),
            sku: self.value(&spec.sku, &path.field("sku"), Need::Text),
            name,
            category,
            list_price,
            margin_class,
            currency,
            cost,
        }
    }

    pub(super) fn fact(&mut self, spec: &FactTemplate, path: &Path) -> Fact {
        let kind = self.fact_kind(spec, path);
        let status = Need::Word(|word| DocumentStatus::from_word(word).is_some());
        let mut field = |value: &Option<MappingValue>, name, need| {
            self.optional(value.as_ref(), &path.field(name), need)
        };
        let sku = field(&spec.sku, "sku", Need::Text);
        let category = field(&spec.category, "category", Need::Text);
        let quantity = field(&spec.quantity, "quantity", Need::Number);
        let amount = field(&spec.amount, "amount", Need::Number);
        let currency = field(&spec.currency, "currency", Need::Text);
        let cost = field(&spec.cost, "cost", Need::Number);
        let due_on = field(&spec.due_on, "due_on", Need::Date);
        let rating = field(&spec.rating, "rating", Need::Number);
        let severity = field(&spec.severity, "severity", Need::Number);
        let minutes = field(&spec.minutes, "minutes", Need::Number);
        let channel = field(&spec.channel, "channel", Need::Text);
        let author = field(&spec.author, "author", Need::Text);
        let note = field(&spec.note, "note", Need::Text);
        Fact {
            when: self.conditions(&spec.when, path),
            kind,
            external_id: self.value(&spec.external_id, &path.field("external_id"), Need::Text),
            customer: self.value(&spec.customer, &path.field("customer"), Need::Text),
            occurred_on: self.value(&spec.occurred_on, &path.field("occurred_on"), Need::Date),
            status: self.value(&spec.status, &path.field("status"), status),
            document: self.document(spec.document.as_ref(), &path.field("document")),
            follows: self.document(spec.follows.as_ref(), &path.field("follows")),
            sku,
            category,
            quantity,
            amount,
            currency,
            cost,
            due_on,
            rating,
            severity,
            minutes,
            channel,
            author,
            note,
        }
    }

    fn fact_kind(&mut self, spec: &FactTemplate, path: &Path) -> FactKind {
        let Some(kind) = FactKind::from_word(&spec.kind) else {
            let words: Vec<&str> = FactKind::ALL.iter().map(|kind| kind.word()).collect();
            let detail = format!("`{}` is none of {}", spec.kind, words.join(", "));
            self.fault(&path.field("kind"), "unknown_kind", detail);
            return FactKind::Contact;
        };
        let required = match kind {
            FactKind::OrderLine
            | FactKind::Invoice
            | FactKind::Payment
            | FactKind::CreditNote
            | FactKind::Return
            | FactKind::Expense => Some(("amount", spec.amount.is_some())),
            FactKind::StaffRating => Some(("rating", spec.rating.is_some())),
            FactKind::Delivery | FactKind::Complaint | FactKind::Contact => None,
        };
        if let Some((field, false)) = required {
            let detail = format!("a fact of kind `{}` needs a value here", spec.kind);
            self.fault(&path.field(field), "required", detail);
        }
        kind
    }

    fn document(&mut self, spec: Option<&DocumentTemplate>, path: &Path) -> Option<Document> {
        spec.map(|spec| Document {
            kind: spec.kind.clone(),
            id: self.value(&spec.id, &path.field("id"), Need::Text),
            line: self.optional(spec.line.as_ref(), &path.field("line"), Need::Text),
        })
    }

    fn conditions(&mut self, specs: &[MappingCondition], path: &Path) -> Vec<Condition> {
        self.each(specs, &path.field("when"), |compiler, spec, path| {
            if spec.present.is_none() && spec.is.is_none() && spec.is_not.is_none() {
                let detail = "a condition has `present`, `is` or `is_not`";
                compiler.fault(path, "required", detail);
            }
            Condition {
                value: compiler.value(&spec.value, &path.field("value"), Need::Text),
                present: spec.present,
                is: spec.is.clone(),
                is_not: spec.is_not.clone(),
            }
        })
    }
}

/// Whether a text has the form of an ISO 3166-1 alpha-2 code.
pub(super) fn is_region(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase())
}
