//! Checks UTF-8 piece by piece (RFC 6455 section 8.1, RFC 3629 section 4). It fails at the first
//! impossible byte, and finds an incomplete character at the end of a piece. It stores no text.

/// The longest incomplete character, in bytes.
pub(crate) const MAX_HELD: usize = 3;

/// Bytes that are not UTF-8, whatever follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidUtf8;

/// Checks text that starts with a character, and returns the bytes of an incomplete character at
/// its end: none if the text ends with a complete one.
pub(crate) fn incomplete_end(text: &[u8]) -> Result<&[u8], InvalidUtf8> {
    let mut rest = skip_whole(text);
    loop {
        rest = match rest {
            [0x00..=0x7F, next @ ..] => skip_ascii(next),
            // For speed: most letters outside of ASCII.
            [0xC2..=0xDF, 0x80..=0xBF, next @ ..]
            | [0xE1..=0xEC, 0x80..=0xBF, 0x80..=0xBF, next @ ..] => next,
            [first, after @ ..] => match skip_tail(*first, after)? {
                Some(next) => next,
                None => return Ok(rest),
            },
            [] => return Ok(rest),
        };
    }
}

/// The rest of `text` after the complete characters that are found quickly at its start.
#[cfg(feature = "std")]
fn skip_whole(text: &[u8]) -> &[u8] {
    // For less text a call is not worth its cost.
    if text.len() < 64 {
        return skip_ascii(text);
    }
    let last = text.iter().rposition(|byte| byte & 0xC0 != 0x80);
    let (before, last) = text.split_at(last.unwrap_or_default());
    simdutf8::basic::from_utf8(before).map_or(text, |_| last)
}

#[cfg(not(feature = "std"))]
use skip_ascii as skip_whole;

/// The rest of `text` after the character that `first` starts; `text` follows `first`. `None` if
/// the character is incomplete.
fn skip_tail(first: u8, text: &[u8]) -> Result<Option<&[u8]>, InvalidUtf8> {
    let len = match first {
        0xC2..=0xDF => 1,
        0xE0..=0xEF => 2,
        0xF0..=0xF4 => 3,
        _ => return Err(InvalidUtf8),
    };
    let mut tail = match first {
        0xE0 => 0xA0..0xC0,
        0xED => 0x80..0xA0,
        0xF0 => 0x90..0xC0,
        0xF4 => 0x80..0x90,
        _ => 0x80..0xC0,
    };
    for byte in text.iter().take(len) {
        if !tail.contains(byte) {
            return Err(InvalidUtf8);
        }
        tail = 0x80..0xC0;
    }
    Ok(text.get(len..))
}

/// The rest of `text` after the blocks of 16 ASCII bytes at its start.
fn skip_ascii(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((chunk, next)) = rest.split_first_chunk::<16>() {
        let (words, _) = chunk.as_chunks::<8>();
        let bits = words
            .iter()
            .fold(0, |bits, word| bits | u64::from_ne_bytes(*word));
        if bits & u64::from_ne_bytes([0x80; 8]) != 0 {
            break;
        }
        rest = next;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_incomplete_end_is_found_at_every_cut() {
        let text = "a\u{e9}\u{6c34}\u{1f980}";
        for cut in 0..=text.len() {
            let boundary = text.floor_char_boundary(cut);
            let expected = &text.as_bytes()[boundary..cut];
            assert_eq!(incomplete_end(&text.as_bytes()[..cut]), Ok(expected));
        }
    }

    #[test]
    fn the_first_impossible_byte_fails_and_no_byte_before_it() {
        for (start, impossible) in [
            (&b""[..], 0x80),
            (b"", 0xC0),
            (b"", 0xFF),
            (b"\xC3", b'a'),
            (b"\xE0", 0x80),
            (b"\xED", 0xA0),
            (b"\xF0\x9F", 0xC0),
            (b"\xF4", 0x90),
        ] {
            assert_eq!(incomplete_end(start), Ok(start));
            let mut text = [0; 3];
            let (text, _) = text.split_at_mut(start.len() + 1);
            text[..start.len()].copy_from_slice(start);
            text[start.len()] = impossible;
            assert_eq!(incomplete_end(text), Err(InvalidUtf8), "{text:?}");
        }
    }
}
