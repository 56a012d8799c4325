//! Clients in memory, in four bytes each: what a client does next is all its state. Clients that
//! have something to send are on a list, as a poll would report them.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Read, Write};

use ws_echo::Transport;

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\
    \x81\x17Welcome to Awesome Chat";
const PING: &[u8] = b"\x89\x00";
const PONG: &[u8] = b"\x8a\x80\x37\xfa\x21\x3d";
/// "Hello" as in RFC 6455 section 5.7.
const MESSAGE: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const ECHO: &[u8] = b"\x81\x05Hello";

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts::NONE) };
    static ANSWERING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// What all clients have done together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) opened: usize,
    pub(crate) pings: usize,
    pub(crate) pongs: usize,
    pub(crate) echoes: usize,
}

impl Counts {
    const NONE: Self = Self {
        opened: 0,
        pings: 0,
        pongs: 0,
        echoes: 0,
    };
}

pub(crate) fn counts() -> Counts {
    COUNTS.get()
}

fn count(change: impl FnOnce(&mut Counts)) {
    let mut counts = COUNTS.get();
    change(&mut counts);
    COUNTS.set(counts);
}

/// Takes the keys of the clients that have received a Ping and not sent a Pong.
pub(crate) fn each_that_answers(work: impl FnMut(usize)) {
    let mut keys = ANSWERING.take();
    keys.drain(..).for_each(work);
    // The memory of the list is used again.
    ANSWERING.set(keys);
}

/// What a client does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    SendRequest,
    ReceiveResponse,
    /// Send a message when it is read from.
    Rest,
    ReceiveEcho,
    SendPong,
}

const NEXT: [Next; 5] = [
    Next::SendRequest,
    Next::ReceiveResponse,
    Next::Rest,
    Next::ReceiveEcho,
    Next::SendPong,
];

/// A client, as the server's transport.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Its key, and in the highest byte what it does next: it is as small as a socket.
    key_and_next: u32,
}

const KEY_BITS: u32 = 24;

impl Peer {
    pub(crate) fn new(key: usize) -> Self {
        assert!(key < 1 << KEY_BITS, "there are few enough");
        let key_and_next = key as u32;
        Self { key_and_next }
    }

    fn key(&self) -> usize {
        (self.key_and_next & ((1 << KEY_BITS) - 1)) as usize
    }

    fn next(&self) -> Next {
        NEXT[(self.key_and_next >> KEY_BITS) as usize]
    }

    fn go_on_with(&mut self, next: Next) {
        self.key_and_next = self.key() as u32 | (next as u32) << KEY_BITS;
    }
}

impl Read for Peer {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let (sent, next) = match self.next() {
            Next::SendRequest => (REQUEST, Next::ReceiveResponse),
            Next::Rest => (MESSAGE, Next::ReceiveEcho),
            Next::SendPong => {
                count(|counts| counts.pongs += 1);
                (PONG, Next::Rest)
            }
            Next::ReceiveResponse | Next::ReceiveEcho => return Err(ErrorKind::WouldBlock.into()),
        };
        self.go_on_with(next);
        bytes[..sent.len()].copy_from_slice(sent);
        Ok(sent.len())
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.next() {
            Next::ReceiveResponse => {
                assert_eq!(bytes, RESPONSE);
                count(|counts| counts.opened += 1);
                self.go_on_with(Next::Rest);
            }
            Next::ReceiveEcho => {
                assert_eq!(bytes, ECHO);
                count(|counts| counts.echoes += 1);
                self.go_on_with(Next::Rest);
            }
            Next::Rest => {
                assert_eq!(bytes, PING);
                count(|counts| counts.pings += 1);
                ANSWERING.with_borrow_mut(|keys| keys.push(self.key()));
                self.go_on_with(Next::SendPong);
            }
            Next::SendRequest | Next::SendPong => panic!("nothing is received then: {bytes:?}"),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Peer {
    fn shut(&mut self) -> io::Result<()> {
        panic!("no connection ends")
    }

    fn reset(&mut self) -> io::Result<()> {
        Ok(())
    }
}
