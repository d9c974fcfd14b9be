//! The numbering plan of one region: which national numbers it has.
//!
//! Only the data come from the `phonenumber` crate. Its own validation accepts a number that
//! merely *begins* like a valid one, strips trunk prefixes from complete numbers (`+7 812 …`) and
//! compiles patterns on every call behind one lock; see `tests.rs`. The rules here and in
//! `parse.rs` are those of Google's libphonenumber 9.

use phonenumber::Metadata;
use phonenumber::metadata::{DATABASE, Descriptor};
use regex::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

/// How long a number is, compared with the numbers of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    Possible,
    TooLong,
    /// Too short, of local use only, or between two lengths that exist.
    Other,
}

struct Numbers {
    lengths: Vec<usize>,
    pattern: Option<Regex>,
}

/// A region's rules, compiled.
pub struct Plan {
    pub code: u16,
    general: Numbers,
    /// Of complete numbers of any kind, and of those that work within their area only.
    lengths: Vec<usize>,
    local_lengths: Vec<usize>,
    kinds: Vec<Numbers>,
    leading_digits: Option<Regex>,
    /// What is dialled before a foreign number, e.g. `00`.
    pub international_prefix: Option<Regex>,
    /// What is dialled before a national number, e.g. `0`, and what takes its place.
    pub trunk_prefix: Option<Regex>,
    pub transform: Option<String>,
}

/// A plan that is compiled when the first number of its region comes.
struct Slot {
    metadata: &'static Metadata,
    plan: OnceLock<Plan>,
}

impl Slot {
    fn plan(&self) -> &Plan {
        self.plan.get_or_init(|| Plan::compile(self.metadata))
    }
}

static BY_CODE: LazyLock<HashMap<u16, Vec<Slot>>> = LazyLock::new(|| {
    let mut codes: HashMap<u16, Vec<Slot>> = HashMap::new();
    for code in 1..=999_u16 {
        let regions = DATABASE.by_code(&code).unwrap_or_default();
        let mut slots: Vec<_> = regions
            .into_iter()
            .map(|metadata| Slot {
                metadata,
                plan: OnceLock::new(),
            })
            .collect();
        slots.sort_by_key(|slot| !slot.metadata.is_main_country_for_code());
        if !slots.is_empty() {
            codes.insert(code, slots);
        }
    }
    codes
});

/// Whether numbers can be read as if they were dialled in this region (ISO 3166-1 alpha-2).
pub fn is_region(id: &str) -> bool {
    id.len() == 2 && DATABASE.by_id(id).is_some()
}

/// The plan of a region by its ISO 3166-1 alpha-2 code in upper case.
pub fn of_region(id: &str) -> Option<&'static Plan> {
    let code = DATABASE.by_id(id)?.country_code();
    let slots = BY_CODE.get(&code)?;
    slots
        .iter()
        .find(|slot| slot.metadata.id() == id)
        .map(Slot::plan)
}

/// The plan of the main region that uses a country code.
pub fn of_code(code: u16) -> Option<&'static Plan> {
    BY_CODE.get(&code)?.first().map(Slot::plan)
}

/// Whether any region with this country code has the national number.
pub fn has(code: u16, national: &str) -> bool {
    let slots = BY_CODE.get(&code).map_or(&[][..], Vec::as_slice);
    if let [only] = slots {
        return only.plan().has(national);
    }
    // The first region that claims the number decides, as its area codes may exclude it again.
    slots
        .iter()
        .map(Slot::plan)
        .find(|plan| match &plan.leading_digits {
            Some(pattern) => pattern.is_match(national),
            None => plan.has(national),
        })
        .is_some_and(|plan| plan.has(national))
}

