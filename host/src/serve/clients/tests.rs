//! Clients in memory, and a clock that only the tests move: deadlines, Pings and the run queue as a
//! client sees them.

mod backlog;
mod compression;
mod counters;
pub(crate) mod memory_transport;
mod refused_memory;
mod request_report;
mod stopping;
mod test_path;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use self::memory_transport::{End, REQUEST};
use super::*;
use crate::command_line::tests::options;
use crate::serve::timer_wheel::GRANULARITY;

const PING: &[u8] = b"\x89\x00";
/// Masked with a key of zeros, as are all frames here.
const PONG: &[u8] = b"\x8a\x80\0\0\0\0";
const GOING_AWAY: &[u8] = b"\x88\x02\x03\xe9";
const SECOND: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(10);
/// Pings come a little sooner, each by another part of an eighth.
const SHORTEST: Duration = Duration::from_millis(8_750);
const TIMEOUT: Duration = Duration::from_secs(3);
const STALL: Duration = Duration::from_secs(60);

struct Server {
    clients: Clients<End>,
    now: Instant,
}

impl Server {
    /// A server without a greeting, unless that is the request, and with more arguments.
    fn new(arguments: &[&str]) -> Self {
        let mut all = vec!["--ping-timeout=3s"];
        let is_greeting = arguments.contains(&"--welcome-request");
        all.extend((!is_greeting).then_some("--no-welcome"));
        for (flag, default) in [
            ("--buffer=", "--buffer=4KiB"),
            ("--ping-interval=", "--ping-interval=10s"),
        ] {
            let is_given = arguments.iter().any(|it| it.starts_with(flag));
            all.extend((!is_given).then_some(default));
        }
        all.extend(arguments);
        let now = Instant::now();
        let clients = Clients::new(&options(&all, &[]), now);
        Self { clients, now }
    }

    /// A client that has connected and sent nothing.
    fn connect(&mut self) -> (usize, End) {
        let end = End::default();
        end.0.borrow_mut().room = usize::MAX;
        let peer = (Ipv4Addr::LOCALHOST, 1).into();
        let key = self.clients.add(end.clone(), peer);
        (key.expect("there is room"), end)
    }

    /// A client whose connection is open.
    fn open(&mut self) -> (usize, End) {
        let (key, end) = self.connect();
        self.send(key, &end, REQUEST);
        assert!(received(&end).starts_with(b"HTTP/1.1 101 "));
        (key, end)
    }

    fn send(&mut self, key: usize, end: &End, bytes: impl AsRef<[u8]>) {
        end.0.borrow_mut().to_server.extend(bytes.as_ref());
        self.clients.handle(key, Readiness::Data);
        self.round();
    }

    fn round(&mut self) {
        self.clients.advance(self.now);
        self.clients.run_queued();
        self.clients.expire();
    }

    /// Lets time pass, with a round whenever the clients ask for one. Returns how many those were.
    fn pass(&mut self, time: Duration) -> usize {
        let end = self.now + time;
        let mut rounds = 0;
        while let Some(timeout) = self.clients.timeout()
            && self.now + timeout <= end
        {
            self.now += timeout;
            self.round();
            rounds += 1;
        }
        self.now = end;
        self.clients.advance(end);
        rounds
    }

    /// Lets time pass until something is received from the server.
    fn pass_until_received(&mut self, end: &End) -> Duration {
        let before = self.now;
        while end.0.borrow().to_client.is_empty() {
            let timeout = self.clients.timeout().expect("there is a deadline");
            self.now += timeout;
            self.round();
        }
        self.now - before
    }
}

/// What the client has received since the last call.
fn received(end: &End) -> Vec<u8> {
    std::mem::take(&mut end.0.borrow_mut().to_client)
}

fn frame(first: u8, payload: &str) -> Vec<u8> {
    let header = [first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    [&header, payload.as_bytes()].concat()
}

fn echo(first: u8, payload: &str) -> Vec<u8> {
    [&[first, payload.len() as u8], payload.as_bytes()].concat()
}

fn close(code: u16, reason: &str) -> Vec<u8> {
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    [&[0x88, payload.len() as u8][..], &payload].concat()
}

/// A turn that has this result and leaves the deadline as it is.
fn ends(next: Next) -> Turn {
    let deadline = DeadlineChange::Keep;
    Turn { next, deadline }
}

fn gone() -> Vec<u8> {
    close(1011, "no answer to a ping")
}

fn stalled() -> Vec<u8> {
    close(1008, "no progress")
}

#[test]
fn a_silent_client_gets_a_ping_then_a_close_and_is_dropped() {
    let mut server = Server::new(&[]);
    let (_, end) = server.open();
    let silence = server.pass_until_received(&end);
    assert_eq!(received(&end), PING);
    assert!(silence >= SHORTEST && silence <= 2 * INTERVAL + 3 * GRANULARITY);
    let patience = server.pass_until_received(&end);
    assert_eq!(received(&end), gone());
    assert!(patience >= TIMEOUT && patience <= TIMEOUT + 2 * GRANULARITY);
    assert!(server.clients.is_empty());
    assert_eq!(server.clients.timeout(), None);
}

#[test]
fn a_client_that_answers_pings_lives_and_is_pinged_once_an_interval() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    server.pass_until_received(&end);
    let mut times = BTreeSet::new();
    for _ in 0..100 {
        assert_eq!(received(&end), PING);
        server.pass(TIMEOUT / 2);
        server.send(key, &end, PONG);
        let quiet = server.pass_until_received(&end);
        assert!(quiet >= SHORTEST && quiet <= INTERVAL + 2 * GRANULARITY);
        times.insert(quiet);
    }
    // Clients that answer together are not pinged together again.
    assert!(times.len() > 10, "{times:?}");
}

