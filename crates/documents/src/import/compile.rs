//! A mapping document becomes a plan, or the list of everything that is wrong with it.

use super::date::DateFormat;
use super::delimited::{Delimiter, Layout};
use super::lookup::MOST_ROWS;
use super::mapping::*;
use super::number::Notation;
use super::plan::{Check, Format, LookupPlan, Plan, Rule};
use super::row::ColumnRef;
use super::value::{Operation, Origin, Value};
use crate::fault::DocumentFault;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tiercel_domain::path::Path;

/// Resolves every name and checks every declaration of a mapping.
pub fn compile(mapping: &ImportMapping) -> Result<Plan, Vec<DocumentFault>> {
    let root = Path::root();
    let mut compiler = Compiler::new(mapping);
    let format = compiler.format(&mapping.format, &root.field("format"));
    compiler.source(mapping, &root);
    compiler.lookups(mapping, &root.field("lookups"));
    let checks = compiler.each(&mapping.check, &root.field("check"), Compiler::check);
    let customers = compiler.each(
        &mapping.customer,
        &root.field("customer"),
        Compiler::customer,
    );
    let products = compiler.each(&mapping.product, &root.field("product"), Compiler::product);
    let facts = compiler.each(&mapping.fact, &root.field("fact"), Compiler::fact);
    if !compiler.faults.is_empty() {
        return Err(compiler.faults);
    }
    Ok(Plan {
        system: mapping.source.system.clone(),
        format,
        columns: compiler.columns,
        lookups: compiler.lookups,
        checks,
        customers,
        products,
        facts,
    })
}

/// What a value is read as.
#[derive(Clone, Copy)]
pub(super) enum Need {
    Text,
    Number,
    Date,
    /// One of a closed list of words; the function tells whether a text is one.
    Word(fn(&str) -> bool),
}

pub(super) struct Compiler<'m> {
    mapping: &'m ImportMapping,
    pub(super) faults: Vec<DocumentFault>,
    columns: Vec<ColumnRef>,
    lookups: BTreeMap<String, LookupPlan>,
}

impl<'m> Compiler<'m> {
    fn new(mapping: &'m ImportMapping) -> Self {
        Self {
            mapping,
            faults: Vec::new(),
            columns: Vec::new(),
            lookups: BTreeMap::new(),
        }
    }

    pub(super) fn fault(&mut self, path: &Path, code: &'static str, detail: impl Into<String>) {
        self.faults.push(DocumentFault::new(path, code, detail));
    }

    /// The result, or the fault in its place.
    fn checked<T>(
        &mut self,
        result: Result<T, String>,
        path: &Path,
        code: &'static str,
    ) -> Option<T> {
        result.map_err(|detail| self.fault(path, code, detail)).ok()
    }

    pub(super) fn each<T, C>(
        &mut self,
        list: &[T],
        path: &Path,
        compiled: impl Fn(&mut Self, &T, &Path) -> C,
    ) -> Vec<C> {
        let each = list.iter().enumerate();
        each.map(|(index, item)| compiled(self, item, &path.index(index)))
            .collect()
    }

    fn source(&mut self, mapping: &ImportMapping, root: &Path) {
        if mapping.source.system.trim().is_empty() {
            let path = root.field("source").field("system");
            self.fault(&path, "empty", "the source system needs a name");
        }
        if mapping.customer.is_empty() && mapping.product.is_empty() && mapping.fact.is_empty() {
            let detail = "the mapping makes no customer, no product and no fact";
            self.fault(root, "no_record", detail);
        }
    }

