//! Which compression was agreed on in a recording. The core reads it, as a client that has offered
//! everything.

use ws_echo_core::{Buffer, ClientHandshake, ClientRequest, Deflate, DeflateOffer};
use ws_echo_core::{Progress, Window};

use crate::recording::{Headers, Response};

const EXTENSIONS: &str = "sec-websocket-extensions";
/// A nonce, and how a server answers it (RFC 6455 section 1.3).
const NONCE: &[u8; 16] = b"the sample nonce";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// The longest answer that is read, in bytes: no right one is that long.
const ANSWER_LEN_MAX: usize = 1000;

/// The compression that a recorded response has agreed on. `None` also if no client would accept
/// that response.
pub(super) fn of(response: &Response) -> Option<Deflate> {
    let answer = extensions(&response.headers)?;
    let is_text = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if answer.len() > ANSWER_LEN_MAX || !answer.bytes().all(is_text) {
        return None;
    }
    let mut request = ClientRequest::new("host", "/");
    request.deflate = Some(DeflateOffer::new(Deflate {
        server: Window::MAX,
        client: Window::MAX,
    }));
    let mut handshake = ClientHandshake::<{ 2 * ANSWER_LEN_MAX }>::new(request, *NONCE).ok()?;
    let mut buffer = Buffer::new(vec![0; 4 * ANSWER_LEN_MAX].into_boxed_slice());
    handshake.advance(&mut buffer).ok()?;
    buffer.consume(usize::MAX);
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\nSec-WebSocket-Extensions: {answer}\r\n\r\n"
    );
    let room = buffer.spare_mut().get_mut(..head.len())?;
    room.copy_from_slice(head.as_bytes());
    buffer.commit(head.len());
    match handshake.advance(&mut buffer).ok()? {
        Progress::Open(agreed) => agreed.deflate,
        _ => None,
    }
}

/// The value of the header, if there is one and it is text.
fn extensions(headers: &Headers) -> Option<&str> {
    headers.iter().find_map(|(name, value)| {
        let name = str::from_utf8(name.bytes()?).ok()?;
        let value = str::from_utf8(value.bytes()?).ok()?;
        name.eq_ignore_ascii_case(EXTENSIONS).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Value;

    fn agreed(answer: &str) -> Option<Deflate> {
        let text = |text: &str| Value::Text(text.into());
        of(&Response {
            after: 0.0,
            status: 101,
            headers: vec![
                (text("Upgrade"), text("websocket")),
                (text("Sec-WebSocket-extensions"), text(answer)),
            ],
        })
    }

    #[test]
    fn the_windows_of_a_response_are_known() {
        let window = |bits| Window::new(bits).expect("a window");
        for (answer, server, client) in [
            ("permessage-deflate", Window::MAX, Window::MAX),
            (
                "permessage-deflate; server_no_context_takeover",
                window(15),
                Window::MAX,
            ),
            (
                "permessage-deflate; client_no_context_takeover; server_max_window_bits=10; \
                 client_max_window_bits=\"9\"",
                window(10).kept(),
                window(9),
            ),
        ] {
            assert_eq!(agreed(answer), Some(Deflate { server, client }));
        }
    }

    #[test]
    fn an_answer_that_no_client_accepts_agrees_on_nothing() {
        for answer in [
            "",
            "x-other",
            "permessage-deflate; other",
            "permessage-deflate\r\nX-A: b",
            &"permessage-deflate; ".repeat(1000),
        ] {
            assert_eq!(agreed(answer), None, "{answer}");
        }
        let response = Response {
            after: 0.0,
            status: 101,
            headers: Vec::new(),
        };
        assert_eq!(of(&response), None);
    }
}