#[test]
fn a_client_that_talks_gets_no_ping_before_it_falls_silent() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    for _ in 0..100 {
        server.pass(INTERVAL - SECOND);
        server.send(key, &end, frame(0x81, "here"));
        assert_eq!(received(&end), echo(0x81, "here"));
    }
    let silence = server.pass_until_received(&end);
    assert_eq!(received(&end), PING);
    assert!(silence >= SHORTEST - SECOND && silence <= 2 * INTERVAL);
}

#[test]
fn a_ping_is_sent_between_fragments_and_not_inside_a_frame() {
    let mut server = Server::new(&["--stall-timeout=off"]);
    let (key, end) = server.open();
    server.send(key, &end, frame(0x01, "first "));
    assert_eq!(received(&end), echo(0x01, "first "));
    server.pass_until_received(&end);
    assert_eq!(received(&end), PING);
    let last = frame(0x80, "last");
    let (begin, rest) = last.split_at(8);
    server.send(key, &end, begin);
    // It could not be answered.
    server.pass(86_400 * SECOND);
    assert_eq!(received(&end), b"");
    server.send(key, &end, rest);
    assert_eq!(received(&end), echo(0x80, "last"));
    server.pass_until_received(&end);
    assert_eq!(received(&end), PING);
}

#[test]
fn a_client_that_stops_inside_a_frame_is_closed_in_time() {
    let text = "x".repeat(100);
    let whole = frame(0x81, &text);
    // A frame that does not fit the buffer, of which nothing stays there; and headers, a Ping.
    let long = [
        &[0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0][..],
        b"begun",
    ]
    .concat();
    for begun in [&whole[..1], &whole[..6], &whole[..50], &long, b"\x89\x84\0"] {
        let mut server = Server::new(&["--stall-timeout=60s"]);
        let (key, end) = server.open();
        server.send(key, &end, begun);
        received(&end);
        let patience = server.pass_until_received(&end);
        assert_eq!(received(&end), stalled(), "after {} bytes", begun.len());
        assert!(patience >= STALL && patience <= STALL + 2 * GRANULARITY);
        assert!(server.clients.is_empty());
    }
}

#[test]
fn each_byte_is_progress_until_the_frame_ends() {
    let mut server = Server::new(&["--stall-timeout=60s", "--ping-interval=off"]);
    let (key, end) = server.open();
    let text = "x".repeat(100);
    for byte in frame(0x81, &text) {
        server.pass(STALL - SECOND);
        assert_eq!(received(&end), b"");
        server.send(key, &end, [byte]);
    }
    assert_eq!(received(&end), echo(0x81, &text));
    assert_eq!(server.clients.timeout(), None);
}

#[test]
fn a_client_that_takes_nothing_is_dropped_and_one_that_takes_slowly_is_not() {
    let mut server = Server::new(&["--stall-timeout=60s"]);
    // The system does not report every byte of room.
    for (rooms, is_reported) in [(0, true), (100, true), (100, false)] {
        let (key, end) = server.open();
        end.0.borrow_mut().room = 0;
        server.send(key, &end, frame(0x81, "x").repeat(1000));
        for _ in 0..rooms {
            server.pass(STALL - SECOND);
            end.0.borrow_mut().room = 1;
            if is_reported {
                server.clients.handle(key, Readiness::None);
            }
        }
        assert_eq!(server.clients.len(), 1, "after {rooms} bytes");
        server.pass(STALL - SECOND);
        assert_eq!(server.clients.len(), 1, "after {rooms} bytes");
        assert!(!received(&end).is_empty() || rooms == 0);
        server.pass(STALL + SECOND);
        assert!(server.clients.is_empty());
        assert!(received(&end).is_empty(), "there is no room for a Close");
    }
}

