//! The state of an open connection (RFC 6455 sections 5.4, 5.5, 6 and 7). How it changes is in
//! `receiving` and `sending`, how bytes look is in `frame`.

pub(crate) mod agreed;
pub(crate) mod deflate;
pub(crate) mod echoed;
pub(crate) mod event;
pub(crate) mod exchange;
mod fast_echo;
pub(crate) mod message_buffer;
mod receiving;
pub(crate) mod send_error;
mod sending;

use heapless::Vec;

use crate::connection::agreed::Agreed;
use crate::connection::deflate::Window;
use crate::connection::event::Event;
use crate::frame::close::{CODE_LEN, CloseCode};
use crate::frame::error::ProtocolError;
use crate::frame::header::{Expected, Frame};
use crate::frame::layout::{CONTROL_HEADER_LEN, MASKING_KEY_LEN, MAX_CONTROL_LEN, Opcode};
use crate::frame::role::{Client, Role, Server};
use crate::frame::utf8::MAX_HELD;

/// An open WebSocket connection, seen from the [`Server`] or from the [`Client`].
///
/// It owns no buffer: a driver lends it one while there are bytes to work on.
#[derive(Clone, Debug)]
pub struct Connection<R = Server> {
    role: R,
    agreed: Agreed,
    next: Next,
    /// The frame that is being received.
    frame: Frame,
    /// The message whose frames are being received.
    message: Option<Incoming>,
    sent: Sent,
    /// The Pong or Close frame to send, or the payload of a received Pong. In the answer to a
    /// Close, the code is followed by the reason in the peer's Close, which is not sent: two fields
    /// would cost 125 bytes more.
    control: Vec<u8, { CONTROL_HEADER_LEN + MASKING_KEY_LEN + MAX_CONTROL_LEN }, u8>,
    /// How many bytes at the end of `control` wait for room: of a Pong, or of a Close of the
    /// application. Nothing is sent and no frame is begun to be read before they are ready.
    unsent: u8,
}

/// What the next received byte is, or what must be made ready before it is read.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// A frame's header.
    Header,
    /// The payload of a data frame.
    Payload {
        /// How many bytes of it are unmasked and checked, and still at the start of what the buffer
        /// received.
        plain: usize,
        /// Whether it is handed out in pieces: it does not fit the buffer, or nothing may stay
        /// there.
        is_cut: bool,
    },
    /// The payload of a control frame, which is gathered.
    Control,
    /// Payload that is not used: of a message after our Close.
    Ignored,
    /// None: a Pong must be made ready first. After that the connection fails if the application
    /// has found an error.
    Pong(Result<(), ProtocolError>),
    /// None: our Close must be made ready first. It answers the peer's Close with this code, or
    /// fails the connection.
    Close(Result<Option<CloseCode>, ProtocolError>),
    /// A byte that is forgotten: the connection is over.
    Nothing,
}

/// A message that is being received.
#[derive(Clone, Debug)]
struct Incoming {
    /// That of its first frame.
    opcode: Opcode,
    /// The first bytes of an incomplete character at the end of what was checked. Only text that is
    /// not compressed is checked.
    held: Vec<u8, MAX_HELD, u8>,
}

/// What was sent last, apart from Pings and Pongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// Nothing, or a frame with FIN set.
    Message,
    /// A fragment of an echo. More fragments must follow.
    Echo,
    /// A fragment of a message of the application. More fragments must follow.
    Own,
    /// A Close. Only Pongs may follow.
    Close,
}

/// The result of a transition.
enum Step {
    /// The next transition.
    Go,
    /// Wait for room or for bytes.
    Wait,
    Event(Event),
}

impl Connection {
    /// The server's end of a connection that has just been opened. `agreed` comes from the
    /// [handshake](crate::ServerHandshake).
    pub const fn server(agreed: Agreed) -> Self {
        Self::new(Server, agreed)
    }
}

impl<F: FnMut() -> [u8; MASKING_KEY_LEN]> Connection<Client<F>> {
    /// The client's end of a connection that has just been opened. `agreed` comes from the
    /// [handshake](crate::ClientHandshake). `next_key` is called for the masking key of each frame
    /// that is sent.
    ///
    /// > The masking key needs to be unpredictable; thus, the masking key MUST be derived from a
    /// > strong source of entropy [...] (section 5.3)
    pub const fn client(agreed: Agreed, next_key: F) -> Self {
        Self::new(Client::new(next_key), agreed)
    }
}

impl<R> Connection<R> {
    const fn new(role: R, agreed: Agreed) -> Self {
        Self {
            role,
            agreed,
            next: Next::Header,
            frame: Frame::new(),
            message: None,
            sent: Sent::Message,
            control: Vec::new(),
            unsent: 0,
        }
    }

