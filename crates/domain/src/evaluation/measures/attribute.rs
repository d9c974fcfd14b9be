//! What the profile says about a customer.

use crate::evaluation::value::{Measured, MissingReason};
use crate::profile::{AttributeValue, Profile};

/// The attribute's value; dates are not scored.
pub(super) fn value(profile: &Profile, code: &str) -> Measured {
    match profile.attributes.get(code) {
        None => Measured::Missing(MissingReason::NoData),
        Some(AttributeValue::Text(text)) => Measured::Text(text.clone()),
        Some(AttributeValue::Number(number)) => Measured::Number(*number),
        Some(AttributeValue::Flag(flag)) => Measured::Flag(*flag),
        Some(AttributeValue::Date(_)) => Measured::Missing(MissingReason::OtherType),
    }
}
