//! `ws-echo check` ends, with one clear sentence, whatever is at the other end.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ws_echo_tests::mutants;
use ws_echo_tests::mutants::client::Client;
use ws_echo_tests::scripted_server::{self, accept};
use ws_echo_tests::server::{Server, command, free_address, run};

/// The exit status when there is no WebSocket server.
const NO_SERVER: i32 = 4;

/// What a check prints, and its exit status.
#[derive(Debug)]
struct Outcome {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs a check to its end, in a bounded time.
fn check(arguments: &[&str]) -> Outcome {
    let arguments = [&["check"], arguments].concat();
    let (status, stdout, stderr) = run(&mut command(arguments)).expect("the binary can be started");
    Outcome {
        status: status.code(),
        stdout,
        stderr,
    }
}

/// Asserts that a check finds no WebSocket server, and says why in one line with these words.
#[track_caller]
fn no_server(url: &str, words: &str) {
    let outcome = check(&[url, "--timeout", "1s"]);
    assert_eq!(outcome.status, Some(NO_SERVER), "{outcome:?}");
    assert!(outcome.stderr.contains(words), "{outcome:?}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
    assert_eq!(outcome.stdout, "");
}

/// A server that answers anything with these bytes, and then waits. Returns the URL.
fn answering(bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    scripted_server::server(move |mut stream| {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        stream.write_all(&bytes).ok()?;
        wait(&mut stream);
        Some(())
    })
}

/// Waits until the other end has ended the connection.
fn wait(stream: &mut TcpStream) {
    let mut bytes = [0; 4096];
    while stream.read(&mut bytes).is_ok_and(|len| len > 0) {}
}

#[test]
fn a_port_without_a_listener_is_no_server() {
    let url = format!("ws://{}/", free_address());
    no_server(&url, "cannot connect");
}

#[test]
fn a_server_that_says_nothing_is_no_server() {
    let url = scripted_server::server(|mut stream| {
        wait(&mut stream);
        None
    });
    no_server(&url, "the peer sent nothing in time");
}

#[test]
fn a_server_that_closes_at_once_is_no_server() {
    let url = scripted_server::server(|stream| {
        drop(stream);
        None
    });
    no_server(&url, "ended the connection");
}

#[test]
fn garbage_is_no_server() {
    let garbage: Vec<u8> = (0..10_000_u32)
        .map(|n| (n * 7 + n / 256) as u8 | 0x80)
        .collect();
    no_server(&answering(garbage), "this is no WebSocket server");
}

#[test]
fn a_response_without_an_end_is_no_server() {
    let url = scripted_server::server(|mut stream| {
        let line = b"Name: value\r\n".repeat(1000);
        stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\n")
            .ok()?;
        loop {
            stream.write_all(&line).ok()?;
        }
    });
    no_server(&url, "no end of a head");
}

#[test]
fn another_status_is_no_server() {
    for status in ["404 Not Found", "301 Moved Permanently", "200 OK"] {
        let response = format!(
            "HTTP/1.1 {status}\r\nLocation: http://localhost/\r\nContent-Length: 0\r\n\r\n"
        );
        no_server(&answering(response), status);
    }
}

#[test]
fn a_server_that_speaks_tls_is_recognised() {
    // A fatal alert, unexpected_message, as OpenSSL answers to plain HTTP.
    let alert = b"\x15\x03\x01\x00\x02\x02\x0A";
    no_server(&answering(alert), "write wss:// instead of ws://");
}

#[test]
fn a_server_without_tls_is_no_server_of_wss() {
    let bad = answering("HTTP/1.1 400 Bad Request\r\n\r\n");
    no_server(&bad.replace("ws://", "wss://"), "TLS");
}

#[test]
fn a_server_that_speaks_http_2_only_is_recognised() {
    let settings = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    no_server(&answering(settings), "HTTP/2");
}

#[test]
fn a_head_of_one_byte_a_second_is_not_waited_for() {
    let url = scripted_server::server(|mut stream| {
        for byte in b"HTTP/1.1 101 Switching Protocols\r\n" {
            stream.write_all(&[*byte]).ok()?;
            thread::sleep(Duration::from_secs(1));
        }
        None
    });
    no_server(&url, "and no end of a head");
}

#[test]
fn a_server_that_sends_messages_for_ever_is_no_echo_server() {
    let url = scripted_server::server(|mut stream| {
        accept(&mut stream)?;
        loop {
            stream.write_all(b"\x81\x05hello").ok()?;
        }
    });
    no_server(&url, "messages without end");
}

#[test]
fn a_server_that_closes_behind_the_handshake_is_no_server() {
    let url = scripted_server::server(|mut stream| accept(&mut stream).map(drop));
    no_server(&url, "ended the connection before anything was sent");
}

#[test]
fn a_server_that_does_not_echo_is_no_echo_server() {
    let url = scripted_server::server(|mut stream| {
        accept(&mut stream)?;
        wait(&mut stream);
        Some(())
    });
    no_server(&url, "--no-echo");
}

/// A listener of which connections are never accepted.
#[test]
fn a_server_that_accepts_nothing_is_no_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    no_server(&url, "the peer sent nothing in time");
}

/// How many connections of a server that breaks are served.
const SERVED: usize = 9;

/// A server that serves some connections as it should, and does something else with all later ones.
/// It ends when that returns `None`.
fn breaking(broken: impl Fn(TcpStream) -> Option<()> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut streams = listener.incoming().flatten();
        for stream in streams.by_ref().take(SERVED) {
            thread::spawn(move || mutants::server::serve(stream, None));
        }
        streams.map_while(broken).for_each(drop);
    });
    url
}

