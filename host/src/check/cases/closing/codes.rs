//! RFC 6455 section 7.4: the codes of a Close.

use super::rules::{ANSWERED, PROTOCOL_ERROR};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::NEVER_1005;
use crate::check::frame::close;
use crate::check::received::FaultKind;
use crate::check::session::{End, Grade};

const NOT_USED: Rule = Rule::new("7.4.2", "Status codes in the range 0-999 are not used.");
const RESERVED: Rule = Rule::new(
    "7.4.2",
    "Status codes in the range 1000-2999 are reserved for definition by this protocol, its future \
     revisions, and extensions specified in a permanent and readily available public \
     specification.",
);
const NEVER_1006: Rule = Rule::new(
    "7.4.1",
    "1006 is a reserved value and MUST NOT be set as a status code in a Close control frame by an \
     endpoint.",
);
const NEVER_1015: Rule = Rule::new(
    "7.4.1",
    "1015 is a reserved value and MUST NOT be set as a status code in a Close control frame by an \
     endpoint.",
);

/// A code that an endpoint may send, its number in Autobahn's suite, and the codes that answer it:
/// the same, 1000, or none.
const VALID: &[(u16, &str, &[u16])] = &[
    (1000, "7.7.1", &[1000, 1005]),
    (1001, "7.7.2", &[1001, 1000, 1005]),
    (1002, "7.7.3", &[1002, 1000, 1005]),
    (1003, "7.7.4", &[1003, 1000, 1005]),
    (1007, "7.7.5", &[1007, 1000, 1005]),
    (1008, "7.7.6", &[1008, 1000, 1005]),
    (1009, "7.7.7", &[1009, 1000, 1005]),
    (1010, "7.7.8", &[1010, 1000, 1005]),
    (1011, "7.7.9", &[1011, 1000, 1005]),
    (3000, "7.7.10", &[3000, 1000, 1005]),
    (3999, "7.7.11", &[3999, 1000, 1005]),
    (4000, "7.7.12", &[4000, 1000, 1005]),
    (4999, "7.7.13", &[4999, 1000, 1005]),
];

/// Codes that were registered after the RFC. A peer need not know them.
const REGISTERED_LATER: &[(u16, &str, &[u16])] = &[
    (1012, "service restart", &[1012, 1000, 1005]),
    (1013, "try again later", &[1013, 1000, 1005]),
    (1014, "bad gateway", &[1014, 1000, 1005]),
];

/// A code that no endpoint may send, its number in Autobahn's suite, and what it is.
const INVALID: &[(u16, Option<&str>, &Rule, &str)] = &[
    (0, Some("7.9.1"), &NOT_USED, "which is not used"),
    (999, Some("7.9.2"), &NOT_USED, "which is not used"),
    (1004, Some("7.9.3"), &RESERVED, "which is reserved"),
    (1005, Some("7.9.4"), &NEVER_1005, "which must not be sent"),
    (1006, Some("7.9.5"), &NEVER_1006, "which must not be sent"),
    (1016, Some("7.9.6"), &RESERVED, "which has no meaning yet"),
    (1100, Some("7.9.7"), &RESERVED, "which has no meaning yet"),
    (2000, Some("7.9.8"), &RESERVED, "which has no meaning yet"),
    (2999, Some("7.9.9"), &RESERVED, "which has no meaning yet"),
    (1015, None, &NEVER_1015, "which must not be sent"),
];

/// Codes of which the RFC says nothing, and their numbers in Autobahn's suite.
const UNDEFINED: &[(u16, &str)] = &[(5000, "7.13.1"), (65535, "7.13.2")];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = VALID.iter().map(valid).collect();
    cases.extend(REGISTERED_LATER.iter().map(registered_later));
    cases.extend(INVALID.iter().map(invalid));
    cases.extend(INVALID.iter().map(not_sent_back));
    cases.extend(UNDEFINED.iter().map(undefined));
    cases
}

fn valid(&(code, autobahn, answers): &(u16, &'static str, &'static [u16])) -> Case {
    let claim = match code {
        1000 => "A Close with code 1000 is answered with the same code, or with none".into(),
        _ => format!("A Close with code {code} is answered with the same code, 1000, or none"),
    };
    Case::must(format!("7.4-code-{code}"), claim, &ANSWERED)
        .autobahn(autobahn)
        .sends([close(code, "")])
        .closes(answers)
}

fn registered_later(&(code, name, answers): &(u16, &str, &'static [u16])) -> Case {
    let claim = format!("A Close with code {code} ({name}) is answered with a code for it");
    Case::should(format!("7.4-code-{code}"), claim, &RESERVED)
        .sends([close(code, "")])
        .closes(answers)
        .or(Grade::NotStrict, [], End::Closes(PROTOCOL_ERROR))
}

fn invalid(
    &(code, autobahn, rule, what): &(u16, Option<&'static str>, &'static Rule, &str),
) -> Case {
    let claim = format!("A Close with code {code}, {what}, is answered with 1002");
    let case = of_severity(rule, format!("7.4-code-{code}"), claim)
        .sends([close(code, "")])
        .refuses_close(PROTOCOL_ERROR);
    match autobahn {
        Some(number) => case.autobahn(number),
        None => case,
    }
}

/// The RFC forbids some codes. Of the others it only says that they mean nothing.
fn of_severity(rule: &'static Rule, id: String, claim: String) -> Case {
    match rule.sentence.contains("MUST NOT") {
        true => Case::must(id, claim, rule),
        false => Case::should(id, claim, rule),
    }
}

/// Whatever a peer thinks of a code that must not be sent, it must not send it itself.
fn not_sent_back(&(code, _, rule, what): &(u16, Option<&str>, &'static Rule, &str)) -> Case {
    let claim = format!("Code {code}, {what}, is not sent back");
    let id = format!("7.4-code-{code}-does-not-come-back");
    of_severity(rule, id, claim)
        .sends([close(code, "")])
        .ends(End::Ended)
        .watches(FaultKind::Close)
}

fn undefined(&(code, autobahn): &(u16, &'static str)) -> Case {
    let claim = format!("A Close with code {code}, of which the RFC says nothing, has an answer");
    Case::should(format!("7.4-code-{code}"), claim, &ANSWERED)
        .autobahn(autobahn)
        .sends([close(code, "")])
        .ends(End::Ended)
        .graded(Grade::Informational)
}
