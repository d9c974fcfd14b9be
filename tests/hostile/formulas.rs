//! Cells that a spreadsheet would run: harmless in every file we write, and as they were when the
//! corrected file comes back.

use crate::support::{Server, both, importing};
use serde_json::json;

/// Orders whose customers have names that nobody checked.
fn mapping() -> String {
    let kind = "kind = { constant = \"person\" }\n";
    let name = "name = { column = \"=name\" }\n";
    importing::SHOP_ORDERS.replace(kind, &format!("{name}{kind}"))
}

/// What begins like a formula once a spreadsheet has skipped what it skips.
const CELLS: [&str; 16] = [
    "=cmd|' /C calc'!A0",
    "+49 30 901820",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u{feff}=1+1",
    "\u{a0}=1+1",
    "\u{200b}@x",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "'=quoted by hand",
];

/// Whether a spreadsheet might run it: as the guides against CSV injection have it.
fn runs(cell: &str) -> bool {
    let skipped = |it: char| {
        it.is_whitespace()
            || it.is_control()
            || ('\u{200b}'..='\u{200f}').contains(&it)
            || it == '\u{feff}'
    };
    let begins = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    cell.starts_with(['\t', '\r', '\n']) || cell.trim_start_matches(skipped).starts_with(begins)
}

fn file(rows: &[Vec<String>]) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in rows {
        out.write_record(row).unwrap();
    }
    String::from_utf8(out.into_inner().unwrap()).unwrap()
}

fn read(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

both!(
    an_error_file_runs_nothing_and_comes_back_as_it_was,
    async |server: &Server| {
        let api = server.admin();
        importing::put_mapping(&api, "notes", &mapping()).await;
        let header = ["customer", "=name", "ordered", "amount"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        for (at, cell) in CELLS.iter().enumerate() {
            let id = format!("C-{at}");
            let row = [id.as_str(), *cell, "2026-01-02", "ten"];
            rows.push(row.map(str::to_owned).to_vec());
        }
        let import = async |text: String| importing::import(&api, "notes", text).await;
        let job = import(file(&rows)).await;
        let errors = format!("/v1/imports/{}/errors", job["id"].as_str().unwrap());
        let errors = api.get(&errors).await.expect(200).text;
        let mut told = read(&errors);
        assert_eq!(told.len(), CELLS.len() + 1, "{errors}");
        for cell in told.iter().flatten() {
            assert!(!runs(cell), "{cell:?} in\n{errors}");
        }
        let name = told[0].iter().position(|name| name == "'=name").unwrap();
        for (cell, row) in CELLS.iter().zip(&told[1..]) {
            assert_eq!(row[name], format!("'{cell}"));
        }
        // Corrected and sent again, also as a spreadsheet saves it, with other separators.
        let amount = told[0].len() - 1;
        told[1..]
            .iter_mut()
            .for_each(|row| "10.00".clone_into(&mut row[amount]));
        let job = import(file(&told)).await;
        assert_eq!(
            (&job["state"], &job["done"]),
            (&json!("done"), &json!(CELLS.len())),
            "{job}"
        );
        let facts = api
            .get("/v1/facts?source=shop&limit=200")
            .await
            .expect(200)
            .json;
        let mut ids: Vec<u32> = facts["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fact| {
                fact["external_id"]
                    .as_str()
                    .unwrap()
                    .rsplit(':')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap()
            })
            .collect();
        ids.sort_unstable();
        let all: Vec<u32> = (1..).take(CELLS.len()).collect();
        assert_eq!(ids, all, "rows kept their identity");
        for (at, cell) in CELLS.iter().enumerate() {
            let path = format!("/v1/customers/by-external/shop/C-{at}");
            let customer = api.get(&path).await.expect(200).json;
            assert_eq!(
                customer["name"].as_str().unwrap().trim(),
                cell.trim(),
                "{cell:?}"
            );
        }
        // The first file, corrected by its owner, says the same: nothing is made anew.
        rows[1..]
            .iter_mut()
            .for_each(|row| "10.00".clone_into(&mut row[3]));
        let again = import(file(&rows)).await;
        assert_eq!(again["state"], "done", "{again}");
        let after = api
            .get("/v1/facts?source=shop&limit=200")
            .await
            .expect(200)
            .json;
        assert_eq!(after["items"], facts["items"]);
    }
);
