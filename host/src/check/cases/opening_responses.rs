//! RFC 6455 section 4.1: responses that a client must accept or refuse.

use crate::check::case::{Case, Play, Rule};
use crate::check::frame::Role;
use crate::check::response_play::Reaction::{Opens, Refuses};
use crate::check::response_play::{Behind, Needed, ResponsePlay};
use crate::check::session::Grade;

/// A response that opens the connection. The cases change it.
const RIGHT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n";
/// Its parts, which the tables name.
const STATUS_LINE: &str = "HTTP/1.1 101 Switching Protocols\r\n";
const STATUS: &str = "101 Switching Protocols";
const VERSION: &str = "HTTP/1.1";
const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";
const ACCEPT: &str = "Sec-WebSocket-Accept: {accept}\r\n";
/// The empty line, with the end of the line before it.
const END: &str = "\r\n\r\n";

const STATUS_101: Rule = Rule::new(
    "4.1",
    "If the status code received from the server is not 101, the client handles the response per \
     HTTP [RFC2616] procedures.",
);
const WITH_UPGRADE: Rule = Rule::new(
    "4.1",
    "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a \
     value that is not an ASCII case-insensitive match for the value \"websocket\", the client \
     MUST _Fail the WebSocket Connection_.",
);
const WITH_CONNECTION: Rule = Rule::new(
    "4.1",
    "If the response lacks a |Connection| header field or the |Connection| header field doesn't \
     contain a token that is an ASCII case-insensitive match for the value \"Upgrade\", the \
     client MUST _Fail the WebSocket Connection_.",
);
const WITH_ACCEPT: Rule = Rule::new(
    "4.1",
    "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept| \
     contains a value other than the base64-encoded SHA-1 of the concatenation of the \
     |Sec-WebSocket-Key| (as a string, not base64-decoded) with the string \
     \"258EAFA5-E914-47DA-95CA-C5AB0DC85B11\" but ignoring any leading and trailing whitespace, \
     the client MUST _Fail the WebSocket Connection_.",
);
const ONE_ACCEPT: Rule = Rule::new(
    "11.3.3",
    "The |Sec-WebSocket-Accept| header field MUST NOT appear more than once in an HTTP response.",
);
const ASKED_EXTENSION: Rule = Rule::new(
    "4.1",
    "If the response includes a |Sec-WebSocket-Extensions| header field and this header field \
     indicates the use of an extension that was not present in the client's handshake (the server \
     has indicated an extension not requested by the client), the client MUST _Fail the WebSocket \
     Connection_.",
);
const ASKED_SUBPROTOCOL: Rule = Rule::new(
    "4.1",
    "If the response includes a |Sec-WebSocket-Protocol| header field and this header field \
     indicates the use of a subprotocol that was not present in the client's handshake (the \
     server has indicated a subprotocol not requested by the client), the client MUST _Fail the \
     WebSocket Connection_.",
);
const CONFORMS: Rule = Rule::new(
    "4.1",
    "If the server's response does not conform to the requirements for the server's handshake as \
     defined in this section and in Section 4.2.2, the client MUST _Fail the WebSocket \
     Connection_.",
);
const NAMES_IN_ANY_CASE: Rule = Rule::new(
    "4.1",
    "Please note that according to [RFC2616], all header field names in both HTTP requests and \
     HTTP responses are case-insensitive.",
);
const ESTABLISHED: Rule = Rule::new(
    "4.1",
    "If the server's response is validated as provided for above, it is said that _The WebSocket \
     Connection is Established_ and that the WebSocket Connection is in the OPEN state.",
);
const INTERIM: Rule = Rule::of(
    9110,
    "15.2",
    "A client MUST be able to parse one or more 1xx responses received prior to a final response, \
     even if the client does not expect one.",
);
const NO_BODY: Rule = Rule::of(
    9112,
    "6.3",
    "Any response to a HEAD request and any response with a 1xx (Informational), 204 (No \
     Content), or 304 (Not Modified) status code is always terminated by the first empty line \
     after the header fields, regardless of the header fields present in the message, and thus \
     cannot contain a message body or trailer section.",
);
const FOLDED: Rule = Rule::of(
    9112,
    "5.2",
    "A user agent that receives an obs-fold in a response message that is not within a \
     \"message/http\" container MUST replace each received obs-fold with one or more SP octets \
     prior to interpreting the field value.",
);
const LINE_FEED: Rule = Rule::of(
    9112,
    "2.2",
    "Although the line terminator for the start-line and fields is the sequence CRLF, a recipient \
     MAY recognize a single LF as a line terminator and ignore any preceding CR.",
);
const BLANKS: Rule = Rule::of(
    9112,
    "5.1",
    "A field line value might be preceded and/or followed by optional whitespace (OWS); a single \
     SP preceding the field line value is preferred for consistent readability by humans.",
);
const REASON: Rule = Rule::of(
    9112,
    "4",
    "A server MUST send the space that separates the status-code from the reason-phrase even when \
     the reason-phrase is absent (i.e., the status-line would end with the space).",
);