impl Plan {
    fn compile(metadata: &Metadata) -> Self {
        let all = metadata.descriptors();
        let kinds = [
            all.fixed_line(),
            all.mobile(),
            all.premium_rate(),
            all.toll_free(),
            all.shared_cost(),
            all.voip(),
            all.personal_number(),
            all.pager(),
            all.uan(),
            all.voicemail(),
        ];
        let kinds = || kinds.into_iter().flatten();
        Self {
            code: metadata.country_code(),
            lengths: kinds()
                .flat_map(|kind| lengths(kind.possible_length()))
                .collect(),
            local_lengths: kinds()
                .flat_map(|kind| lengths(kind.possible_local_length()))
                .collect(),
            general: Numbers::compile(all.general()),
            kinds: kinds().map(Numbers::compile).collect(),
            leading_digits: metadata.leading_digits().and_then(|at| start(at.as_str())),
            international_prefix: metadata
                .international_prefix()
                .and_then(|at| start(at.as_str())),
            trunk_prefix: trunk_prefix(metadata).and_then(|prefix| start(&prefix)),
            transform: metadata.national_prefix_transform_rule().map(braced),
        }
    }

    /// Whether a number could belong to the region by its pattern as a whole.
    pub fn resembles(&self, national: &str) -> bool {
        self.general.has(national)
    }

    /// Whether the region has the number as a line of some kind.
    fn has(&self, national: &str) -> bool {
        self.resembles(national) && self.kinds.iter().any(|kind| kind.has(national))
    }

    pub fn length(&self, national: &str) -> Length {
        let length = national.len();
        if self.lengths.contains(&length) {
            return Length::Possible;
        }
        if self.local_lengths.contains(&length) {
            return Length::Other;
        }
        match self.lengths.iter().max() {
            Some(longest) if length > *longest => Length::TooLong,
            _ => Length::Other,
        }
    }
}

impl Numbers {
    fn compile(descriptor: &Descriptor) -> Self {
        Self {
            lengths: lengths(descriptor.possible_length()),
            pattern: compile(&format!("^(?:{})$", descriptor.national_number().as_str())),
        }
    }

    fn has(&self, national: &str) -> bool {
        let fits = self.lengths.is_empty() || self.lengths.contains(&national.len());
        fits && self
            .pattern
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(national))
    }
}

fn lengths(given: &[u16]) -> Vec<usize> {
    given.iter().copied().map(usize::from).collect()
}

fn trunk_prefix(metadata: &Metadata) -> Option<String> {
    let pattern = metadata
        .national_prefix_for_parsing()
        .map(|prefix| prefix.as_str().to_owned());
    pattern.or_else(|| metadata.national_prefix().map(str::to_owned))
}

fn start(pattern: &str) -> Option<Regex> {
    compile(&format!("^(?:{pattern})"))
}

fn compile(pattern: &str) -> Option<Regex> {
    // The patterns are data of the crate, wrapped over lines; a test compiles every one.
    RegexBuilder::new(pattern)
        .ignore_whitespace(true)
        .unicode(false)
        .build()
        .ok()
}

/// `9$1` as `9${1}`: a digit after a group is a digit, not part of the group's number.
fn braced(rule: &str) -> String {
    let mut out = String::new();
    let mut letters = rule.chars();
    while let Some(letter) = letters.next() {
        match (letter, letters.clone().next()) {
            ('$', Some(group)) if group.is_ascii_digit() => {
                out.push_str("${");
                out.push(group);
                out.push('}');
                letters.next();
            }
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_of_every_region_compiles() {
        for slot in BY_CODE.values().flatten() {
            let plan = slot.plan();
            assert!(plan.general.pattern.is_some());
            assert!(plan.kinds.iter().all(|kind| kind.pattern.is_some()));
            let told = trunk_prefix(slot.metadata).is_some();
            assert_eq!(plan.trunk_prefix.is_some(), told);
            let told = slot.metadata.international_prefix().is_some();
            assert_eq!(plan.international_prefix.is_some(), told);
            let told = slot.metadata.leading_digits().is_some();
            assert_eq!(plan.leading_digits.is_some(), told);
        }
        assert!(BY_CODE.len() > 200);
    }

    #[test]
    fn the_example_of_every_region_is_valid() {
        for slot in BY_CODE.values().flatten() {
            let example = slot
                .metadata
                .descriptors()
                .fixed_line()
                .and_then(Descriptor::example);
            if let Some(example) = example {
                assert!(
                    has(slot.metadata.country_code(), example),
                    "{}",
                    slot.metadata.id()
                );
            }
        }
    }

    #[test]
    fn a_digit_after_a_group_stays_a_digit() {
        assert_eq!(braced("$15$2"), "${1}5${2}");
    }
}
