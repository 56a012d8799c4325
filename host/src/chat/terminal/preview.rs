//! The beginning of a message, as it is shown on a terminal.

use ws_echo_core::Kind;

use crate::escape::OneLine;
use crate::hex;

/// How many bytes are shown of a text message, and of a binary one.
const TEXT_LEN_MAX: usize = 1000;
const BINARY_LEN_MAX: usize = 32;

/// The beginning of a message, and the length of the whole.
#[derive(Debug)]
pub(super) struct Preview {
    kind: Kind,
    bytes: Vec<u8>,
    /// The length of the message that was received so far.
    len: u64,
}

impl Preview {
    pub(super) fn new(kind: Kind) -> Self {
        let (bytes, len) = (Vec::new(), 0);
        Self { kind, bytes, len }
    }

    /// Adds the next bytes of the message.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        let len_max = match self.kind {
            Kind::Text => TEXT_LEN_MAX,
            Kind::Binary => BINARY_LEN_MAX,
        };
        let room = len_max.saturating_sub(self.bytes.len());
        self.bytes.extend(&bytes[..bytes.len().min(room)]);
    }

    /// The message as text: escaped, on one line, and with how many bytes are not shown.
    pub(super) fn text(&self) -> String {
        let Self { kind, bytes, len } = self;
        let left_out = |shown: usize| match len - shown as u64 {
            0 => String::new(),
            left_out => format!("… (+{left_out} B)"),
        };
        match kind {
            Kind::Binary => {
                let digits = hex::digits(bytes);
                format!("binary, {len} B: 0x{digits}{}", left_out(bytes.len()))
            }
            Kind::Text => {
                // The last character may be incomplete; all before it are complete.
                let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
                format!("{}{}", OneLine(text), left_out(text.len()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Kind, pieces: &[&[u8]]) -> String {
        let mut message = Preview::new(kind);
        pieces.iter().for_each(|piece| message.push(piece));
        message.text()
    }

    #[test]
    fn a_text_is_shown_on_one_line_and_cut_when_it_is_long() {
        assert_eq!(
            shown(Kind::Text, &[b"a\n", b"\x1b[2J", b""]),
            r"a\n\u{1b}[2J"
        );
        assert_eq!(shown(Kind::Text, &[]), "");
        let long = [&b"x"[..], "ß".repeat(1000).as_bytes()].concat();
        let expected = format!("x{}… (+1002 B)", "ß".repeat(499));
        assert_eq!(shown(Kind::Text, &[&long]), expected);
        let pieces: Vec<&[u8]> = long.chunks(1).collect();
        assert_eq!(shown(Kind::Text, &pieces), expected);
    }

    #[test]
    fn a_binary_message_is_shown_as_its_length_and_hex_and_cut_when_it_is_long() {
        let binary = |pieces: &[&[u8]]| shown(Kind::Binary, pieces);
        assert_eq!(binary(&[b"\0", b"\xff"]), "binary, 2 B: 0x00ff");
        assert_eq!(binary(&[]), "binary, 0 B: 0x");
        let expected = format!("binary, 100 B: 0x{}… (+68 B)", "2a".repeat(32));
        assert_eq!(binary(&[&[42; 50], &[42; 50]]), expected);
    }
}
