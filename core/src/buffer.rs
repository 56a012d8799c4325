//! The one buffer of a busy connection: what was received stands in it until it is read, and what
//! is ready to transmit is built in front of that (RFC 6455 section 5.2: a client's frame is four
//! bytes longer than the same frame from a server). It knows nothing of frames.
//!
//! ```text
//!  | headroom | ready to transmit |  free  | lent | received, not yet read | spare |
//!  0          ^ sent from here             ^      ^ read from here         ^ filled from here
//! ```
//!
//! Bytes flow from right to left, with two exceptions that keep a small buffer from jamming:
//! a frame that has come to stand too far right is moved to the left end before more is received,
//! and what a driver sends of its own accord may push received bytes to the right.

use core::cell::Cell;
use core::ops::Range;

use crate::frame::MAX_HEADER_LEN;
use crate::utf8::MAX_HELD;

/// What a reply can need beyond the bytes that it answers: a fragment's header in the middle of a
/// long frame, and the held bytes of a cut character.
const HEADROOM: usize = MAX_HEADER_LEN + MAX_HELD;

/// The least useful length of a [`Buffer`]'s storage, in bytes.
pub const MIN_BUFFER_LEN: usize = 2 * HEADROOM;

/// What may stay in a buffer between two exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    /// A frame that fits stays until it is whole.
    Frames,
    /// Nothing: what has arrived is answered at once, in pieces.
    Nothing,
}

/// A place in a buffer that the application may look at, until the next event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Loan {
    range: Range<usize>,
    number: u32,
}

impl Loan {
    pub(crate) fn len(&self) -> usize {
        self.range.len()
    }
}

/// Where the bytes of a [`Buffer`] are: `[u8; N]`, `&mut [u8]`, `Box<[u8]>`.
pub trait Storage: AsRef<[u8]> + AsMut<[u8]> {}

impl<T: AsRef<[u8]> + AsMut<[u8]>> Storage for T {}

/// Received bytes and bytes that are ready to transmit, in one storage of fixed length.
///
/// The storage should have at least [`MIN_BUFFER_LEN`] bytes; a shorter one never panics, but
/// carries nothing.
#[derive(Clone, Debug)]
pub struct Buffer<S> {
    storage: S,
    /// Ready to transmit. It ends where the lent bytes begin, or `received`, or before.
    ready: Range<usize>,
    /// Where the lent bytes begin. They end at `received.start` or before.
    lent: Option<usize>,
    /// How many loans there were, to tell a stale one.
    loans: u32,
    /// Received and not yet read. Its end is never past the storage's.
    received: Range<usize>,
    keep: Keep,
}

impl<S: Storage> Buffer<S> {
    /// A buffer that belongs to one connection for as long as bytes stand in it. A frame that
    /// fits is answered by one frame.
    pub fn new(storage: S) -> Self {
        Self::with(storage, Keep::Frames)
    }

    /// A buffer that is lent to many connections in turn: nothing of a connection stays in it.
    /// Frames are answered in the pieces in which they arrive.
    ///
    /// All of what an exchange makes ready fits the storage, so a driver that lends no more bytes
    /// than its transport can send at the moment always empties the buffer. Where there is no room
    /// for all answers, received bytes are left over: see [`received`](Self::received).
    pub fn for_pieces(storage: S) -> Self {
        Self::with(storage, Keep::Nothing)
    }

    fn with(storage: S, keep: Keep) -> Self {
        let start = HEADROOM.min(storage.as_ref().len());
        let empty = start..start;
        Self {
            storage,
            ready: empty.clone(),
            lent: None,
            loans: 0,
            received: empty,
            keep,
        }
    }

    /// Room for what comes next from the transport; follow it with [`commit`](Self::commit).
    ///
    /// It may be empty while bytes are [`ready`](Self::ready): transmit those first. It is never
    /// empty when none are ready, if the storage has [`MIN_BUFFER_LEN`] bytes.
    pub fn spare_mut(&mut self) -> &mut [u8] {
        self.release();
        if self.ready.is_empty() {
            self.make_spare();
        }
        let storage = self.storage.as_mut();
        storage.get_mut(self.received.end..).unwrap_or_default()
    }

    /// Says that the first `len` bytes of [`spare_mut`](Self::spare_mut) were received.
    pub fn commit(&mut self, len: usize) {
        let end = self.received.end.saturating_add(len);
        self.received.end = end.min(self.storage.as_ref().len());
    }

