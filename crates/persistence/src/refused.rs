//! Why a change to master data is not made.

use crate::error::DbError;
use crate::write::WriteError;

/// Something in a change that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: names and places joined by `/`, as a JSON pointer has them after its first stroke.
    pub field: String,
    /// Stable, for programs.
    pub code: &'static str,
    /// In words; never repeats a name, an e-mail address or a number.
    pub detail: String,
}

impl Fault {
    pub fn new(
        field: impl Into<String>,
        code: &'static str,
        detail: impl std::fmt::Display,
    ) -> Self {
        Self {
            field: field.into(),
            code,
            detail: detail.to_string(),
        }
    }
}

/// A change that is not made; nothing of it is written.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such thing.
    #[error("no {0} has this id")]
    Unknown(&'static str),
    /// The customer's personal data is gone for good; nothing may bring it back.
    #[error("the customer is erased")]
    Erased,
    /// A unique code or external id belongs to another.
    #[error("{0}")]
    Taken(String),
    #[error("{} faults", .0.len())]
    Invalid(Vec<Fault>),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl WriteError for Refused {
    fn database_error(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}

/// Ids, numbers or names that one change may list.
pub(crate) const MANY: usize = 50;

/// Notes a list of more than `most` entries.
pub(crate) fn check_count(faults: &mut Vec<Fault>, field: &str, count: usize, most: usize) {
    if count > most {
        let detail = format!("must have at most {most} entries, not {count}");
        faults.push(Fault::new(field, "too_many", detail));
    }
}

/// Notes the faults of a text: 1 to `most` characters, no control characters but line breaks and
/// tabs.
pub(crate) fn check_text(faults: &mut Vec<Fault>, field: &str, text: &str, most: usize) {
    let length = text.chars().count();
    if length == 0 || length > most {
        let detail = format!("must have 1 to {most} characters");
        faults.push(Fault::new(field, "length", detail));
    }
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if text.chars().any(odd) {
        let detail = "must not contain control characters";
        faults.push(Fault::new(field, "control_character", detail));
    }
}

/// Notes an e-mail address that has not one `@` between two texts without blanks.
pub(crate) fn check_email(faults: &mut Vec<Fault>, field: &str, text: &str) {
    check_text(faults, field, text, 254);
    let parts: Vec<&str> = text.split('@').collect();
    let fits = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
    if !fits || text.chars().any(char::is_whitespace) {
        faults.push(Fault::new(field, "email", "is not an e-mail address"));
    }
}

/// Notes a country or region that is not two capital letters.
pub(crate) fn check_region(faults: &mut Vec<Fault>, field: &str, text: &str) {
    if text.len() != 2 || !text.bytes().all(|letter| letter.is_ascii_uppercase()) {
        let detail = "is not an ISO 3166-1 alpha-2 code, e.g. `DE`";
        faults.push(Fault::new(field, "country", detail));
    }
}
