//! Scripted clients, and what is counted of them: each number, and no other.

use super::*;
use crate::serve::metrics::closes::NO_CLOSE;
use crate::serve::metrics::counters::{BothWays, Counters};
use crate::serve::metrics::failure::Failure;
use crate::serve::metrics::listed::{Listed, State};
use crate::serve::monitor::Question;
use crate::serve::traffic::Traffic;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CONTINUATION: u8 = 0x80;
const FIN: u8 = 0x80;
/// Closes with the codes 1000 and 1001.
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";
const CLOSE_AWAY: &[u8] = b"\x88\x82\0\0\0\0\x03\xe9";

fn traffic(messages: u64, bytes: u64) -> Traffic {
    Traffic { messages, bytes }
}

impl Server {
    fn counters(&self) -> Counters {
        self.clients.report(Question::Counters).numbers.counters
    }

    fn listed(&self) -> Vec<Listed> {
        self.clients.report(Question::Connections(10)).listed
    }

    /// A client that has sent this, whether or not it is answered.
    fn connect_with(&mut self, request: impl AsRef<[u8]>) -> (usize, End) {
        let (key, end) = self.connect();
        self.send(key, &end, request);
        (key, end)
    }

    /// The client ends its side.
    fn end(&mut self, key: usize, end: &End) {
        end.0.borrow_mut().has_ended = true;
        self.clients.handle(key, Readiness::UntilWouldBlock);
        self.round();
    }
}

/// The ends that were counted: by which side, with which code, and how many.
fn ends_of(counters: &Counters) -> Vec<(&'static str, String)> {
    let counted = counters.closes.all().filter(|(.., count)| *count > 0);
    let each = counted.flat_map(|(side, code, count)| vec![(side, code); count as usize]);
    each.collect()
}

#[test]
fn messages_are_counted_however_they_arrive() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    let mixed = [
        frame(TEXT, "one"),
        frame(BINARY, "three"),
        frame(TEXT, &"x".repeat(100)),
    ];
    let inside_others = [
        frame(BINARY, "a"),
        frame(TEXT & !FIN, "bc"),
        frame(0x89, "ping"),
        frame(CONTINUATION & !FIN, ""),
        frame(CONTINUATION, "d"),
    ];
    let long = "y".repeat(125).repeat(30);
    let long = [&b"\x82\xfe\x0e\xa6\0\0\0\0"[..], long.as_bytes()].concat();
    for (sent, expected) in [
        (frame(TEXT, "hi"), traffic(1, 2)),
        (frame(BINARY, ""), traffic(1, 0)),
        (mixed.concat(), traffic(3, 108)),
        (inside_others.concat(), traffic(2, 4)),
        (long, traffic(1, 3_750)),
    ] {
        for pieces in [1, 2, 7] {
            let before = server.counters().echoed;
            for piece in sent.chunks(sent.len().div_ceil(pieces)) {
                server.send(key, &end, piece);
            }
            let counted = server.counters().echoed;
            assert_eq!(counted - before, expected, "{sent:x?} in {pieces}");
        }
    }
    let counters = server.counters();
    let both = |received, sent| BothWays { received, sent };
    assert_eq!(counters.fragments, both(6, 6));
    assert_eq!((counters.pings, counters.pongs), (both(3, 0), both(0, 3)));
    assert_eq!(counters.greetings, traffic(0, 0));
}

#[test]
fn a_frame_that_is_longer_than_the_buffer_is_one_that_was_received_and_several_that_were_sent() {
    let mut server = Server::new(&["--buffer=4KiB"]);
    let (key, end) = server.open();
    let header = b"\x02\xff\0\0\0\0\0\x10\0\0\0\0\0\0";
    server.send(key, &end, [&header[..], &vec![0; 1 << 20]].concat());
    while server.clients.timeout() == Some(Duration::ZERO) {
        server.clients.handle(key, Readiness::Data);
        server.round();
    }
    server.send(key, &end, frame(CONTINUATION, "."));
    let counters = server.counters();
    assert_eq!(counters.echoed, traffic(1, (1 << 20) + 1));
    assert_eq!(counters.fragments.received, 1);
    assert!(counters.fragments.sent > 1, "{:?}", counters.fragments);
}