    fn format(&mut self, format: &FileFormat, path: &Path) -> Format {
        let delimiter = match format.delimiter.as_str() {
            "whitespace" => Delimiter::Whitespace,
            "tab" => Delimiter::Byte(b'\t'),
            text => match text.as_bytes() {
                [byte] if byte.is_ascii() && !b"\"\r\n\0".contains(byte) => Delimiter::Byte(*byte),
                _ => {
                    let detail = "a delimiter is one ASCII character, `tab` or `whitespace`";
                    self.fault(&path.field("delimiter"), "bad_delimiter", detail);
                    Delimiter::Byte(b',')
                }
            },
        };
        let csv = format.kind == FileKind::Csv;
        if csv && !format.header && format.columns.is_none_or(|columns| columns == 0) {
            let detail = "a file without a header needs its number of columns";
            self.fault(&path.field("columns"), "required", detail);
        }
        Format {
            kind: format.kind,
            layout: Layout {
                delimiter,
                quotes: format.quotes,
            },
            header: format.header,
            columns: format.columns,
            encoding: format.encoding,
        }
    }

    fn lookups(&mut self, mapping: &ImportMapping, path: &Path) {
        for (name, lookup) in &mapping.lookups {
            let path = path.key(name);
            let format = self.format(&lookup.format, &path.field("format"));
            if format.kind == FileKind::Csv && !format.header {
                let detail = "a look-up needs a header, its columns are addressed by name";
                self.fault(&path.field("format").field("header"), "no_header", detail);
            }
            let max_rows = lookup.max_rows.unwrap_or(MOST_ROWS);
            if max_rows > MOST_ROWS {
                let detail = format!("a look-up has at most {MOST_ROWS} rows");
                self.fault(&path.field("max_rows"), "too_large", detail);
            }
            let plan = LookupPlan {
                file: lookup.file.clone(),
                format,
                trim: lookup.trim,
                max_rows,
                columns: vec![ColumnRef::Name(lookup.key.clone())],
            };
            self.lookups.insert(name.clone(), plan);
        }
    }

    fn check(&mut self, check: &MappingCheck, path: &Path) -> Check {
        let need = match check.compared_as {
            CheckedAs::Date => Need::Date,
            CheckedAs::Number => Need::Number,
        };
        let rule = self.rule(check, path);
        let share = self.decimal(&check.max_share, &path.field("max_share"));
        let max_share = share.unwrap_or_default();
        if max_share < Decimal::ZERO || max_share > Decimal::ONE {
            let detail = "a share lies between 0 and 1";
            self.fault(&path.field("max_share"), "out_of_range", detail);
        }
        Check {
            name: check.name.clone(),
            compared_as: check.compared_as,
            left: self.value(&check.left, &path.field("left"), need),
            right: self.value(&check.right, &path.field("right"), need),
            rule,
            max_share,
        }
    }

    fn rule(&mut self, check: &MappingCheck, path: &Path) -> Rule {
        match (&check.order, &check.distance) {
            (Some(order), None) => Rule::Order(*order),
            (None, Some(distance)) => {
                let path = path.field("distance");
                let mut bound = |text: &Option<String>, field| {
                    text.as_ref()
                        .and_then(|text| self.decimal(text, &path.field(field)))
                };
                let (min, max) = (bound(&distance.min, "min"), bound(&distance.max, "max"));
                if distance.min.is_none() && distance.max.is_none() {
                    self.fault(&path, "required", "a distance has a `min`, a `max` or both");
                } else if min.zip(max).is_some_and(|(min, max)| min > max) {
                    self.fault(&path, "out_of_range", "`min` is above `max`");
                }
                Rule::Distance { min, max }
            }
            _ => {
                self.fault(
                    path,
                    "one_of",
                    "a check has either an `order` or a `distance`",
                );
                Rule::Order(CheckedOrder::Equal)
            }
        }
    }

    fn decimal(&mut self, text: &str, path: &Path) -> Option<Decimal> {
        let read = Decimal::from_str_exact(text);
        let read = read.map_err(|_| format!("`{text}` is not a decimal number"));
        self.checked(read, path, "not_a_number")
    }

