//! Reads blocks (RFC 1951 section 3.2.3): their headers, what is stored in them, and literals and
//! references. Huffman codes are in `codes`, what was inflated is in `window`.

use crate::inflate::bits::{BitReader, Bits, Stop};
use crate::inflate::codes::{Alphabet, DISTANCES, END_OF_BLOCK, LITERALS};
use crate::inflate::{Inflate, State};

/// In which order the lengths of the codes of lengths come (RFC 1951 section 3.2.7).
const LENGTH_LENGTHS: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

impl<const LEN: usize> Inflate<LEN> {
    /// Reads what comes next, once or several times.
    pub(super) fn step(&mut self, reader: &mut BitReader<'_>) -> Result<(), Stop> {
        match self.state {
            State::Header => self.header(reader),
            State::Stored(left) => self.stored(reader, left),
            State::LengthLengths { read, counts } => self.length_length(reader, read, counts),
            State::Lengths { read, counts } => self.length(reader, read, counts),
            State::Symbols { left, distance } => self.symbols(reader, left, distance),
            State::Failed => Err(Stop::Invalid),
        }
    }

    /// The header of a block (RFC 1951 section 3.2.3), up to the lengths of codes.
    fn header(&mut self, reader: &mut BitReader<'_>) -> Result<(), Stop> {
        let mut bits = reader.fill();
        let header = bits.take(3);
        self.is_final = header & 1 > 0;
        match header >> 1 {
            0b00 => {
                bits.align();
                let len = bits.take(16);
                let complement = bits.take(16);
                reader.commit(bits)?;
                if complement != !len {
                    return Err(Stop::Invalid);
                }
                self.state = State::Stored(len);
            }
            0b01 => {
                reader.commit(bits)?;
                self.use_fixed_codes()?;
            }
            0b10 => {
                let counts = bits.take(14);
                reader.commit(bits)?;
                self.is_fixed = false;
                self.state = State::LengthLengths { read: 0, counts };
            }
            _ => return Err(Stop::Invalid),
        }
        Ok(())
    }

    /// Bytes that are not compressed (RFC 1951 section 3.2.4), then the end of any block.
    fn stored(&mut self, reader: &mut BitReader<'_>, left: u16) -> Result<(), Stop> {
        if left == 0 {
            // After a final block there may be others.
            if self.is_final {
                reader.bits.align();
            }
            self.state = State::Header;
            return Ok(());
        }
        if !self.window.has_room() {
            return Err(Stop::Wait);
        }
        let mut len = 1;
        if reader.bits.len() > 0 {
            self.window.push(reader.bits.take(8) as u8);
        } else {
            reader.bits = Bits::NONE;
            len = self.window.append(reader.bytes, left);
            reader.bytes = reader.bytes.get(len..).unwrap_or_default();
        }
        if len == 0 {
            return Err(Stop::Wait);
        }
        self.state = State::Stored(left - len as u16);
        Ok(())
    }

    /// The codes of RFC 1951 section 3.2.6.
    fn use_fixed_codes(&mut self) -> Result<(), Stop> {
        if self.is_fixed {
            self.copy(0, 0);
            return Ok(());
        }
        for (symbol, len) in self.codes.symbols.iter_mut().enumerate() {
            *len = match symbol {
                0..=143 => 8,
                144..=255 => 9,
                256..=279 => 7,
                280..LITERALS => 8,
                _ => 5,
            };
        }
        self.is_fixed = true;
        self.use_codes(LITERALS, LITERALS + DISTANCES)
    }

    /// The next length of a code of lengths (RFC 1951 section 3.2.7).
    fn length_length(
        &mut self,
        reader: &mut BitReader<'_>,
        read: u16,
        counts: u16,
    ) -> Result<(), Stop> {
        let Some(symbol) = LENGTH_LENGTHS.get(usize::from(read)) else {
            let lengths = 0..LENGTH_LENGTHS.len();
            if !self.codes.build(Alphabet::Literals, lengths)? {
                return Err(Stop::Invalid);
            }
            self.state = State::Lengths { read: 0, counts };
            return Ok(());
        };
        let mut bits = reader.fill();
        let is_there = read < 4 + (counts >> 10);
        let len = bits.take(if is_there { 3 } else { 0 });
        reader.commit(bits)?;
        self.codes.symbols[usize::from(symbol % 32)] = len as u8;
        let read = read + 1;
        self.state = State::LengthLengths { read, counts };
        Ok(())
    }

