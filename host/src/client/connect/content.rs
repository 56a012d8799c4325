//! The content of a refusal, as much of it as is shown: where it ends, and what it is without its
//! chunks (RFC 9112 sections 6 and 7.1).

use ws_echo_core::Response;

/// How many bytes are shown.
const CONTENT_LEN_MAX: usize = 4 << 10;

/// How the end of a content is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// It has this many bytes.
    Len(usize),
    /// The last chunk is empty.
    Chunked,
    /// The connection ends.
    UntilEnd,
}

/// What was received of a content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// At most [`CONTENT_LEN_MAX`] bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether there is no more to show.
    pub(super) is_whole: bool,
}

impl Framing {
    /// > If a message is received with both a Transfer-Encoding and a Content-Length header field,
    /// > the Transfer-Encoding overrides the Content-Length. (RFC 9112 section 6.3)
    pub(super) fn of(response: &Response<'_>) -> Self {
        if let Some(codings) = response.headers("transfer-encoding").last() {
            let last = codings.rsplit(|byte| *byte == b',').next();
            let is_chunked = |it: &[u8]| it.trim_ascii().eq_ignore_ascii_case(b"chunked");
            // > [...] and the chunked transfer coding is not the final encoding, the message body
            // > length is determined by reading the connection until it is closed [...]
            return match last {
                Some(last) if is_chunked(last) => Self::Chunked,
                _ => Self::UntilEnd,
            };
        }
        let len = response.headers("content-length").next();
        let len = len.and_then(|value| str::from_utf8(value).ok()?.parse().ok());
        len.map_or(Self::UntilEnd, Self::Len)
    }

    /// The content in the bytes that were received so far.
    pub(super) fn content(self, received: &[u8]) -> Content {
        let (mut bytes, is_whole) = match self {
            Self::Len(len) => (
                received[..len.min(received.len())].into(),
                received.len() >= len,
            ),
            Self::Chunked => joined(received),
            Self::UntilEnd => (received.into(), false),
        };
        let is_whole = is_whole || bytes.len() >= CONTENT_LEN_MAX;
        bytes.truncate(CONTENT_LEN_MAX);
        Content { bytes, is_whole }
    }
}

/// Joins chunks, and returns whether the last one was received, or something that is no chunk.
fn joined(mut received: &[u8]) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    while let Some((line, rest)) = split_line(received) {
        let len = match chunk_len(line) {
            // The trailer section is not shown.
            None | Some(0) => return (content, true),
            Some(len) => len,
        };
        content.extend(rest.iter().take(len));
        let Some((end, rest)) = rest.get(len..).and_then(split_line) else {
            break;
        };
        if !end.is_empty() {
            return (content, true);
        }
        received = rest;
    }
    (content, false)
}

/// Splits off a line, and removes its end. A bare LF ends one too.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    Some((line, &bytes[end + 1..]))
}

/// The length of a chunk that begins with this line, which may have extensions.
fn chunk_len(line: &[u8]) -> Option<usize> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    // A sign would be a number too.
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    usize::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_CHUNKS: &str = "3\r\nno \r\n4;a=\"b\"\r\nroom\r\n0\r\nX: y\r\n\r\n";

    fn content(framing: Framing, received: &str) -> (String, bool) {
        let Content { bytes, is_whole } = framing.content(received.as_bytes());
        (String::from_utf8(bytes).expect("text"), is_whole)
    }

    fn chunked(received: &str) -> (String, bool) {
        content(Framing::Chunked, received)
    }

    #[test]
    fn chunks_are_joined_without_their_lengths_extensions_and_trailers() {
        for received in [TWO_CHUNKS, &TWO_CHUNKS.replace("\r\n", "\n")] {
            assert_eq!(chunked(received), ("no room".into(), true));
        }
        assert_eq!(
            chunked("0000a \r\n0123456789\r\n"),
            ("0123456789".into(), false)
        );
        assert_eq!(chunked("0\r\n"), (String::new(), true));
    }

    #[test]
    fn chunks_that_are_cut_off_are_shown_as_far_as_they_go() {
        for cut in 0..TWO_CHUNKS.len() {
            let (text, is_whole) = chunked(&TWO_CHUNKS[..cut]);
            assert!("no room".starts_with(&text), "{text:?} at {cut}");
            assert_eq!(is_whole, cut >= TWO_CHUNKS.len() - "X: y\r\n\r\n".len());
        }
    }

    #[test]
    fn what_is_no_chunk_ends_the_content() {
        for wrong in [
            "x\r\nyes",
            "\r\nyes",
            "-1\r\nyes",
            "+3\r\nyes",
            "0x3\r\nyes",
            "3 3\r\nyes",
        ] {
            assert_eq!(chunked(&format!("2\r\nno\r\n{wrong}")), ("no".into(), true));
        }
        assert_eq!(chunked("2\r\nnot\r\n1\r\n"), ("no".into(), true));
        let largest = "f".repeat(16);
        assert_eq!(
            chunked(&format!("{largest}\r\nno")),
            ("no".into(), usize::BITS < 64)
        );
        assert_eq!(chunked(&format!("{largest}f\r\nno")), (String::new(), true));
    }

    #[test]
    fn no_more_is_shown_than_the_maximum() {
        let long = "x".repeat(CONTENT_LEN_MAX + 1);
        let expected = (long[1..].to_owned(), true);
        let in_chunks = "1\r\nx\r\n".repeat(CONTENT_LEN_MAX + 1);
        assert_eq!(chunked(&in_chunks), expected);
        assert_eq!(content(Framing::Len(usize::MAX), &long), expected);
        assert_eq!(content(Framing::UntilEnd, &long), expected);
        assert_eq!(content(Framing::Len(2), &long), ("xx".into(), true));
        assert_eq!(content(Framing::UntilEnd, "x"), ("x".into(), false));
    }
}
