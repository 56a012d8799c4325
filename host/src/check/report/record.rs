//! What was sent and what came in one case, as lines for a person: the time, the direction, words,
//! and the bytes.

use super::CaseResult;
use crate::check::case::Play;
use crate::check::transcript::{Direction, Entry, Record};
use crate::escape::OneLine;

/// Up to so many bytes of an entry are shown whole. Of more, fewer are, so that how many are left
/// out is on the same line.
const BYTES_WHOLE: usize = 24;
const BYTES_SHOWN: usize = 20;
/// How many entries at the beginning and at the end of a long record are shown.
const BEGINNING: usize = 4;
const END: usize = 8;

/// A line of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Entry {
        /// In milliseconds since the connection began, such as `12.3`.
        milliseconds: String,
        direction: Direction,
        /// Safe for a terminal.
        words: String,
        bytes: Bytes,
    },
    /// So many entries are not shown.
    LeftOut(usize),
}

/// The bytes of an entry. Safe for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    None,
    /// Hexadecimal digits.
    Hex(String),
    /// The lines of a text, each with its end as an escape.
    Text(Vec<String>),
}

/// The direction in a word of four letters.
pub(crate) fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "sent",
        Direction::Received => "came",
        Direction::Event => "    ",
    }
}

/// What matters of the record of a case: without the opening handshake where the case is not about
/// it, and shortened in the middle.
pub(crate) fn relevant(result: &CaseResult) -> Vec<Line> {
    let record = &result.transcript.record;
    let about = match &result.case.play {
        Play::Session(session) if session.is_glued => About::Opening,
        Play::Session(session) if session.negotiation.is_some() => About::Negotiation,
        Play::Session(_) => About::Frames,
        Play::Request(_) | Play::Response(_) | Play::Attack(_) => About::Opening,
    };
    let is_opening = |entry: &&Entry| is_request(entry) || is_response(entry);
    let opening = record.entries.iter().take(2).take_while(is_opening).count();
    let gap = record.left_out_at();
    match about {
        About::Opening => shortened(&record.entries, record, gap),
        // It says why nothing else came.
        _ if record.entries.len() <= opening => shortened(&record.entries, record, gap),
        About::Frames => shortened(&record.entries[opening..], record, gap - opening),
        About::Negotiation => {
            let (opening, frames) = record.entries.split_at(opening);
            let mut lines: Vec<Line> = opening.iter().map(negotiation).collect();
            lines.extend(shortened(frames, record, gap - opening.len()));
            lines
        }
    }
}

/// What a case is about, besides frames.
enum About {
    Opening,
    Negotiation,
    Frames,
}

/// A head with the line of extensions only.
fn negotiation(entry: &Entry) -> Line {
    let mut line = line(entry);
    if let Line::Entry {
        bytes: Bytes::Text(lines),
        words,
        ..
    } = &mut line
    {
        let name = "sec-websocket-extensions:";
        lines.retain(|line| line.to_ascii_lowercase().starts_with(name));
        *words = OneLine(&entry.words).to_string();
    }
    line
}

/// Shows entries, of which the record has left out some at the index `gap`.
fn shortened(entries: &[Entry], record: &Record, gap: usize) -> Vec<Line> {
    let shown = |entries: &[Entry]| entries.iter().map(line).collect::<Vec<_>>();
    let fits = entries.len() <= BEGINNING + END + 1;
    let (beginning, end) = match (fits, record.left_out) {
        (true, 0) => return shown(entries),
        (true, _) => entries.split_at(gap.min(entries.len())),
        (false, _) => (&entries[..BEGINNING], &entries[entries.len() - END..]),
    };
    let hidden = entries.len() - beginning.len() - end.len();
    let mut lines = shown(beginning);
    lines.push(Line::LeftOut(record.left_out + hidden));
    lines.extend(shown(end));
    lines
}

fn is_request(entry: &Entry) -> bool {
    entry.words.starts_with("GET ") && entry.words.ends_with(" HTTP/1.1")
}

