//! What an import makes of rows that are as they should be, and of those that are not.

// Helpers of tests fail the test.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use std::io::Read;
use tiercel_documents::import::{
    ErrorFile, ImportRecord, LookupTable, Lookups, Plan, RowReader, RowRejection, compile,
    read_json, read_toml, survey,
};
use tiercel_domain::incoming::IncomingFact;

const PAYMENTS: &str = r#"
    [source]
    system = "erp"

    [defaults]
    date = ["%d.%m.%Y"]
    number = { decimal = ",", thousands = ".", currency_sign = "€" }

    [[fact]]
    kind = "payment"
    external_id = { row_number = true }
    customer = { column = "who" }
    occurred_on = { column = "when" }
    status = { column = "state", map = { paid = "closed", void = "cancelled" } }
    amount = { column = "amount" }
    note = { column = "note" }
"#;
const HEADER: &str = "who;when;state;amount;note\n";

fn plan(mapping: &str) -> Plan {
    compile(&read_toml(mapping).unwrap()).unwrap()
}

fn payments() -> Plan {
    plan(&format!("{PAYMENTS}\n[format]\ndelimiter = \";\"\n"))
}

type Outcome = Result<Vec<ImportRecord>, RowRejection>;

fn outcomes(plan: &Plan, lookups: &Lookups, file: impl Read) -> Vec<Outcome> {
    let reader = RowReader::open(file, plan).unwrap();
    let convert = |row: Result<_, _>| row.and_then(|row| plan.convert(&row, lookups));
    reader.map(|row| convert(row.unwrap())).collect()
}

fn fact(outcome: &Outcome) -> &IncomingFact {
    match outcome.as_ref().unwrap().as_slice() {
        [ImportRecord::Fact(fact)] => fact,
        other => panic!("one fact expected, not {other:?}"),
    }
}

fn rejection(outcome: &Outcome) -> (u64, u64, Vec<&str>) {
    let rejection = outcome.as_ref().unwrap_err();
    let codes = rejection.reasons.iter().map(|reason| &*reason.code);
    (rejection.row, rejection.line, codes.collect())
}

#[test]
fn a_row_that_fits_becomes_a_fact() {
    let file = format!("\u{feff}{HEADER}\n7;3.2.2024;paid;1.234,50 €;\"a \"\"b\"\"\nc\"\n");
    let rows = outcomes(&payments(), &Lookups::new(), file.as_bytes());
    let fact = fact(&rows[0]);
    assert_eq!(
        (
            fact.external_id.as_str(),
            fact.occurred_on.to_string().as_str()
        ),
        ("1", "2024-02-03")
    );
    assert_eq!(fact.amount.unwrap().to_string(), "1234.5");
    assert_eq!(fact.note.as_deref(), Some("a \"b\"\nc"));
}

#[test]
fn what_does_not_fit_is_rejected_with_every_reason() {
    let cases: &[(&[u8], &[&str])] = &[
        (b"7;31.02.2024;paid;1;", &["not_a_date"]),
        (b"7;2024-02-03;paid;1.50;", &["not_a_date", "not_a_number"]),
        (b"7;03.02.2024;Paid;1;", &["unmapped_value"]),
        (b"7;03.02.2024;paid;1,00001;", &["too_many_decimals"]),
        (b"7;03.02.2024;paid;99999999999999999;", &["too_large"]),
        (b"7;03.02.2024;paid;;", &["missing"]),
        (b";;;;", &["missing"; 4]),
        (b"7;03.02.2024;paid;1", &["column_count"]),
        (b"7;03.02.2024;paid;1;x;y", &["column_count"]),
        (b"7;03.02.2024;paid;1;caf\xe9", &["not_in_encoding"]),
        (b"7;03.02.2024;paid;1;\0", &["not_in_encoding"]),
        (b"7;03.02.2024;paid;1;12\" pipe", &["bad_quoting"]),
        (b"7;03.02.2024;paid;1;\"a\"b", &["bad_quoting"]),
    ];
    for (row, codes) in cases {
        let good = "7;03.02.2024;paid;1;\n";
        let file = [
            HEADER.as_bytes(),
            good.as_bytes(),
            row,
            b"\n",
            good.as_bytes(),
        ]
        .concat();
        let rows = outcomes(&payments(), &Lookups::new(), file.as_slice());
        assert_eq!(rejection(&rows[1]), (2, 3, codes.to_vec()), "{row:?}");
        assert_eq!(fact(&rows[2]).external_id, "3");
    }
}

