//! Sentences that cases of more than one file are about.

use crate::check::case::Rule;

pub(super) const CLIENT_WAITS: Rule = Rule::new(
    "4.1",
    "Once the client's opening handshake has been sent, the client MUST wait for a response from \
     the server before sending any further data.",
);
pub(super) const ESTABLISHED: Rule = Rule::new(
    "4.2.2",
    "At this point, the server may begin sending (and receiving) data.",
);
pub(super) const RESERVED_BITS: Rule = Rule::new(
    "5.2",
    "If a nonzero value is received and none of the negotiated extensions defines the meaning of \
     such a nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_.",
);
pub(super) const SHORTEST_LENGTH: Rule = Rule::new(
    "5.2",
    "Note that in all cases, the minimal number of bytes MUST be used to encode the length, for \
     example, the length of a 124-byte-long string can't be encoded as the sequence 126, 0, 124.",
);
pub(super) const MOST_SIGNIFICANT_BIT: Rule = Rule::new(
    "5.2",
    "If 127, the following 8 bytes interpreted as a 64-bit unsigned integer (the most significant \
     bit MUST be 0) are the payload length.",
);
pub(super) const CONTROL_BETWEEN: Rule = Rule::new(
    "5.4",
    "Control frames (see Section 5.5) MAY be injected in the middle of a fragmented message.",
);
pub(super) const NOT_INTERLEAVED: Rule = Rule::new(
    "5.4",
    "The fragments of one message MUST NOT be interleaved between the fragments of another message \
     unless an extension has been negotiated that can interpret the interleaving.",
);
pub(super) const FRAGMENTS_OF_ANY_SIZE: Rule = Rule::new(
    "5.4",
    "A sender MAY create fragments of any size for non-control messages.",
);
pub(super) const HANDLES_CONTROL_BETWEEN: Rule = Rule::new(
    "5.4",
    "An endpoint MUST be capable of handling control frames in the middle of a fragmented message.",
);
pub(super) const FRAGMENTED_AND_NOT: Rule = Rule::new(
    "5.4",
    "Clients and servers MUST support receiving both fragmented and unfragmented messages.",
);
pub(super) const SHORT_CONTROL: Rule = Rule::new(
    "5.5",
    "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be \
     fragmented.",
);
pub(super) const PONG_IN_ANSWER: Rule = Rule::new(
    "5.5.2",
    "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it \
     already received a Close frame.",
);
pub(super) const IDENTICAL_PONG: Rule = Rule::new(
    "5.5.3",
    "A Pong frame sent in response to a Ping frame must have identical \"Application data\" as \
     found in the message body of the Ping frame being replied to.",
);
pub(super) const PARTIAL_UTF8: Rule = Rule::new(
    "5.6",
    "Note that a particular text frame might include a partial UTF-8 sequence; however, the whole \
     message MUST contain valid UTF-8.",
);
pub(super) const BINARY_DATA: Rule = Rule::new(
    "5.6",
    "The \"Payload data\" is arbitrary binary data whose interpretation is solely up to the \
     application layer.",
);
pub(super) const RECEIVED: Rule = Rule::new(
    "6.2",
    "If the frame comprises an unfragmented message (Section 5.4), it is said that _A WebSocket \
     Message Has Been Received_ with type /type/ and data /data/.",
);
pub(super) const NEVER_1005: Rule = Rule::new(
    "7.4.1",
    "1005 is a reserved value and MUST NOT be set as a status code in a Close control frame by an \
     endpoint.",
);
pub(super) const INVALID_UTF8: Rule = Rule::new(
    "8.1",
    "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is \
     not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_.",
);
pub(super) const NO_UNASKED_EXTENSION: Rule = Rule::new(
    "9",
    "A server MUST NOT respond with any extension not requested by the client.",
);
pub(super) const MALFORMED_NEGOTIATION: Rule = Rule::new(
    "9.1",
    "If a value is received by either the client or the server during negotiation that does not \
     conform to the ABNF below, the recipient of such malformed data MUST immediately _Fail the \
     WebSocket Connection_.",
);
pub(super) const LENGTH_LIMITS: Rule = Rule::new(
    "10.4",
    "Such an implementation SHOULD impose a limit on frame sizes and the total message size after \
     reassembly from multiple frames.",
);
pub(super) const PLATFORM_LIMITS: Rule = Rule::new(
    "10.4",
    "Implementations that have implementation- and/or platform-specific limitations regarding the \
     frame size or total message size after reassembly from multiple frames MUST protect \
     themselves against exceeding those limits.",
);
pub(super) const LINE_FEED: Rule = Rule::of(
    9112,
    "2.2",
    "Although the line terminator for the start-line and fields is the sequence CRLF, a recipient \
     MAY recognize a single LF as a line terminator and ignore any preceding CR.",
);
pub(super) const SPACE_BEHIND_STATUS: Rule = Rule::of(
    9112,
    "4",
    "A server MUST send the space that separates the status-code from the reason-phrase even when \
     the reason-phrase is absent (i.e., the status-line would end with the space).",
);
pub(super) const BLANKS_AROUND: Rule = Rule::of(
    9112,
    "5.1",
    "A field line value might be preceded and/or followed by optional whitespace (OWS); a single \
     SP preceding the field line value is preferred for consistent readability by humans.",
);
