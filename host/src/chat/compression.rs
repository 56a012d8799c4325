//! The compressed messages of an open connection (permessage-deflate, RFC 7692 sections 6 and 7.2),
//! and what they have saved.

mod compressing;
mod inflating;

use ws_echo_core::{Deflate, Exchange, Fin, Kind, Message, Role, SendError, Storage};

use self::compressing::Compressing;
pub(super) use self::inflating::InflateError;
use self::inflating::Inflating;
use super::user::ReceivedPiece;
use crate::quantity::Size;

/// What compresses and inflates the messages of one connection.
#[derive(Debug)]
pub(super) struct Compression {
    compressing: Compressing,
    inflating: Inflating,
    sent: Traffic,
    received: Traffic,
}

/// The bytes of all compressed messages in one direction.
#[derive(Debug, Default)]
struct Traffic {
    /// As they were written, or are shown.
    plain: u64,
    /// As they are on the wire, without the headers of frames.
    on_wire: u64,
}

impl Compression {
    /// Compresses and inflates as it was agreed.
    pub(super) fn new(agreed: Deflate) -> Self {
        Self {
            compressing: Compressing::new(agreed.client),
            inflating: Inflating::new(agreed.server),
            sent: Traffic::default(),
            received: Traffic::default(),
        }
    }

    /// Sends a fragment of a message, compressed if that helps.
    ///
    /// # Errors
    ///
    /// Those of [`Exchange::send_fragment`].
    pub(super) fn send<S: Storage, R: Role>(
        &mut self,
        exchange: &mut Exchange<'_, S, R>,
        fragment: Message<'_>,
        fin: Fin,
    ) -> Result<(), SendError> {
        // What is compressed must be sent: what follows may refer to it.
        if exchange.room() < compressing::max_len(fragment.len()) {
            return Err(SendError::Full);
        }
        let (kind, payload) = match fragment {
            Message::Text(text) => (Kind::Text, text.as_bytes()),
            Message::Binary(bytes) => (Kind::Binary, bytes),
        };
        self.inflating.expect(payload.len(), fin);
        let Some(compressed) = self.compressing.next(payload, fin) else {
            return exchange.send_fragment(fragment, fin);
        };
        self.sent.plain += payload.len() as u64;
        self.sent.on_wire += compressed.len() as u64;
        exchange.send_compressed(kind, compressed, fin)
    }

    /// Inflates a piece of a compressed message, and shows what it becomes: any number of pieces.
    ///
    /// # Errors
    ///
    /// Why the message cannot be shown.
    pub(super) fn inflate(
        &mut self,
        piece: ReceivedPiece<'_>,
        mut show: impl FnMut(ReceivedPiece<'_>),
    ) -> Result<(), InflateError> {
        self.received.on_wire += piece.bytes.len() as u64;
        self.inflating.next(piece, |piece| {
            self.received.plain += piece.bytes.len() as u64;
            show(piece);
        })
    }

    /// What was saved, for the user, if any message was compressed.
    pub(super) fn savings(&self) -> Option<String> {
        let savings = [self.sent.savings("sent"), self.received.savings("received")];
        let savings: Vec<_> = savings.into_iter().flatten().collect();
        (!savings.is_empty()).then(|| format!("compression: {}", savings.join(", ")))
    }
}

impl Traffic {
    fn savings(&self, direction: &str) -> Option<String> {
        let (on_wire, plain) = (Size(self.on_wire), Size(self.plain));
        (self.on_wire > 0).then(|| format!("{on_wire} {direction} instead of {plain}"))
    }
}
