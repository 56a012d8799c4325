//! RFC 6455 section 4.1: responses that a client must accept or refuse.

mod changes;
mod rules;

use self::changes::{
    ACCEPT, BETTER_OPENED, BETTER_REFUSED, Change, END, LEFT_OPEN, OPENED, REFUSED, RIGHT,
};
use self::rules::{ASKED_EXTENSION, ASKED_SUBPROTOCOL, CONFORMS, ESTABLISHED, FAIL};
use crate::check::case::{Case, Play};
use crate::check::frame::Role;
use crate::check::response_play::Reaction::{Opens, Refuses};
use crate::check::response_play::{Behind, Needed, ResponsePlay};
use crate::check::session::Grade;

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
        .chain([ends_tcp()])
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

/// Whoever refuses must not only say so to the application.
fn ends_tcp() -> Case {
    let wrong = RIGHT.replacen(ACCEPT, "Sec-WebSocket-Accept: {wrong accept}\r\n", 1);
    let mut play = ResponsePlay::new(wrong).allows(Grade::Passed, Refuses);
    play.ends_tcp = true;
    let claim = "A client that refuses a response ends the TCP connection";
    case(
        Case::must("7.1.7-refused-response-ends-tcp", claim, &FAIL),
        play,
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_changes_the_right_response_except_that_of_the_rfc() {
        let tables = [
            &OPENED[1..],
            &REFUSED,
            &BETTER_REFUSED,
            &BETTER_OPENED,
            &LEFT_OPEN,
        ];
        for change in tables.into_iter().flatten() {
            assert_ne!(change.play().response, RIGHT, "{}", change.id);
        }
        for case in cuts() {
            let Play::Response(play) = &case.play else {
                panic!("{} is no response", case.id);
            };
            assert!(
                play.is_byte_by_byte || play.response.contains("{cut}"),
                "{}",
                case.id
            );
            assert_eq!(play.response.replace("{cut}", ""), RIGHT, "{}", case.id);
        }
    }
}
