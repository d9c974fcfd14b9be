//! Decimal numbers in a declared notation, exact.

use super::mapping::NumberFormat;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// A checked [`NumberFormat`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notation {
    decimal: char,
    thousands: Option<char>,
    currency_sign: Option<String>,
    parentheses: bool,
}

impl Notation {
    /// The notation; the sentence says why a format makes no sense.
    pub(super) fn new(format: &NumberFormat) -> Result<Self, String> {
        let decimal = match format.decimal.as_str() {
            "." => '.',
            "," => ',',
            other => return Err(format!("the decimal sign is `.` or `,`, not `{other}`")),
        };
        let thousands = format.thousands.as_deref().map(separator).transpose()?;
        if thousands == Some(decimal) {
            return Err("decimal and thousands separator must differ".to_owned());
        }
        let sign = format.currency_sign.clone();
        if sign
            .as_deref()
            .is_some_and(|sign| sign.is_empty() || sign.contains(numeric))
        {
            return Err("a currency sign has no digits or separators and is not empty".to_owned());
        }
        Ok(Self {
            decimal,
            thousands,
            currency_sign: sign,
            parentheses: format.parentheses,
        })
    }

    /// Digits with a point and nothing else.
    pub(super) const fn plain() -> Self {
        Self {
            decimal: '.',
            thousands: None,
            currency_sign: None,
            parentheses: false,
        }
    }

    /// The number; none where the text is not one in this notation or has more than 28 digits.
    pub(super) fn parse(&self, text: &str) -> Option<Decimal> {
        let (negative, rest) = self.sign(self.without_currency(text));
        let (negative, rest) = match (negative, self.sign(self.without_currency(rest))) {
            (false, inner) => inner,
            (true, (false, rest)) => (true, rest),
            (true, (true, _)) => return None,
        };
        let plain = self.pointed(rest)?;
        let number = Decimal::from_str_exact(&plain).ok()?;
        Some(if negative { -number } else { number })
    }

    fn sign<'a>(&self, text: &'a str) -> (bool, &'a str) {
        let enclosed = text
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'));
        match (text.strip_prefix('-'), enclosed) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) if self.parentheses => (true, rest),
            _ => (false, text),
        }
    }

    fn without_currency<'a>(&self, text: &'a str) -> &'a str {
        let Some(sign) = self.currency_sign.as_deref() else {
            return text;
        };
        let before = text.strip_prefix(sign).map(str::trim_start);
        let after = || text.strip_suffix(sign).map(str::trim_end);
        before.or_else(after).unwrap_or(text)
    }

    /// Digits with a point: `1.234,50` → `1234.50`.
    fn pointed<'a>(&self, text: &'a str) -> Option<Cow<'a, str>> {
        let (whole, fraction) = match text.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let whole = self.ungrouped(whole)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(&whole) || !fraction.is_none_or(digits) {
            return None;
        }
        Some(match fraction {
            Some(fraction) => Cow::Owned(format!("{whole}.{fraction}")),
            None => whole,
        })
    }

    fn ungrouped<'a>(&self, whole: &'a str) -> Option<Cow<'a, str>> {
        let Some(separator) = self
            .thousands
            .filter(|separator| whole.contains(*separator))
        else {
            return Some(Cow::Borrowed(whole));
        };
        let mut groups = whole.split(separator);
        let first = groups.next()?;
        let fits = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
        fits.then(|| Cow::Owned(whole.replace(separator, "")))
    }
}

fn separator(text: &str) -> Result<char, String> {
    match text {
        "," => Ok(','),
        "." => Ok('.'),
        "'" => Ok('\''),
        " " => Ok(' '),
        "\u{a0}" => Ok('\u{a0}'),
        other => Err(format!("`{other}` is none of `,` `.` `'` and a blank")),
    }
}

fn numeric(letter: char) -> bool {
    letter.is_ascii_digit() || matches!(letter, '.' | ',' | '-' | '(' | ')')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &NumberFormat, text: &str) -> Option<String> {
        let number = Notation::new(format).unwrap().parse(text);
        number.map(|number| number.to_string())
    }

    #[test]
    fn plain_numbers_are_digits_with_a_point() {
        let plain = NumberFormat::default();
        for (text, number) in [
            ("12.50", Some("12.50")),
            ("-3", Some("-3")),
            ("007", Some("7")),
        ] {
            assert_eq!(read(&plain, text).as_deref(), number, "{text}");
        }
        for wrong in [
            "1,5", "1e3", ".5", "5.", "", "--1", "+1", " 1", "€1", "(1)", "1.2.3", "NaN",
        ] {
            assert_eq!(read(&plain, wrong), None, "{wrong}");
        }
        let many = "9".repeat(30);
        assert_eq!(read(&plain, &many), None);
        assert_eq!(read(&plain, &format!("0.{many}")), None);
    }

    #[test]
    fn declared_signs_are_read() {
        let german = NumberFormat {
            decimal: ",".to_owned(),
            thousands: Some(".".to_owned()),
            currency_sign: Some("€".to_owned()),
            parentheses: true,
        };
        for (text, number) in [
            ("1.234,50 €", Some("1234.50")),
            ("-€1.234", Some("-1234")),
            ("€-1.234", Some("-1234")),
            ("(1.234,5)", Some("-1234.5")),
            ("1234,5", Some("1234.5")),
            ("12.34,5", None),
            ("1.2345", None),
            ("-(5)", None),
            ("1.234.5", None),
        ] {
            assert_eq!(read(&german, text).as_deref(), number, "{text}");
        }
    }
}
