//! Each fault of a server or a client is found by the case that names its rule, and a server and a
//! client without a fault pass every case.
//!
//! To see what finds a fault: `WS_ECHO_MUTANTS=TakesRsv1,TakesRsv2 cargo test -p ws-echo-tests --test
//! check -- --nocapture shown`; `all` for all of them.

mod played;
mod table;

use std::collections::HashSet;
use std::env;
use std::fmt::Write as _;

use played::{Found, Peer, for_each, play, play_all};
use regex_lite::Regex;
use table::{CLIENT, Row, SERVER};
use ws_echo_tests::mutants::Fault;

/// Faults that are looked for with the whole suite, to see that no other section finds them too.
const WHOLE: &[Fault] = &[
    Fault::TakesRsv2,
    Fault::ForgetsContext,
    Fault::NoAnswerToClose,
];

/// What is wrong with a row of the table; nothing if it holds.
fn wrong(row: &Row, found: &Found) -> Option<String> {
    let is_it = pattern(row.found_by);
    let (right, others): (Vec<_>, Vec<_>) = found.iter().partition(|(id, _)| is_it.is_match(id));
    let mut text = String::new();
    if right.is_empty() {
        let _ = writeln!(text, "{:?}: {} has not found it", row.fault, row.found_by);
    }
    if others.len() > row.others_max {
        let count = others.len();
        let _ = writeln!(text, "{:?}: {count} other cases have found it", row.fault);
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
    let texts = for_each(rows, |row| {
        let found = match WHOLE.contains(&row.fault) {
            true => play_all(peer, Some(row.fault)),
            false => play(peer, Some(row.fault), row.played),
        };
        wrong(row, &found)
    });
    let texts: Vec<String> = texts.into_iter().flatten().collect();
    assert!(texts.is_empty(), "{}", texts.concat());
}

#[test]
fn each_fault_is_in_the_table() {
    let known: HashSet<Fault> = SERVER.iter().chain(CLIENT).map(|row| row.fault).collect();
    let missing: Vec<&Fault> = Fault::ALL
        .iter()
        .filter(|fault| !known.contains(fault))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_server_without_a_fault_passes_every_case() {
    assert_eq!(play_all(Peer::Server, None), Found::new());
}

#[test]
fn a_client_without_a_fault_passes_every_case() {
    assert_eq!(play_all(Peer::Client, None), Found::new());
}

#[test]
fn each_fault_of_a_server_is_found_by_the_case_that_names_its_rule() {
    check_table(Peer::Server, SERVER);
}

#[test]
fn each_fault_of_a_client_is_found_by_the_case_that_names_its_rule() {
    check_table(Peer::Client, CLIENT);
}

/// For whoever changes a case, or adds a fault.
#[test]
fn shown_is_what_finds_the_named_faults() {
    let Ok(names) = env::var("WS_ECHO_MUTANTS") else {
        return;
    };
    let is_named =
        |fault: &Fault| names == "all" || names.split(',').any(|it| it == format!("{fault:?}"));
    let faults: Vec<Fault> = Fault::ALL.iter().copied().filter(is_named).collect();
    for peer in [Peer::Server, Peer::Client] {
        for_each(&faults, |&fault| {
            let mut text = format!("{peer:?} {fault:?}\n");
            for (id, seen) in play_all(peer, Some(fault)) {
                let _ = writeln!(text, "    {id}: {seen}");
            }
            print!("{text}");
        });
    }
}