#[test]
fn greetings_are_sent_as_text_messages() {
    let now = Instant::now();
    let clients = Clients::new(&options(&["--welcome=hello"], &[]), now);
    let mut server = Server { clients, now };
    server.open();
    assert_eq!(server.counters().greetings, traffic(1, 5));

    let mut server = Server::new(&["--welcome-request"]);
    let (_, end) = server.connect_with(REQUEST);
    let frame = received(&end);
    let text = frame.iter().position(|byte| *byte == b'{').expect("JSON");
    let len = frame.len() - text;
    assert_eq!(server.counters().greetings, traffic(1, len as u64));
}

#[test]
fn each_reason_for_which_a_request_fails_is_counted() {
    let request = str::from_utf8(REQUEST).expect("it is ASCII");
    let without = |line: &str| request.replace(line, "");
    let late = |server: &mut Server| {
        server.pass(60 * SECOND);
    };
    let nothing = |_: &mut Server| {};
    type Case = (String, fn(&mut Server), Failure);
    let cases: [Case; 14] = [
        ("\n".into(), nothing, Failure::MalformedRequest),
        (without("Host: a\r\n"), nothing, Failure::MalformedRequest),
        ("a".repeat(9 << 10), nothing, Failure::HeadTooLarge),
        (
            "GET / HTTP/1.2\r\n\r\n".into(),
            nothing,
            Failure::HttpVersion,
        ),
        (
            "PUT /chat HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            nothing,
            Failure::Method,
        ),
        (
            request.replace("GET / ", "GET /no "),
            nothing,
            Failure::Path,
        ),
        (
            request
                .replace("GET / ", "GET /chat ")
                .replace("Host: a", "Host: a\r\nOrigin: http://b"),
            nothing,
            Failure::Origin,
        ),
        (
            request.replace("GET / ", "GET /test?no "),
            nothing,
            Failure::Query,
        ),
        (
            request.replace("GET / ", "GET /test?status=404 "),
            nothing,
            Failure::AsAsked,
        ),
        (
            without("Upgrade: websocket\r\n"),
            nothing,
            Failure::UpgradeHeaders,
        ),
        (
            request.replace("Version: 13", "Version: 8"),
            nothing,
            Failure::WebSocketVersion,
        ),
        (request.replace("==", ""), nothing, Failure::Key),
        ("GET".into(), late, Failure::Timeout),
        (
            "GET /chat HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            nothing,
            Failure::NoWebSocket,
        ),
    ];
    for (request, then, failure) in cases {
        let request = request.replace("GET / HTTP", "GET /chat HTTP");
        let mut server = Server::new(&["--path=/chat", "--no-page"]);
        server.connect_with(&request);
        then(&mut server);
        let mut expected = [0; Failure::COUNT];
        expected[failure as usize] = 1;
        let counters = server.counters();
        assert_eq!(counters.failures, expected, "{failure:?}: {request:.80}");
        assert_eq!((counters.opened, counters.closes.sum()), (0, 0));
    }
}