#[test]
fn a_ping_that_is_not_taken_waits_like_any_other_answer() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    end.0.borrow_mut().room = 0;
    // The first client's first Ping is due after 1.6 intervals.
    server.pass(INTERVAL * 17 / 10);
    end.0.borrow_mut().room = usize::MAX;
    server.clients.handle(key, Readiness::None);
    assert_eq!(received(&end), PING);
    server.send(key, &end, frame(0x81, "still here"));
    assert_eq!(received(&end), echo(0x81, "still here"));
}

#[test]
fn an_answer_that_was_not_received_yet_counts() {
    let mut server = Server::new(&[]);
    let (_, end) = server.open();
    server.pass_until_received(&end);
    assert_eq!(received(&end), PING);
    // It arrives in time, but the server was suspended for a while, and has many other clients.
    end.0.borrow_mut().to_server.extend(PONG);
    server.pass(TIMEOUT + SECOND);
    assert_eq!(received(&end), b"");
    server.pass_until_received(&end);
    assert_eq!(received(&end), PING);
}

/// Lets these bytes arrive before a deadline that the server notices late: it was stopped, or has
/// many other clients.
fn arrive_unnoticed(end: &End, bytes: impl AsRef<[u8]>) {
    end.0.borrow_mut().to_server.extend(bytes.as_ref());
}

#[test]
fn a_request_that_was_not_received_yet_counts() {
    let mut server = Server::new(&["--handshake-timeout=1s"]);
    let (_, whole) = server.connect();
    let (key, second_half) = server.connect();
    server.send(key, &second_half, &REQUEST[..60]);
    let (_, first_half) = server.connect();
    arrive_unnoticed(&whole, REQUEST);
    arrive_unnoticed(&second_half, &REQUEST[60..]);
    arrive_unnoticed(&first_half, &REQUEST[..60]);
    server.now += 5 * SECOND;
    server.round();
    assert!(received(&whole).starts_with(b"HTTP/1.1 101 "));
    assert!(received(&second_half).starts_with(b"HTTP/1.1 101 "));
    assert!(received(&first_half).starts_with(b"HTTP/1.1 408 "));
}

#[test]
fn the_rest_of_a_frame_that_was_not_received_yet_counts() {
    let mut server = Server::new(&["--stall-timeout=60s"]);
    let (key, end) = server.open();
    let whole = frame(0x81, "a whole frame");
    server.send(key, &end, &whole[..9]);
    arrive_unnoticed(&end, &whole[9..]);
    server.now += 2 * STALL;
    server.round();
    assert_eq!(received(&end), echo(0x81, "a whole frame"));
}

#[test]
fn an_answer_to_a_close_that_was_not_received_yet_counts() {
    let mut server = Server::new(&["--close-timeout=1s"]);
    let (_, end) = server.open();
    server.clients.stop(Duration::ZERO);
    assert_eq!(received(&end), GOING_AWAY);
    // It is longer than many buffers.
    arrive_unnoticed(&end, frame(0x82, "sent before").repeat(100_000));
    arrive_unnoticed(&end, b"\x88\x82\0\0\0\0\x03\xe9");
    server.now += 2 * SECOND;
    server.round();
    assert!(end.0.borrow().is_shut);
    assert!(server.clients.is_empty());
}

#[test]
fn the_rest_of_a_message_that_was_not_received_yet_is_echoed_by_a_server_that_stops() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    server.send(key, &end, frame(0x01, "in "));
    assert_eq!(received(&end), echo(0x01, "in "));
    server.clients.stop(Duration::ZERO);
    arrive_unnoticed(&end, frame(0x80, "pieces"));
    server.clients.give_up();
    let rest = echo(0x80, "pieces");
    assert_eq!(received(&end), [&rest[..], GOING_AWAY].concat());
    assert!(server.clients.is_empty());
}

#[test]
fn a_client_that_sends_without_end_is_dropped_at_its_deadline_all_the_same() {
    let mut server = Server::new(&["--close-timeout=1s"]);
    let (key, end) = server.open();
    server.send(key, &end, frame(0x88, ""));
    assert!(end.0.borrow().is_shut);
    arrive_unnoticed(&end, vec![0; 64 << 20]);
    server.now += 2 * SECOND;
    server.round();
    assert!(server.clients.is_empty());
    assert!(!end.0.borrow().to_server.is_empty());
}

#[test]
fn without_pings_nothing_wakes_a_server_with_quiet_clients() {
    let mut server = Server::new(&["--ping-interval=off"]);
    let (key, end) = server.open();
    assert_eq!(server.clients.timeout(), None);
    server.pass(86_400 * SECOND);
    server.send(key, &end, frame(0x81, "hi"));
    assert_eq!(received(&end), echo(0x81, "hi"));
}

