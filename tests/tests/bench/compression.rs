//! Servers that compress, in their own way or not at all, with `--compression`.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use ws_echo_tests::deflate::{FRESH, HELLO, HELLO_AGAIN, KEPT, stored};
use ws_echo_tests::peers::{
    BUN_OPTIONS, aiohttp_server, bun_command, node_command, python_command,
};
use ws_echo_tests::scripted_server::{accept, accept_with, echo, frame, server, unmasked};
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{BINARY, CLOSE, CONTINUATION, FIN, RSV1, TEXT};

use super::{answering, failure, figures};

/// Messages that are shorter when they are compressed, and short enough for one short frame.
const SHORT: [&str; 5] = [
    "--compression",
    "--size=120",
    "--payload=json",
    "--messages=9",
    "--in-flight=2",
];

/// A server that agrees to this extension, sends a greeting, echoes the first message, and
/// passes each further one to `answer`, which returns the bytes to send.
fn compressing(
    extension: &'static str,
    greeting: impl Into<Vec<u8>>,
    answer: impl Fn(u8, &[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> String {
    let greeting = greeting.into();
    let serve = move |mut stream: TcpStream| {
        accept_with(&mut stream, extension)?;
        stream.write_all(&greeting).ok()?;
        let (first, probe) = frame(&mut stream)?;
        stream.write_all(&unmasked(first, &probe)).ok()?;
        while let Some((first, payload)) = frame(&mut stream) {
            if first != CLOSE {
                stream.write_all(&answer(first, &payload)).ok()?;
            }
        }
        Some(())
    };
    server(serve)
}

/// The payload of a message that is [`SHORT`].
fn payload() -> Vec<u8> {
    let (sender, receiver) = mpsc::channel();
    let url = answering(move |_, first, payload| {
        sender.send(payload.to_vec()).unwrap();
        unmasked(first, payload)
    });
    figures(&url, &[&SHORT[1..4]].concat());
    receiver.recv().unwrap()
}

#[test]
fn a_server_that_echoes_compressed_messages_as_they_came_is_measured() {
    let url = compressing(FRESH, [], |first, payload| {
        assert_eq!(first, TEXT | RSV1);
        unmasked(first, payload)
    });
    let figures = figures(&url, &SHORT);
    assert_eq!(figures["messages"], 9);
    assert_eq!(figures["compression"], "fresh");
    assert_eq!(figures["payload"], "json");
    let bytes = |name: &str| figures[name].as_u64().expect(name);
    let (sent, received) = (bytes("wire_bytes_sent"), bytes("wire_bytes_received"));
    // A client's frames have a masking key.
    assert_eq!(received, sent - 9 * 4);
    assert!(received < 9 * 120, "{received}");
}

#[test]
fn without_compression_none_is_offered_and_the_bytes_on_the_wire_are_known() {
    let url = server(|mut stream| {
        let request = accept(&mut stream)?.to_ascii_lowercase();
        assert!(!request.contains("sec-websocket-extensions"), "{request}");
        while let Some((first, payload)) = frame(&mut stream) {
            stream.write_all(&unmasked(first, &payload)).ok()?;
        }
        Some(())
    });
    let figures = figures(&url, &["--messages=9", "--size=100"]);
    assert_eq!(figures["compression"], serde_json::Value::Null);
    assert_eq!(figures["wire_bytes_sent"], 9 * 106);
    assert_eq!(figures["wire_bytes_received"], 9 * 102);
}

#[test]
fn both_ends_are_asked_to_keep_no_window_unless_windows_may_be_kept() {
    for (option, is_fresh) in [("--compression", true), ("--compression=window", false)] {
        let url = server(move |mut stream| {
            let extension = if is_fresh { FRESH } else { KEPT };
            let request = accept_with(&mut stream, extension)?;
            assert_eq!(request.contains("server_no_context_takeover"), is_fresh);
            assert_eq!(request.contains("client_no_context_takeover"), is_fresh);
            while let Some((first, payload)) = frame(&mut stream) {
                stream.write_all(&unmasked(first, &payload)).ok()?;
            }
            Some(())
        });
        assert_eq!(figures(&url, &[option, "--messages=9"])["messages"], 9);
    }
}

#[test]
fn a_server_that_does_not_agree_is_an_error() {
    let url = answering(|_, first, payload| unmasked(first, payload));
    let message = failure(&url, &["--compression"]);
    let expected = "the server did not agree to compress messages (permessage-deflate): leave out \
                    --compression, or try --compression=window\n";
    assert!(message.ends_with(expected), "{message}");
    let message = failure(&url, &["--compression=window"]);
    assert!(message.ends_with("leave out --compression\n"), "{message}");
    let keeps_its_window = compressing(KEPT, [], echo);
    let message = failure(&keeps_its_window, &["--compression"]);
    assert!(
        message.contains("not a valid WebSocket handshake"),
        "{message}"
    );
}

#[test]
fn a_server_may_compress_in_another_way_not_at_all_and_in_fragments() {
    let payload = payload();
    let in_fragments = |first: u8, payload: &[u8]| {
        let (start, end) = payload.split_at(60);
        let (first, middle, last) = (first & !FIN, CONTINUATION & !FIN, CONTINUATION);
        [
            unmasked(first, start),
            unmasked(middle, b""),
            unmasked(last, end),
        ]
        .concat()
    };
    let compressed = stored(&payload);
    for echo in [
        unmasked(TEXT, &payload),
        in_fragments(TEXT, &payload),
        in_fragments(TEXT | RSV1, &compressed),
    ] {
        let url = compressing(FRESH, [], move |_, _| echo.clone());
        let every = [&SHORT[..], &["--warm-up", "50ms"]].concat();
        assert_eq!(figures(&url, &SHORT)["messages"], 9);
        assert_eq!(figures(&url, &every)["messages"], 9);
    }
}

#[test]
fn compressed_messages_before_the_first_echo_are_skipped_and_later_ones_may_refer_to_them() {
    let greeting = [
        unmasked(TEXT | RSV1, HELLO),
        unmasked(BINARY | RSV1, HELLO_AGAIN),
        unmasked(TEXT, "ws-echo bench"),
    ]
    .concat();
    let options = ["--compression=window", "--messages=9"];
    let keeps_its_window = compressing(KEPT, greeting.clone(), echo);
    assert_eq!(figures(&keeps_its_window, &options)["messages"], 9);
    let does_not = compressing(FRESH, greeting, echo);
    let message = failure(&does_not, &options);
    assert!(message.contains("cannot be inflated"), "{message}");
}

#[test]
fn one_message_is_compressed_for_the_smallest_window_of_all_connections() {
    let (sender, receiver) = mpsc::channel();
    let (sender, count) = (Mutex::new(sender), AtomicUsize::new(0));
    let url = server(move |mut stream| {
        let is_second = count.fetch_add(1, Ordering::Relaxed) == 1;
        let limit = if is_second {
            "; client_max_window_bits=9"
        } else {
            ""
        };
        accept_with(&mut stream, &format!("{FRESH}{limit}"))?;
        while let Some((first, payload)) = frame(&mut stream) {
            if first == TEXT | RSV1 {
                sender.lock().unwrap().send(payload.len()).ok()?;
            }
            stream.write_all(&unmasked(first, &payload)).ok()?;
        }
        Some(())
    });
    let options = [
        "--compression",
        "--payload=json",
        "--size=16KiB",
        "--messages=9",
    ];
    let lens = |connections: &str| {
        figures(&url, &[&options[..], &[connections]].concat());
        let mut lens: Vec<usize> = receiver.try_iter().collect();
        lens.dedup();
        lens
    };
    let (one, three) = (lens("--connections=1"), lens("--connections=3"));
    assert!(one.len() == 1 && three.len() == 1, "{one:?} {three:?}");
    assert!(3 * three[0] > 4 * one[0], "{one:?} {three:?}");
}

#[test]
fn an_echo_that_does_not_inflate_or_inflates_to_something_else_is_an_error() {
    for (echo, expected) in [
        (unmasked(TEXT | RSV1, [0xFF; 20]), "cannot be inflated"),
        // A distance before the beginning, and a block that is cut.
        (unmasked(TEXT | RSV1, HELLO_AGAIN), "cannot be inflated"),
        (unmasked(TEXT | RSV1, [0, 120, 0]), "cannot be inflated"),
        (
            unmasked(TEXT | RSV1, stored(b"[{")),
            "2 bytes instead of 120",
        ),
        (
            unmasked(TEXT | RSV1, stored(b"{}")),
            "byte 0 of the message is 0x7b",
        ),
        (
            unmasked(BINARY | RSV1, stored(b"[")),
            "a binary message, but",
        ),
        (unmasked(TEXT | 0x20, b"["), "reserved bits"),
        (unmasked(CONTINUATION | RSV1, b"["), "reserved bits"),
    ] {
        let url = compressing(FRESH, [], move |_, _| echo.clone());
        let message = failure(&url, &SHORT);
        assert!(message.contains(expected), "{message}");
    }
}

/// Measures a server with messages of many lengths.
fn expect_figures(server: &Server, of: &str) {
    for options in [
        "--payload=json --size=128",
        "--payload=json --size=16KiB --connections=3 --in-flight=3",
        "--payload=json --size=1MiB",
        // Longer when it is compressed.
        "--size=70000",
        "--size=0",
    ] {
        for compression in ["--compression", "--compression=window"] {
            let line = format!("{options} {compression} --messages=9 --warm-up 20ms");
            let options: Vec<&str> = line.split(' ').collect();
            assert_eq!(
                figures(&server.url("/"), &options)["messages"],
                9,
                "{of}: {line}"
            );
        }
    }
}

#[test]
fn our_server_is_measured() {
    for options in [
        &[][..],
        &["--deflate=window"],
        &["--deflate=window", "--deflate-window=9"],
        &["--deflate=unverified"],
    ] {
        expect_figures(&Server::start(options), &options.concat());
    }
    let message = failure(
        &Server::start(&["--deflate=off"]).url("/"),
        &["--compression"],
    );
    assert!(message.contains("did not agree"), "{message}");
}

#[test]
fn servers_by_others_are_measured() {
    for compression in [
        r#"{"threshold": 0}"#,
        r#"{"threshold": 0, "serverMaxWindowBits": 9, "clientMaxWindowBits": 9}"#,
        r#"{"zlibDeflateOptions": {"level": 9}, "clientNoContextTakeover": true}"#,
    ] {
        if let Some(mut command) = node_command("ws_server.cjs") {
            command.args(["127.0.0.1", "0"]).env("DEFLATE", compression);
            expect_figures(&Server::spawn(&mut command), compression);
        }
    }
    for compression in [
        "{}",
        r#"{"server_max_window_bits": 9, "client_max_window_bits": 9}"#,
        r#"{"client_no_context_takeover": true}"#,
    ] {
        if let Some(mut command) = python_command("websockets_server.py", &["127.0.0.1", "0"]) {
            command.env("DEFLATE", compression);
            expect_figures(&Server::spawn(&mut command), compression);
        }
    }
    for compression in BUN_OPTIONS {
        if let Some(mut command) = bun_command("bun_server.js") {
            command.args(["127.0.0.1", "0"]).env("DEFLATE", compression);
            expect_figures(&Server::spawn(&mut command), compression);
        }
    }
    if let Some(mut command) = aiohttp_server() {
        expect_figures(&Server::spawn(&mut command), "aiohttp");
    }
}
