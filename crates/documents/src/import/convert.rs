//! One row to the records it makes: all of them, or every reason why none.

use super::compile_records::is_region;
use super::lookup::Lookups;
use super::mapping::AttributeKind;
use super::plan::Plan;
use super::row::{ImportRecord, Row, RowReason, RowRejection, excerpt};
use super::template::{Condition, Customer, Document, Fact, Product};
use super::value::{Context, Value};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::str::FromStr;
use tiercel_domain::fact::{DocumentRef, DocumentStatus};
use tiercel_domain::incoming::{
    Change, CustomerRef, ExternalRef, IncomingCustomer, IncomingFact, IncomingPhone,
    IncomingProduct, MarginClass,
};
use tiercel_domain::profile::{AttributeValue, CustomerKind};
use tiercel_domain::scaled::{Amount, OutOfRange, Quantity, UnitPrice};

impl Plan {
    /// The records of a row, in the order customers, products, facts. A row that breaks a check
    /// or has anything unreadable makes none. A row in which no `when` holds makes none either,
    /// and is no error.
    pub fn convert(&self, row: &Row, lookups: &Lookups) -> Result<Vec<ImportRecord>, RowRejection> {
        let context = Context { row, lookups };
        let mut gather = Gather {
            context,
            system: &self.system,
            reasons: Vec::new(),
        };
        for check in &self.checks {
            gather.reasons.extend(check.fault(context));
        }
        let mut records = Vec::new();
        for template in &self.customers {
            if gather.applies(&template.when) {
                records.extend(gather.customer(template).map(ImportRecord::Customer));
            }
        }
        for template in &self.products {
            if gather.applies(&template.when) {
                records.extend(gather.product(template).map(ImportRecord::Product));
            }
        }
        for template in &self.facts {
            if gather.applies(&template.when) {
                records.extend(gather.fact(template).map(Box::new).map(ImportRecord::Fact));
            }
        }
        let mut reasons: Vec<RowReason> = Vec::new();
        for reason in gather.reasons {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        if reasons.is_empty() {
            Ok(records)
        } else {
            Err(row.rejected(reasons))
        }
    }
}

/// Reads values of one row and collects what is wrong with them.
struct Gather<'a> {
    context: Context<'a>,
    system: &'a str,
    reasons: Vec<RowReason>,
}

impl<'a> Gather<'a> {
    /// What was read; a reason is kept and nothing read.
    fn keep<T>(&mut self, read: Result<Option<T>, RowReason>) -> Option<T> {
        read.unwrap_or_else(|reason| {
            self.reasons.push(reason);
            None
        })
    }

    /// What was read; that it is missing is a reason too.
    fn require<T>(&mut self, value: &Value, read: Result<Option<T>, RowReason>) -> Option<T> {
        let read = read.and_then(|read| {
            let missing = || value.reason("missing", "a value is required here");
            read.map(Some).ok_or_else(missing)
        });
        self.keep(read)
    }

    fn text(&self, value: &Value) -> Result<Option<String>, RowReason> {
        Ok(value.text(self.context)?.map(|text| text.into_owned()))
    }

    fn date(&self, value: &Value) -> Result<Option<NaiveDate>, RowReason> {
        value.date(self.context)
    }