#[test]
fn a_quiet_server_sleeps_until_something_is_due() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    server.pass_until_received(&end);
    for _ in 0..10 {
        assert_eq!(received(&end), PING);
        server.send(key, &end, PONG);
        assert_eq!(server.pass(INTERVAL + 2 * GRANULARITY), 1);
    }
}

#[test]
fn clients_that_connect_together_are_not_pinged_together() {
    let mut server = Server::new(&[]);
    let ends: Vec<_> = (0..1000).map(|_| server.open().1).collect();
    let mut most = 0;
    for _ in 0..100 {
        server.pass(2 * INTERVAL / 100);
        let pinged = ends.iter().filter(|end| received(end) == PING);
        most = most.max(pinged.count());
    }
    // Evenly spread they are 20 in this time.
    assert!((1..=25).contains(&most), "{most}");
}

#[test]
fn many_deadlines_at_once_are_handled_in_several_rounds() {
    let mut server = Server::new(&["--handshake-timeout=1s"]);
    let ends: Vec<_> = (0..1000).map(|_| server.connect().1).collect();
    server.now += 2 * SECOND;
    server.round();
    let answered = |ends: &[End]| ends.iter().filter(|end| end.0.borrow().is_shut).count();
    assert_eq!(answered(&ends), EXPIRED_MAX);
    assert_eq!(server.clients.timeout(), Some(Duration::ZERO));
    assert_eq!(server.pass(Duration::ZERO), 1000 / EXPIRED_MAX);
    assert_eq!(answered(&ends), 1000);
    for end in &ends {
        assert!(received(end).starts_with(b"HTTP/1.1 408 "));
    }
    // They are dropped if they do not end their side either.
    server.pass(6 * SECOND);
    assert!(server.clients.is_empty());
}

#[test]
fn a_server_that_stops_sends_closes_and_waits_for_the_answers_until_a_deadline() {
    let mut server = Server::new(&["--close-timeout=1s"]);
    let (key, answering) = server.open();
    let (_, silent) = server.open();
    server.clients.stop(Duration::ZERO);
    assert_eq!(received(&answering), GOING_AWAY);
    assert_eq!(received(&silent), GOING_AWAY);
    assert_eq!(server.clients.len(), 2);
    server.send(key, &answering, b"\x88\x82\0\0\0\0\x03\xe9");
    assert!(answering.0.borrow().is_shut);
    server.pass(2 * SECOND);
    assert!(server.clients.is_empty());
    assert_eq!(server.clients.timeout(), None);
}

#[test]
fn a_server_that_stops_echoes_what_was_received_and_begun_messages_before_it_closes() {
    let mut server = Server::new(&[]);
    let (_, readiness) = server.open();
    let (half, half_end) = server.open();
    let (fragments, fragments_end) = server.open();
    let begun = frame(0x81, "half a frame");
    server.send(half, &half_end, &begun[..9]);
    server.send(fragments, &fragments_end, frame(0x01, "in "));
    assert_eq!(received(&fragments_end), echo(0x01, "in "));

    // Its event follows later.
    readiness
        .0
        .borrow_mut()
        .to_server
        .extend(frame(0x81, "readiness"));
    server.clients.stop(Duration::ZERO);
    let [unread_echo, half_echo] = ["readiness", "half a frame"].map(|text| echo(0x81, text));
    assert_eq!(
        received(&readiness),
        [&unread_echo[..], GOING_AWAY].concat()
    );
    assert_eq!(received(&half_end), b"");
    assert_eq!(received(&fragments_end), b"");

    server.send(half, &half_end, &begun[9..]);
    assert_eq!(received(&half_end), [&half_echo[..], GOING_AWAY].concat());
    server.send(fragments, &fragments_end, frame(0x89, "?"));
    assert_eq!(received(&fragments_end), echo(0x8A, "?"));
    server.send(fragments, &fragments_end, frame(0x80, "pieces"));
    let end = echo(0x80, "pieces");
    assert_eq!(received(&fragments_end), [&end[..], GOING_AWAY].concat());
    for (key, end) in [(half, half_end), (fragments, fragments_end)] {
        server.send(key, &end, b"\x88\x82\0\0\0\0\x03\xe9");
        assert!(end.0.borrow().is_shut);
    }
}

#[test]
fn a_client_that_does_not_end_its_message_is_given_up_with_a_close() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    server.send(key, &end, frame(0x01, "in "));
    received(&end);
    server.clients.stop(Duration::ZERO);
    server.pass(60 * SECOND);
    assert_eq!(received(&end), b"", "the event loop says when");
    server.clients.give_up();
    assert_eq!(received(&end), GOING_AWAY);
    assert!(server.clients.is_empty());
    assert_eq!(server.clients.timeout(), None);
}

