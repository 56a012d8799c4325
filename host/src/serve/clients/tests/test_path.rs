//! Clients on the test path: what their addresses ask for is done at its time, others do not
//! notice, and no memory is left behind.

use super::*;
use crate::serve::behaviour::Behaviour;
use crate::serve::behaviour::parse::Bounds;
use crate::serve::behaviour::parse::table;

const MILLISECOND: Duration = Duration::from_millis(1);
/// A client's Close with the code 1000.
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

/// A request for a WebSocket at this target, with this header line.
fn request(target: &str, header: &str) -> Vec<u8> {
    let request = str::from_utf8(REQUEST).expect("it is ASCII");
    let request = request.replacen("GET / ", &format!("GET {target} "), 1);
    let request = request.replacen("\r\n", &format!("\r\n{header}"), 1);
    request.into_bytes()
}

impl Server {
    /// A client that has asked for this query of the test path.
    fn ask(&mut self, query: &str) -> (usize, End) {
        let (key, end) = self.connect();
        self.send(key, &end, request(&format!("/test?{query}"), ""));
        (key, end)
    }

    /// The same, if the connection is opened at once.
    fn test(&mut self, query: &str) -> (usize, End) {
        let (key, end) = self.ask(query);
        let head = received(&end);
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{query}: {head:?}");
        (key, end)
    }
}

fn text_received(end: &End) -> String {
    String::from_utf8_lossy(&received(end)).into_owned()
}

#[test]
fn an_echo_comes_exactly_after_its_delay() {
    let mut server = Server::new(&[]);
    let (key, end) = server.test("delay=200ms");
    for _ in 0..10 {
        server.pass(7 * MILLISECOND);
        server.send(key, &end, frame(0x81, "late"));
        assert_eq!(server.pass_until_received(&end), 200 * MILLISECOND);
        assert_eq!(received(&end), echo(0x81, "late"));
    }
}

#[test]
fn only_clients_that_need_it_wake_the_server() {
    let mut server = Server::new(&["--ping-interval=off", "--max-test-time=1h"]);
    let (key, plain) = server.open();
    assert_eq!(server.clients.timeout(), None);
    let (test, end) = server.test("delay=200ms");
    assert_eq!(server.clients.timeout(), Some(3600 * SECOND));
    server.send(test, &end, frame(0x81, "a"));
    assert_eq!(server.clients.timeout(), Some(200 * MILLISECOND));
    server.send(key, &plain, frame(0x81, "b"));
    assert_eq!(received(&plain), echo(0x81, "b"));
    assert_eq!(server.pass(SECOND), 1);
    server.send(test, &end, CLOSE);
    assert_eq!(received(&end), [echo(0x81, "a"), close(1000, "")].concat());
    assert!(end.0.borrow().is_shut);
    // It must end its side, as each other client.
    server.pass(60 * SECOND);
    assert_eq!(server.clients.len(), 1);
    assert_eq!(server.clients.timeout(), None);
}

#[test]
fn an_echo_that_is_not_sent_any_more_does_not_shorten_the_time_to_end_a_connection() {
    let mut server = Server::new(&["--close-timeout=10s"]);
    let (key, end) = server.test("delay=2s");
    server.send(key, &end, frame(0x81, "late"));
    server.send(key, &end, CLOSE);
    assert_eq!(received(&end), close(1000, ""));
    server.pass(9 * SECOND);
    assert_eq!(server.clients.len(), 1, "it may still end its side");
    server.pass(2 * SECOND);
    assert!(server.clients.is_empty());
}

#[test]
fn a_client_that_is_pushed_much_leaves_turns_to_others() {
    let mut server = Server::new(&[]);
    let (key, end) = server.connect();
    end.0
        .borrow_mut()
        .to_server
        .extend(request("/test?push=10000&size=64KiB", ""));
    server.clients.handle(key, Readiness::Data);
    for _ in 0..100 {
        let len = received(&end).len();
        assert!(0 < len && len <= 128 << 10, "{len} bytes in a turn");
        server.round();
    }
}

