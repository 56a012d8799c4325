//! Queries that mean nothing: 400, with a text that names what is wrong.

use ws_echo_tests::scripted_client::End;
use ws_echo_tests::server::Server;

use crate::observed::{asking, expect_echo, greeted, header};

/// A query, and what the text says of it.
#[rustfmt::skip]
const MISTAKES: &[(&str, &[&str])] = &[
    ("bogus=1", &["bogus"]),
    ("Delay=1s", &["Delay"]),
    ("delay", &["delay"]),
    ("delay=", &["delay"]),
    ("delay=soon", &["delay", "soon"]),
    ("delay=2h", &["delay", "1h"]),
    ("delay=1s&delay=1s", &["delay"]),
    ("glued&separate=1s", &["glued", "separate"]),
    ("glued&greeting=none", &["glued", "greeting"]),
    ("status=101", &["status", "200", "599"]),
    ("status=600", &["status", "200", "599"]),
    ("status=503&delay=1s", &["status", "delay"]),
    ("retry-after=1s", &["retry-after", "status"]),
    ("repeat=10001", &["repeat", "10000"]),
    ("push=10001", &["push", "10000"]),
    ("size=4KiB", &["size", "push"]),
    ("push=1000&size=3", &["size"]),
    ("fragment=0", &["fragment"]),
    ("fragment-text=anywhere", &["fragment-text", "fragment"]),
    ("segment=0", &["segment", "65535"]),
    ("close=1005", &["close", "violate=close-code"]),
    ("close=999", &["close"]),
    ("reason=bye", &["reason", "close"]),
    ("end=later", &["end", "fin", "reset", "hang", "half"]),
    ("after=3", &["after", "close", "end", "violate"]),
    ("violate=law", &["violate", "mask", "utf8"]),
    ("violate=accept&after=1", &["after"]),
    ("pause-reading=after:2&close=1000&after=3", &["pause-reading", "after"]),
    ("header=Upgrade:h2c", &["header", "Upgrade"]),
    ("header=Sec-WebSocket-Accept:x", &["header", "accept"]),
    ("header=X-A:1%0D%0AX-B:2", &["header"]),
    ("greeting=%FF", &["greeting", "UTF-8"]),
    ("greeting=%F", &["greeting"]),
    ("seed=18446744073709551616", &["seed"]),
];

/// Some of the parameters that each text lists.
const LISTED: [&str; 6] = [
    "handshake-delay",
    "greeting",
    "pause-reading",
    "tick",
    "close-answer",
    "violate",
];

#[test]
fn a_mistake_is_named_and_the_right_parameters_are_listed() {
    let server = Server::start(&[]);
    for (query, named) in MISTAKES {
        let mut client = asking(&server, query);
        let head = client.receive_head();
        assert!(head.starts_with("HTTP/1.1 400 "), "{query}: {head}");
        let kind = header(&head, "Content-Type");
        assert!(kind[0].starts_with("text/plain"), "{query}: {kind:?}");
        let (body, end) = client.receive_to_the_end();
        assert_eq!(end, End::Fin);
        let text = String::from_utf8(body).expect("UTF-8");
        for word in named.iter().chain(&LISTED) {
            assert!(text.contains(word), "{query}: {word} is not in: {text}");
        }
    }
    expect_echo(&mut greeted(&server, "delay=1ms"), "hello");
}
