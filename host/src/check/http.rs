//! The heads of HTTP messages (RFC 9112), read with tolerance, by a reader that is not the core's.

/// The longest head that is read, in bytes.
pub const HEAD_LEN_MAX: usize = 64 << 10;

/// The head of a request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The request line or the status line, without its end.
    pub first_line: String,
    /// The names as they were written, and the values without blanks around them.
    pub headers: Vec<(String, String)>,
    /// How long it is, with the empty line at its end.
    pub len: usize,
}

impl Head {
    /// Reads a head; `None` if it is not complete. Bytes that are not ASCII become question marks.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let len = head_len(bytes)?;
        let text: String = bytes[..len]
            .iter()
            .map(|&byte| {
                if byte.is_ascii() {
                    char::from(byte)
                } else {
                    '?'
                }
            })
            .collect();
        let mut lines = text.lines();
        let first_line = lines.next().unwrap_or_default().to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Some(Self {
            first_line,
            headers,
            len,
        })
    }

    /// The status of a response; `None` if this is none.
    pub fn status(&self) -> Option<u16> {
        let (version, rest) = self.first_line.split_once(' ')?;
        if !version.starts_with("HTTP/") {
            return None;
        }
        let status = rest.split(' ').next()?;
        if status.len() != 3 {
            return None;
        }
        status.parse().ok()
    }

    /// The values of the headers with this name, in any case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_it = move |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .filter(is_it)
            .map(|(_, value)| value.as_str())
    }

    /// The first of these values.
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).next()
    }
}

/// Where the empty line of a head ends.
fn head_len(bytes: &[u8]) -> Option<usize> {
    let end = |pattern: &[u8]| {
        let found = bytes
            .windows(pattern.len())
            .position(|part| part == pattern);
        found.map(|index| index + pattern.len())
    };
    match (end(b"\r\n\r\n"), end(b"\n\n")) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
