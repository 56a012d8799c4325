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
pub(crate) enum ClientEvent {
    Opened(Option<String>),
    Refused(ResponseError),
    Message(Frame),
    Closed(Option<u16>, String),
    Failed(ProtocolError),
    TimedOut,
    Gone,
}

pub(crate) struct ClientDriver {
    client: Client<'static, HEAD_LEN>,
    /// Whether the program is busy, and polls only its interface.
    pub(crate) is_busy: bool,
    /// The messages to send, and how much of the first has been sent.
    messages: VecDeque<Frame>,
    sent: usize,
    /// How many data frames were sent.
    pub(crate) fragments: usize,
    /// The code and the reason to close with, once everything is sent.
    closing: Option<(CloseCode, &'static str)>,
    /// The beginning of a message that is being received.
    partial: Option<Frame>,
    pub(crate) events: Vec<ClientEvent>,
}

impl ClientDriver {
    pub(crate) fn new(
        sockets: &mut SocketSet<'static>,
        socket: Socket<'static>,
        buffer_len: usize,
    ) -> Self {
        let buffer = Box::leak(vec![0; buffer_len].into_boxed_slice());
        Self {
            client: Client::new(sockets, socket, buffer, entropy),
            is_busy: false,
            messages: VecDeque::new(),
            sent: 0,
            fragments: 0,
            closing: None,
            partial: None,
            events: Vec::new(),
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
        self.messages.clear();
        self.sent = 0;
        self.partial = None;
        self.client.connect(sockets, context, server, request, now)
    }

    pub(crate) fn send(&mut self, message: Frame) {
        self.messages.push_back(message);
    }

    /// Closes, after everything that is left to send.
    pub(crate) fn close(&mut self, code: CloseCode, reason: &'static str) {
        self.closing = Some((code, reason));
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
            partial,
            events,
            ..
        } = self;
        client.poll(sockets, now, |change| {
            events.extend(to_event(partial, change))
        });
        while self.send_next(sockets, now) {}
        if self.messages.is_empty()
            && let Some((code, reason)) = self.closing
            && self.client.close(sockets, code, reason, now) != Err(SendError::Full)
        {
            self.closing = None;
        }
    }

    /// Sends as much of the next message as there is room for. Returns whether that was something.
    pub(crate) fn send_next(&mut self, sockets: &mut SocketSet<'static>, now: Instant) -> bool {
        let Some(message) = self.messages.front() else {
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
                self.messages.pop_front();
            }
            Err(SendError::Closed) => return false,
            Err(error) => panic!("{error}"),
        }
        self.fragments += 1;
        true
    }
}

fn to_event(partial: &mut Option<Frame>, change: Change<'_>) -> Option<ClientEvent> {
    Some(match change {
        Change::Opened { subprotocol } => ClientEvent::Opened(subprotocol.map(str::to_owned)),
        Change::Refused(error) => ClientEvent::Refused(error),
        Change::Received(piece, fin) => {
            let first = match piece {
                Message::Text(_) => TEXT,
                Message::Binary(_) => BINARY,
            };
            let message = partial.get_or_insert_with(|| Frame::new(first, ""));
            assert_eq!(message.first, first, "all pieces are of one kind");
            message.payload.extend(payload(piece));
            if fin == Fin::More {
                return None;
            }
            ClientEvent::Message(partial.take()?)
        }
        Change::Closed { code, reason } => {
            ClientEvent::Closed(code.map(CloseCode::get), reason.into())
        }
        Change::Failed(error) => ClientEvent::Failed(error),
        Change::TimedOut => ClientEvent::TimedOut,
        Change::Gone => ClientEvent::Gone,
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