#[test]
fn a_client_that_leaves_in_its_handshake_and_a_page_are_no_connections() {
    let mut server = Server::new(&[]);
    let (key, end) = server.connect();
    server.end(key, &end);
    server.connect_with("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let counters = server.counters();
    assert_eq!(counters.failures[Failure::Left as usize], 1);
    assert_eq!(counters.failures.iter().sum::<u64>(), 1);
    assert_eq!(
        (counters.pages, counters.accepted, counters.opened),
        (1, 2, 0)
    );
}

#[test]
fn each_end_is_counted_once_by_its_side_and_its_code() {
    type Play = fn(&mut Server, usize, &End);
    let cases: [(&str, Play, &str, u16); 13] = [
        (
            "",
            |server, key, end| server.send(key, end, CLOSE),
            "client",
            1000,
        ),
        (
            "",
            |server, key, end| server.send(key, end, frame(0x88, "")),
            "client",
            1005,
        ),
        (
            "",
            |server, key, end| server.send(key, end, [0x81, 0]),
            "server",
            1002,
        ),
        (
            "",
            |server, key, end| server.send(key, end, b"\x81\x81\0\0\0\0\xff"),
            "server",
            1007,
        ),
        (
            "",
            |server, key, end| server.end(key, end),
            "none",
            NO_CLOSE,
        ),
        (
            "",
            |server, _, _| {
                server.pass(60 * SECOND);
            },
            "server",
            1011,
        ),
        (
            "",
            |server, key, end| {
                server.send(key, end, b"\x81\x85");
                server.pass(300 * SECOND);
            },
            "server",
            1008,
        ),
        (
            "--max-message-size=10",
            |server, key, end| server.send(key, end, frame(TEXT, "more than ten")),
            "server",
            1009,
        ),
        (
            "",
            |server, key, end| {
                server.clients.stop(Duration::ZERO);
                server.send(key, end, CLOSE_AWAY);
            },
            "server",
            1001,
        ),
        (
            "",
            |server, _, _| {
                server.clients.stop(Duration::ZERO);
                server.pass(300 * SECOND);
            },
            "server",
            1001,
        ),
        (
            "",
            |server, key, end| {
                server.send(key, end, frame(TEXT & !FIN, "begun"));
                server.clients.stop(Duration::ZERO);
                server.clients.give_up();
            },
            "server",
            1001,
        ),
        (
            "?close=1011",
            |server, key, end| server.send(key, end, CLOSE),
            "server",
            1011,
        ),
        (
            "?end=reset",
            |server, _, _| {
                server.pass(SECOND);
            },
            "server",
            NO_CLOSE,
        ),
    ];
    for (argument, play, side, code) in cases {
        let is_test = argument.starts_with('?');
        let arguments: &[&str] = if is_test || argument.is_empty() {
            &[]
        } else {
            &[argument]
        };
        let mut server = Server::new(arguments);
        let target = if is_test { "/test" } else { "/" };
        let query = argument.trim_start_matches(|it| it != '?');
        let request = str::from_utf8(REQUEST).expect("it is ASCII");
        let request = request.replace("GET / ", &format!("GET {target}{query} "));
        let (key, end) = server.connect_with(request);
        let opened = server.counters();
        play(&mut server, key, &end);
        // Whatever follows is not counted again.
        server.end(key, &end);
        server.pass(1_000 * SECOND);
        let counters = server.counters();
        assert_eq!(ends_of(&counters), [(side, code.to_string())], "{argument}");
        assert_eq!((opened.opened, counters.opened), (1, 1));
        assert_eq!((counters.open(), counters.durations.count()), (0, 1));
        assert!(server.clients.is_empty());
    }
}

#[test]
fn a_connection_ends_once_also_if_its_close_still_waits_for_room() {
    let long = [&b"\x82\xfe\x13\x89"[..], &[0; 4]].concat();
    for len in (3_900..4_100).step_by(3) {
        let mut server = Server::new(&["--max-message-size=5000"]);
        let (key, end) = server.open();
        end.0.borrow_mut().room = 0;
        let header = [&b"\x82\xfe"[..], &u16::to_be_bytes(len), &[0; 4]].concat();
        let message = [&header[..], &vec![b'x'; len.into()], &long].concat();
        server.send(key, &end, message);
        server.pass(SECOND);
        server.end(key, &end);
        server.pass(1_000 * SECOND);
        let counters = server.counters();
        assert_eq!(
            (counters.opened, counters.closes.sum()),
            (1, 1),
            "{len} bytes"
        );
    }
}

#[test]
fn a_code_of_an_application_is_counted_with_all_others_of_its_kind() {
    let mut server = Server::new(&[]);
    for code in [b"\x0b\xb8", b"\x0f\xa0", b"\x13\x87"] {
        let (key, end) = server.open();
        server.send(key, &end, [b"\x88\x82\0\0\0\0", &code[..]].concat());
    }
    let expected = vec![("client", "other".to_owned()); 3];
    assert_eq!(ends_of(&server.counters()), expected);
}

#[test]
fn a_round_trip_is_from_a_ping_to_its_pong() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    server.pass_until_received(&end);
    assert_eq!(received(&end), PING);
    server.pass(Duration::from_millis(300));
    assert_eq!(server.counters().round_trips.count(), 0);
    server.send(key, &end, PONG);
    server.send(key, &end, PONG);
    let counters = server.counters();
    let both = |received, sent| BothWays { received, sent };
    assert_eq!((counters.pings, counters.pongs), (both(0, 1), both(2, 0)));
    assert_eq!(counters.round_trips.count(), 1);
    assert_eq!(counters.round_trips.sum(), Duration::from_millis(300));
}

