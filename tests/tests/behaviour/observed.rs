//! A connection on the test path, and what is seen of it.

use std::time::{Duration, Instant};

use ws_echo_tests::scripted_client::{Client, WELCOME, request};
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{Frame, TEXT, masked};

/// How long a test listens for what must not come.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);

/// The path with this query.
pub(crate) fn path(query: &str) -> String {
    format!("/test?{query}")
}

/// A client that has sent its request.
pub(crate) fn asking(server: &Server, query: &str) -> Client {
    let mut client = Client::connect(server.address);
    client.send(request(&path(query)));
    client
}

/// An open connection; a greeting may still follow.
pub(crate) fn open(server: &Server, query: &str) -> Client {
    Client::open_at(server.address, &path(query))
}

/// An open connection whose usual greeting is received.
pub(crate) fn greeted(server: &Server, query: &str) -> Client {
    let mut client = open(server, query);
    assert_eq!(client.receive_frame(), Some(text(WELCOME)), "{query}");
    client
}

/// A message in one frame.
pub(crate) fn text(payload: impl AsRef<[u8]>) -> Frame {
    Frame::new(TEXT, payload)
}

/// Sends a text.
pub(crate) fn say(client: &mut Client, payload: impl AsRef<[u8]>) {
    client.send(masked(TEXT, payload));
}

/// Sends a text and expects it back.
pub(crate) fn expect_echo(client: &mut Client, payload: &str) {
    say(client, payload);
    assert_eq!(client.receive_frame(), Some(text(payload)));
}

/// Expects that nothing comes.
pub(crate) fn expect_silence(client: &Client) {
    assert!(client.unread().is_empty(), "{:?}", client.unread());
    assert!(!client.is_answered_within(SILENCE), "something came");
}

/// Expects that at least this time has passed.
pub(crate) fn expect_passed(since: Instant, least: Duration) {
    let passed = since.elapsed();
    assert!(passed >= least, "{passed:?}, at least {least:?}");
}

/// The values of a header.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let named = headers.filter(|(it, _)| it.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value).collect()
}
