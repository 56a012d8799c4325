//! RFC 6455 section 5.2: the opcodes that are reserved.

use crate::check::answer::text_back;
use crate::check::case::{Case, Rule};
use crate::check::frame::{Frame, continuation, ping, text};
use crate::check::session::{Cut, End, Grade};

const UNKNOWN: Rule = Rule::new(
    "5.2",
    "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket \
     Connection_.",
);

/// An opcode, its name in an id, and Autobahn's numbers: for an empty frame, for one with a
/// payload, and for one behind a message.
const OPCODES: [(u8, &str, [&str; 3]); 10] = [
    (0x3, "3", ["4.1.1", "", ""]),
    (0x4, "4", ["", "4.1.2", ""]),
    (0x5, "5", ["", "", "4.1.3"]),
    (0x6, "6", ["", "", "4.1.4"]),
    (0x7, "7", ["", "", "4.1.5"]),
    (0xB, "11", ["4.2.1", "", ""]),
    (0xC, "12", ["", "4.2.2", ""]),
    (0xD, "13", ["", "", "4.2.3"]),
    (0xE, "14", ["", "", "4.2.4"]),
    (0xF, "15", ["", "", "4.2.5"]),
];

pub(super) fn cases() -> Vec<Case> {
    let of_one = |(opcode, name, numbers)| of_opcode(opcode, name, numbers);
    OPCODES.into_iter().flat_map(of_one).collect()
}

/// A frame with a reserved opcode.
fn reserved(opcode: u8, payload: &'static str) -> Frame {
    text(payload).opcode(opcode)
}

fn numbered(case: Case, number: &'static str) -> Case {
    match number {
        "" => case,
        number => case.autobahn(number),
    }
}

fn must(opcode_name: &str, how: &str, claim: String) -> Case {
    Case::must(format!("5.2-opcode-{opcode_name}{how}"), claim, &UNKNOWN)
}

fn of_opcode(opcode: u8, name: &str, numbers: [&'static str; 3]) -> Vec<Case> {
    let [empty, with_payload, behind] = numbers;
    let alone = |how: &str, what: &str| {
        let claim = format!("A frame with the reserved opcode {name}{what} fails the connection");
        must(name, how, claim).fails(&[1002])
    };
    vec![
        numbered(alone("", ""), empty).sends([reserved(opcode, "")]),
        numbered(alone("-with-payload", " and a payload"), with_payload)
            .sends([reserved(opcode, "reserved opcode payload")]),
        alone("-not-final", " and without FIN").sends([
            reserved(opcode, "fragment1").not_final(),
            continuation("fragment2"),
        ]),
        alone("-inside-a-message", " between two fragments").sends([
            text("fragment1").not_final(),
            reserved(opcode, "between"),
            continuation("fragment2"),
        ]),
        numbered(behind_a_message(opcode, name), behind),
    ]
}

fn behind_a_message(opcode: u8, name: &str) -> Case {
    // How it is cut, and what the frame has, is as in Autobahn's suite.
    let cut = match opcode {
        0x7 | 0xF => Cut::Bytes,
        _ => Cut::Whole,
    };
    let payload = match opcode {
        0x5 | 0xD => "",
        _ => "Hello, world!",
    };
    let claim = format!(
        "The reserved opcode {name} fails the connection after the message before it was answered, \
         and a Ping behind it is not answered"
    );
    must(name, "-behind-a-message", claim)
        .sends_cut(
            cut,
            [text("Hello, world!"), reserved(opcode, payload), ping("")],
        )
        .answers([text_back("Hello, world!")])
        .fails(&[1002])
        .or(Grade::NotStrict, [], End::Fails(&[1002]))
}
