//! The table of all attacks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

const HEADERS: [&str; 5] = [
    "attack",
    "what was done",
    "what the server answered",
    "canary: echoes, worst latency",
    "peak memory",
];

/// The result of an attack: all columns except the first.
pub(crate) struct Row(pub(crate) [String; 4]);

impl Row {
    /// The row of an attack for which a program is missing.
    pub(crate) fn skipped() -> Self {
        Self(["skipped", "", "", ""].map(String::from))
    }
}

/// The rows of the attacks that had no effect.
#[derive(Default)]
pub(crate) struct Table(Mutex<BTreeMap<usize, [String; 5]>>);

impl Table {
    /// Adds a row at this place.
    pub(crate) fn add(&self, place: usize, attack: &str, row: Row) {
        let [done, answered, canary, memory] = row.0;
        let row = [attack.to_owned(), done, answered, canary, memory];
        self.0
            .lock()
            .expect("nothing panics here")
            .insert(place, row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![HEADERS.map(String::from), [const { String::new() }; 5]];
        rows.extend(
            self.0
                .lock()
                .expect("nothing panics here")
                .values()
                .cloned(),
        );
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths = [0, 1, 2, 3, 4].map(|column| width(column).unwrap_or(0));
        rows[1] = widths.map(|width| "-".repeat(width));
        for row in rows {
            for (cell, width) in row.iter().zip(widths) {
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")?;
        }
        Ok(())
    }
}
