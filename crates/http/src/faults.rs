//! Collects every fault of a readable request, so that the caller mends them in one go.

use crate::problem::{FieldError, Problem};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use tiercel_domain::currency::Currency;
use tiercel_domain::scaled::OutOfRange;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

/// Faults found so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    pub fn add(&mut self, pointer: impl Into<String>, code: &str, detail: impl Display) {
        self.0.push(FieldError::new(pointer, code, detail));
    }

    pub fn extend(&mut self, errors: impl IntoIterator<Item = FieldError>) {
        self.0.extend(errors);
    }

    /// Takes over faults whose pointers begin at a place of this request.
    pub fn extend_below(&mut self, place: &str, found: Self) {
        self.0.extend(found.0.into_iter().map(|fault| FieldError {
            pointer: format!("{place}{}", fault.pointer),
            ..fault
        }));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_errors(self) -> Vec<FieldError> {
        self.0
    }

    /// The value, unless something was found.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::invalid(self.0)),
        }
    }

    /// Reads a scaled number; a fault is noted and nothing returned.
    pub fn number<T: FromStr<Err = OutOfRange>>(&mut self, pointer: &str, text: &str) -> Option<T> {
        text.parse()
            .map_err(|error: OutOfRange| self.add(pointer, code_of(error), error))
            .ok()
    }

    /// The same where the field may be absent.
    pub fn optional_number<T: FromStr<Err = OutOfRange>>(
        &mut self,
        pointer: &str,
        text: Option<&str>,
    ) -> Option<T> {
        text.and_then(|text| self.number(pointer, text))
    }

    /// Reads anything that parses; `code` names the fault.
    pub fn parsed<T>(&mut self, pointer: &str, text: &str, code: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        text.parse()
            .map_err(|error: T::Err| self.add(pointer, code, error))
            .ok()
    }

    pub fn currency(&mut self, pointer: &str, text: &str) -> Option<Currency> {
        self.parsed(pointer, text, "unknown_currency")
    }

    /// A word of a closed list.
    pub fn word<T>(&mut self, pointer: &str, text: &str, read: fn(&str) -> Option<T>) -> Option<T> {
        let value = read(text);
        if value.is_none() {
            let shown: String = text.chars().take(40).collect();
            self.add(
                pointer,
                "unknown_value",
                format!("`{shown}` is not one of the known values"),
            );
        }
        value
    }

    /// Checks what a type declares of its own fields. Values are not repeated in the answer.
    pub fn declared(&mut self, pointer: &str, value: &impl Validate) {
        if let Err(errors) = value.validate() {
            self.add_declared(pointer, &errors);
        }
    }

    fn add_declared(&mut self, pointer: &str, errors: &ValidationErrors) {
        // The map has no order of its own; answers should.
        let sorted: BTreeMap<_, _> = errors.errors().iter().collect();
        for (field, kind) in sorted {
            let at = format!("{pointer}/{field}");
            match kind {
                ValidationErrorsKind::Field(found) => {
                    for error in found {
                        self.add(&at, &error.code, bounds(error));
                    }
                }
                ValidationErrorsKind::Struct(inner) => self.add_declared(&at, inner),
                ValidationErrorsKind::List(items) => {
                    for (place, inner) in items {
                        self.add_declared(&format!("{at}/{place}"), inner);
                    }
                }
            }
        }
    }

    /// A text of 1 to `most` characters without control characters.
    pub fn text(&mut self, pointer: &str, text: &str, most: usize) -> Option<String> {
        self.is_text(pointer, text, most).then(|| text.to_owned())
    }

    /// The same of a text that is at hand already.
    pub fn own_text(&mut self, pointer: &str, text: String, most: usize) -> Option<String> {
        self.is_text(pointer, &text, most).then_some(text)
    }

    fn is_text(&mut self, pointer: &str, text: &str, most: usize) -> bool {
        let length = text.chars().count();
        if length == 0 || length > most {
            self.add(
                pointer,
                "length",
                format!("must have 1 to {most} characters"),
            );
            return false;
        }
        let mut letters = text.chars();
        if letters.any(|letter| letter.is_control() && letter != '\n' && letter != '\t') {
            self.add(
                pointer,
                "control_character",
                "must not contain control characters",
            );
            return false;
        }
        true
    }
}

/// What the declaration asks for, in words.
fn bounds(error: &ValidationError) -> String {
    let bound = |name: &str| error.params.get(name).map(ToString::to_string);
    match (bound("min"), bound("max")) {
        (Some(min), Some(max)) => format!("must have {min} to {max} characters"),
        (None, Some(max)) => format!("must have at most {max} characters"),
        (Some(min), None) => format!("must have at least {min} characters"),
        (None, None) => "is not allowed here".to_owned(),
    }
}

const fn code_of(error: OutOfRange) -> &'static str {
    match error {
        OutOfRange::NotANumber => "not_a_number",
        OutOfRange::TooPrecise(_) => "too_precise",
        OutOfRange::TooLarge => "too_large",
    }
}
