//! Refusals of the database layer as problems.

use crate::problem::{FieldError, Kind, Problem};
use tiercel_persistence::{Fault, Refused};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unknown(what) => Self::not_found(what),
            Refused::Erased => Self::new(
                Kind::Conflict,
                "the customer is erased; its data cannot be brought back",
            ),
            Refused::Taken(detail) => Self::new(Kind::Conflict, detail),
            Refused::Invalid(faults) => Self::invalid(field_errors(&faults)),
            Refused::Db(error) => error.into(),
        }
    }
}

/// Faults with JSON pointers.
pub fn field_errors(faults: &[Fault]) -> Vec<FieldError> {
    faults
        .iter()
        .map(|fault| FieldError::new(format!("/{}", fault.field), fault.code, &fault.detail))
        .collect()
}
