//! The responses, as changes of a right one.

use super::rules::{
    ASKED_EXTENSION, ASKED_SUBPROTOCOL, BLANKS, CONFORMS, ESTABLISHED, FOLDED, INTERIM, LINE_FEED,
    NAMES_IN_ANY_CASE, NO_BODY, ONE_ACCEPT, REASON, STATUS_101, WITH_ACCEPT, WITH_CONNECTION,
    WITH_UPGRADE,
};
use crate::check::case::Rule;

/// A response that opens the connection. The cases change it.
pub(super) const RIGHT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n";
/// Its parts, which the tables name.
pub(super) const STATUS_LINE: &str = "HTTP/1.1 101 Switching Protocols\r\n";
pub(super) const STATUS: &str = "101 Switching Protocols";
pub(super) const VERSION: &str = "HTTP/1.1";
pub(super) const UPGRADE: &str = "Upgrade: websocket\r\n";
pub(super) const CONNECTION: &str = "Connection: Upgrade\r\n";
pub(super) const ACCEPT: &str = "Sec-WebSocket-Accept: {accept}\r\n";
/// The empty line, with the end of the line before it.
pub(super) const END: &str = "\r\n\r\n";

/// How a case changes the right response.
pub(super) struct Change {
    pub(super) id: &'static str,
    pub(super) claim: &'static str,
    pub(super) rule: &'static Rule,
    pub(super) part: &'static str,
    pub(super) by: &'static str,
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

/// A client opens the connection.
#[rustfmt::skip]
pub(super) const OPENED: [Change; 17] = [
    change("4.1-response-of-the-rfc",
        "The response of the RFC's own example opens the connection",
        &ESTABLISHED, STATUS_LINE, STATUS_LINE),
    change("4.1-response-names-in-small-letters",
        "Header names in small letters are accepted",
        &NAMES_IN_ANY_CASE, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept:",
        "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept:"),
    change("4.1-response-names-in-capitals",
        "Header names in capital letters are accepted",
        &NAMES_IN_ANY_CASE, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept:",
        "UPGRADE: websocket\r\nCONNECTION: Upgrade\r\nSEC-WEBSOCKET-ACCEPT:"),
    change("4.1-response-upgrade-in-other-case",
        "Upgrade with WebSocket in other letters, of which only the case differs, is accepted",
        &WITH_UPGRADE, UPGRADE, "Upgrade: WebSocket\r\n"),
    change("4.1-response-upgrade-in-capitals",
        "Upgrade with WEBSOCKET in capital letters is accepted",
        &WITH_UPGRADE, UPGRADE, "Upgrade: WEBSOCKET\r\n"),
    change("4.1-response-connection-in-small-letters",
        "Connection with upgrade in small letters is accepted",
        &WITH_CONNECTION, CONNECTION, "Connection: upgrade\r\n"),
    change("4.1-response-connection-in-capitals",
        "Connection with UPGRADE in capital letters is accepted",
        &WITH_CONNECTION, CONNECTION, "Connection: UPGRADE\r\n"),
    change("4.1-response-connection-with-more",
        "Connection with another token before Upgrade is accepted",
        &WITH_CONNECTION, CONNECTION, "Connection: keep-alive, Upgrade\r\n"),
    change("4.1-response-connection-with-more-behind",
        "Connection with another token behind Upgrade is accepted",
        &WITH_CONNECTION, CONNECTION, "Connection: Upgrade,keep-alive\r\n"),
    change("4.1-response-connection-in-two-lines",
        "Connection in two lines is accepted if one has Upgrade",
        &WITH_CONNECTION, CONNECTION, "Connection: keep-alive\r\nConnection: Upgrade\r\n"),
    change("4.1-response-headers-in-other-order",
        "The headers are accepted in another order",
        &ESTABLISHED,
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n",
        "Sec-WebSocket-Accept: {accept}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
    change("4.1-response-with-other-headers",
        "Headers that a client does not know are ignored",
        &ESTABLISHED, END,
        "\r\nServer: ws-echo\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
        Set-Cookie: a=b\r\nX-Empty:\r\nX-Long: 0123456789012345678901234567890123456789\r\n\r\n"),
    change("rfc9112-4-response-with-another-reason",
        "A reason phrase in other words is accepted",
        &REASON, STATUS, "101 Web Socket Protocol Handshake"),
    change("rfc9112-4-response-without-reason",
        "A status line without a reason phrase is accepted",
        &REASON, STATUS, "101 "),
    change("rfc9112-5.1-response-without-blanks",
        "A value directly behind the colon is accepted",
        &BLANKS, ACCEPT, "Sec-WebSocket-Accept:{accept}\r\n"),
    change("rfc9112-5.1-response-with-blanks",
        "Blanks and tabs around a value are ignored",
        &BLANKS, ACCEPT, "Sec-WebSocket-Accept: \t {accept} \t \r\n"),
    change("rfc9112-5.1-response-with-blanks-around-upgrade",
        "Blanks around the value of Upgrade are ignored",
        &BLANKS, UPGRADE, "Upgrade:   websocket  \r\n"),
];

/// A client refuses.
#[rustfmt::skip]
pub(super) const REFUSED: [Change; 32] = [
    change("4.1-response-without-accept",
        "A response without Sec-WebSocket-Accept is refused",
        &WITH_ACCEPT, ACCEPT, ""),
    change("4.1-response-with-empty-accept",
        "An empty Sec-WebSocket-Accept is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: \r\n"),
    change("4.1-response-with-accept-of-another-key",
        "A Sec-WebSocket-Accept that answers another key is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {wrong accept}\r\n"),
    change("4.1-response-with-the-key-as-accept",
        "The key itself as Sec-WebSocket-Accept is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {key}\r\n"),
    change("4.1-response-with-accept-in-small-letters",
        "A Sec-WebSocket-Accept with its capital letters made small is refused, because base64 \
        knows both",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {lower accept}\r\n"),
    change("4.1-response-with-more-behind-accept",
        "A Sec-WebSocket-Accept with one more character is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {accept}=\r\n"),
    change("4.1-response-with-less-of-accept",
        "The beginning of the right Sec-WebSocket-Accept is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {short accept}\r\n"),
    change("4.1-response-with-quoted-accept",
        "A Sec-WebSocket-Accept in quotes is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: \"{accept}\"\r\n"),
    change("4.1-response-with-two-values-of-accept",
        "A Sec-WebSocket-Accept with a wrong value behind the right one is refused",
        &WITH_ACCEPT, ACCEPT, "Sec-WebSocket-Accept: {accept}, {wrong accept}\r\n"),
    change("4.1-response-with-wrong-accept-behind",
        "A wrong Sec-WebSocket-Accept in a second line is refused",
        &WITH_ACCEPT, ACCEPT,
        "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Accept: {wrong accept}\r\n"),
    change("4.1-response-with-wrong-accept-before",
        "A wrong Sec-WebSocket-Accept in a line before the right one is refused",
        &WITH_ACCEPT, ACCEPT,
        "Sec-WebSocket-Accept: {wrong accept}\r\nSec-WebSocket-Accept: {accept}\r\n"),
    change("4.1-response-without-upgrade",
        "A response without Upgrade is refused",
        &WITH_UPGRADE, UPGRADE, ""),
    change("4.1-response-with-empty-upgrade",
        "An empty Upgrade is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: \r\n"),
    change("4.1-response-with-another-upgrade",
        "An Upgrade to another protocol is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: h2c\r\n"),
    change("4.1-response-with-longer-upgrade",
        "An Upgrade that only begins with websocket is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: websocket2\r\n"),
    change("4.1-response-without-connection",
        "A response without Connection is refused",
        &WITH_CONNECTION, CONNECTION, ""),
    change("4.1-response-with-another-connection",
        "A Connection without Upgrade is refused",
        &WITH_CONNECTION, CONNECTION, "Connection: keep-alive\r\n"),
    change("4.1-response-with-connection-close",
        "A Connection with close instead of Upgrade is refused",
        &WITH_CONNECTION, CONNECTION, "Connection: close\r\n"),
    change("4.1-response-with-longer-connection",
        "A Connection with a word that only begins with Upgrade is refused",
        &WITH_CONNECTION, CONNECTION, "Connection: Upgrades\r\n"),
    change("4.1-response-with-unasked-extension",
        "An extension that the client has not offered is refused",
        &ASKED_EXTENSION, END, "\r\nSec-WebSocket-Extensions: x-ws-echo-unasked\r\n\r\n"),
    change("4.1-response-with-unasked-subprotocol",
        "A subprotocol that the client has not offered is refused",
        &ASKED_SUBPROTOCOL, END, "\r\nSec-WebSocket-Protocol: x-ws-echo-unasked\r\n\r\n"),
    change("4.1-response-with-two-subprotocols",
        "Two subprotocols that the client has not offered are refused",
        &ASKED_SUBPROTOCOL, END,
        "\r\nSec-WebSocket-Protocol: x-ws-echo-unasked, x-ws-echo-other\r\n\r\n"),
    change("4.1-response-with-status-200",
        "Status 200 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "200 OK"),
    change("4.1-response-with-status-204",
        "Status 204 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "204 No Content"),
    change("4.1-response-with-status-301",
        "Status 301 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "301 Moved Permanently"),
    change("4.1-response-with-status-401",
        "Status 401 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "401 Unauthorized"),
    change("4.1-response-with-status-404",
        "Status 404 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "404 Not Found"),
    change("4.1-response-with-status-426",
        "Status 426 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "426 Upgrade Required"),
    change("4.1-response-with-status-500",
        "Status 500 with the headers of a 101 does not open a connection",
        &STATUS_101, STATUS, "500 Internal Server Error"),
    change("4.1-response-with-status-of-four-digits",
        "A status of four digits is refused",
        &CONFORMS, STATUS, "1010 Switching Protocols"),
    change("4.1-response-without-status",
        "A status line without a status is refused",
        &CONFORMS, STATUS, "Switching Protocols"),
    change("4.1-response-that-is-a-request",
        "A request instead of a response is refused",
        &CONFORMS, STATUS_LINE, "GET / HTTP/1.1\r\n"),
];

/// Refusing is better, and opening is allowed.
#[rustfmt::skip]
pub(super) const BETTER_REFUSED: [Change; 5] = [
    change("11.3.3-response-with-accept-twice",
        "A Sec-WebSocket-Accept that is there twice is refused, even if both are right",
        &ONE_ACCEPT, ACCEPT,
        "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Accept: {accept}\r\n"),
    change("4.1-response-with-upgrade-to-more",
        "An Upgrade to websocket and another protocol is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: websocket, h2c\r\n"),
    change("4.1-response-with-upgrade-twice",
        "An Upgrade to websocket that is there twice is refused",
        &WITH_UPGRADE, UPGRADE, "Upgrade: websocket\r\nUpgrade: websocket\r\n"),
    change("4.1-response-of-another-protocol",
        "A status line of another protocol is refused",
        &CONFORMS, VERSION, "RTSP/1.0"),
    change("4.1-response-of-http-2",
        "A status line with HTTP/2 is refused",
        &CONFORMS, VERSION, "HTTP/2.0"),
];

/// Opening is better, and refusing is allowed.
#[rustfmt::skip]
pub(super) const BETTER_OPENED: [Change; 5] = [
    change("rfc9110-15.2-response-behind-100",
        "A 100 before the 101 is skipped",
        &INTERIM, STATUS_LINE,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n"),
    change("rfc9110-15.2-response-behind-102",
        "A 102 with a header before the 101 is skipped",
        &INTERIM, STATUS_LINE,
        "HTTP/1.1 102 Processing\r\nX-Wait: a bit\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n"),
    change("rfc9110-15.2-response-behind-103",
        "A 103 with headers before the 101 is skipped",
        &INTERIM, STATUS_LINE,
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\nHTTP/1.1 101 \
        Switching Protocols\r\n"),
    change("rfc9110-15.2-response-behind-three",
        "Three 1xx responses before the 101 are skipped",
        &INTERIM, STATUS_LINE,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 \
        Processing\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n"),
    change("rfc9112-6.3-response-with-content-length",
        "A Content-Length in the 101 is ignored: there is no content",
        &NO_BODY, END, "\r\nContent-Length: 5\r\n\r\n"),
];

/// The RFCs leave it open; what the client does is noted.
#[rustfmt::skip]
pub(super) const LEFT_OPEN: [Change; 8] = [
    change("rfc9112-6.3-response-with-transfer-encoding",
        "A Transfer-Encoding in the 101 is ignored, or the response is refused",
        &NO_BODY, END, "\r\nTransfer-Encoding: chunked\r\n\r\n"),
    change("rfc9112-5.2-response-with-a-folded-line",
        "A folded header line is put together, or the response is refused",
        &FOLDED, END, "\r\nX-Folded: one\r\n two\r\n\r\n"),
    change("rfc9112-5.2-response-with-folded-upgrade",
        "A folded Upgrade is put together, or the response is refused",
        &FOLDED, UPGRADE, "Upgrade:\r\n websocket\r\n"),
    change("rfc9112-2.2-response-with-line-feeds",
        "Line feeds alone end lines, or the response is refused",
        &LINE_FEED, RIGHT,
        "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: \
        Upgrade\nSec-WebSocket-Accept: {accept}\n\n"),
    change("rfc9112-4-response-without-the-last-blank",
        "A status line that ends with the status opens the connection, or is refused",
        &REASON, STATUS, "101"),
    change("4.1-response-of-http-1.0",
        "A 101 of HTTP/1.0 opens the connection, or is refused",
        &CONFORMS, VERSION, "HTTP/1.0"),
    change("rfc9112-5.1-response-with-a-blank-before-a-colon",
        "A blank before a colon is ignored, or the response is refused",
        &BLANKS, UPGRADE, "Upgrade : websocket\r\n"),
    change("4.1-response-with-empty-subprotocol",
        "An empty subprotocol is ignored, or refused",
        &ASKED_SUBPROTOCOL, END, "\r\nSec-WebSocket-Protocol:\r\n\r\n"),
];
