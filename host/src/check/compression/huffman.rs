//! Bits and Huffman codes of compressed blocks (RFC 1951 section 3.2.2).

/// The longest code in bits.
const BITS_MAX: usize = 15;

/// Bits, the lowest of each byte first.
#[derive(Clone, Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// How many bits are taken.
    taken: usize,
}

/// Why there is nothing to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There are no more bytes.
    OfBytes,
    /// The bits are no code.
    OfCode,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, taken: 0 }
    }

    /// Takes so many bits, the lowest first.
    ///
    /// # Errors
    ///
    /// [`End::OfBytes`].
    pub(super) fn take(&mut self, count: u8) -> Result<u32, End> {
        let mut value = 0;
        for place in 0..count {
            let byte = self.bytes.get(self.taken / 8).ok_or(End::OfBytes)?;
            value |= u32::from(byte >> (self.taken % 8) & 1) << place;
            self.taken += 1;
        }
        Ok(value)
    }

    /// Leaves out the rest of a byte that is begun.
    pub(super) fn align(&mut self) {
        self.taken = self.taken.next_multiple_of(8);
    }

    /// Leaves out so many bytes.
    ///
    /// # Errors
    ///
    /// [`End::OfBytes`].
    pub(super) fn skip_bytes(&mut self, len: usize) -> Result<(), End> {
        self.taken += len * 8;
        match self.taken <= self.bytes.len() * 8 {
            true => Ok(()),
            false => Err(End::OfBytes),
        }
    }

    /// Whether all bytes are taken, but for the rest of the last one.
    pub(super) fn is_at_end(&self) -> bool {
        self.taken.div_ceil(8) >= self.bytes.len()
    }

    /// Whether all bits are taken.
    pub(super) fn are_all_taken(&self) -> bool {
        self.taken == self.bytes.len() * 8
    }

    /// The bytes that are not begun.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.taken.div_ceil(8)..).unwrap_or_default()
    }
}

/// A Huffman code.
#[derive(Clone, Debug)]
pub(super) struct Code {
    /// How many symbols have a code of each length.
    counts: [u16; BITS_MAX + 1],
    /// The symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Code {
    /// The code in which the symbols have these lengths; 0 for those that are not used. `None` if
    /// there is no such code.
    pub(super) fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0; BITS_MAX + 1];
        for &length in lengths {
            *counts.get_mut(usize::from(length))? += 1;
        }
        counts[0] = 0;
        let mut left: i32 = 1;
        for count in &counts[1..] {
            left = left * 2 - i32::from(*count);
            if left < 0 {
                return None;
            }
        }
        // > If only one distance code is used, it is encoded using one bit, not zero bits
        // > (RFC 1951 section 3.2.7)
        let used: u16 = counts.iter().sum();
        if left > 0 && used > 1 {
            return None;
        }
        let mut symbols: Vec<u16> = (0..lengths.len() as u16)
            .filter(|&symbol| lengths[usize::from(symbol)] > 0)
            .collect();
        symbols.sort_by_key(|&symbol| lengths[usize::from(symbol)]);
        Some(Self { counts, symbols })
    }

    /// Takes a symbol.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Result<u16, End> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for &count in &self.counts[1..] {
            let count = usize::from(count);
            code = code << 1 | bits.take(1)? as usize;
            if code < first + count {
                let symbol = self.symbols.get(index + code - first);
                return symbol.copied().ok_or(End::OfCode);
            }
            index += count;
            first = (first + count) << 1;
        }
        Err(End::OfCode)
    }

    /// The code of a symbol, its first bit the highest, and its length.
    pub(super) fn of(&self, symbol: u16) -> Option<(u16, u8)> {
        let place = self.symbols.iter().position(|&it| it == symbol)?;
        let (mut first, mut index) = (0, 0);
        for (length, &count) in self.counts.iter().enumerate().skip(1) {
            if place < index + usize::from(count) {
                return Some((first + (place - index) as u16, length as u8));
            }
            index += usize::from(count);
            first = (first + count) << 1;
        }
        None
    }

    /// The fixed code of literals and lengths (RFC 1951 section 3.2.6).
    pub(super) fn fixed_literals() -> Self {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        Self::complete(&lengths)
    }

    /// The fixed code of distances.
    pub(super) fn fixed_distances() -> Self {
        Self::complete(&[5; 32])
    }

    /// The code with these lengths, which is known to exist.
    fn complete(lengths: &[u8]) -> Self {
        Self::new(lengths).unwrap_or(Self {
            counts: [0; BITS_MAX + 1],
            symbols: Vec::new(),
        })
    }
}
