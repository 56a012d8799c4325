//! The LZ77 sliding window (RFC 1951 section 2): the last bytes that were inflated, in a ring.
//! Bytes are copied from it to its end, and lent from there.

/// A ring of the last `LEN` bytes.
#[derive(Clone, Debug)]
pub(super) struct Window<const LEN: usize> {
    ring: [u8; LEN],
    /// Where the next byte is written. `LEN` stands for 0 until bytes are lent from there.
    end: usize,
    /// Whether the bytes from `end` on are older ones. Otherwise they are none.
    is_full: bool,
}

impl<const LEN: usize> Window<LEN> {
    pub(super) const EMPTY: Self = Self {
        ring: [0; LEN],
        end: 0,
        is_full: false,
    };

    pub(super) const fn clear(&mut self) {
        self.end = 0;
        self.is_full = false;
    }

    /// Makes room, and returns where it begins. What was lent before is not lent again.
    pub(super) fn make_room(&mut self) -> usize {
        if self.end == LEN {
            self.end = 0;
            self.is_full = true;
        }
        self.end
    }

    /// The bytes that were written from `start` on.
    pub(super) fn written(&self, start: usize) -> &[u8] {
        self.ring.get(start..self.end).unwrap_or_default()
    }

    /// Whether there is room for a byte.
    pub(super) fn has_room(&self) -> bool {
        self.end < LEN
    }

    /// Writes a byte, if there is room.
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(place) = self.ring.get_mut(self.end) {
            *place = byte;
            self.end += 1;
        }
    }

    /// Writes up to `len` bytes, as far as there is room, and returns how many.
    pub(super) fn append(&mut self, bytes: &[u8], len: u16) -> usize {
        let room = self.ring.get_mut(self.end..).unwrap_or_default();
        let len = room.len().min(bytes.len()).min(len.into());
        copy(
            bytes.get(..len).unwrap_or_default(),
            room.get_mut(..len).unwrap_or_default(),
        );
        self.end += len;
        len
    }

    /// Whether there is a byte at this distance before the end.
    pub(super) fn reaches(&self, distance: u16) -> bool {
        let len = if self.is_full { LEN } else { self.end };
        usize::from(distance) <= len
    }

    /// Copies up to `len` bytes that begin at a distance before the end, to the end. Bytes that are
    /// written are copied again, if `distance` is less than `len`. Returns how many there is no
    /// room for.
    pub(super) fn copy(&mut self, len: u16, distance: u16) -> u16 {
        let distance = usize::from(distance);
        let mut left = usize::from(len);
        while left > 0 && self.end < LEN {
            let from = self.end.wrapping_sub(distance) % LEN;
            let mut len = left.min(distance).min(LEN - from.max(self.end));
            if from > self.end {
                // What is written must not reach what is read.
                len = len.min(from - self.end);
            }
            copy_within(&mut self.ring, from, self.end, len);
            self.end += len;
            left -= len;
        }
        left as u16
    }
}

/// Copies `len` bytes to a place that does not overlap with them.
fn copy_within(bytes: &mut [u8], from: usize, to: usize, len: usize) {
    let (low, high) = (from.min(to), from.max(to));
    if let Some((before, after)) = bytes.split_at_mut_checked(high)
        && let Some(first) = before.get_mut(low..low + len)
        && let Some(second) = after.get_mut(..len)
    {
        let (source, target) = if from < to {
            (first, second)
        } else {
            (second, first)
        };
        copy(source, target);
    }
}

/// Copies bytes to a place of the same length.
fn copy(source: &[u8], target: &mut [u8]) {
    // For speed: most copies are so short that a call takes longer.
    let is_fast = usize::BITS == u64::BITS
        && match source.len() {
            4..8 => copy_ends::<4>(source, target),
            8..=16 => copy_ends::<8>(source, target),
            _ => None,
        }
        .is_some();
    if !is_fast {
        for (to, from) in target.iter_mut().zip(source) {
            *to = *from;
        }
    }
}

/// The same for `N` to twice `N` bytes: the first and the last, which may overlap.
fn copy_ends<const N: usize>(source: &[u8], target: &mut [u8]) -> Option<()> {
    *target.first_chunk_mut::<N>()? = *source.first_chunk()?;
    *target.last_chunk_mut::<N>()? = *source.last_chunk()?;
    Some(())
}
