//! Hostile bytes during the opening handshake: no panic, and the same response however the bytes
//! are cut and however little room there is (RFC 6455 section 4.2). Requests and responses are
//! parsed again by httparse.

use std::borrow::Cow;

use tungstenite::handshake::derive_accept_key;
use ws_echo_core::{
    Acceptance, Agreed, MAX_HEADERS, MIN_HEAD_LEN, Message, Progress, Refusal, ServerHandshake,
    Window,
};

use super::compression;
use super::echoer::Echoer;
use super::expected::Expected;
use super::{Bytes, Machine, Plan, Script};
use crate::wire::{self, Frame, TEXT};

/// The words of a request: see [`Script::words`].
const WORDS: [&str; 59] = [
    "GET / HTTP/1.1\r\n",
    "Host: localhost:3000\r\n",
    "Upgrade: websocket\r\n",
    "Connection: Upgrade\r\n",
    "Sec-WebSocket-Version: 13\r\n",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "\r\n",
    "Sec-WebSocket-Protocol: chat, superchat\r\n",
    "Connection: keep-alive, Upgrade\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Cookie: a=b\r\n",
    "GET http://localhost/chat?x#y HTTP/1.1\r\n",
    "POST ",
    "GET ",
    " HTTP/1.0\r\n",
    " HTTP/1.1\r\n",
    " HTTP/9.9\r\n",
    "wss://",
    "HOST:",
    "host: [::1]:80\r\n",
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    ":",
    ": ",
    ":\t",
    ", ",
    "websocket",
    "upgrade",
    "dGhlIHNhbXBsZSBub25jZQ==",
    "+/+/+/+/+/+/+/+/+/+/+/==",
    "13",
    "chat",
    "\r",
    "\n",
    "a-long-word-of-sixty-four-bytes-with-which-a-head-soon-is-large-",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
    "Sec-WebSocket-Extensions: ",
    "sec-websocket-extensions:",
    "permessage-deflate",
    "; server_no_context_takeover",
    "; client_no_context_takeover",
    "; server_max_window_bits",
    "; client_max_window_bits",
    "; client_max_window_bits=12",
    "server_max_window_bits=",
    "client_max_window_bits=\"",
    ", permessage-deflate",
    ";",
    "=",
    "\"",
    "\\",
    "8",
    "10",
    "15",
];

const GREETING: &str = "welcome";

/// What the application does with a request.
#[derive(Clone, Copy, Debug)]
struct Choice {
    greets: bool,
    picks_subprotocol: bool,
    refuses: bool,
    /// The window up to which it accepts compression.
    deflate: Option<Window>,
}

/// Bytes: a plan, a mode, the request and what follows it. Bits of the mode: 0: the application
/// greets; 1: it picks a subprotocol; 2: it refuses; 3: the room for the head is small; 4: requests
/// by HTTP/1.0 are read too; 5 to 7: the compression that it accepts.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let plan = Plan::read(&mut script);
    let mode = script.byte();
    let input = script.words(&WORDS);
    let choice = Choice {
        greets: mode & 1 != 0,
        picks_subprotocol: mode & 2 != 0,
        refuses: mode & 4 != 0,
        deflate: compression::limit(mode >> 5),
    };
    match mode & 0x18 {
        0 => check::<1024, false>(&plan, &input, choice),
        0x08 => check::<MIN_HEAD_LEN, false>(&plan, &input, choice),
        0x10 => check::<1024, true>(&plan, &input, choice),
        _ => check::<MIN_HEAD_LEN, true>(&plan, &input, choice),
    }
}

fn check<const N: usize, const HTTP_1_0: bool>(plan: &Plan, input: &[u8], choice: Choice) {
    let mut whole = ServerUnderTest::<N, HTTP_1_0>::new(choice);
    let output = Plan::whole(input).keep(input, &mut whole);
    whole.check(input, &output);
    let (mut kept, mut lent) = (
        ServerUnderTest::<N, HTTP_1_0>::new(choice),
        ServerUnderTest::<N, HTTP_1_0>::new(choice),
    );
    for (output_of_cut, server) in [
        (plan.keep(input, &mut kept), &mut kept),
        (plan.lend(input, &mut lent), &mut lent),
    ] {
        assert_eq!(server.refusal, whole.refusal);
        let response = &output_of_cut[..server.response_len(&output_of_cut)];
        assert_eq!(response, &output[..whole.response_len(&output)]);
        server.check(input, &output_of_cut);
        server.check_timeout(plan);
    }
}

