//! A request as it arrived: as the greeting and by plain HTTP, whatever the client takes of it.

use serde_json::Value;

use super::*;
use crate::serve::memory::tests::IS_REFUSED;

const STEP: Duration = Duration::from_millis(200);

/// A request of 8 KiB for a WebSocket, the longest that is read.
fn longest_request() -> Vec<u8> {
    let request = REQUEST.strip_suffix(b"\r\n").expect("an empty line");
    let quotes = (8 << 10) - REQUEST.len() - b"X: \r\n".len();
    let header = format!("X: {}\r\n", "\"".repeat(quotes));
    [request, header.as_bytes(), b"\r\n"].concat()
}

/// Splits the response that opens a connection, the greeting after it, which is one text frame, and
/// the rest.
fn split(received: &[u8]) -> (&[u8], Value, &[u8]) {
    let end = received.windows(4).position(|it| it == b"\r\n\r\n");
    let (head, frames) = received.split_at(end.expect("a head") + 4);
    assert_eq!(
        frames[..2],
        [0x81, 126],
        "one frame with a length of two bytes"
    );
    let len = usize::from(u16::from_be_bytes([frames[2], frames[3]]));
    let (greeting, rest) = frames[4..].split_at(len);
    let greeting = serde_json::from_slice(greeting).expect("JSON");
    (head, greeting, rest)
}

/// Connects a client that has sent this, and takes nothing. It sends so little at once that it is
/// not given a large buffer.
fn connect_mute(server: &mut Server, bytes: &[u8]) -> (usize, End) {
    let (key, end) = server.connect();
    end.0.borrow_mut().room = 0;
    for piece in bytes.chunks(1000) {
        server.send(key, &end, piece);
        while server.clients.timeout() == Some(Duration::ZERO) {
            server.round();
        }
    }
    (key, end)
}

/// Lets a client take so many bytes.
fn take(server: &mut Server, key: usize, end: &End, room: usize) {
    end.0.borrow_mut().room = room;
    server.clients.handle(key, Readiness::None);
    while server.clients.timeout() == Some(Duration::ZERO) {
        server.round();
    }
}

#[test]
fn the_greeting_is_one_frame_after_the_response_however_long_and_slow_it_is() {
    let bytes = [longest_request(), frame(0x81, "hello")].concat();
    for buffer in ["--buffer=4KiB", "--buffer=64KiB"] {
        for backlog in ["--max-backlog=16MiB", "--max-backlog=off"] {
            for room in [1, 700, 4000, usize::MAX] {
                let mut server = Server::new(&["--welcome-request", buffer, backlog]);
                let (key, end) = connect_mute(&mut server, &bytes);
                let mut all = Vec::new();
                for turn in 0..40_000 {
                    take(&mut server, key, &end, room);
                    all.extend(received(&end));
                    if all.ends_with(&echo(0x81, "hello")) {
                        break;
                    }
                    // Then what waits becomes a backlog.
                    if turn == 5 {
                        server.pass(STEP);
                    }
                }
                let (head, greeting, rest) = split(&all);
                assert!(head.starts_with(b"HTTP/1.1 101 "));
                assert_eq!(greeting["peer"], "127.0.0.1:1");
                let headers = greeting["headers"].as_array().expect("a list");
                assert!(headers[5][1].as_str().is_some_and(|it| it.len() > 7900));
                assert_eq!(rest, echo(0x81, "hello"));
                server.send(key, &end, frame(0x81, "again"));
                take(&mut server, key, &end, usize::MAX);
                assert_eq!(received(&end), echo(0x81, "again"));
                end.0.borrow_mut().has_ended = true;
                server.clients.handle(key, Readiness::UntilWouldBlock);
                assert!(server.clients.is_empty());
            }
        }
    }
}

#[test]
fn a_client_that_does_not_take_its_greeting_is_given_up() {
    for backlog in ["--max-backlog=16MiB", "--max-backlog=off"] {
        let mut server = Server::new(&["--welcome-request", backlog]);
        let (_, end) = connect_mute(&mut server, &longest_request());
        server.pass(STALL - SECOND);
        assert_eq!(server.clients.len(), 1);
        server.pass(2 * SECOND);
        assert!(server.clients.is_empty());
        assert_eq!(received(&end), b"");
        let (_, end) = connect_mute(&mut server, &longest_request());
        end.0.borrow_mut().room = 1000;
        end.0.borrow_mut().has_ended = true;
        server.pass(3 * STALL);
        assert!(server.clients.is_empty(), "one that has left");
    }
}

