//! An application that echoes, as a server or as a client, and that may send messages of its own.

use std::ops::Range;

use ws_echo_core::{
    Agreed, Chunk, Client, CloseCode, Connection, Event, Fin, Kind, Message, ProtocolError, Role,
    SendError, Server,
};

use super::expected::{End, Expected};
use super::transmitted::Transmitted;
use super::{Bytes, Machine};
use crate::wire::{self, CLOSE, RSV1};

const LONGEST_PAYLOAD: [u8; 125] = [b'p'; 125];
const LONGEST_REASON: &str = match str::from_utf8(LONGEST_PAYLOAD.split_at(123).0) {
    Ok(reason) => reason,
    Err(_) => "",
};

/// A connection, an application, and what they have received.
#[derive(Debug)]
pub(super) struct Echoer<'a, R = Server> {
    connection: Connection<R>,
    /// Echoes the messages that need not be looked at.
    echo_whole: fn(&mut Connection<R>, &mut Bytes),
    /// Whether a short frame has room whatever else is in the buffer.
    has_room: bool,
    /// The application's actions, one byte each; after the end there are none.
    actions: &'a [u8],
    /// The places of the application's own frames in the output, without its Close.
    own: Vec<Range<usize>>,
    /// The place of the application's Close in the output, and its reason.
    closed: Option<(usize, &'static str)>,
    /// Whether the application did not echo something.
    has_skipped: bool,
    /// Whether the application has failed the connection before a Close was sent.
    has_failed: bool,
    /// Whether the connection was not about to end for another reason then.
    must_fail: bool,
    /// Whether a piece of the current message was echoed.
    is_inside: bool,
    error: Option<ProtocolError>,
    close: Option<Option<CloseCode>>,
    pings: Vec<Vec<u8>>,
    pongs: Vec<Vec<u8>>,
}

