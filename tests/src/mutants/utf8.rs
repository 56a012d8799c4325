//! Whether text is UTF-8 (RFC 3629 section 4), byte by byte.

use super::fault::{Fault, Faults};

/// Text that is not UTF-8.
#[derive(Debug)]
pub(super) struct Invalid;

/// Where in a character the text is.
#[derive(Clone, Debug)]
pub(super) struct Utf8 {
    faults: Faults,
    /// How many bytes the character still needs.
    needed: u8,
    /// What the next of them must be at least, and at most.
    low: u8,
    high: u8,
    /// The last bytes, for the faults that look at characters.
    last: [u8; 3],
}

impl Utf8 {
    pub(super) fn new(faults: Faults) -> Self {
        Self {
            faults,
            needed: 0,
            low: 0x80,
            high: 0xBF,
            last: [0; 3],
        }
    }

    /// Adds a part of the text.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Invalid> {
        loop {
            if self.needed == 0 {
                let ascii = bytes.iter().position(|byte| !byte.is_ascii());
                bytes = &bytes[ascii.unwrap_or(bytes.len())..];
            }
            let Some((&byte, rest)) = bytes.split_first() else {
                return Ok(());
            };
            self.add(byte)?;
            bytes = rest;
        }
    }

    /// Ends the text.
    pub(super) fn end(&self) -> Result<(), Invalid> {
        match self.needed > 0 && !self.faults.has(Fault::TakesUnfinishedCharacter) {
            true => Err(Invalid),
            false => Ok(()),
        }
    }

    fn add(&mut self, byte: u8) -> Result<(), Invalid> {
        if self.needed == 0 {
            (self.needed, self.low, self.high) = self.first(byte)?;
        } else if (self.low..=self.high).contains(&byte) {
            (self.needed, self.low, self.high) = (self.needed - 1, 0x80, 0xBF);
        } else {
            return Err(Invalid);
        }
        self.last = [self.last[1], self.last[2], byte];
        let is_noncharacter = matches!(self.last, [0xEF, 0xBF, 0xBE | 0xBF]);
        match self.faults.has(Fault::RefusesNoncharacters) && is_noncharacter {
            true => Err(Invalid),
            false => Ok(()),
        }
    }

    /// What follows the first byte of a character: how many bytes, and the limits of the next.
    fn first(&self, byte: u8) -> Result<(u8, u8, u8), Invalid> {
        let has = |fault| self.faults.has(fault);
        let lowest = |low| match has(Fault::TakesOverlong) {
            true => 0x80,
            false => low,
        };
        Ok(match byte {
            0..=0x7F => (0, 0x80, 0xBF),
            0x80..=0xBF if has(Fault::TakesLoneContinuation) => (0, 0x80, 0xBF),
            0xC0 | 0xC1 if has(Fault::TakesOverlong) => (1, 0x80, 0xBF),
            0xC2..=0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, lowest(0xA0), 0xBF),
            0xED if !has(Fault::TakesSurrogates) => (2, 0x80, 0x9F),
            0xE1..=0xEF => (2, 0x80, 0xBF),
            0xF0..=0xF7 if has(Fault::RefusesFourBytes) => return Err(Invalid),
            0xF0 => (3, lowest(0x90), 0xBF),
            0xF4 if !has(Fault::TakesBeyondUnicode) => (3, 0x80, 0x8F),
            0xF1..=0xF4 => (3, 0x80, 0xBF),
            0xF5..=0xF7 if has(Fault::TakesBeyondUnicode) => (3, 0x80, 0xBF),
            _ => return Err(Invalid),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_fault_text_is_what_the_standard_library_says_it_is() {
        // Every first pair, and each with more behind.
        for first in 0..=0xFFFF_u16 {
            for rest in [
                &b""[..],
                b"\x80",
                b"\x80\x80",
                b"\xBF",
                b"\xBF\xBF",
                b"a",
                b"\xC3\xA9",
            ] {
                let text = [&first.to_be_bytes(), rest].concat();
                let mut utf8 = Utf8::new(Faults(None));
                let is_valid = utf8.push(&text).and_then(|()| utf8.end()).is_ok();
                assert_eq!(is_valid, str::from_utf8(&text).is_ok(), "{text:02x?}");
            }
        }
    }
}
