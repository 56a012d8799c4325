//! What the RFCs say about responses to a client.

use crate::check::case::Rule;
pub(super) use crate::check::cases::rules::BLANKS_AROUND as BLANKS;
pub(super) use crate::check::cases::rules::LINE_FEED;
pub(super) use crate::check::cases::rules::SPACE_BEHIND_STATUS as REASON;

pub(super) const STATUS_101: Rule = Rule::new(
    "4.1",
    "If the status code received from the server is not 101, the client handles the response per \
     HTTP [RFC2616] procedures.",
);
pub(super) const WITH_UPGRADE: Rule = Rule::new(
    "4.1",
    "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a \
     value that is not an ASCII case-insensitive match for the value \"websocket\", the client \
     MUST _Fail the WebSocket Connection_.",
);
pub(super) const WITH_CONNECTION: Rule = Rule::new(
    "4.1",
    "If the response lacks a |Connection| header field or the |Connection| header field doesn't \
     contain a token that is an ASCII case-insensitive match for the value \"Upgrade\", the \
     client MUST _Fail the WebSocket Connection_.",
);
pub(super) const WITH_ACCEPT: Rule = Rule::new(
    "4.1",
    "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept| \
     contains a value other than the base64-encoded SHA-1 of the concatenation of the \
     |Sec-WebSocket-Key| (as a string, not base64-decoded) with the string \
     \"258EAFA5-E914-47DA-95CA-C5AB0DC85B11\" but ignoring any leading and trailing whitespace, \
     the client MUST _Fail the WebSocket Connection_.",
);
pub(super) const ONE_ACCEPT: Rule = Rule::new(
    "11.3.3",
    "The |Sec-WebSocket-Accept| header MUST NOT appear more than once in an HTTP response.",
);
pub(super) const ASKED_EXTENSION: Rule = Rule::new(
    "4.1",
    "If the response includes a |Sec-WebSocket-Extensions| header field and this header field \
     indicates the use of an extension that was not present in the client's handshake (the server \
     has indicated an extension not requested by the client), the client MUST _Fail the WebSocket \
     Connection_.",
);
pub(super) const ASKED_SUBPROTOCOL: Rule = Rule::new(
    "4.1",
    "If the response includes a |Sec-WebSocket-Protocol| header field and this header field \
     indicates the use of a subprotocol that was not present in the client's handshake (the \
     server has indicated a subprotocol not requested by the client), the client MUST _Fail the \
     WebSocket Connection_.",
);
pub(super) const CONFORMS: Rule = Rule::new(
    "4.1",
    "If the server's response does not conform to the requirements for the server's handshake as \
     defined in this section and in Section 4.2.2, the client MUST _Fail the WebSocket \
     Connection_.",
);
pub(super) const FAIL: Rule = Rule::new(
    "7.1.7",
    "To do so, the client MUST _Close the WebSocket Connection_, and MAY report the problem to the \
     user (which would be especially useful for developers) in an appropriate manner.",
);
pub(super) const NAMES_IN_ANY_CASE: Rule = Rule::new(
    "4.1",
    "Please note that according to [RFC2616], all header field names in both HTTP requests and \
     HTTP responses are case-insensitive.",
);
pub(super) const ESTABLISHED: Rule = Rule::new(
    "4.1",
    "If the server's response is validated as provided for above, it is said that _The WebSocket \
     Connection is Established_ and that the WebSocket Connection is in the OPEN state.",
);
pub(super) const INTERIM: Rule = Rule::of(
    9110,
    "15.2",
    "A client MUST be able to parse one or more 1xx responses received prior to a final response, \
     even if the client does not expect one.",
);
pub(super) const NO_BODY: Rule = Rule::of(
    9112,
    "6.3",
    "Any response to a HEAD request and any response with a 1xx (Informational), 204 (No \
     Content), or 304 (Not Modified) status code is always terminated by the first empty line \
     after the header fields, regardless of the header fields present in the message, and thus \
     cannot contain a message body or trailer section.",
);
pub(super) const FOLDED: Rule = Rule::of(
    9112,
    "5.2",
    "A user agent that receives an obs-fold in a response message that is not within a \
     \"message/http\" container MUST replace each received obs-fold with one or more SP octets \
     prior to interpreting the field value.",
);
