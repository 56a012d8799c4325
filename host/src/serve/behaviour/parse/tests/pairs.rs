//! All pairs of parameters of different groups: each is accepted and means what both mean alone, or
//! is the mistake of a table.

use super::*;
use crate::serve::behaviour::tests::{SAMPLES, pairs};

/// What means nothing: how each of two texts begins, and what the mistake says.
const MISTAKES: [(&str, &str, &str); 3] = [
    ("status=", "", "' means nothing beside 'status'"),
    (
        "pause-reading=after:2",
        "close=1011&after=3",
        "'after=3' never comes with 'pause-reading=after:2'",
    ),
    (
        "pause-reading=after:2",
        "end=fin&after=3",
        "'after=3' never comes with 'pause-reading=after:2'",
    ),
];

/// The parameters of a right query, as they are written.
fn parts(query: &str) -> BTreeSet<String> {
    let written = parsed(query).to_query();
    let parts = written.split('&').filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

fn expected_mistake(one: &str, other: &str) -> Option<&'static str> {
    let mut rows = MISTAKES.iter();
    let row = rows.find(|(a, b, _)| one.starts_with(a) && other.starts_with(b))?;
    Some(row.2)
}

fn check(one: &str, other: &str) {
    for query in [format!("{one}&{other}"), format!("{other}&{one}")] {
        match expected_mistake(one, other) {
            Some(expected) => {
                let sentence = mistake(&query);
                assert!(sentence.contains(expected), "{query}: {sentence}");
            }
            None => {
                let both: BTreeSet<_> = parts(one).union(&parts(other)).cloned().collect();
                assert_eq!(parts(&query), both, "{query}");
            }
        }
    }
}

#[test]
fn all_pairs_of_different_groups_mean_what_both_mean_or_are_the_mistake_of_the_table() {
    for (one, other) in pairs() {
        check(one, other);
    }
}

#[test]
fn the_table_has_all_parameters_in_their_groups() {
    assert_eq!(SAMPLES.len(), GROUPS.len());
    for ((name, texts), group) in SAMPLES.iter().zip(&GROUPS) {
        assert_eq!(*name, group.name);
        let own: BTreeSet<_> = group.parameters.iter().map(|it| it.name).collect();
        let parts = texts.iter().flat_map(|text| text.split('&'));
        let written: BTreeSet<_> = parts.map(|part| part.split('=').next().unwrap()).collect();
        assert_eq!(written, own, "{name}");
    }
}
