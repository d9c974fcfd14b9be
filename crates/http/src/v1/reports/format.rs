//! In which form a report is answered: JSON, CSV that no spreadsheet executes, or a chart.

use crate::problem::{FieldError, Kind, Problem};
use actix_web::HttpResponse;
use serde::Serialize;

/// The form asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Csv,
    Svg,
}

impl Format {
    /// Reads `format`; JSON where it is absent.
    pub fn read(word: Option<&str>) -> Result<Self, Problem> {
        match word {
            None | Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("svg") => Ok(Self::Svg),
            Some(_) => {
                let detail = "is not `json`, `csv` or `svg`";
                let fault = FieldError::new("format", "unknown_value", detail);
                Err(Problem::invalid(vec![fault]))
            }
        }
    }

    /// Reads `format` of a report that has no chart.
    pub fn read_table(word: Option<&str>) -> Result<Self, Problem> {
        match Self::read(word) {
            Ok(Self::Json) => Ok(Self::Json),
            Ok(Self::Csv) => Ok(Self::Csv),
            Ok(Self::Svg) | Err(_) => {
                let detail = "is not `json` or `csv`";
                let fault = FieldError::new("format", "unknown_value", detail);
                Err(Problem::invalid(vec![fault]))
            }
        }
    }

    /// The answer in this form.
    pub fn answer<T: Serialize>(
        self,
        body: &T,
        rows: impl FnOnce() -> Vec<Vec<String>>,
        chart: impl FnOnce() -> String,
    ) -> Result<HttpResponse, Problem> {
        let mut answer = HttpResponse::Ok();
        Ok(match self {
            Self::Json => {
                let text = serde_json::to_vec(body);
                let broken = |_| Problem::new(Kind::Internal, "the report could not be written");
                answer
                    .content_type("application/json")
                    .body(text.map_err(broken)?)
            }
            Self::Csv => answer
                .content_type("text/csv; charset=utf-8")
                .body(csv(&rows())),
            Self::Svg => answer
                .content_type("image/svg+xml")
                // A chart runs nothing and loads nothing, wherever it is opened.
                .insert_header((
                    "content-security-policy",
                    "default-src 'none'; style-src 'unsafe-inline'",
                ))
                .body(chart()),
        })
    }
}

/// Rows with CRLF as RFC 4180 has them.
fn csv(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| written(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell that a spreadsheet shows and does not execute; plain numbers stay numbers.
fn written(cell: &str) -> String {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let number = digits.starts_with(|letter: char| letter.is_ascii_digit())
        && digits
            .chars()
            .all(|letter| letter.is_ascii_digit() || letter == '.');
    let begins = |letter: char| matches!(letter, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n');
    let shown = match cell.starts_with(begins) && !number {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    };
    if shown.contains(['"', ',', '\r', '\n']) {
        return format!("\"{}\"", shown.replace('"', "\"\""));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_is_executed() {
        let cells = [
            "=1+1", "+1", "-66.25", "-x", "@SUM(A1)", "a,\"b\"", "", "12", "\t=1",
        ];
        let row = cells.map(str::to_owned).to_vec();
        let text = "'=1+1,'+1,-66.25,'-x,'@SUM(A1),\"a,\"\"b\"\"\",,12,'\t=1\r\n";
        assert_eq!(csv(&[row]), text);
    }
}