    pub(super) fn optional(
        &mut self,
        value: Option<&MappingValue>,
        path: &Path,
        need: Need,
    ) -> Option<Value> {
        value.map(|value| self.value(value, path, need))
    }

    /// One value with its origin and reading resolved.
    pub(super) fn value(&mut self, spec: &MappingValue, path: &Path, need: Need) -> Value {
        let (origin, label) = self.origin(spec, path);
        let defaults = &self.mapping.defaults;
        let formats = spec.date.as_ref().unwrap_or(&defaults.date);
        let number = spec.number.as_ref().unwrap_or(&defaults.number);
        let notation = Notation::new(number);
        let dates: Vec<_> = formats
            .iter()
            .map(|format| DateFormat::new(format))
            .collect();
        let trim = spec.trim.unwrap_or(defaults.trim);
        let missing = spec.missing.as_ref().unwrap_or(&defaults.missing).clone();
        let dates = dates
            .into_iter()
            .filter_map(|format| self.checked(format, &path.field("date"), "bad_date_format"));
        let dates: Vec<DateFormat> = dates.collect();
        let notation = self.checked(notation, &path.field("number"), "bad_number_format");
        let value = Value {
            origin,
            label,
            trim,
            missing,
            map: spec.map.clone(),
            otherwise: spec.otherwise.clone(),
            default: spec.default.clone(),
            dates,
            notation: notation.unwrap_or_else(Notation::plain),
            round_to: spec.round_to,
            clear_when_missing: spec.clear_when_missing,
        };
        self.fits(&value, spec, path, need);
        value
    }

    /// Whether the declarations of a value fit each other and what it is read as.
    fn fits(&mut self, value: &Value, spec: &MappingValue, path: &Path, need: Need) {
        if spec.otherwise.is_some() && spec.map.is_none() {
            let detail = "`otherwise` says what an unmapped text means; there is no `map`";
            self.fault(&path.field("otherwise"), "without_map", detail);
        }
        if spec.with.is_some() && spec.join.is_none() {
            self.fault(
                &path.field("with"),
                "without_join",
                "`with` belongs to `join`",
            );
        }
        if spec.round_to.is_some_and(|scale| scale > 28) {
            self.fault(
                &path.field("round_to"),
                "out_of_range",
                "at most 28 decimals",
            );
        }
        if matches!(need, Need::Date) && value.dates.is_empty() {
            let detail = "a date is read here; declare its format in `date`";
            self.fault(path, "no_date_format", detail);
            return;
        }
        let calculated = matches!(value.origin, Origin::Arithmetic(..) | Origin::RowNumber);
        let mapped = value.map.is_some() || value.default.is_some();
        if calculated && matches!(need, Need::Number) && mapped {
            self.fault(
                path,
                "not_mappable",
                "a calculated number has no `map` and no `default`",
            );
        }
        for text in value.declared_texts() {
            let fits = match need {
                Need::Text => true,
                Need::Number => value.notation.parse(text).is_some(),
                Need::Date => value
                    .dates
                    .iter()
                    .any(|format| format.parse(text).is_some()),
                Need::Word(is_word) => is_word(text),
            };
            if !fits {
                let detail = format!("`{text}` does not fit what is read here");
                self.fault(path, "unreadable_text", detail);
            }
        }
    }