    /// The next length of a code, or several that are the same (RFC 1951 section 3.2.7).
    fn length(&mut self, reader: &mut BitReader<'_>, read: u16, counts: u16) -> Result<(), Stop> {
        let literals = 257 + counts % 32;
        let distances = 1 + counts / 32 % 32;
        if literals > 286 || distances > 30 {
            return Err(Stop::Invalid);
        }
        let all = literals + distances;
        if read == all {
            return self.use_codes(literals.into(), all.into());
        }
        let mut bits = reader.fill();
        let symbol = self.codes.decode(Alphabet::Literals, &mut bits);
        let (len, least, extra) = match symbol {
            ..16 => (symbol as u8, 1, 0),
            16 => {
                let last = self.codes.symbols.get(usize::from(read.wrapping_sub(1)));
                (*last.ok_or(Stop::Invalid)?, 3, 2)
            }
            17 => (0, 3, 3),
            _ => (0, 11, 7),
        };
        let end = read + least + bits.take(extra);
        reader.commit(bits)?;
        if end > all {
            return Err(Stop::Invalid);
        }
        let same = self.codes.symbols.get_mut(read.into()..end.into());
        same.unwrap_or_default().fill(len);
        self.state = State::Lengths { read: end, counts };
        Ok(())
    }

    /// Makes the codes of a block from their lengths: those of literals come first.
    fn use_codes(&mut self, literals: usize, all: usize) -> Result<(), Stop> {
        // The lengths of the literals' codes are where these symbols are not written.
        self.codes.build(Alphabet::Distances, literals..all)?;
        self.codes.build(Alphabet::Literals, 0..literals)?;
        self.copy(0, 0);
        Ok(())
    }

    /// Literals and references, up to the end of the block (RFC 1951 section 3.2.5).
    fn symbols(
        &mut self,
        reader: &mut BitReader<'_>,
        left: u16,
        distance: u16,
    ) -> Result<(), Stop> {
        self.copy(left, distance);
        while self.window.has_room() {
            let mut bits = reader.fill();
            let symbol = self.codes.decode(Alphabet::Literals, &mut bits);
            if symbol < END_OF_BLOCK {
                reader.commit(bits)?;
                self.window.push(symbol as u8);
            } else if symbol == END_OF_BLOCK {
                reader.commit(bits)?;
                self.state = State::Stored(0);
                return Ok(());
            } else {
                let symbol = symbol - END_OF_BLOCK - 1;
                let (len, distance) = self.reference(symbol, reader, bits)?;
                self.copy(len, distance);
            }
        }
        Err(Stop::Wait)
    }

    /// The length and the distance of a reference, in bytes. `symbol` is that of the length, and
    /// was taken from `bits`.
    fn reference(
        &self,
        symbol: u16,
        reader: &mut BitReader<'_>,
        mut bits: Bits,
    ) -> Result<(u16, u16), Stop> {
        let (least, extra) = match symbol {
            ..28 => range(symbol, 2),
            28 => (255, 0),
            _ => return Err(Stop::Invalid),
        };
        let len = 3 + least + bits.take(extra);
        let symbol = self.codes.decode(Alphabet::Distances, &mut bits);
        if symbol >= 30 {
            return Err(Stop::Invalid);
        }
        let (least, extra) = range(symbol, 1);
        let distance = 1 + least + bits.take(extra);
        reader.commit(bits)?;
        if !self.window.reaches(distance) {
            return Err(Stop::Invalid);
        }
        Ok((len, distance))
    }

    /// Copies what a reference is to, as far as there is room. Symbols follow.
    fn copy(&mut self, len: u16, distance: u16) {
        let left = self.window.copy(len, distance);
        self.state = State::Symbols { left, distance };
    }
}

/// The least number that a symbol stands for, and how many bits follow to be added to it. The
/// numbers begin with 0. Each power of two is in two to the power of `step` symbols.
fn range(symbol: u16, step: u16) -> (u16, u32) {
    let extra = (symbol >> step).saturating_sub(1);
    ((symbol - (extra << step)) << extra, extra.into())
}
