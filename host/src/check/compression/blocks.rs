//! Compressed blocks that are put together by hand (RFC 1951), for messages that no compressor
//! makes.

use super::huffman::Code;
use super::stream::{DISTANCES, LENGTHS, ORDER};

/// What a block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    Literal(u8),
    /// So many bytes, from 3 to 258, from so far back, from 1 to 32,768.
    Copy {
        len: u16,
        distance: u16,
    },
}

/// The literals of a text.
pub fn literals(bytes: &[u8]) -> Vec<Symbol> {
    bytes.iter().copied().map(Symbol::Literal).collect()
}

/// Whether a block is marked as the final one (BFINAL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Final {
    Yes,
    No,
}

/// Blocks, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    bytes: Vec<u8>,
    /// How many bits of the last byte are used; 0 for all.
    used: u8,
}

impl Blocks {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a block that is not compressed, of at most 65,535 bytes.
    pub fn stored(mut self, content: &[u8], is_final: Final) -> Self {
        self.header(is_final, 0);
        self.align();
        let len = content.len() as u16;
        self.bytes.extend(len.to_le_bytes());
        self.bytes.extend((!len).to_le_bytes());
        self.bytes.extend(content);
        self
    }

    /// Adds a block with the fixed codes.
    pub fn fixed(mut self, symbols: &[Symbol], is_final: Final) -> Self {
        self.header(is_final, 1);
        self.symbols(symbols, &Code::fixed_literals(), &Code::fixed_distances());
        self.end_block(is_final)
    }

    /// Adds a block with codes of its own.
    pub fn dynamic(mut self, symbols: &[Symbol], is_final: Final) -> Self {
        // Complete codes of all symbols: 226 * 2^-8 + 60 * 2^-9 = 1, and 2 * 2^-4 + 28 * 2^-5 = 1.
        let mut lengths = [8; 286];
        lengths[226..].fill(9);
        let mut distances = [5; 30];
        distances[..2].fill(4);
        self.header(is_final, 2);
        self.bits(286 - 257, 5);
        self.bits(30 - 1, 5);
        // The code of the lengths 4, 5, 8 and 9, which have two bits each.
        let count = 12;
        self.bits(count - 4, 4);
        let mut of_lengths = [0; ORDER.len()];
        for length in [4, 5, 8, 9] {
            of_lengths[length] = 2;
        }
        for &place in &ORDER[..count as usize] {
            self.bits(u32::from(of_lengths[place]), 3);
        }
        if let Some(code) = Code::new(&of_lengths) {
            for length in lengths.iter().chain(&distances) {
                self.code(&code, u16::from(*length));
            }
        }
        if let (Some(literals), Some(distances)) = (Code::new(&lengths), Code::new(&distances)) {
            self.symbols(symbols, &literals, &distances);
        }
        self.end_block(is_final)
    }

    /// Adds the beginning of a block of the type that there is not.
    pub fn of_no_type(mut self) -> Self {
        self.header(Final::No, 3);
        self
    }

    /// Adds bits, the lowest first.
    pub fn raw_bits(mut self, value: u32, count: u8) -> Self {
        self.bits(value, count);
        self
    }

    /// The bytes as they are.
    pub fn bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The bytes of a message: they end with the header of an empty block that is not compressed,
    /// of which the rest is left out (RFC 7692 section 7.2.1).
    pub fn message(mut self) -> Vec<u8> {
        self.header(Final::No, 0);
        self.bytes
    }

    fn header(&mut self, is_final: Final, kind: u32) {
        self.bits(u32::from(is_final == Final::Yes), 1);
        self.bits(kind, 2);
    }

    fn symbols(&mut self, symbols: &[Symbol], literals: &Code, distances: &Code) {
        for symbol in symbols {
            match *symbol {
                Symbol::Literal(byte) => self.code(literals, u16::from(byte)),
                Symbol::Copy { len, distance } => {
                    self.number(literals, 257, &LENGTHS, len);
                    self.number(distances, 0, &DISTANCES, distance);
                }
            }
        }
        self.code(literals, 256);
    }

    /// Adds a length or a distance: the symbol with the largest least number, and more bits.
    fn number(&mut self, code: &Code, first: u16, ranges: &[(u16, u8)], number: u16) {
        let index = ranges.partition_point(|(least, _)| *least <= number);
        let Some(index) = index.checked_sub(1) else {
            return;
        };
        let (least, count) = ranges[index];
        self.code(code, first + index as u16);
        self.bits(u32::from(number - least), count);
    }

    fn code(&mut self, code: &Code, symbol: u16) {
        if let Some((bits, len)) = code.of(symbol) {
            // > Huffman codes are packed starting with the most-significant bit of the code.
            // > (RFC 1951 section 3.1.1)
            for place in (0..len).rev() {
                self.bits(u32::from(bits >> place & 1), 1);
            }
        }
    }

    fn bits(&mut self, value: u32, count: u8) {
        for place in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> place & 1) as u8) << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// > When any DEFLATE block with the "BFINAL" bit set to 1 doesn't end at a byte boundary, an
    /// > endpoint MUST add minimal padding bits of 0 to make it end at a byte boundary. (RFC 7692
    /// > section 7.2.1)
    fn end_block(mut self, is_final: Final) -> Self {
        if is_final == Final::Yes {
            self.align();
        }
        self
    }

    fn align(&mut self) {
        self.used = 0;
    }
}