/// A server from its first byte.
struct ServerUnderTest<const N: usize, const HTTP_1_0: bool> {
    handshake: ServerHandshake<N, HTTP_1_0>,
    choice: Choice,
    refusal: Option<Refusal>,
    /// Once the connection is open: the echoing server, the length of the response and what was
    /// agreed on.
    open: Option<(Echoer<'static>, usize, Agreed)>,
}

impl<const N: usize, const HTTP_1_0: bool> ServerUnderTest<N, HTTP_1_0> {
    fn new(choice: Choice) -> Self {
        Self {
            handshake: ServerHandshake::default(),
            choice,
            refusal: None,
            open: None,
        }
    }

    fn decide(&mut self) -> Result<(), Refusal> {
        let request = self.handshake.request();
        assert!(!request.path().is_empty());
        if let Some(query) = request.query() {
            assert!(request.target().ends_with(&format!("?{query}")));
        }
        let subprotocol = request.subprotocols().last().map(str::to_owned);
        if self.choice.refuses {
            self.handshake.refuse(Refusal::NotFound, "");
            return Err(Refusal::NotFound);
        }
        let subprotocol = subprotocol.filter(|_| self.choice.picks_subprotocol);
        let limit = self.choice.deflate;
        let deflate = limit.and_then(|limit| request.deflate(limit));
        let greeting = self.choice.greets.then_some(Message::Text(GREETING));
        let checked = self.handshake.check();
        let is_for_websocket = request.is_for_websocket();
        assert_eq!(
            checked == Err(Refusal::UpgradeRequired),
            !is_for_websocket && !is_wrong(checked)
        );
        let accepted = self.handshake.accept(Acceptance {
            subprotocol: subprotocol.as_deref(),
            deflate: deflate.as_ref(),
            greeting,
        });
        assert!(accepted == checked || accepted == Err(Refusal::ResponseTooLarge));
        accepted
    }

    fn fail(&mut self, refusal: Refusal) {
        self.handshake.explain(refusal.text());
        let before = self.refusal.replace(refusal);
        assert_eq!(before, None, "a second refusal");
    }

    fn response_len(&self, output: &[u8]) -> usize {
        self.open.as_ref().map_or(output.len(), |&(_, len, _)| len)
    }

    /// Asserts that the answer is right.
    fn check(&mut self, input: &[u8], output: &[u8]) {
        let head_len = head_len(input);
        assert_eq!(self.handshake.is_done(), self.refusal.is_some());
        if let Some(refusal) = self.refusal {
            check_refused::<HTTP_1_0>(refusal, input, output);
            if let Some(len) = head_len.filter(|_| !self.choice.refuses) {
                check_lack(refusal, &input[..len]);
            }
            let must = head_len.is_some_and(|len| len <= N && must_accept(&input[..len]));
            let may = self.choice.refuses || refusal == Refusal::ResponseTooLarge;
            assert!(!must || may, "{refusal}");
            return;
        }
        let Some((echoer, response_len, agreed)) = &mut self.open else {
            assert!(output.is_empty() && head_len.is_none());
            return;
        };
        let (head, frames) = input.split_at(head_len.expect("it was accepted"));
        let (response, echoes) = output.split_at(*response_len);
        assert!(head.len() <= N + 2);
        check_accepted(head, response, self.choice, *agreed);
        echoer.check(&Expected::with(*agreed, frames, usize::MAX), echoes);
    }

