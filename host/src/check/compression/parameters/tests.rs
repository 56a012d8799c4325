//! Offers and answers of permessage-deflate, right and wrong.

use super::*;

/// The offer of most clients.
const USUAL: &str = "permessage-deflate; client_max_window_bits";

fn wanted(server: (bool, Option<u8>), client: (bool, Option<u8>)) -> Answer {
    Answer {
        server_no_context_takeover: server.0,
        client_no_context_takeover: client.0,
        server_max_window_bits: server.1,
        client_max_window_bits: client.1,
    }
}

fn agreement(server: (u8, bool), client: (u8, bool)) -> Agreement {
    let window = |(bits, is_kept): (u8, bool)| super::window(Some(bits), !is_kept);
    Agreement {
        server: window(server),
        client: window(client),
    }
}

#[test]
fn a_right_answer_is_understood() {
    let all = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
               server_max_window_bits=10; client_max_window_bits";
    for (answer, offer, expected) in [
        (
            "permessage-deflate",
            "permessage-deflate",
            agreement((15, true), (15, true)),
        ),
        (
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate",
            agreement((15, false), (15, true)),
        ),
        (
            "permessage-deflate ; client_max_window_bits=\"9\";client_no_context_takeover",
            USUAL,
            agreement((15, true), (9, false)),
        ),
        (
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=8",
            all,
            agreement((8, false), (15, true)),
        ),
    ] {
        let read = read_answer(&[answer], &[offer]);
        assert_eq!(read.fault, None, "{answer}");
        assert_eq!(read.agreement, Some(expected), "{answer}");
    }
}

#[test]
fn no_answer_is_no_agreement_and_no_fault() {
    assert_eq!(read_answer(&[], &[USUAL]), ReadAnswer::default());
    assert_eq!(read_answer(&[""], &[USUAL]), ReadAnswer::default());
}

#[test]
fn what_is_wrong_with_an_answer_is_said() {
    for (answer, offer, expected) in [
        ("permessage-deflate;", USUAL, "grammar"),
        ("x-other", USUAL, "x-other, which was not offered"),
        ("permessage-deflate, permessage-deflate", USUAL, "twice"),
        ("permessage-deflate; what", USUAL, "no parameter what"),
        (
            "permessage-deflate; Client_Max_Window_Bits=9",
            USUAL,
            "no parameter",
        ),
        (
            "permessage-deflate; client_max_window_bits",
            USUAL,
            "has no value",
        ),
        (
            "permessage-deflate; client_max_window_bits=16",
            USUAL,
            "the value 16",
        ),
        (
            "permessage-deflate; client_max_window_bits=7",
            USUAL,
            "the value 7",
        ),
        (
            "permessage-deflate; client_max_window_bits=09",
            USUAL,
            "the value 09",
        ),
        (
            "permessage-deflate; server_max_window_bits=+9",
            USUAL,
            "the value +9",
        ),
        (
            "permessage-deflate; server_max_window_bits",
            USUAL,
            "has no value",
        ),
        (
            "permessage-deflate; server_no_context_takeover=1",
            USUAL,
            "the value 1",
        ),
        (
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            USUAL,
            "client_no_context_takeover twice",
        ),
        (
            "permessage-deflate; client_max_window_bits=10",
            "permessage-deflate",
            "the offer has not",
        ),
        (
            "permessage-deflate; client_max_window_bits=12",
            "permessage-deflate; client_max_window_bits=10",
            "more than the 10",
        ),
        (
            "permessage-deflate",
            "permessage-deflate; server_no_context_takeover",
            "the answer has not",
        ),
        (
            "permessage-deflate",
            "permessage-deflate; server_max_window_bits=10",
            "the answer does not have it",
        ),
        (
            "permessage-deflate; server_max_window_bits=11",
            "permessage-deflate; server_max_window_bits=10",
            "more than the 10",
        ),
        (
            "permessage-deflate",
            "permessage-deflate; what",
            "no offer that it may accept",
        ),
    ] {
        let fault = read_answer(&[answer], &[offer]).fault.unwrap_or_default();
        assert!(fault.contains(expected), "{answer}: {fault}");
    }
}

#[test]
fn an_answer_may_answer_any_of_the_offers() {
    let offers = ["permessage-deflate; server_max_window_bits=10", USUAL];
    let read = read_answer(&["permessage-deflate; client_max_window_bits=9"], &offers);
    assert_eq!(read.fault, None);
}

#[test]
fn an_answer_has_what_is_wanted_and_what_is_asked_for() {
    let none = (false, None);
    for (offer, wanted, expected) in [
        (
            "permessage-deflate",
            Answer::default(),
            Some("permessage-deflate"),
        ),
        (
            USUAL,
            wanted((true, None), (true, Some(9))),
            Some(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                 client_max_window_bits=9",
            ),
        ),
        (
            "permessage-deflate; server_max_window_bits=10; server_no_context_takeover",
            wanted((false, Some(12)), none),
            Some("permessage-deflate; server_no_context_takeover; server_max_window_bits=10"),
        ),
        (
            "permessage-deflate; client_max_window_bits=8",
            wanted(none, (false, Some(10))),
            Some("permessage-deflate; client_max_window_bits=8"),
        ),
        ("permessage-deflate", wanted(none, (false, Some(10))), None),
        ("x-other", Answer::default(), None),
        ("permessage-deflate; what", Answer::default(), None),
        (
            "x-other, permessage-deflate; what, permessage-deflate",
            Answer::default(),
            Some("permessage-deflate"),
        ),
    ] {
        let answer = answer_to(&[offer], wanted).map(|(answer, _)| answer);
        assert_eq!(answer.as_deref(), expected, "{offer}");
    }
}