#[test]
fn a_pinged_client_is_closed_in_its_turn_whether_it_answers_or_not() {
    for answers in [true, false] {
        let mut server = Server::new(&[]);
        let (key, end) = server.open();
        server.pass_until_received(&end);
        assert_eq!(received(&end), PING);
        server.clients.stop(SECOND);
        if answers {
            server.send(key, &end, PONG);
        }
        server.pass(SECOND + 2 * GRANULARITY);
        assert_eq!(received(&end), GOING_AWAY);
    }
}

#[test]
fn closes_are_spread_over_the_given_time() {
    let mut server = Server::new(&[]);
    let ends: Vec<_> = (0..100).map(|_| server.open()).collect();
    server.clients.stop(10 * SECOND);
    // A client that is closed later is served until then.
    server.send(ends[99].0, &ends[99].1, frame(0x81, "still"));
    let mut closed = [0; 10];
    for count in &mut closed {
        server.pass(SECOND);
        *count = ends
            .iter()
            .filter(|(_, end)| received(end).ends_with(GOING_AWAY))
            .count();
    }
    server.pass(SECOND);
    let late = ends
        .iter()
        .filter(|(_, end)| received(end).ends_with(GOING_AWAY))
        .count();
    assert_eq!(closed.iter().sum::<usize>() + late, 100);
    assert!(
        closed.iter().all(|count| (5..=15).contains(count)),
        "{closed:?}"
    );
}

#[test]
fn a_client_that_takes_the_page_slowly_gets_all_of_it_and_one_that_takes_nothing_is_dropped() {
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut server = Server::new(&["--close-timeout=1s"]);
    let (key, end) = server.connect();
    server.send(key, &end, get);
    let page = received(&end);
    assert!(page.starts_with(b"HTTP/1.1 200 ") && page.ends_with(b"</html>\n"));
    assert!(page.len() > 2 * 4096, "it is longer than the buffer");

    for room in [1, 1000, 5000] {
        let (key, end) = server.connect();
        end.0.borrow_mut().room = 0;
        server.send(key, &end, get);
        while !end.0.borrow().is_shut {
            end.0.borrow_mut().room = room;
            server.clients.handle(key, Readiness::None);
        }
        assert_eq!(received(&end), page, "{room} bytes at a time");
    }

    let (key, stuck) = server.connect();
    stuck.0.borrow_mut().room = 5000;
    server.send(key, &stuck, get);
    server.clients.stop(Duration::ZERO);
    assert!(!server.clients.is_empty(), "a stop waits for responses");
    server.pass(2 * SECOND);
    assert_eq!(received(&stuck), page[..5000]);
    assert!(server.clients.is_empty());
}

#[test]
fn a_client_is_queued_once_and_leaves_the_queue_when_it_is_dropped() {
    let mut server = Server::new(&["--handshake-timeout=1s"]);
    let (key, end) = server.connect();
    let clients = &mut server.clients;
    for _ in 0..3 {
        clients.end_turn(key, ends(Next::Requeue));
    }
    assert_eq!(clients.run_queue, [key]);
    // While it waits for its turn it gets no other.
    end.0.borrow_mut().to_server.extend(REQUEST);
    clients.handle(key, Readiness::Data);
    assert!(received(&end).is_empty());
    clients.end_turn(key, ends(Next::Close));
    assert!(clients.run_queue.is_empty());
    let (again, _) = server.connect();
    assert_eq!(again, key, "keys are used again");
    server.clients.run_queued();
    assert_eq!(server.clients.len(), 1);
}

#[test]
fn a_client_that_sends_much_gets_one_turn_in_each_round() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    let frames = frame(0x82, &"x".repeat(58)).repeat(1024);
    end.0.borrow_mut().to_server.extend(&frames);
    server.clients.handle(key, Readiness::UntilWouldBlock);
    let mut rounds = 1;
    while server.clients.timeout() == Some(Duration::ZERO) {
        server.round();
        rounds += 1;
    }
    assert_eq!(received(&end), echo(0x82, &"x".repeat(58)).repeat(1024));
    assert!((16..20).contains(&rounds), "{rounds}");
}

#[test]
fn a_transport_that_must_be_read_until_it_would_block_is_read_until_then() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    for message in ["a", "b"] {
        end.0.borrow_mut().to_server.extend(frame(0x81, message));
        end.0.borrow_mut().has_read_blocked = false;
        server.clients.handle(key, Readiness::UntilWouldBlock);
        while server.clients.timeout() == Some(Duration::ZERO) {
            server.round();
        }
        assert_eq!(received(&end), echo(0x81, message));
        assert!(end.0.borrow().has_read_blocked);
    }
}

