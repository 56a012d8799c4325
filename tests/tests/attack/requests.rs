//! Requests that never end, are too large, are invalid, or say what a server must not believe.

use std::iter;
use std::time::Duration;

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::wire::{Frame, TEXT, masked};

use crate::table::Row;
use crate::target::{Cost, OPENING, SMALL_BUFFER, Target, at_once, status};

/// The memory of this many connections in the opening handshake.
const fn opening(clients: usize) -> u64 {
    clients as u64 * (OPENING + SMALL_BUFFER)
}

/// One byte at a time, until the server has waited long enough.
pub(crate) fn heads_that_never_end() -> Row {
    const CLIENTS: usize = 20;
    const PAUSE: Duration = Duration::from_millis(5);
    let target = Target::start(&["--handshake-timeout", "500ms"]);
    let sent = at_once(CLIENTS, |_| {
        let mut client = Client::connect(target.address());
        let head = b"GET / HTTP/1.1\r\nX-Endless: ".iter();
        let bytes = head.chain(iter::repeat(&b'x'));
        let taken = bytes.take_while(|byte| {
            client.send([**byte]);
            !client.is_answered_within(PAUSE)
        });
        let sent = taken.count() + 1;
        assert_eq!(status(&mut client).as_deref(), Some("408"));
        sent
    });
    target.logged(CLIENTS, "408 Request Timeout");
    let cost = Cost {
        memory: opening(CLIENTS),
        log_lines: CLIENTS,
    };
    let bytes: usize = sent.iter().sum();
    let done = format!("{CLIENTS} clients, {bytes} bytes one by one");
    target.row(cost, done, "408 to each")
}

pub(crate) fn heads_too_large() -> Row {
    const CLIENTS: usize = 20;
    let target = Target::start(&[]);
    let headers = |count| -> String { (0..count).map(|i| format!("X-{i}: x\r\n")).collect() };
    let with = |headers: &str| request("/").replace("Host:", &format!("{headers}Host:"));
    let requests = [
        request(&format!("/{}", "x".repeat(8 << 10))),
        with(&format!("X-Long: {}\r\n", "x".repeat(8 << 10))),
        with(&headers(65)),
        with(&headers(500)),
    ];
    for request in &requests {
        for status in at_once(CLIENTS, |_| refused(&target, request.as_bytes())) {
            assert_eq!(status, "431");
        }
    }
    let all = CLIENTS * requests.len();
    target.logged(all, "431 Request Header Fields Too Large");
    let cost = Cost {
        memory: opening(CLIENTS),
        log_lines: all,
    };
    let done = format!("{all} heads over 8 KiB, or of 65 headers and more");
    target.row(cost, done, "431 to each")
}

/// All of it is sent before the answer is read.
pub(crate) fn header_of_10_mb() -> Row {
    const CLIENTS: usize = 4;
    // Long enough for all of it, on any machine.
    let target = Target::start(&["--close-timeout", "60s"]);
    let header = "x".repeat(10_000_000);
    let request = request("/").replace("Host:", &format!("X-Gigantic: {header}\r\nHost:"));
    for status in at_once(CLIENTS, |_| refused(&target, request.as_bytes())) {
        assert_eq!(status, "431");
    }
    let cost = Cost {
        memory: opening(CLIENTS),
        log_lines: CLIENTS,
    };
    let done = format!("{CLIENTS} heads with a header of 10 MB");
    target.row(cost, done, "431 to each")
}

pub(crate) fn no_requests() -> Row {
    const CLIENTS: usize = 5;
    let target = Target::start(&[]);
    let with = |from, to| request("/").replace(from, to).into_bytes();
    let requests = [
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), "505"),
        (vec![0; 1], "400"),
        (vec![0; 100_000], "400"),
        (with("localhost", "local\0host"), "400"),
        (with("GET /", "GET /\0"), "400"),
        (with("Host:", "X: \0\r\nHost:"), "400"),
        (with("Host:", "\0: x\r\nHost:"), "400"),
        (b"\r\n".repeat(10_000), "400"),
        (b"GET / HTTP/1.1\r\n".repeat(10_000), "400"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "400"),
        (b"*1\r\n$4\r\nINFO\r\n".to_vec(), "400"),
    ];
    for (request, expected) in &requests {
        for status in at_once(CLIENTS, |_| refused(&target, request)) {
            assert_eq!(
                status,
                *expected,
                "{}",
                request[..20.min(request.len())].escape_ascii()
            );
        }
    }
    let all = CLIENTS * requests.len();
    let cost = Cost {
        memory: opening(CLIENTS),
        log_lines: all,
    };
    let done = format!("{all}: HTTP/2, NULs, SSH, line ends, ...");
    target.row(cost, done, "505 to HTTP/2, 400 to the others")
}

