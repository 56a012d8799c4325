//! Texts of the WebSocket protocol on the command line: the greeting, paths, origins, subprotocols
//! and header names. Each error says what to write.

use super::host;
use crate::http_token::is_token;
use crate::options::origin;
use crate::options::serve::SUBPROTOCOL_LEN_MAX;

/// The longest greeting in bytes: it fits the smallest buffer together with the response.
const WELCOME_LEN_MAX: usize = 1_000;

/// The text that greets each client.
pub(super) fn welcome(text: &str) -> Result<String, String> {
    match text.len() {
        ..=WELCOME_LEN_MAX => Ok(text.into()),
        len => Err(format!(
            "the text has {len} bytes; write at most {WELCOME_LEN_MAX}"
        )),
    }
}

/// A path with its leading `/` and without a query.
pub(super) fn path(text: &str) -> Result<String, String> {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let root = if path.starts_with('/') { "" } else { "/" };
    let right = format!("{root}{}", percent_encoded(path));
    let fault = if !root.is_empty() {
        "write a leading '/'"
    } else if path != text {
        "write only the path"
    } else if right != text {
        PERCENT_ENCODE
    } else {
        return Ok(right);
    };
    Err(format!("{fault}: {right}"))
}

/// What to write in a path that has other characters.
pub(super) const PERCENT_ENCODE: &str = "percent-encode everything but visible ASCII";

/// The text with everything but visible ASCII percent-encoded (RFC 3986 section 2.1).
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_graphic() {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// `*`, `null`, or a scheme and a host, as a browser sends them.
pub(super) fn origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.into());
    }
    let normalized = origin::normalized(text);
    let (scheme, host) = text.split_once("://").unwrap_or(("", text));
    match normalized {
        Some(origin) if host.contains('/') => Err(format!("leave out the path: {origin}")),
        Some(origin) if matches!(&*scheme.to_ascii_lowercase(), "ws" | "wss") => {
            Err(format!("write the scheme of the page: {origin}"))
        }
        Some(origin) => Ok(origin),
        None if text.contains('*') => {
            Err("a * cannot be a part: write each origin, or * alone for all".into())
        }
        None if origin::normalized(&format!("http://{text}")).is_some() => Err(format!(
            "write the scheme too: http://{text} or https://{text}"
        )),
        None if !text.is_ascii() => Err(host::NOT_ASCII.into()),
        None => Err("write it as a browser sends it, such as https://example.com:8080".into()),
    }
}

/// A subprotocol of at most 100 characters, which is an HTTP token.
pub(super) fn subprotocol(text: &str) -> Result<String, &'static str> {
    if text.len() > SUBPROTOCOL_LEN_MAX {
        return Err("write at most 100 characters");
    }
    if !is_token(text) {
        return Err("write letters, digits and !#$%&'*+-.^_`|~ only, such as chat.v1");
    }
    Ok(text.into())
}
