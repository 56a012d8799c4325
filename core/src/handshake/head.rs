//! The head of an HTTP/1.1 message (RFC 9112 section 2.1): gathers its lines, and finds its headers
//! by name once it is complete. It does not interpret them.

use heapless::Vec;

use crate::handshake::http;
use crate::handshake::syntax::SyntaxError;

/// Adds a byte to a head, and returns whether it ends a line.
pub(crate) fn push<E: From<SyntaxError>, const N: usize>(
    head: &mut Vec<u8, N>,
    byte: u8,
    too_large: E,
) -> Result<bool, E> {
    http::check_byte(head.last().copied(), byte)?;
    head.push(byte).map_err(|_| too_large)?;
    Ok(byte == b'\n')
}

/// The line that begins at `start` and ends with the last byte gathered, without its line end.
pub(crate) fn line(head: &[u8], start: usize) -> &[u8] {
    // `check_byte` has checked the line end.
    let end = head.len().saturating_sub(2);
    head.get(start..end).unwrap_or_default()
}

/// The values of the headers with this name, in their order. The case of the name does not matter.
/// The lines of the head are known to be well-formed.
pub(crate) fn values<'a, 'n>(head: &'a [u8], name: &'n str) -> Values<'a, 'n> {
    let mut headers = head;
    http::take_until(&mut headers, b'\n');
    Values { name, headers }
}

/// The values of the headers with one name.
#[derive(Clone, Debug)]
pub(crate) struct Values<'a, 'n> {
    name: &'n str,
    /// The header lines that are still to be searched.
    headers: &'a [u8],
}

impl<'a> Iterator for Values<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let mut line = http::take_until(&mut self.headers, b'\r');
            http::take_until(&mut self.headers, b'\n');
            // The empty line at the end is not a header.
            if line.is_empty() {
                return None;
            }
            let name = http::take_until(&mut line, b':');
            if name.eq_ignore_ascii_case(self.name.as_bytes()) {
                return Some(http::trim(line));
            }
        }
    }
}

/// All headers, in their order: names and values. The lines of the head are known to be
/// well-formed. (If [`values`] were made of this, firmware would have 4 bytes more.)
pub(crate) fn headers(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut headers = head;
    http::take_until(&mut headers, b'\n');
    core::iter::from_fn(move || {
        let mut line = http::take_until(&mut headers, b'\r');
        http::take_until(&mut headers, b'\n');
        if line.is_empty() {
            return None;
        }
        let name = http::take_until(&mut line, b':');
        Some((name, http::trim(line)))
    })
}