#[test]
fn a_client_that_waits_for_room_is_written_only_if_an_event_reports_something_new() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    let blocked_writes = || std::mem::take(&mut end.0.borrow_mut().blocked_writes);
    end.0.borrow_mut().room = 0;
    end.0.borrow_mut().to_server.extend(frame(0x81, "a"));
    server.clients.handle(key, Readiness::UntilWouldBlock);
    assert_eq!(blocked_writes(), 1);
    server
        .clients
        .handle_without_room(key, Readiness::UntilWouldBlock);
    assert_eq!(
        blocked_writes(),
        0,
        "the poll would report the client again and again"
    );
    server.clients.handle(key, Readiness::None);
    assert_eq!(blocked_writes(), 1, "there may be room");

    end.0.borrow_mut().room = usize::MAX;
    server.clients.handle(key, Readiness::None);
    while server.clients.timeout() == Some(Duration::ZERO) {
        server.round();
    }
    assert_eq!(received(&end), echo(0x81, "a"));
    end.0.borrow_mut().to_server.extend(frame(0x81, "b"));
    server
        .clients
        .handle_without_room(key, Readiness::UntilWouldBlock);
    assert_eq!(received(&end), echo(0x81, "b"));
}

#[test]
fn a_client_that_fills_its_buffers_gets_large_ones_as_long_as_it_does() {
    let long = [&[0x82, 0xFE, 0x80, 0x00, 0, 0, 0, 0][..], &[b'x'; 0x8000]].concat();
    let whole = [&[0x82, 126, 0x80, 0x00][..], &[b'x'; 0x8000]].concat();
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    let mut echo = |bytes: &[u8]| {
        server.send(key, &end, bytes);
        while !end.0.borrow().to_server.is_empty() {
            server.round();
        }
        received(&end)
    };
    assert_eq!(
        echo(&long)[0],
        0x02,
        "a fragment: it does not fit a small buffer"
    );
    assert_eq!(echo(&long), whole, "it fits a large one");
    assert_eq!(echo(&frame(0x81, "short")).len(), 7);
    assert_eq!(echo(&long), whole, "it may have been the end of something");
    assert_eq!(echo(&frame(0x81, "short")).len(), 7);
    assert_eq!(echo(&frame(0x81, "short")).len(), 7);
    assert_eq!(echo(&long)[0], 0x02, "other clients can have the large one");
}

#[test]
fn an_answer_that_did_not_fit_is_sent_when_a_deadline_finds_room() {
    let mut server = Server::new(&["--stall-timeout=60s"]);
    let (key, end) = server.open();
    end.0.borrow_mut().room = 0;
    // Its second part makes room for a part of the Pong only.
    let ping = [&[0x89, 0xFD, 0, 0, 0, 0][..], &[b'p'; 125]].concat();
    let (first, second) = ping.split_at(100);
    server.send(key, &end, first);
    server.send(key, &end, second);
    end.0.borrow_mut().room = usize::MAX;
    server.pass_until_received(&end);
    let pong = [&[0x8A, 125][..], &[b'p'; 125]].concat();
    assert_eq!(received(&end), pong);
}

#[test]
fn a_message_that_is_too_long_is_refused_however_it_arrives() {
    let too_long = close(1009, "message is too long");
    let fragments = [frame(0x02, "1234567"), frame(0x80, "8901")].concat();
    let mut in_one = frame(0x82, "12345678901");
    // What follows is discarded.
    in_one.extend(frame(0x82, "behind").repeat(1000));
    let long = [&[0x82, 0xFE, 0xFF, 0xFF, 0, 0, 0, 0][..], &[b'x'; 0xFFFF]].concat();
    for (bytes, before) in [
        (&fragments, echo(0x02, "1234567")),
        (&in_one, vec![]),
        (&long, vec![]),
    ] {
        for room in [usize::MAX, 1] {
            let mut server = Server::new(&["--max-message-size=10", "--close-timeout=1s"]);
            let (key, end) = server.open();
            server.send(key, &end, frame(0x82, "1234567890"));
            assert_eq!(received(&end), echo(0x82, "1234567890"));
            end.0.borrow_mut().room = room;
            server.send(key, &end, bytes);
            while !end.0.borrow().is_shut {
                end.0.borrow_mut().room = room;
                server.clients.handle(key, Readiness::Data);
                server.round();
            }
            assert_eq!(received(&end), [&before[..], &too_long].concat());
            server.pass(2 * SECOND);
            assert!(server.clients.is_empty());
        }
    }
}

#[test]
fn a_message_that_is_too_long_is_refused_even_if_it_fits_a_large_buffer() {
    let whole = |len: u64| {
        let header = [&[0x82, 0xFF], &len.to_be_bytes()[..], &[0; 4]].concat();
        [header, vec![b'x'; len as usize]].concat()
    };
    let mut server = Server::new(&["--max-message-size=100KiB"]);
    let (key, end) = server.open();
    server.send(key, &end, whole(100 << 10));
    while !end.0.borrow().to_server.is_empty() {
        server.round();
    }
    assert!(received(&end).len() > 100 << 10);
    server.send(key, &end, whole(200 << 10));
    assert_eq!(received(&end), close(1009, "message is too long"));
}

