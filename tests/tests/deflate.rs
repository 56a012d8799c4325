//! Compression (permessage-deflate, RFC 7692) by the server: what is agreed on, which messages are
//! echoed, which end the connection, what the log says, and that other clients notice nothing.

use std::net::SocketAddr;

use ws_echo_tests::deflate::{FRESH, HELLO, HELLO_AGAIN, KEPT, OFFER, compressed, zeros};
use ws_echo_tests::scripted_client::{Client, request, request_with};
use ws_echo_tests::server::Server;
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::tls::tunnel;
use ws_echo_tests::wire::{
    BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, RSV1, TEXT, joined, masked, masked_close,
};

/// Each mode, and whether it checks messages and keeps a window.
const MODES: [(&str, bool, bool); 3] = [
    ("--deflate=fresh", true, false),
    ("--deflate=window", true, true),
    ("--deflate=unverified", false, true),
];

/// A client that sends this request, and what it is answered about extensions.
fn open(address: SocketAddr, request: String) -> (Client, String) {
    let mut client = Client::connect(address);
    client.send(request);
    let head = client.receive_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let mut lines = head.lines();
    let answer = lines.find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    (client, answer.unwrap_or_default().into())
}

/// A client that may compress its messages.
fn compressing(server: &Server) -> Client {
    let (client, answer) = open(server.address, request_with(OFFER));
    assert!(answer.starts_with(KEPT), "{answer}");
    client
}

/// Receives the next message: its first byte, with FIN, and its payload.
fn receive(client: &mut Client) -> Frame {
    let mut message = client.receive_frame().expect("a message");
    while message.first & FIN == 0 {
        let frame = client.receive_frame().expect("more of the message");
        message.payload.extend(&frame.payload);
        message.first |= frame.first & FIN;
    }
    message
}

fn expect_echo(client: &mut Client, first: u8, payload: &[u8]) {
    client.send(masked(first, payload));
    let echo = receive(client);
    assert!(echo == Frame::new(first, payload), "{echo:?}");
}

#[test]
fn what_is_agreed_on_follows_from_the_flags_and_the_offer() {
    let limited = "; server_max_window_bits=10; client_max_window_bits=10";
    let fresh_for_client = "permessage-deflate; client_no_context_takeover";
    for (flags, offer, answer) in [
        (&[][..], OFFER, FRESH.to_owned()),
        (&["--deflate=off"], OFFER, String::new()),
        (&["--deflate=window"], OFFER, KEPT.into()),
        (&["--deflate=unverified"], OFFER, KEPT.into()),
        (&["--deflate-window=10"], OFFER, FRESH.to_owned() + limited),
        (
            &["--deflate=window", "--deflate-window=10"],
            OFFER,
            KEPT.to_owned() + limited,
        ),
        (&["--deflate-window=10"], KEPT, String::new()),
        (&["--deflate=window"], fresh_for_client, FRESH.into()),
    ] {
        let server = Server::start(flags);
        let request = request_with(offer);
        assert_eq!(open(server.address, request).1, answer, "{flags:?} {offer}");
    }
    let server = Server::start(&[]);
    assert_eq!(open(server.address, request("/")).1, "");
}

#[test]
fn messages_come_back_as_they_were_sent_in_each_mode() {
    let random: Vec<u8> = (0..2 << 20)
        .map(|at: u32| (at.wrapping_mul(0x9E37_79B9) >> 24) as u8)
        .collect();
    let text = r#"{"name":"ß水🦀","is_new":true}"#.repeat(100_000);
    let letters = "\u{e9}".repeat(20_000);
    for (mode, _, is_kept) in MODES {
        for buffer in ["--buffer=64KiB", "--buffer=4KiB"] {
            let server = Server::start(&["--no-welcome", mode, buffer]);
            let mut client = compressing(&server);
            for _ in 0..2 {
                expect_echo(&mut client, TEXT | RSV1, &compressed(b""));
                expect_echo(&mut client, TEXT, b"plain");
                expect_echo(&mut client, BINARY | RSV1, &compressed(&random));
                expect_echo(&mut client, TEXT | RSV1, &compressed(text.as_bytes()));
                expect_echo(&mut client, TEXT | RSV1, &compressed(letters.as_bytes()));
                expect_echo(&mut client, BINARY | RSV1, &zeros(64));
                expect_echo(&mut client, TEXT | RSV1, HELLO);
                if is_kept {
                    expect_echo(&mut client, TEXT | RSV1, HELLO_AGAIN);
                }
            }
            client.send(masked(TEXT | RSV1, HELLO).repeat(200));
            for _ in 0..200 {
                assert_eq!(receive(&mut client), Frame::new(TEXT | RSV1, HELLO));
            }
        }
    }
}

