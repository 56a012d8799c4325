//! Hostile bytes sent to a client: it does not panic, and the outcome is the same however the bytes
//! are cut and however little room there is (RFC 6455 sections 4.1, and 5 to 8). Responses are
//! parsed again by httparse. The frames after a response have the mirrored outcome of a server.

use tungstenite::handshake::derive_accept_key;
use ws_echo_core::{
    Agreed, Client, ClientHandshake, ClientRequest, DeflateOffer, Progress, ResponseError, Window,
};

use super::echoer::{Echoer, KeyFunction};
use super::expected::Expected;
use super::{Bytes, Machine, Plan, Script, session};
use crate::{deflate, wire};

/// The longest head of a response that is collected, in bytes.
const HEAD_LEN: usize = 256;

const REQUEST: ClientRequest<'_> = ClientRequest {
    subprotocols: &["chat", "superchat"],
    ..ClientRequest::new("localhost:3000", "/")
};
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The same, with compression as it was offered.
const COMPRESSED_RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// The words of a response: see [`Script::words`].
const WORDS: [&str; 24] = [
    "HTTP/1.1 101 Switching Protocols\r\n",
    "Upgrade: websocket\r\n",
    "Connection: Upgrade\r\n",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    "\r\n",
    "HTTP/1.1 103 Early Hints\r\n",
    "HTTP/1.1 ",
    "HTTP/1.0 403 Forbidden\r\n",
    "Sec-WebSocket-Protocol: ",
    "Sec-WebSocket-Extensions: ",
    "chat\r\n",
    "superchat",
    "permessage-deflate\r\n",
    "connection: keep-alive, Upgrade\r\n",
    "UPGRADE: WebSocket\r\n",
    "Content-Length: 5\r\n",
    "302 Found\r\n",
    "101",
    ":",
    ", ",
    "\r",
    "\n",
    "a: b\r\n",
    "a-long-word-of-sixty-four-bytes-with-which-a-head-soon-is-large-",
];

/// Bytes: a mode, a plan, the application's actions if the mode says so, a response if the mode
/// says so, and the session, which is mirrored. Bits of the mode: 0: the session is taken as it is;
/// 1: the application sends messages of its own; 2: words and bytes replace a valid response;
/// 3: the client offers compression, and a valid response agrees.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let mode = script.byte();
    let plan = Plan::read(&mut script);
    let actions = script.actions(mode);
    let (offer, response) = match mode & 8 {
        0 => (Agreed::NOTHING, RESPONSE),
        _ => (deflate::agreed(Window::MAX), COMPRESSED_RESPONSE),
    };
    if mode & 4 != 0 {
        return check(&plan, &script.words(&WORDS), offer, actions);
    }
    let frames = match mode & 1 {
        0 => session::damaged_with(offer, &mut script),
        _ => script.0.to_vec(),
    };
    let input = [response.as_bytes(), &wire::mirrored(&frames)].concat();
    check(&plan, &input, offer, actions);
}

fn check(plan: &Plan, input: &[u8], offer: Agreed, actions: &[u8]) {
    let mut whole = ClientUnderTest::new(offer, &[]);
    let output = Plan::whole(input).keep(input, &mut whole);
    whole.check(input, &output);
    for is_lent in [false, true] {
        let mut cut = ClientUnderTest::new(offer, actions);
        let output = match is_lent {
            true => plan.lend(input, &mut cut),
            false => plan.keep(input, &mut cut),
        };
        assert_eq!(cut.error, whole.error);
        assert_eq!(cut.handshake.subprotocol(), whole.handshake.subprotocol());
        cut.check(input, &output);
    }
}

/// A client from its first byte.
struct ClientUnderTest<'a> {
    /// What is agreed on if the server takes what this client offers.
    offer: Agreed,
    handshake: ClientHandshake<'static, HEAD_LEN>,
    actions: &'a [u8],
    error: Option<ResponseError>,
    /// Once the connection is open: the echoing client, the length of the request, and what was
    /// agreed on.
    open: Option<(Echoer<'a, Client<KeyFunction>>, usize, Agreed)>,
}

