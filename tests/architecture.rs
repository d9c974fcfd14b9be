//! What the compiler does not enforce: who may depend on whom, and maps that lead somewhere.

use crate::support::data::root;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Dependencies that a crate of the workspace may have; what is not listed needs a reason in
/// `docs/ARCHITECTURE.md` first.
const ALLOWED: [(&str, &[&str]); 6] = [
    (
        "bench",
        &[
            "actix-web",
            "chrono",
            "clap",
            "futures-util",
            "mimalloc",
            "serde_json",
            "sqlx",
            "tempfile",
            "tiercel-http",
            "tiercel-persistence",
            "tokio",
        ],
    ),
    (
        "domain",
        &[
            "chrono",
            "iso_currency",
            "phonenumber",
            "regex",
            "rust_decimal",
            "thiserror",
        ],
    ),
    (
        "documents",
        &[
            "aws-lc-rs",
            "chrono",
            "csv",
            "rust_decimal",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "thiserror",
            "tiercel-domain",
            "toml",
            "utoipa",
        ],
    ),
    (
        "persistence",
        &[
            "aws-lc-rs",
            "chrono",
            "futures-util",
            "rust_decimal",
            "sea-orm",
            "serde",
            "serde_json",
            "thiserror",
            "tiercel-domain",
            "tiercel-migrations",
            "tokio",
            "tracing",
            "uuid",
        ],
    ),
    (
        "http",
        &[
            "actix-web",
            "arc-swap",
            "base64",
            "chrono",
            "chrono-tz",
            "csv",
            "flate2",
            "futures-util",
            "hashbrown",
            "imbl",
            "jsonwebtoken",
            "moka",
            "reqwest",
            "rust_decimal",
            "rustls",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "thiserror",
            "tiercel-documents",
            "tiercel-domain",
            "tiercel-persistence",
            "tokio",
            "tracing",
            "utoipa",
            "utoipa-actix-web",
            "utoipa-swagger-ui",
            "validator",
        ],
    ),
    (
        "server",
        &[
            "actix-web",
            "chrono",
            "chrono-tz",
            "clap",
            "clap_complete",
            "indicatif",
            "mimalloc",
            "rustix",
            "serde",
            "serde_json",
            "tiercel-documents",
            "tiercel-domain",
            "tiercel-http",
            "tiercel-persistence",
            "tokio",
            "toml",
            "tracing",
            "tracing-subscriber",
        ],
    ),
];

#[test]
fn crates_depend_on_what_they_may() {
    for (name, allowed) in ALLOWED {
        let text =
            std::fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let found: BTreeSet<&str> = manifest["dependencies"]
            .as_table()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        let extra: Vec<_> = found.difference(&allowed).collect();
        assert!(extra.is_empty(), "{name} may not depend on {extra:?}");
        let unused: Vec<_> = allowed.difference(&found).collect();
        assert!(
            unused.is_empty(),
            "{name} does not need {unused:?} any more: take it off the list"
        );
    }
}

#[test]
fn maps_of_slices_name_files_that_exist() {
    for file in sources(&root().join("crates")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let maps = text.lines().filter(|line| line.starts_with("//! |"));
        for path in maps
            .flat_map(|line| line.split('`'))
            .filter(|part| part.starts_with("crates/"))
        {
            assert!(
                root().join(path).exists(),
                "{} names {path}, which does not exist",
                file.display()
            );
        }
    }
}

#[test]
fn only_persistence_knows_the_orm_and_only_http_knows_the_framework() {
    for file in sources(&root().join("crates")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let path = file.strip_prefix(root()).unwrap().display().to_string();
        let orm = path.starts_with("crates/persistence/");
        assert!(orm || !text.contains("sea_orm::"), "{path} uses the ORM");
        let web = ["crates/http/", "crates/server/", "crates/bench/"];
        let web = web.iter().any(|it| path.starts_with(it));
        assert!(
            web || !text.contains("actix_web::"),
            "{path} uses the web framework"
        );
    }
}

#[test]
fn every_module_begins_with_what_it_is_for() {
    for file in sources(&root().join("crates")) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} does not say what it is for",
            file.display()
        );
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}
