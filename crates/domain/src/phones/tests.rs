//! Numbers as people type them: a real customer list, five spellings each, and hostile text.

use super::*;
use crate::test_data;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn region(country: &str) -> &'static str {
    match country.trim() {
        "Australia" => "AU",
        "Austria" => "AT",
        "Belgium" => "BE",
        "Canada" => "CA",
        "Denmark" => "DK",
        "Finland" => "FI",
        "France" => "FR",
        "Germany" => "DE",
        "Hong Kong" => "HK",
        "Ireland" => "IE",
        "Israel" => "IL",
        "Italy" => "IT",
        "Japan" => "JP",
        "Netherlands" => "NL",
        "New Zealand" => "NZ",
        "Norway" => "NO",
        "Philippines" => "PH",
        "Poland" => "PL",
        "Portugal" => "PT",
        "Russia" => "RU",
        "Singapore" => "SG",
        "South Africa" => "ZA",
        "Spain" => "ES",
        "Sweden" => "SE",
        "Switzerland" => "CH",
        "UK" => "GB",
        "USA" => "US",
        other => panic!("unknown country `{other}`"),
    }
}

fn classicmodels() -> Option<Vec<(String, &'static str)>> {
    let rows = test_data::records("classicmodels/customers.csv")?;
    let numbers = rows
        .iter()
        .map(|row| (row["phone"].clone(), region(&row["country"])));
    Some(numbers.collect())
}

#[test]
fn of_122_real_numbers_97_are_valid_and_two_pairs_are_shared() {
    let Some(numbers) = classicmodels() else {
        return;
    };
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for (raw, region) in &numbers {
        match normalise(raw, Some(region)) {
            Normalised::E164(number) => *owners.entry(number).or_default() += 1,
            typed => assert!(typed.keys().len() >= 2, "{raw}"),
        }
    }
    assert_eq!(numbers.len(), 122);
    assert_eq!(owners.values().sum::<usize>(), 97);
    assert_eq!(owners.values().filter(|count| **count == 2).count(), 2);
}

/// The same number as five different people would write it down.
fn spellings(raw: &str, e164: &str, region: &str) -> Vec<String> {
    let foreign = if matches!(region, "US" | "CA") {
        "011"
    } else {
        "00"
    };
    let foreign = match region {
        "AU" => "0011",
        "HK" | "SG" => "001",
        "JP" => "010",
        "RU" => "810",
        _ => foreign,
    };
    let digits = &e164[1..];
    let (head, tail) = digits.split_at(digits.len().saturating_sub(4));
    vec![
        e164.to_owned(),
        format!("tel:+{head}-{tail};ext=12"),
        format!("{foreign} {head} {tail}"),
        format!("  +{head}\u{a0}{tail} ext. 77"),
        raw.replace(['-', '.', ' '], "\u{2013}"),
        format!("sip:{e164}@pbx.example"),
    ]
}

#[test]
fn a_valid_number_is_the_same_in_every_spelling() {
    let Some(numbers) = classicmodels() else {
        return;
    };
    for (raw, region) in &numbers {
        let known = normalise(raw, Some(region));
        let Some(e164) = known.e164() else { continue };
        for spelling in spellings(raw, e164, region) {
            assert_eq!(
                normalise(&spelling, Some(region)).e164(),
                Some(e164),
                "{spelling}"
            );
            let keys = caller_keys(&spelling, Some(region)).unwrap();
            assert_eq!(keys[0], MatchKey::E164(e164.to_owned()), "{spelling}");
        }
    }
}

#[test]
fn a_number_that_is_not_valid_is_found_as_typed() {
    let Some(numbers) = classicmodels() else {
        return;
    };
    for (raw, region) in &numbers {
        let known = normalise(raw, Some(region));
        let calls = caller_keys(&raw.replace([' ', '-', '.'], ""), Some(region)).unwrap();
        assert!(calls.iter().any(|key| known.keys().contains(key)), "{raw}");
    }
}

