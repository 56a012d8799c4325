//! A server's compressed messages, inflated in pieces of bounded length (RFC 7692 section 7.2.2).

use std::mem;

use ws_echo_core::{Deflate, Window};

use super::error::ConnectionError;
use super::frame_reader::DataPiece;
use crate::deflate::inflater::Inflater;

/// How much of a message is inflated at once.
const ROOM_LEN: usize = 16 << 10;

/// Inflates the compressed messages of one connection.
#[derive(Debug)]
pub(super) struct MessageInflater {
    agreed: Deflate,
    /// Between messages it is there only if the window is kept.
    inflater: Option<Box<Inflater>>,
    /// How many bytes of the current message were inflated.
    inflated: u64,
}

impl MessageInflater {
    /// Inflates what a server compresses after this was agreed on.
    pub(super) fn new(agreed: Deflate) -> Self {
        Self {
            agreed,
            inflater: None,
            inflated: 0,
        }
    }

    /// The window with which the server inflates.
    pub(super) fn client_window(&self) -> Window {
        self.agreed.client
    }

    /// Whether all that is received must be inflated, because later messages refer to it.
    pub(super) fn needs_all(&self) -> bool {
        self.agreed.server.is_kept()
    }

    /// Whether a part of the current message was inflated.
    pub(super) fn has_begun(&self) -> bool {
        self.inflater.is_some()
    }

    /// Inflates a piece of a compressed message, and passes on what it becomes.
    ///
    /// # Errors
    ///
    /// If it is not valid, and the errors of `take`.
    pub(super) fn inflate(
        &mut self,
        piece: &DataPiece<'_>,
        mut take: impl FnMut(&DataPiece<'_>) -> Result<(), ConnectionError>,
    ) -> Result<(), ConnectionError> {
        let new = || Box::new(Inflater::new(self.agreed.server));
        let inflater = self.inflater.get_or_insert_with(new);
        let mut room = [0; ROOM_LEN];
        let mut rest = piece.bytes;
        loop {
            let bytes = inflater.inflate(&mut rest, &mut room)?;
            if bytes.is_empty() {
                break;
            }
            let (offset, is_last) = (self.inflated, false);
            self.inflated += bytes.len() as u64;
            take(&DataPiece {
                offset,
                bytes,
                is_last,
                ..*piece
            })?;
        }
        if !piece.is_last {
            return Ok(());
        }
        inflater.end_message()?;
        if !self.agreed.server.is_kept() {
            self.inflater = None;
        }
        take(&DataPiece {
            offset: mem::take(&mut self.inflated),
            bytes: &[],
            ..*piece
        })
    }
}
