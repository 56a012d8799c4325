//! A driver for the client that firmware can copy: it is given messages to send, and records the
//! client's events.

use std::cell::Cell;
use std::collections::VecDeque;

use smoltcp::iface::{Context, SocketSet};
use smoltcp::socket::tcp::Socket;
use smoltcp::time::Instant;
use smoltcp::wire::IpEndpoint;
use ws_echo_core::{
    ClientRequest, CloseCode, Fin, Message, ProtocolError, ResponseError, SendError,
};
use ws_echo_tests::wire::{BINARY, Frame, TEXT};

use crate::client::{Change, Client, ConnectError};

/// The longest head of a response, in bytes.
const HEAD_LEN: usize = 256;

/// An event of the client, with messages in place of their pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Opened(Option<String>),
    Refused(ResponseError),
    Message(Frame),
    Closed(Option<u16>, String),
    Failed(ProtocolError),
    TimedOut,
    Gone,
}

pub(crate) struct Driven {
    client: Client<'static, HEAD_LEN>,
    /// Whether the program is busy, and polls only its interface.
    pub(crate) is_busy: bool,
    /// The messages to send, and how much of the first has been sent.
    words: VecDeque<Frame>,
    sent: usize,
    /// How many data frames were sent.
    pub(crate) fragments: usize,
    /// The code and the reason to close with, once everything is sent.
    farewell: Option<(CloseCode, &'static str)>,
    /// The beginning of a message that is being received.
    begun: Option<Frame>,
    pub(crate) told: Vec<Told>,
}

impl Driven {
    pub(crate) fn new(
        sockets: &mut SocketSet<'static>,
        socket: Socket<'static>,
        buffer_len: usize,
    ) -> Self {
        let buffer = Box::leak(vec![0; buffer_len].into_boxed_slice());
        Self {
            client: Client::new(sockets, socket, buffer, entropy),
            is_busy: false,
            words: VecDeque::new(),
            sent: 0,
            fragments: 0,
            farewell: None,
            begun: None,
            told: Vec::new(),
        }
    }

    pub(crate) fn connect(
        &mut self,
        sockets: &mut SocketSet<'static>,
        context: &mut Context,
        server: impl Into<IpEndpoint>,
        request: ClientRequest<'static>,
        now: Instant,
    ) -> Result<(), ConnectError> {
        self.words.clear();
        self.sent = 0;
        self.begun = None;
        self.client.connect(sockets, context, server, request, now)
    }

    pub(crate) fn say(&mut self, message: Frame) {
        self.words.push_back(message);
    }

    /// Closes, after everything that is left to send.
    pub(crate) fn close(&mut self, code: CloseCode, reason: &'static str) {
        self.farewell = Some((code, reason));
    }

    pub(crate) fn poll_at(&self) -> Option<Instant> {
        self.client.poll_at()
    }

    /// Receives, then sends.
    pub(crate) fn turn(&mut self, sockets: &mut SocketSet<'static>, now: Instant) {
        if self.is_busy {
            return;
        }
        let Self {
            client,
            begun,
            told,
            ..
        } = self;
        client.poll(sockets, now, |change| told.extend(hear(begun, change)));
        while self.speak(sockets, now) {}
        if self.words.is_empty()
            && let Some((code, reason)) = self.farewell
            && self.client.close(sockets, code, reason, now) != Err(SendError::Full)
        {
            self.farewell = None;
        }
    }

    /// Sends as much of the next message as there is room for. Returns whether that was something.
    pub(crate) fn speak(&mut self, sockets: &mut SocketSet<'static>, now: Instant) -> bool {
        let Some(message) = self.words.front() else {
            return false;
        };
        let rest = &message.payload[self.sent..];
        let rest = match message.first {
            TEXT => Message::Text(str::from_utf8(rest).expect("no character was cut")),
            _ => Message::Binary(rest),
        };
        match self.client.send(sockets, rest, now) {
            Ok(Some(left)) if left == rest => return false,
            Ok(Some(left)) => self.sent = message.payload.len() - payload(left).len(),
            Ok(None) => {
                self.sent = 0;
                self.words.pop_front();
            }
            Err(SendError::Closed) => return false,
            Err(error) => panic!("{error}"),
        }
        self.fragments += 1;
        true
    }
}

fn hear(begun: &mut Option<Frame>, change: Change<'_>) -> Option<Told> {
    Some(match change {
        Change::Opened { subprotocol } => Told::Opened(subprotocol.map(str::to_owned)),
        Change::Refused(error) => Told::Refused(error),
        Change::Received(piece, fin) => {
            let first = match piece {
                Message::Text(_) => TEXT,
                Message::Binary(_) => BINARY,
            };
            let message = begun.get_or_insert_with(|| Frame::new(first, ""));
            assert_eq!(message.first, first, "all pieces are of one kind");
            message.payload.extend(payload(piece));
            if fin == Fin::More {
                return None;
            }
            Told::Message(begun.take()?)
        }
        Change::Closed { code, reason } => Told::Closed(code.map(CloseCode::get), reason.into()),
        Change::Failed(error) => Told::Failed(error),
        Change::TimedOut => Told::TimedOut,
        Change::Gone => Told::Gone,
    })
}

fn payload(message: Message<'_>) -> &[u8] {
    match message {
        Message::Text(text) => text.as_bytes(),
        Message::Binary(bytes) => bytes,
    }
}

/// Bytes that differ each time, and are the same in every run.
fn entropy() -> [u8; 4] {
    thread_local!(static NUMBER: Cell<u32> = const { Cell::new(0) });
    NUMBER.set(NUMBER.get().wrapping_mul(0x9E37_79B9).wrapping_add(1));
    NUMBER.get().to_be_bytes()
}