    /// A text that is one of a closed list.
    fn parsed<T>(
        &self,
        value: &Value,
        what: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, RowReason> {
        let Some(text) = value.text(self.context)? else {
            return Ok(None);
        };
        parse(&text).map(Some).ok_or_else(|| {
            value.reason("unknown_word", format!("{} is not {what}", excerpt(&text)))
        })
    }

    /// A number that fits its place.
    fn scaled<T>(
        &self,
        value: &Value,
        fit: impl Fn(Decimal) -> Result<T, OutOfRange>,
    ) -> Result<Option<T>, RowReason> {
        let Some(number) = value.number(self.context)? else {
            return Ok(None);
        };
        fit(number).map(Some).map_err(|error| {
            let code = match error {
                OutOfRange::NotANumber => "not_a_number",
                OutOfRange::TooPrecise(_) => "too_many_decimals",
                OutOfRange::TooLarge => "too_large",
            };
            value.reason(code, format!("{number} {error}"))
        })
    }

    fn whole(&self, value: &Value, most: u32) -> Result<Option<u32>, RowReason> {
        let Some(number) = value.number(self.context)? else {
            return Ok(None);
        };
        let whole = number.normalize();
        let whole = (whole.scale() == 0).then(|| whole.to_u32()).flatten();
        whole
            .filter(|number| *number <= most)
            .map(Some)
            .ok_or_else(|| {
                value.reason(
                    "out_of_range",
                    format!("{number} is not a whole number up to {most}"),
                )
            })
    }

    fn optional<T>(
        &mut self,
        value: Option<&Value>,
        read: impl Fn(&Self, &Value) -> Result<Option<T>, RowReason>,
    ) -> Option<T> {
        let read = value.map_or(Ok(None), |value| read(self, value));
        self.keep(read)
    }

    fn change<T>(
        &mut self,
        value: Option<&Value>,
        read: impl Fn(&Self, &Value) -> Result<Option<T>, RowReason>,
    ) -> Change<T> {
        match (self.optional(value, read), value) {
            (Some(new), _) => Change::Set(new),
            (None, Some(value)) if value.clear_when_missing => Change::Clear,
            (None, _) => Change::Keep,
        }
    }

    /// Whether every condition holds; one that cannot be read rejects the row.
    fn applies(&mut self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| {
            let read = self.text(&condition.value);
            let text = self.keep(read);
            let among = |list: &Vec<String>| text.as_ref().is_some_and(|text| list.contains(text));
            condition
                .present
                .is_none_or(|present| present == text.is_some())
                && condition.is.as_ref().is_none_or(among)
                && !condition.is_not.as_ref().is_some_and(among)
        })
    }

    fn customer(&mut self, template: &Customer) -> Option<IncomingCustomer> {
        let id = self.text(&template.external_id);
        let id = self.require(&template.external_id, id);
        let kind = self.optional(template.kind.as_ref(), |gather, value| {
            gather.parsed(value, "`organisation` or `person`", CustomerKind::from_word)
        });
        let name = self.change(template.name.as_ref(), Self::text);
        let email = self.change(template.email.as_ref(), Self::text);
        let owner = self.change(template.owner.as_ref(), Self::text);
        let since = self.change(template.since.as_ref(), Self::date);
        let mut attributes = std::collections::BTreeMap::new();
        for (code, kind, value) in &template.attributes {
            let read = self.optional(Some(value), |gather, value| gather.attribute(*kind, value));
            if read.is_some() || value.clear_when_missing {
                attributes.insert(code.clone(), read);
            }
        }
        let phones = self.phones(&template.phones);
        Some(IncomingCustomer {
            external: self.external(id?),
            kind,
            name,
            email,
            owner,
            since,
            attributes,
            phones,
        })
    }

    fn attribute(
        &self,
        kind: AttributeKind,
        value: &Value,
    ) -> Result<Option<AttributeValue>, RowReason> {
        Ok(match kind {
            AttributeKind::Text => self.text(value)?.map(AttributeValue::Text),
            AttributeKind::Number => value.number(self.context)?.map(AttributeValue::Number),
            AttributeKind::Flag => {
                let flag = self.parsed(value, "`true` or `false`", |word| word.parse().ok());
                flag?.map(AttributeValue::Flag)
            }
            AttributeKind::Date => self.date(value)?.map(AttributeValue::Date),
        })
    }

    /// The numbers given; none where there is none, so that known numbers stay.
    fn phones(&mut self, templates: &[(Value, Option<Value>)]) -> Option<Vec<IncomingPhone>> {
        let mut phones = Vec::new();
        for (number, region) in templates {
            let Some(raw) = self.optional(Some(number), Self::text) else {
                continue;
            };
            let region = self.optional(region.as_ref(), |gather, value| {
                gather.parsed(value, "an ISO 3166-1 alpha-2 code", |text| {
                    is_region(text).then(|| text.to_owned())
                })
            });
            phones.push(IncomingPhone { raw, region });
        }
        (!phones.is_empty()).then_some(phones)
    }

    fn product(&mut self, template: &Product) -> Option<IncomingProduct> {
        let sku = self.text(&template.sku);
        let sku = self.require(&template.sku, sku);
        let name = self.change(template.name.as_ref(), Self::text);
        let category = self.change(template.category.as_ref(), |gather, value| {
            gather.parsed(value, "a category path", |text| text.parse().ok())
        });
        let price = |gather: &Self, value: &Value| gather.scaled(value, UnitPrice::from_decimal);
        let list_price = self.change(template.list_price.as_ref(), price);
        let margin_class = self.optional(template.margin_class.as_ref(), |gather, value| {
            gather.parsed(
                value,
                "`promote`, `neutral` or `restrict`",
                MarginClass::from_word,
            )
        });
        let currency = self.optional(template.currency.as_ref(), Self::currency);
        let cost = self.optional(template.cost.as_ref().map(|(cost, _)| cost), price);
        let from = self.optional(template.cost.as_ref().map(|(_, from)| from), Self::date);
        if let (Some(_), None, Some((_, day))) = (cost, from, &template.cost) {
            self.reasons
                .push(day.reason("missing", "a cost needs the day on which it begins"));
        }
        Some(IncomingProduct {
            sku: sku?,
            name,
            category,
            list_price,
            margin_class,
            currency,
            cost: from.zip(cost),
        })
    }

