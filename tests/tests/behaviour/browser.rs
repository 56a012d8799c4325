//! What Chromium sees of the ends: close events, and no more than a page may know.

use ws_echo_tests::chromium;
use ws_echo_tests::server::Server;

use crate::observed::path;

/// A query, and what a page sees that sends `hello`.
#[rustfmt::skip]
const SEEN: &[(&str, &[&str])] = &[
    ("close=1000&after=1", &["open", "message hello", "close 1000 clean"]),
    ("close=4001&reason=bye&after=1", &["open", "message hello", "close 4001 bye clean"]),
    ("close=1011&after=1", &["open", "message hello", "close 1011 clean"]),
    ("end=fin&after=1", &["open", "message hello", "close 1006 unclean"]),
    ("end=reset&after=1", &["open", "message hello", "close 1006 unclean"]),
    ("close=1012&end=fin&after=1", &["open", "message hello", "close 1012 clean"]),
    ("status=503&retry-after=1s", &["error", "close 1006 unclean"]),
    ("status=302&location=/", &["error", "close 1006 unclean"]),
    ("accept=wrong", &["error", "close 1006 unclean"]),
    ("subprotocol=soap", &["error", "close 1006 unclean"]),
    ("fragment=1&close=1000&after=1", &["open", "message hello", "close 1000 clean"]),
    ("cut=1&segment=1&close=1000&after=1", &["open", "message hello", "close 1000 clean"]),
    ("violate=utf8&after=1", &["open", "error", "close 1006 unclean"]),
    ("violate=mask&after=1", &["open", "error", "close 1006 unclean"]),
    ("violate=control&after=1", &["open", "error", "close 1006 unclean"]),
];

/// Escapes what would end a value in a query.
fn escaped(url: &str) -> String {
    let escape = |it| match it {
        '&' => "%26".to_owned(),
        '=' => "%3D".to_owned(),
        '?' => "%3F".to_owned(),
        it => it.to_string(),
    };
    url.chars().map(escape).collect()
}

#[test]
fn chromium_sees_close_codes_ends_and_refusals() {
    // The page has another origin.
    let server = Server::start(&["--origin=*"]);
    let argument = |query: &str| {
        // A refusal has no greeting.
        let first = if query.starts_with("status") {
            ""
        } else {
            "greeting=none&"
        };
        let url = server.url(&path(&format!("{first}{query}")));
        format!("ws={}", escaped(&url))
    };
    let urls: Vec<_> = SEEN.iter().map(|(query, _)| argument(query)).collect();
    let Some(result) = chromium::result_of("ends.html", &urls.join("&")) else {
        return;
    };
    let seen: Vec<Vec<String>> =
        serde_json::from_str(&result).unwrap_or_else(|error| panic!("{error}: {result}"));
    assert_eq!(seen.len(), SEEN.len());
    let mut wrong = Vec::new();
    for ((query, expected), mut seen) in SEEN.iter().zip(seen) {
        println!("{query}: {seen:?}");
        if query.starts_with("violate") {
            // It may fail before it has delivered what came with the violation.
            seen.retain(|it| it != "message hello");
        }
        if seen != *expected {
            wrong.push(format!("{query}: {seen:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
