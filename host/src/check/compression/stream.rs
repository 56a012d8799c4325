//! The blocks of a compressed message (RFC 1951), read bit by bit without their content: whether
//! they are valid, and how far they refer back.
//!
//! It is slow, and says what an inflater does not: which rule is broken, and whether a distance
//! goes beyond the agreed window.

use super::huffman::{Bits, Code, End};

/// What a message ends with, and what is left out of it (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];
/// The symbol that ends a block.
const END_OF_BLOCK: u16 = 256;
/// The first symbol of a length.
const FIRST_LENGTH: usize = 257;
/// The lengths of symbols 257 and up: the least, and how many more bits there are.
pub(super) const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// The distances of the symbols, in the same way.
pub(super) const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];
/// In which order a dynamic block has the lengths of its first code.
pub(super) const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// Reads the messages of one sender.
#[derive(Clone, Debug)]
pub struct StreamReader {
    window_len: usize,
    is_kept: bool,
    /// How many bytes may be referred to, if the window is large enough.
    past: usize,
}

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamFault {
    /// It can be inflated, but refers further back than was agreed on.
    Window(String),
    /// It cannot be inflated.
    Invalid(String),
}

impl StreamReader {
    /// A reader for a sender with a window of so many bits.
    pub fn new(bits: u8, is_kept: bool) -> Self {
        Self {
            window_len: 1 << bits,
            is_kept,
            past: 0,
        }
    }

    /// Reads the next message.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(&mut self, message: &[u8]) -> Result<(), StreamFault> {
        if !self.is_kept {
            self.past = 0;
        }
        self.blocks(message).map_err(|fault| match fault {
            Fault::Window(why) => StreamFault::Window(why),
            Fault::Invalid(why) => StreamFault::Invalid(why),
            Fault::Cut => StreamFault::Invalid("a message ends inside a block".into()),
        })
    }

    /// Counts a message that was not read.
    pub fn pass_over(&mut self, len: usize) {
        self.past += len;
    }

    fn blocks(&mut self, message: &[u8]) -> Result<(), Fault> {
        let bytes = [message, &TAIL].concat();
        let mut bits = Bits::new(&bytes);
        // An empty message may have no bytes at all. One whose last block is marked as final, or
        // whose tail was not left out, needs no tail.
        let mut may_end = message.is_empty();
        while !(may_end && bits.rest() == TAIL) {
            if bits.is_at_end() {
                return Err(Fault::Cut);
            }
            let is_final = self.block(&mut bits)?;
            if bits.are_all_taken() {
                return Ok(());
            }
            if is_final {
                bits.align();
            }
            may_end = is_final || message.ends_with(&TAIL);
        }
        Ok(())
    }

    /// Reads a block. Returns whether it is marked as the final one.
    fn block(&mut self, bits: &mut Bits<'_>) -> Result<bool, Fault> {
        let is_final = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => self.stored(bits)?,
            1 => self.symbols(bits, &Code::fixed_literals(), &Code::fixed_distances())?,
            2 => {
                let (literals, distances) = dynamic_codes(bits)?;
                self.symbols(bits, &literals, &distances)?;
            }
            _ => return Err(invalid("a block has the type 3, which there is not")),
        }
        Ok(is_final)
    }

    fn stored(&mut self, bits: &mut Bits<'_>) -> Result<(), Fault> {
        bits.align();
        let (len, complement) = (bits.take(16)?, bits.take(16)?);
        if len != !complement & 0xFFFF {
            return Err(invalid(
                "the length of a stored block and its complement do not fit",
            ));
        }
        bits.skip_bytes(len as usize)?;
        self.past += len as usize;
        Ok(())
    }

    fn symbols(
        &mut self,
        bits: &mut Bits<'_>,
        literals: &Code,
        distances: &Code,
    ) -> Result<(), Fault> {
        loop {
            let symbol = literals.symbol(bits)?;
            match symbol {
                0..END_OF_BLOCK => self.past += 1,
                END_OF_BLOCK => return Ok(()),
                _ => {
                    let Some(&length) = LENGTHS.get(usize::from(symbol) - FIRST_LENGTH) else {
                        return Err(invalid("a block has a length that there is not"));
                    };
                    let length = with_more_bits(bits, length)?;
                    let Some(&distance) = DISTANCES.get(usize::from(distances.symbol(bits)?))
                    else {
                        return Err(invalid("a block has a distance that there is not"));
                    };
                    let distance = with_more_bits(bits, distance)?;
                    self.refer(distance)?;
                    self.past += length;
                }
            }
        }
    }

    fn refer(&self, distance: usize) -> Result<(), Fault> {
        if distance > self.past {
            let before = if self.is_kept {
                "the first message"
            } else {
                "the message"
            };
            return Err(invalid(&format!(
                "a distance of {distance} goes back to before {before}"
            )));
        }
        if distance > self.window_len {
            return Err(Fault::Window(format!(
                "a distance of {distance} goes beyond the agreed window of {} bytes",
                self.window_len
            )));
        }
        Ok(())
    }
}

fn with_more_bits(bits: &mut Bits<'_>, (least, count): (u16, u8)) -> Result<usize, Fault> {
    Ok(usize::from(least) + bits.take(count)? as usize)
}

/// Reads the two codes of a dynamic block.
fn dynamic_codes(bits: &mut Bits<'_>) -> Result<(Code, Code), Fault> {
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let count = bits.take(4)? as usize + 4;
    let mut lengths = [0; ORDER.len()];
    for &place in &ORDER[..count] {
        lengths[place] = bits.take(3)? as u8;
    }
    let first = Code::new(&lengths).ok_or_else(|| invalid("a code of a block is not complete"))?;
    let mut lengths: Vec<u8> = Vec::new();
    while lengths.len() < literals + distances {
        let (length, count) = match first.symbol(bits)? {
            symbol @ 0..16 => (symbol as u8, 1),
            16 => {
                let Some(&last) = lengths.last() else {
                    return Err(invalid("a block repeats a length before the first one"));
                };
                (last, bits.take(2)? + 3)
            }
            17 => (0, bits.take(3)? + 3),
            _ => (0, bits.take(7)? + 11),
        };
        lengths.extend((0..count).map(|_| length));
    }
    if lengths.len() > literals + distances {
        return Err(invalid("a block repeats a length too often"));
    }
    let (literals, distances) = lengths.split_at(literals);
    if literals[usize::from(END_OF_BLOCK)] == 0 {
        return Err(invalid("a block has no code for its end"));
    }
    let code =
        |lengths| Code::new(lengths).ok_or_else(|| invalid("a code of a block is not valid"));
    Ok((code(literals)?, code(distances)?))
}

enum Fault {
    Window(String),
    Invalid(String),
    Cut,
}

impl From<End> for Fault {
    fn from(end: End) -> Self {
        match end {
            End::OfBytes => Self::Cut,
            End::OfCode => invalid("a block has bits that are no code"),
        }
    }
}

fn invalid(why: &str) -> Fault {
    Fault::Invalid(why.into())
}