    fn currency<T: FromStr>(&self, value: &Value) -> Result<Option<T>, RowReason> {
        self.parsed(value, "an ISO 4217 currency code", |text| text.parse().ok())
    }

    fn fact(&mut self, template: &Fact) -> Option<IncomingFact> {
        let (id, customer) = (
            self.text(&template.external_id),
            self.text(&template.customer),
        );
        let id = self.require(&template.external_id, id);
        let customer = self.require(&template.customer, customer);
        let occurred_on = self.date(&template.occurred_on);
        let occurred_on = self.require(&template.occurred_on, occurred_on);
        let words = "`open`, `closed`, `cancelled` or `disputed`";
        let status = self.parsed(&template.status, words, DocumentStatus::from_word);
        let status = self.require(&template.status, status);
        let amount = |gather: &Self, value: &Value| gather.scaled(value, Amount::from_decimal);
        let document = self.document(template.document.as_ref());
        let follows = self.document(template.follows.as_ref());
        let measures = Measures {
            quantity: self.optional(template.quantity.as_ref(), |gather, value| {
                gather.scaled(value, Quantity::from_decimal)
            }),
            amount: self.required_if_named(template.amount.as_ref(), amount),
            cost: self.optional(template.cost.as_ref(), amount),
            rating: self.required_if_named(template.rating.as_ref(), amount),
            severity: self.severity(template.severity.as_ref()),
            minutes: self.optional(template.minutes.as_ref(), |gather, value| {
                gather.whole(value, u32::MAX)
            }),
        };
        let category = self.optional(template.category.as_ref(), |gather, value| {
            gather.parsed(value, "a category path", |text| text.parse().ok())
        });
        let currency = self.optional(template.currency.as_ref(), Self::currency);
        let due_on = self.optional(template.due_on.as_ref(), Self::date);
        Some(IncomingFact {
            source: self.system.to_owned(),
            sku: self.optional(template.sku.as_ref(), Self::text),
            channel: self.optional(template.channel.as_ref(), Self::text),
            author: self.optional(template.author.as_ref(), Self::text),
            note: self.optional(template.note.as_ref(), Self::text),
            external_id: id?,
            customer: CustomerRef::External(self.external(customer?)),
            kind: template.kind,
            occurred_on: occurred_on?,
            status: status?,
            document,
            follows,
            category,
            quantity: measures.quantity,
            amount: measures.amount,
            currency,
            cost: measures.cost,
            due_on,
            rating: measures.rating,
            severity: measures.severity,
            minutes: measures.minutes,
        })
    }

    /// A measure that the template names must be there in every row.
    fn required_if_named<T>(
        &mut self,
        value: Option<&Value>,
        read: impl Fn(&Self, &Value) -> Result<Option<T>, RowReason>,
    ) -> Option<T> {
        let value = value?;
        let read = read(self, value);
        self.require(value, read)
    }

    fn severity(&mut self, value: Option<&Value>) -> Option<u8> {
        let severity = self.optional(value, |gather, value| gather.whole(value, 5))?;
        if let (0, Some(value)) = (severity, value) {
            self.reasons
                .push(value.reason("out_of_range", "a severity is 1 to 5"));
        }
        u8::try_from(severity).ok()
    }

    fn document(&mut self, template: Option<&Document>) -> Option<DocumentRef> {
        let template = template?;
        let id = self.text(&template.id);
        let id = self.require(&template.id, id);
        let line = self.optional(template.line.as_ref(), Self::text);
        Some(DocumentRef {
            system: self.system.to_owned(),
            kind: template.kind.clone(),
            id: id?,
            line,
        })
    }

    fn external(&self, id: String) -> ExternalRef {
        ExternalRef {
            system: self.system.to_owned(),
            id,
        }
    }
}

/// The numbers of a fact.
struct Measures {
    quantity: Option<Quantity>,
    amount: Option<Amount>,
    cost: Option<Amount>,
    rating: Option<Amount>,
    severity: Option<u8>,
    minutes: Option<u32>,
}
