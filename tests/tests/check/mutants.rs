//! Each fault of a server or a client is found by the case that names its rule, and a server and a
//! client without a fault pass every case.
//!
//! For whoever changes a case, or adds a fault: this shows which cases find it.
//!
//! ```sh
//! WS_ECHO_MUTANTS=TakesRsv1 cargo test -p ws-echo-tests --test check -- --nocapture shown
//! ```

mod clients;
mod played;
mod servers;
mod table;

use std::collections::HashSet;
use std::env;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use regex_lite::Regex;
use ws_echo_tests::mutants::Fault;

use played::{FAILED, Found, Peer, for_each, play};
use table::Row;

/// All cases.
const ALL: &str = "*";

/// Lets no two of these tests run at the same time: each loads the machine, and whether a peer is
/// quick enough is a part of what is tested.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is wrong with a row of the table; nothing if it holds.
fn wrong(row: &Row, found: &Found) -> Option<String> {
    let is_it = pattern(row.found_by);
    let (right, others): (Vec<_>, Vec<_>) = found.iter().partition(|(id, _)| is_it.is_match(id));
    let failed = others.iter().filter(|(_, seen)| seen.starts_with(FAILED));
    let failed = failed.count();
    let mut text = String::new();
    if right.is_empty() {
        let _ = writeln!(text, "{:?}: {} has not found it", row.fault, row.found_by);
    }
    if failed > row.others_max {
        let _ = writeln!(text, "{:?}: {failed} other cases fail", row.fault);
    }
    if text.is_empty() {
        return None;
    }
    for (id, seen) in others {
        let _ = writeln!(text, "    {id}: {seen}");
    }
    Some(text)
}

/// A pattern of ids, with `*` for any characters and `|` between patterns.
fn pattern(glob: &str) -> Regex {
    let escaped = regex_lite::escape(glob)
        .replace(r"\*", ".*")
        .replace(r"\|", "|");
    Regex::new(&format!("^(?:{escaped})$")).expect("a pattern")
}

/// Plays each row, and fails with all that do not hold.
fn check_table(peer: Peer, rows: &[Row]) {
    let _alone = alone();
    let texts = for_each(rows, |row| {
        wrong(row, &play(peer, Some(row.fault), row.played))
    });
    let texts: Vec<String> = texts.into_iter().flatten().collect();
    assert!(texts.is_empty(), "{}", texts.concat());
}

#[test]
fn each_fault_is_in_a_table() {
    let rows = servers::ROWS.iter().chain(clients::ROWS);
    let known: HashSet<Fault> = rows.map(|row| row.fault).collect();
    let is_missing = |fault: &&Fault| !known.contains(fault);
    let missing: Vec<&Fault> = Fault::ALL.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_server_without_a_fault_passes_every_case() {
    let _alone = alone();
    assert_eq!(play(Peer::Server, None, ALL), Found::new());
}

#[test]
fn a_client_without_a_fault_passes_every_case() {
    let _alone = alone();
    assert_eq!(play(Peer::Client, None, ALL), Found::new());
}

#[test]
fn each_fault_of_a_server_is_found_by_the_case_that_names_its_rule() {
    check_table(Peer::Server, servers::ROWS);
}

#[test]
fn each_fault_of_a_client_is_found_by_the_case_that_names_its_rule() {
    check_table(Peer::Client, clients::ROWS);
}

#[test]
fn shown_is_what_finds_the_named_faults() {
    let Ok(names) = env::var("WS_ECHO_MUTANTS") else {
        return;
    };
    let is_named = |fault: &Fault| names.split(',').any(|name| name == format!("{fault:?}"));
    let faults: Vec<Fault> = Fault::ALL.iter().copied().filter(is_named).collect();
    for peer in [Peer::Server, Peer::Client] {
        for_each(&faults, |&fault| {
            let mut text = format!("{peer:?} {fault:?}\n");
            for (id, seen) in play(peer, Some(fault), ALL) {
                let _ = writeln!(text, "    {id}: {seen}");
            }
            println!("{text}");
        });
    }
}
