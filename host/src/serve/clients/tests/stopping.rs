//! Clients that are in their handshake when the server stops, and connections whose time is over.

use super::*;

const ACCEPTED: &[u8] = b"HTTP/1.1 101 ";

/// What a client has received after the response that opens its connection.
fn after_head(end: &End) -> Vec<u8> {
    let received = received(end);
    assert!(
        received.starts_with(ACCEPTED),
        "{}",
        received.escape_ascii()
    );
    let head = received.windows(4).position(|it| it == b"\r\n\r\n");
    received[head.expect("a head") + 4..].to_vec()
}

/// A server with a client that has just connected, and with one that has been silent for long.
fn connecting() -> (Server, (usize, End), (usize, End)) {
    let mut server = Server::new(&["--handshake-timeout=20s"]);
    let silent = server.connect();
    server.pass(2 * SECOND);
    let new = server.connect();
    server.pass(SECOND / 2);
    (server, new, silent)
}

#[test]
fn a_client_that_has_just_connected_is_served_by_a_server_that_stops() {
    let (mut server, (new, new_end), (_, silent_end)) = connecting();
    server.clients.stop(Duration::ZERO);
    assert_eq!(server.clients.len(), 1, "one is dropped that sends nothing");
    assert_eq!(received(&silent_end), b"");
    let message = frame(0x81, "at once");
    server.send(new, &new_end, [REQUEST, &message].concat());
    let expected = [&echo(0x81, "at once"), GOING_AWAY].concat();
    assert_eq!(after_head(&new_end), expected);
    server.send(new, &new_end, b"\x88\x82\0\0\0\0\x03\xe9");
    server.pass(6 * SECOND);
    assert!(server.clients.is_empty());
}

#[test]
fn a_request_that_has_arrived_is_answered_by_a_server_that_stops() {
    let (mut server, _, (_, silent_end)) = connecting();
    silent_end.0.borrow_mut().to_server.extend(REQUEST);
    server.clients.stop(Duration::ZERO);
    assert_eq!(after_head(&silent_end), GOING_AWAY);
}

#[test]
fn a_client_that_sends_no_request_to_a_server_that_stops_is_dropped() {
    let (mut server, (new, new_end), _) = connecting();
    server.clients.stop(10 * SECOND);
    server.send(new, &new_end, &REQUEST[..20]);
    assert_eq!(server.clients.len(), 1);
    server.pass(SECOND);
    assert!(server.clients.is_empty());
    assert_eq!(received(&new_end), b"");
}

#[test]
fn a_client_without_a_request_whose_deadline_has_passed_is_dropped_at_once() {
    let (mut server, _, _) = connecting();
    // The process was suspended, and the next that it learns is that it must stop.
    server.now += 60 * SECOND;
    server.clients.advance(server.now);
    server.clients.stop(Duration::ZERO);
    assert!(server.clients.is_empty());
}

#[test]
fn a_client_that_was_handed_over_late_is_served_or_dropped_as_the_others_are() {
    let (mut server, _, _) = connecting();
    server.clients.stop(Duration::ZERO);
    server.pass(SECOND);
    assert!(server.clients.is_empty());
    let (late, late_end) = server.connect();
    let _silent = server.connect();
    server.send(late, &late_end, REQUEST);
    assert_eq!(after_head(&late_end), GOING_AWAY);
    server.send(late, &late_end, b"\x88\x82\0\0\0\0\x03\xe9");
    server.pass(2 * SECOND);
    assert_eq!(server.clients.len(), 1, "it has not ended its side");
    server.pass(5 * SECOND);
    assert!(server.clients.is_empty());
}

#[test]
fn a_connection_that_opens_while_the_server_stops_is_closed_with_the_others() {
    let (mut server, (new, new_end), _) = connecting();
    server.clients.stop(4 * SECOND);
    server.send(new, &new_end, REQUEST);
    assert_eq!(after_head(&new_end), b"");
    server.send(new, &new_end, frame(0x81, "before"));
    assert_eq!(received(&new_end), echo(0x81, "before"));
    server.pass(4 * SECOND + 2 * GRANULARITY);
    assert_eq!(received(&new_end), GOING_AWAY);
}