/// Does it in a thread, and goes on.
fn apart(work: impl FnOnce() -> Option<()> + Send + 'static) -> Option<()> {
    thread::spawn(work);
    Some(())
}

/// Asserts that a check ends early, and says why in its last line with these words.
#[track_caller]
fn ends_early(url: &str, words: &str) {
    let outcome = check(&[url, "--timeout", "1s"]);
    assert_eq!(outcome.status, Some(NO_SERVER), "{outcome:?}");
    let last = outcome.stderr.lines().last().unwrap_or_default();
    assert!(last.contains(words), "{outcome:?}");
}

#[test]
fn a_server_that_crashes_ends_the_check() {
    ends_early(&breaking(|_| None), "cannot connect");
}

#[test]
fn a_server_that_hangs_from_some_time_on_ends_the_check() {
    let url = breaking(|mut stream| {
        apart(move || {
            wait(&mut stream);
            None
        })
    });
    ends_early(&url, "nothing in time");
}

/// Asserts that some cases fail, and the check comes to its end.
#[track_caller]
fn fails(url: &str) {
    let outcome = check(&[url, "--timeout", "1s", "--case", "5.5.2-ping-with-*"]);
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("failed"), "{outcome:?}");
}

#[test]
fn garbage_behind_the_handshake_fails_the_cases() {
    let garbage = (0..10_000_u32)
        .map(|n| (n * 7 + n / 256) as u8)
        .collect::<Vec<_>>();
    fails(&misbehaving(move |stream| {
        stream.write_all(&garbage).ok()?;
        wait(stream);
        None
    }));
}

#[test]
fn messages_without_end_fail_the_cases() {
    let messages = b"\x81\x05hello".repeat(1000);
    fails(&misbehaving(move |stream| {
        loop {
            stream.write_all(&messages).ok()?;
        }
    }));
}

#[test]
fn a_byte_a_second_fails_the_cases() {
    fails(&misbehaving(|stream| {
        // The Pong of a long payload, which never gets complete.
        for byte in b"\x8A\x7D".iter().chain(&[b'*'; 125]) {
            stream.write_all(&[*byte]).ok()?;
            thread::sleep(Duration::from_secs(1));
        }
        None
    }));
}