#[test]
fn a_client_that_sends_many_messages_leaves_turns_to_others() {
    let mut server = Server::new(&[]);
    let (key, end) = server.test("delay=1h");
    let many = frame(0x81, "").repeat(10_000);
    end.0.borrow_mut().to_server.extend(&many);
    server.clients.handle(key, Readiness::Data);
    let taken = many.len() - end.0.borrow().to_server.len();
    assert!(0 < taken && taken <= 16 << 10, "{taken} bytes in a turn");
}

#[test]
fn on_other_paths_a_query_means_nothing() {
    let mut server = Server::new(&[]);
    let (key, end) = server.connect();
    server.send(key, &end, request("/other?delay=1h&close=1011", ""));
    assert!(received(&end).starts_with(b"HTTP/1.1 101 "));
    server.send(key, &end, frame(0x81, "a"));
    assert_eq!(received(&end), echo(0x81, "a"));
}

#[test]
fn the_test_path_is_served_beside_others_unless_there_is_none() {
    for (arguments, target, status) in [
        (&["--path=/chat"][..], "/test?push=1", "101"),
        (&["--path=/chat", "--no-test"], "/test?push=1", "404"),
        (&["--test-path=/bad"], "/bad?push=x", "400"),
        (&["--test-path=/bad"], "/test?push=x", "101"),
        (&["--no-test"], "/test?push=x", "101"),
    ] {
        let mut server = Server::new(arguments);
        let (key, end) = server.connect();
        server.send(key, &end, request(target, ""));
        let head = text_received(&end);
        let expected = format!("HTTP/1.1 {status} ");
        assert!(
            head.starts_with(&expected),
            "{arguments:?} {target}: {head}"
        );
    }
}

#[test]
fn a_mistake_is_explained_and_the_connection_ends() {
    let mut server = Server::new(&[]);
    let (_, end) = server.ask("delai=1s");
    let response = text_received(&end);
    assert!(
        response.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{response}"
    );
    assert!(response.contains("Content-Type: text/plain; charset=utf-8\r\n"));
    assert!(response.contains("'delai'") && response.contains("delay="));
    let (_, content) = response.split_once("\r\n\r\n").expect("there is content");
    let len = format!("Content-Length: {}\r\n", content.len());
    assert!(response.contains(&len), "{response}");
    assert!(end.0.borrow().is_shut);
}

