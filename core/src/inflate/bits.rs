//! Takes bits from a compressed stream, in the order in which they are packed into bytes (RFC 1951
//! section 3.1.1). What they mean is in `inflate`.

/// Bits that were read from bytes and are not used yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits {
    /// The next bit is the least significant one.
    value: u64,
    /// How many there are. Negative if more were taken than there were: those were zeros.
    len: i32,
}

/// Bytes, and the bits before them.
pub(super) struct BitReader<'a> {
    pub(super) bits: Bits,
    pub(super) bytes: &'a [u8],
}

/// Why no more can be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// More bytes are needed, or more room.
    Wait,
    /// The bits are not a compressed message.
    Invalid,
}

impl Bits {
    pub(super) const NONE: Self = Self { value: 0, len: 0 };

    pub(super) fn len(self) -> i32 {
        self.len
    }

    /// The next 32 bits. If there are fewer, zeros follow.
    pub(super) fn peek(self) -> u32 {
        self.value as u32
    }

    /// Takes `len` bits, at most 16. [`BitReader::commit`] says whether there were as many.
    pub(super) fn take(&mut self, len: u32) -> u16 {
        let taken = self.peek() & ((1 << len) - 1);
        self.value >>= len;
        self.len -= len as i32;
        taken as u16
    }

    /// Takes the bits before the next byte.
    pub(super) fn align(&mut self) {
        self.take(self.len as u32 % 8);
    }
}

impl BitReader<'_> {
    /// Reads bytes until there are 56 bits, if there are as many, and returns the bits.
    pub(super) fn fill(&mut self) -> Bits {
        // For speed: a 32-bit machine would not gain from it.
        if usize::BITS == u64::BITS
            && let Some(bytes) = self.bytes.first_chunk()
        {
            // The rest of a byte that is not counted is read again the next time.
            self.bits.value |= u64::from_le_bytes(*bytes) << self.bits.len;
            let read = (!self.bits.len >> 3) & 7;
            self.bits.len |= 56;
            self.bytes = self.bytes.get(read as usize..).unwrap_or_default();
            return self.bits;
        }
        while self.bits.len < 56
            && let Some((&byte, rest)) = self.bytes.split_first()
        {
            self.bits.value |= u64::from(byte) << self.bits.len;
            self.bits.len += 8;
            self.bytes = rest;
        }
        self.bits
    }

    /// Uses the bits that were taken since `fill`: `left` is what is left. If too many were taken,
    /// none is used.
    pub(super) fn commit(&mut self, left: Bits) -> Result<(), Stop> {
        if left.len < 0 {
            return Err(Stop::Wait);
        }
        self.bits = left;
        Ok(())
    }
}
