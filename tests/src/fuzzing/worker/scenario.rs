//! What a client of the fuzzer sends: a request, and a session after it.

use ws_echo_core::Window;

use crate::deflate;
use crate::fuzzing::{Script, session};
use crate::scripted_client::{request, request_with};

const PAGE_REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What clients offer.
const OFFERS: [Option<&str>; 8] = [
    None,
    Some("permessage-deflate; client_max_window_bits"),
    Some("permessage-deflate"),
    Some("permessage-deflate; client_no_context_takeover; client_max_window_bits"),
    Some("permessage-deflate; server_no_context_takeover"),
    Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=12"),
    Some("permessage-deflate; server_max_window_bits=9, permessage-deflate"),
    Some("permessage-deflate; client_max_window_bits=8"),
];

/// What a client will send.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) input: Vec<u8>,
    /// The length of the request, if it is valid.
    pub(super) request_len: Option<usize>,
    /// Its offers of compression.
    pub(super) offer: Option<&'static str>,
    /// How many bytes the client takes at once.
    pub(super) taken_at_once: usize,
}

impl Scenario {
    /// Reads four bytes, and as many bytes of a session as the last of them says.
    pub(super) fn read(script: &mut Script<'_>) -> Self {
        let [mode, repeated, taken, len] = script.array();
        let mut own = Script(script.bytes(2 * usize::from(len)));
        let mut input = request("/").into_bytes();
        let (mut request_len, mut offer) = (None, None);
        match mode & 0x0F {
            0..=11 => {
                offer = OFFERS[usize::from(repeated) % OFFERS.len()];
                input = offer.map_or(input, |offer| request_with(offer).into_bytes());
                request_len = Some(input.len());
            }
            12 => input = PAGE_REQUEST.into(),
            13 => {
                let place = usize::from(own.byte()) % input.len();
                input[place] ^= own.byte();
            }
            14 => input = request("/").replace("13", "12").into(),
            _ => input.clear(),
        }
        let session = match mode >> 4 {
            0..=7 if offer.is_some() => session::encoded(&session::compressing(&mut own)),
            0..=7 => session::encoded(&session::well_formed(&mut own)),
            8..=14 if offer.is_some() => {
                session::damaged_with(deflate::agreed(Window::MAX), &mut own)
            }
            8..=14 => session::damaged(&mut own),
            _ => own.0.to_vec(),
        };
        input.extend(session.repeat(1 + usize::from(repeated >> 4)));
        Self {
            input,
            request_len,
            offer,
            taken_at_once: match taken {
                0..=127 => usize::MAX,
                128.. => usize::from(taken - 127),
            },
        }
    }
}
