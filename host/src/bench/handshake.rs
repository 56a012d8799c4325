//! The opening handshake of a client (RFC 6455 section 4.1): the request, and whether the response
//! accepts it.

use std::hash::{BuildHasher, RandomState};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest, Sha1};

use super::failure::Wrong;
use crate::command_line::Url;

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// A longer head is no answer to such a request.
const HEAD_LEN_MAX: usize = 16 << 10;
const END: &[u8] = b"\r\n\r\n";

/// The request of one connection, and the answer that it needs.
#[derive(Debug)]
pub(super) struct Handshake {
    key: String,
}

impl Handshake {
    /// A handshake with a key of its own.
    pub(super) fn new(random: &RandomState, index: usize) -> Self {
        let halves = [0, 1].map(|half| random.hash_one((index, half)).to_be_bytes());
        let key = BASE64.encode(halves.concat());
        Self { key }
    }

    /// The request's bytes.
    pub(super) fn request(&self, url: &Url) -> Vec<u8> {
        let Self { key } = self;
        let Url {
            resource,
            authority,
            ..
        } = url;
        format!(
            "GET {resource} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        .into_bytes()
    }

    /// Judges what has come so far: where the frames begin, or `None` when more of the head must
    /// come.
    pub(super) fn judge(&self, received: &[u8]) -> Result<Option<usize>, Wrong> {
        let start = &received[..received.len().min(5)];
        if !b"HTTP/".starts_with(start) {
            let start = String::from_utf8_lossy(received);
            return Err(Wrong::NotHttp(start.into_owned()));
        }
        let Some(end) = received.windows(END.len()).position(|it| it == END) else {
            return match received.len() {
                ..=HEAD_LEN_MAX => Ok(None),
                _ => Err(Wrong::Response("is over 16 KiB long")),
            };
        };
        let head = String::from_utf8_lossy(&received[..end]);
        self.judge_head(&head)?;
        Ok(Some(end + END.len()))
    }

    fn judge_head(&self, head: &str) -> Result<(), Wrong> {
        let mut lines = head.split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        // "HTTP/1.1 1019" is no 101.
        let behind = status_line.strip_prefix("HTTP/1.1 101");
        if behind.is_none_or(|behind| !behind.is_empty() && !behind.starts_with(' ')) {
            return Err(Wrong::Refused(status_line.into()));
        }
        let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
        let values = |name: &str| -> Vec<&str> {
            let named = headers
                .iter()
                .filter(|(it, _)| it.eq_ignore_ascii_case(name));
            named
                .flat_map(|(_, value)| value.split(',').map(str::trim))
                .collect()
        };
        let has = |name, word: &str| values(name).iter().any(|it| it.eq_ignore_ascii_case(word));
        if !has("Upgrade", "websocket") {
            return Err(Wrong::Response("has no 'Upgrade: websocket'"));
        }
        if !has("Connection", "Upgrade") {
            return Err(Wrong::Response("has no 'Connection: Upgrade'"));
        }
        if values("Sec-WebSocket-Accept") != [self.accept()] {
            return Err(Wrong::Response(
                "has not the 'Sec-WebSocket-Accept' of this key",
            ));
        }
        if !values("Sec-WebSocket-Extensions").is_empty() {
            return Err(Wrong::Response("has an extension that was not asked for"));
        }
        if !values("Sec-WebSocket-Protocol").is_empty() {
            return Err(Wrong::Response("has a subprotocol that was not asked for"));
        }
        Ok(())
    }

    fn accept(&self) -> String {
        let hash = Sha1::new().chain_update(&self.key).chain_update(GUID);
        BASE64.encode(hash.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and its answer are those of RFC 6455 section 1.3.
    fn handshake() -> Handshake {
        let key = "dGhlIHNhbXBsZSBub25jZQ==".into();
        Handshake { key }
    }

    const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n\
                            Connection: keep-alive, upgrade\r\n\
                            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    fn refusal(response: &str) -> String {
        let wrong = handshake().judge(response.as_bytes()).expect_err(response);
        wrong.to_string()
    }

    #[test]
    fn a_right_response_is_taken_at_every_cut_and_the_frames_begin_behind_it() {
        let response = format!("{RESPONSE}frames");
        for cut in 0..response.len() {
            let expected = (cut >= RESPONSE.len()).then_some(RESPONSE.len());
            let judged = handshake().judge(&response.as_bytes()[..cut]);
            assert_eq!(judged.expect("it is right"), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_response_without_one_of_its_parts_is_refused() {
        for line in ["upgrade: WebSocket", "Connection: keep-alive, upgrade"] {
            let message = refusal(&RESPONSE.replace(line, "X: y"));
            assert!(message.contains("has no '"), "{message}");
        }
        let message = refusal(&RESPONSE.replace("s3p", "S3P"));
        assert!(message.contains("'Sec-WebSocket-Accept'"), "{message}");
        for name in ["Extensions", "Protocol"] {
            let header = format!("upgrade: websocket\r\nSec-WebSocket-{name}: x");
            let message = refusal(&RESPONSE.replace("upgrade: WebSocket", &header));
            assert!(message.contains("not asked for"), "{message}");
        }
    }

    #[test]
    fn a_refusal_is_told_by_its_status_line_and_garbage_by_its_start() {
        let message = refusal("HTTP/1.1 404 Not\x1bFound\r\nA: b\r\n\r\n");
        assert_eq!(
            message,
            r"the server refused the upgrade: HTTP/1.1 404 Not\u{1b}Found"
        );
        for status_line in [
            "HTTP/1.1 1019 X",
            "HTTP/1.1 101x",
            "HTTP/1.0 101 X",
            "HTTP/1.1  101",
        ] {
            let message =
                refusal(&RESPONSE.replace("HTTP/1.1 101 Switching Protocols", status_line));
            assert!(message.ends_with(status_line), "{message}");
        }
        let bare = RESPONSE.replace(" Switching Protocols", "");
        assert!(handshake().judge(bare.as_bytes()).is_ok());
        assert!(refusal("SSH-2.0-x\r\n").ends_with(r"does not speak HTTP/1: SSH-2.0-x\r\n"));
        assert!(refusal(&format!("HTTP/{}", "x".repeat(20_000))).contains("16 KiB"));
    }

    #[test]
    fn each_connection_has_a_key_of_16_bytes_of_its_own() {
        let random = RandomState::new();
        let [first, second] = [0, 1].map(|index| Handshake::new(&random, index).key);
        assert_ne!(first, second);
        assert_eq!(BASE64.decode(first).expect("base64").len(), 16);
    }
}
