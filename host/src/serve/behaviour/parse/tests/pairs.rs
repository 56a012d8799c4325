//! All pairs of parameters of different groups: each is accepted and means what both mean alone, or
//! is the mistake of a table.

use super::*;

/// Each parameter, with what it needs, by group; those that some value makes a mistake beside
/// another have several rows.
const TEXTS: [(&str, &[&str]); 7] = [
    (
        "handshake",
        &[
            "status=503",
            "status=503&retry-after=5s",
            "status=503&body=busy",
            "status=302&location=/",
            "handshake-delay=2s",
            "header=Name:Value",
            "subprotocol=chat.v1",
            "accept=wrong",
            "cut=1",
        ],
    ),
    (
        "greeting",
        &[
            "greeting=hello",
            "greeting=none",
            "greeting=request",
            "glued",
            "separate=200ms",
        ],
    ),
    (
        "each message",
        &[
            "delay=200ms",
            "jitter=50ms",
            "rate=64KiB",
            "fragment=16",
            "fragment=16&fragment-text=anywhere",
            "repeat=3",
            "as=text",
            "as=binary",
            "drop=every:1",
            "prefix=echo:",
            "coalesce=100ms",
            "segment=1",
            "pause-reading=after:2",
            "pause-reading=after:3",
        ],
    ),
    (
        "of its own accord",
        &[
            "tick=1s",
            "push=1000",
            "push=1000&size=4KiB",
            "ping=1s",
            "pong=none",
            "pong=unasked",
        ],
    ),
    (
        "the end",
        &[
            "close=1011",
            "close=1011&reason=bye",
            "end=fin",
            "end=reset",
            "end=hang",
            "end=half",
            "close=1011&after=3",
            "end=fin&after=3",
            "end=fin&after=10s",
            "close-answer=never",
            "close-answer=late:3s",
        ],
    ),
    (
        "what no server may do",
        &[
            "violate=mask",
            "violate=rsv",
            "violate=opcode",
            "violate=utf8",
            "violate=length",
            "violate=fragment",
            "violate=control",
            "violate=close-code",
            "violate=continuation",
            "violate=accept",
        ],
    ),
    ("random choices", &["seed=1"]),
];

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
    for (index, (_, ones)) in TEXTS.iter().enumerate() {
        for (_, others) in &TEXTS[index + 1..] {
            for one in *ones {
                for other in *others {
                    check(one, other);
                }
            }
        }
    }
}

#[test]
fn the_table_has_all_parameters_in_their_groups() {
    assert_eq!(TEXTS.len(), GROUPS.len());
    for ((name, texts), group) in TEXTS.iter().zip(&GROUPS) {
        assert_eq!(*name, group.name);
        let own: BTreeSet<_> = group.parameters.iter().map(|it| it.name).collect();
        let parts = texts.iter().flat_map(|text| text.split('&'));
        let written: BTreeSet<_> = parts.map(|part| part.split('=').next().unwrap()).collect();
        assert_eq!(written, own, "{name}");
    }
}
