//! The buffer of a busy connection. Received bytes stay in it until they are read, and bytes to
//! transmit are built in front of them. (A client's frame is four bytes longer than the same frame
//! from a server, RFC 6455 section 5.2. The headroom makes up for the opposite case.) Of frames it
//! knows only how long a header is.
//!
//! ```text
//!  | headroom | ready to transmit |  free  | lent | received, not yet read | spare |
//!  0          ^ sent from here             ^      ^ read from here         ^ filled from here
//! ```
//!
//! Bytes flow from right to left, with two exceptions that keep a small buffer from jamming.
//! Received bytes that are too far right are moved to the left end before more are received. And a
//! frame of the driver's own may push received bytes to the right.

pub(crate) mod echo_window;

use core::ops::Range;

use crate::frame::layout::MAX_HEADER_LEN;
use crate::frame::utf8::MAX_HELD;
use crate::storage::{Storage, move_left, move_right};

/// The most bytes that a reply can need beyond the bytes that it answers: a fragment's header in
/// the middle of a long frame, and the held bytes of an incomplete character. (Only a client's
/// header is this long.)
pub(crate) const HEADROOM: usize = MAX_HEADER_LEN + MAX_HELD;

/// The smallest useful length of a [`Buffer`]'s storage, in bytes.
pub const MIN_BUFFER_LEN: usize = 2 * HEADROOM;

/// What may stay in a buffer between two exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    /// A frame that fits, until it is complete.
    Frames,
    /// Nothing: received bytes are answered at once, in pieces.
    Nothing,
}

/// Received bytes that the application may read, until the next event.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Span {
    pub(crate) len: usize,
    generation: u32,
}

/// Received bytes and bytes that are ready to transmit, in one storage of fixed length.
///
/// The storage should have at least [`MIN_BUFFER_LEN`] bytes. A shorter one never panics, but is of
/// no use.
#[derive(Clone, Debug)]
pub struct Buffer<S> {
    storage: S,
    /// Ready to transmit. It ends where `received` begins, or before.
    ready: Range<usize>,
    /// Received and not yet read. It never ends after the storage.
    received: Range<usize>,
    /// How many bytes at the start of `received` are lent to the application. They count as read,
    /// and are read when they are taken back.
    lent: usize,
    /// How often lent bytes were taken back. An older span is not valid.
    generation: u32,
    keep: Keep,
}

impl<S: Storage> Buffer<S> {
    /// A buffer that belongs to one connection until it is [empty](Self::is_empty). A frame that
    /// fits is echoed as one frame: its payload must be at least [`MIN_BUFFER_LEN`] bytes shorter
    /// than the storage.
    pub fn new(storage: S) -> Self {
        Self::with(storage, Keep::Frames)
    }

    /// A buffer that serves many connections in turn: nothing of a connection stays in it. Frames
    /// are echoed in the pieces in which they arrive.
    ///
    /// All that an exchange makes ready fits the storage. So the buffer is always empty afterwards
    /// if the driver receives no more bytes than its transport can send at the moment. If there is
    /// no room for all answers, received bytes are left over: see [`received`](Self::received).
    pub fn for_pieces(storage: S) -> Self {
        Self::with(storage, Keep::Nothing)
    }

    fn with(storage: S, keep: Keep) -> Self {
        let start = HEADROOM.min(storage.as_ref().len());
        Self {
            storage,
            ready: 0..0,
            received: start..start,
            lent: 0,
            generation: 0,
            keep,
        }
    }

    /// Room for the next bytes from the transport. Call [`commit`](Self::commit) after writing to
    /// it.
    ///
    /// It may be empty while bytes are [`ready`](Self::ready), or were just transmitted: transmit
    /// them and let the connection continue first. If that makes nothing ready, there is room, if
    /// the storage has [`MIN_BUFFER_LEN`] bytes.
    ///
    /// A client must receive even while the server does not accept its frames. Its buffer should be
    /// [for pieces](Self::for_pieces): it has room after the bytes that are ready.
    pub fn spare_mut(&mut self) -> &mut [u8] {
        self.release();
        if self.received.is_empty() && self.ready.is_empty() {
            // The usual case.
            let start = self.received.start.min(HEADROOM);
            self.received = start..start;
        } else {
            self.make_spare();
        }
        let storage = self.storage.as_mut();
        storage.get_mut(self.received.end..).unwrap_or_default()
    }

    /// Reports that the first `len` bytes of [`spare_mut`](Self::spare_mut) were received. More
    /// than its length counts as its length.
    pub fn commit(&mut self, len: usize) {
        let end = self.received.end.saturating_add(len);
        self.received.end = end.min(self.storage.as_ref().len());
    }

    /// The bytes to transmit. Call [`consume`](Self::consume) after a write.
    pub fn ready(&self) -> &[u8] {
        self.slice(self.ready.clone())
    }

    /// Reports that the first `len` bytes of [`ready`](Self::ready) were transmitted. More than its
    /// length counts as its length.
    pub fn consume(&mut self, len: usize) {
        let start = self.ready.start.saturating_add(len);
        // When all were transmitted, the next bytes can be made ready from the left end on.
        self.ready = if start < self.ready.end {
            start..self.ready.end
        } else {
            0..0
        };
    }

