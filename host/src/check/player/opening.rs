//! The opening handshake with a server (RFC 6455 section 4.1), written and read without the core.

use std::borrow::Cow;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest;

use super::connection::{Connection, Moved};
use crate::check::http::{HEAD_LEN_MAX, Head};
use crate::check::target::Target;
use crate::random;

/// What is put behind a key before it is hashed (RFC 6455 section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What differs from one opening handshake to the next.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    /// The value of `Sec-WebSocket-Key`.
    pub(crate) key: String,
}

impl Opening {
    /// With a new key.
    pub(crate) fn new() -> Self {
        let key = BASE64.encode(random::bytes::<16>());
        Self { key }
    }

    /// A request as a client should send it, with the headers that the user asks for, and an offer
    /// of extensions, a line for each value.
    pub(crate) fn request(&self, target: &Target<'_>, extensions: &[Cow<'static, str>]) -> String {
        let url = target.destination.url;
        let mut request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n",
            url.resource, url.authority, self.key
        );
        for (name, value) in asked_for(target) {
            request += &format!("{name}: {value}\r\n");
        }
        for extensions in extensions {
            request += &format!("Sec-WebSocket-Extensions: {extensions}\r\n");
        }
        request + "\r\n"
    }
}

/// The headers that the user asks for.
pub(crate) fn asked_for<'a>(target: &'a Target<'_>) -> Vec<(&'a str, String)> {
    let options = target.options;
    let mut headers = Vec::new();
    if let Some((name, value)) = options.url.authorization() {
        headers.push((name, value.to_owned()));
    }
    if let Some(origin) = &options.origin {
        headers.push(("Origin", origin.clone()));
    }
    if !options.subprotocols.is_empty() {
        headers.push(("Sec-WebSocket-Protocol", options.subprotocols.join(", ")));
    }
    for header in &options.headers {
        headers.push((&header.name, header.value.clone()));
    }
    headers
}

/// The value of `Sec-WebSocket-Accept` that answers a key.
pub(crate) fn accept(key: &str) -> String {
    let text = format!("{key}{GUID}");
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    BASE64.encode(hash)
}

/// Receives a head, and leaves what is behind it in `bytes`.
///
/// # Errors
///
/// Why there is none, in words; `bytes` has what came.
pub(crate) fn receive_head(
    connection: &mut Connection<'_>,
    bytes: &mut Vec<u8>,
    deadline: Instant,
) -> Result<Head, String> {
    let head = await_head(connection, bytes, deadline)?;
    bytes.drain(..head.len);
    Ok(head)
}

/// Receives a head, and leaves it in `bytes`, with what is behind it.
///
/// # Errors
///
/// Why there is none, in words; `bytes` has what came.
pub(crate) fn await_head(
    connection: &mut Connection<'_>,
    bytes: &mut Vec<u8>,
    deadline: Instant,
) -> Result<Head, String> {
    loop {
        if let Some(head) = Head::read(bytes) {
            return Ok(head);
        }
        if bytes.len() > HEAD_LEN_MAX {
            return Err(format!(
                "the peer sent {} bytes, and no end of a head",
                bytes.len()
            ));
        }
        if Instant::now() >= deadline {
            return Err(match bytes.len() {
                0 => "the peer sent nothing in time".into(),
                len => format!("the peer sent {len} bytes in time, and no end of a head"),
            });
        }
        match connection.read(bytes) {
            Moved::Bytes(_) => {}
            Moved::Nothing => connection.wait(deadline),
            Moved::End => {
                return Err(match bytes.len() {
                    0 => "the peer ended the connection without an answer".into(),
                    len => format!("the peer ended the connection after {len} bytes of a head"),
                });
            }
        }
    }
}

/// Writes all of these bytes.
///
/// # Errors
///
/// Why not, in words.
pub(crate) fn send_all(
    connection: &mut Connection<'_>,
    mut bytes: &[u8],
    deadline: Instant,
) -> Result<(), String> {
    while !bytes.is_empty() {
        match connection.write(bytes) {
            Moved::Bytes(len) => bytes = &bytes[len..],
            Moved::Nothing if Instant::now() >= deadline => {
                return Err("the peer did not read in time".into());
            }
            Moved::Nothing => connection.wait(deadline),
            Moved::End => return Err("the peer ended the connection before it had read all".into()),
        }
    }
    Ok(())
}
