//! Takes a query apart: parameters between `&`, each a name and a value, percent-encoded as forms
//! send them (WHATWG URL Standard, section 5).

/// Why a part of a query cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EncodingError {
    /// No two hexadecimal digits follow a `%`.
    Percent,
    /// The bytes are not UTF-8.
    NotUtf8,
}

/// The parameters in their order, as they are encoded: name and value. A value is empty if it is
/// missing. An empty query has no parameters.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = Some(query).filter(|query| !query.is_empty());
    let parts = parts.into_iter().flat_map(|query| query.split('&'));
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// Decodes a name or a value: `+` is a space, and `%XX` a byte.
pub(super) fn decoded(text: &str) -> Result<String, EncodingError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => escaped(rest.next(), rest.next()).ok_or(EncodingError::Percent)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| EncodingError::NotUtf8)
}

/// The byte of two hexadecimal digits.
fn escaped(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}
