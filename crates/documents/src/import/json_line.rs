//! One line of NDJSON to the texts of the plan's columns.

use super::input::{Input, ROW_LIMIT};
use super::row::{ColumnRef, RowReason};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};

/// Digits that survive the binary number of a JSON reader unchanged.
const SAFE_DIGITS: usize = 15;

/// A line of the file, or why it was not kept.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) bytes: Result<Vec<u8>, RowReason>,
}

/// The next line that is not blank; none at the end.
pub(super) fn read_line<R: Read>(input: &mut Input<R>) -> io::Result<Option<Line>> {
    loop {
        let number = input.line();
        if input.peek()?.is_none() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        while let Some(byte) = input.next()? {
            if byte == b'\n' || byte == b'\r' {
                input.finish_line_end(byte)?;
                break;
            }
            if bytes.len() >= ROW_LIMIT {
                input.skip_line()?;
                let detail = "the line is longer than 1 MiB; reading goes on with the next";
                let bytes = Err(RowReason::of_row("row_too_long", detail));
                return Ok(Some(Line { number, bytes }));
            }
            bytes.push(byte);
        }
        if !bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Some(Line {
                number,
                bytes: Ok(bytes),
            }));
        }
    }
}

/// The text of each column; all that is wrong with the line otherwise.
pub(super) fn members(
    text: &str,
    columns: &[ColumnRef],
) -> Result<Vec<Option<String>>, Vec<RowReason>> {
    let Object(object) = serde_json::from_str(text).map_err(|error| {
        vec![RowReason::of_row(
            "not_json",
            format!("the line is no JSON object: {error}"),
        )]
    })?;
    let mut reasons = Vec::new();
    let mut texts = Vec::with_capacity(columns.len());
    for column in columns {
        let ColumnRef::Name(name) = column else {
            continue;
        };
        match object.get(name).map_or(Ok(None), scalar) {
            Ok(text) => texts.push(text),
            Err((code, detail)) => reasons.push(RowReason::of(name, code, detail)),
        }
    }
    if reasons.is_empty() {
        Ok(texts)
    } else {
        Err(reasons)
    }
}

/// A JSON object; one that names a member twice says nothing.
struct Object(HashMap<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Object, A::Error> {
        let mut members = HashMap::new();
        while let Some((name, value)) = source.next_entry::<String, Value>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("`{name}` occurs twice")));
            }
            members.insert(name, value);
        }
        Ok(Object(members))
    }
}

fn scalar(value: &Value) -> Result<Option<String>, (&'static str, &'static str)> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(flag.to_string())),
        Value::String(text) if text.contains('\0') => {
            Err(("control_character", "the value has the character U+0000"))
        }
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => {
            let text = number.to_string();
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let exact = number.is_i64() || number.is_u64() || digits <= SAFE_DIGITS;
            exact.then_some(Some(text)).ok_or((
                "imprecise_number",
                "a JSON number of more than 15 digits is not exact; write it as a string",
            ))
        }
        Value::Array(_) | Value::Object(_) => {
            Err(("not_a_scalar", "the value is a list or an object"))
        }
    }
}
