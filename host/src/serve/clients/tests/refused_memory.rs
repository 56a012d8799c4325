//! The system refuses memory, however much `--max-memory` allows.

use super::*;
use crate::serve::memory::tests::IS_REFUSED;

/// Does something while memory is refused.
fn without_memory<R>(act: impl FnOnce() -> R) -> R {
    IS_REFUSED.set(true);
    let result = act();
    IS_REFUSED.set(false);
    result
}

/// A server that has served a client, so that it has a buffer.
fn server() -> Server {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    server.send(key, &end, frame(0x81, "x"));
    assert_eq!(received(&end), echo(0x81, "x"));
    server
}

#[test]
fn a_new_client_is_refused_and_a_later_one_is_served() {
    let mut server = server();
    let (_, end) = without_memory(|| server.connect());
    assert!(received(&end).starts_with(b"HTTP/1.1 503 "));
    server.open();
}

#[test]
fn without_a_place_in_the_table_a_client_is_not_even_answered() {
    let mut server = Server::new(&[]);
    let peer = (Ipv4Addr::LOCALHOST, 1).into();
    let places = server.clients.table.capacity();
    (places..CAPACITY_MIN).for_each(|_| drop(server.open()));
    assert_eq!(server.clients.len(), server.clients.table.capacity());
    let added = without_memory(|| server.clients.add(End::default(), peer));
    assert_eq!(added, None);
    assert_eq!(server.clients.len(), CAPACITY_MIN);
    server.open();
}

#[test]
fn a_client_that_would_keep_a_buffer_is_dropped_and_another_is_echoed() {
    let mut server = server();
    let (first, first_end) = server.open();
    let (second, second_end) = server.open();
    let (third, third_end) = server.open();
    let begun = &frame(0x81, "begun")[..7];
    without_memory(|| {
        server.send(first, &first_end, begun);
        let count = server.clients.len();
        server.send(second, &second_end, begun);
        assert_eq!(server.clients.len(), count - 1, "there is one buffer");
        server.send(third, &third_end, frame(0x81, "whole"));
        assert_eq!(received(&third_end), echo(0x81, "whole"));
    });
    server.send(first, &first_end, &frame(0x81, "begun")[7..]);
    assert_eq!(received(&first_end), echo(0x81, "begun"));
}

#[test]
fn a_client_that_would_keep_a_session_is_dropped_and_another_is_echoed() {
    let mut server = server();
    let (first, first_end) = server.open();
    let (second, second_end) = server.open();
    let (third, third_end) = server.open();
    without_memory(|| {
        server.send(first, &first_end, frame(0x01, "in "));
        let count = server.clients.len();
        server.send(second, &second_end, frame(0x01, "in "));
        assert_eq!(server.clients.len(), count - 1, "there is one session");
        server.send(third, &third_end, frame(0x81, "whole"));
        assert_eq!(received(&third_end), echo(0x81, "whole"));
    });
    server.send(first, &first_end, frame(0x80, "pieces"));
    let all = [echo(0x01, "in "), echo(0x80, "pieces")].concat();
    assert_eq!(received(&first_end), all);
}

#[test]
fn a_client_of_the_test_path_is_refused_or_dropped_and_gives_back_what_it_has() {
    let mut server = server();
    let request = REQUEST.to_vec();
    let request = [b"GET /test?delay=1s", &request[b"GET /".len()..]].concat();
    let (key, end) = server.connect();
    without_memory(|| server.send(key, &end, &request));
    assert!(received(&end).starts_with(b"HTTP/1.1 503 "));
    for sent in [frame(0x81, "held"), frame(0x01, "begun"), frame(0x89, "?")] {
        let (key, end) = server.connect();
        server.send(key, &end, &request);
        assert!(received(&end).starts_with(b"HTTP/1.1 101 "));
        server.send(key, &end, frame(0x81, "waits"));
        let count = server.clients.len();
        without_memory(|| server.send(key, &end, &sent));
        assert_eq!(server.clients.len(), count - 1);
    }
    // The pool asserts that it is whole when the last client is gone.
    server.clients.stop(Duration::ZERO);
    server.clients.give_up();
    assert!(server.clients.is_empty());
}
