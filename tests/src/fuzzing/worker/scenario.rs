//! What a client of the fuzzer sends: a request, and a session after it.

use crate::fuzzing::{Script, session};
use crate::scripted_client::request;

const PAGE_REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What a client will send.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) input: Vec<u8>,
    /// The length of the request, if it is valid.
    pub(super) request_len: Option<usize>,
    /// How many bytes the client takes at once.
    pub(super) taken_at_once: usize,
}

impl Scenario {
    /// Reads four bytes, and as many bytes of a session as the last of them says.
    pub(super) fn read(script: &mut Script<'_>) -> Self {
        let [mode, repeated, taken, len] = script.array();
        let mut own = Script(script.bytes(2 * usize::from(len)));
        let mut input = request("/").into_bytes();
        let mut request_len = Some(input.len());
        match mode & 0x0F {
            0..=11 => {}
            12 => (input, request_len) = (PAGE_REQUEST.into(), None),
            13 => {
                let place = usize::from(own.byte()) % input.len();
                input[place] ^= own.byte();
                request_len = None;
            }
            14 => (input, request_len) = (request("/").replace("13", "12").into(), None),
            _ => (input, request_len) = (Vec::new(), None),
        }
        let session = match mode >> 4 {
            0..=7 => session::encoded(&session::well_formed(&mut own)),
            8..=14 => session::damaged(&mut own),
            _ => own.0.to_vec(),
        };
        input.extend(session.repeat(1 + usize::from(repeated >> 4)));
        Self {
            input,
            request_len,
            taken_at_once: match taken {
                0..=127 => usize::MAX,
                128.. => usize::from(taken - 127),
            },
        }
    }
}
