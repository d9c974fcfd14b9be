//! What `deny.toml` asks of our dependencies, held without a network: licences, bans, sources.

use crate::support::data::root;
use std::collections::BTreeSet;
use std::process::Command;

/// Every package of the build, as cargo describes it.
fn packages() -> Vec<serde_json::Value> {
    let call = ["metadata", "--format-version", "1", "--offline", "--locked"];
    let platform = ["--filter-platform", "x86_64-unknown-linux-gnu"];
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(call).args(platform).current_dir(root());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    told["packages"].as_array().unwrap().clone()
}

/// An SPDX expression, word by word; `A/B` is an old spelling of `A OR B`.
struct Expression<'a> {
    words: Vec<String>,
    at: usize,
    allowed: &'a BTreeSet<String>,
}

impl<'a> Expression<'a> {
    fn holds(text: &str, allowed: &'a BTreeSet<String>) -> bool {
        let spaced = text.replace('/', " OR ");
        let spaced = spaced.replace('(', " ( ").replace(')', " ) ");
        let words = spaced.split_whitespace().map(str::to_owned).collect();
        let mut expression = Self {
            words,
            at: 0,
            allowed,
        };
        let holds = expression.any();
        assert_eq!(expression.at, expression.words.len(), "{text}");
        holds
    }

    fn takes(&mut self, word: &str) -> bool {
        let next = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(next);
        next
    }

    fn any(&mut self) -> bool {
        let mut holds = self.all();
        while self.takes("OR") {
            holds |= self.all();
        }
        holds
    }

    fn all(&mut self) -> bool {
        let mut holds = self.one();
        while self.takes("AND") {
            holds &= self.one();
        }
        holds
    }

    fn one(&mut self) -> bool {
        if self.takes("(") {
            let holds = self.any();
            assert!(self.takes(")"));
            return holds;
        }
        let mut name = self.words[self.at].clone();
        self.at += 1;
        if self.takes("WITH") {
            name = format!("{name} WITH {}", self.words[self.at]);
            self.at += 1;
        }
        // A later version may be chosen, so this one may too.
        self.allowed.contains(name.trim_end_matches('+'))
    }
}

fn words(list: &toml::Value) -> BTreeSet<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let rules: toml::Table = std::fs::read_to_string(root().join("deny.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let allowed = words(&rules["licenses"]["allow"]);
    let banned = rules["bans"]["deny"].as_array().unwrap().iter();
    let banned: Vec<&str> = banned.map(|it| it["crate"].as_str().unwrap()).collect();
    let packages = packages();
    assert!(packages.len() > 200, "{}", packages.len());
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(Expression::holds(licence, &allowed), "{name}: {licence:?}");
        assert!(!banned.contains(&name), "{name} is banned");
        let source = package["source"].as_str().unwrap_or("registry+ours");
        assert!(
            source.starts_with("registry+"),
            "{name} comes from {source}"
        );
    }
}

#[test]
fn an_expression_is_read_as_it_is_meant() {
    let allowed =
        BTreeSet::from(["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned));
    for (text, holds) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("(ISC OR GPL-3.0) AND GPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("MIT+", true),
    ] {
        assert_eq!(Expression::holds(text, &allowed), holds, "{text}");
    }
}
