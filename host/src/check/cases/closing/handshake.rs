//! RFC 6455 sections 1.4, 5.5.1 and 7.1: the closing handshake, and what is sent around it.

use super::rules::{ANSWERED, NORMAL};
use crate::check::answer::{binary_back, pong_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::{CONTROL_BETWEEN, NEVER_1005, PONG_IN_ANSWER};
use crate::check::frame::{Role, binary, close, close_with, continuation, ping, pong, text};
use crate::check::payload::Payload;
use crate::check::received::FaultKind;
use crate::check::session::{End, Grade};

const DISCARDED: Rule = Rule::new(
    "1.4",
    "After sending a control frame indicating the connection should be closed, a peer does not \
     send any further data; after receiving a control frame indicating the connection should be \
     closed, a peer discards any further data received.",
);
const NO_DATA: Rule = Rule::new(
    "5.5.1",
    "The application MUST NOT send any more data frames after sending a Close frame.",
);
const DELAYED: Rule = Rule::new(
    "5.5.1",
    "An endpoint MAY delay sending a Close frame until its current message is sent (for instance, \
     if the majority of a fragmented message is already sent, an endpoint MAY send the remaining \
     fragments before sending a Close frame).",
);
const NO_FURTHER_DATA: Rule = Rule::new(
    "7.1.7",
    "An endpoint MUST NOT continue to attempt to process data (including a responding Close frame) \
     from the remote endpoint after being instructed to _Fail the WebSocket Connection_.",
);

const HELLO: &str = "Hello World!";
/// An opcode that has no meaning, so that a frame with it fails a connection.
const RESERVED_OPCODE: u8 = 3;

pub(super) fn cases() -> Vec<Case> {
    [autobahn(), messages_before(), behind(), own_close()].concat()
}

fn autobahn() -> Vec<Case> {
    let long = Payload::repeated("BAsd7&jh23", 256 << 10);
    let both = [text_back(long.clone()), text_back(HELLO)];
    vec![
        Case::must(
            "7.1-close-behind-a-message",
            "A message comes back, and a Close behind it is answered",
            &ANSWERED,
        )
        .autobahn("7.1.1")
        .sends([text(HELLO)])
        .answers([text_back(HELLO)])
        .sends([close(1000, "")])
        .closes(NORMAL),
        Case::must(
            "7.1-second-close",
            "A second Close behind the first one is ignored",
            &DISCARDED,
        )
        .autobahn("7.1.2")
        .sends([close(1000, ""), close_with("")])
        .closes(NORMAL),
        Case::must(
            "7.1-ping-behind-close",
            "A Ping behind a Close is not answered",
            &PONG_IN_ANSWER,
        )
        .autobahn("7.1.3")
        .sends([close(1000, ""), ping("")])
        .closes(NORMAL),
        Case::must(
            "7.1-text-behind-close",
            "A message behind a Close does not come back",
            &DISCARDED,
        )
        .autobahn("7.1.4")
        .sends([close(1000, ""), text(HELLO)])
        .closes(NORMAL),
        Case::must(
            "7.1-close-inside-a-message",
            "A Close between two fragments is answered, and the second one is ignored",
            &CONTROL_BETWEEN,
        )
        .autobahn("7.1.5")
        .sends([
            text("fragment1").not_final(),
            close(1000, ""),
            continuation("fragment2"),
        ])
        .closes(NORMAL),
        Case::should(
            "7.1-close-behind-a-long-message",
            "Messages that were sent before a Close come back before the Close is answered",
            &DELAYED,
        )
        .autobahn("7.1.6")
        .sends([text(long.clone()), text(HELLO), close(1000, ""), ping("")])
        .ends(End::Ended)
        .graded(Grade::Informational)
        .or(Grade::Informational, both, End::Ended)
        .or(Grade::Informational, [text_back(long)], End::Ended),
    ]
}

/// What came before the Close should still be answered.
fn messages_before() -> Vec<Case> {
    vec![
        Case::robust(
            "5.5.1-messages-in-front-of-close-come-back",
            "Messages right in front of a Close come back before the Close is answered",
            &DELAYED,
        )
        .sends([text("1"), binary("2"), text("3"), close(1000, "")])
        .answers([text_back("1"), binary_back("2"), text_back("3")])
        .closes(NORMAL)
        .or(Grade::Informational, [], End::Closes(NORMAL))
        .or(Grade::Informational, [text_back("1")], End::Closes(NORMAL))
        .or(
            Grade::Informational,
            [text_back("1"), binary_back("2")],
            End::Closes(NORMAL),
        ),
        Case::robust(
            "5.5.2-ping-in-front-of-close-is-answered",
            "A Ping right in front of a Close is answered before the Close is",
            &PONG_IN_ANSWER,
        )
        .sends([ping("last"), close(1000, "")])
        .answers([pong_back("last")])
        .closes(NORMAL)
        .or(Grade::Informational, [], End::Closes(NORMAL)),
        Case::must(
            "5.5.1-close-behind-a-pong",
            "A Close behind a Pong that nobody has asked for is answered",
            &ANSWERED,
        )
        .sends([pong("unasked"), close(1000, "")])
        .closes(NORMAL),
    ]
}

/// What comes behind the Close is discarded, whatever it is.
fn behind() -> Vec<Case> {
    vec![
        Case::must(
            "1.4-invalid-frame-behind-close",
            "A frame with a reserved opcode behind a Close is ignored: the Close is answered",
            &DISCARDED,
        )
        .sends([close(1000, ""), text("").opcode(RESERVED_OPCODE)])
        .closes(NORMAL),
        Case::must(
            "1.4-invalid-close-behind-close",
            "A second Close with a code that must not be sent is ignored",
            &DISCARDED,
        )
        .sends([close(1000, ""), close(1005, "")])
        .closes(NORMAL),
        Case::must(
            "1.4-invalid-text-behind-close",
            "A text that is not UTF-8 behind a Close is ignored",
            &DISCARDED,
        )
        .sends([close(1000, ""), text(b"\xFF")])
        .closes(NORMAL),
        Case::robust(
            "1.4-much-data-behind-close",
            "A megabyte behind a Close is ignored: the Close is answered",
            &DISCARDED,
        )
        .sends([close(1000, ""), binary(Payload::repeated("x", 1 << 20))])
        .closes(NORMAL),
        Case::must(
            "5.5.1-close-cut-anywhere",
            "A Close is answered wherever the network cuts its bytes",
            &ANSWERED,
        )
        .sends([close(1000, "bye")])
        .closes(NORMAL)
        .cut_everywhere(),
        Case::must(
            "5.5.1-close-at-once",
            "A Close in one piece with the end of the opening handshake is answered",
            &ANSWERED,
        )
        // A client must not send anything to a server before its response.
        .of(Role::Client)
        .glued()
        .sends([close(1000, "")])
        .closes(NORMAL),
        Case::must(
            "5.5.1-close-inside-a-message-that-stops",
            "A Close between two fragments is answered, although the message never ends",
            &CONTROL_BETWEEN,
        )
        .sends([text("never").not_final(), continuation("").not_final()])
        .sends([close(1000, "")])
        .closes(NORMAL),
    ]
}

/// The peer's own Close, and what must not come behind it.
fn own_close() -> Vec<Case> {
    vec![
        Case::must(
            "5.5.1-own-close-is-valid",
            "The Close that answers one has a valid payload",
            &ANSWERED,
        )
        .sends([close(1000, "bye")])
        .closes(NORMAL)
        .watches(FaultKind::Close),
        Case::must(
            "7.4.1-own-close-without-1005",
            "The Close that answers one without payload does not have code 1005",
            &NEVER_1005,
        )
        .sends([close_with("")])
        .closes(NORMAL)
        .watches(FaultKind::Close),
        Case::must(
            "5.5.1-own-close-after-an-error-is-valid",
            "The Close after an error of the peer has a valid payload",
            &NEVER_1005,
        )
        .sends([text("").opcode(RESERVED_OPCODE)])
        .ends(End::Ended)
        .watches(FaultKind::Close),
        Case::must(
            "5.5.1-nothing-behind-own-close",
            "Nothing comes behind the Close that answers one",
            &NO_DATA,
        )
        .sends([
            text("1"),
            text("2"),
            close(1000, ""),
            text("3"),
            ping("4"),
            close(1001, ""),
        ])
        .ends(End::Ended)
        .or(Grade::Passed, [text_back("1")], End::Ended)
        .or(Grade::Passed, [text_back("1"), text_back("2")], End::Ended)
        .watches(FaultKind::AfterClose),
        Case::must(
            "7.1.7-nothing-behind-close-after-an-error",
            "After an error nothing comes behind the Close that says so",
            &NO_FURTHER_DATA,
        )
        .sends([text("").opcode(RESERVED_OPCODE), text("1"), ping("2")])
        .ends(End::Ended)
        .watches(FaultKind::AfterClose),
        Case::must(
            "7.1.7-one-close-when-both-close",
            "A peer that has closed after an error does not answer a Close that was on its way",
            &NO_FURTHER_DATA,
        )
        .sends([text("").opcode(RESERVED_OPCODE), close(1000, "")])
        .ends(End::Ended)
        .watches(FaultKind::AfterClose),
    ]
}