#[test]
fn what_a_client_does_not_take_until_its_end_is_counted() {
    let mut server = Server::new(&[]);
    let (key, end) = server.open();
    end.0.borrow_mut().room = 4;
    server.send(
        key,
        &end,
        [frame(TEXT, "ab"), frame(BINARY, "cde")].concat(),
    );
    server.pass(SECOND);
    assert_eq!(server.counters().unsent, traffic(0, 0));
    server.end(key, &end);
    server.pass(300 * SECOND);
    assert_eq!(server.counters().unsent, traffic(1, 3));
    assert_eq!(server.counters().echoed, traffic(2, 5));
}

#[test]
fn clients_beyond_a_limit_are_accepted_and_turned_away() {
    let mut server = Server::new(&["--max-connections=2", "--max-connections-per-ip=1"]);
    for address in [1, 1, 2, 3] {
        let peer = (Ipv4Addr::new(127, 0, 0, address), 1).into();
        server.clients.add(End::default(), peer);
    }
    let counters = server.counters();
    assert_eq!(counters.accepted, 4);
    let [connections, from_address, memory] = counters.turned_away;
    assert_eq!((connections, from_address, memory), (1, 1, 0));
    assert_eq!(Limit::Connections as usize, 0);
    assert_eq!(Limit::FromAddress as usize, 1);

    server.clients.refuse(Limit::Memory);
    let counters = server.counters();
    assert_eq!((counters.accepted, counters.turned_away), (5, [1, 1, 1]));

    let (server, _) = short_of_memory(&[]);
    let memory = server.clients.report(Question::Counters).numbers.memory;
    assert!(memory.used > 0 && memory.used <= memory.limit, "{memory:?}");
}

#[test]
fn a_client_is_listed_with_what_is_known_of_it() {
    let mut server = Server::new(&["--welcome=hello"][..0]);
    server.clients.keep_targets();
    let (key, end) = server.connect();
    let [listed] = &server.listed()[..] else {
        panic!("there is one client");
    };
    assert_eq!(listed.state, State::Handshake);
    assert!(listed.opened.is_none() && listed.path.is_none());
    let request = str::from_utf8(REQUEST).expect("it is ASCII");
    server.send(key, &end, request.replace("GET / ", "GET /who?\"a "));
    server.send(key, &end, frame(TEXT, "hi"));
    let listed = server.listed().remove(0);
    assert_eq!(listed.state, State::Open);
    assert_eq!(listed.path.as_deref(), Some("/who?\"a"));
    assert_eq!(listed.peer.to_string(), "127.0.0.1:1");
    let opened = listed.opened.expect("it is open");
    assert_eq!(
        (opened.received, opened.sent),
        (traffic(1, 2), traffic(1, 2))
    );

    received(&end);
    server.pass_until_received(&end);
    server.pass(SECOND);
    let idle = server.listed()[0].idle.expect("a Ping was sent");
    let [least, most] = [SHORTEST + SECOND / 2, 2 * INTERVAL + SECOND];
    assert!((least..=most).contains(&idle), "{idle:?}");
    server.send(key, &end, PONG);

    server.clients.stop(Duration::ZERO);
    assert_eq!(server.listed()[0].state, State::Closing);
    server.send(key, &end, CLOSE_AWAY);
    let ending = server.listed().remove(0);
    assert_eq!(ending.state, State::Ending);
    server.end(key, &end);
    assert!(server.listed().is_empty());

    // The next client has the same key, and another target.
    let mut server = Server::new(&[]);
    server.clients.keep_targets();
    let (first, end) = server.open();
    server.end(first, &end);
    let (second, _) = server.connect();
    assert_eq!(first, second);
    assert_eq!(server.listed()[0].path, None);
}

#[test]
fn a_client_of_the_test_path_is_listed_and_its_messages_are_not_counted() {
    let mut server = Server::new(&[]);
    let request = str::from_utf8(REQUEST).expect("it is ASCII");
    let (key, end) = server.connect_with(request.replace("GET / ", "GET /test "));
    server.send(key, &end, frame(TEXT, "hi"));
    let listed = server.listed().remove(0);
    assert_eq!((listed.state, listed.path), (State::Test, None));
    let opened = listed.opened.expect("it is open");
    assert_eq!(
        (opened.received, opened.sent),
        (traffic(1, 2), traffic(1, 2))
    );
    let counters = server.counters();
    assert_eq!((counters.opened, counters.echoed), (1, traffic(0, 0)));
    server.connect_with(request.replace("GET / ", "GET /test?status=404&stall=1h "));
    let refused = &server.listed()[1];
    assert!(refused.opened.is_none(), "{refused:?}");
    assert_eq!(ends_of(&server.counters()), []);
}
