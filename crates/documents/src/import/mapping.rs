//! The mapping document: what the columns of a file mean, as its author writes it.
//!
//! Every place that takes a value takes a [`MappingValue`], which names exactly one origin
//! (`column`, `position`, `constant`, `row_number`, `product`, `sum`, `difference`, `join` or
//! `lookup`) and may say how to read it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How one kind of file becomes customers, products and facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportMapping {
    pub source: MappingSource,
    #[serde(default)]
    pub format: FileFormat,
    #[serde(default)]
    pub defaults: MappingDefaults,
    /// Second files, by the name that values use for them.
    #[serde(default)]
    pub lookups: BTreeMap<String, MappingLookup>,
    #[serde(default)]
    pub check: Vec<MappingCheck>,
    #[serde(default)]
    pub customer: Vec<CustomerTemplate>,
    #[serde(default)]
    pub product: Vec<ProductTemplate>,
    #[serde(default)]
    pub fact: Vec<FactTemplate>,
}

/// Where the data comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingSource {
    /// The system whose ids the file uses; also the source of its facts.
    pub system: String,
}

/// The kinds of file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Rows of cells; line ends LF, CRLF or CR.
    #[default]
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// How the bytes of a file are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub enum Encoding {
    /// A byte order mark at the start is tolerated.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// How a file is laid out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FileFormat {
    pub kind: FileKind,
    /// One ASCII character, `tab`, or `whitespace` for runs of blanks (no quoting then).
    pub delimiter: String,
    /// Whether the first line names the columns.
    pub header: bool,
    /// How many columns a row has; required where there is no header.
    pub columns: Option<usize>,
    pub encoding: Encoding,
    /// Whether `"` encloses cells that hold delimiters or line ends.
    pub quotes: bool,
}

impl Default for FileFormat {
    fn default() -> Self {
        Self {
            kind: FileKind::Csv,
            delimiter: ",".to_owned(),
            header: true,
            columns: None,
            encoding: Encoding::Utf8,
            quotes: true,
        }
    }
}

/// How values are read unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MappingDefaults {
    /// Whether blanks around a cell are dropped.
    pub trim: bool,
    /// Texts that mean "no value", such as `NULL`; an empty cell always does.
    pub missing: Vec<String>,
    /// Date formats, tried in this order; the first that fits the whole text counts.
    pub date: Vec<String>,
    pub number: NumberFormat,
}

/// How numbers are written. What is not declared is not accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NumberFormat {
    /// `.` or `,`
    pub decimal: String,
    /// Between groups of three digits: `,`, `.`, `'` or a blank.
    pub thousands: Option<String>,
    /// A sign before or after the number that is dropped, such as `€`.
    pub currency_sign: Option<String>,
    /// Whether `(12.50)` means −12.50.
    pub parentheses: bool,
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self {
            decimal: ".".to_owned(),
            thousands: None,
            currency_sign: None,
            parentheses: false,
        }
    }
}

/// A second file, read whole and found in by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingLookup {
    /// Where the command line finds it, relative to the data file; over HTTP it is supplied under
    /// the name of the look-up.
    pub file: String,
    /// The column that holds the key; each key may occur once.
    pub key: String,
    /// Whether blanks around keys and values are dropped.
    #[serde(default)]
    pub trim: bool,
    #[serde(default)]
    pub format: FileFormat,
    /// A longer file is refused; at most 5,000,000, which is also the default.
    #[serde(default)]
    pub max_rows: Option<u64>,
}

/// A value: one origin, and how it is read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MappingValue {
    /// A column by its header; in NDJSON a member of the object.
    pub column: Option<String>,
    /// A column by its place, from 1.
    pub position: Option<usize>,
    pub constant: Option<String>,
    /// The number of the row, from 1, kept through a corrected re-send.
    pub row_number: bool,
    /// Numbers, multiplied.
    #[schema(no_recursion)]
    pub product: Option<Vec<MappingValue>>,
    /// Numbers, added.
    #[schema(no_recursion)]
    pub sum: Option<Vec<MappingValue>>,
    /// The first number less the others.
    #[schema(no_recursion)]
    pub difference: Option<Vec<MappingValue>>,
    /// Texts, one after the other, separated by `with`.
    #[schema(no_recursion)]
    pub join: Option<Vec<MappingValue>>,
    pub with: Option<String>,
    pub lookup: Option<LookupValue>,

    /// Drops blanks around the text.
    pub trim: Option<bool>,
    /// Texts that mean "no value".
    pub missing: Option<Vec<String>>,
    /// What each text means; others are rejected unless there is an `otherwise`.
    pub map: Option<BTreeMap<String, String>>,
    /// What texts mean that `map` does not list.
    pub otherwise: Option<String>,
    /// What stands in where there is no value.
    pub default: Option<String>,
    /// Date formats of `%Y %y %m %d %H %M %S`; `%y` is 2000 to 2099.
    pub date: Option<Vec<String>>,
    pub number: Option<NumberFormat>,
    /// Decimals to round to, half away from zero. Without it, too many decimals are rejected.
    pub round_to: Option<u32>,
    /// Whether no value clears what is known, instead of leaving it.
    pub clear_when_missing: bool,
}

/// A cell of a second file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupValue {
    /// A name in `lookups`.
    pub table: String,
    #[schema(no_recursion)]
    pub key: Box<MappingValue>,
    pub column: String,
}