    /// The received bytes that no exchange has read yet.
    ///
    /// A driver that peeks into the memory of its transport removes only the bytes that were read
    /// from there: those that it committed, less these.
    pub fn received(&self) -> &[u8] {
        let start = self.received.start + self.lent;
        self.slice(start..self.received.end)
    }

    /// The length of the storage in bytes.
    pub fn capacity(&self) -> usize {
        self.storage.as_ref().len()
    }

    /// Whether nothing is ready and all that was received is read: then the buffer can serve
    /// another connection.
    ///
    /// The bytes of a [`Chunk`](crate::Chunk) count as read although they are still in the buffer.
    /// A driver that keeps a chunk to echo it later must keep the buffer as well: in the hands of
    /// another connection the chunk is no longer valid, and is not echoed.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.received().is_empty()
    }

    /// Forgets everything in the buffer.
    pub fn clear(&mut self) {
        self.consume(usize::MAX);
        self.discard_received();
    }

    /// Forgets the received bytes. The bytes that are ready stay.
    pub fn discard_received(&mut self) {
        self.release();
        self.received.start = self.received.end;
    }

    /// The storage, with the bytes that are in it.
    pub fn into_storage(self) -> S {
        self.storage
    }

    /// Whether `here` bytes, and `missing` more that belong to them, may wait here until all are
    /// received.
    pub(crate) fn holds(&self, here: usize, missing: u64) -> bool {
        let room = self.storage.as_ref().len().saturating_sub(HEADROOM + here);
        self.keep == Keep::Frames && missing <= room as u64
    }

    /// How many bytes can be made ready without moving received bytes.
    pub(crate) fn gap(&self) -> usize {
        self.received.start - self.ready.end
    }

    /// How many bytes can be made ready if received bytes move.
    pub(crate) fn room(&self) -> usize {
        self.gap() + self.spare_len()
    }

    /// Takes back the lent bytes.
    pub(crate) fn release(&mut self) {
        self.skip(self.lent);
        self.lent = 0;
        self.generation = self.generation.wrapping_add(1);
    }

    /// The received bytes, to be unmasked in place.
    pub(crate) fn received_mut(&mut self) -> &mut [u8] {
        let storage = self.storage.as_mut();
        storage.get_mut(self.received.clone()).unwrap_or_default()
    }

    /// The number of received bytes.
    pub(crate) fn received_len(&self) -> usize {
        self.received.end - self.received.start
    }

    /// Reads `len` received bytes. The caller has checked that there are as many.
    pub(crate) fn skip(&mut self, len: usize) {
        self.received.start += len;
    }

    /// Reads one byte. The caller knows that nothing is lent.
    pub(crate) fn read_byte(&mut self) -> Option<u8> {
        let at = self.received.next()?;
        self.storage.as_ref().get(at).copied()
    }

    /// Puts bytes in front of the received bytes, as if they were received with them. The caller
    /// has checked the [`gap`](Self::gap).
    pub(crate) fn unread(&mut self, bytes: &[u8]) {
        let start = self.received.start - bytes.len();
        self.write(start, bytes);
        self.received.start = start;
    }

    /// Lends the next `len` received bytes to the application. When they are taken back, `read`
    /// bytes count as read: these, and maybe some after them.
    pub(crate) fn lend(&mut self, len: usize, read: usize) -> Span {
        self.lent = read;
        Span {
            len,
            generation: self.generation,
        }
    }

    /// Whether these bytes are still lent. A span of another buffer may have the same generation,
    /// and any length.
    fn is_lent(&self, span: &Span) -> bool {
        span.generation == self.generation && span.len <= self.lent
    }

    /// The lent bytes, or none if they are no longer lent.
    pub(crate) fn lent(&self, span: &Span) -> &[u8] {
        if !self.is_lent(span) {
            return &[];
        }
        let start = self.received.start;
        self.slice(start..start + span.len)
    }

    /// The lent bytes, to be masked in place.
    pub(crate) fn lent_mut(&mut self, span: &Span) -> &mut [u8] {
        let len = self.lent(span).len();
        let lent = self.received_mut().get_mut(..len);
        lent.unwrap_or_default()
    }

    /// The last `len` bytes that were made ready, to be masked in place.
    pub(crate) fn last_ready_mut(&mut self, len: usize) -> &mut [u8] {
        let start = self.ready.end.saturating_sub(len);
        let storage = self.storage.as_mut();
        storage.get_mut(start..self.ready.end).unwrap_or_default()
    }

    /// Makes `header` and the lent bytes ready. They do not move if nothing is ready before them.
    /// Does nothing and returns `false` if they are no longer lent, or if there is no room for
    /// `header`.
    pub(crate) fn echo_in_place(&mut self, header: &[u8], span: Span) -> bool {
        let payload = self.received.start;
        if !self.is_lent(&span) || self.gap() < header.len() {
            return false;
        }
        if self.ready.is_empty() {
            let start = payload - header.len();
            self.ready = start..start;
        }
        self.append(header);
        if self.ready.end < payload {
            let lent = payload..payload + span.len;
            move_left(self.storage.as_mut(), lent, self.ready.end);
        }
        self.ready.end += span.len;
        self.release();
        true
    }

    /// Makes as many of `bytes` ready as there is room for, and returns how many. Received bytes
    /// move to make room. It is for the content of an [HTTP
    /// response](crate::ServerHandshake::respond), and for a driver that answers in another
    /// protocol: do not call it while a connection uses this buffer.
    pub fn make_ready(&mut self, bytes: &[u8]) -> usize {
        self.make_gap(bytes.len().min(self.room()));
        self.append(bytes)
    }

    /// Makes as many of `bytes` ready as fit the [`gap`](Self::gap), and returns how many.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> usize {
        let len = self.gap().min(bytes.len());
        self.write(self.ready.end, bytes.get(..len).unwrap_or_default());
        self.ready.end += len;
        len
    }

    /// Pushes received bytes to the right if that is needed to make `len` bytes ready. Does nothing
    /// and returns `false` if there is no room for that.
    pub(crate) fn make_gap(&mut self, len: usize) -> bool {
        let missing = len.saturating_sub(self.gap());
        let spare = self.spare_len();
        if missing == 0 {
            return true;
        }
        if missing > spare {
            return false;
        }
        let from = self.received.clone();
        self.received = from.start + missing..from.end + missing;
        move_right(self.storage.as_mut(), from, missing);
        true
    }

    /// The length of the room after the received bytes.
    fn spare_len(&self) -> usize {
        let len = self.storage.as_ref().len();
        len.saturating_sub(self.received.end)
    }

    /// Makes room in a buffer that is not empty.
    #[inline(never)]
    fn make_spare(&mut self) {
        if self.ready.is_empty() {
            self.make_spare_before_received();
        } else if self.received.is_empty() && self.spare_len() == 0 {
            self.make_spare_after_ready();
        }
    }

    /// Moves the received bytes to the left end if they are longer than the room after them.
    fn make_spare_before_received(&mut self) {
        let Range { start, end } = self.received;
        if start <= HEADROOM {
            return;
        }
        if self.spare_len() < end - start {
            self.received = HEADROOM..HEADROOM + (end - start);
            move_left(self.storage.as_mut(), start..end, HEADROOM);
        }
    }

    /// Moves the ready bytes to the left end, so that there is room after them for answers, and
    /// after that to receive. There are no received bytes.
    fn make_spare_after_ready(&mut self) {
        let len = self.ready.len();
        move_left(self.storage.as_mut(), self.ready.clone(), 0);
        self.ready = 0..len;
        let start = self.received.start.min(len + HEADROOM);
        self.received = start..start;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(buffer: &mut Buffer<[u8; 64]>, bytes: &[u8]) {
        buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
        buffer.commit(bytes.len());
    }

    #[test]
    fn a_single_answer_does_not_move_and_later_ones_close_up() {
        let mut buffer = Buffer::new([0; 64]);
        receive(&mut buffer, b"....one....two");
        buffer.skip(4);
        let span = buffer.lend(3, 3);
        assert!(buffer.echo_in_place(b"<", span));
        let first = buffer.ready().as_ptr();
        buffer.skip(4);
        let span = buffer.lend(3, 3);
        assert_eq!(buffer.lent(&span), b"two");
        assert!(buffer.echo_in_place(b"<", span));
        assert_eq!(buffer.ready(), b"<one<two");
        assert_eq!(buffer.ready().as_ptr(), first);
    }

    #[test]
    fn received_bytes_are_moved_left_when_room_runs_out() {
        let mut buffer = Buffer::new([0; 64]);
        receive(&mut buffer, &[b'x'; 40]);
        buffer.skip(30);
        assert_eq!(buffer.spare_mut().len(), 64 - HEADROOM - 10);
        assert_eq!(buffer.received(), [b'x'; 10]);
    }

    #[test]
    fn received_bytes_are_pushed_right_as_far_as_there_is_room() {
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
    fn bytes_of_the_driver_are_made_ready_as_far_as_there_is_room_and_received_bytes_stay() {
        let mut buffer = Buffer::new([0; 64]);
        receive(&mut buffer, b"received");
        assert_eq!(buffer.make_ready(&[b'y'; 60]), 56);
        assert_eq!(buffer.make_ready(b"z"), 0);
        assert_eq!(buffer.ready(), [b'y'; 56]);
        buffer.consume(56);
        assert_eq!(buffer.make_ready(b"z"), 1);
        assert_eq!(buffer.ready(), b"z");
        assert_eq!(buffer.received(), b"received");
    }

    #[test]
    fn only_a_buffer_of_one_connection_holds_a_frame_that_fits() {
        let room = 64 - HEADROOM as u64;
        assert!(Buffer::new([0; 64]).holds(0, room));
        assert!(!Buffer::new([0; 64]).holds(1, room));
        assert!(!Buffer::for_pieces([0; 64]).holds(0, 0));
    }
}
