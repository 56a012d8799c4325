//! Which tests were skipped in one run of `cargo test`, and for want of what.
//!
//! Each test binary is a process of its own. They share a file, which the last of them,
//! `what_was_skipped`, shows as a table and removes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::{env, thread};

/// A test that was skipped, at least in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The test binary and the name of the test.
    pub test: String,
    /// What is missing.
    pub missing: String,
    /// How to get it.
    pub remedy: String,
}

impl Skipped {
    /// The test that runs in this thread.
    pub(crate) fn in_this_test(missing: &str, remedy: &str) -> Self {
        let binary = env::current_exe().unwrap_or_default();
        let binary = binary.file_stem().unwrap_or_default().to_string_lossy();
        // Cargo has added a hash.
        let binary = binary.rsplit_once('-').map_or(&*binary, |(name, _)| name);
        let current = thread::current();
        let test = current.name().unwrap_or_default();
        Self {
            test: format!("{binary} {test}"),
            missing: missing.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    /// Prints the message, even though the test passes, and keeps this for the table.
    pub(crate) fn say(&self, message: &str) {
        // Not with `eprint`, which is not shown for a passing test.
        let _ = std::io::stderr().write_all(message.as_bytes());
        record(self);
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t').map(str::to_owned);
        Some(Self {
            test: fields.next()?,
            missing: fields.next()?,
            remedy: fields.next()?,
        })
    }
}

/// The variable that names the file to a test that another test runs as a process of its own.
const VARIABLE: &str = "WS_ECHO_SKIPPED_TESTS";

/// Lets a test that this test starts record in the same file.
pub fn share_with(test: &mut Command) {
    test.env(VARIABLE, file());
}

/// The file of this run: beside the test binaries, with the number of the process that starts them.
fn file() -> PathBuf {
    if let Some(file) = env::var_os(VARIABLE) {
        return file.into();
    }
    #[cfg(unix)]
    let run = std::os::unix::process::parent_id();
    #[cfg(not(unix))]
    let run = 0;
    let binary = env::current_exe().unwrap_or_default();
    binary.with_file_name(format!("skipped-tests-{run}"))
}

/// Keeps it for the table.
fn record(skipped: &Skipped) {
    let Skipped {
        test,
        missing,
        remedy,
    } = skipped;
    let line = format!("{test}\t{missing}\t{remedy}\n");
    let file = OpenOptions::new().create(true).append(true).open(file());
    if let Ok(mut file) = file {
        let _ = file.write_all(line.as_bytes());
    }
}

/// All that were recorded in this run, which are forgotten.
pub fn take() -> Vec<Skipped> {
    let file = file();
    let lines = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    lines.lines().filter_map(Skipped::parse).collect()
}

/// The table: what is missing, how many tests need it, and how to get it.
pub fn table(skipped: &[Skipped]) -> String {
    let mut tests_by_missing = BTreeMap::<_, BTreeSet<_>>::new();
    for it in skipped {
        let tests = tests_by_missing.entry((&it.missing, &it.remedy));
        tests.or_default().insert(&it.test);
    }
    let tests: BTreeSet<_> = skipped.iter().map(|it| &it.test).collect();
    let mut table = match tests.len() {
        0 => return "skipped tests: none\n".to_owned(),
        count => format!("skipped tests: {count}, wholly or in part\n\n"),
    };
    let missing = tests_by_missing.keys().map(|(missing, _)| missing.len());
    let width = missing.max().unwrap_or_default().max("missing".len());
    let _ = writeln!(table, "  {:width$}  tests  how to get it", "missing");
    for ((missing, remedy), tests) in tests_by_missing {
        let _ = writeln!(table, "  {missing:width$}  {:5}  {remedy}", tests.len());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(test: &str, missing: &str) -> Skipped {
        let [test, missing, remedy] = [test, missing, "apt"].map(str::to_owned);
        Skipped {
            test,
            missing,
            remedy,
        }
    }

    #[test]
    fn the_table_counts_each_test_once_for_each_thing_that_is_missing() {
        let all = [
            skipped("tls a", "curl"),
            skipped("tls a", "curl"),
            skipped("tls b", "curl"),
            skipped("qml c", "Qt 5 and more"),
            skipped("tls b", "Qt 5 and more"),
        ];
        assert_eq!(
            table(&all),
            "skipped tests: 3, wholly or in part\n\n\
             \x20 missing        tests  how to get it\n\
             \x20 Qt 5 and more      2  apt\n\
             \x20 curl               2  apt\n"
        );
        assert_eq!(table(&[]), "skipped tests: none\n");
    }

    #[test]
    fn what_is_recorded_is_taken_once() {
        let it = Skipped::in_this_test("a program", "no remedy");
        assert!(it.test.ends_with("what_is_recorded_is_taken_once"));
        let others = take();
        record(&it);
        assert_eq!(take(), [it]);
        assert_eq!(take(), []);
        others.iter().for_each(record);
    }
}