#[test]
fn numbers_are_read_as_their_country_dials_them() {
    for (raw, region, e164) in [
        ("069 6690-2555", Some("DE"), "+496966902555"),
        ("+49 (0)69 6690 2555", Some("DE"), "+496966902555"),
        ("+49 (0)69 6690 2555", None, "+496966902555"),
        ("(+49) 69 66902555", Some("FR"), "+496966902555"),
        ("0049 69 66902555", None, "+496966902555"),
        ("+0049 69 66902555", Some("DE"), "+496966902555"),
        ("tel:069-66902555;phone-context=+49", None, "+496966902555"),
        ("Tel. 069/66902555 Durchwahl 3", Some("de"), "+496966902555"),
        ("٠٦٩ ٦٦٩٠٢٥٥٥", Some("DE"), "+496966902555"),
        ("02 2515555", Some("IT"), "+39022515555"),
        ("+39 02 2515555", Some("DE"), "+39022515555"),
        ("8 (812) 293-05-21", Some("RU"), "+78122930521"),
        ("(202) 555-0123", Some("US"), "+12025550123"),
        ("202.555.0123", Some("US"), "+12025550123"),
        ("1 202 555 0123", Some("US"), "+12025550123"),
        ("0343 15-555-1212", Some("AR"), "+5493435551212"),
        ("+800 1234 5678", None, "+80012345678"),
    ] {
        assert_eq!(normalise(raw, region).e164(), Some(e164), "{raw}");
    }
}

#[test]
fn a_number_without_any_country_stays_as_typed() {
    for region in [None, Some("XX"), Some("Germany"), Some("")] {
        let known = normalise("069 66902555", region);
        assert_eq!(known.keys(), [MatchKey::AsTyped("06966902555".into())]);
    }
}

#[test]
fn w20_every_spelling_is_the_same_number() {
    let known = normalise("+12025550123", Some("US")).keys();
    for raw in [
        "(202) 555-0123",
        "2025550123",
        "202.555.0123",
        "+1 202 555 0123",
    ] {
        let keys = caller_keys(raw, Some("US")).unwrap();
        assert_eq!(keys.first(), known.first(), "{raw}");
    }
}

#[test]
fn an_ending_is_no_match() {
    let whole = normalise("+1 345 657 1234", Some("US")).keys();
    let part = caller_keys("345 657", Some("US")).unwrap();
    assert!(part.iter().all(|key| !whole.contains(key)));
}

#[test]
fn a_call_without_a_number_says_why() {
    for (raw, why) in [
        ("", NoCaller::Missing),
        (" \u{200b}", NoCaller::Missing),
        ("Anonymous", NoCaller::Withheld),
        ("sip:anonymous@anonymous.invalid", NoCaller::Withheld),
        ("unknown", NoCaller::Withheld),
        ("PRIVATE", NoCaller::Withheld),
        ("withheld", NoCaller::Withheld),
        ("Bob", NoCaller::NotANumber),
        ("1", NoCaller::NotANumber),
        ("+", NoCaller::NotANumber),
    ] {
        assert_eq!(caller_keys(raw, Some("DE")), Err(why), "{raw}");
    }
    let internal = caller_keys("110", Some("DE")).unwrap();
    assert!(internal.contains(&MatchKey::AsTyped("110".into())));
}

#[test]
fn endless_input_is_cut_before_it_is_parsed() {
    let endless = "1".repeat(1_000_000);
    let Normalised::AsTyped { digits, .. } = normalise(&endless, Some("US")) else {
        panic!("no number is that long");
    };
    assert_eq!(digits.len(), 64);
}

proptest! {
    #[test]
    fn no_text_panics(raw in ".{0,80}", region in proptest::option::of("[A-Z]{2}|.{0,4}")) {
        let known = normalise(&raw, region.as_deref());
        if let Some(number) = known.e164() {
            prop_assert!(number.starts_with('+') && number.len() <= 21);
        }
        let _ = caller_keys(&raw, region.as_deref());
    }

    #[test]
    fn what_looks_like_a_number_does_not_panic(
        raw in "[+0-9 ()x#;,./*-]{0,70}",
        region in prop::sample::select(vec!["DE", "US", "IT", "AR", "BR", "RU", "GB", "XX"]),
    ) {
        let known = normalise(&raw, Some(region));
        if known.e164().is_some() {
            // E.164 reads back as itself, wherever it is read.
            for elsewhere in [None, Some("JP")] {
                let again = normalise(known.e164().unwrap(), elsewhere);
                prop_assert_eq!(&again, &known);
            }
        }
    }
}