#[test]
fn fragments_come_back_as_they_were_cut_with_answers_to_pings_between() {
    for (mode, ..) in MODES {
        let server = Server::start(&["--no-welcome", mode]);
        let mut client = compressing(&server);
        let text = compressed("ß水🦀 and more".as_bytes());
        for kind in [TEXT, BINARY] {
            for at in 1..text.len() {
                let (start, rest) = text.split_at(at);
                let frames = [
                    masked(kind & !FIN | RSV1, start),
                    masked(PING, "between"),
                    masked(CONTINUATION & !FIN, ""),
                    masked(CONTINUATION, rest),
                ];
                // Also a byte at a time.
                let step = if at % 2 == 0 { usize::MAX } else { 1 };
                frames
                    .concat()
                    .chunks(step)
                    .for_each(|bytes| client.send(bytes));
                for echo in [
                    Frame::new(kind & !FIN | RSV1, start),
                    Frame::new(PONG, "between"),
                    Frame::new(CONTINUATION & !FIN, ""),
                    Frame::new(CONTINUATION, rest),
                ] {
                    assert_eq!(client.receive_frame(), Some(echo), "{mode}");
                }
            }
        }
    }
}

#[test]
fn each_message_is_echoed_or_ends_the_connection() {
    let not_utf8 = compressed(b"\xFF\xFE");
    let cut_character = compressed(&"水".as_bytes()[..2]);
    for (what, first, payload, is_valid) in [
        ("no bytes", TEXT, &b""[..], true),
        ("an empty message", TEXT, b"\x00", true),
        ("an empty block", TEXT, b"\x02\x00", true),
        ("an empty final block", TEXT, b"\x03\x00", true),
        (
            "a stored block",
            TEXT,
            b"\x00\x05\x00\xFA\xFFHello\x00",
            true,
        ),
        ("a final block", TEXT, b"\xF3\x48\xCD\xC9\xC9\x07\x00", true),
        (
            "and more",
            TEXT,
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\xF2\x48\xCD\xC9\xC9\x07\x00",
            true,
        ),
        (
            "and junk",
            TEXT,
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\xFF\xFF",
            false,
        ),
        (
            "with the tail",
            TEXT,
            b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF",
            true,
        ),
        ("cut inside a code", TEXT, b"\xF2\x48\xCD", false),
        ("a reserved block", BINARY, b"\xFF\xFF\xFF\xFF", false),
        ("a distance too far", BINARY, HELLO_AGAIN, false),
        ("binary that is not UTF-8", BINARY, &not_utf8, true),
        ("text that is not UTF-8", TEXT, &not_utf8, false),
        ("text that is cut", TEXT, &cut_character, false),
    ] {
        for (mode, is_verified, _) in MODES {
            let server = Server::start(&["--no-welcome", mode]);
            let mut client = compressing(&server);
            client.send([masked(first | RSV1, payload), masked(TEXT | RSV1, HELLO)].concat());
            if is_valid || !is_verified {
                let echo = Frame::new(first | RSV1, payload);
                assert_eq!(client.receive_frame(), Some(echo), "{mode}: {what}");
                let echo = Frame::new(TEXT | RSV1, HELLO);
                assert_eq!(client.receive_frame(), Some(echo), "{mode}: {what}");
            } else {
                assert_eq!(
                    client.receive_frame(),
                    Some(Frame::close(1007)),
                    "{mode}: {what}"
                );
                assert_eq!(client.receive_frame(), None, "{mode}: {what}");
            }
        }
    }
}