#[test]
fn a_quote_that_is_never_closed_and_an_endless_row_are_rejected() {
    let plan = payments();
    let open = format!("{HEADER}7;03.02.2024;paid;1;\"x\n7;03.02.2024;paid;1;\n");
    let rows = outcomes(&plan, &Lookups::new(), open.as_bytes());
    assert_eq!(
        (rows.len(), rejection(&rows[0])),
        (1, (1, 2, vec!["bad_quoting"]))
    );

    let endless = std::io::repeat(b'x').take(50 << 20);
    let end = b"\n7;03.02.2024;paid;1;\n".as_slice();
    let rows = outcomes(
        &plan,
        &Lookups::new(),
        HEADER.as_bytes().chain(endless).chain(end),
    );
    assert_eq!(rejection(&rows[0]), (1, 2, vec!["row_too_long"]));
    assert_eq!(fact(&rows[1]).external_id, "2");
}

#[test]
fn a_corrected_error_file_keeps_row_numbers_and_cells() {
    let plan = payments();
    let file =
        format!("{HEADER}7;03.02.2024;paid;1;\n8;03/02/2024;paid;-2;=SUM(A1)\n9;x;paid;3;'q\n");
    let reader = RowReader::open(file.as_bytes(), &plan).unwrap();
    let mut errors = ErrorFile::for_rows_of(&reader, Vec::new()).unwrap();
    for row in outcomes(&plan, &Lookups::new(), file.as_bytes()) {
        if let Err(rejection) = row {
            errors.write(&rejection).unwrap();
        }
    }
    let sent = String::from_utf8(errors.finish().unwrap()).unwrap();
    assert!(sent.starts_with("_row,_line,_errors,who,when,state,amount,note\n2,3,when: "));
    assert!(sent.contains(",8,03/02/2024,paid,'-2,'=SUM(A1)\n"));

    let corrected = sent
        .replace(",8,03/02/2024", ",8,03.02.2024")
        .replace("9,x", "9,04.02.2024");
    assert_corrected(&plan, &corrected);
    // As a spreadsheet may save it: another delimiter, everything in quotes.
    let mut saved = csv::WriterBuilder::new()
        .delimiter(b';')
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    let cells = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(corrected.as_bytes());
    for record in cells.into_records() {
        saved.write_record(&record.unwrap()).unwrap();
    }
    let saved = String::from_utf8(saved.into_inner().unwrap()).unwrap();
    assert_corrected(&plan, &format!("\u{feff}{saved}"));
}

fn assert_corrected(plan: &Plan, file: &str) {
    let rows = outcomes(plan, &Lookups::new(), file.as_bytes());
    let fields = |place: usize| {
        let fact = fact(&rows[place]);
        (
            fact.external_id.clone(),
            fact.amount.unwrap().to_string(),
            fact.note.clone().unwrap(),
        )
    };
    assert_eq!(fields(0), ("2".into(), "-2".into(), "=SUM(A1)".into()));
    assert_eq!(fields(1), ("3".into(), "3".into(), "'q".into()));
}