    /// Asserts that a request that is never completed is refused in the end.
    fn check_timeout(&mut self, plan: &Plan) {
        if self.open.is_some() || self.refusal.is_some() {
            return;
        }
        let text = Refusal::Timeout.text();
        assert!(self.handshake.refuse(Refusal::Timeout, text));
        let output = plan.keep(b"", self);
        check_refused::<HTTP_1_0>(Refusal::Timeout, b"", &output);
        assert!(self.handshake.is_done());
    }
}

impl<const N: usize, const HTTP_1_0: bool> Machine for ServerUnderTest<N, HTTP_1_0> {
    fn exchange(&mut self, buffer: &mut Bytes, transmitted: usize) {
        if self.open.is_none() {
            let progress = match self.handshake.advance(buffer) {
                Ok(Progress::Request) => self.decide().map(|()| Progress::Request),
                progress => progress,
            };
            let progress = progress.or_else(|refusal| {
                self.fail(refusal);
                self.handshake.advance(buffer)
            });
            match progress.expect("a refusal is reported once") {
                Progress::Wait => return,
                Progress::Request => return self.exchange(buffer, transmitted),
                Progress::Open(agreed) => {
                    let response_len = transmitted + buffer.ready().len();
                    self.open = Some((Echoer::new(&[]).agreed(agreed), response_len, agreed));
                }
                progress => panic!("{progress:?}"),
            }
        }
        if let Some((echoer, ..)) = &mut self.open {
            echoer.exchange(buffer, transmitted);
        }
    }
}

/// Whether a request is refused for what it is, with any headers for a WebSocket or none.
fn is_wrong(checked: Result<(), Refusal>) -> bool {
    use Refusal::{Body, MalformedTarget, MethodNotAllowed};
    matches!(checked, Err(Body | MalformedTarget | MethodNotAllowed))
}

/// The length of the head at the start of `input`, including an empty line before it.
fn head_len(input: &[u8]) -> Option<usize> {
    let start = if input.starts_with(b"\r\n") { 2 } else { 0 };
    let end = input[start..].windows(4).position(|end| end == b"\r\n\r\n");
    end.map(|end| start + end + 4)
}

/// A request's headers as httparse parses them.
struct Head<'a>(httparse::Request<'a, 'a>);

impl Head<'_> {
    fn values(&self, name: &str) -> Vec<Cow<'_, str>> {
        let headers = self.0.headers.iter();
        let same = headers.filter(|header| header.name.eq_ignore_ascii_case(name));
        same.map(|header| String::from_utf8_lossy(header.value.trim_ascii()))
            .collect()
    }

    fn lists(&self, name: &str, wanted: &str) -> bool {
        let values = self.values(name).join(",");
        let mut elements = values.split(',');
        elements.any(|element| element.trim_ascii().eq_ignore_ascii_case(wanted))
    }

    /// The key, if everything is as section 4.2.1 requires.
    fn key(&self) -> Option<Cow<'_, str>> {
        let key = self.values("sec-websocket-key").pop()?;
        let is_body = |len: &Cow<'_, str>| len.is_empty() || len.bytes().any(|digit| digit != b'0');
        let is_complete = self.0.method == Some("GET")
            && self.0.version == Some(1)
            && self.values("host").len() == 1
            && self.lists("upgrade", "websocket")
            && self.lists("connection", "upgrade")
            && self.values("sec-websocket-version") == ["13"]
            && self.values("sec-websocket-key").len() == 1
            && self.values("transfer-encoding").is_empty()
            && !self.values("content-length").iter().any(is_body)
            && is_16_bytes(&key);
        is_complete.then_some(key)
    }
}

/// Whether a subprotocol can have this name (RFC 9110 section 5.6.2).
fn is_token(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_part)
}

/// Whether every four characters encode three bytes, and the last two of 24 are padding.
fn is_16_bytes(key: &str) -> bool {
    let is_digit = |sign: char| sign.is_ascii_alphanumeric() || "+/".contains(sign);
    key.len() == 24 && key.ends_with("==") && key[..22].chars().all(is_digit)
}

/// Asserts that only a valid request was accepted, and that the response is right.
fn check_accepted(head: &[u8], response: &[u8], choice: Choice, agreed: Agreed) {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(head);
    assert_eq!(parsed, Ok(httparse::Status::Complete(head.len())));
    let request = Head(request);
    let key = request.key().expect("it was accepted");
    let mut headers = [httparse::EMPTY_HEADER; 8];
    let mut parsed = httparse::Response::new(&mut headers);
    let len = parsed.parse(response).unwrap().unwrap();
    assert_eq!((parsed.code, parsed.version), (Some(101), Some(1)));
    let value = |name: &str| {
        let mut same = parsed.headers.iter().filter(|header| header.name == name);
        same.next()
            .map(|header| str::from_utf8(header.value).unwrap())
    };
    assert_eq!(value("Upgrade"), Some("websocket"));
    assert_eq!(value("Connection"), Some("Upgrade"));
    let accept = derive_accept_key(key.as_bytes());
    assert_eq!(value("Sec-WebSocket-Accept"), Some(&accept[..]));
    let offered = request.values("sec-websocket-protocol").join(",");
    let mut offered = offered.split(',').map(str::trim_ascii);
    let last = offered.rfind(|name| is_token(name));
    assert_eq!(
        value("Sec-WebSocket-Protocol"),
        last.filter(|_| choice.picks_subprotocol)
    );
    compression::check(
        &request.values("sec-websocket-extensions"),
        choice.deflate,
        value("Sec-WebSocket-Extensions"),
        agreed,
    );
    let (greeting, rest) = wire::unmasked(&response[len..]);
    let expected = choice.greets.then(|| Frame::new(TEXT, GREETING));
    assert!(rest.is_empty());
    assert_eq!(greeting, Vec::from_iter(expected));
}