#[test]
fn a_server_that_never_reads_fails_the_cases() {
    fails(&misbehaving(|_| {
        thread::park();
        None
    }));
}

/// A server that is fine on the first connection, by which it is looked at, and opens all others
/// before it does something else.
fn misbehaving(after: impl Fn(&mut TcpStream) -> Option<()> + Send + Sync + 'static) -> String {
    let count = AtomicUsize::new(0);
    scripted_server::server(move |mut stream| {
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            mutants::server::serve(stream, None);
            return None;
        }
        accept(&mut stream)?;
        after(&mut stream)
    })
}

/// A check of clients, while one of them misbehaves: another client is answered all the same, and a
/// signal ends the check. Returns its exit status and the last line of its log.
fn listening(misbehave: impl FnOnce(SocketAddr) -> TcpStream) -> (Option<i32>, String) {
    let arguments = ["check", "--listen", "127.0.0.1:0", "--case", "5.5.2-*"];
    let mut tester = Server::spawn(command(arguments).stderr(Stdio::piped()));
    let stream = misbehave(tester.address);
    let host = tester.address.to_string();
    let client = Client {
        host: &host,
        agent: "another",
        fault: None,
    };
    assert!(client.case_count().expect("it answers") > 0);
    tester.ask_to_stop();
    let status = tester.wait().code();
    drop(stream);
    let log = tester.log();
    (status, log.lines().last().unwrap_or_default().to_owned())
}

/// A client that sends these bytes, and then nothing.
fn sending(bytes: impl AsRef<[u8]>) -> impl FnOnce(SocketAddr) -> TcpStream {
    move |address| {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(bytes.as_ref()).expect("it is there");
        stream
    }
}

#[test]
fn clients_that_do_not_speak_http_do_not_stop_the_check() {
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03".to_vec();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    let others = [
        Vec::new(),
        vec![0xFF; 10_000],
        hello,
        preface,
        b"GET /getCase".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"GET /runCase?case=1&agent=a HTTP/1.1\r\n".to_vec(),
    ];
    for bytes in others {
        let (status, log) = listening(sending(&bytes));
        let end = (status, log.as_str());
        assert_eq!(
            end,
            (Some(NO_SERVER), "ws-echo: no client has run a case"),
            "{bytes:?}"
        );
    }
}

#[test]
fn a_client_that_sends_a_head_without_an_end_does_not_stop_the_check() {
    let (status, _) = listening(|address| {
        let stream = TcpStream::connect(address).expect("it listens");
        let mut writing = stream.try_clone().expect("it is there");
        thread::spawn(move || {
            let _ = writing.write_all(b"GET /runCase?case=1&agent=a HTTP/1.1\r\n");
            let line = b"Name: value\r\n".repeat(1000);
            while writing.write_all(&line).is_ok() {}
        });
        stream
    });
    assert_eq!(status, Some(NO_SERVER));
}

/// A client that opens a connection for a case, and then sends these bytes.
fn opening(bytes: &'static [u8]) -> impl FnOnce(SocketAddr) -> TcpStream {
    move |address| {
        let request = format!(
            "GET /runCase?case=1&agent=odd HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n"
        );
        let mut stream = sending(request)(address);
        scripted_server::request(&mut stream).expect("a response");
        let _ = stream.write_all(bytes);
        stream
    }
}

#[test]
fn clients_that_misbehave_in_a_case_do_not_stop_the_check() {
    for bytes in [&b""[..], &[0xFF; 10_000], b"\x8A\xFD"] {
        let (status, log) = listening(opening(bytes));
        assert!(matches!(status, Some(1 | NO_SERVER)), "{status:?} {log}");
    }
}

#[test]
fn a_client_that_vanishes_in_a_case_has_failed_it() {
    let (status, log) = listening(|address| {
        let stream = opening(b"")(address);
        stream.shutdown(Shutdown::Both).expect("it is there");
        stream
    });
    assert!(matches!(status, Some(1 | NO_SERVER)), "{status:?} {log}");
}