#[test]
fn rows_of_ndjson_are_objects_and_come_back_too() {
    let plan = plan(&format!("{PAYMENTS}\n[format]\nkind = \"ndjson\"\n"));
    let lines = [
        r#"{"who":7,"when":"03.02.2024","state":"paid","amount":"1,50","note":null}"#,
        r#"{"who":"7","when":"03.02.2024","state":"paid","amount":{"v":1}}"#,
        r#"{"who":"7","who":"8"}"#,
        r#"[1]"#,
        r#"{"who":0.12345678901234567}"#,
        r#"{"#,
    ];
    let rows = outcomes(&plan, &Lookups::new(), lines.join("\r\n").as_bytes());
    assert_eq!(fact(&rows[0]).amount.unwrap().to_string(), "1.5");
    let codes: Vec<_> = rows[1..].iter().map(rejection).collect();
    assert_eq!(codes[0], (2, 2, vec!["not_a_scalar"]));
    assert_eq!(codes[1], (3, 3, vec!["not_json"]));
    assert_eq!(codes[2], (4, 4, vec!["not_json"]));
    assert_eq!(codes[3], (5, 5, vec!["imprecise_number"]));
    assert_eq!(codes[4], (6, 6, vec!["not_json"]));

    let reader = RowReader::open("".as_bytes(), &plan).unwrap();
    let mut errors = ErrorFile::for_rows_of(&reader, Vec::new()).unwrap();
    errors.write(rows[1].as_ref().unwrap_err()).unwrap();
    let sent = String::from_utf8(errors.finish().unwrap()).unwrap();
    let corrected = sent.replace(r#"{""v"":1}"#, r#"""2"""#);
    let rows = outcomes(&plan, &Lookups::new(), corrected.as_bytes());
    assert_eq!(fact(&rows[0]).external_id, "2");
}

#[test]
fn lookups_find_by_key_and_refuse_doubtful_files() {
    let joined = PAYMENTS.replace(
        "customer = { column = \"who\" }",
        "customer = { lookup = { table = \"people\", key = { column = \"who\" }, column = \"id\" } }",
    );
    let plan = plan(&format!(
        "{joined}\n[format]\ndelimiter = \";\"\n[lookups.people]\nfile = \"p.csv\"\nkey = \"no\"\nmax_rows = 2\n"
    ));
    let read = |file: &str| LookupTable::read("people", file.as_bytes(), &plan);
    let people = read("no,id\n1,a\n2,b\n").unwrap();
    let lookups = Lookups::from([("people".to_owned(), people)]);
    let file = format!("{HEADER}2;03.02.2024;paid;1;\n3;03.02.2024;paid;1;\n");
    let rows = outcomes(&plan, &lookups, file.as_bytes());
    assert!(format!("{:?}", fact(&rows[0]).customer).contains("\"b\""));
    assert_eq!(rejection(&rows[1]).2, ["lookup_missed"]);
    let rows = outcomes(&plan, &Lookups::new(), file.as_bytes());
    assert_eq!(rejection(&rows[0]).2, ["lookup_not_supplied"]);
    for doubtful in [
        "no,id\n1,a\n1,b\n",
        "no,id\n1,a\n2,b\n3,c\n",
        "no,id\n,a\n",
        "no,id\n1\n",
        "x\n",
        "",
    ] {
        assert!(read(doubtful).is_err(), "{doubtful}");
    }
}

#[test]
fn a_broken_check_rejects_the_row_and_beyond_its_share_the_file() {
    let checked = |share: &str| {
        let check = "[[check]]\nname = \"small\"\nas = \"number\"\nleft = { constant = \"0\" }\n\
                     right = { column = \"amount\" }\ndistance = { max = \"10,5\" }\n";
        let check = check.replace("10,5", "10.5");
        plan(&format!(
            "{check}max_share = \"{share}\"\n{PAYMENTS}\n[format]\ndelimiter = \";\"\n"
        ))
    };
    let row = |amount: &str| format!("7;03.02.2024;paid;{amount};\n");
    let amounts = ["1", "10,5", "10,51", "x", ""];
    let file = format!("{HEADER}{}", amounts.map(row).concat());
    let look = |share| survey(file.as_bytes(), &checked(share), &Lookups::new()).unwrap();
    assert!(look("0.33").is_refused());
    let report = look("0.34");
    assert!(!report.is_refused());
    let check = &report.checks[0];
    assert_eq!((report.rows, check.compared, check.broken), (5, 3, 1));
    assert_eq!(
        (check.share.as_str(), check.examples[0].row),
        ("0.333334", 3)
    );
    let rows = outcomes(&checked("1"), &Lookups::new(), file.as_bytes());
    assert_eq!(rejection(&rows[2]), (3, 4, vec!["check_broken"]));
}

#[test]
fn files_without_a_header_are_read_by_position() {
    let mapping = "[source]\nsystem = \"s\"\n[format]\nheader = false\ncolumns = 2\ndelimiter = \"whitespace\"\n\
                   [[customer]]\nexternal_id = { position = 2 }\nname = { position = 1 }\n";
    let rows = outcomes(
        &plan(mapping),
        &Lookups::new(),
        "  ann \t 1 \r\r bob 2\n   \nx\n".as_bytes(),
    );
    let codes: Vec<_> = rows.iter().map(|row| row.is_ok()).collect();
    assert_eq!(codes, [true, true, false]);
    assert_eq!(rejection(&rows[2]), (3, 5, vec!["column_count"]));
}

#[test]
fn a_header_must_name_each_column_once() {
    let open = |header: &str| RowReader::open(header.as_bytes(), &payments()).map(|_| ());
    assert!(open(HEADER).is_ok());
    for wrong in [
        "",
        "who;when\n",
        "who;who;when;state;amount;note\n",
        "\"who;when",
        "who\"\n",
    ] {
        assert!(open(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_fault_of_a_mapping_is_told_with_its_place() {
    let mapping = r#"{
        "source": {"system": ""},
        "format": {"delimiter": "::", "header": false},
        "check": [{"name": "c", "as": "date", "left": {"position": 1}, "right": {}, "max_share": "2"}],
        "fact": [{
            "kind": "sale",
            "external_id": {"column": "x"},
            "customer": {"lookup": {"table": "t", "key": {"row_number": true}, "column": "c"}},
            "occurred_on": {"position": 0, "date": ["%d.%m"]},
            "status": {"constant": "done"}
        }, {"kind": "payment", "external_id": {"row_number": true}, "customer": {"position": 1},
            "occurred_on": {"constant": "2024", "date": ["%Y-%m-%d"]}, "status": {"constant": "open"}}]
    }"#;
    let faults = compile(&read_json(mapping.as_bytes()).unwrap()).unwrap_err();
    let places: Vec<_> = faults
        .iter()
        .map(|fault| (fault.pointer.as_str(), fault.code))
        .collect();
    for expected in [
        ("/source/system", "empty"),
        ("/format/delimiter", "bad_delimiter"),
        ("/format/columns", "required"),
        ("/check/0", "one_of"),
        ("/check/0/max_share", "out_of_range"),
        ("/check/0/left", "no_date_format"),
        ("/check/0/right", "one_of"),
        ("/fact/0/kind", "unknown_kind"),
        ("/fact/0/external_id/column", "no_header"),
        ("/fact/0/customer/lookup/table", "unknown_lookup"),
        ("/fact/0/occurred_on/position", "out_of_range"),
        ("/fact/0/occurred_on/date", "bad_date_format"),
        ("/fact/0/status", "unreadable_text"),
        ("/fact/1/occurred_on", "unreadable_text"),
        ("/fact/1/amount", "required"),
    ] {
        assert!(
            places.contains(&expected),
            "{expected:?} not in {places:#?}"
        );
    }
    let unknown = read_toml("[source]\nsystem = \"x\"\nsytem = 1\n").unwrap_err();
    assert_eq!(
        (unknown[0].pointer.as_str(), unknown[0].code),
        ("/source/sytem", "not_this_document")
    );
    assert_eq!(read_toml("[").unwrap_err()[0].code, "not_toml");
}

#[test]
fn the_schema_of_a_mapping_names_only_schemas_that_exist() {
    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(tiercel_documents::import::mapping::ImportMapping)))]
    struct Api;
    let document = serde_json::to_value(<Api as utoipa::OpenApi>::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in proptest::collection::vec(
            prop_oneof![proptest::sample::select(b"\"\r\n;,_ '{}:\0\xef\xbb\xbf7".to_vec()), any::<u8>()],
            0..200,
        ),
        resent: bool,
        json: bool,
    ) {
        let begin = if resent { "_row,_line,_errors,who,when,state,amount,note\n" } else { HEADER };
        let format = if json { "kind = \"ndjson\"" } else { "delimiter = \";\"" };
        let plan = plan(&format!("{PAYMENTS}\n[format]\n{format}\n"));
        let file = [begin.as_bytes(), &bytes].concat();
        let rows = outcomes(&plan, &Lookups::new(), file.as_slice());
        prop_assert!(rows.len() <= file.len());
        let mut skipped = RowReader::open(file.as_slice(), &plan).unwrap();
        skipped.skip_rows(u64::MAX).unwrap();
        prop_assert_eq!(skipped.rows_read(), rows.len() as u64);
        let _ = RowReader::open(bytes.as_slice(), &plan).map(Iterator::count);
    }

    #[test]
    fn well_formed_csv_reads_as_the_csv_crate_reads_it(
        cells in proptest::collection::vec("[a\"\r\n;, ]{0,4}", 1..40),
    ) {
        let mapping = "[source]\nsystem = \"s\"\n[format]\nheader = false\ncolumns = 2\n\
                       [[customer]]\nexternal_id = { row_number = true }\nname = { position = 1 }\nemail = { position = 2 }\n";
        let mut out = csv::Writer::from_writer(Vec::new());
        for cell in &cells {
            out.write_record(["x", cell]).unwrap();
        }
        let file = out.into_inner().unwrap();
        let rows = outcomes(&plan(mapping), &Lookups::new(), file.as_slice());
        let mails = rows.iter().map(|row| match &row.as_ref().unwrap()[0] {
            ImportRecord::Customer(customer) => format!("{:?}", customer.email),
            other => format!("{other:?}"),
        });
        let expected = cells.iter().map(|cell| match cell.as_str() {
            "" => "Keep".to_owned(),
            cell => format!("Set({cell:?})"),
        });
        prop_assert_eq!(mails.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}