/// A condition on a row; all that are given must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingCondition {
    pub value: MappingValue,
    /// Whether there is a value.
    #[serde(default)]
    pub present: Option<bool>,
    /// The value is one of these texts.
    #[serde(default)]
    pub is: Option<Vec<String>>,
    /// The value is none of these texts.
    #[serde(default)]
    pub is_not: Option<Vec<String>>,
}

/// How two values of a row are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckedAs {
    Date,
    Number,
}

/// The order that two values must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckedOrder {
    /// left < right
    Before,
    /// left ≤ right
    NotAfter,
    Equal,
}

/// How far `right` may lie from `left`: `right − left`, in days for dates. Decimal strings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckedDistance {
    pub min: Option<String>,
    pub max: Option<String>,
}

/// A check between two values of a row. A row that breaks it is rejected; a file of which more
/// than `max_share` break it is refused whole. Rows in which a value is missing are not compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingCheck {
    pub name: String,
    #[serde(rename = "as")]
    pub compared_as: CheckedAs,
    pub left: MappingValue,
    pub right: MappingValue,
    /// Give this or `distance`.
    #[serde(default)]
    pub order: Option<CheckedOrder>,
    #[serde(default)]
    pub distance: Option<CheckedDistance>,
    /// Share of the compared rows, from `0` to `1`, that may break it.
    pub max_share: String,
}

/// The type in which an attribute is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttributeKind {
    Text,
    Number,
    /// `true` or `false`; use `map` for other words.
    Flag,
    Date,
}

/// One attribute of a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeTemplate {
    #[serde(rename = "type")]
    pub kind: AttributeKind,
    pub value: MappingValue,
}

/// One phone number, as typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneTemplate {
    pub number: MappingValue,
    /// ISO 3166-1 alpha-2: how to read a number without a country code.
    #[serde(default)]
    pub region: Option<MappingValue>,
}

/// A customer in every row in which `when` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerTemplate {
    #[serde(default)]
    pub when: Vec<MappingCondition>,
    pub external_id: MappingValue,
    /// `organisation` or `person`
    #[serde(default)]
    pub kind: Option<MappingValue>,
    #[serde(default)]
    pub name: Option<MappingValue>,
    #[serde(default)]
    pub email: Option<MappingValue>,
    #[serde(default)]
    pub owner: Option<MappingValue>,
    #[serde(default)]
    pub since: Option<MappingValue>,
    /// Replaces the customer's numbers, if any is given.
    #[serde(default)]
    pub phones: Vec<PhoneTemplate>,
    #[serde(default)]
    pub attributes: BTreeMap<String, AttributeTemplate>,
}

/// The cost of one unit from a day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CostTemplate {
    pub value: MappingValue,
    pub from: MappingValue,
}

/// A product in every row in which `when` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductTemplate {
    #[serde(default)]
    pub when: Vec<MappingCondition>,
    pub sku: MappingValue,
    #[serde(default)]
    pub name: Option<MappingValue>,
    /// Segments separated by `/`.
    #[serde(default)]
    pub category: Option<MappingValue>,
    #[serde(default)]
    pub list_price: Option<MappingValue>,
    /// `promote`, `neutral` or `restrict`
    #[serde(default)]
    pub margin_class: Option<MappingValue>,
    /// ISO 4217; the base currency where it is absent.
    #[serde(default)]
    pub currency: Option<MappingValue>,
    #[serde(default)]
    pub cost: Option<CostTemplate>,
}

/// A document of the source system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentTemplate {
    /// The system's own type, e.g. `sales_order`.
    pub kind: String,
    pub id: MappingValue,
    #[serde(default)]
    pub line: Option<MappingValue>,
}

/// A fact in every row in which `when` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactTemplate {
    #[serde(default)]
    pub when: Vec<MappingCondition>,
    /// `order_line`, `delivery`, `invoice`, `payment`, `credit_note`, `return`, `complaint`,
    /// `contact`, `staff_rating` or `expense`
    pub kind: String,
    /// Unique among the facts of the source.
    pub external_id: MappingValue,
    /// The customer's id in the source system.
    pub customer: MappingValue,
    pub occurred_on: MappingValue,
    /// `open`, `closed`, `cancelled` or `disputed`
    pub status: MappingValue,
    #[serde(default)]
    pub document: Option<DocumentTemplate>,
    /// The document that this one settles or carries out.
    #[serde(default)]
    pub follows: Option<DocumentTemplate>,
    #[serde(default)]
    pub sku: Option<MappingValue>,
    #[serde(default)]
    pub category: Option<MappingValue>,
    #[serde(default)]
    pub quantity: Option<MappingValue>,
    #[serde(default)]
    pub amount: Option<MappingValue>,
    /// ISO 4217; the base currency where it is absent.
    #[serde(default)]
    pub currency: Option<MappingValue>,
    /// Of the whole line.
    #[serde(default)]
    pub cost: Option<MappingValue>,
    #[serde(default)]
    pub due_on: Option<MappingValue>,
    #[serde(default)]
    pub rating: Option<MappingValue>,
    /// 1 to 5
    #[serde(default)]
    pub severity: Option<MappingValue>,
    #[serde(default)]
    pub minutes: Option<MappingValue>,
    #[serde(default)]
    pub channel: Option<MappingValue>,
    #[serde(default)]
    pub author: Option<MappingValue>,
    #[serde(default)]
    pub note: Option<MappingValue>,
}
