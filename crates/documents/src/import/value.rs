//! What a value of the mapping is in one row: text, number or day; or why it is none.

use super::date::DateFormat;
use super::lookup::Lookups;
use super::number::Notation;
use super::row::{Row, RowReason, excerpt};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::collections::BTreeMap;
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::period::is_plausible;

/// A checked value of the mapping.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) origin: Origin,
    /// What messages call it.
    pub(super) label: String,
    pub(super) trim: bool,
    pub(super) missing: Vec<String>,
    pub(super) map: Option<BTreeMap<String, String>>,
    pub(super) otherwise: Option<String>,
    pub(super) default: Option<String>,
    pub(super) dates: Vec<DateFormat>,
    pub(super) notation: Notation,
    pub(super) round_to: Option<u32>,
    pub(super) clear_when_missing: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// An index into the plan's columns.
    Column(usize),
    Constant(String),
    RowNumber,
    Arithmetic(Operation, Vec<Value>),
    Join(Vec<Value>, String),
    Lookup {
        table: String,
        key: Box<Value>,
        /// Among the columns that the look-up keeps.
        column: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Product,
    Sum,
    Difference,
}

/// What values are read from.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) row: &'a Row,
    pub(super) lookups: &'a Lookups,
}

type Read<T> = Result<Option<T>, RowReason>;

impl Value {
    /// The text; none where the row has no value here.
    pub(super) fn text<'a>(&'a self, context: Context<'a>) -> Read<Cow<'a, str>> {
        let Some(text) = self.raw(context)? else {
            return Ok(self.default.as_deref().map(Cow::Borrowed));
        };
        let Some(map) = &self.map else {
            return Ok(Some(text));
        };
        match map.get(text.as_ref()).or(self.otherwise.as_ref()) {
            Some(meaning) => Ok(Some(Cow::Borrowed(meaning))),
            None => {
                let detail = format!("{} is not among the values that are mapped", excerpt(&text));
                Err(self.reason("unmapped_value", detail))
            }
        }
    }

    /// The exact number, rounded only where the mapping says so.
    pub(super) fn number(&self, context: Context<'_>) -> Read<Decimal> {
        let number = match &self.origin {
            Origin::Arithmetic(operation, operands) => {
                self.calculated(*operation, operands, context)?
            }
            Origin::RowNumber => Decimal::from(context.row.number),
            _ => match self.text(context)? {
                None => return Ok(None),
                Some(text) => self.notation.parse(&text).ok_or_else(|| {
                    let detail = format!("{} is not a number as declared", excerpt(&text));
                    self.reason("not_a_number", detail)
                })?,
            },
        };
        Ok(Some(match self.round_to {
            Some(scale) => round(number, scale, Rounding::HalfUp),
            None => number,
        }))
    }

    /// The day.
    pub(super) fn date(&self, context: Context<'_>) -> Read<NaiveDate> {
        let Some(text) = self.text(context)? else {
            return Ok(None);
        };
        let day = self.dates.iter().find_map(|format| format.parse(&text));
        let day = day.ok_or_else(|| {
            let formats: Vec<&str> = self
                .dates
                .iter()
                .map(|format| format.text.as_str())
                .collect();
            let formats = formats.join("` or `");
            let detail = format!("{} is not a date of the form `{formats}`", excerpt(&text));
            self.reason("not_a_date", detail)
        })?;
        if !is_plausible(day) {
            let detail = format!("{day} does not lie in the years 1900 to 2999");
            return Err(self.reason("out_of_range", detail));
        }
        Ok(Some(day))
    }

    /// The texts that the mapping itself supplies: what a row can mean without being in it.
    pub(super) fn declared_texts(&self) -> impl Iterator<Item = &str> {
        let constant = match (&self.origin, &self.map) {
            (Origin::Constant(text), None) => Some(text),
            _ => None,
        };
        let meanings = self.map.iter().flat_map(BTreeMap::values);
        let others = constant
            .into_iter()
            .chain(&self.otherwise)
            .chain(&self.default);
        meanings.chain(others).map(String::as_str)
    }

    pub(super) fn reason(&self, code: &'static str, detail: impl Into<String>) -> RowReason {
        RowReason::of(&self.label, code, detail)
    }

    /// The text as it stands in the file, trimmed if declared.
    fn raw<'a>(&'a self, context: Context<'a>) -> Read<Cow<'a, str>> {
        let text = match &self.origin {
            Origin::Column(slot) => context.row.text(*slot).map(Cow::Borrowed),
            Origin::Constant(text) => Some(Cow::Borrowed(text.as_str())),
            Origin::RowNumber => Some(Cow::Owned(context.row.number.to_string())),
            Origin::Arithmetic(..) => {
                let number = self.number(context)?;
                number.map(|number| Cow::Owned(number.normalize().to_string()))
            }
            Origin::Join(parts, with) => self.joined(parts, with, context)?,
            Origin::Lookup { table, key, column } => self.found(table, key, *column, context)?,
        };
        let text = text.map(|text| if self.trim { trimmed(text) } else { text });
        Ok(text.filter(|text| !text.is_empty() && !self.missing.iter().any(|none| none == text)))
    }

    fn calculated(
        &self,
        operation: Operation,
        operands: &[Value],
        context: Context<'_>,
    ) -> Result<Decimal, RowReason> {
        let mut total: Option<Decimal> = None;
        for operand in operands {
            let number = operand.number(context)?.ok_or_else(|| {
                operand.reason("missing_operand", "a calculation needs a value here")
            })?;
            let next = match (total, operation) {
                (None, _) => Some(number),
                (Some(total), Operation::Product) => total.checked_mul(number),
                (Some(total), Operation::Sum) => total.checked_add(number),
                (Some(total), Operation::Difference) => total.checked_sub(number),
            };
            total = Some(next.ok_or_else(|| {
                self.reason(
                    "too_large",
                    "the calculation goes beyond what can be represented",
                )
            })?);
        }
        Ok(total.unwrap_or_default())
    }

    fn joined<'a>(
        &self,
        parts: &'a [Value],
        with: &str,
        context: Context<'a>,
    ) -> Read<Cow<'a, str>> {
        let mut texts = Vec::with_capacity(parts.len());
        for part in parts {
            let text = part.text(context)?;
            texts.push(text.ok_or_else(|| {
                part.reason("missing_operand", "a joined text needs a value here")
            })?);
        }
        Ok(Some(Cow::Owned(texts.join(with))))
    }

    fn found<'a>(
        &self,
        table: &str,
        key: &'a Value,
        column: usize,
        context: Context<'a>,
    ) -> Read<Cow<'a, str>> {
        let Some(key) = key.text(context)? else {
            return Ok(None);
        };
        let Some(rows) = context.lookups.get(table) else {
            let detail = format!("the look-up `{table}` was not supplied");
            return Err(self.reason("lookup_not_supplied", detail));
        };
        match rows.find(&key, column) {
            Some(text) => Ok(Some(Cow::Borrowed(text))),
            None if self.default.is_some() => Ok(None),
            None => {
                let detail = format!("`{table}` has no row with the key {}", excerpt(&key));
                Err(self.reason("lookup_missed", detail))
            }
        }
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