fn is_response(entry: &Entry) -> bool {
    entry.words.starts_with("HTTP/1.")
}

fn line(entry: &Entry) -> Line {
    let words = OneLine(&entry.words).to_string();
    let bytes = bytes(&entry.bytes, entry.len);
    let words = match &bytes {
        // The text says it.
        Bytes::Text(lines) if lines.first().is_some_and(|line| line.starts_with(&words)) => {
            String::new()
        }
        _ => words,
    };
    Line::Entry {
        milliseconds: milliseconds(entry.at),
        direction: entry.direction,
        words,
        bytes,
    }
}

/// A time in milliseconds, with one digit behind the point.
pub(crate) fn milliseconds(time: std::time::Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

/// Shows the first of `len` bytes.
pub(crate) fn bytes(bytes: &[u8], len: usize) -> Bytes {
    if bytes.is_empty() {
        return Bytes::None;
    }
    if bytes.iter().all(is_printable) {
        return Bytes::Text(text_lines(bytes, len - bytes.len()));
    }
    // A head may have frames behind it.
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
    let (head, behind) = bytes.split_at(end.map_or(0, |end| end + 4));
    match !head.is_empty() && head.iter().all(is_printable) {
        true => {
            let mut lines = text_lines(head, 0);
            lines.push(hex(behind, len - head.len()));
            Bytes::Text(lines)
        }
        false => Bytes::Hex(hex(bytes, len)),
    }
}

fn is_printable(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t')
}

/// The lines of bytes that are printable.
fn text_lines(bytes: &[u8], left_out: usize) -> Vec<String> {
    let mut lines: Vec<String> = String::from_utf8_lossy(bytes)
        .split_inclusive('\n')
        .map(|line| OneLine(line).to_string())
        .collect();
    if left_out > 0 {
        lines.push(format!("… (+{left_out} B)"));
    }
    lines
}

fn hex(bytes: &[u8], len: usize) -> String {
    let shown_len = match len {
        ..=BYTES_WHOLE => len,
        _ => BYTES_SHOWN,
    };
    let shown: Vec<String> = bytes
        .iter()
        .take(shown_len)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match len.saturating_sub(shown.len()) {
        0 => shown.join(" "),
        left_out => format!("{} … (+{left_out} B)", shown.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_shown_in_hexadecimal_and_heads_as_text() {
        assert_eq!(bytes(&[0x89, 0], 2), Bytes::Hex("89 00".into()));
        let shown = bytes(b"GET / HTTP/1.1\r\nHost: a\n", 26);
        let lines = [r"GET / HTTP/1.1\r\n", r"Host: a\n", "… (+2 B)"];
        assert_eq!(shown, Bytes::Text(lines.map(str::to_owned).to_vec()));
    }

    #[test]
    fn a_head_with_a_frame_behind_it_is_shown_as_both() {
        let shown = bytes(b"HTTP/1.1 101 Ok\r\n\r\n\x81\x01a", 22);
        let lines = [r"HTTP/1.1 101 Ok\r\n", r"\r\n", "81 01 61"];
        assert_eq!(shown, Bytes::Text(lines.map(str::to_owned).to_vec()));
    }

    #[test]
    fn many_bytes_are_cut_and_counted() {
        let Bytes::Hex(shown) = bytes(&[0xFF; 64], 1_000) else {
            panic!("not hexadecimal");
        };
        assert!(shown.ends_with("ff ff … (+980 B)"), "{shown}");
    }

    #[test]
    fn a_long_record_is_shortened_in_the_middle() {
        let mut record = Record::default();
        for index in 0..100 {
            record.add(Direction::Sent, index.to_string(), &[0x89, 0]);
        }
        let lines = shortened(&record.entries, &record, record.left_out_at());
        let left_out = 100 - BEGINNING - END;
        assert_eq!(lines[BEGINNING], Line::LeftOut(left_out));
        let Some(Line::Entry { words, .. }) = lines.last() else {
            panic!("the end is missing");
        };
        assert_eq!(words, "99");
        assert_eq!(lines.len(), BEGINNING + END + 1);
    }
}
