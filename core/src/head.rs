//! The head of an HTTP/1.1 message that is complete (RFC 9112 section 2.1): its headers by their names.

use crate::http;

/// The values of the headers with this name, in whatever case, in their order, of a head whose lines
/// were found well-formed.
pub(crate) fn values<'a, 'n>(head: &'a [u8], name: &'n str) -> Values<'a, 'n> {
    // The empty line at the end is no header.
    let mut headers = head.strip_suffix(b"\r\n").unwrap_or_default();
    http::take_until(&mut headers, b'\n');
    Values { name, headers }
}

/// The values of the headers with one name.
#[derive(Clone, Debug)]
pub(crate) struct Values<'a, 'n> {
    name: &'n str,
    /// The header lines that were not looked at.
    headers: &'a [u8],
}

impl<'a> Iterator for Values<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.headers.is_empty() {
            let mut line = http::take_until(&mut self.headers, b'\n');
            let name = http::take_until(&mut line, b':');
            if name.eq_ignore_ascii_case(self.name.as_bytes()) {
                return Some(line.trim_ascii());
            }
        }
        None
    }
}
