//! Cells that a spreadsheet would run as formulas, made harmless and restored.

/// The cell with a leading `'` where a spreadsheet might take it for a formula, or where it
/// begins with `'` itself, so that [`restored`] can tell.
pub(super) fn neutralised(cell: &str) -> String {
    if is_risky(cell) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// Undoes [`neutralised`]; other cells stay as they are.
pub(super) fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_risky(rest) => rest,
        _ => cell,
    }
}

fn is_risky(cell: &str) -> bool {
    let edge = cell.starts_with(['\t', '\r', '\n', '\'']);
    let formula = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    edge || cell.trim_start_matches(is_invisible).starts_with(formula)
}

/// Blanks, control characters and marks that a spreadsheet skips before a formula.
fn is_invisible(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_cell_comes_back(cell in "['=+@ \t\r\n\u{feff}a＝-]{0,6}") {
            let safe = neutralised(&cell);
            prop_assert_eq!(restored(&safe), cell.as_str());
            prop_assert!(!safe.trim_start_matches(is_invisible).starts_with(['=', '+', '-', '@', '＝']));
        }
    }

    #[test]
    fn formulas_get_a_quote() {
        for risky in [
            "=1+1",
            "+49 30 1",
            "-1",
            "@x",
            " =1",
            "\u{feff}=1",
            "＝1",
            "\tx",
            "\rx",
            "'x",
        ] {
            assert_eq!(neutralised(risky), format!("'{risky}"));
        }
        for harmless in ["49 30 1", "a=b", "", "12.5"] {
            assert_eq!(neutralised(harmless), harmless);
        }
        // What a person typed with a quote of their own stays.
        assert_eq!(restored("'tis"), "'tis");
    }
}
