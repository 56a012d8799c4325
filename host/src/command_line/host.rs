//! Hosts, ports and numbers, as addresses and URLs have them.

/// What to write in place of a host that has other letters than those of ASCII. They have a form in
/// ASCII (RFC 3490), which depends on more than the letters.
pub(super) const NOT_ASCII: &str =
    "write the host as the address bar of a browser copies it, in ASCII: xn--...";

/// Reads a port from 0 to 65535.
pub(super) fn port(text: &str) -> Option<u16> {
    if !is_number(text) {
        return None;
    }
    text.parse().ok()
}

/// Reads the port of an option; the error says what to write.
pub(super) fn port_option(text: &str) -> Result<u16, &'static str> {
    port(text).ok_or("write a port from 0 to 65535; an address is written as --listen 0.0.0.0:3000")
}

/// Returns whether the text is digits only: `parse` would accept a sign too.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
