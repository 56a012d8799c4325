//! The tokens of HTTP: names of headers and of subprotocols.

/// Returns whether the text is an HTTP token (RFC 9110 section 5.6.2). The core has the same table
/// for what it receives and does not export it; here it only serves for a better error.
pub(crate) fn is_token(text: &str) -> bool {
    let is_token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_byte)
}
