//! Reduces a text to the part that can be dialled.

/// Longer texts are cut here before anything parses them: no number is nearly as long, and the
/// parser's patterns must not meet text whose length a stranger chooses.
pub const MOST_CHARACTERS: usize = 64;

/// The number within `raw` in plain characters: URI scheme, parameters and host removed, a
/// `phone-context` put in front, typographic digits, dashes and blanks replaced.
pub fn clean(raw: &str) -> String {
    let plain: String = raw
        .trim()
        .chars()
        .filter_map(plain)
        .take(MOST_CHARACTERS)
        .collect();
    let number = without_scheme(plain.trim());
    let (number, parameters) = number.split_once(';').unwrap_or((number, ""));
    let number = number.split_once('@').map_or(number, |(user, _)| user);
    match context(parameters) {
        Some(prefix) if !number.starts_with('+') => {
            let national = number.strip_prefix('0').unwrap_or(number);
            format!("{prefix} {national}")
        }
        _ => number.trim().to_owned(),
    }
}

/// The digits of a cleaned number, the extension left out.
pub fn digits(number: &str) -> String {
    without_extension(number)
        .chars()
        .filter(char::is_ascii_digit)
        .collect()
}

/// The number without what is dialled after the connection stands (`ext. 12`, `x12`, `#12`,
/// `Durchwahl 12`, `,12`). The extension of an office is not part of the number it calls from.
pub fn without_extension(number: &str) -> &str {
    let digits_before = |end: usize| {
        number
            .get(..end)
            .is_some_and(|text| text.chars().filter(char::is_ascii_digit).count() >= 3)
    };
    number
        .char_indices()
        .find(|(place, letter)| {
            (letter.is_ascii_alphabetic() || matches!(letter, '#' | ',')) && digits_before(*place)
        })
        .and_then(|(place, _)| number.get(..place))
        .unwrap_or(number)
        .trim()
}

fn plain(letter: char) -> Option<char> {
    match letter {
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' => None,
        '\u{FEFF}' | '\u{AD}' => None,
        '\u{FF0B}' => Some('+'),
        '\u{FF10}'..='\u{FF19}' | '\u{660}'..='\u{669}' | '\u{6F0}'..='\u{6F9}' => {
            // All three blocks begin at a multiple of 16 and hold the digits in order.
            char::from_digit(u32::from(letter) & 0xF, 10)
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}' => Some('-'),
        _ if letter.is_ascii_graphic() => Some(letter),
        _ => Some(' '),
    }
}

fn without_scheme(number: &str) -> &str {
    ["tel:", "callto:", "sip:", "sips:"]
        .iter()
        .find_map(|scheme| {
            let head = number.get(..scheme.len())?;
            head.eq_ignore_ascii_case(scheme)
                .then(|| number.get(scheme.len()..))?
        })
        .unwrap_or(number)
}

fn context(parameters: &str) -> Option<&str> {
    parameters
        .split(';')
        .find_map(|parameter| parameter.strip_prefix("phone-context="))
        .filter(|prefix| prefix.starts_with('+'))
}