#[test]
fn a_message_is_refused_also_if_the_echo_before_it_leaves_no_room_for_the_close() {
    let header = |len: u16| [&[0x82, 0xFE], &len.to_be_bytes()[..], &[0; 4]].concat();
    let refused = close(1009, "message is too long");
    // It fills the buffer, more or less.
    for len in 4000..4100 {
        let mut server = Server::new(&["--max-message-size=5000"]);
        let (key, end) = server.open();
        let message = vec![b'x'; len.into()];
        server.send(key, &end, [header(len), message, header(5001)].concat());
        while !end.0.borrow().to_server.is_empty() {
            server.round();
        }
        let answered = received(&end);
        assert!(
            answered.ends_with(&refused),
            "after a message of {len} bytes"
        );
        assert!(answered.len() >= usize::from(len) + 4 + refused.len());
    }
}

#[test]
fn a_message_is_refused_as_soon_as_its_headers_say_that_it_is_too_long() {
    let header = |first: u8, len: u64| [&[first, 0xFF], &len.to_be_bytes()[..], &[0; 4]].concat();
    let long = 100_000;
    // In fragments, with a Ping between them: the second alone is not too long.
    let fragment = frame(0x02, &"x".repeat(100));
    let fragments = [fragment, frame(0x89, "?"), header(0x80, long)].concat();
    let echoed = [echo(0x02, &"x".repeat(100)), echo(0x8A, "?")].concat();
    for (bytes, before) in [
        (header(0x82, long + 1), vec![]),
        (header(0x01, u64::MAX >> 1), vec![]),
        (fragments, echoed),
    ] {
        let mut server = Server::new(&["--max-message-size=100000", "--close-timeout=1s"]);
        let (key, end) = server.open();
        server.send(key, &end, &bytes);
        let refused = [before, close(1009, "message is too long")].concat();
        assert_eq!(received(&end), refused);
        // What follows is thrown away, and the client has time to read the Close.
        for _ in 0..100 {
            server.send(key, &end, vec![0; 100_000]);
            while !end.0.borrow().to_server.is_empty() {
                server.round();
            }
        }
        assert_eq!(server.clients.len(), 1);
        server.pass(2 * SECOND);
        assert!(server.clients.is_empty());
        assert_eq!(received(&end), b"");
    }
    // The longest message is not.
    let mut server = Server::new(&["--max-message-size=100000"]);
    let (key, end) = server.open();
    server.send(key, &end, header(0x82, long));
    assert_eq!(received(&end), b"");
}

#[test]
fn each_message_has_a_length_of_its_own() {
    let mut server = Server::new(&["--max-message-size=10"]);
    let (key, end) = server.open();
    for _ in 0..100 {
        server.send(key, &end, frame(0x02, "12345"));
        server.send(key, &end, frame(0x89, "a ping"));
        server.send(key, &end, frame(0x80, "67890"));
        let expected = [
            echo(0x02, "12345"),
            echo(0x8A, "a ping"),
            echo(0x80, "67890"),
        ];
        assert_eq!(received(&end), expected.concat());
    }
}

/// Memory for one handshake, or for three small buffers, besides the reserve.
const LITTLE_MEMORY: &[&str] = &["--threads=1", "--max-memory=20KiB", "--deflate=off"];

/// A server with five clients. The first three have begun a frame, which leaves no memory for the
/// others.
fn short_of_memory(arguments: &[&str]) -> (Server, Vec<(usize, End)>) {
    let mut server = Server::new(&[LITTLE_MEMORY, arguments].concat());
    let clients: Vec<_> = (0..5).map(|_| server.open()).collect();
    for (key, end) in &clients[..3] {
        server.send(*key, end, &frame(0x81, "begun")[..8]);
        assert_eq!(received(end), b"", "it waits to be complete");
    }
    (server, clients)
}

#[test]
fn a_client_without_memory_for_a_buffer_gets_its_echo_in_pieces() {
    let (mut server, clients) = short_of_memory(&[]);
    for (key, end) in &clients[3..] {
        server.send(*key, end, frame(0x81, "whole"));
        assert_eq!(received(end), echo(0x81, "whole"));
        let text = frame(0x81, "in pieces");
        server.send(*key, end, &text[..8]);
        assert_eq!(received(end), echo(0x01, "in"));
        server.send(*key, end, &text[8..]);
        assert_eq!(received(end), echo(0x80, " pieces"));
    }
    // With memory again, all is as before.
    for (key, end) in &clients[..3] {
        server.send(*key, end, &frame(0x81, "begun")[8..]);
        assert_eq!(received(end), echo(0x81, "begun"));
    }
    let (key, end) = &clients[4];
    let text = frame(0x81, "not in pieces");
    server.send(*key, end, &text[..8]);
    server.send(*key, end, &text[8..]);
    assert_eq!(received(end), echo(0x81, "not in pieces"));
}

