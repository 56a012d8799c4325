//! The physical limit: a mio loop that reads bytes and writes the same bytes back.
//!
//!     raw PORT BUFFER_LEN [touch]
//!
//! It does with its sockets what ws-echo does, and nothing else: one poll, one edge-triggered
//! registration for both directions, one read of up to a buffer's length, one write at once. While
//! a client does not take its output, nothing is read from it. It answers the opening handshake, so
//! that it can be loaded in the same way. After that it knows nothing of frames, and its echoes are
//! masked like their originals.
//!
//! With `touch` it reads and writes each byte once, as unmasking must: no WebSocket server can
//! avoid this cost.

use std::hint::black_box;
use std::io::{self, ErrorKind, Read, Write};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

/// How many events are taken at once.
const EVENTS_LEN: usize = 1024;
const LISTENER: Token = Token(0);
const FIRST_CLIENT: usize = 1;

struct Client {
    socket: TcpStream,
    /// The request, until it is complete.
    head: Option<Vec<u8>>,
    /// The bytes that the client has not taken yet.
    rest: Vec<u8>,
    /// Whether the socket may hold bytes.
    is_readable: bool,
}

fn main() -> io::Result<()> {
    let buffer_len = std::env::args().nth(2).and_then(|len| len.parse().ok());
    let buffer_len: usize = buffer_len.ok_or(ErrorKind::InvalidInput)?;
    let touches = std::env::args().nth(3).is_some();
    let mut buffer = vec![0; buffer_len];
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(EVENTS_LEN);
    let mut listener = TcpListener::from_std(peers::listen(peers::port()?)?);
    let mut clients = Slab::new();
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut clients)?;
                continue;
            }
            let key = event.token().0 - FIRST_CLIENT;
            if clients[key].turn(event, &mut buffer, touches).is_err() {
                clients.remove(key);
            }
        }
    }
}

/// Masks bytes with a key of zeros, which the compiler does not know.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn touch(bytes: &mut [u8]) {
    let key = black_box(0);
    for byte in bytes {
        *byte ^= key;
    }
}

fn accept(listener: &TcpListener, poll: &Poll, clients: &mut Slab<Client>) -> io::Result<()> {
    loop {
        let mut socket = match listener.accept() {
            Ok((socket, _)) => socket,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        socket.set_nodelay(true)?;
        let entry = clients.vacant_entry();
        let token = Token(FIRST_CLIENT + entry.key());
        let interest = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY;
        poll.registry().register(&mut socket, token, interest)?;
        entry.insert(Client {
            socket,
            head: Some(Vec::new()),
            rest: Vec::new(),
            is_readable: false,
        });
    }
}

impl Client {
    /// Echoes the available bytes. An error ends the connection.
    fn turn(&mut self, event: &Event, buffer: &mut [u8], touches: bool) -> io::Result<()> {
        self.is_readable |= event.is_readable();
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            self.write(&rest)?;
        }
        while self.is_readable && self.rest.is_empty() {
            let len = match self.socket.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.is_readable = false;
                    break;
                }
                Err(error) => return Err(error),
            };
            // A read that returns less than it was offered has drained the socket, or ends at
            // urgent data.
            self.is_readable = len == buffer.len() || event.is_read_closed() || event.is_priority();
            if touches {
                touch(&mut buffer[..len]);
            }
            self.answer(&buffer[..len])?;
        }
        Ok(())
    }

    fn answer(&mut self, received: &[u8]) -> io::Result<()> {
        let Some(head) = &mut self.head else {
            return self.write(received);
        };
        head.extend_from_slice(received);
        if head.ends_with(b"\r\n\r\n") {
            let response = peers::response(head)?;
            self.head = None;
            self.write(response.as_bytes())?;
        }
        Ok(())
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.socket.write(bytes) {
                Ok(len) => bytes = &bytes[len..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.rest = bytes.to_vec();
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