    /// Takes over another connection, which has just been opened: a pool can keep the state of
    /// [idle](Self::is_idle) connections. `agreed` comes from the other connection's handshake.
    ///
    /// This connection must be idle: otherwise a frame or a message of the previous peer would be
    /// continued.
    #[inline]
    pub const fn reuse(&mut self, agreed: Agreed) {
        self.agreed = agreed;
    }

    /// What was agreed on in the opening handshake.
    pub const fn agreed(&self) -> Agreed {
        self.agreed
    }

    /// Whether the connection is over: transmit what is ready, then close the transport.
    ///
    /// > After both sending and receiving a Close message, [...] The server MUST close the
    /// > underlying TCP connection immediately; the client SHOULD wait for the server to close the
    /// > connection but MAY close the connection at any time [...] (section 5.5.1)
    ///
    /// So a client may wait until the server closes the connection.
    pub fn is_done(&self) -> bool {
        matches!(self.next, Next::Nothing)
    }

    /// Whether the connection is between two messages, with no byte of the next frame read. Then it
    /// is as good as a new one, and need not be kept.
    pub fn is_idle(&self) -> bool {
        !self.is_inside_frame() && self.message.is_none() && self.sent == Sent::Message
    }

    /// Whether the peer has started a frame that is not complete, or has sent one that is not
    /// answered yet. Between two fragments of a message there is none.
    pub fn is_inside_frame(&self) -> bool {
        !matches!(self.next, Next::Header) || self.frame.is_partial()
    }

    /// How many bytes of the begun message are known, but were not returned by an event yet: those
    /// of the data frame that is being received, which are missing or wait in the buffer. They are
    /// known as soon as the frame's header was read, before the payload. So a message that will be
    /// too long can be refused at once.
    ///
    /// Between two frames and in a control frame it is 0, or the length of an incomplete character
    /// at the end of a fragment. It is 0 after a Close was sent.
    ///
    /// > The length of the "Payload data", in bytes [...] (section 5.2)
    pub fn remaining_payload(&self) -> u64 {
        if self.is_closing() {
            return 0;
        }
        let (plain, missing) = match self.next {
            Next::Payload { plain, .. } => (plain, self.frame.remaining),
            _ => (0, 0),
        };
        // Held bytes are not in the buffer any more when a piece of the frame was returned.
        let held = match &self.message {
            Some(message) if plain == 0 => message.held.len(),
            _ => 0,
        };
        missing.saturating_add((plain + held) as u64)
    }

    /// Whether a message is being received that is compressed (RFC 7692 section 6). It is known as
    /// soon as the header of its first frame was read.
    pub fn is_message_compressed(&self) -> bool {
        let message = self.message.as_ref();
        message.is_some_and(|message| message.opcode.is_compressed())
    }

    /// Whether a Close frame was sent: our own, which may still [wait for
    /// room](Self::awaits_room), or the answer to the peer's.
    pub fn is_closing(&self) -> bool {
        self.sent == Sent::Close
    }

    /// Whether a Pong or a Close waits for room in the buffer: transmit what is ready, and ask for
    /// the next event again.
    pub fn awaits_room(&self) -> bool {
        self.unsent > 0 || matches!(self.next, Next::Close(_))
    }
}

impl<R: Role> Connection<R> {
    /// Which data frame may be received next.
    fn expected(&self) -> Expected {
        match (&self.message, self.agreed.deflate) {
            (Some(_), _) => Expected::Continuation,
            (None, None) => Expected::Message,
            (None, Some(_)) => Expected::AnyMessage,
        }
    }

    /// The length of the header of a control frame that is sent.
    const CONTROL_HEADER_LEN: usize = CONTROL_HEADER_LEN + R::SENT_KEY_LEN;

    /// The window that the peer compresses with.
    fn received_window(&self) -> Option<Window> {
        let deflate = self.agreed.deflate?;
        Some(match R::SENT_KEY_LEN {
            0 => deflate.client,
            _ => deflate.server,
        })
    }

    /// The payload of the Ping or Pong frame that was received last, and was the last event. A
    /// Close of the application may be where it was.
    fn control_payload(&self) -> &[u8] {
        let payload = match self.frame.opcode {
            _ if self.is_inside_frame() || self.is_closing() => None,
            // It is in the Pong that answers it.
            Opcode::Ping => self.control.get(Self::CONTROL_HEADER_LEN..),
            Opcode::Pong => Some(&*self.control),
            _ => None,
        };
        payload.unwrap_or_default()
    }

    /// The reason in the peer's Close frame. Empty if it has none, and before the peer's Close was
    /// received and answered.
    pub fn close_reason(&self) -> &str {
        if !self.is_done() {
            return "";
        }
        let reason = self.control.get(Self::CONTROL_HEADER_LEN + CODE_LEN..);
        core::str::from_utf8(reason.unwrap_or_default()).unwrap_or_default()
    }
}
