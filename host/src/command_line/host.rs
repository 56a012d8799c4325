//! Ports and numbers, as addresses and URLs have them.

/// Reads a port from 0 to 65535.
pub(super) fn port(text: &str) -> Option<u16> {
    if !is_number(text) {
        return None;
    }
    text.parse().ok()
}

/// Returns whether the text is digits only: `parse` would accept a sign too.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