#[test]
fn a_long_message_has_its_beginning_echoed_before_it_is_found_wrong() {
    let server = Server::start(&["--no-welcome", "--buffer=4KiB"]);
    let mut random = fastrand::Rng::with_seed(1);
    let letters: Vec<u8> = (0..100_000).map(|_| random.lowercase() as u8).collect();
    let mut client = compressing(&server);
    let payload = compressed(&[&letters[..], b"\xFF"].concat());
    client.send(masked(TEXT | RSV1, &payload));
    let mut echoed = Vec::new();
    let closed = loop {
        match client.receive_frame().expect("a frame") {
            frame if frame.first == CLOSE => break frame,
            frame => echoed.extend(frame.payload),
        }
    };
    assert_eq!(closed, Frame::close(1007));
    assert!(!echoed.is_empty() && payload.starts_with(&echoed));
}

#[test]
fn a_compressed_message_that_nobody_agreed_on_and_bits_elsewhere_are_errors() {
    let server = Server::start(&["--no-welcome"]);
    let mut plain = open(server.address, request("/")).0;
    plain.send(masked(TEXT | RSV1, HELLO));
    assert_eq!(plain.receive_frame(), Some(Frame::close(1002)));
    for wrong in [
        masked(PING | RSV1, ""),
        masked(TEXT | 0x20, HELLO),
        [masked(TEXT & !FIN | RSV1, &HELLO[..2]), masked(RSV1, "")].concat(),
    ] {
        let mut client = compressing(&server);
        client.send(wrong);
        let mut frame = client.receive_frame();
        if frame
            .as_ref()
            .is_some_and(|it| it.first == TEXT & !FIN | RSV1)
        {
            frame = client.receive_frame();
        }
        assert_eq!(frame, Some(Frame::close(1002)));
    }
}

#[test]
fn the_limit_of_messages_counts_what_they_inflate_to_if_they_are_inflated() {
    let long = zeros(2);
    for (mode, is_verified, _) in MODES {
        let server = Server::start(&["--no-welcome", mode, "--max-message-size=1MiB"]);
        let mut client = compressing(&server);
        expect_echo(&mut client, BINARY | RSV1, &zeros(1));
        if !is_verified {
            expect_echo(&mut client, BINARY | RSV1, &long);
            continue;
        }
        client.send(masked(BINARY | RSV1, &long));
        let closed = client.receive_frame().expect("a Close");
        assert_eq!(closed.payload, b"\x03\xF1message is too long");
        server.logged("a message is longer than 1048576 bytes (--max-message-size)");
    }
}

#[test]
fn a_message_that_inflates_to_much_does_not_delay_others() {
    for mode in ["--deflate=fresh", "--deflate=window"] {
        let server = Server::start(&["--no-welcome", "--threads=1", mode]);
        let mut other = compressing(&server);
        let mut client = compressing(&server);
        let bomb = zeros(1024);
        client.send(masked(BINARY | RSV1, &bomb));
        for _ in 0..100 {
            expect_echo(&mut other, TEXT | RSV1, HELLO);
        }
        assert!(receive(&mut client) == Frame::new(BINARY | RSV1, bomb));
    }
}

