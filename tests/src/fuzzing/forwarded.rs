//! Reading the headers in which trusted proxies name the client. Whatever a client has sent, it
//! does not hide what a trusted proxy adds at the right. Nothing to the left of a hop that is not
//! trusted counts, and what is malformed names nobody. A server answers a client that is no trusted
//! proxy as if nobody were trusted.
//!
//! `expected` has a reader of its own, from the left.

mod expected;
mod in_server;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use ws_echo::{Contradiction, Forwarded, Scheme, Trust, TrustedProxy};
use ws_echo_core::{Buffer, Progress, Request, ServerHandshake};

use super::Script;

/// The words of headers: see [`Script::words`].
const WORDS: [&str; 44] = [
    "\r\nForwarded: ",
    "\r\nX-Forwarded-For: ",
    "\r\nX-Forwarded-Host: ",
    "\r\nX-Forwarded-Proto: ",
    "\r\nforwarded:",
    "\r\nx-forwarded-for:",
    "\r\nOrigin: http://b",
    "\r\nX: ",
    "for=",
    "For=",
    "host=",
    "proto=",
    "by=",
    "secret=",
    ", ",
    ",",
    ";",
    " ; ",
    "=",
    "\"",
    "\\\"",
    "\\\\",
    "10.0.0.1",
    "10.0.0.2",
    "192.0.2.1",
    "192.0.2.2:80",
    "198.51.100.9",
    "\"[2001:db8::1]\"",
    "\"[2001:db8::2]:4711\"",
    "2001:db8::3",
    "[::1]:_port",
    "::ffff:10.0.0.3",
    "unknown",
    "_hidden",
    "0.0.0.0",
    ":",
    "65536",
    "https",
    "ws",
    "wss",
    "a:1",
    "b",
    "%1",
    "\t",
];

/// The longest head.
const HEAD_LEN: usize = 8 << 10;
/// A client's address, as a proxy adds it. Runs that trust it do not ask for it.
const CLIENT: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);

/// Bytes: a mode, the networks that are trusted, and headers. Bits of the mode: 0 and 1: the count
/// of networks; 2: `unix` is trusted; 3: a server answers too; 4: its client is trusted; 5: the
/// request is for a WebSocket.
///
/// # Panics
///
/// If a promise is broken.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let mode = script.byte();
    let networks: Vec<_> = (0..mode & 3).map(|_| network(&mut script)).collect();
    let headers = script.words(&WORDS);
    let mut trusted: Vec<_> = networks
        .iter()
        .copied()
        .map(TrustedProxy::Network)
        .collect();
    if mode & 4 != 0 {
        trusted.push(TrustedProxy::Unix);
    }
    let trust = Trust::new(&trusted);
    let is_trusted = |address: IpAddr| networks.iter().any(|&it| expected::has(it, address));
    for address in [CLIENT.into(), IpAddr::V6(CLIENT.to_ipv6_mapped())] {
        assert_eq!(trust.has(address), is_trusted(CLIENT.into()));
    }
    with_request(&headers, b"", |request| {
        let found = Forwarded::read(request, &trust);
        expected::compare(request, found, &is_trusted);
    });
    if !is_trusted(CLIENT.into()) {
        check_added(&headers, &trust);
    }
    if mode & 8 != 0 {
        in_server::check(&headers, mode & 0x10 != 0, mode & 0x20 != 0);
    }
}

/// A network. Bits of its first byte: 0: IPv6; 1: an address of a [word](WORDS).
fn network(script: &mut Script<'_>) -> IpNet {
    let [kind, len] = script.array();
    let address: IpAddr = match kind & 3 {
        0 => Ipv4Addr::from(script.array::<4>()).into(),
        1 => Ipv6Addr::from(script.array::<16>()).into(),
        2 => Ipv4Addr::new(10, 0, 0, 1).into(),
        _ => Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1).into(),
    };
    let address = address.to_canonical();
    let bits = if address.is_ipv4() { 32 } else { 128 };
    IpNet::new(address, len % (bits + 1)).expect("it is no longer")
}

/// Calls `check` with a request that has these headers, each behind a line end, and then these
/// lines. Does nothing if they are no headers.
fn with_request(headers: &[u8], more: &[u8], check: impl FnOnce(&Request<'_>)) {
    let start = b"GET / HTTP/1.1\r\nHost: a";
    let bytes = [&start[..], headers, more, b"\r\n\r\n"].concat();
    let mut handshake = ServerHandshake::<HEAD_LEN, true>::with_http_1_0();
    let mut buffer = Buffer::new(vec![0; ws_echo_core::MIN_BUFFER_LEN + bytes.len()]);
    buffer.spare_mut()[..bytes.len()].copy_from_slice(&bytes);
    buffer.commit(bytes.len());
    let progress = handshake.advance(&mut buffer);
    // The head may end before these lines.
    if progress == Ok(Progress::Request) && buffer.received().is_empty() {
        check(&handshake.request());
    }
}

/// Asserts that the client is the one that a trusted proxy adds, whatever is to the left of it: in
/// the same line or in one of its own.
fn check_added(headers: &[u8], trust: &Trust) {
    let named = |found: Result<Forwarded<'_>, Contradiction>| {
        let client = found.map(|it| it.client.map(|client| client.ip()));
        // Nobody knows which header the proxy has added to.
        assert!(matches!(client, Err(_) | Ok(Some(IpAddr::V4(CLIENT)))));
    };
    for (name, value) in [("Forwarded", "for="), ("X-Forwarded-For", "")] {
        for more in [
            format!("\r\n{name}: {value}{CLIENT}"),
            format!("\r\n{name}: {value}{CLIENT};host=b;proto=https"),
        ] {
            if name == "Forwarded" || !more.contains(';') {
                with_request(headers, more.as_bytes(), |request| {
                    named(Forwarded::read(request, trust));
                });
            }
        }
    }
    // A client's own header, which a proxy goes on with.
    let client: Vec<u8> = headers
        .iter()
        .copied()
        .filter(|byte| !b"\r\n".contains(byte))
        .collect();
    let line = [
        b"\r\nForwarded: ",
        &client[..],
        b",for=",
        CLIENT.to_string().as_bytes(),
    ]
    .concat();
    with_request(
        b"",
        &[&line[..], b";host=b;proto=https"].concat(),
        |request| {
            let expected = Forwarded {
                client: Some((CLIENT, 0).into()),
                host: Some(b"b"),
                scheme: Some(Scheme::Tls),
            };
            assert_eq!(Forwarded::read(request, trust), Ok(expected));
        },
    );
    let line = [
        b"\r\nX-Forwarded-For: ",
        &client[..],
        b",",
        CLIENT.to_string().as_bytes(),
    ]
    .concat();
    with_request(b"", &line, |request| named(Forwarded::read(request, trust)));
}