#[test]
fn a_client_without_memory_for_a_buffer_that_does_not_take_its_echo_is_dropped() {
    let (mut server, clients) = short_of_memory(&[]);
    let (key, end) = &clients[3];
    end.0.borrow_mut().room = 3;
    server.send(*key, end, frame(0x81, "whole"));
    assert_eq!(server.clients.len(), 4);
    assert_eq!(received(end), echo(0x81, "whole")[..3]);
    let (key, end) = &clients[4];
    server.send(*key, end, frame(0x81, "another's"));
    assert_eq!(received(end), echo(0x81, "another's"));
}

#[test]
fn without_memory_new_clients_are_answered_with_503() {
    let (mut server, clients) = short_of_memory(&["--close-timeout=1s"]);
    for _ in 0..10 {
        let (_, end) = server.connect();
        assert!(received(&end).starts_with(b"HTTP/1.1 503 "));
        assert!(end.0.borrow().is_shut);
    }
    server.pass(2 * SECOND);
    assert_eq!(server.clients.len(), 5);
    for (key, end) in &clients[..3] {
        server.send(*key, end, &frame(0x81, "begun")[8..]);
    }
    server.open();
}

#[test]
fn a_client_that_stops_inside_a_piece_is_closed_in_time_too() {
    let (mut server, clients) = short_of_memory(&["--ping-interval=off"]);
    let (key, end) = &clients[3];
    server.send(*key, end, &frame(0x81, "begun")[..8]);
    assert_eq!(received(end), echo(0x01, "be"));
    server.pass(STALL + SECOND);
    assert_eq!(received(end), stalled());
    assert_eq!(server.clients.len(), 1);
}

#[test]
fn the_memory_of_a_handshake_is_given_back_however_it_ends() {
    let mut server = Server::new(&[LITTLE_MEMORY, &["--handshake-timeout=1s"]].concat());
    let mut ended = Vec::new();
    for request in [
        REQUEST,
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET\r\n\r\n",
    ] {
        for _ in 0..10 {
            let (key, end) = server.connect();
            server.send(key, &end, request);
            assert!(!received(&end).starts_with(b"HTTP/1.1 503 "));
            ended.push(end);
        }
    }
    for _ in 0..10 {
        let (key, _) = server.connect();
        server.clients.end_turn(key, ends(Next::Close));
        let (_, end) = server.connect();
        server.pass(2 * SECOND);
        assert!(received(&end).starts_with(b"HTTP/1.1 408 "));
    }
    server.open();
}

#[test]
fn the_memory_of_what_a_client_does_not_take_is_given_back_with_the_client() {
    let mut server = Server::new(&[LITTLE_MEMORY, &["--close-timeout=1s"]].concat());
    let get: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let close = [&frame(0x81, "x")[..], b"\x88\x80\0\0\0\0"].concat();
    for _ in 0..10 {
        let (key, end) = server.connect();
        end.0.borrow_mut().room = 0;
        server.send(key, &end, get);
        server.pass(2 * SECOND);
        let (key, end) = server.open();
        end.0.borrow_mut().room = 0;
        server.send(key, &end, &close);
        server.pass(2 * SECOND);
        assert!(server.clients.is_empty());
    }
    let (key, end) = server.open();
    let text = frame(0x81, "in one");
    server.send(key, &end, &text[..8]);
    server.send(key, &end, &text[8..]);
    assert_eq!(received(&end), echo(0x81, "in one"));
}

#[test]
fn a_worker_has_its_share_of_the_memory_and_no_more() {
    let mut server = Server::new(&["--threads=4", "--max-memory=80KiB", "--deflate=off"]);
    let clients: Vec<_> = (0..3).map(|_| server.open()).collect();
    for (key, end) in &clients {
        server.send(*key, end, &frame(0x81, "begun")[..8]);
    }
    let (_, end) = server.connect();
    assert!(received(&end).starts_with(b"HTTP/1.1 503 "));
}

#[test]
fn without_memory_for_a_large_buffer_a_small_one_is_used() {
    let memory = &["--threads=1", "--max-memory=64KiB", "--deflate=off"];
    let mut server = Server::new(memory);
    let (key, end) = server.open();
    let long = frame(0x82, &"x".repeat(100)).repeat(10_000);
    server.send(key, &end, &long);
    while server.clients.timeout() == Some(Duration::ZERO) {
        server.round();
    }
    assert_eq!(received(&end), echo(0x82, &"x".repeat(100)).repeat(10_000));
}
