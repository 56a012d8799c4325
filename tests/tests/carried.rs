//! What the log says of a connection that has ended: how long it was open, and how many messages
//! and bytes it has carried each way.

use std::net::SocketAddr;

use ws_echo_tests::scripted_client::{Client, WELCOME};
use ws_echo_tests::server::Server;
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};
use ws_echo_tests::wire::{BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, TEXT};
use ws_echo_tests::wire::{masked, masked_close};

/// How the connection ended, and what it has carried.
fn ended(server: &Server, client: SocketAddr) -> (String, String) {
    let start = format!("client disconnected {client} ");
    let line = server.logged(&start);
    let (_, line) = line.split_once(&start).expect("the start");
    let (how, rest) = line.rsplit_once("; after ").expect("a duration");
    let (lasted, carried) = rest.split_once(", ").expect("numbers");
    let (number, unit) = lasted.split_once(' ').expect("a number and a unit");
    assert!(number.parse::<f64>().is_ok(), "{line}");
    assert!(["ms", "s"].contains(&unit), "{line}");
    (how.to_owned(), carried.to_owned())
}

/// What a connection has carried that the client closes.
fn carried(server: &Server, mut client: Client) -> String {
    client.send(masked_close(1000, "bye; after 0 s, 9 messages"));
    while client.receive_frame().is_some_and(|it| it.first != CLOSE) {}
    let (how, carried) = ended(server, client.address());
    let expected = "closed by client with 1000: bye; after 0 s, 9 messages";
    assert_eq!(how, expected);
    carried
}

/// Receives echoes until one ends this many messages.
fn receive(client: &mut Client, messages: usize) {
    for _ in 0..messages {
        while client.receive_frame().expect("a frame").first & FIN == 0 {}
    }
}

#[test]
fn the_greeting_is_sent_and_not_received() {
    let server = Server::start(&[]);
    let none = carried(&server, Client::greeted(server.address));
    let greeting_len = WELCOME.len();
    let sent = format!("1 ({greeting_len} bytes) sent");
    assert_eq!(none, format!("0 messages (0 bytes) received, {sent}"));

    let mut client = Client::greeted(server.address);
    client.send(masked(TEXT, "hello"));
    receive(&mut client, 1);
    let sent = format!("2 ({} bytes) sent", greeting_len + 5);
    let line = carried(&server, client);
    assert_eq!(line, format!("1 message (5 bytes) received, {sent}"));
}

#[test]
fn payload_is_counted_without_headers_and_control_frames_however_it_arrives() {
    let server = Server::start(&["--no-welcome"]);
    let logging = Server::start(&["--no-welcome", "--log-messages"]);
    let fragmented = [
        masked(TEXT & !FIN, "one "),
        masked(PING, "between"),
        masked(CONTINUATION & !FIN, ""),
        masked(CONTINUATION, "message"),
    ]
    .concat();
    let lengths = [0, 1, 125, 126, 1000, 65_535, 65_536, 70_000];
    let several: Vec<u8> = lengths
        .iter()
        .flat_map(|len| masked(BINARY, vec![b'x'; *len]))
        .collect();
    let both = [&several[..], &fragmented, &several, &masked(TEXT, "end")].concat();
    for (bytes, messages, expected) in [
        (&masked(TEXT, "x"), 1, "1 message (1 byte)"),
        (&masked(TEXT, ""), 1, "1 message (0 bytes)"),
        (&masked(TEXT, "h\u{e9}llo"), 1, "1 message (6 bytes)"),
        (&fragmented, 1, "1 message (11 bytes)"),
        (&several, 8, "8 messages (198 KiB)"),
        (&both, 18, "18 messages (395 KiB)"),
    ] {
        let sent = expected.replace(" messages", "").replace(" message", "");
        let expected = format!("{expected} received, {sent} sent");
        for server in [&server, &logging] {
            for piece_len in [usize::MAX, 65_000, 1000] {
                let mut client = Client::open(server.address);
                for piece in bytes.chunks(piece_len) {
                    client.send(piece);
                }
                let mut answers = 0;
                while answers < messages {
                    let frame = client.receive_frame().expect("an echo");
                    answers += usize::from(frame.first & FIN != 0 && frame.first & 0x08 == 0);
                }
                let line = carried(server, client);
                assert_eq!(line, expected, "{piece_len} bytes at a time");
            }
        }
    }
}

