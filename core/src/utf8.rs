//! UTF-8 over pieces (RFC 6455 section 8.1, RFC 3629): fails at the first impossible byte, and
//! knows the begun character at the end of what it has seen. It stores no other text.

use core::str::from_utf8;

/// The most bytes of a character that can have come without the character being whole.
pub(crate) const MAX_HELD: usize = 3;

/// Bytes that no valid UTF-8 text can go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidUtf8;

/// The checker of one text: its state is the character that has begun and is not whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Utf8 {
    bytes: [u8; MAX_HELD + 1],
    /// How many of `bytes` are the begun character's: 0 to 3.
    len: u8,
}

impl Utf8 {
    /// The first bytes of the begun character, none at a boundary.
    pub(crate) fn held(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Checks the next bytes of the text.
    pub(crate) fn check(&mut self, text: &[u8]) -> Result<(), InvalidUtf8> {
        let mut text = text;
        while self.len > 0 {
            let Some((&byte, rest)) = text.split_first() else {
                return Ok(());
            };
            self.push(byte)?;
            text = rest;
        }
        let Err(error) = from_utf8(text) else {
            return Ok(());
        };
        if error.error_len().is_some() {
            return Err(InvalidUtf8);
        }
        let begun = text.get(error.valid_up_to()..).unwrap_or_default();
        begun.iter().try_for_each(|&byte| self.push(byte))
    }

    /// Adds a byte to the begun character.
    fn push(&mut self, byte: u8) -> Result<(), InvalidUtf8> {
        let Some(place) = self.bytes.get_mut(usize::from(self.len)) else {
            return Err(InvalidUtf8);
        };
        *place = byte;
        self.len += 1;
        match from_utf8(self.held()) {
            Ok(_) => self.len = 0,
            Err(error) if error.error_len().is_none() => {}
            Err(_) => return Err(InvalidUtf8),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_the_begun_character_at_every_cut() {
        let text = "a\u{e9}\u{6c34}\u{1f980}";
        for cut in 0..=text.len() {
            let mut checker = Utf8::default();
            let (first, second) = text.as_bytes().split_at(cut);
            checker.check(first).unwrap();
            let boundary = text.floor_char_boundary(cut);
            assert_eq!(checker.held(), &text.as_bytes()[boundary..cut]);
            checker.check(second).unwrap();
            assert_eq!(checker.held(), b"");
        }
    }

    #[test]
    fn the_first_impossible_byte_fails_and_none_before() {
        for (begun, impossible) in [
            (&b""[..], 0x80),
            (b"", 0xC0),
            (b"", 0xFF),
            (b"\xC3", b'a'),
            (b"\xE0", 0x80),
            (b"\xED", 0xA0),
            (b"\xF0\x9F", 0xC0),
            (b"\xF4", 0x90),
        ] {
            let mut checker = Utf8::default();
            assert_eq!(checker.check(begun), Ok(()), "{begun:?}");
            assert_eq!(checker.check(&[impossible]), Err(InvalidUtf8), "{begun:?}");
        }
    }
}
