//! What is kept of an open connection while something is begun on it. Data only.

use ws_echo_core::{Agreed, Chunk, Connection};

use crate::serve::traffic::Traffic;
use crate::serve::verifier::Verifier;

/// The state of an open connection in which something is begun.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connection: Connection,
    /// How many bytes of the begun message were received, unless it is verified.
    pub(crate) message_len: u64,
    /// Only inside a compressed message, or if its window is kept.
    pub(crate) verifier: Option<Box<Verifier>>,
}

impl Session {
    pub(crate) fn new(agreed: Agreed) -> Self {
        Self {
            connection: Connection::server(agreed),
            message_len: 0,
            verifier: None,
        }
    }

    /// Whether nothing is begun, and nothing is kept for the next message.
    pub(crate) fn is_idle(&self) -> bool {
        self.connection.is_idle() && self.verifier.is_none()
    }

    /// Whether no message is begun to be received or echoed.
    pub(crate) fn is_between_messages(&self) -> bool {
        self.connection.is_idle() && !self.is_paused()
    }

    /// Whether a message may refer to the compressed ones before it.
    pub(crate) fn keeps_window(&self) -> bool {
        let deflate = self.connection.agreed().deflate;
        deflate.is_some_and(|deflate| deflate.client.is_kept())
    }

    /// Takes the chunk that waits to be verified further.
    pub(crate) fn take_waiting(&mut self) -> Option<Chunk> {
        self.verifier.as_mut()?.waiting.take()
    }

    /// What waits to be verified further, and is not echoed yet.
    pub(crate) fn waiting(&self) -> Traffic {
        let verifier = self.verifier.as_ref();
        let chunk = verifier.and_then(|verifier| verifier.waiting.as_ref());
        chunk.map(Traffic::of).unwrap_or_default()
    }

    /// Whether a chunk waits to be verified in another turn.
    pub(crate) fn is_paused(&self) -> bool {
        let verifier = self.verifier.as_ref();
        verifier.is_some_and(|verifier| verifier.waiting.is_some())
    }
}