    /// The bytes to transmit; follow a write with [`consume`](Self::consume).
    pub fn ready(&self) -> &[u8] {
        self.slice(self.ready.clone())
    }

    /// Says that the first `len` bytes of [`ready`](Self::ready) were transmitted.
    pub fn consume(&mut self, len: usize) {
        let start = self.ready.start.saturating_add(len);
        self.ready.start = start.min(self.ready.end);
    }

    /// The received bytes that no exchange has read yet.
    ///
    /// A driver that peeks into its transport's own memory removes from there only what was
    /// read: the bytes that it committed, less these.
    pub fn received(&self) -> &[u8] {
        self.slice(self.received.clone())
    }

    /// Whether nothing stands in the buffer, so that it can serve another connection.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.received.is_empty()
    }

    /// Forgets everything that stands in the buffer.
    pub fn clear(&mut self) {
        self.consume(usize::MAX);
        self.discard_received();
    }

    /// The storage, with whatever stands in it.
    pub fn into_storage(self) -> S {
        self.storage
    }

    /// Whether `len` bytes that belong together may wait here until all have come.
    pub(crate) fn holds(&self, len: u64) -> bool {
        let room = self.storage.as_ref().len().saturating_sub(HEADROOM);
        self.keep == Keep::Frames && len <= room as u64
    }

    /// How many bytes can be made ready at once.
    pub(crate) fn gap(&self) -> usize {
        let from = if self.ready.is_empty() {
            0
        } else {
            self.ready.end
        };
        let to = self.lent.unwrap_or(self.received.start);
        to.saturating_sub(from)
    }

    /// Takes back what the application was lent.
    pub(crate) fn release(&mut self) {
        self.lent = None;
    }

    /// The received bytes, to be unmasked where they stand.
    pub(crate) fn received_mut(&mut self) -> &mut [u8] {
        let storage = self.storage.as_mut();
        storage.get_mut(self.received.clone()).unwrap_or_default()
    }

    /// Reads `len` bytes of what was received.
    pub(crate) fn skip(&mut self, len: usize) {
        let start = self.received.start.saturating_add(len);
        self.received.start = start.min(self.received.end);
    }

    /// Reads one byte.
    pub(crate) fn next_byte(&mut self) -> Option<u8> {
        let byte = self.received().first().copied()?;
        self.skip(1);
        Some(byte)
    }

    /// Reads and forgets all that was received.
    pub fn discard_received(&mut self) {
        self.skip(usize::MAX);
    }

    /// Puts bytes in front of what was received, as if they had come with it. The caller has
    /// asked for the [`gap`](Self::gap).
    pub(crate) fn unread(&mut self, bytes: &[u8]) {
        let start = self.received.start.saturating_sub(bytes.len());
        self.write(start, bytes);
        self.received.start = start;
    }

    /// Lends the application the next `len` received bytes; `more` bytes behind them are read
    /// and forgotten.
    pub(crate) fn lend(&mut self, len: usize, more: usize) -> Loan {
        let start = self.received.start;
        self.skip(len.saturating_add(more));
        self.lent = Some(start);
        self.loans = self.loans.wrapping_add(1);
        Loan {
            range: start..start.saturating_add(len),
            number: self.loans,
        }
    }

    /// The lent bytes; none when they are lent no longer.
    pub(crate) fn lent(&self, loan: &Loan) -> &[u8] {
        if self.is_lent(loan) {
            self.slice(loan.range.clone())
        } else {
            &[]
        }
    }

    fn is_lent(&self, loan: &Loan) -> bool {
        self.lent.is_some() && self.loans == loan.number
    }

    /// Makes `header` and the lent bytes ready, without moving them when nothing is ready before
    /// them; `false`, and nothing, when they are lent no longer.
    pub(crate) fn answer(&mut self, header: &[u8], loan: Loan) -> bool {
        if !self.is_lent(&loan) || self.gap() < header.len() {
            return false;
        }
        let range = loan.range;
        if self.ready.is_empty() {
            let start = range.start.saturating_sub(header.len());
            self.write(start, header);
            self.ready = start..range.end;
        } else {
            let payload = self.ready.end.saturating_add(header.len());
            self.write(self.ready.end, header);
            self.ready.end = payload.saturating_add(range.len());
            move_bytes(self.storage.as_mut(), range, payload);
        }
        self.release();
        true
    }

    /// Makes as many of `bytes` ready as there is room for, and returns how many those are.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> usize {
        let len = self.gap().min(bytes.len());
        if self.ready.is_empty() {
            self.ready = 0..0;
        }
        self.write(self.ready.end, bytes.get(..len).unwrap_or_default());
        self.ready.end = self.ready.end.saturating_add(len);
        len
    }

    /// Pushes received bytes to the right, if it must, so that `len` bytes can be made ready.
    pub(crate) fn make_gap(&mut self, len: usize) -> bool {
        let missing = len.saturating_sub(self.gap());
        let spare = self.storage.as_ref().len() - self.received.end;
        if missing == 0 {
            return true;
        }
        if missing > spare || self.lent.is_some() {
            return false;
        }
        let start = self.received.start.saturating_add(missing);
        self.shift(start);
        true
    }

    /// Moves what was received to the left end when it is longer than the room behind it.
    fn make_spare(&mut self) {
        let spare = self.storage.as_ref().len() - self.received.end;
        if self.received.is_empty()
            || (spare < self.received.len() && self.received.start > HEADROOM)
        {
            self.shift(HEADROOM.min(self.storage.as_ref().len()));
        }
    }

    /// Moves what was received so that it begins at `start`.
    fn shift(&mut self, start: usize) {
        move_bytes(self.storage.as_mut(), self.received.clone(), start);
        self.received = start..start.saturating_add(self.received.len());
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        let storage = self.storage.as_mut().get_mut(at..).unwrap_or_default();
        for (to, from) in storage.iter_mut().zip(bytes) {
            *to = *from;
        }
    }

    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.storage.as_ref().get(range).unwrap_or_default()
    }
}

