//! Short texts in one frame, in the order of Markus Kuhn's test file: valid ones come back, and
//! invalid ones fail the connection.

use super::invalid_sequences::{self, Invalid};
use super::rules::{INVALID_PAYLOAD, TEXT};
use super::valid_sequences::{self, Valid};
use crate::check::answer::text_back;
use crate::check::case::Case;
use crate::check::frame::text;
use crate::hex;

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = valid_sequences::all().iter().map(valid).collect();
    cases.extend(invalid_sequences::all().iter().map(invalid));
    cases
}

fn valid(sequence: &Valid) -> Case {
    let claim = format!(
        "A text that is {} (bytes {}) is valid, and comes back unchanged",
        sequence.what,
        hex::digits(&sequence.bytes)
    );
    let case = Case::must(format!("8.1-valid-{}", sequence.name), claim, &TEXT)
        .sends([text(sequence.bytes.clone())])
        .answers([text_back(sequence.bytes.clone())]);
    numbered(case, sequence.autobahn.clone())
}

fn invalid(sequence: &Invalid) -> Case {
    let claim = format!(
        "A text that is {} (bytes {}) is not UTF-8, and fails the connection",
        sequence.what,
        hex::digits(&sequence.bytes)
    );
    let id = format!("8.1-invalid-{}", sequence.name);
    let case = Case::must(id, claim, sequence.rule)
        .sends([text(sequence.bytes.clone())])
        .fails(INVALID_PAYLOAD);
    numbered(case, sequence.autobahn.clone())
}

fn numbered(case: Case, autobahn: Option<String>) -> Case {
    match autobahn {
        Some(number) => case.autobahn(number),
        None => case,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_be_valid_is_and_what_is_said_to_be_invalid_is_not() {
        for sequence in valid_sequences::all() {
            assert!(str::from_utf8(&sequence.bytes).is_ok(), "{}", sequence.name);
        }
        for sequence in invalid_sequences::all() {
            assert!(
                str::from_utf8(&sequence.bytes).is_err(),
                "{}",
                sequence.name
            );
        }
    }
}
