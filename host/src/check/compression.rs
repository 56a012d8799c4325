//! What was agreed on of permessage-deflate (RFC 7692), and the messages that are compressed with
//! it. The agreement is read by a reader of its own; the compression is zlib's.

use ws_echo_core::Window;

use super::frame::Role;
use crate::deflate::deflater::Deflater;
use crate::deflate::inflater::Inflater;

/// How much is inflated at once.
const PIECE_LEN: usize = 64 << 10;
/// The longest message that is inflated. No case asks for a longer one.
const MESSAGE_LEN_MAX: usize = 64 << 20;

/// Compression on one connection, as the peer of the one that is tested sees it.
#[derive(Debug)]
pub struct Compression {
    deflater: Deflater,
    inflater: Inflater,
}

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// What the server compresses with.
    pub server: Window,
    /// What the client compresses with.
    pub client: Window,
}

impl Agreement {
    /// Reads the value of a server's `Sec-WebSocket-Extensions`. `None` if it is not
    /// permessage-deflate.
    pub fn read(value: &str) -> Option<Self> {
        let mut parameters = value.split(';').map(str::trim);
        if !parameters
            .next()?
            .eq_ignore_ascii_case("permessage-deflate")
        {
            return None;
        }
        let (mut server_bits, mut client_bits) = (15, 15);
        let (mut server_keeps, mut client_keeps) = (true, true);
        for parameter in parameters {
            let (name, value) = match parameter.split_once('=') {
                Some((name, value)) => (name.trim(), value.trim().trim_matches('"')),
                None => (parameter, ""),
            };
            match name.to_ascii_lowercase().as_str() {
                "server_no_context_takeover" => server_keeps = false,
                "client_no_context_takeover" => client_keeps = false,
                "server_max_window_bits" => server_bits = value.parse().ok()?,
                "client_max_window_bits" => client_bits = value.parse().ok()?,
                _ => {}
            }
        }
        Some(Self {
            server: window(server_bits, server_keeps)?,
            client: window(client_bits, client_keeps)?,
        })
    }
}

fn window(bits: u8, is_kept: bool) -> Option<Window> {
    let window = Window::new(bits)?;
    Some(if is_kept {
        window.kept()
    } else {
        window.fresh()
    })
}

impl Compression {
    /// The compression of the peer of the role that is tested.
    pub fn new(agreement: Agreement, tested: Role) -> Self {
        let (own, other) = match tested {
            Role::Server => (agreement.client, agreement.server),
            Role::Client => (agreement.server, agreement.client),
        };
        Self {
            deflater: Deflater::new(own),
            inflater: Inflater::new(other),
        }
    }

    /// The compressed bytes of a message, without the tail.
    pub fn deflate(&mut self, message: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::new();
        self.deflater.compress(message, &mut compressed);
        compressed
    }

    /// Inflates a message.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn inflate(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut message = Vec::new();
        let mut room = vec![0; PIECE_LEN];
        let invalid = |_| String::from("the compressed bytes of a message are not valid");
        loop {
            let inflated = self
                .inflater
                .inflate(&mut bytes, &mut room)
                .map_err(invalid)?;
            if inflated.is_empty() {
                break;
            }
            message.extend_from_slice(inflated);
            if message.len() > MESSAGE_LEN_MAX {
                return Err("a compressed message is longer than what was sent".into());
            }
        }
        self.inflater.end_message().map_err(invalid)?;
        Ok(message)
    }
}