/// An action of the application of its own accord.
enum Action {
    Nothing,
    Ping(&'static [u8]),
    Pong(&'static [u8]),
    Send(Message<'static>),
    SendCompressed(Kind),
    Close(&'static str),
    Fail,
    Skip,
}

/// What only an application can find.
const FAILURE: ProtocolError = ProtocolError::InvalidCompression;

impl Action {
    fn new(byte: u8) -> Self {
        match byte % 12 {
            1 => Self::Ping(b""),
            2 => Self::Ping(b"ping"),
            3 => Self::Ping(&LONGEST_PAYLOAD),
            4 => Self::Send(Message::Text("")),
            5 => Self::Send(Message::Text("gr\u{fc}\u{df}e")),
            6 => Self::Send(Message::Binary(&[0xFF; 200])),
            7 => Self::Close(""),
            8 => Self::Close(LONGEST_REASON),
            9 => Self::Skip,
            10 => Self::Pong(b"pong"),
            11 => match byte / 12 % 4 {
                0 => Self::Nothing,
                1 => Self::SendCompressed(Kind::Text),
                2 => Self::SendCompressed(Kind::Binary),
                _ => Self::Fail,
            },
            _ => Self::Nothing,
        }
    }

    /// Asserts that a message was sent exactly if it is not longer than the room for it.
    fn check_room(&self, room: usize, sent: Result<(), SendError>) {
        if let Self::Send(Message::Text(text)) = self
            && !text.is_empty()
        {
            assert_eq!(text.len() <= room, sent.is_ok());
        }
        if let Self::Send(Message::Binary(bytes)) = self {
            assert_eq!(bytes.len() <= room, sent.is_ok());
        }
    }

    /// Whether there must be room for it if nothing is ready and no chunk is lent.
    fn is_short(&self) -> bool {
        matches!(
            self,
            Self::Ping(b"") | Self::Close("") | Self::Send(Message::Text(""))
        )
    }
}

impl<'a> Echoer<'a> {
    pub(super) fn new(actions: &'a [u8]) -> Self {
        Self::with(Connection::server(Agreed::NOTHING), actions)
    }

    /// An application that echoes whole messages without looking at them.
    pub(super) fn fast(actions: &'a [u8]) -> Self {
        Self {
            echo_whole: |connection, buffer| {
                let mut exchange = connection.exchange(buffer);
                if exchange.echo_whole_messages() {
                    assert_eq!(exchange.next_event(), Ok(None), "there was something left");
                }
            },
            ..Self::new(actions)
        }
    }
}

/// The source of a client's masking keys.
pub(super) type KeyFunction = fn() -> [u8; 4];

impl<'a> Echoer<'a, Client<KeyFunction>> {
    pub(super) fn client(actions: &'a [u8]) -> Self {
        Self {
            has_room: false,
            ..Self::with(
                Connection::client(Agreed::NOTHING, || [0x37, 0xFA, 0x21, 0x3D]),
                actions,
            )
        }
    }

    /// Like [`check`](Self::check), but mirrors what is expected of a server. The first
    /// `request_len` bytes are not the application's.
    pub(super) fn check_mirrored(
        &mut self,
        expected: &Expected,
        output: &[u8],
        request_len: usize,
    ) -> Transmitted {
        let at = |end: usize| wire::mirrored(&output[request_len..end]).len();
        for own in &mut self.own {
            *own = at(own.start)..at(own.end);
        }
        self.closed = self.closed.map(|(start, reason)| (at(start), reason));
        self.error = self.error.map(|error| match error {
            ProtocolError::Masked => ProtocolError::Unmasked,
            error => error,
        });
        self.check(expected, &wire::mirrored(&output[request_len..]))
    }
}

impl<'a, R: Role> Echoer<'a, R> {
    fn with(connection: Connection<R>, actions: &'a [u8]) -> Self {
        Self {
            connection,
            echo_whole: |_, _| {},
            has_room: true,
            actions,
            own: Vec::new(),
            closed: None,
            has_skipped: false,
            has_failed: false,
            must_fail: false,
            is_inside: false,
            error: None,
            close: None,
            pings: Vec::new(),
            pongs: Vec::new(),
        }
    }

    /// The same, on a connection for which this was agreed on.
    pub(super) fn agreed(mut self, agreed: Agreed) -> Self {
        self.connection.reuse(agreed);
        self
    }

    /// Takes the next action. Returns `true` if the action is to skip.
    fn act(&mut self, buffer: &mut Bytes, transmitted: usize, is_lent: bool) -> bool {
        let Some((&byte, actions)) = self.actions.split_first() else {
            return false;
        };
        self.actions = actions;
        let action = Action::new(byte);
        let has_room = self.has_room || buffer.received().is_empty();
        let must_fit = action.is_short() && !is_lent && buffer.ready().is_empty() && has_room;
        let before = transmitted + buffer.ready().len();
        let was_closing = self.connection.is_closing();
        let awaits_room = self.connection.awaits_room();
        let mut exchange = self.connection.exchange(buffer);
        let room = exchange.room();
        let sent = match action {
            Action::Nothing => return false,
            Action::Skip => return true,
            Action::Ping(payload) => exchange.ping(payload),
            Action::Pong(payload) => exchange.pong(payload),
            Action::Send(message) => exchange.send(message),
            Action::SendCompressed(kind) => {
                match exchange.send_compressed(kind, &[0xFF; 20], Fin::Last) {
                    Err(SendError::NoCompression) => return false,
                    sent => sent,
                }
            }
            Action::Fail => {
                exchange.fail(FAILURE);
                self.has_failed |= !was_closing;
                self.must_fail |= !was_closing && !awaits_room;
                return false;
            }
            Action::Close(reason) => exchange.close(CloseCode::GOING_AWAY, reason),
        };
        action.check_room(room, sent);
        let after = transmitted + buffer.ready().len();
        match sent {
            Ok(()) => {
                assert!(!was_closing, "a frame after our Close");
                if let Action::SendCompressed(_) = action {
                    let first = buffer.ready()[before - transmitted];
                    assert_eq!(first & 0x70, RSV1, "RSV1 of a compressed message");
                }
                self.note_sent(action, before..after);
            }
            Err(error) => {
                assert_eq!(before, after, "a frame that was not sent");
                assert_eq!(error == SendError::Closed, was_closing);
                let is_kept = is_lent && matches!(action, Action::Close(_));
                let is_full = matches!(error, SendError::Full | SendError::BufferTooShort);
                assert!(!is_full || !(must_fit || is_kept), "full forever");
            }
        }
        false
    }

    /// Notes that a frame of the application's own was accepted. It is ready, but a part of a Close
    /// may be kept.
    fn note_sent(&mut self, action: Action, ready: Range<usize>) {
        if let Action::Close(reason) = action {
            self.closed = Some((ready.start, reason));
            return;
        }
        assert!(ready.len() >= 2, "a frame is lost");
        self.own.push(ready);
    }

    fn echo(&mut self, buffer: &mut Bytes, chunk: Chunk, is_skipped: bool) {
        let may_be_compressed = self.connection.agreed().deflate.is_some();
        let mut exchange = self.connection.exchange(buffer);
        if self.must_fail {
            assert_eq!(exchange.bytes(&chunk), b"");
            exchange.echo(chunk);
            return;
        }
        assert_eq!(exchange.bytes(&chunk).len(), chunk.len());
        let is_text = exchange.text(&chunk).is_some();
        let is_compressed = chunk.is_compressed();
        assert!(may_be_compressed || !is_compressed);
        assert_eq!(is_text, chunk.kind() == Kind::Text && !is_compressed);
        let ends_message = chunk.ends_message();
        // An application that has begun to echo a message must finish it.
        if is_skipped && !(self.is_inside && ends_message) {
            self.has_skipped = true;
            return;
        }
        exchange.echo(chunk);
        self.is_inside = !ends_message;
    }

    /// Asserts that this application and its peer received what they had to.
    pub(super) fn check(&mut self, expected: &Expected, output: &[u8]) -> Transmitted {
        self.check_over();
        let all = Transmitted::read(output);
        if let Some((start, reason)) = self.closed {
            let close = [
                &[CLOSE, 2 + reason.len() as u8, 0x03, 0xE9],
                reason.as_bytes(),
            ];
            assert!(output[start..].starts_with(&close.concat()), "no Close");
        }
        // A Close, or an error of the peer, may have come before it.
        assert!(!self.has_failed || self.connection.is_done() || self.closed.is_some());
        let is_failed = self.error == Some(FAILURE);
        assert!(is_failed || !self.must_fail || self.closed.is_some());
        assert!(self.has_failed || !is_failed);
        if self.has_skipped {
            return all;
        }
        if let Some((start, _)) = self.closed {
            // Only Pongs may follow it.
            let echoed = Transmitted::read_without(&output[..start], &self.own);
            expected.check_prefix(&echoed);
            return echoed;
        }
        let echoed = Transmitted::read_without(output, &self.own);
        if is_failed {
            expected.check_prefix(&echoed);
            let close = FAILURE.close_code().get().to_be_bytes();
            assert_eq!(echoed.close.as_deref(), Some(&close[..]));
            return echoed;
        }
        expected.check(&echoed);
        self.check_events(expected);
        echoed
    }

    /// The protocol error of the peer.
    pub(super) fn error(&self) -> Option<ProtocolError> {
        self.error
    }

    /// Whether the peer got everything back.
    pub(super) fn echoes_all(&self) -> bool {
        self.closed.is_none() && !self.has_skipped && self.error != Some(FAILURE)
    }

    fn check_events(&self, expected: &Expected) {
        assert_eq!(self.pings, expected.pings);
        assert_eq!(self.pongs, expected.pongs);
        assert_eq!(self.connection.is_done(), expected.end.is_some());
        let (mut error, mut close, mut reason) = (None, None, &[][..]);
        match &expected.end {
            None => {}
            Some(End::Error(expected)) => error = Some(*expected),
            Some(End::Close(payload)) => {
                let code = payload.first_chunk().copied().map(u16::from_be_bytes);
                close = Some(code);
                reason = payload.get(2..).unwrap_or_default();
            }
            Some(End::TooLong) => unreachable!("an application decides how long a message may be"),
        }
        assert_eq!(self.error, error);
        assert_eq!(self.close.map(|code| code.map(CloseCode::get)), close);
        assert_eq!(self.connection.close_reason().as_bytes(), reason);
    }

    /// Asserts that bytes received after the end have no effect.
    fn check_over(&mut self) {
        let is_over = self.error.is_some() || self.close.is_some();
        assert_eq!(self.connection.is_done(), is_over);
        if !is_over {
            return;
        }
        let ping = [0x89, 0x80, 1, 2, 3, 4];
        let mut buffer = Bytes::new(vec![0; 64]);
        buffer.spare_mut()[..ping.len()].copy_from_slice(&ping);
        buffer.commit(ping.len());
        let event = self.connection.exchange(&mut buffer).next_event();
        assert_eq!(event, Ok(None));
        assert!(buffer.is_empty() && self.connection.is_done());
    }
}

impl<R: Role> Echoer<'_, R> {
    fn take_events(&mut self, buffer: &mut Bytes, transmitted: usize) {
        loop {
            let mut exchange = self.connection.exchange(buffer);
            match exchange.next_event() {
                Ok(Some(Event::Data(chunk))) => {
                    let is_skipped = self.act(buffer, transmitted, true);
                    self.echo(buffer, chunk, is_skipped);
                }
                Ok(Some(Event::Ping)) => self.pings.push(exchange.control_payload().to_vec()),
                Ok(Some(Event::Pong)) => self.pongs.push(exchange.control_payload().to_vec()),
                Ok(Some(Event::Close(code))) => {
                    let before = self.close.replace(code);
                    assert!(before.is_none(), "a second Close event");
                }
                Ok(Some(event)) => panic!("{event:?}"),
                Ok(None) => break,
                Err(error) => {
                    let before = self.error.replace(error);
                    assert!(before.is_none(), "a second error");
                }
            }
        }
    }
}

impl<R: Role> Machine for Echoer<'_, R> {
    fn exchange(&mut self, buffer: &mut Bytes, transmitted: usize) {
        (self.echo_whole)(&mut self.connection, buffer);
        self.take_events(buffer, transmitted);
        self.act(buffer, transmitted, false);
        if self.has_failed {
            // The error is an event.
            self.take_events(buffer, transmitted);
        }
    }
}
