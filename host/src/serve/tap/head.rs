//! The head of a request or a response: gathered up to a bound, and read leniently, because what is
//! wrong must be seen too.

use crate::options::serve::Secrets;
use crate::recording::{Headers, Value};
use crate::secret_header;

/// The longest head that is gathered, in bytes. The server reads shorter ones.
pub(super) const HEAD_LEN_MAX: usize = 16 << 10;
const END: &[u8] = b"\r\n\r\n";

/// The part of a head that has arrived.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    bytes: Vec<u8>,
}

/// How far a head has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More is needed.
    Begun,
    /// The empty line at its end has arrived.
    Complete,
    /// It is longer than [`HEAD_LEN_MAX`].
    TooLong,
}

impl HeadReader {
    /// Takes the bytes of the head off `bytes`.
    pub(super) fn read(&mut self, bytes: &mut &[u8]) -> Progress {
        // The end may have begun before.
        let from = self.bytes.len().saturating_sub(END.len() - 1);
        let room = HEAD_LEN_MAX.saturating_sub(self.bytes.len());
        let before = self.bytes.len();
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.bytes.extend_from_slice(taken);
        let searched = self.bytes.get(from..).unwrap_or_default();
        let end = searched.windows(END.len()).position(|it| it == END);
        let len = end.map_or(self.bytes.len(), |at| from + at + END.len());
        self.bytes.truncate(len);
        let _ = bytes.split_off(..len - before);
        match end {
            Some(_) => Progress::Complete,
            None if len == HEAD_LEN_MAX => Progress::TooLong,
            None => Progress::Begun,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The head, as far as it has arrived.
    pub(super) fn into_head(self, secrets: Secrets) -> Head {
        Head::parse(&self.bytes, secrets)
    }
}

/// The lines of a head. What is no header has an empty value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    /// The three parts of the first line: method, target and version of a request, or version,
    /// status and reason of a response. Parts that are missing are empty.
    pub(super) first_line: [Value; 3],
    pub(super) headers: Headers,
}

impl Head {
    fn parse(bytes: &[u8], secrets: Secrets) -> Self {
        // Also where only one of them is sent: no secret is taken for a part of another line.
        let mut lines = bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
        let mut parts = lines
            .next()
            .unwrap_or_default()
            .splitn(3, |byte| *byte == b' ');
        let first_line = [(); 3].map(|()| Value::new(parts.next().unwrap_or_default()));
        let mut headers: Vec<(&[u8], Option<Vec<u8>>)> = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            match headers.last_mut() {
                // A folded line continues the value before it (RFC 9112 section 5.2).
                Some((_, Some(value))) if line.starts_with(b" ") || line.starts_with(b"\t") => {
                    value.extend_from_slice(line);
                }
                _ => {
                    let mut parts = line.splitn(2, |byte| *byte == b':');
                    let name = parts.next().unwrap_or_default();
                    let value = parts.next().map(|value| value.trim_ascii().to_vec());
                    headers.push((name, value));
                }
            }
        }
        let shown = |(name, value): (&[u8], Option<Vec<u8>>)| match (
            value,
            secrets == Secrets::Hidden && is_secret(name),
        ) {
            (Some(value), true) => (Value::new(name), Value::hidden(&value)),
            (Some(value), false) => (Value::new(name), Value::new(&value)),
            (None, true) => (Value::hidden(name), Value::new(b"")),
            (None, false) => (Value::new(name), Value::new(b"")),
        };
        Self {
            first_line,
            headers: headers.into_iter().map(shown).collect(),
        }
    }

    /// Whether a header with this name has this text in its value, in any case.
    pub(super) fn has(&self, name: &str, text: &str) -> bool {
        self.headers.iter().any(|(its_name, value)| {
            let is_name = its_name.bytes().is_some_and(|it| is_named(it, name));
            let value = value.bytes().unwrap_or_default().to_ascii_lowercase();
            is_name && String::from_utf8_lossy(&value).contains(text)
        })
    }

    /// The status of a response; 0 if it has none.
    pub(super) fn status(&self) -> u16 {
        let [_, status, _] = &self.first_line;
        let status = status.bytes().unwrap_or_default();
        let status = std::str::from_utf8(status).unwrap_or_default();
        status.parse().unwrap_or_default()
    }
}

/// Whether a line with this name has a secret. A name may lack its colon.
fn is_secret(name: &[u8]) -> bool {
    let mut words = name
        .trim_ascii()
        .split(|byte| !byte.is_ascii_alphanumeric() && !b"-_".contains(byte));
    words.next().is_some_and(secret_header::is_secret)
}

fn is_named(name: &[u8], expected: &str) -> bool {
    name.trim_ascii().eq_ignore_ascii_case(expected.as_bytes())
}