#[test]
fn more_messages_are_counted_than_sixteen_bits_can_count() {
    let server = Server::start(&["--no-welcome"]);
    let mut client = Client::open(server.address);
    for _ in 0..70 {
        client.send(masked(TEXT, "x").repeat(1000));
        receive(&mut client, 1000);
    }
    let expected = "70000 messages (68.4 KiB) received, 70000 (68.4 KiB) sent";
    assert_eq!(carried(&server, client), expected);
}

#[test]
fn tls_makes_no_difference() {
    let (server, certificate) = self_signed("carried", &["--no-welcome"]);
    for version in VERSIONS {
        let config = trusting(&certificate, version);
        let mut client = TlsClient::connect(server.address, config);
        client.send(ws_echo_tests::scripted_client::request("/"));
        client.expect_head();
        for text in ["hello", "again"] {
            client.send(masked(TEXT, text));
            assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, text)));
        }
        client.send(masked_close(1000, ""));
        assert_eq!(client.receive_frame(), Some(Frame::close(1000)));
        let address = client.stream.local_addr().expect("an address");
        let (how, carried) = ended(&server, address);
        assert_eq!(how, "closed by client with 1000");
        let expected = "2 messages (10 bytes) received, 2 (10 bytes) sent";
        assert_eq!(carried, expected);
    }
}

#[test]
fn what_was_received_of_a_message_that_does_not_end_counts_as_bytes() {
    let server = Server::start(&["--no-welcome"]);
    for (bytes, expected) in [
        (
            &masked(TEXT, "half a message")[..9],
            "0 messages (3 bytes) received, 0 (0 bytes) sent",
        ),
        (
            &masked(TEXT, "header only")[..5],
            "0 messages (0 bytes) received, 0 (0 bytes) sent",
        ),
        (
            &[masked(TEXT, "whole"), masked(BINARY, "cut")].concat()[..19],
            "1 message (7 bytes) received, 1 (5 bytes) sent",
        ),
        (
            &masked(TEXT & !FIN, "a fragment"),
            "0 messages (10 bytes) received, 0 (10 bytes) sent",
        ),
    ] {
        let mut client = Client::open(server.address);
        client.send(bytes);
        client.shut();
        let (how, carried) = ended(&server, client.address());
        assert_eq!(how, "lost: end of stream without a close");
        assert_eq!(carried, expected);
    }
}

#[test]
fn what_a_client_does_not_take_is_not_sent() {
    let options = [
        "--no-welcome",
        "--max-backlog=1MiB",
        "--stall-timeout=500ms",
    ];
    let server = Server::start(&options);
    let mut client = Client::open(server.address);
    // More than the sockets hold.
    let message = masked(BINARY, vec![0; 1 << 20]);
    while client.try_send(&message) {}
    let (how, carried) = ended(&server, client.address());
    assert_eq!(
        how,
        "closed by server with 1008: no progress (--stall-timeout)"
    );
    let numbers = |part: &str| -> (u64, f64) {
        let (count, size) = part.split_once(" (").expect("a size");
        let size = size.strip_suffix(" MiB)").expect("MiB");
        let count = count.trim_end_matches(" messages");
        (
            count.parse().expect("a count"),
            size.parse().expect("a size"),
        )
    };
    let (received, sent) = carried.split_once(" received, ").expect("both ways");
    let sent = sent.strip_suffix(" sent").expect("both ways");
    let [received, sent] = [received, sent].map(numbers);
    // The backlog is full.
    assert!(received.1 - sent.1 >= 0.9, "{carried}");
    for (messages, size) in [received, sent] {
        assert_eq!(messages, size.floor() as u64, "{carried}");
    }
}

#[test]
fn a_message_that_is_refused_or_breaks_the_protocol_does_not_count() {
    let server = Server::start(&["--no-welcome", "--max-message-size=1"]);
    let mut client = Client::open(server.address);
    client.send(masked(BINARY, [0; 2]));
    let (how, _) = ended(&server, client.address());
    let expected = "1009: a message is longer than 1 byte (--max-message-size)";
    assert_eq!(how, format!("closed by server with {expected}"));

    let server = Server::start(&["--no-welcome", "--max-message-size=10"]);
    for (bytes, expected) in [
        (
            masked(BINARY, [0; 11]),
            "1009: a message is longer than 10 bytes (--max-message-size)",
        ),
        (masked(TEXT, [0xFF]), "1007: text is not UTF-8"),
    ] {
        let mut client = Client::open(server.address);
        client.send([masked(TEXT, "fine"), bytes].concat());
        let (how, carried) = ended(&server, client.address());
        assert_eq!(how, format!("closed by server with {expected}"));
        assert_eq!(carried, "1 message (4 bytes) received, 1 (4 bytes) sent");
    }
}
