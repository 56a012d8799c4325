//! RFC 6455 sections 5.5.1 and 7.1.1: the end of the TCP connection, and TCP connections that end
//! too early.

use super::rules::{ANSWERED, NORMAL};
use crate::check::answer::text_back;
use crate::check::case::{Case, Rule};
use crate::check::frame::{Length, Role, binary, close, text};
use crate::check::payload::Payload;
use crate::check::session::{End, Grade, Step};

const TCP_CLOSED: Rule = Rule::new(
    "5.5.1",
    "The server MUST close the underlying TCP connection immediately; the client SHOULD wait for \
     the server to close the connection but MAY close the connection at any time after sending and \
     receiving a Close message, e.g., if it has not received a TCP Close from the server in a \
     reasonable time period.",
);
const BOTH_CLOSE_TCP: Rule = Rule::new(
    "5.5.1",
    "After both sending and receiving a Close message, an endpoint considers the WebSocket \
     connection closed and MUST close the underlying TCP connection.",
);
const CLEANLY: Rule = Rule::new(
    "7.1.1",
    "An endpoint SHOULD use a method that cleanly closes the TCP connection, as well as the TLS \
     session, if applicable, discarding any trailing bytes that may have been received.",
);
const FAILED: Rule = Rule::new(
    "7.1.7",
    "Similarly, to do so, the server MUST _Close the WebSocket Connection_, and SHOULD log the \
     problem.",
);
const LOST: Rule = Rule::new(
    "7.1.4",
    "When the underlying TCP connection is closed, it is said that _The WebSocket Connection is \
     Closed_ and that the WebSocket connection is in the CLOSED state.",
);

/// An opcode that has no meaning, so that a frame with it fails a connection.
const RESERVED_OPCODE: u8 = 3;
/// Whatever the code is.
const ANY: &[u16] = &[];

pub(super) fn cases() -> Vec<Case> {
    [after_close(), half_closed()].concat()
}

fn after_close() -> Vec<Case> {
    vec![
        Case::must(
            "5.5.1-server-ends-tcp",
            "A server that has answered a Close ends the TCP connection before the client does",
            &TCP_CLOSED,
        )
        .of(Role::Server)
        .sends([close(1000, "")])
        .ends(End::Disconnects(ANY)),
        Case::must(
            "5.5.1-client-ends-tcp",
            "A client ends the TCP connection after the server has ended it",
            &BOTH_CLOSE_TCP,
        )
        .of(Role::Client)
        .sends([close(1000, "")])
        .ends(End::Disconnects(ANY)),
        Case::should(
            "7.1.1-bytes-behind-close-do-not-reset-tcp",
            "Bytes behind a Close are read and thrown away, so that TCP ends without a reset",
            &CLEANLY,
        )
        .sends([close(1000, ""), binary(Payload::repeated("x", 64 << 10))])
        .ends(End::Disconnects(ANY)),
        Case::must(
            "7.1.7-tcp-ends-after-an-error",
            "After an error a server ends the TCP connection, also if its Close is not answered",
            &FAILED,
        )
        .of(Role::Server)
        .sends([text("").opcode(RESERVED_OPCODE)])
        .silent()
        .ends(End::Disconnects(ANY))
        .or(Grade::NotStrict, [], End::Dropped),
    ]
}

/// The peer's TCP connection is ended in one direction, and it can still send.
fn half_closed() -> Vec<Case> {
    vec![
        Case::must(
            "7.1.4-tcp-ends-without-close",
            "When the TCP connection ends without a Close, the peer ends it too",
            &LOST,
        )
        .then(Step::EndSending)
        .ends(End::Ended)
        .plain_tcp(),
        Case::must(
            "7.1.4-tcp-ends-inside-a-frame",
            "When the TCP connection ends inside a frame, the peer ends it too",
            &LOST,
        )
        .sends([text("begun").length(Length::OfWhole(10))])
        .then(Step::EndSending)
        .ends(End::Ended)
        .plain_tcp(),
        Case::must(
            "7.1.4-tcp-ends-inside-a-message",
            "When the TCP connection ends between two fragments, the peer ends it too",
            &LOST,
        )
        .sends([text("begun").not_final()])
        .then(Step::EndSending)
        .ends(End::Ended)
        .plain_tcp(),
        Case::robust(
            "7.1.4-message-in-front-of-the-end-of-tcp",
            "A message comes back although the TCP connection is ended behind it in one direction",
            &LOST,
        )
        .sends([text("last")])
        .then(Step::EndSending)
        .ends(End::Ended)
        .graded(Grade::Informational)
        .or(Grade::Passed, [text_back("last")], End::Ended)
        .plain_tcp(),
        Case::should(
            "5.5.1-close-in-front-of-the-end-of-tcp",
            "A Close is answered although the TCP connection is ended behind it in one direction",
            &ANSWERED,
        )
        .sends([close(1000, "")])
        .then(Step::EndSending)
        .closes(NORMAL)
        .or(Grade::NotStrict, [], End::Dropped)
        .plain_tcp(),
    ]
}
