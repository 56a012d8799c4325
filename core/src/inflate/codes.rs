//! The Huffman codes of a block (RFC 1951 section 3.2.2): made from the lengths of their codes, and
//! read from bits.

use core::ops::Range;

use crate::inflate::bits::{Bits, Stop};

/// How many symbols there are for literals, the end of the block and lengths.
pub(super) const LITERALS: usize = 288;
/// How many symbols there are for distances.
pub(super) const DISTANCES: usize = 32;
/// The symbol that ends a block. The literals are before it, the lengths after it.
pub(super) const END_OF_BLOCK: u16 = 256;

/// The longest code, in bits.
const MAX_LEN: usize = 15;
/// How many bits a table is asked with. Most codes are not longer.
const LITERAL_BITS: usize = 8;
const DISTANCE_BITS: usize = 5;
const LITERAL_TABLE: usize = 1 << LITERAL_BITS;
const DISTANCE_TABLE: usize = 1 << DISTANCE_BITS;

/// An alphabet of symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Literals, the end of the block, and lengths. Or the lengths of codes.
    Literals,
    /// Distances.
    Distances,
}

/// The two codes of a block.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    /// While the codes are read, the length of each symbol's code in bits, or 0. Then the symbols
    /// in the order of their codes, those of distances from `LITERALS` on. Without the 9th bit.
    pub(super) symbols: [u8; LITERALS + DISTANCES],
    literals: Code,
    distances: Code,
    /// For each length, the first code whose symbol has the 9th bit.
    ninth_bit: PerLen,
    /// For each value of the next bits, a symbol times 16 and the length of its code. 0 if the code
    /// is longer. The table of distances follows that of literals.
    table: [u16; LITERAL_TABLE + DISTANCE_TABLE],
}

/// The code of an alphabet. Codes of the same length are consecutive numbers, and so are the places
/// of their symbols.
#[derive(Clone, Debug)]
struct Code {
    /// For each length, the number after the last code.
    ends: PerLen,
    /// For each length, what added to a code is the place of its symbol.
    offsets: PerLen,
}

/// A number for each length of a code.
type PerLen = [u16; MAX_LEN + 1];

impl Codes {
    pub(super) const NONE: Self = Self {
        symbols: [0; _],
        literals: Code::NONE,
        distances: Code::NONE,
        ninth_bit: [0; _],
        table: [0; _],
    };

    /// Makes the code of an alphabet. `lengths` is where the lengths of its codes are in `symbols`.
    /// Returns whether the code is complete: all bits are codes.
    pub(super) fn build(
        &mut self,
        alphabet: Alphabet,
        lengths: Range<usize>,
    ) -> Result<bool, Stop> {
        let all = self.symbols;
        let lengths = all.get(lengths).unwrap_or_default();
        let (code, table, first_place) = match alphabet {
            Alphabet::Literals => (&mut self.literals, &mut self.table[..LITERAL_TABLE], 0),
            Alphabet::Distances => (
                &mut self.distances,
                &mut self.table[LITERAL_TABLE..],
                LITERALS as u16,
            ),
        };
        let is_complete = code.begin(lengths, first_place)?;
        table.fill(0);
        for (symbol, len) in (0..).zip(lengths) {
            if symbol == END_OF_BLOCK {
                self.ninth_bit = code.ends;
            }
            let len = usize::from(len % 16);
            if len == 0 {
                continue;
            }
            let (number, place) = code.add(len);
            if let Some(place) = self.symbols.get_mut(place) {
                *place = symbol as u8;
            }
            if table.len() >> len > 0 {
                // The first bit of a code is its most significant one, unlike all other bits.
                let mut index = usize::from(number.reverse_bits() >> (16 - len));
                while let Some(entry) = table.get_mut(index) {
                    *entry = symbol * 16 + len as u16;
                    index += 1 << len;
                }
            }
        }
        Ok(is_complete)
    }

    /// Takes a code from `bits`, and returns its symbol: none of the alphabet if there is no such
    /// code.
    #[inline]
    pub(super) fn decode(&self, alphabet: Alphabet, bits: &mut Bits) -> u16 {
        let next = bits.peek();
        let place = match alphabet {
            Alphabet::Literals => next as usize % LITERAL_TABLE,
            Alphabet::Distances => LITERAL_TABLE + next as usize % DISTANCE_TABLE,
        };
        let mut entry = self.table[place];
        if entry == 0 {
            entry = self.search(alphabet, next);
        }
        bits.take(u32::from(entry % 16));
        entry / 16
    }

    /// What an entry of the table would be if it had enough bits. All bits are set if there is no
    /// such code.
    fn search(&self, alphabet: Alphabet, mut bits: u32) -> u16 {
        let code = match alphabet {
            Alphabet::Literals => &self.literals,
            Alphabet::Distances => &self.distances,
        };
        let mut number = 0;
        for len in 1..=MAX_LEN {
            number = 2 * number + (bits & 1) as u16;
            bits >>= 1;
            if number < code.ends[len] {
                let symbol = self.symbols.get(code.place(number, len)).copied();
                let mut symbol = u16::from(symbol.unwrap_or_default());
                if alphabet == Alphabet::Literals && number >= self.ninth_bit[len] {
                    symbol += 256;
                }
                return symbol * 16 + len as u16;
            }
        }
        u16::MAX
    }
}

impl Code {
    const NONE: Self = Self {
        ends: [0; _],
        offsets: [0; _],
    };

    /// Begins a code with codes of these lengths: each end is the first code of the length. Returns
    /// whether it will be complete.
    ///
    /// > If only one distance code is used, it is encoded using one bit [...]. One distance code of
    /// > zero bits means that there are no distance codes used at all [...]. (section 3.2.7)
    fn begin(&mut self, lengths: &[u8], first_place: u16) -> Result<bool, Stop> {
        self.ends = [0; _];
        for len in lengths {
            // Most are 0: to count them takes longer than to look.
            if *len > 0 {
                self.ends[usize::from(len % 16)] += 1;
            }
        }
        let mut number = 0_u32;
        let mut place = first_place;
        for (end, offset) in self.ends.iter_mut().zip(&mut self.offsets) {
            let count = *end;
            number *= 2;
            *end = number as u16;
            *offset = place.wrapping_sub(*end);
            number += u32::from(count);
            place += count;
        }
        // All codes of the greatest length are used, none, or half of them by one code of one bit.
        match number {
            0x8000 => Ok(true),
            0 | 0x4000 if place <= first_place + 1 => Ok(false),
            _ => Err(Stop::Invalid),
        }
    }

    /// Adds the next code of a length. Returns it and the place of its symbol.
    fn add(&mut self, len: usize) -> (u16, usize) {
        let number = self.ends[len];
        self.ends[len] += 1;
        (number, self.place(number, len))
    }

    fn place(&self, number: u16, len: usize) -> usize {
        number.wrapping_add(self.offsets[len]).into()
    }
}