#[test]
fn a_server_that_stops_sends_the_whole_greeting_and_then_a_close() {
    for backlog in ["--max-backlog=16MiB", "--max-backlog=off"] {
        let mut server = Server::new(&["--welcome-request", backlog]);
        let (key, end) = connect_mute(&mut server, &longest_request());
        take(&mut server, key, &end, 3000);
        server.clients.stop(Duration::ZERO);
        take(&mut server, key, &end, usize::MAX);
        let all = received(&end);
        let (_, _, rest) = split(&all);
        assert_eq!(rest, GOING_AWAY);
        let (key, end) = connect_mute(&mut server, &longest_request());
        take(&mut server, key, &end, 3000);
        server.clients.give_up();
        assert!(server.clients.is_empty());
    }
}

#[test]
fn without_memory_for_a_report_a_client_gets_503_and_a_later_one_is_served() {
    let by_http = b"GET /test/request HTTP/1.1\r\nHost: a\r\n\r\n";
    for (flag, request) in [("--welcome-request", REQUEST), ("--no-page", by_http)] {
        let mut server = Server::new(&[flag]);
        let (key, end) = server.connect();
        let (first, second) = request.split_at(20);
        server.send(key, &end, first);
        assert_eq!(received(&end), b"");
        IS_REFUSED.set(true);
        server.send(key, &end, second);
        IS_REFUSED.set(false);
        let refused = received(&end);
        assert!(
            refused.starts_with(b"HTTP/1.1 503 "),
            "{}",
            refused.escape_ascii()
        );
        let (key, end) = server.connect();
        server.send(key, &end, request);
        assert!(!received(&end).starts_with(b"HTTP/1.1 503 "));
    }
}

#[test]
fn the_least_memory_is_enough_for_one_client() {
    let flags = ["--welcome-request", "--threads=1", "--max-memory"];
    let options = |memory: usize| {
        let memory = memory.to_string();
        options(&[&flags[..], &[&memory]].concat(), &[])
    };
    let least = crate::serve::client::least_memory(&options(1 << 30));
    let now = Instant::now();
    let clients = Clients::new(&options(least), now);
    let mut server = Server { clients, now };
    let (key, end) = server.connect();
    server.send(key, &end, longest_request());
    let all = received(&end);
    assert_eq!(split(&all).2, b"");
    server.send(key, &end, frame(0x81, "hello"));
    assert_eq!(received(&end), echo(0x81, "hello"));
}

#[test]
fn a_request_by_http_is_answered_with_itself_however_slowly_it_is_read() {
    for (method, version) in [
        ("GET", "HTTP/1.1"),
        ("GET", "HTTP/1.0"),
        ("HEAD", "HTTP/1.1"),
    ] {
        for room in [1, 3000, usize::MAX] {
            let mut server = Server::new(&[]);
            let quotes = "\"".repeat(7000);
            let request =
                format!("{method} /test/request?a=b {version}\r\nHost: a\r\nX: {quotes}\r\n\r\n");
            let (key, end) = connect_mute(&mut server, request.as_bytes());
            let mut all = Vec::new();
            for _ in 0..20_000 {
                take(&mut server, key, &end, room);
                all.extend(received(&end));
                if end.0.borrow().is_shut {
                    break;
                }
            }
            let all = String::from_utf8(all).expect("text");
            let (head, content) = all.split_once("\r\n\r\n").expect("a head");
            assert!(head.starts_with(&format!("{version} 200 OK\r\n")), "{head}");
            let lines = ["Content-Type: application/json", "Cache-Control: no-store"];
            assert!(lines.iter().all(|line| head.contains(line)), "{head}");
            let (_, len) = head.split_once("Content-Length: ").expect(head);
            let len: usize = len.lines().next().unwrap_or_default().parse().expect(head);
            assert!(len > 14_000);
            if method == "HEAD" {
                assert_eq!(content, "");
            } else {
                assert_eq!(content.len(), len);
                let report: Value = serde_json::from_str(content).expect("JSON");
                assert_eq!(report["target"], "/test/request?a=b");
                assert_eq!(report["version"], version);
                assert_eq!(report["headers"][1][1], quotes);
            }
            end.0.borrow_mut().has_ended = true;
            server.clients.handle(key, Readiness::UntilWouldBlock);
            assert!(server.clients.is_empty());
        }
    }
}
