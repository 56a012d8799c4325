//! The same in a whole worker without its sockets: whom the server takes for the client.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Instant;

use ipnet::IpNet;
use ws_echo::{Clients, Forwarded, Readiness, ServeOptions, Transport, Trust, TrustedProxy};

use super::with_request;

/// The network that is trusted, and addresses in it and beside it.
const TRUSTED: &str = "10.0.0.0/8";
const INSIDE: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 3);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(11, 1, 2, 3);

// A command line takes longer to parse than a request does.
static TRUSTING: LazyLock<ServeOptions> =
    LazyLock::new(|| options(&["--threads=1", &format!("--trust-proxy={TRUSTED}")]));
static TRUSTING_NOBODY: LazyLock<ServeOptions> = LazyLock::new(|| options(&["--threads=1"]));

fn options(flags: &[&str]) -> ServeOptions {
    ServeOptions::parse(flags).expect("a right command line")
}

/// A client that sends a request, and what it has received.
struct Memory {
    peer: SocketAddr,
    input: Vec<u8>,
    output: Rc<RefCell<Vec<u8>>>,
}

/// Asserts that a trusted client may name another, and another client may not.
pub(super) fn check(headers: &[u8], is_trusted: bool, is_for_websocket: bool) {
    let peer = SocketAddr::from((if is_trusted { INSIDE } else { OUTSIDE }, 4711));
    let line = if is_for_websocket {
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    } else {
        "GET /test/request HTTP/1.1\r\nHost: a"
    };
    let request = [line.as_bytes(), headers, b"\r\n\r\n"].concat();
    let answer = answer(&TRUSTING, peer, &request);
    if !is_trusted {
        let expected = self::answer(&TRUSTING_NOBODY, peer, &request);
        let [answer, expected] = [answer, expected].map(|it| it.escape_ascii().to_string());
        return assert_eq!(answer, expected, "it has an effect");
    }
    let answer = String::from_utf8_lossy(&answer);
    if !is_for_websocket && answer.starts_with("HTTP/1.1 200 ") {
        with_request(headers, b"", |request| {
            let network: IpNet = TRUSTED.parse().expect("a network");
            let trust = Trust::new(&[TrustedProxy::Network(network)]);
            let found = Forwarded::read(request, &trust).expect("it was answered");
            let client = found.client.unwrap_or(peer);
            let expected = match client.port() {
                0 => format!("\"peer\":\"{}\"", client.ip()),
                _ => format!("\"peer\":\"{client}\""),
            };
            assert!(answer.contains(&expected), "{expected}: {answer}");
        });
    }
}

/// All that a server sends to this client.
fn answer(options: &ServeOptions, peer: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut clients = Clients::new(options, Instant::now());
    let output = Rc::default();
    let client = Memory {
        peer,
        input: request.to_vec(),
        output: Rc::clone(&output),
    };
    let key = clients.add(client, peer).expect("there is room");
    clients.handle(key, Readiness::Data);
    while clients.timeout().is_some_and(|timeout| timeout.is_zero()) {
        clients.run_queued();
    }
    drop(clients);
    output.take()
}

impl Read for Memory {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let len = bytes.len().min(self.input.len());
        bytes[..len].copy_from_slice(&self.input[..len]);
        self.input.drain(..len);
        Ok(len)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Memory {
    fn shut(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn remote_address(&self) -> Option<SocketAddr> {
        Some(self.peer)
    }
}