#[test]
fn what_is_wrong_with_a_request_or_its_origin_is_said_first() {
    let mut server = Server::new(&["--origin=https://example.com"]);
    let (key, end) = server.connect();
    let foreign = "Origin: https://example.org\r\n";
    server.send(key, &end, request("/test?delai=1s", foreign));
    assert!(text_received(&end).starts_with("HTTP/1.1 403 "));
    let (key, end) = server.connect();
    server.send(
        key,
        &end,
        b"POST /test?delai=1s HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert!(text_received(&end).starts_with("HTTP/1.1 405 "));
}

#[test]
fn a_refusal_comes_at_its_time_in_pieces() {
    let mut server = Server::new(&[]);
    let (key, end) = server.ask("status=503&retry-after=5s&handshake-delay=2s&cut=10");
    server.send(key, &end, frame(0x81, "not read"));
    assert_eq!(server.pass_until_received(&end), 2 * SECOND);
    assert_eq!(text_received(&end), "HTTP/1.1 5");
    assert_eq!(server.pass_until_received(&end), MILLISECOND);
    assert_eq!(text_received(&end), "03 Service");
    server.pass(SECOND);
    let rest = text_received(&end);
    assert!(rest.contains("\r\nRetry-After: 5\r\n") && rest.ends_with("503 Service Unavailable\n"));
    assert!(end.0.borrow().is_shut);
    assert_eq!(server.clients.len(), 1, "it must end its side");
    server.pass(60 * SECOND);
    assert!(server.clients.is_empty());
}

#[test]
fn a_response_has_what_was_asked_for() {
    let mut server = Server::new(&["--subprotocol=chat"]);
    let query = "greeting=hi&header=X-Name:a+value&subprotocol=other&accept=wrong";
    let (key, end) = server.connect();
    let offer = "Sec-WebSocket-Protocol: chat\r\n";
    server.send(key, &end, request(&format!("/test?{query}"), offer));
    let response = text_received(&end);
    assert!(
        response.contains("\r\nSec-WebSocket-Protocol: other\r\n"),
        "{response}"
    );
    assert!(!response.contains("chat"), "{response}");
    assert!(response.contains("\r\nX-Name: a value\r\n"), "{response}");
    assert!(
        !response.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "{response}"
    );
    assert!(
        response.ends_with("\r\n\r\n\u{FFFD}\u{2}hi"),
        "{response:?}"
    );
    let (key, end) = server.connect();
    server.send(key, &end, request("/test", offer));
    assert!(text_received(&end).contains("\r\nSec-WebSocket-Protocol: chat\r\n"));
}

#[test]
fn compression_is_agreed_on_fresh_and_only_where_messages_stay_as_they_are() {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    for (arguments, query, is_agreed) in [
        (&[][..], "delay=1s&repeat=2", true),
        (&["--deflate=window"], "", true),
        (&["--deflate=unverified"], "", true),
        (&["--deflate=off"], "", false),
        (&[], "fragment=10", false),
        (&[], "as=text", false),
        (&[], "prefix=a", false),
    ] {
        let mut server = Server::new(arguments);
        let (key, end) = server.connect();
        server.send(key, &end, request(&format!("/test?{query}"), offer));
        let response = text_received(&end);
        assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
        let is_fresh = response.contains("server_no_context_takeover; client_no_context_takeover");
        assert_eq!(is_fresh, is_agreed, "{arguments:?} {query}: {response}");
    }
    let mut server = Server::new(&[]);
    let (key, end) = server.connect();
    server.send(key, &end, request("/test?repeat=2", offer));
    received(&end);
    let compressed = "\u{1}not even compressed";
    server.send(key, &end, frame(0xC1, compressed));
    assert_eq!(received(&end), echo(0xC1, compressed).repeat(2));
}

#[test]
fn what_follows_a_request_in_the_same_read_is_answered() {
    let mut server = Server::new(&[]);
    let (key, end) = server.connect();
    let sent = [
        request("/test?handshake-delay=1s", ""),
        frame(0x81, "early"),
    ]
    .concat();
    server.send(key, &end, sent);
    assert_eq!(server.pass_until_received(&end), SECOND);
    server.pass(MILLISECOND);
    let all = received(&end);
    assert!(all.starts_with(b"HTTP/1.1 101 ") && all.ends_with(&echo(0x81, "early")));
}

#[test]
fn a_reset_is_a_reset_and_an_end_is_none() {
    for (query, is_reset) in [("end=reset", true), ("end=fin", false)] {
        let mut server = Server::new(&[]);
        let (_, end) = server.test(query);
        let line = end.0.borrow();
        assert_eq!((line.is_reset, line.is_shut), (is_reset, !is_reset));
        assert_eq!(server.clients.len(), usize::from(!is_reset));
    }
}

#[test]
fn a_half_open_connection_ends_with_the_client() {
    let mut server = Server::new(&[]);
    let (key, end) = server.test("end=half&after=1");
    server.send(key, &end, frame(0x81, "a"));
    assert_eq!(received(&end), echo(0x81, "a"));
    assert!(end.0.borrow().is_shut);
    server.pass(600 * SECOND);
    server.send(key, &end, frame(0x81, "b"));
    assert_eq!(received(&end), b"");
    end.0.borrow_mut().has_ended = true;
    server.clients.handle(key, Readiness::UntilWouldBlock);
    assert!(server.clients.is_empty());
}

#[test]
fn a_client_that_is_not_read_stays_unread() {
    let mut server = Server::new(&[]);
    let (key, end) = server.test("pause-reading=after:1&tick=1s");
    server.send(key, &end, frame(0x81, "a"));
    assert_eq!(received(&end), echo(0x81, "a"));
    server.send(key, &end, frame(0x81, "b"));
    server.pass(3 * SECOND);
    assert!(text_received(&end).contains(r#"{"tick":3,"#));
    assert!(!end.0.borrow().to_server.is_empty());
}

#[test]
fn a_server_that_stops_closes_at_once_and_gives_up_in_the_end() {
    let mut server = Server::new(&[]);
    let (_, delayed) = server.test("delay=1h");
    let (key, answering) = server.test("");
    let (_, hanging) = server.test("end=hang");
    let (_, waiting) = server.ask("handshake-delay=1h");
    server.clients.stop(10 * SECOND);
    assert_eq!(received(&delayed), GOING_AWAY);
    assert_eq!(received(&answering), GOING_AWAY);
    assert_eq!(received(&hanging), b"");
    assert_eq!(received(&waiting), b"");
    assert_eq!(server.clients.len(), 2);
    server.send(key, &answering, b"\x88\x82\0\0\0\0\x03\xe9");
    assert!(answering.0.borrow().is_shut);
    server.clients.give_up();
    assert!(server.clients.is_empty());
    assert_eq!(server.clients.timeout(), None);
}

#[test]
fn a_client_whose_echoes_do_not_fit_the_memory_is_dropped() {
    let mut server = Server::new(&["--max-memory=512KiB", "--max-backlog=1MiB"]);
    let (key, end) = server.test("delay=1s");
    let message = frame(0x82, &"x".repeat(100)).repeat(1000);
    server.send(key, &end, &message);
    for _ in 0..100 {
        server.round();
    }
    assert!(server.clients.is_empty());
}

#[test]
fn ten_thousand_delayed_clients_cost_their_messages_and_little_more() {
    const CLIENTS: usize = 10_000;
    const LEN: usize = 100;
    let mut server = Server::new(&["--max-connections=20000"]);
    let message = frame(0x82, &"x".repeat(LEN));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (key, end) = server.test("delay=1m");
            server.send(key, &end, &message);
            end
        })
        .collect();
    let each = server.clients.shared.pool.taken() / CLIENTS;
    let places = Clients::<End>::IDLE_COST;
    eprintln!(
        "a delayed client with a message of {LEN} bytes: {each} bytes, and {places} as each other \
         client; {} are its behaviour",
        size_of::<Behaviour>()
    );
    assert!(each < 2 << 10, "{each} bytes");
    assert!(clients.iter().all(|end| received(end).is_empty()));
    let rounds = server.pass(60 * SECOND);
    assert!(
        rounds <= CLIENTS.div_ceil(EXPIRED_MAX) + 1,
        "{rounds} rounds"
    );
    let expected = echo(0x82, &"x".repeat(LEN));
    assert!(clients.iter().all(|end| received(end) == expected));
    server.pass(3600 * SECOND);
    assert!(server.clients.is_empty());
}

/// Sends messages, a Ping and a Close, as fast as the server takes them or only a little.
fn play(server: &mut Server, key: usize, end: &End, takes_little: bool) {
    let messages = [
        frame(0x81, "one"),
        frame(0x01, "t"),
        frame(0x89, "?"),
        frame(0x80, "wo"),
        frame(0x82, "\u{0}"),
    ];
    if takes_little {
        end.0.borrow_mut().room = 100;
    }
    for _ in 0..3 {
        server.send(key, end, messages.concat());
        server.pass(300 * MILLISECOND);
    }
    end.0.borrow_mut().room = usize::MAX;
    server.clients.handle(key, Readiness::None);
    server.pass(SECOND);
    server.send(key, end, CLOSE);
    server.pass(5 * SECOND);
    received(end);
}

#[test]
fn each_pair_of_parameters_leaves_no_memory_behind_however_the_client_ends() {
    let bounds = Bounds { max_push: 10_000 };
    let all: Vec<String> = table::parameters().map(|it| it.written()).collect();
    let violations = "mask rsv opcode utf8 length fragment control close-code continuation";
    let violations = violations.split(' ').map(|it| format!("violate={it}"));
    let ends = ["fin", "reset", "hang", "half"].map(|end| format!("end={end}"));
    let others = [ends.to_vec(), violations.collect(), vec!["after=1".into()]].concat();
    let first = [&all[..], &others].concat();
    let mut played = 0;
    for (number, one) in first.iter().enumerate() {
        for another in &first[number..] {
            let queries = [
                format!("{one}&{another}"),
                format!("{one}&{another}&close=1011&after=2"),
                format!("{one}&{another}&close=1011&after=400ms&seed=1"),
            ];
            let right = |query: &&String| Behaviour::parse(query, &bounds).is_ok();
            for query in queries.iter().filter(right) {
                let arguments = ["--close-timeout=1s", "--max-test-time=1m"];
                let mut server = Server::new(&arguments);
                let ends: Vec<_> = [false, true].map(|it| (it, server.ask(query))).into();
                for (takes_little, (key, end)) in &ends {
                    play(&mut server, *key, end, *takes_little);
                }
                // At the latest when their time is over: the pool asserts that it is whole.
                server.pass(120 * SECOND);
                assert!(server.clients.is_empty(), "{query}");
                assert_eq!(server.clients.timeout(), None, "{query}");
                played += 1;
            }
        }
    }
    assert!(played > 1000, "{played}");
}

/// What a client does next, at random.
fn act(server: &mut Server, key: usize, end: &End, random: &mut fastrand::Rng) {
    let text = "é".repeat(random.usize(0..40));
    match random.u8(0..12) {
        0 => server.send(key, end, frame(0x81, &text)),
        1 => server.send(key, end, frame(0x02, &text)),
        2 => server.send(key, end, frame(0x80, &text)),
        3 => server.send(key, end, frame(0x89, "?")),
        4 => server.send(key, end, frame(0x82, &text).repeat(100)),
        5 => {
            let cut = frame(0x81, &text);
            server.send(key, end, &cut[..random.usize(0..cut.len())]);
        }
        6 => end.0.borrow_mut().room = random.usize(0..50),
        7 | 8 => {
            end.0.borrow_mut().room = usize::MAX;
            server.clients.handle(key, Readiness::None);
        }
        9 if random.u8(0..8) == 0 => server.send(key, end, CLOSE),
        10 if random.u8(0..16) == 0 => {
            end.0.borrow_mut().has_ended = true;
            server.clients.handle(key, Readiness::UntilWouldBlock);
        }
        _ => drop(server.pass(random.u32(0..700) * MILLISECOND)),
    }
}

#[test]
fn any_behaviour_serves_any_client() {
    let all: Vec<String> = table::parameters().map(|it| it.written()).collect();
    let mut random = fastrand::Rng::with_seed(1);
    let arguments = [
        "--max-test-time=1m",
        "--max-backlog=4KiB",
        "--max-memory=1MiB",
    ];
    let (mut served, mut runs) = (0, 0);
    while served < 300 && runs < 10_000 {
        runs += 1;
        let parameters = (0..random.usize(1..5)).map(|_| random.choice(&all).cloned());
        let query: Vec<String> = parameters.flatten().collect();
        let query = query.join("&");
        if Behaviour::parse(&query, &Bounds { max_push: 10_000 }).is_err() {
            continue;
        }
        served += 1;
        let mut server = Server::new(&arguments);
        let (key, end) = server.ask(&query);
        for _ in 0..random.usize(0..60) {
            if server.clients.len() == 1 {
                act(&mut server, key, &end, &mut random);
            }
        }
        if random.bool() {
            server.clients.stop(Duration::ZERO);
        }
        server.pass(200 * SECOND);
        assert!(server.clients.is_empty(), "{query}");
    }
    assert_eq!(served, 300);
}