/// Asserts that a refusal is a response that a client can parse, in the request's version if that
/// is read; only the answer to HEAD has no content.
fn check_refused<const HTTP_1_0: bool>(refusal: Refusal, input: &[u8], output: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 8];
    let mut response = httparse::Response::new(&mut headers);
    let len = response.parse(output).unwrap().unwrap();
    let code = response.code.unwrap();
    let status = format!("{code} {}", response.reason.unwrap());
    assert_eq!(status, refusal.status());
    let value = |name: &str| {
        let mut same = response.headers.iter().filter(|header| header.name == name);
        same.next()
            .map(|header| str::from_utf8(header.value).unwrap())
    };
    let body = str::from_utf8(&output[len..]).unwrap();
    let content = format!("{}\n", refusal.text());
    let line = input.strip_prefix(b"\r\n").unwrap_or(input);
    let end = line.windows(2).position(|end| end == b"\r\n");
    if let Some(end) = end {
        let is_1_0 = HTTP_1_0 && line[..end].ends_with(b" HTTP/1.0");
        let is_read = !matches!(refusal, Refusal::Syntax(_) | Refusal::HeadTooLarge);
        let expected = Some(u8::from(!is_1_0));
        assert!(
            !is_read || response.version == expected,
            "{:?}",
            response.version
        );
    }
    assert!(body == content || body.is_empty() && line.starts_with(b"HEAD "));
    assert_eq!(
        value("Content-Length"),
        Some(&content.len().to_string()[..])
    );
    assert!(value("Connection").unwrap().starts_with("close"));
    assert_eq!(value("Allow"), (code == 405).then_some("GET"));
    assert_eq!(value("Upgrade"), (code == 426).then_some("websocket"));
}

/// Asserts that a request lacks what its refusal says, and asks for a WebSocket if it is told so.
fn check_lack(refusal: Refusal, head: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    if request.parse(head).is_err() {
        return;
    }
    let request = Head(request);
    let lacks = |name| request.values(name).is_empty();
    let is_upgrade = request.lists("upgrade", "websocket");
    let is_connection = request.lists("connection", "upgrade");
    let has_no_sign = !is_upgrade && lacks("sec-websocket-key") && lacks("sec-websocket-version");
    assert!(match refusal {
        Refusal::UpgradeRequired => has_no_sign,
        Refusal::UpgradeByHttp10 => !has_no_sign && request.0.version == Some(0),
        Refusal::MissingConnectionUpgrade => !has_no_sign && !is_connection,
        Refusal::MissingUpgrade => !has_no_sign && !is_upgrade && is_connection,
        Refusal::MissingVersion => !has_no_sign && lacks("sec-websocket-version"),
        Refusal::MissingKey => !has_no_sign && lacks("sec-websocket-key"),
        Refusal::MissingHost => lacks("host") && request.0.version == Some(1),
        _ => true,
    });
}

/// Whether a head is so plain that there is no reason to refuse it.
fn must_accept(head: &[u8]) -> bool {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let is_plain = head
        .iter()
        .all(|&byte| byte == b'\r' || byte == b'\n' || (32..127).contains(&byte));
    let feeds = head.iter().filter(|&&byte| byte == b'\n').count();
    let ends = head.windows(2).filter(|end| end == b"\r\n").count();
    let returns = head.iter().filter(|&&byte| byte == b'\r').count();
    if !is_plain || [feeds, returns] != [ends; 2] || request.parse(head).is_err() {
        return false;
    }
    let request = Head(request);
    let is_path = request
        .0
        .path
        .is_some_and(|path| path.starts_with('/') && !path.contains('#'));
    let is_host = |host: Cow<'_, str>| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    is_path && request.key().is_some() && request.values("host").into_iter().all(is_host)
}
