//! What waits for a client that does not read yet: a queue of bytes, in blocks that are taken one
//! after the other and given back as soon as they are empty. How much memory all of them may take
//! is the pool's.

use std::collections::VecDeque;

/// Bytes that a client has not taken, the first that it must get in front.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// None of them is empty.
    blocks: VecDeque<Vec<u8>>,
    /// How many bytes of the first block were taken.
    taken: usize,
    len: usize,
}

impl Backlog {
    /// The number of bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The next bytes: some, unless it is empty.
    pub(crate) fn first(&self) -> &[u8] {
        let first = self.blocks.front().map(Vec::as_slice);
        first
            .unwrap_or_default()
            .get(self.taken..)
            .unwrap_or_default()
    }

    /// Appends bytes, as long as there is a block for them. `next_block` makes an empty one with
    /// room for bytes, if there is memory for it. Returns how many bytes were appended.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        mut next_block: impl FnMut() -> Option<Vec<u8>>,
    ) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            let block = match self.blocks.back_mut() {
                Some(last) if last.len() < last.capacity() => last,
                _ => match next_block() {
                    Some(block) => self.blocks.push_back_mut(block),
                    None => break,
                },
            };
            let room = block.capacity() - block.len();
            let (now, later) = rest.split_at(rest.len().min(room));
            block.extend_from_slice(now);
            rest = later;
        }
        let pushed = bytes.len() - rest.len();
        self.len += pushed;
        pushed
    }

    /// Takes the next `len` bytes out, or all. Returns how many blocks are given back.
    pub(crate) fn consume(&mut self, len: usize) -> usize {
        self.len -= len.min(self.len);
        self.taken = self.taken.saturating_add(len);
        let mut freed = 0;
        while let Some(first) = self.blocks.front()
            && first.len() <= self.taken
        {
            self.taken -= first.len();
            freed += 1;
            self.blocks.pop_front();
        }
        if self.blocks.is_empty() {
            *self = Self::default();
        }
        freed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At most this many blocks of ten bytes.
    fn blocks(count: usize) -> impl FnMut() -> Option<Vec<u8>> {
        let mut left = count;
        move || {
            left = left.checked_sub(1)?;
            Some(Vec::with_capacity(10))
        }
    }

    fn all(backlog: &mut Backlog) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !backlog.is_empty() {
            bytes.extend(backlog.first());
            backlog.consume(backlog.first().len());
        }
        bytes
    }

    #[test]
    fn bytes_leave_in_the_order_in_which_they_came_however_they_are_cut() {
        let bytes: Vec<u8> = (0..=255).collect();
        for (pushed, taken) in [(1, 1), (7, 3), (25, 11), (100, 1), (1, 100)] {
            let (mut backlog, mut out) = (Backlog::default(), Vec::new());
            let mut next_block = blocks(usize::MAX);
            for piece in bytes.chunks(pushed) {
                assert_eq!(backlog.push(piece, &mut next_block), piece.len());
                let now = backlog.first().len().min(taken);
                out.extend(&backlog.first()[..now]);
                backlog.consume(now);
            }
            out.extend(all(&mut backlog));
            assert_eq!(out, bytes, "{pushed} in, {taken} out");
        }
    }

    #[test]
    fn small_pieces_share_a_block_and_a_block_is_given_back_when_it_is_empty() {
        let mut backlog = Backlog::default();
        let mut next_block = blocks(2);
        for _ in 0..4 {
            assert_eq!(backlog.push(b"four", &mut next_block), 4);
        }
        assert_eq!(backlog.push(b"fours", &mut next_block), 4);
        assert_eq!((backlog.len(), backlog.blocks.len()), (20, 2));
        assert_eq!(backlog.consume(9), 0);
        assert_eq!(backlog.consume(2), 1);
        assert_eq!(backlog.first(), b"rfourfour");
        assert_eq!(backlog.consume(9), 1);
        assert_eq!((backlog.len(), backlog.blocks.capacity()), (0, 0));
    }

    #[test]
    fn no_more_than_all_is_taken() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.consume(1), 0);
        assert_eq!(backlog.push(b"some", blocks(1)), 4);
        assert_eq!(backlog.consume(usize::MAX), 1);
        assert!(backlog.is_empty() && backlog.first().is_empty());
        assert_eq!(backlog.push(b"more", blocks(1)), 4);
        assert_eq!(backlog.first(), b"more");
    }
}
