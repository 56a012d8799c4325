//! The text behind a command's options, in parts: a man page has a section for each kind.

/// A part of the text. An empty line ends it.
#[derive(Debug, PartialEq)]
pub(super) enum Part<'a> {
    /// Sentences.
    Paragraph(&'a str),
    /// A title and what stands below it.
    List(&'a str, Vec<Item>),
    /// The exit statuses.
    ExitStatus(&'a str),
}

/// A line of a list, with what it means.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Item {
    /// A command, perhaps of several lines, or a word.
    pub(super) name: String,
    pub(super) meaning: String,
}

/// How far to the right the meaning of a line stands at least, if it has a line of its own.
const MEANING_COLUMN: usize = 20;

pub(super) fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    text.split("\n\n").map(|part| {
        if let Some(statuses) = part.strip_prefix("Exit status: ") {
            return Part::ExitStatus(statuses);
        }
        match part.split_once(":\n") {
            Some((title, lines)) if lines.starts_with("  ") => Part::List(title, items(lines)),
            _ => Part::Paragraph(part),
        }
    })
}

fn items(lines: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for line in lines.lines() {
        let text = line.trim_start();
        let column = line.len() - text.len();
        let (name, meaning) = match column {
            MEANING_COLUMN.. => ("", text),
            _ => text.split_once("  ").unwrap_or((text, "")),
        };
        // A line that is indented further continues the one before.
        if column == 2 || items.is_empty() {
            items.push(Item::default());
        }
        if let Some(item) = items.last_mut() {
            append(&mut item.name, "\n", name.trim_end());
            append(&mut item.meaning, " ", meaning.trim());
        }
    }
    items
}

fn append(text: &mut String, separator: &str, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push_str(separator);
    }
    text.push_str(more);
}