#[test]
fn the_log_says_what_was_agreed_on_and_carried_and_what_messages_are() {
    for (mode, agreed, logged, logged_cut) in [
        (
            "--deflate=fresh",
            "15 bits, fresh",
            "text, 5 bytes compressed to 7: Hello",
            "text, 2 bytes compressed to 3 and more to come: He",
        ),
        (
            "--deflate=window",
            "15 bits, kept",
            "text, 5 bytes compressed to 7: Hello",
            "text, 2 bytes compressed to 3 and more to come: He",
        ),
        (
            "--deflate=unverified",
            "15 bits, kept",
            "text, compressed to 7 bytes",
            "text, compressed to 3 bytes and more to come",
        ),
    ] {
        let server = Server::start(&["--no-welcome", "--log-messages", mode]);
        let mut client = compressing(&server);
        let peer = client.address();
        server.logged(&format!(
            "client connected {peer} / with permessage-deflate ({agreed})"
        ));
        expect_echo(&mut client, TEXT | RSV1, HELLO);
        server.logged(&format!("message {peer} {logged}"));
        client.send(masked(TEXT & !FIN | RSV1, &HELLO[..3]));
        client.send(masked(CONTINUATION, &HELLO[3..]));
        receive(&mut client);
        server.logged(&format!("message {peer} {logged_cut}"));
        expect_echo(&mut client, TEXT, b"plain");
        server.logged(&format!("message {peer} text, 5 bytes: plain"));
        let long = "水".repeat(10_000);
        expect_echo(&mut client, TEXT | RSV1, &compressed(long.as_bytes()));
        if mode != "--deflate=unverified" {
            let line = server.logged("text, 30000 bytes compressed to ");
            let start = "水".repeat(200);
            assert!(line.ends_with(&format!(": {start}… (+29400 B)")), "{line}");
        }
        client.send(masked_close(1000, ""));
        while client.receive_frame().is_some() {}
        let bytes = 7 + 7 + 5 + compressed(long.as_bytes()).len();
        let line = server.logged(&format!("client disconnected {peer} closed by client"));
        let carried = format!("4 messages ({bytes} bytes) received, 4 ({bytes} bytes) sent");
        assert!(line.ends_with(&carried), "{line}");
    }
}

#[test]
fn the_log_says_why_an_offer_is_declined() {
    for (flags, offer, is_declined) in [
        (&["--deflate-window=10"][..], KEPT, true),
        (&[], "permessage-deflate; server_max_window_bits=10", true),
        (&[], "permessage-deflate; unknown", true),
        // The second offer is accepted.
        (
            &[],
            "permessage-deflate; unknown, permessage-deflate",
            false,
        ),
        (&[], "x-webkit-deflate-frame", false),
        (&["--deflate=off"], OFFER, false),
    ] {
        let server = Server::start(flags);
        let (declined, _) = open(server.address, request_with(offer));
        let (last, _) = open(server.address, request("/last"));
        server.logged(&format!("client connected {} /last", last.address()));
        let line = format!(
            "client {} offers permessage-deflate and gets none: the offer is malformed, or has no \
             client_max_window_bits although --deflate-window or its server_max_window_bits is \
             below 15",
            declined.address()
        );
        assert_eq!(server.log().contains(&line), is_declined, "{offer}");
    }
}

#[test]
fn why_a_connection_ended_is_logged() {
    let server = Server::start(&["--no-welcome"]);
    for (payload, reason) in [
        (
            &b"\xFF\xFF"[..],
            "1007: compressed message cannot be inflated",
        ),
        (&compressed(b"\xFF"), "1007: text is not UTF-8"),
    ] {
        let mut client = compressing(&server);
        client.send(masked(TEXT | RSV1, payload));
        assert_eq!(client.receive_frame(), Some(Frame::close(1007)));
        let peer = client.address();
        server.logged(&format!(
            "client disconnected {peer} closed by server with {reason}"
        ));
    }
}

#[test]
fn tls_makes_no_difference() {
    for (mode, is_verified, is_kept) in MODES {
        let (server, certificate) = self_signed("deflate", &["--no-welcome", mode]);
        let address = tunnel::start(server.address, &certificate);
        let (mut client, answer) = open(address, request_with(OFFER));
        assert_eq!(answer, if is_kept { KEPT } else { FRESH });
        expect_echo(&mut client, TEXT | RSV1, HELLO);
        expect_echo(&mut client, BINARY | RSV1, &zeros(64));
        expect_echo(&mut client, TEXT, b"plain");
        client.send(masked(TEXT | RSV1, b"\xFF\xFF"));
        let answer = match is_verified {
            true => Frame::close(1007),
            false => Frame::new(TEXT | RSV1, b"\xFF\xFF"),
        };
        assert_eq!(client.receive_frame(), Some(answer), "{mode}");
    }
}

#[test]
fn the_greeting_is_not_compressed() {
    for (mode, ..) in MODES {
        let server = Server::start(&[mode]);
        let mut client = compressing(&server);
        let greeting = client.receive_frame().expect("a greeting");
        assert_eq!(joined(&[greeting])[0].first, TEXT);
        expect_echo(&mut client, TEXT | RSV1, HELLO);
    }
}
