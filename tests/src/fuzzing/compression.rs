//! How a server must answer offers of compression (RFC 7692 section 7.1): the offers are read once
//! more, in another way, and our own client must take the answer.

use std::borrow::Cow;

use ws_echo_core::{
    Agreed, Buffer, ClientHandshake, ClientRequest, Deflate, DeflateOffer, Progress, Window,
};

use crate::deflate;

const NAMES: [&str; 4] = [
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "client_max_window_bits",
];

/// The window that a server accepts: the first has no compression.
pub(super) fn limit(choice: u8) -> Option<Window> {
    let kept = |bits| Window::new(bits).map(Window::kept);
    match choice {
        0 => None,
        1 => Some(Window::MAX),
        2 => Window::new(15),
        3 => kept(8),
        4 => Window::new(9),
        5 => kept(10),
        6 => Window::new(12),
        _ => kept(14),
    }
}

/// Asserts that these values of the request's header are answered as they must be.
pub(super) fn check(
    offers: &[Cow<'_, str>],
    limit: Option<Window>,
    answer: Option<&str>,
    agreed: Agreed,
) {
    let Some((offer, expected, window)) = accepted(offers, limit) else {
        assert_eq!((answer, agreed), (None, Agreed::NOTHING));
        return;
    };
    let deflate = Deflate {
        server: window,
        client: window,
    };
    assert_eq!((answer, agreed.deflate), (Some(&*expected), Some(deflate)));
    if let [server_flag, client_flag, server_bits, Some(client_bits)] = offer.0 {
        let window = |is_fresh: bool, bits: Option<Option<u8>>| {
            let window = Window::new(bits.flatten().unwrap_or(15)).unwrap();
            if is_fresh { window } else { window.kept() }
        };
        let offer = Deflate {
            server: window(server_flag.is_some(), server_bits),
            client: window(client_flag.is_some(), Some(client_bits)),
        };
        assert_eq!(taken(offer, &expected), deflate);
    }
}

/// The answer to a header with these offers, and what is agreed on.
pub(super) fn answer(offers: &str, limit: Option<Window>) -> (Option<String>, Agreed) {
    match accepted(&[offers.into()], limit) {
        None => (None, Agreed::NOTHING),
        Some((_, answer, window)) => (Some(answer), deflate::agreed(window)),
    }
}

/// The offer that is accepted, the answer to it, and the window of both ends.
fn accepted(offers: &[Cow<'_, str>], limit: Option<Window>) -> Option<(Offer, String, Window)> {
    let offers = offers.iter().flat_map(|list| split(list, ','));
    let mut offers = offers.filter_map(|extension| Offer::parse(&extension));
    offers.find_map(|offer| {
        let (answer, window) = offer.answer(limit?)?;
        Some((offer, answer, window))
    })
}

/// What our own client agrees on, if it made this offer and gets this answer.
fn taken(offer: Deflate, answer: &str) -> Deflate {
    let request = ClientRequest {
        deflate: Some(DeflateOffer::new(offer)),
        ..ClientRequest::new("a", "/")
    };
    let mut client = ClientHandshake::<1024>::new(request, *b"the sample nonce").unwrap();
    let response = format!(
        "HTTP/1.1 101 a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         Sec-WebSocket-Extensions: {answer}\r\n\r\n"
    );
    let mut buffer = Buffer::new(vec![0; 1024]);
    buffer.spare_mut()[..response.len()].copy_from_slice(response.as_bytes());
    buffer.commit(response.len());
    match client.advance(&mut buffer) {
        Ok(Progress::Open(agreed)) => agreed.deflate.expect("it was answered"),
        progress => panic!("{answer}: {progress:?}"),
    }
}

/// What an offer says of each parameter, in the order of [`NAMES`].
struct Offer([Option<Option<u8>>; 4]);

impl Offer {
    /// `None` if the extension is another one, or must be declined whatever the server can do.
    fn parse(extension: &str) -> Option<Self> {
        let parts = split(extension, ';');
        let (name, parameters) = parts.split_first()?;
        if name != "permessage-deflate" {
            return None;
        }
        let mut said = [None; 4];
        for parameter in parameters {
            let (name, bits) = match parameter.split_once('=') {
                None => (&parameter[..], None),
                Some((name, value)) => {
                    let value = unquoted(trim(value))?;
                    let bits = (8..=15).find(|bits: &u8| bits.to_string() == value)?;
                    (trim(name), Some(bits))
                }
            };
            let i = NAMES.iter().position(|known| *known == name)?;
            if said[i].is_some() || i < 2 && bits.is_some() || i == 2 && bits.is_none() {
                return None;
            }
            said[i] = Some(bits);
        }
        Some(Self(said))
    }

    /// The answer and the window of both ends. `None` if this server must decline the offer.
    fn answer(&self, limit: Window) -> Option<(String, Window)> {
        let [server_flag, client_flag, server_bits, client_bits] = self.0;
        let named = [server_bits, client_bits].map(|bits| bits.flatten().unwrap_or(15));
        let bits = named.into_iter().fold(limit.bits().max(9), u8::min);
        if bits < 15 && client_bits.is_none() {
            return None;
        }
        let mut answer = "permessage-deflate".to_owned();
        let mut window = Window::new(bits).unwrap().kept();
        if server_flag.is_some() || client_flag.is_some() || !limit.is_kept() {
            answer += "; server_no_context_takeover; client_no_context_takeover";
            window = window.fresh();
        }
        if bits < 15 || server_bits.is_some() {
            answer += &format!("; server_max_window_bits={bits}");
        }
        if bits < 15 {
            answer += &format!("; client_max_window_bits={bits}");
        }
        Some((answer, window))
    }
}

/// The parts of a list, trimmed. A delimiter between quotes does not count.
fn split(list: &str, delimiter: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut signs = list.chars();
    let mut is_quoted = false;
    while let Some(sign) = signs.next() {
        if sign == delimiter && !is_quoted {
            parts.push(String::new());
            continue;
        }
        is_quoted ^= sign == '"';
        let part = parts.last_mut().unwrap();
        part.push(sign);
        if sign == '\\' && is_quoted {
            part.extend(signs.next());
        }
    }
    parts.iter().map(|part| trim(part).to_owned()).collect()
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// A value without its quotes and escapes. `None` if the quotes are not closed.
fn unquoted(value: &str) -> Option<String> {
    let Some(quoted) = value.strip_prefix('"') else {
        return Some(value.to_owned());
    };
    let mut text = String::new();
    let mut signs = quoted.chars();
    loop {
        match signs.next()? {
            '"' => return signs.as_str().is_empty().then_some(text),
            '\\' => text.push(signs.next()?),
            sign => text.push(sign),
        }
    }
}
