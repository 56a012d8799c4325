//! What a compressed message inflates to (RFC 1951, RFC 7692 section 7.2.2): read in the plainest
//! way, a bit at a time, over all bytes at once.

use crate::deflate::TAIL;

const LEN_BASES: [usize; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];
const LEN_BITS: [usize; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BASES: [usize; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
/// The order of the lengths of the code for lengths.
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
const END_OF_BLOCK: usize = 256;
const WINDOW_LEN: usize = 32 * 1024;

/// What a message inflates to, or the first part of one.
#[derive(Debug)]
pub(super) struct Inflated {
    /// What earlier messages inflate to that this one may refer to, and this one after it.
    bytes: Vec<u8>,
    start: usize,
    /// The lengths of what was inflated, each with the number of bytes that this takes.
    steps: Vec<(usize, usize)>,
    /// How many bytes it takes to see that this is no deflate stream.
    pub(super) fault: Option<usize>,
    /// Whether a message may end here.
    pub(super) is_complete: bool,
    /// What is before this cannot be referred to any longer: it ends with a final block.
    floor: usize,
}

/// Why no more is inflated.
enum Stop {
    /// More bytes are needed.
    Cut,
    Fault,
}

struct Reader<'a> {
    input: &'a [u8],
    /// How many bits were read.
    read: usize,
    bytes: Vec<u8>,
    /// What is before this cannot be referred to.
    floor: usize,
    start: usize,
    steps: Vec<(usize, usize)>,
}

/// A Huffman code.
struct Code {
    /// How many codes there are of each length.
    counts: [usize; 16],
    symbols: Vec<usize>,
    len_max: usize,
}

impl Inflated {
    /// Inflates the first part of a message, behind others that inflate to `history`.
    pub(super) fn new(history: &[u8], message: &[u8]) -> Self {
        let mut reader = Reader {
            input: message,
            read: 0,
            bytes: history.to_vec(),
            floor: 0,
            start: history.len(),
            steps: Vec::new(),
        };
        let end = 8 * message.len();
        let (mut fault, mut has_ended) = (None, false);
        let mut boundary = 0;
        while reader.read < end {
            boundary = reader.read;
            match reader.block() {
                Ok(is_final) => {
                    if is_final {
                        reader.read = reader.read.next_multiple_of(8);
                        reader.floor = reader.bytes.len();
                    }
                    has_ended = is_final && reader.read == end;
                    boundary = reader.read;
                }
                Err(Stop::Cut) => break,
                Err(Stop::Fault) => {
                    fault = Some(reader.read.div_ceil(8));
                    break;
                }
            }
        }
        let Reader {
            bytes,
            mut floor,
            start,
            steps,
            ..
        } = reader;
        // The tail is an empty block without codes whose first three bits are in the message.
        let header = (boundary + 3 <= end).then(|| {
            let bit = |place: usize| message[place / 8] >> (place % 8) & 1;
            [0, 1, 2].map(|i| bit(boundary + i))
        });
        let is_begun = (boundary + 3).next_multiple_of(8) == end;
        let awaits_tail = is_begun && header.is_some_and(|header| header[1..] == [0, 0]);
        let has_tail = boundary == end && message.ends_with(&TAIL);
        if awaits_tail && header.is_some_and(|header| header[0] == 1) {
            floor = bytes.len();
        }
        Self {
            bytes,
            start,
            steps,
            fault,
            is_complete: fault.is_none()
                && (message.is_empty() || has_ended || awaits_tail || has_tail),
            floor,
        }
    }

    /// What the message inflates to.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// What the next message may refer to.
    pub(super) fn history(&self) -> Vec<u8> {
        let start = self.bytes.len().saturating_sub(WINDOW_LEN);
        self.bytes[start.max(self.floor)..].to_vec()
    }

    /// How many bytes of the message it takes to inflate to more than `len` bytes, if it does.
    pub(super) fn needed_beyond(&self, len: usize) -> Option<usize> {
        let beyond = self.steps.partition_point(|&(inflated, _)| inflated <= len);
        self.steps.get(beyond).map(|&(_, needed)| needed)
    }
}

impl Reader<'_> {
    fn bits(&mut self, count: usize) -> Result<usize, Stop> {
        if self.read + count > 8 * self.input.len() {
            return Err(Stop::Cut);
        }
        let bit = |place: usize| usize::from(self.input[place / 8] >> (place % 8) & 1);
        let value = (0..count).map(|i| bit(self.read + i) << i).sum();
        self.read += count;
        Ok(value)
    }

    /// Inflates a block. Returns whether it is the final one.
    fn block(&mut self) -> Result<bool, Stop> {
        let header = self.bits(3)?;
        match header >> 1 {
            0 => self.stored()?,
            1 => {
                let lens: Vec<_> = (0..288).map(fixed_len).collect();
                let literals = Code::new(&lens).ok_or(Stop::Fault)?;
                let distances = Code::new(&[5; 32]).ok_or(Stop::Fault)?;
                self.symbols(&literals, &distances)?;
            }
            2 => {
                let (literals, distances) = self.codes()?;
                self.symbols(&literals, &distances)?;
            }
            _ => return Err(Stop::Fault),
        }
        Ok(header & 1 != 0)
    }

    fn stored(&mut self) -> Result<(), Stop> {
        self.read = self.read.next_multiple_of(8);
        let lens = self.bits(32)?;
        let len = lens & 0xFFFF;
        if len != !(lens >> 16) & 0xFFFF {
            return Err(Stop::Fault);
        }
        for _ in 0..len {
            let byte = self.bits(8)?;
            self.bytes.push(byte as u8);
            self.note();
        }
        Ok(())
    }

    /// Reads the codes of a block.
    fn codes(&mut self) -> Result<(Code, Code), Stop> {
        let counts = self.bits(14)?;
        let literals = (counts & 31) + 257;
        let distances = (counts >> 5 & 31) + 1;
        if literals > 286 || distances > 30 {
            return Err(Stop::Fault);
        }
        let mut lens = [0; 19];
        for place in &ORDER[..(counts >> 10) + 4] {
            lens[*place] = self.bits(3)?;
        }
        let code = Code::new(&lens).filter(|code| code.len_max == 0 || code.is_full());
        let code = code.ok_or(Stop::Fault)?;
        let mut lens = Vec::new();
        while lens.len() < literals + distances {
            if code.len_max == 0 {
                // As zlib, which finds out after all of them.
                self.bits(1)?;
                lens.push(0);
                continue;
            }
            let symbol = self.symbol(&code)?;
            let (times, len) = match symbol {
                0..=15 => (1, symbol),
                16 => (3 + self.bits(2)?, *lens.last().ok_or(Stop::Fault)?),
                17 => (3 + self.bits(3)?, 0),
                _ => (11 + self.bits(7)?, 0),
            };
            lens.extend(std::iter::repeat_n(len, times));
        }
        if lens.len() > literals + distances || lens[END_OF_BLOCK] == 0 {
            return Err(Stop::Fault);
        }
        let code = |lens| Code::new(lens).filter(|code| code.len_max <= 1 || code.is_full());
        let (first, second) = lens.split_at(literals);
        code(first).zip(code(second)).ok_or(Stop::Fault)
    }

    /// Inflates what a block has after its codes.
    fn symbols(&mut self, literals: &Code, distances: &Code) -> Result<(), Stop> {
        loop {
            match self.symbol(literals)? {
                END_OF_BLOCK => return Ok(()),
                literal @ 0..END_OF_BLOCK => self.bytes.push(literal as u8),
                symbol => {
                    let place = symbol - END_OF_BLOCK - 1;
                    let base = *LEN_BASES.get(place).ok_or(Stop::Fault)?;
                    let len = base + self.bits(LEN_BITS[place])?;
                    let place = self.symbol(distances)?;
                    let base = *DISTANCE_BASES.get(place).ok_or(Stop::Fault)?;
                    let distance = base + self.bits((place / 2).saturating_sub(1))?;
                    if distance > self.bytes.len() - self.floor {
                        return Err(Stop::Fault);
                    }
                    for _ in 0..len {
                        self.bytes.push(self.bytes[self.bytes.len() - distance]);
                    }
                }
            }
            self.note();
        }
    }

    fn symbol(&mut self, code: &Code) -> Result<usize, Stop> {
        let (mut value, mut first, mut place) = (0, 0, 0);
        for len in 1..=code.len_max.max(1) {
            value = value << 1 | self.bits(1)?;
            let count = code.counts[len];
            first <<= 1;
            if value < first + count {
                return Ok(code.symbols[place + value - first]);
            }
            first += count;
            place += count;
        }
        Err(Stop::Fault)
    }

    /// Notes how many bytes were needed for what was inflated.
    fn note(&mut self) {
        let len = self.bytes.len() - self.start;
        self.steps.push((len, self.read.div_ceil(8)));
    }
}

impl Code {
    /// The code with these lengths. `None` if there are too many codes.
    fn new(lens: &[usize]) -> Option<Self> {
        let mut counts = [0; 16];
        lens.iter().for_each(|&len| counts[len] += 1);
        counts[0] = 0;
        let with_len = |len| (0..lens.len()).filter(move |&symbol| lens[symbol] == len);
        let code = Self {
            counts,
            symbols: (1..16).flat_map(with_len).collect(),
            len_max: lens.iter().copied().max().unwrap_or_default(),
        };
        (code.taken() <= 1 << 15).then_some(code)
    }

    /// How much of all that can be coded has a code, as a part of 2^15.
    fn taken(&self) -> usize {
        let taken = |(len, count): (usize, &usize)| count << (15 - len);
        self.counts.iter().enumerate().map(taken).sum()
    }

    fn is_full(&self) -> bool {
        self.taken() == 1 << 15
    }
}

/// The length of the code of a symbol in a block without codes of its own.
fn fixed_len(symbol: usize) -> usize {
    match symbol {
        0..144 => 8,
        144..256 => 9,
        256..280 => 7,
        _ => 8,
    }
}