#[test]
fn the_code_of_a_stop_is_chosen() {
    for (arguments, code) in [(&[][..], 1001), (&["--drain-code=1012"], 1012)] {
        let mut server = Server::new(arguments);
        let (_, end) = server.open();
        let (test, test_end) = server.connect();
        let request = String::from_utf8_lossy(REQUEST).replace("GET / ", "GET /test ");
        server.send(test, &test_end, request);
        assert_eq!(after_head(&test_end), b"");
        server.clients.stop(Duration::ZERO);
        assert_eq!(received(&end), close(code, ""));
        assert_eq!(received(&test_end), close(code, ""));
    }
}

/// A server on which connections last 10 to 12.5 seconds at most, and with more arguments.
fn with_lifetime(arguments: &[&str]) -> Server {
    let all = [&["--max-lifetime=12500ms", "--drain-code=1012"], arguments].concat();
    Server::new(&all)
}

fn restart() -> Vec<u8> {
    close(1012, "")
}

#[test]
fn connections_end_after_their_time_one_after_the_other() {
    for ping in [
        "--ping-interval=off",
        "--ping-interval=3s",
        "--ping-interval=1h",
    ] {
        let mut server = with_lifetime(&[ping]);
        let clients: Vec<_> = (0..100).map(|_| server.open()).collect();
        let mut closed = Vec::new();
        for _ in 0..130 {
            let mut count = 0;
            for (key, end) in &clients {
                let bytes = received(end);
                count += usize::from(bytes.ends_with(&restart()));
                if bytes.starts_with(PING) {
                    server.send(*key, end, PONG);
                }
            }
            closed.push(count);
            server.pass(SECOND / 10);
        }
        let early: usize = closed[..=100].iter().sum();
        assert_eq!((early, closed.iter().sum()), (0, 100), "{ping}: {closed:?}");
        assert!(closed.iter().all(|count| *count < 12), "{ping}: {closed:?}");
    }
}

#[test]
fn a_busy_client_ends_as_well_and_gets_all_echoes() {
    let mut server = with_lifetime(&[]);
    let (key, end) = server.open();
    for _ in 0..130 {
        server.send(key, &end, frame(0x81, "busy"));
        let bytes = received(&end);
        if bytes.ends_with(&restart()) {
            assert!(server.now > Instant::now() + 9 * SECOND);
            return;
        }
        assert_eq!(bytes, echo(0x81, "busy"));
        server.pass(SECOND / 10);
        let bytes = received(&end);
        if bytes == restart() {
            return;
        }
        assert_eq!(bytes, b"");
    }
    panic!("it is still open");
}

#[test]
fn a_client_may_end_its_message_when_its_time_is_over() {
    let mut server = with_lifetime(&["--drain-timeout=3s", "--stall-timeout=off"]);
    let (ending, ending_end) = server.open();
    let (endless, endless_end) = server.open();
    for (key, end) in [(ending, &ending_end), (endless, &endless_end)] {
        server.send(key, end, frame(0x01, "in "));
        assert_eq!(received(end), echo(0x01, "in "));
    }
    server.pass(13 * SECOND);
    assert!(!received(&ending_end).ends_with(&restart()));
    server.send(ending, &ending_end, frame(0x80, "pieces"));
    let expected = [echo(0x80, "pieces"), restart()].concat();
    assert_eq!(received(&ending_end), expected);
    received(&endless_end);
    server.pass(4 * SECOND);
    assert_eq!(received(&endless_end), restart());
    server.pass(6 * SECOND);
    assert!(server.clients.is_empty());
}

#[test]
fn a_connection_without_a_limit_does_not_end() {
    let mut server = Server::new(&["--ping-interval=off"]);
    let (_, end) = server.open();
    server.pass(24 * 3600 * SECOND);
    assert_eq!(received(&end), b"");
    assert_eq!(server.clients.timeout(), None);
}
