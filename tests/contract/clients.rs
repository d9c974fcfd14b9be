//! Clients generated from the contract: in six languages by `openapi-generator-cli`, and the types
//! of `openapi-typescript`. Those of TypeScript and Python are compiled, checked by a type checker,
//! and do the three look-ups against a live server.

use super::{RECORDED, load_company, succeeds};
use crate::support::tools::Tools;
use crate::support::{Database, Server, data, on};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

/// What the look-ups of every client print.
const ANSWERS: &str =
    "discount high 88.00\nflat high 88.00\ncredit 2-10-N45 20000.00\nroute vip 1\nrefused 422\n";

/// Makes a client in a language; fails where the generator finds a fault in the contract.
fn generate(tools: &Tools, language: &str, folder: &Path, more: &[&str]) {
    let mut generator = tools.command("openapi-generator-cli");
    generator
        .args(["generate", "-i", RECORDED, "-g", language, "-o"])
        .arg(folder)
        .args(more);
    let told = succeeds(&mut generator);
    let faults: Vec<_> = told.lines().filter(|line| line.contains("ERROR")).collect();
    assert!(faults.is_empty(), "{language}: {faults:#?}");
}

#[test]
fn generators_of_other_languages_make_a_client() {
    let Some(tools) = Tools::with(&["openapi-generator-cli", "java"]) else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let made = [
        (
            "java",
            "src/main/java/org/openapitools/client/api/RoutingApi.java",
        ),
        ("csharp", "src/Org.OpenAPITools/Api/RoutingApi.cs"),
        ("go", "api_routing.go"),
        ("rust", "src/apis/routing_api.rs"),
    ];
    for (language, file) in made {
        let folder = place.path().join(language);
        generate(&tools, language, &folder, &[]);
        let client = fs::read_to_string(folder.join(file)).unwrap();
        let call = client.to_lowercase().replace('_', "");
        assert!(call.contains("findrouting"), "{language}");
    }
}

#[test]
fn clients_of_python_do_the_three_look_ups() {
    let Some(tools) = Tools::with(&["openapi-generator-cli", "java", "mypy"]) else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let package = ["--package-name", "tiercel_client"];
    let no_tests = [
        "--global-property",
        "apis,models,supportingFiles,apiDocs=false,modelDocs=false,apiTests=false,modelTests=false",
    ];
    generate(
        &tools,
        "python",
        place.path(),
        &[package, no_tests].concat(),
    );
    let program = data::root().join("tests/contract/clients/lookups.py");
    let mut check = tools.command("mypy");
    check
        .env("MYPYPATH", place.path())
        .arg("--cache-dir")
        .arg(place.path().join("checked"))
        .arg(&program);
    succeeds(&mut check);
    served(async |server: &Server| {
        let mut python = tools.command("python");
        python.env("PYTHONPATH", place.path()).arg(&program);
        look_up(server, &mut python);
    });
}

#[test]
fn clients_of_typescript_do_the_three_look_ups() {
    let needed = [
        "openapi-generator-cli",
        "java",
        "openapi-typescript",
        "tsc",
        "node",
    ];
    let Some(tools) = Tools::with(&needed) else {
        return;
    };
    let place = typescript(&tools);
    served(async |server: &Server| {
        for program in ["out/lookups.js", "out/generated.js"] {
            let mut node = tools.command("node");
            node.arg(place.path().join(program));
            look_up(server, &mut node);
        }
    });
}

/// A folder with both clients of TypeScript, compiled.
fn typescript(tools: &Tools) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    generate(tools, "typescript-fetch", &at("tiercel"), &[]);
    let mut types = tools.command("openapi-typescript");
    types.args([RECORDED, "-o"]).arg(at("schema.d.ts"));
    succeeds(&mut types);
    let own = data::root().join("tests/contract/clients");
    for name in ["lookups.ts", "generated.ts", "tsconfig.json"] {
        fs::copy(own.join(name), at(name)).unwrap();
    }
    symlink(tools.folder().join("node_modules"), at("node_modules")).unwrap();
    let mut compile = tools.command("tsc");
    compile.arg("--project").arg(place.path());
    succeeds(&mut compile);
    place
}

/// A server with the small company; clients speak HTTP, whatever the database is.
fn served(test: impl AsyncFn(&Server)) {
    let database = Database::sqlite();
    load_company(&database);
    on(Some(database), test);
}

fn look_up(server: &Server, client: &mut std::process::Command) {
    let token = server
        .database
        .token("discounts:decide,credit:read,routing:read");
    client.env("TIERCEL", server.base()).env("TOKEN", token);
    assert_eq!(succeeds(client), ANSWERS);
}