/// Moves the bytes at `from`, which stand in `storage`, so that they begin at `to`. It is written so
/// that the compiler can see that it does not panic, at every level of optimisation.
fn move_bytes(storage: &mut [u8], from: Range<usize>, to: usize) {
    let len = from.len();
    if to <= from.start {
        let region = storage.get_mut(to..from.end).unwrap_or_default();
        if let Some(start) = region.len().checked_sub(len) {
            region.copy_within(start.., 0);
        }
    } else {
        let region = storage.get_mut(from.start..to.saturating_add(len));
        let region = Cell::from_mut(region.unwrap_or_default()).as_slice_of_cells();
        let old_places = region.get(..len).unwrap_or_default();
        for (new, old) in region.iter().rev().zip(old_places.iter().rev()) {
            new.set(old.get());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(buffer: &mut Buffer<[u8; 64]>, bytes: &[u8]) {
        buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
        buffer.commit(bytes.len());
    }

    #[test]
    fn a_lone_answer_stays_where_it_came_in_and_later_ones_close_up() {
        let mut buffer = Buffer::new([0; 64]);
        receive(&mut buffer, b"....one....two");
        buffer.skip(4);
        let loan = buffer.lend(3, 0);
        assert!(buffer.answer(b"<", loan));
        let first = buffer.ready().as_ptr();
        buffer.skip(4);
        let loan = buffer.lend(3, 0);
        assert_eq!(buffer.lent(&loan), b"two");
        assert!(buffer.answer(b"<", loan));
        assert_eq!(buffer.ready(), b"<one<two");
        assert_eq!(buffer.ready().as_ptr(), first);
    }

    #[test]
    fn what_stands_too_far_right_is_moved_when_room_runs_out() {
        let mut buffer = Buffer::new([0; 64]);
        receive(&mut buffer, &[b'x'; 40]);
        buffer.skip(30);
        assert_eq!(buffer.spare_mut().len(), 64 - HEADROOM - 10);
        assert_eq!(buffer.received(), [b'x'; 10]);
    }

    #[test]
    fn what_was_received_makes_way_as_far_as_there_is_room() {
        let mut buffer = Buffer::new([0; 64]);
        receive(&mut buffer, b"received");
        assert!(buffer.make_gap(56));
        assert_eq!(buffer.received(), b"received");
        assert_eq!(buffer.append(&[b'y'; 60]), 56);
        assert!(!buffer.make_gap(1));
        assert_eq!(
            (buffer.received(), buffer.ready().len()),
            (&b"received"[..], 56)
        );
    }

    #[test]
    fn only_a_buffer_of_its_own_holds_a_frame_that_fits() {
        let room = 64 - HEADROOM as u64;
        assert!(Buffer::new([0; 64]).holds(room));
        assert!(!Buffer::new([0; 64]).holds(room + 1));
        assert!(!Buffer::for_pieces([0; 64]).holds(0));
    }
}
