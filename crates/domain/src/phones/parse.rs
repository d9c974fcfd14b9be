//! Splits a dialled number into country code and national number.

use super::plan::{self, Length, Plan};

/// A number of some country; not necessarily one that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub code: u16,
    /// Without trunk prefix; leading zeros that belong to it (Italy) stay.
    pub national: String,
}

impl Parsed {
    /// Whether the country's plan has the number.
    pub fn is_valid(&self) -> bool {
        plan::has(self.code, &self.national)
    }

    /// Country code and national number, digits only.
    pub fn international(&self) -> String {
        format!("{}{}", self.code, self.national)
    }
}

/// National numbers have 2 to 17 digits.
const DIGITS: std::ops::RangeInclusive<usize> = 2..=17;

/// Reads a cleaned number without extension, as dialled in `region` (alpha-2, any case).
pub fn parse(number: &str, region: Option<&str>) -> Option<Parsed> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let home = region.and_then(|id| plan::of_region(&id.trim().to_ascii_uppercase()));
    let begins_with_plus = number.find(|c: char| c == '+' || c.is_ascii_digit());
    let plus =
        begins_with_plus.is_some_and(|at| number.get(at..).is_some_and(|n| n.starts_with('+')));
    let parsed = if plus {
        // `+0049` is a frequent mix of both notations.
        abroad(digits.trim_start_matches('0'), home)
    } else {
        match (after_international_prefix(&digits, home), home) {
            (Some(foreign), _) => abroad(foreign, home),
            (None, Some(home)) => Some(at_home(&digits, home)),
            (None, None) => None,
        }
    };
    parsed.filter(|parsed| DIGITS.contains(&parsed.national.len()))
}

/// What follows `00`, or what the region dials instead; a country code never begins with zero.
fn after_international_prefix<'a>(digits: &'a str, home: Option<&Plan>) -> Option<&'a str> {
    let rest = match home {
        Some(home) => {
            let prefix = home.international_prefix.as_ref()?.find(digits)?;
            digits.get(prefix.end()..)?
        }
        None => digits.strip_prefix("00")?,
    };
    (!rest.is_empty() && !rest.starts_with('0')).then_some(rest)
}

fn abroad(digits: &str, home: Option<&Plan>) -> Option<Parsed> {
    (1..=3).find_map(|length| {
        let (code, rest) = digits.split_at_checked(length)?;
        let code: u16 = code.parse().ok()?;
        let plan = home
            .filter(|home| home.code == code)
            .or_else(|| plan::of_code(code))?;
        Some(Parsed {
            code,
            national: without_trunk_prefix(rest, plan),
        })
    })
}

fn at_home(digits: &str, home: &Plan) -> Parsed {
    let national = without_own_code(digits, home).unwrap_or(digits);
    Parsed {
        code: home.code,
        national: without_trunk_prefix(national, home),
    }
}

/// `61 7 3844 6555` dialled in Australia: the country's own code without a plus.
fn without_own_code<'a>(digits: &'a str, home: &Plan) -> Option<&'a str> {
    let rest = digits.strip_prefix(home.code.to_string().as_str())?;
    let (stripped, _) = strip_trunk_prefix(rest, home);
    let explains = !home.resembles(digits) && home.resembles(&stripped);
    (explains || home.length(digits) == Length::TooLong).then_some(rest)
}

fn without_trunk_prefix(national: &str, plan: &Plan) -> String {
    let (stripped, changed) = strip_trunk_prefix(national, plan);
    let possible = matches!(plan.length(&stripped), Length::Possible | Length::TooLong);
    if changed && possible {
        stripped
    } else {
        national.to_owned()
    }
}

/// The number without trunk prefix, and whether there was one. A complete number stays complete:
/// the 8 of St Petersburg (812) is no trunk prefix, though Russia dials one.
fn strip_trunk_prefix(national: &str, plan: &Plan) -> (String, bool) {
    let unchanged = (national.to_owned(), false);
    let Some(found) = plan
        .trunk_prefix
        .as_ref()
        .and_then(|prefix| prefix.captures(national))
    else {
        return unchanged;
    };
    let last_group = found.iter().skip(1).last().flatten();
    let rest = match (&plan.transform, last_group, plan.trunk_prefix.as_ref()) {
        (Some(rule), Some(_), Some(prefix)) => prefix.replace(national, rule.as_str()).into_owned(),
        _ => {
            let end = found.get(0).map_or(0, |whole| whole.end());
            national.get(end..).unwrap_or_default().to_owned()
        }
    };
    if plan.resembles(national) && !plan.resembles(&rest) {
        return unchanged;
    }
    (rest, true)
}
