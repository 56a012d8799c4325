//! Compressed messages: what is offered, sent and shown, and servers that send what cannot be
//! inflated.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use ws_echo_tests::deflate::{FRESH, HELLO, HELLO_AGAIN, KEPT, OFFER, stored, zeros};
use ws_echo_tests::needs;
use ws_echo_tests::peers::{
    BUN_OPTIONS, aiohttp_server, bun_command, node_command, python_command,
};
use ws_echo_tests::scripted_server::{accept, accept_with, close, echo, frame, server, unmasked};
use ws_echo_tests::server::{Server, peak_memory};
use ws_echo_tests::wire::{BINARY, CLOSE, CONTINUATION, FIN, RSV1, TEXT};

use super::screen::Screen;
use super::{Outcome, Pipe, chat, listen, talk};

const OPEN: &str = "# socket open, compression on\n";
/// `Hello` in a final block (section 7.2.3.4).
const HELLO_FINAL: &[u8] = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
/// The most memory of a client that holds little of a message at a time.
const MEMORY_MAX: u64 = 40 << 20;

/// A server that agrees to this extension, and passes the frame of each message to `answer`,
/// which returns the bytes to send. It answers Close.
fn answering(
    extension: &'static str,
    answer: impl Fn(u8, &[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> String {
    server(move |mut stream| {
        accept_with(&mut stream, extension)?;
        loop {
            match frame(&mut stream)? {
                (CLOSE, payload) => return stream.write_all(&unmasked(CLOSE, payload)).ok(),
                (first, payload) => stream.write_all(&answer(first, &payload)).ok()?,
            }
        }
    })
}

/// A server that agrees to this extension, sends these bytes, and then closes, or waits for our
/// Close. The codes of our Closes are received here.
fn sending(extension: &'static str, bytes: impl Into<Vec<u8>>) -> (String, mpsc::Receiver<u16>) {
    let bytes = bytes.into();
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let url = server(move |mut stream| {
        accept_with(&mut stream, extension)?;
        stream.write_all(&bytes).ok()?;
        loop {
            let (first, payload) = frame(&mut stream)?;
            if first == CLOSE {
                let code = payload.first_chunk().copied().map(u16::from_be_bytes);
                sender.lock().unwrap().send(code?).ok()?;
                return stream.write_all(&unmasked(CLOSE, payload)).ok();
            }
        }
    });
    (url, receiver)
}

/// A compressed text frame.
fn compressed(payload: &[u8]) -> Vec<u8> {
    unmasked(TEXT | RSV1, payload)
}

/// A compressed text frame of so many MiB of NUL characters.
fn bomb(mib: usize) -> Vec<u8> {
    compressed(&zeros(mib))
}

#[test]
fn compression_is_offered_unless_it_is_turned_off() {
    for (options, is_offered) in [(&[][..], true), (&["--no-compression"], false)] {
        let url = server(move |mut stream| {
            let request = accept(&mut stream)?;
            let offer = format!("\r\nSec-WebSocket-Extensions: {OFFER}\r\n");
            assert_eq!(request.contains(&offer), is_offered, "{request}");
            assert_eq!(request.contains("Extensions"), is_offered, "{request}");
            stream.write_all(&close(1000, "")).ok()
        });
        assert_eq!(listen(&url, options), super::well(""));
    }
}

#[test]
fn each_attempt_to_connect_again_offers_compression() {
    let count = AtomicUsize::new(0);
    let url = server(move |mut stream| {
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            accept_with(&mut stream, KEPT)?;
            stream.write_all(&compressed(HELLO)).ok()?;
            // The connection is lost.
            return frame(&mut stream).map(drop);
        }
        let request = accept_with(&mut stream, KEPT)?;
        assert!(request.contains("permessage-deflate"), "{request}");
        // In a new window.
        stream.write_all(&compressed(HELLO)).ok()?;
        stream.write_all(&compressed(HELLO_AGAIN)).ok()?;
        stream.write_all(&close(1000, "")).ok()
    });
    let mut pipe = Pipe::start(&url, &["--reconnect"]);
    assert_eq!(pipe.line(), "Hello");
    pipe.write("lost\n");
    assert_eq!([pipe.line(), pipe.line()], ["Hello", "Hello"]);
    let Outcome { status, stderr, .. } = pipe.wait();
    assert_eq!(status, Some(0), "{stderr}");
    assert_eq!(stderr.matches(OPEN).count(), 2, "{stderr}");
}

#[test]
fn an_answer_that_was_not_offered_is_refused() {
    for extension in [
        "permessage-deflate; unknown",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=7",
    ] {
        let url = answering(extension, echo);
        let Outcome { status, stderr, .. } = listen(&url, &[]);
        assert_eq!(status, Some(3), "{stderr}");
        assert!(stderr.contains("an invalid handshake response"), "{stderr}");
    }
}

#[test]
fn where_no_window_is_kept_only_what_becomes_shorter_is_compressed() {
    let url = answering(FRESH, |first, payload| {
        match first {
            TEXT => assert!(matches!(payload, b"" | b"hi"), "{payload:?}"),
            _ => assert_eq!((first, payload.len() < 50), (TEXT | RSV1, true)),
        }
        unmasked(first, payload)
    });
    let lines = format!("hi\n\n{0}\nhi\n{0}\n", "0123456789".repeat(10));
    let ended = talk(&url, &[], &lines);
    let (savings, closed) = ended.stderr[OPEN.len()..]
        .split_once('\n')
        .expect("two notes");
    assert_eq!((ended.status, &*ended.stdout), (Some(0), &*lines));
    assert_eq!(closed, "# socket closed 1000\n");
    // Both messages that were compressed.
    let savings = savings.strip_prefix("# compression: ").expect(savings);
    let (sent, received) = savings.split_once(", ").expect(savings);
    assert!(
        sent.ends_with(" bytes sent instead of 200 bytes"),
        "{savings}"
    );
    assert_eq!(received, sent.replace("sent", "received"));
}

#[test]
fn where_windows_are_kept_messages_are_compressed_with_earlier_ones() {
    let lens = Mutex::new(Vec::new());
    let url = answering(KEPT, move |first, payload| {
        assert_eq!(first, TEXT | RSV1);
        let mut lens = lens.lock().unwrap();
        lens.push(payload.len());
        assert!(lens.len() == 1 || payload.len() < lens[0], "{lens:?}");
        unmasked(first, payload)
    });
    let lines = "a message of a chat\n".repeat(3);
    let ended = talk(&url, &[], &lines);
    assert_eq!(
        (ended.status, &*ended.stdout),
        (Some(0), &*lines),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_a_server_compresses_is_shown_in_any_fragments_and_beside_what_it_does_not() {
    let text = "aß水🦀";
    let fragments: Vec<u8> = stored(text.as_bytes())
        .iter()
        .enumerate()
        .flat_map(|(index, byte)| match index {
            0 => unmasked(0x41, [*byte]),
            _ => unmasked(CONTINUATION & !FIN, [*byte]),
        })
        .chain(unmasked(CONTINUATION, b""))
        .collect();
    let messages = [
        compressed(HELLO),
        unmasked(TEXT, "plain"),
        compressed(HELLO_AGAIN),
        fragments,
        unmasked(BINARY | RSV1, stored(b"\xff\0")),
        compressed(b""),
        compressed(b"\0"),
        // A final block: the next message begins a new one, and so do the bytes behind it.
        compressed(HELLO_FINAL),
        compressed(HELLO),
        compressed(&[&HELLO_FINAL[..7], HELLO].concat()),
        close(1000, ""),
    ];
    let (url, _codes) = sending(KEPT, messages.concat());
    let ended = listen(&url, &[]);
    let shown = format!("Hello\nplain\nHello\n{text}\n0xff00\n\n\nHello\nHello\nHelloHello\n");
    assert_eq!(
        (ended.status, &*ended.stdout),
        (Some(0), &*shown),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_message_that_cannot_be_inflated_ends_the_connection_with_1007() {
    let invalid = "compressed message cannot be inflated";
    for (extension, messages, stdout, expected) in [
        (KEPT, compressed(&[0xFF; 9]), "", invalid),
        // A distance before the first byte, without a message before, and in a window not kept.
        (KEPT, compressed(HELLO_AGAIN), "", invalid),
        (
            FRESH,
            [compressed(HELLO), compressed(HELLO_AGAIN)].concat(),
            "Hello\n",
            invalid,
        ),
        // A code that is cut, and a block.
        (KEPT, compressed(&HELLO[..3]), "He\n", invalid),
        (KEPT, compressed(&stored(b"Hello")[..7]), "He\n", invalid),
        (
            KEPT,
            compressed(&[HELLO_FINAL, b"\xff"].concat()),
            "Hello\n",
            invalid,
        ),
        (KEPT, compressed(&stored(b"a\xff")), "", "text is not UTF-8"),
        (
            KEPT,
            compressed(&stored(b"a\xc3")),
            "a\n",
            "text is not UTF-8",
        ),
    ] {
        let (url, codes) = sending(extension, messages);
        let ended = listen(&url, &[]);
        assert_eq!(
            (ended.status, &*ended.stdout),
            (Some(1), stdout),
            "{}",
            ended.stderr
        );
        let expected = format!("# socket error: the server violated the protocol: {expected}\n");
        assert!(ended.stderr.ends_with(&expected), "{}", ended.stderr);
        assert_eq!(codes.recv(), Ok(1007));
    }
}

#[test]
fn reserved_bits_that_are_not_of_a_compressed_message_are_invalid() {
    for frames in [
        unmasked(TEXT | 0x20, b""),
        unmasked(0x89 | RSV1, b""),
        [unmasked(0x41, b""), unmasked(CONTINUATION | RSV1, b"")].concat(),
    ] {
        let (url, codes) = sending(KEPT, frames);
        let ended = listen(&url, &[]);
        assert_eq!(ended.status, Some(1));
        assert!(ended.stderr.contains("reserved bits"), "{}", ended.stderr);
        assert_eq!(codes.recv(), Ok(1002));
    }
}

#[test]
fn a_message_that_becomes_too_long_ends_the_connection_with_1009() {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let bomb = bomb(256);
    let url = server(move |mut stream| {
        accept_with(&mut stream, KEPT)?;
        stream.write_all(&bomb).ok()?;
        let (first, payload) = frame(&mut stream)?;
        sender.lock().unwrap().send((first, payload)).ok()?;
        stream.write_all(&close(1009, "")).ok()
    });
    let ended = listen(&url, &[]);
    assert_eq!(ended.status, Some(1));
    assert!(ended.stdout.len() < 65 << 20, "{}", ended.stdout.len());
    let notes = "# socket error: the server compressed a message of more than 64 MiB: \
                 --no-compression takes any length\n";
    assert!(ended.stderr.ends_with(notes), "{}", ended.stderr);
    assert_eq!(receiver.recv(), Ok((CLOSE, 1009_u16.to_be_bytes().into())));
}

#[test]
fn a_long_message_is_inflated_in_little_memory() {
    let (url, _codes) = sending(KEPT, [bomb(60), compressed(HELLO)].concat());
    let mut pipe = Pipe::start(&url, &[]);
    assert_eq!(pipe.line().len(), 60 << 20);
    assert_eq!(pipe.line(), "Hello");
    let memory = peak_memory(pipe.child.id());
    assert!(memory.is_none_or(|it| it < MEMORY_MAX), "{memory:?} bytes");
    pipe.signal("INT");
    let ended = pipe.wait();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let savings = " KiB received instead of 60.0 MiB\n";
    assert!(ended.stderr.contains(savings), "{}", ended.stderr);
}

/// A server that sends one long message after another, and does not read.
fn flooding() -> String {
    let bomb = bomb(60);
    server(move |mut stream: TcpStream| {
        accept_with(&mut stream, FRESH)?;
        while stream.write_all(&bomb).is_ok() {}
        Some(())
    })
}

#[test]
fn a_flood_of_long_messages_does_not_keep_a_terminal_from_ending() {
    needs!(Terminal);
    let mut command = chat(&flooding(), &[]);
    let mut screen = Screen::start(command.env("TERM", "xterm").env("NO_COLOR", "1"));
    screen.wait_for_texts(r"< \u{0}", 1);
    screen.line("/quit");
    assert_eq!(screen.wait().status, Some(1));
}

#[test]
fn a_flood_of_long_messages_does_not_outlast_a_signal_or_the_reader() {
    let mut pipe = Pipe::start(&flooding(), &[]);
    pipe.line();
    pipe.signal("INT");
    let ended = pipe.wait();
    let expected = "# socket error: the server did not answer the Close frame within 5 s\n";
    assert!(ended.stderr.ends_with(expected), "{}", ended.stderr);

    let mut pipe = Pipe::start(&flooding(), &[]);
    pipe.line();
    let ended = pipe.wait_unread("more\n");
    assert!(ended.stderr.ends_with(expected), "{}", ended.stderr);
}

/// Sends messages of many lengths, and expects all of them back.
fn expect_echoes(server: &Server, options: &[&str], of: &str) {
    let long = "aß水🦀".repeat(100_000);
    let json = r#"{"name":"Ada","city":"London"}"#;
    let lines: String = (0..300)
        .map(|number| format!("{number} {json}\n"))
        .collect();
    let mut random = fastrand::Rng::with_seed(1);
    let binary: Vec<u8> = (0..200_000).map(|_| random.u8(0x80..)).collect();
    let hex: String = binary.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("hi\n\n{long}\n{lines}");
    let input = [text.as_bytes(), &binary, b"\n"].concat();
    let Outcome { stdout, stderr, .. } = talk(&server.url("/"), options, &input);
    assert!(stdout == format!("{text}0x{hex}\n"), "{of}: {stderr}");
    assert!(stderr.starts_with(OPEN), "{of}: {stderr}");
    assert!(stderr.contains("\n# compression: "), "{of}: {stderr}");
    assert!(
        stderr.ends_with("\n# socket closed 1000\n"),
        "{of}: {stderr}"
    );
}

#[test]
fn our_server_echoes_compressed_messages() {
    for options in [
        &["--no-welcome"][..],
        &["--no-welcome", "--deflate=window"],
        &["--no-welcome", "--deflate=window", "--deflate-window=9"],
        &["--no-welcome", "--deflate=unverified"],
    ] {
        let server = Server::start(options);
        expect_echoes(&server, &[], &options.concat());
    }
    let certificate = concat!(env!("CARGO_TARGET_TMPDIR"), "/chat-compressed.pem");
    let server = Server::start(&[
        "--no-welcome",
        "--tls-self-signed",
        "--tls-write-cert",
        certificate,
    ]);
    expect_echoes(&server, &["--ca", certificate], "TLS");
}

#[test]
fn our_server_that_does_not_compress_is_told_apart() {
    let server = Server::start(&["--no-welcome", "--deflate=off"]);
    assert_eq!(talk(&server.url("/"), &[], "hi\n"), super::well("hi\n"));
}

#[test]
fn servers_by_others_compress_and_inflate() {
    for compression in [
        r#"{"threshold": 0}"#,
        r#"{"threshold": 0, "serverMaxWindowBits": 9, "clientMaxWindowBits": 9}"#,
        r#"{"serverNoContextTakeover": true, "clientNoContextTakeover": true}"#,
        r#"{"threshold": 0, "clientNoContextTakeover": true, "clientMaxWindowBits": 10}"#,
        r#"{"serverNoContextTakeover": true, "zlibDeflateOptions": {"level": 0}}"#,
    ] {
        if let Some(mut command) = node_command("ws_server.cjs") {
            command.args(["127.0.0.1", "0"]).env("DEFLATE", compression);
            expect_echoes(&Server::spawn(&mut command), &[], compression);
        }
    }
    for compression in [
        "{}",
        r#"{"server_max_window_bits": 9, "client_max_window_bits": 9}"#,
        r#"{"server_no_context_takeover": true, "client_no_context_takeover": true}"#,
        r#"{"client_no_context_takeover": true, "server_max_window_bits": 12}"#,
    ] {
        if let Some(mut command) = python_command("websockets_server.py", &["127.0.0.1", "0"]) {
            command.env("DEFLATE", compression);
            expect_echoes(&Server::spawn(&mut command), &[], compression);
        }
    }
    for compression in BUN_OPTIONS {
        if let Some(mut command) = bun_command("bun_server.js") {
            command.args(["127.0.0.1", "0"]).env("DEFLATE", compression);
            expect_echoes(&Server::spawn(&mut command), &[], compression);
        }
    }
    if let Some(mut command) = aiohttp_server() {
        expect_echoes(&Server::spawn(&mut command), &[], "aiohttp");
    }
}