/// How a case changes the right response.
struct Change {
    id: &'static str,
    claim: &'static str,
    rule: &'static Rule,
    part: &'static str,
    by: &'static str,
}

const fn change(
    id: &'static str,
    claim: &'static str,
    rule: &'static Rule,
    part: &'static str,
    by: &'static str,
) -> Change {
    Change {
        id,
        claim,
        rule,
        part,
        by,
    }
}

impl Change {
    fn play(&self) -> ResponsePlay {
        ResponsePlay::new(RIGHT.replacen(self.part, self.by, 1))
    }

    fn must(&self, play: ResponsePlay) -> Case {
        case(Case::must(self.id, self.claim, self.rule), play)
    }
}

fn case(case: Case, play: ResponsePlay) -> Case {
    case.of(Role::Client).play(Play::Response(play))
}

/// A client opens the connection.
#[rustfmt::skip]
const OPENED: [Change; 17] = [
    change("4.1-response-of-the-rfc", "The response of the RFC's own example opens the connection",
        &ESTABLISHED, STATUS_LINE, STATUS_LINE),
    change("4.1-response-names-in-small-letters", "Header names in small letters are accepted",
        &NAMES_IN_ANY_CASE, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept:",
        "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept:"),
    change("4.1-response-names-in-capitals", "Header names in capital letters are accepted",
        &NAMES_IN_ANY_CASE, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept:",
        "UPGRADE: websocket\r\nCONNECTION: Upgrade\r\nSEC-WEBSOCKET-ACCEPT:"),
    change("4.1-response-upgrade-in-other-case", "Upgrade with WebSocket in other letters, of which \
        only the case differs, is accepted",
        &WITH_UPGRADE, UPGRADE, "Upgrade: WebSocket\r\n"),
    change("4.1-response-upgrade-in-capitals", "Upgrade with WEBSOCKET in capital letters is accepted",
        &WITH_UPGRADE, UPGRADE, "Upgrade: WEBSOCKET\r\n"),
    change("4.1-response-connection-in-small-letters", "Connection with upgrade in small letters is \
        accepted",
        &WITH_CONNECTION, CONNECTION, "Connection: upgrade\r\n"),
    change("4.1-response-connection-in-capitals", "Connection with UPGRADE in capital letters is accepted",
        &WITH_CONNECTION, CONNECTION, "Connection: UPGRADE\r\n"),
    change("4.1-response-connection-with-more", "Connection with another token before Upgrade is accepted",
        &WITH_CONNECTION, CONNECTION, "Connection: keep-alive, Upgrade\r\n"),
    change("4.1-response-connection-with-more-behind", "Connection with another token behind Upgrade is \
        accepted",
        &WITH_CONNECTION, CONNECTION, "Connection: Upgrade,keep-alive\r\n"),
    change("4.1-response-connection-in-two-lines", "Connection in two lines is accepted if one has Upgrade",
        &WITH_CONNECTION, CONNECTION, "Connection: keep-alive\r\nConnection: Upgrade\r\n"),
    change("4.1-response-headers-in-other-order", "The headers are accepted in another order",
        &ESTABLISHED, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n",
        "Sec-WebSocket-Accept: {accept}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
    change("4.1-response-with-other-headers", "Headers that a client does not know are ignored",
        &ESTABLISHED, END, "\r\nServer: ws-echo\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
        Set-Cookie: a=b\r\nX-Empty:\r\nX-Long: 0123456789012345678901234567890123456789\r\n\r\n"),
    change("rfc9112-4-response-with-another-reason", "A reason phrase in other words is accepted",
        &REASON, STATUS, "101 Web Socket Protocol Handshake"),
    change("rfc9112-4-response-without-reason", "A status line without a reason phrase is accepted",
        &REASON, STATUS, "101 "),
    change("rfc9112-5.1-response-without-blanks", "A value directly behind the colon is accepted",
        &BLANKS, ACCEPT, "Sec-WebSocket-Accept:{accept}\r\n"),
    change("rfc9112-5.1-response-with-blanks", "Blanks and tabs around a value are ignored",
        &BLANKS, ACCEPT, "Sec-WebSocket-Accept: \t {accept} \t \r\n"),
    change("rfc9112-5.1-response-with-blanks-around-upgrade", "Blanks around the value of Upgrade are \
        ignored",
        &BLANKS, UPGRADE, "Upgrade:   websocket  \r\n"),
];

/// A client refuses.
#[rustfmt::skip]
const REFUSED: [Change; 34] = [
    change("4.1-response-without-accept", "A response without Sec-WebSocket-Accept is refused",
        &WITH_ACCEPT, ACCEPT, ""),
    change("4.1-response-with-empty-accept", "An empty Sec-WebSocket-Accept is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: \r\n"),
    change("4.1-response-with-accept-of-another-key", "A Sec-WebSocket-Accept that answers another key \
        is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {wrong accept}\r\n"),
    change("4.1-response-with-the-key-as-accept", "The key itself as Sec-WebSocket-Accept is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {key}\r\n"),
    change("4.1-response-with-accept-in-small-letters", "A Sec-WebSocket-Accept with its capital letters \
        made small is refused, because base64 knows both",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {lower accept}\r\n"),
    change("4.1-response-with-more-behind-accept", "A Sec-WebSocket-Accept with one more character is \
        refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {accept}=\r\n"),
    change("4.1-response-with-less-of-accept", "The beginning of the right Sec-WebSocket-Accept is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {short accept}\r\n"),
    change("4.1-response-with-quoted-accept", "A Sec-WebSocket-Accept in quotes is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: \"{accept}\"\r\n"),
    change("4.1-response-with-two-values-of-accept", "A Sec-WebSocket-Accept with a wrong value behind \
        the right one is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {accept}, {wrong accept}\r\n"),
    change("4.1-response-with-wrong-accept-behind", "A wrong Sec-WebSocket-Accept in a second line is \
        refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Accept: {wrong accept}\r\n"),
    change("4.1-response-with-wrong-accept-before", "A wrong Sec-WebSocket-Accept in a line before the \
        right one is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {wrong accept}\r\nSec-WebSocket-Accept: {accept}\r\n"),
    change("4.1-response-without-upgrade", "A response without Upgrade is refused",
        &WITH_UPGRADE, UPGRADE, ""),
    change("4.1-response-with-empty-upgrade", "An empty Upgrade is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: \r\n"),
    change("4.1-response-with-another-upgrade", "An Upgrade to another protocol is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: h2c\r\n"),
    change("4.1-response-with-longer-upgrade", "An Upgrade that only begins with websocket is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: websocket2\r\n"),
    change("4.1-response-without-connection", "A response without Connection is refused",
        &WITH_CONNECTION, CONNECTION, ""),
    change("4.1-response-with-another-connection", "A Connection without Upgrade is refused",
        &WITH_CONNECTION, CONNECTION, "Connection: keep-alive\r\n"),
    change("4.1-response-with-connection-close", "A Connection with close instead of Upgrade is refused",
        &WITH_CONNECTION, CONNECTION, "Connection: close\r\n"),
    change("4.1-response-with-longer-connection", "A Connection with a word that only begins with Upgrade \
        is refused",
        &WITH_CONNECTION, CONNECTION, "Connection: Upgrades\r\n"),
    change("4.1-response-with-unasked-extension", "An extension that the client has not offered is refused",
        &ASKED_EXTENSION, END, "\r\nSec-WebSocket-Extensions: x-ws-echo-unasked\r\n\r\n"),
    change("4.1-response-with-unasked-subprotocol", "A subprotocol that the client has not offered is \
        refused",
        &ASKED_SUBPROTOCOL, END, "\r\nSec-WebSocket-Protocol: x-ws-echo-unasked\r\n\r\n"),
    change("4.1-response-with-two-subprotocols", "Two subprotocols that the client has not offered are \
        refused",
        &ASKED_SUBPROTOCOL, END, "\r\nSec-WebSocket-Protocol: x-ws-echo-unasked, x-ws-echo-other\r\n\r\n"),
    change("4.1-response-with-status-200", "Status 200 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "200 OK"),
    change("4.1-response-with-status-204", "Status 204 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "204 No Content"),
    change("4.1-response-with-status-301", "Status 301 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "301 Moved Permanently"),
    change("4.1-response-with-status-401", "Status 401 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "401 Unauthorized"),
    change("4.1-response-with-status-404", "Status 404 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "404 Not Found"),
    change("4.1-response-with-status-426", "Status 426 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "426 Upgrade Required"),
    change("4.1-response-with-status-500", "Status 500 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "500 Internal Server Error"),
    change("4.1-response-with-status-of-four-digits", "A status of four digits is refused",
        &CONFORMS, STATUS, "1010 Switching Protocols"),
    change("4.1-response-without-status", "A status line without a status is refused",
        &CONFORMS, STATUS, "Switching Protocols"),
    change("4.1-response-of-another-protocol", "A status line of another protocol is refused",
        &CONFORMS, VERSION, "RTSP/1.0"),
    change("4.1-response-of-http-2", "A status line with HTTP/2 is refused",
        &CONFORMS, VERSION, "HTTP/2.0"),
    change("4.1-response-that-is-a-request", "A request instead of a response is refused",
        &CONFORMS, STATUS_LINE, "GET / HTTP/1.1\r\n"),
];

/// Refusing is better, and opening is allowed.
#[rustfmt::skip]
const BETTER_REFUSED: [Change; 3] = [
    change("11.3.3-response-with-accept-twice", "A Sec-WebSocket-Accept that is there twice is refused, \
        even if both are right",
        &ONE_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Accept: {accept}\r\n"),
    change("4.1-response-with-upgrade-to-more", "An Upgrade to websocket and another protocol is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: websocket, h2c\r\n"),
    change("4.1-response-with-upgrade-twice", "An Upgrade to websocket that is there twice is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: websocket\r\nUpgrade: websocket\r\n"),
];

/// Opening is better, and refusing is allowed.
#[rustfmt::skip]
const BETTER_OPENED: [Change; 5] = [
    change("rfc9110-15.2-response-behind-100", "A 100 before the 101 is skipped",
        &INTERIM, STATUS_LINE, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n"),
    change("rfc9110-15.2-response-behind-102", "A 102 with a header before the 101 is skipped",
        &INTERIM, STATUS_LINE,
        "HTTP/1.1 102 Processing\r\nX-Wait: a bit\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n"),
    change("rfc9110-15.2-response-behind-103", "A 103 with headers before the 101 is skipped",
        &INTERIM, STATUS_LINE, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n\
        HTTP/1.1 101 Switching Protocols\r\n"),
    change("rfc9110-15.2-response-behind-three", "Three 1xx responses before the 101 are skipped",
        &INTERIM, STATUS_LINE, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n\
        HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n"),
    change("rfc9112-6.3-response-with-content-length", "A Content-Length in the 101 is ignored: there is no \
        content",
        &NO_BODY, END, "\r\nContent-Length: 5\r\n\r\n"),
];

/// The RFCs leave it open; what the client does is noted.
#[rustfmt::skip]
const LEFT_OPEN: [Change; 8] = [
    change("rfc9112-6.3-response-with-transfer-encoding", "A Transfer-Encoding in the 101 is ignored, or \
        the response is refused",
        &NO_BODY, END, "\r\nTransfer-Encoding: chunked\r\n\r\n"),
    change("rfc9112-5.2-response-with-a-folded-line", "A folded header line is put together, or the \
        response is refused",
        &FOLDED, END, "\r\nX-Folded: one\r\n two\r\n\r\n"),
    change("rfc9112-5.2-response-with-folded-upgrade", "A folded Upgrade is put together, or the response is \
        refused",
        &FOLDED, UPGRADE, "Upgrade:\r\n websocket\r\n"),
    change("rfc9112-2.2-response-with-line-feeds", "Line feeds alone end lines, or the response is refused",
        &LINE_FEED, RIGHT, "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\n\
        Connection: Upgrade\nSec-WebSocket-Accept: {accept}\n\n"),
    change("rfc9112-4-response-without-the-last-blank", "A status line that ends with the status opens the \
        connection, or is refused",
        &REASON, STATUS, "101"),
    change("4.1-response-of-http-1.0", "A 101 of HTTP/1.0 opens the connection, or is refused",
        &CONFORMS, VERSION, "HTTP/1.0"),
    change("rfc9112-5.1-response-with-a-blank-before-a-colon", "A blank before a colon is ignored, or the \
        response is refused",
        &BLANKS, UPGRADE, "Upgrade : websocket\r\n"),
    change("4.1-response-with-empty-subprotocol", "An empty subprotocol is ignored, or refused",
        &ASKED_SUBPROTOCOL, END, "\r\nSec-WebSocket-Protocol:\r\n\r\n"),
];

/// Where the response is cut, and in which words.
const CUTS: [(&str, &str, &str); 8] = [
    (
        "status-line",
        "in the status line",
        "HTTP/1.1 1{cut}01 Switching Protocols\r\n",
    ),
    (
        "line-end",
        "between CR and LF",
        "HTTP/1.1 101 Switching Protocols\r{cut}\n",
    ),
    ("name", "in a name", "Sec-WebSo{cut}cket-Accept: "),
    ("colon", "behind a colon", "Sec-WebSocket-Accept:{cut} "),
    ("value", "in a value", "Upgrade: web{cut}socket\r\n"),
    (
        "empty-line",
        "before the empty line",
        "{accept}\r\n{cut}\r\n",
    ),
    (
        "empty-line-end",
        "between CR and LF of the empty line",
        "{accept}\r\n\r{cut}\n",
    ),
    ("first-byte", "behind the first byte", "H{cut}TTP/1.1 101 "),
];

pub(super) fn cases() -> Vec<Case> {
    let opened = OPENED
        .iter()
        .map(|it| it.must(it.play().allows(Grade::Passed, Opens)));
    let refused = REFUSED
        .iter()
        .map(|it| it.must(it.play().allows(Grade::Passed, Refuses)));
    let better_refused = BETTER_REFUSED.iter().map(|it| {
        let play = it.play().allows(Grade::Passed, Refuses);
        it.must(play.allows(Grade::NotStrict, Opens))
    });
    let better_opened = BETTER_OPENED.iter().map(|it| {
        let play = it.play().allows(Grade::Passed, Opens);
        it.must(play.allows(Grade::NotStrict, Refuses))
    });
    let left_open = LEFT_OPEN.iter().map(|it| {
        let play = it.play().allows(Grade::Passed, Opens);
        it.must(play.allows(Grade::Informational, Refuses))
    });
    opened
        .chain(better_opened)
        .chain(left_open)
        .chain(cuts())
        .chain(frames_behind())
        .chain(refused)
        .chain(better_refused)
        .chain(more_refused())
        .chain(broken())
        .collect()
}

/// The network may cut a response anywhere.
fn cuts() -> Vec<Case> {
    let mut cases: Vec<Case> = CUTS
        .iter()
        .map(|(id, words, cut)| {
            let id = format!("4.1-response-cut-in-{id}");
            let claim = format!("A response that comes in two pieces, cut {words}, is accepted");
            let part = cut.replace("{cut}", "");
            let play = ResponsePlay::new(RIGHT.replacen(&part, cut, 1));
            case(
                Case::must(id, claim, &ESTABLISHED),
                play.allows(Grade::Passed, Opens),
            )
        })
        .collect();
    let mut play = ResponsePlay::new(RIGHT).allows(Grade::Passed, Opens);
    play.is_byte_by_byte = true;
    cases.push(case(
        Case::must(
            "4.1-response-byte-by-byte",
            "A response that comes byte by byte is accepted",
            &ESTABLISHED,
        ),
        play,
    ));
    cases
}

/// A server may send frames at once.
fn frames_behind() -> Vec<Case> {
    let glued = [
        (
            "4.1-response-with-a-message-behind",
            "A message in the same piece as the end of the response is received",
            Behind::GluedMessage,
        ),
        (
            "4.1-response-with-half-a-message-behind",
            "A message whose first byte is in the same piece as the response is received",
            Behind::HalfMessage,
        ),
    ];
    glued
        .into_iter()
        .map(|(id, claim, behind)| {
            let mut play = ResponsePlay::new(RIGHT).allows(Grade::Passed, Opens);
            play.behind = behind;
            case(Case::must(id, claim, &ESTABLISHED), play)
        })
        .collect()
}

/// What a client must refuse if it has not asked for it.
fn more_refused() -> Vec<Case> {
    let unasked = [
        (
            "4.1-response-with-unasked-compression",
            "permessage-deflate is refused if the client has not offered it",
            &ASKED_EXTENSION,
            "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            Needed::NoDeflate,
        ),
        (
            "4.1-response-with-subprotocols-in-two-lines",
            "Subprotocols in two lines are refused if the client has not offered any",
            &ASKED_SUBPROTOCOL,
            "\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: superchat\r\n\r\n",
            Needed::NoSubprotocol,
        ),
    ];
    unasked
        .into_iter()
        .map(|(id, claim, rule, by, needed)| {
            let response = RIGHT.replacen(END, by, 1);
            let mut play = ResponsePlay::new(response).allows(Grade::Passed, Refuses);
            play.needs = Some(needed);
            case(Case::must(id, claim, rule), play)
        })
        .collect()
}

/// What is no response, or none that ends.
fn broken() -> Vec<Case> {
    let unfinished = &RIGHT[..RIGHT.len() - 2];
    let ended = [
        (
            "early-end",
            "The end of the connection instead of a response ends it",
            "",
        ),
        (
            "end-in-status-line",
            "A response that ends in the status line is refused",
            "HTTP/1.1 10",
        ),
        (
            "end-before-empty-line",
            "A response without its empty line is refused",
            unfinished,
        ),
        (
            "garbage",
            "Bytes that are no HTTP are refused",
            "\u{0}\u{1}\u{2} no response\r\n\r\n",
        ),
        (
            "ssh",
            "The greeting of another protocol is refused",
            "SSH-2.0-OpenSSH_9.2p1\r\n",
        ),
        (
            "empty-lines",
            "Empty lines instead of a response are refused",
            "\r\n\r\n\r\n\r\n",
        ),
    ];
    let endless = [
        (
            "endless-head",
            "A head with headers without end is refused",
            RIGHT_BEGINNING,
            "X-More: and more\r\n",
        ),
        (
            "endless-line",
            "A header line without end is refused",
            "HTTP/1.1 101 Switching Protocols\r\nX: ",
            "x",
        ),
        (
            "endless-status-line",
            "A status line without end is refused",
            "HTTP/1.1 101 ",
            "Switching ",
        ),
    ];
    let ended = ended.into_iter().map(|(id, claim, response)| {
        let mut play = ResponsePlay::new(response).allows(Grade::Passed, Refuses);
        play.behind = Behind::End;
        let id = format!("4.1-response-{id}");
        case(Case::must(id, claim, &CONFORMS), play)
    });
    let endless = endless.into_iter().map(|(id, claim, response, unit)| {
        let mut play = ResponsePlay::new(response).allows(Grade::Passed, Refuses);
        play.behind = Behind::Endless(unit);
        let id = format!("4.1-response-{id}");
        case(Case::robust(id, claim, &CONFORMS), play)
    });
    ended.chain(endless).collect()
}

/// A right response as far as before the empty line.
const RIGHT_BEGINNING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                               Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n";
