//! How a URL begins, or what is nearly one: its scheme, and what is wrong with that.

use crate::options::url::Scheme;

pub(super) const NO_SCHEME: &str = "write the scheme too";
const OTHER_SCHEME: &str = "write another scheme";

/// How a URL begins, or what is nearly one.
pub(super) struct Start<'a> {
    pub(super) scheme: Scheme,
    /// What follows the scheme.
    pub(super) rest: &'a str,
    /// What must be written differently.
    pub(super) fault: Option<&'static str>,
}

impl<'a> Start<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let trimmed = text.trim();
        let name_len = trimmed.find(|character| !is_of_scheme(character));
        let (name, behind) = trimmed.split_at(name_len.unwrap_or(trimmed.len()));
        let known = match name.to_ascii_lowercase().as_str() {
            "ws" => Some((Scheme::Ws, None)),
            "wss" => Some((Scheme::Wss, None)),
            "http" => Some((Scheme::Ws, Some(OTHER_SCHEME))),
            "https" => Some((Scheme::Wss, Some(OTHER_SCHEME))),
            _ => None,
        };
        let (scheme, rest, fault) = match (known, behind.strip_prefix("://")) {
            (Some((scheme, fault)), Some(rest)) => (scheme, rest, fault),
            (None, Some(rest)) if name.is_empty() => (Scheme::Ws, rest, Some(NO_SCHEME)),
            (None, Some(rest)) => (Scheme::Ws, rest, Some(OTHER_SCHEME)),
            (Some((scheme, fault)), None) if is_separator(behind) => {
                let rest = behind.trim_start_matches([':', '/', '\\']);
                (scheme, rest, fault.or(Some("write the scheme in full")))
            }
            _ => (
                Scheme::Ws,
                trimmed.trim_start_matches(['/', '\\']),
                Some(NO_SCHEME),
            ),
        };
        let has_blanks = trimmed.len() < text.len();
        Self {
            scheme,
            rest,
            fault: fault.or(has_blanks.then_some("leave out the blanks around the URL")),
        }
    }
}

/// RFC 3986 section 3.1.
fn is_of_scheme(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+-.".contains(character)
}

/// Returns whether this is what should be `://` after a scheme, and not a port or a path after a
/// host of such a name.
fn is_separator(behind: &str) -> bool {
    match behind.strip_prefix(':') {
        Some(rest) => {
            let port_len = rest.bytes().take_while(u8::is_ascii_digit).count();
            let after_port = &rest[port_len..];
            port_len == 0 || !(after_port.is_empty() || after_port.starts_with(['/', '?']))
        }
        None => behind.starts_with("//") || behind.starts_with("\\\\"),
    }
}
