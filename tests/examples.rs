//! Runs the documentation: every command that a page shows, as it stands and in its order, against a
//! live server, on both databases; what it answers is compared with the answer that the page shows.
//!
//! A page runs in one shell, in a directory that looks like a fresh clone after `cargo build
//! --release`. The README starts from nothing; the other pages start where its "Your own data"
//! ends, with the small company served. The one thing replaced in a page are the addresses of
//! [`ADDRESSES`], because tests run side by side. What is not run is listed in [`NOT_RUN`].

mod answers;
mod pages;

use crate::support::{data, postgres, server, skipped};
use pages::{Step, steps};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

/// Where the pages say that servers listen: Tiercel, and the shop.
const ADDRESSES: [&str; 2] = ["127.0.0.1:8080", "127.0.0.1:8090"];

/// What the commands of the pages need beside Tiercel.
const PROGRAMS: [&str; 9] = [
    "bash",
    "curl",
    "jq",
    "pg_dump",
    "pg_restore",
    "psql",
    "python3",
    "sqlite3",
    "setpriv",
];

/// Where a command that is not run everywhere does run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    Nowhere,
    OnSqlite,
    OnPostgres,
}

/// Blocks that are not run everywhere: page, first line, where they run, and why.
const NOT_RUN: [(&str, &str, Runs, &str); 7] = [
    (
        "README.md",
        "cargo run --release -- demo",
        Runs::Nowhere,
        "builds a release and serves the demo: .ci/newcomer does it in a fresh clone",
    ),
    (
        "README.md",
        "cargo build --release",
        Runs::Nowhere,
        "the program under test is built already",
    ),
    (
        "README.md",
        "cargo test --workspace",
        Runs::Nowhere,
        "is what runs right now",
    ),
    (
        "docs/operators.md",
        "createdb tiercel",
        Runs::Nowhere,
        "needs a role and its password; every page runs on PostgreSQL through TIERCEL_DATABASE_URL",
    ),
    (
        "docs/operators.md",
        "useradd --system --home-dir /var/lib/tiercel tiercel",
        Runs::Nowhere,
        "needs root and systemd: tests/operations/service.rs starts what the unit starts",
    ),
    (
        "docs/operators.md",
        "tiercel backup copy.db",
        Runs::OnSqlite,
        "copies the embedded database",
    ),
    (
        "docs/operators.md",
        "pg_dump --format=custom --file=copy.dump \"$TIERCEL_DATABASE_URL\"",
        Runs::OnPostgres,
        "uses the tools of PostgreSQL",
    ),
];

/// Makes the shell strict and patient, and changes no command: a refused request fails, and a
/// server runs in the background until the shell ends.
const SHELL: &str = r#"set -eu
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
curl() {
  command curl -sS --fail-with-body "$@" || { echo "curl $*" >> out/refused; return 22; }
}
tiercel() {
  if [ "$1" != serve ]; then command tiercel "$@"; return; fi
  setpriv --pdeathsig KILL tiercel "$@" > out/served 2>&1 &
  disown
  for _ in $(seq 300); do
    command curl -fs "http://$TIERCEL_BIND/readyz" > /dev/null && return
    sleep 0.1
  done
  return 1
}
"#;

macro_rules! runs {
    ($($name:ident: $page:literal;)*) => {
        $(mod $name {
            #[test]
            fn sqlite() {
                super::run($page, None);
            }

            #[test]
            fn postgres() {
                if let Some(url) = super::postgres::fresh_database() {
                    super::run($page, Some(&url));
                }
            }
        })*

        /// All pages that are run.
        const PAGES: &[&str] = &[$($page),*];
    };
}

runs! {
    readme: "README.md";
    api: "docs/API.md";
    erp: "docs/erp.md";
    evaluation: "docs/evaluation.md";
    discounts: "docs/discounts.md";
    evaluation_models: "docs/evaluation-models.md";
    finance: "docs/finance.md";
    call_centre: "docs/call-centre.md";
    entitlements: "docs/entitlements.md";
    payback: "docs/payback.md";
    imports: "docs/imports.md";
    operators: "docs/operators.md";
    security: "docs/security.md";
    front_end: "docs/front-end.md";
}

