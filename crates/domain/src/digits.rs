//! Decimal numbers as text, without the machinery of formats: an answer has thousands of them.

use rust_decimal::Decimal;

/// The longest text: a sign, a point, as many digits as 64 bits have and as many zeros as a scale.
const LONGEST: usize = 52;
/// Decimals of the smallest decimal number.
const MOST_DECIMALS: u32 = 28;

/// The text of one number.
pub(crate) struct Digits {
    /// Written from the end.
    bytes: [u8; LONGEST],
    begin: usize,
}

impl Digits {
    /// `magnitude` over ten to the power of `scale`, with exactly `scale` decimals, at most 28.
    pub(crate) fn new(is_negative: bool, magnitude: u64, scale: u32) -> Self {
        let mut text = Self {
            bytes: [b'0'; LONGEST],
            begin: LONGEST,
        };
        let mut rest = magnitude;
        for _ in 0..scale.min(MOST_DECIMALS) {
            text.push_digit(&mut rest);
        }
        if scale > 0 {
            text.push(b'.');
        }
        text.push_digit(&mut rest);
        while rest > 0 {
            text.push_digit(&mut rest);
        }
        if is_negative {
            text.push(b'-');
        }
        text
    }

    fn push_digit(&mut self, rest: &mut u64) {
        let digit = u8::try_from(*rest % 10).unwrap_or_default();
        *rest /= 10;
        self.push(digit | b'0');
    }

    fn push(&mut self, byte: u8) {
        self.begin = self.begin.saturating_sub(1);
        self.bytes[self.begin] = byte;
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.begin..]).unwrap_or_default()
    }
}

/// A number with the decimals that it has, zeros at their end too.
pub fn as_it_is(value: Decimal) -> String {
    match u64::try_from(value.mantissa().unsigned_abs()) {
        Ok(magnitude) if magnitude > 0 => {
            let text = Digits::new(value.is_sign_negative(), magnitude, value.scale());
            text.as_str().to_owned()
        }
        _ => value.to_string(),
    }
}

/// `magnitude` over ten to the power of `scale`, at most 28.
pub(crate) fn decimal(is_negative: bool, magnitude: u64, scale: u32) -> Decimal {
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
    let (low, high) = (half(magnitude), half(magnitude >> 32));
    Decimal::from_parts(low, high, 0, is_negative, scale)
}

/// A number with all its decimals and at least `least`, none of them a zero beyond those.
pub fn with_decimals(value: Decimal, least: u32) -> String {
    short(value, least).unwrap_or_else(|| {
        let mut value = value.normalize();
        if value.scale() < least {
            value.rescale(least);
        }
        value.to_string()
    })
}

/// The same where 64 bits hold its digits.
fn short(value: Decimal, least: u32) -> Option<String> {
    if least > MOST_DECIMALS {
        return None;
    }
    let magnitude = u64::try_from(value.mantissa().unsigned_abs()).ok()?;
    let (magnitude, scale) = trimmed(magnitude, value.scale(), least);
    let missing = least.saturating_sub(scale);
    let magnitude = magnitude.checked_mul(10_u64.checked_pow(missing)?)?;
    let is_negative = value.is_sign_negative() && magnitude != 0;
    let text = Digits::new(is_negative, magnitude, scale.max(least));
    Some(text.as_str().to_owned())
}

/// The same number without zeros at its end, but with `least` decimals where it has them.
pub(crate) const fn trimmed(mut magnitude: u64, mut scale: u32, least: u32) -> (u64, u32) {
    while scale > least && magnitude.is_multiple_of(10) {
        magnitude /= 10;
        scale = scale.saturating_sub(1);
    }
    (magnitude, scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the decimal type itself writes it.
    fn plainly(value: Decimal, least: u32) -> String {
        let mut value = value.normalize();
        if value.scale() < least {
            value.rescale(least);
        }
        value.to_string()
    }

    proptest! {
        #[test]
        fn texts_are_those_of_the_decimal_type(
            mantissa in prop_oneof![any::<i64>().prop_map(i128::from), -1_000_000_i128..1_000_000, -(1_i128 << 95)..(1_i128 << 95)],
            scale in 0_u32..=28,
            least in 0_u32..=8,
        ) {
            let value = Decimal::from_i128_with_scale(mantissa, scale);
            prop_assert_eq!(with_decimals(value, least), plainly(value, least));
            prop_assert_eq!(as_it_is(value), value.to_string());
        }
    }

    #[test]
    fn numbers_keep_their_decimals_and_no_zeros_beyond() {
        let text = |value: &str, least| with_decimals(value.parse().unwrap(), least);
        assert_eq!(text("100", 2), "100.00");
        assert_eq!(text("-0.125000", 2), "-0.125");
        assert_eq!(text("-0.00", 2), "0.00");
        assert_eq!(text("100.00", 0), "100");
        assert_eq!(
            text("79228162514264337593543950335", 0),
            Decimal::MAX.to_string()
        );
        assert_eq!(
            text("0.0000000000000000000000000001", 0),
            "0.0000000000000000000000000001"
        );
    }
}