/// A client that speaks TLS to a server without TLS gets the answer in TLS: the alert
/// protocol_version.
pub(crate) fn tls_without_tls() -> Row {
    const CLIENTS: usize = 50;
    let target = Target::start(&[]);
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let hello = [&hello[..], &[0x5A; 500]].concat();
    for answer in at_once(CLIENTS, |i| {
        let mut client = Client::connect(target.address());
        client.try_send(&hello[..=i * 10]);
        client.shut();
        client.receive_rest()
    }) {
        assert_eq!(answer, b"\x15\x03\x03\0\x02\x02\x46");
    }
    target.logged(CLIENTS, "TLS: this port has none; write ws://");
    let cost = Cost {
        memory: opening(CLIENTS),
        log_lines: CLIENTS,
    };
    let done = format!("{CLIENTS} begin a handshake of TLS");
    target.row(cost, done, "the alert protocol_version to each")
}

/// Bytes after a head that announces a body are not frames.
pub(crate) fn bodies() -> Row {
    let target = Target::start(&[]);
    let with = |header: &str| request("/").replace("Host:", &format!("{header}\r\nHost:"));
    let frame = masked(TEXT, "smuggled");
    let refusals = [
        "Content-Length: 14",
        "Content-Length: +0",
        "Content-Length: 0, 14",
        "Content-Length: 0\r\nContent-Length: 14",
        "Content-Length:",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
    ];
    for header in refusals {
        let bytes = [with(header).as_bytes(), &frame].concat();
        let mut client = Client::connect(target.address());
        client.send(bytes);
        client.shut();
        let answer = String::from_utf8(client.receive_rest()).expect("no frame comes");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{header}: {answer}");
        assert!(!answer.contains("smuggled"), "{header}: {answer}");
    }
    // An empty body is not a body.
    let mut client = Client::connect(target.address());
    client.send([with("Content-Length: 0").as_bytes(), &frame].concat());
    assert_eq!(status(&mut client).as_deref(), Some("101"));
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "smuggled")));
    drop(client);
    let cost = Cost {
        memory: opening(1),
        log_lines: refusals.len() + 2,
    };
    let done = format!("{} bodies announced, frames after them", refusals.len());
    target.row(cost, done, "400 to each, and no echo")
}

pub(crate) fn garbage_after_a_request() -> Row {
    const CLIENTS: usize = 50;
    let target = Target::start(&[]);
    let closed = |garbage: &[u8]| {
        let mut client = Client::connect(target.address());
        client.send([request("/").as_bytes(), garbage].concat());
        client.shut();
        assert_eq!(status(&mut client).as_deref(), Some("101"));
        assert_eq!(client.receive_frame(), Some(Frame::close(1002)));
        assert_eq!(client.receive_frame(), None);
    };
    at_once(CLIENTS, |i| {
        let mut random = fastrand::Rng::with_seed(i as u64);
        let mut bytes: Vec<u8> = (0..2000).map(|_| random.u8(..)).collect();
        // Reserved bits: whatever follows, this is not a frame.
        bytes[0] |= 0x70;
        closed(&bytes);
    });
    // A second request, as to a server that accepts several.
    at_once(CLIENTS, |_| closed(request("/").as_bytes()));
    let cost = Cost {
        memory: opening(CLIENTS),
        log_lines: 4 * CLIENTS,
    };
    let done = format!("{} requests with garbage or another request", 2 * CLIENTS);
    target.row(cost, done, "101 and Close 1002 to each")
}

pub(crate) fn cross_site_page() -> Row {
    const CLIENTS: usize = 200;
    let target = Target::start(&[]);
    let request = request("/").replace("Host:", "Origin: https://evil.example\r\nHost:");
    for status in (0..CLIENTS).map(|_| refused(&target, request.as_bytes())) {
        assert_eq!(status, "403");
    }
    target.logged(CLIENTS, "--origin https://evil.example");
    let cost = Cost {
        memory: opening(1),
        log_lines: CLIENTS,
    };
    target.row(cost, format!("{CLIENTS} requests"), "403 to each")
}

/// Sends all of a request before anything is received. Returns the status of the response.
fn refused(target: &Target, request: &[u8]) -> String {
    let mut client = Client::connect(target.address());
    client.send(request);
    client.shut();
    let status = status(&mut client).expect("a response");
    client.receive_rest();
    status
}
