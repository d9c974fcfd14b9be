//! Reads the pages: their blocks of commands, each with the answer that is shown below it.

use crate::support::data;
use std::path::{Path, PathBuf};

/// A block of commands.
pub struct Step {
    pub page: &'static str,
    /// Where the block begins.
    pub line: usize,
    pub commands: String,
    pub answer: Option<Answer>,
}

/// An answer as a page shows it.
pub struct Answer {
    /// `json`, `xml` or `text`.
    pub language: String,
    pub text: String,
}

struct Block {
    line: usize,
    /// Of the fence that ends it.
    end: usize,
    language: String,
    text: String,
}

/// The commands of a page. A block of any other language must be the answer to the commands right
/// above it: what is shown can be checked.
pub fn steps(page: &'static str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut end_of_commands = 0;
    for block in blocks(page) {
        if matches!(block.language.as_str(), "sh" | "console") {
            end_of_commands = block.end;
            steps.push(Step {
                page,
                line: block.line,
                commands: block.text,
                answer: None,
            });
            continue;
        }
        let follows = end_of_commands > 0 && block.line == end_of_commands + 1;
        let step = steps.last_mut().filter(|_| follows);
        let step = step.unwrap_or_else(|| {
            panic!("{page} line {}: an answer to no commands", block.line);
        });
        step.answer = Some(Answer {
            language: block.language,
            text: block.text,
        });
    }
    steps
}

fn blocks(page: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(data::root().join(page)).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(Block {
                end: at + 1,
                ..block
            }),
            (Some(language), None) => {
                open = Some(Block {
                    line: at + 1,
                    end: 0,
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (None, Some(mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a block does not end");
    blocks
}

/// What stands between backquotes outside of blocks and begins like a command.
pub fn commands_within_sentences(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(data::root().join(page)).unwrap();
    let prose = text.split("```").step_by(2);
    let spans = prose.flat_map(|part| part.split('`').skip(1).step_by(2));
    let commands = spans.filter(|span| span.starts_with("tiercel ") || span.starts_with("curl "));
    commands.map(str::to_owned).collect()
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
