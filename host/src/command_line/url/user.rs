//! The name and the password of a URL, which become Basic authorization (RFC 7617).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::command_line::host;

/// What to write if a password has one of these characters, which end the host.
pub(super) const PERCENT_ENCODE_PASSWORD: &str =
    "percent-encode the password: / is %2F, ? is %3F, # is %23";

/// Returns whether what should be a host and a port is the beginning of a name and a password. The
/// rest begins at a character that ends a host.
pub(super) fn is_cut(authority: &str, rest: &str) -> bool {
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    rest.contains('@') && port.is_some_and(|port| host::port(port).is_none())
}

/// Returns the value of `Authorization` for `name:password`, both percent-encoded.
pub(super) fn basic(user: &str) -> Result<String, String> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let (name, password) = (decoded(name)?, decoded(password)?);
    if name.contains(&b':') {
        return Err("write a name without a colon: a colon ends the name".into());
    }
    if name.iter().chain(&password).any(u8::is_ascii_control) {
        return Err("write a name and a password without control characters".into());
    }
    let both = [&name[..], b":", &password].concat();
    Ok(format!("Basic {}", BASE64_STANDARD.encode(both)))
}

/// The bytes of a percent-encoded text (RFC 3986 section 2.1).
fn decoded(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let hex = part
            .get(..2)
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.ok_or("write %25 for a % in the name or the password")?);
        bytes.extend(&part.as_bytes()[2..]);
    }
    Ok(bytes)
}
