//! What is to be sent, in the pieces that it is cut into.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::check::session::Cut;

/// How many bytes are sent one by one with a pause between them.
const APART_MAX: usize = 200;

/// The bytes that are to be sent. Each piece is one write, if the system takes it whole.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pieces: VecDeque<Piece>,
    /// How much of the first is written.
    written: usize,
    /// How long a piece waits after the one before, if it must be received alone.
    pause: Duration,
    /// When the first may be written.
    not_before: Option<Instant>,
}

#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    /// Whether the piece before it should be received alone.
    is_apart: bool,
}

impl Outgoing {
    /// Nothing is to be sent yet.
    pub(crate) fn new(pause: Duration) -> Self {
        Self {
            pieces: VecDeque::new(),
            written: 0,
            pause,
            not_before: None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Drops all of it.
    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
        self.written = 0;
        self.not_before = None;
    }

    /// Adds bytes that are sent at once.
    pub(crate) fn push(&mut self, bytes: Vec<u8>) {
        self.push_piece(bytes, false);
    }

    fn push_piece(&mut self, bytes: Vec<u8>, is_apart: bool) {
        if !bytes.is_empty() {
            self.pieces.push_back(Piece { bytes, is_apart });
        }
    }

    /// Adds frames, each of which is encoded, cut in this way.
    pub(crate) fn push_cut(&mut self, frames: Vec<Vec<u8>>, cut: Cut) {
        if cut == Cut::Frames {
            for (index, frame) in frames.into_iter().enumerate() {
                self.push_piece(frame, index > 0);
            }
            return;
        }
        let bytes = frames.concat();
        match cut {
            Cut::Whole | Cut::Frames => self.push(bytes),
            Cut::Bytes if bytes.len() <= APART_MAX => {
                for (index, byte) in bytes.into_iter().enumerate() {
                    self.push_piece(vec![byte], index > 0);
                }
            }
            Cut::Bytes => self.push_chunks(&bytes, 1),
            Cut::Chunks(len) => self.push_chunks(&bytes, len),
            Cut::At(place) => {
                let (before, after) = bytes.split_at(place.min(bytes.len()));
                self.push(before.to_vec());
                self.push_piece(after.to_vec(), true);
            }
        }
    }

    /// Many pieces are not sent with pauses: that would take long, and the peer often reads some
    /// of them alone all the same.
    fn push_chunks(&mut self, bytes: &[u8], len: usize) {
        for chunk in bytes.chunks(len) {
            self.push(chunk.to_vec());
        }
    }

    /// When the next piece may be written, if it had to wait. That time may have passed since
    /// [`Self::ready`] was asked.
    pub(crate) fn waits_until(&self) -> Option<Instant> {
        self.not_before
    }

    /// What may be written now; empty if nothing may.
    pub(crate) fn ready(&self) -> &[u8] {
        match self.pieces.front() {
            Some(piece) if self.may_write() => &piece.bytes[self.written..],
            _ => &[],
        }
    }

    fn may_write(&self) -> bool {
        self.not_before.is_none_or(|time| time <= Instant::now())
    }

    /// So many of the bytes that are ready were written.
    pub(crate) fn written(&mut self, len: usize) {
        self.written += len;
        self.not_before = None;
        let is_done = |piece: &Piece| piece.bytes.len() <= self.written;
        if self.pieces.front().is_none_or(is_done) {
            self.pieces.pop_front();
            self.written = 0;
            let waits = self.pieces.front().is_some_and(|next| next.is_apart);
            self.not_before = waits.then(|| Instant::now() + self.pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that is ready, in the pieces that it is ready in.
    fn pieces(mut outgoing: Outgoing) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        while !outgoing.ready().is_empty() {
            let piece = outgoing.ready().to_vec();
            outgoing.written(piece.len());
            pieces.push(piece);
        }
        pieces
    }

    #[test]
    fn a_pause_that_is_over_still_ends_a_wait() {
        let mut outgoing = Outgoing::new(Duration::ZERO);
        outgoing.push_cut(vec![b"ab".to_vec()], Cut::Bytes);
        outgoing.written(1);
        // Whoever has seen that nothing is ready waits until then, and not for the peer.
        assert!(outgoing.waits_until().is_some());
        assert_eq!(outgoing.ready(), b"b");
    }

    fn cut(cut: Cut) -> Vec<Vec<u8>> {
        let mut outgoing = Outgoing::new(Duration::ZERO);
        outgoing.push_cut(vec![b"abc".to_vec(), b"de".to_vec()], cut);
        pieces(outgoing)
    }

    #[test]
    fn frames_are_cut_as_it_is_asked_for() {
        assert_eq!(cut(Cut::Whole), [b"abcde"]);
        assert_eq!(cut(Cut::Frames), [&b"abc"[..], b"de"]);
        assert_eq!(cut(Cut::Bytes), [b"a", b"b", b"c", b"d", b"e"]);
        assert_eq!(cut(Cut::Chunks(2)), [&b"ab"[..], b"cd", b"e"]);
        assert_eq!(cut(Cut::At(1)), [&b"a"[..], b"bcde"]);
        assert_eq!(cut(Cut::At(9)), [b"abcde"]);
    }

    #[test]
    fn a_piece_that_is_written_in_part_goes_on_where_it_was() {
        let mut outgoing = Outgoing::new(Duration::ZERO);
        outgoing.push(b"abc".to_vec());
        outgoing.push(b"d".to_vec());
        outgoing.written(2);
        assert_eq!(outgoing.ready(), b"c");
        outgoing.written(1);
        assert_eq!(outgoing.ready(), b"d");
        outgoing.written(1);
        assert!(outgoing.is_empty());
    }

    #[test]
    fn a_piece_that_must_be_received_alone_makes_the_next_one_wait() {
        let mut outgoing = Outgoing::new(Duration::from_secs(3600));
        outgoing.push_cut(vec![b"abc".to_vec()], Cut::At(1));
        outgoing.written(1);
        assert!(outgoing.ready().is_empty());
        assert!(!outgoing.is_empty());
        assert!(outgoing.waits_until().is_some());
    }
}