impl<'a> ClientUnderTest<'a> {
    fn new(offer: Agreed, actions: &'a [u8]) -> Self {
        let request = ClientRequest {
            deflate: offer.deflate.map(DeflateOffer::new),
            ..REQUEST
        };
        Self {
            offer,
            handshake: ClientHandshake::new(request, *b"the sample nonce").unwrap(),
            actions,
            error: None,
            open: None,
        }
    }

    /// Asserts that the connection is open if it must be, and is not open if it must not be.
    fn check(&mut self, input: &[u8], output: &[u8]) {
        let Some((echoer, request_len, agreed)) = &mut self.open else {
            let opens = match self.offer {
                Agreed::NOTHING => RESPONSE,
                _ => COMPRESSED_RESPONSE,
            };
            assert!(!input.starts_with(opens.as_bytes()));
            return;
        };
        assert!(*agreed == Agreed::NOTHING || self.offer != Agreed::NOTHING);
        if input.starts_with(COMPRESSED_RESPONSE.as_bytes()) {
            assert_eq!(*agreed, self.offer);
        }
        assert!(output[..*request_len].ends_with(b"\r\n\r\n"));
        let head_len = check_opens(input, self.handshake.subprotocol(), *agreed);
        let frames = wire::mirrored(&input[head_len..]);
        let expected = Expected::with(*agreed, &frames, usize::MAX);
        echoer.check_mirrored(&expected, output, *request_len);
    }
}

impl Machine for ClientUnderTest<'_> {
    fn exchange(&mut self, buffer: &mut Bytes, transmitted: usize) {
        let mut progress = Progress::Wait;
        match self.handshake.advance(buffer) {
            Ok(next) => progress = next,
            Err(error) => {
                let before = self.error.replace(error);
                assert_eq!(before, None, "a second error");
            }
        }
        if self.error.is_some() {
            buffer.discard_received();
        }
        let Progress::Open(agreed) = progress else {
            return;
        };
        let (echoer, ..) = self.open.get_or_insert_with(|| {
            let request_len = transmitted + buffer.ready().len();
            let echoer = Echoer::client(self.actions).agreed(agreed);
            (echoer, request_len, agreed)
        });
        echoer.exchange(buffer, transmitted);
    }
}

/// Asserts that a response opens the connection according to httparse. Returns its length,
/// including the interim responses before it.
fn check_opens(input: &[u8], subprotocol: Option<&str>, agreed: Agreed) -> usize {
    let mut start = 0;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; HEAD_LEN / 4];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(&input[start..]).expect("it was accepted");
        let httparse::Status::Complete(len) = parsed else {
            panic!("it was accepted before it was complete");
        };
        start += len;
        if response.code == Some(101) {
            check_headers(response.headers, subprotocol, agreed);
            return start;
        }
        assert!(matches!(response.code, Some(100..200)));
    }
}

fn check_headers(headers: &[httparse::Header<'_>], subprotocol: Option<&str>, agreed: Agreed) {
    let values = |name: &str| -> Vec<String> {
        let named = headers
            .iter()
            .filter(|it| it.name.eq_ignore_ascii_case(name));
        named
            .map(|header| String::from_utf8_lossy(header.value).trim().to_owned())
            .collect()
    };
    let lists = |name, wanted: &str| {
        let all = values(name).join(",");
        all.split(',')
            .any(|it| it.trim().eq_ignore_ascii_case(wanted))
    };
    assert!(lists("upgrade", "websocket") && lists("connection", "upgrade"));
    let accept = derive_accept_key(KEY.as_bytes());
    assert_eq!(values("sec-websocket-accept"), [accept]);
    match &values("sec-websocket-extensions")[..] {
        [] => assert_eq!(agreed, Agreed::NOTHING),
        [extension] => {
            assert!(agreed.deflate.is_some() && extension.starts_with("permessage-deflate"));
        }
        extensions => panic!("{extensions:?}"),
    }
    assert_eq!(
        values("sec-websocket-protocol").first().map(String::as_str),
        subprotocol
    );
    assert!(subprotocol.is_none_or(|it| REQUEST.subprotocols.contains(&it)));
}