/// Runs one page and compares its answers.
fn run(page: &'static str, database_url: Option<&str>) {
    if let Some(missing) = PROGRAMS.iter().find(|name| !is_installed(name)) {
        skipped(&format!("{page}: `{missing}` is not installed"));
        return;
    }
    let steps = on_this_database(to_run(page), database_url.is_some());
    let place = place();
    let out = place.path().join("out");
    let addresses = ADDRESSES.map(|_| format!("127.0.0.1:{}", server::free_port()));
    fs::write(place.path().join("page.sh"), script(&steps, &addresses)).unwrap();
    let mut shell = Command::new("timeout");
    shell.args(["--kill-after=5", "180", "bash", "page.sh"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TIERCEL")) {
        shell.env_remove(name);
    }
    if let Some(url) = database_url {
        shell.env("TIERCEL_DATABASE_URL", url);
    }
    let status = shell
        .current_dir(place.path())
        .env("HOME", place.path())
        .env("TIERCEL_BIND", &addresses[0])
        // Nobody is on the line: on a busy machine a second is short.
        .env("ROUTE_TIMEOUT", "20")
        .stdin(Stdio::null())
        .status()
        .unwrap();

    let told = |at: usize, name: &str| {
        fs::read_to_string(out.join(format!("{at}.{name}"))).unwrap_or_default()
    };
    if !status.success() {
        let at = (0..steps.len())
            .rev()
            .find(|at| out.join(format!("{at}.out")).exists());
        let at = at.unwrap_or_default();
        let (printed, errors) = (told(at, "out"), told(at, "err"));
        let step = &steps[at];
        panic!(
            "{page}: {} line {} failed ({status}):\n{}\n{printed}\n{errors}",
            step.page, step.line, step.commands
        );
    }
    let refused = fs::read_to_string(out.join("refused")).unwrap_or_default();
    assert!(refused.is_empty(), "{page}: refused requests:\n{refused}");
    for (at, step) in steps.iter().enumerate() {
        if let Some(shown) = &step.answer {
            let real = told(at, "out");
            answers::compare(shown, &real).unwrap_or_else(|difference| {
                let Step { page, line, .. } = step;
                panic!("{page} line {line} shows something else: {difference}\n{real}")
            });
        }
    }
}

/// The blocks of a page, after those that serve the small company.
fn to_run(page: &'static str) -> Vec<Step> {
    let readme = steps("README.md");
    if page == "README.md" {
        return readme;
    }
    let served = readme
        .iter()
        .position(|step| step.commands.starts_with("tiercel serve"));
    let served = served.expect("the README serves its company");
    let mut all: Vec<Step> = readme.into_iter().take(served + 1).collect();
    all.extend(steps(page));
    all
}

fn on_this_database(steps: Vec<Step>, on_postgres: bool) -> Vec<Step> {
    let runs = |step: &Step| match listed(step) {
        None => true,
        Some(Runs::Nowhere) => false,
        Some(Runs::OnSqlite) => !on_postgres,
        Some(Runs::OnPostgres) => on_postgres,
    };
    steps.into_iter().filter(runs).collect()
}

fn listed(step: &Step) -> Option<Runs> {
    let first = step.commands.lines().next();
    NOT_RUN
        .iter()
        .find(|(page, line, _, _)| step.page == *page && first == Some(*line))
        .map(|(_, _, runs, _)| *runs)
}

/// One shell for the whole page; what each block prints goes to files of its own.
fn script(steps: &[Step], addresses: &[String]) -> String {
    let mut text = SHELL.to_owned();
    for (at, step) in steps.iter().enumerate() {
        let mut commands = step.commands.clone();
        for (shown, live) in ADDRESSES.iter().zip(addresses) {
            commands = commands.replace(shown, live);
        }
        writeln!(text, "exec > out/{at}.out 2> out/{at}.err\n{commands}").unwrap();
    }
    text
}

/// What a fresh clone looks like after `cargo build --release`, as far as the pages go.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let release = place.path().join("target/release");
    fs::create_dir_all(&release).unwrap();
    fs::create_dir(place.path().join("out")).unwrap();
    symlink(server::TIERCEL, release.join("tiercel")).unwrap();
    symlink(data::root().join("examples"), place.path().join("examples")).unwrap();
    place
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|place| place.join(program).exists())
}

#[test]
fn nothing_is_left_out_unseen() {
    for (page, line, _, why) in NOT_RUN {
        let found = steps(page)
            .iter()
            .any(|step| step.commands.lines().next() == Some(line));
        assert!(found && !why.is_empty(), "{page} has no block `{line}`");
    }
    for entry in fs::read_dir(data::root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let page = format!("docs/{name}");
        let is_run = PAGES.contains(&page.as_str());
        // They explain and have no commands.
        let explains = [
            "ARCHITECTURE.md",
            "credit.md",
            "measures.md",
            "performance.md",
        ];
        let explains = explains.contains(&name.as_str());
        assert!(is_run || explains, "{page} is not run");
    }
}

#[test]
fn commands_within_sentences_stand_in_a_block_too() {
    let blocks: Vec<String> = PAGES
        .iter()
        .flat_map(|page| steps(page))
        .map(|step| step.commands)
        .collect();
    for page in PAGES {
        for command in pages::commands_within_sentences(page) {
            let shown = command.split('…').next().unwrap_or_default().trim();
            let runs = blocks.iter().any(|block| block.contains(shown));
            assert!(runs, "{page}: no block runs `{command}`");
        }
    }
}

#[test]
fn every_example_is_run_by_a_page() {
    let blocks: String = PAGES
        .iter()
        .flat_map(|page| steps(page))
        .filter(|step| listed(step).is_none())
        .map(|step| step.commands)
        .collect();
    let programs = ["erp", "finance", "company", "call-centre"];
    let files = programs.map(|name| data::root().join("examples").join(name));
    for file in files.iter().flat_map(|folder| pages::files(folder)) {
        let path = file.strip_prefix(data::root()).unwrap();
        let configuration = ["conf", "xml", "json", "md"];
        let is_configuration = path
            .extension()
            .is_some_and(|it| configuration.iter().any(|known| it == *known));
        let named = blocks.contains(path.to_str().unwrap());
        // What telephone systems are configured with is read by `tests/api/call_centre/`;
        // `orders.csv` is found by its mapping, beside the lines.
        assert!(named || is_configuration, "no page runs {}", path.display());
    }
}
