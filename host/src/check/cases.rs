//! All cases, one file for each section of the RFCs.

mod client_frames;
mod client_requests;
mod closing;
mod control_frames;
mod cutting;
mod deflate_answers;
mod deflate_blocks;
mod deflate_contents;
mod deflate_faults;
mod deflate_fragments;
mod deflate_garbage;
mod deflate_messages;
mod deflate_negotiation;
mod deflate_offers;
mod deflate_rules;
mod deflate_windows;
mod fragmentation;
mod framing;
mod hostile;
mod limits;
mod messages;
mod opening_requests;
mod opening_responses;
mod rules;
mod utf8;

use super::case::Case;

/// All cases, in the order of their sections.
pub fn all() -> Vec<Case> {
    [
        client_requests::cases(),
        opening_responses::cases(),
        opening_requests::cases(),
        framing::cases(),
        client_frames::cases(),
        fragmentation::cases(),
        control_frames::cases(),
        messages::cases(),
        cutting::cases(),
        closing::cases(),
        utf8::cases(),
        limits::cases(),
        deflate_negotiation::cases(),
        deflate_answers::cases(),
        deflate_offers::cases(),
        deflate_windows::cases(),
        deflate_messages::cases(),
        deflate_blocks::cases(),
        deflate_fragments::cases(),
        deflate_contents::cases(),
        deflate_faults::cases(),
        deflate_garbage::cases(),
        hostile::cases(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_case_has_an_id_of_its_own_that_begins_with_its_section() {
        let mut ids = HashSet::new();
        for case in all() {
            assert!(ids.insert(case.id.clone()), "{} is there twice", case.id);
            let section = case.section();
            let (_, number) = section.split_once('-').unwrap_or(("", section));
            assert!(
                number.split('.').all(|part| part.parse::<u8>().is_ok()),
                "{}: {section}",
                case.id
            );
        }
    }

    #[test]
    fn each_id_is_short_enough_to_be_typed() {
        for case in all() {
            assert!(case.id.len() <= 70, "{}", case.id);
        }
    }

    #[test]
    fn each_number_of_autobahn_is_there_once() {
        let mut numbers = HashSet::new();
        for number in all().into_iter().filter_map(|case| case.autobahn) {
            assert!(numbers.insert(number.clone()), "{number} is there twice");
        }
    }
}