    fn origin(&mut self, spec: &MappingValue, path: &Path) -> (Origin, String) {
        let given = [
            spec.column.is_some(),
            spec.position.is_some(),
            spec.constant.is_some(),
            spec.row_number,
            spec.product.is_some(),
            spec.sum.is_some(),
            spec.difference.is_some(),
            spec.join.is_some(),
            spec.lookup.is_some(),
        ];
        if given.iter().filter(|given| **given).count() != 1 {
            let detail = "a value has exactly one of `column`, `position`, `constant`, \
                          `row_number`, `product`, `sum`, `difference`, `join`, `lookup`";
            self.fault(path, "one_of", detail);
        }
        if let Some(name) = &spec.column {
            let path = path.field("column");
            return (
                self.column(ColumnRef::Name(name.clone()), &path),
                name.clone(),
            );
        }
        if let Some(position) = spec.position {
            return (
                self.position(position, &path.field("position")),
                format!("#{position}"),
            );
        }
        if spec.row_number {
            return (Origin::RowNumber, "row number".to_owned());
        }
        if let Some(lookup) = &spec.lookup {
            return self.lookup(lookup, &path.field("lookup"));
        }
        if let Some(parts) = &spec.join {
            let (parts, label) = self.parts(parts, &path.field("join"), Need::Text, " & ");
            return (
                Origin::Join(parts, spec.with.clone().unwrap_or_default()),
                label,
            );
        }
        let operations = [
            (Operation::Product, "product", " * ", &spec.product),
            (Operation::Sum, "sum", " + ", &spec.sum),
            (Operation::Difference, "difference", " - ", &spec.difference),
        ];
        for (operation, field, sign, operands) in operations {
            if let Some(operands) = operands {
                let (operands, label) =
                    self.parts(operands, &path.field(field), Need::Number, sign);
                return (Origin::Arithmetic(operation, operands), label);
            }
        }
        let constant = spec.constant.clone().unwrap_or_default();
        let label = format!("constant `{constant}`");
        (Origin::Constant(constant), label)
    }

    fn parts(
        &mut self,
        parts: &[MappingValue],
        path: &Path,
        need: Need,
        sign: &str,
    ) -> (Vec<Value>, String) {
        if parts.len() < 2 {
            self.fault(path, "too_few", "at least two values are needed here");
        }
        let parts = self.each(parts, path, |compiler, part, path| {
            compiler.value(part, path, need)
        });
        let labels: Vec<&str> = parts.iter().map(|part| part.label.as_str()).collect();
        let label = labels.join(sign);
        (parts, label)
    }

    fn position(&mut self, position: usize, path: &Path) -> Origin {
        if self.mapping.format.kind == FileKind::Ndjson {
            self.fault(path, "no_position", "NDJSON has no positions; use `column`");
        }
        if self
            .mapping
            .format
            .columns
            .is_some_and(|columns| position > columns)
        {
            self.fault(path, "out_of_range", "there are fewer columns than that");
        }
        let Some(index) = position.checked_sub(1) else {
            self.fault(path, "out_of_range", "positions are counted from 1");
            return Origin::RowNumber;
        };
        self.column(ColumnRef::Position(index), path)
    }

    fn column(&mut self, column: ColumnRef, path: &Path) -> Origin {
        let format = &self.mapping.format;
        let named = matches!(column, ColumnRef::Name(_));
        if named && format.kind == FileKind::Csv && !format.header {
            self.fault(path, "no_header", "the file has no header; use `position`");
        }
        Origin::Column(index_in(&mut self.columns, column))
    }

    fn lookup(&mut self, spec: &LookupValue, path: &Path) -> (Origin, String) {
        let key = Box::new(self.value(&spec.key, &path.field("key"), Need::Text));
        let label = format!("{}.{}", spec.table, spec.column);
        let column = ColumnRef::Name(spec.column.clone());
        let Some(table) = self.lookups.get_mut(&spec.table) else {
            let detail = format!("there is no look-up `{}`", spec.table);
            self.fault(&path.field("table"), "unknown_lookup", detail);
            return (Origin::RowNumber, label);
        };
        let column = index_in(&mut table.columns, column);
        (
            Origin::Lookup {
                table: spec.table.clone(),
                key,
                column,
            },
            label,
        )
    }
}

fn index_in(columns: &mut Vec<ColumnRef>, column: ColumnRef) -> usize {
    let known = columns.iter().position(|known| *known == column);
    known.unwrap_or_else(|| {
        columns.push(column);
        columns.len() - 1
    })
}
