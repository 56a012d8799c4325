//! permessage-deflate in the opening handshake (RFC 7692 sections 5 and 7.1): what is offered, and
//! what is agreed on.

use ws_echo_core::Window;

use super::fault::{Fault, Faults};

const NAME: &str = "permessage-deflate";
const SERVER_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";
/// What the client offers.
pub(super) const OFFER: &str = "permessage-deflate; client_max_window_bits";
const MAX_BITS: u8 = 15;

/// An element of `Sec-WebSocket-Extensions` (RFC 6455 section 9.1).
#[derive(Debug)]
pub(super) struct Extension {
    name: String,
    parameters: Vec<(String, Option<String>)>,
}

impl Extension {
    /// permessage-deflate without parameters.
    pub(super) fn plain() -> Self {
        Self {
            name: NAME.into(),
            parameters: Vec::new(),
        }
    }
}

/// What each end compresses with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreed {
    pub(super) server: Window,
    pub(super) client: Window,
}

/// The extensions in the value of the header. `None` if it is malformed.
pub(super) fn parse(value: &str) -> Option<Vec<Extension>> {
    // Elements may be empty (RFC 9110 section 5.6.1.2).
    let is_there = |element: &&str| !element.trim_matches([' ', '\t']).is_empty();
    let elements = split(value, ',')?.into_iter().filter(is_there);
    let elements = elements.map(|element| {
        let mut parts = split(element, ';')?.into_iter();
        let name = token(parts.next()?)?.to_owned();
        let parameters = parts.map(parameter).collect::<Option<_>>()?;
        Some(Extension { name, parameters })
    });
    elements.collect()
}

/// Parts between separators that are not in quotes.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (index, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            other if other == separator && !is_quoted => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!is_quoted).then_some(parts)
}

fn parameter(text: &str) -> Option<(String, Option<String>)> {
    let Some((name, value)) = text.split_once('=') else {
        return Some((token(text)?.to_owned(), None));
    };
    let value = value.trim_matches([' ', '\t']);
    let unquoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let value = match unquoted {
        Some(quoted) => quoted.replace('\\', ""),
        None => value.to_owned(),
    };
    token(&value)?;
    Some((token(name)?.to_owned(), Some(value)))
}

/// A token without the blanks around it.
fn token(text: &str) -> Option<&str> {
    let text = text.trim_matches([' ', '\t']);
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (!text.is_empty() && text.bytes().all(is_token)).then_some(text)
}

/// The parameters of one offer, or of the answer to it.
#[derive(Clone, Copy, Debug, Default)]
struct Parameters {
    server_takeover: bool,
    client_takeover: bool,
    server_bits: Option<u8>,
    /// The inner value is missing if an offer does not say how many.
    client_bits: Option<Option<u8>>,
}

impl Parameters {
    /// `None` if they are not those of permessage-deflate.
    fn read(extension: &Extension, faults: Faults) -> Option<Self> {
        let mut all = Self::default();
        let mut seen = Vec::new();
        for (name, value) in &extension.parameters {
            if seen.contains(&name) && !faults.has(Fault::AgreesToDoubledParameters) {
                return None;
            }
            seen.push(name);
            let is_without = value.is_none() || faults.has(Fault::AgreesToValueOfTakeover);
            match (name.to_ascii_lowercase().as_str(), value) {
                (SERVER_TAKEOVER, _) if is_without => all.server_takeover = true,
                (CLIENT_TAKEOVER, _) if is_without => all.client_takeover = true,
                (SERVER_BITS, Some(value)) => all.server_bits = Some(bits(value, faults)?),
                (CLIENT_BITS, Some(value)) => all.client_bits = Some(Some(bits(value, faults)?)),
                (CLIENT_BITS, None) => all.client_bits = Some(None),
                _ if faults.has(Fault::AgreesToUnknownParameters) => {}
                _ => return None,
            }
        }
        Some(all)
    }

    fn agreed(self) -> Option<Agreed> {
        Some(Agreed {
            server: window(self.server_bits, self.server_takeover)?,
            client: window(self.client_bits.flatten(), self.client_takeover)?,
        })
    }
}

fn bits(value: &str, faults: Faults) -> Option<u8> {
    if value.starts_with('0') && !faults.has(Fault::AgreesToLeadingZeros) {
        return None;
    }
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let bits: u8 = value.parse().ok().filter(|_| is_number)?;
    match bits {
        8..=MAX_BITS => Some(bits),
        _ if faults.has(Fault::AgreesToWrongBits) => Some(bits.clamp(8, MAX_BITS)),
        _ => None,
    }
}

fn window(bits: Option<u8>, is_fresh: bool) -> Option<Window> {
    let window = Window::new(bits.unwrap_or(MAX_BITS))?;
    Some(match is_fresh {
        true => window.fresh(),
        false => window.kept(),
    })
}

/// What a server answers to offers, and what is agreed on by that.
pub(super) fn agree(offers: &[Extension], faults: Faults) -> Option<(String, Agreed)> {
    let offers = offers
        .iter()
        .filter(|offer| offer.name.eq_ignore_ascii_case(NAME));
    let mut accepted = offers.filter_map(|offer| Parameters::read(offer, faults));
    let mut parameters = accepted.next()?;
    let mut answer = String::from(NAME);
    if parameters.server_takeover {
        answer = answer + "; " + SERVER_TAKEOVER;
    }
    if parameters.client_takeover {
        answer = answer + "; " + CLIENT_TAKEOVER;
    }
    if let Some(bits) = &mut parameters.server_bits {
        if faults.has(Fault::AnswersMoreBits) {
            *bits = MAX_BITS;
        }
        answer += &format!("; {SERVER_BITS}={bits}");
    }
    match parameters.client_bits {
        Some(Some(bits)) => answer += &format!("; {CLIENT_BITS}={bits}"),
        None if faults.has(Fault::AnswersClientBitsUnasked) => {
            answer += &format!("; {CLIENT_BITS}={MAX_BITS}");
        }
        _ => {}
    }
    Some((answer, parameters.agreed()?))
}

/// What the answer of a server to [`OFFER`] says. `None` if it is none.
pub(super) fn read_answer(answer: &[Extension], faults: Faults) -> Option<Agreed> {
    let [extension] = answer else {
        return None;
    };
    let parameters = Parameters::read(extension, faults)?;
    // Only an offer may leave the number out.
    if parameters.client_bits == Some(None) {
        return None;
    }
    match extension.name.eq_ignore_ascii_case(NAME) {
        true => parameters.agreed(),
        false => None,
    }
}
