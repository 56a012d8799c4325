//! RFC 7692 sections 5 and 7.1: right offers of permessage-deflate to a server, and whether its
//! answers are right ones. A server may always decline: then a case is skipped.

use super::deflate_rules::{
    CLIENT_BITS, CLIENT_FORGETS, ONE_HEADER, ORDER, SERVER_BITS, SERVER_FORGETS,
};
use crate::check::answer::Kind;
use crate::check::answer::text_back;
use crate::check::case::{Case, Rule};
use crate::check::frame::{Role, text};
use crate::check::negotiation::{Expected, Negotiation};
use crate::check::session::{Message, Step};

/// What is sent twice, so that the second can refer to the first.
const HELLO: &str = "Hello, hello, hello";

pub(super) fn cases() -> Vec<Case> {
    let single = single_offers()
        .into_iter()
        .map(|(words, parameters, rule)| {
            let offer = match parameters.is_empty() {
                true => "permessage-deflate".to_owned(),
                false => format!("permessage-deflate; {parameters}"),
            };
            answered(&words, &format!("an offer of {offer}"), rule, [offer])
        });
    let all = all_parameters().map(|offer| {
        let words = offer
            .replace("permessage-deflate; ", "")
            .replace(BOTH_TAKEOVERS, "no-context-takeover")
            .replace("max_window_", "")
            .replace("; ", "-")
            .replace(['=', '_'], "-");
        let words = format!("7.1-{words}");
        answered(
            &words,
            &format!("an offer of {offer}"),
            &SERVER_BITS,
            [offer],
        )
    });
    let several = SEVERAL.iter().map(|(words, what, rule, offers)| {
        let offers = offers.iter().map(|&offer| offer.to_owned());
        answered(words, what, rule, offers)
    });
    let mut cases: Vec<Case> = single.chain(all).chain(several).collect();
    cases.push(many_offers());
    cases.extend(other_spellings());
    cases
}

/// A right offer is answered rightly, or not at all, and messages come back.
fn answered(
    words: &str,
    what: &str,
    rule: &'static Rule,
    offers: impl IntoIterator<Item = String>,
) -> Case {
    let claim = format!("The answer to {what} is a right one, and compressed messages come back");
    let case = Case::must(format!("rfc7692-{words}"), claim, rule);
    echoes(case, Negotiation::offer(offers, Expected::Right))
}

/// A text is sent twice, compressed if that was agreed on.
pub(super) fn echoes(case: Case, negotiation: Negotiation) -> Case {
    let compressed = || {
        Step::SendCompressed(Message {
            kind: Kind::Text,
            payload: HELLO.into(),
            fragment_len: None,
        })
    };
    case.of(Role::Server)
        .negotiates(negotiation)
        .then(compressed())
        .then(compressed())
        .sends([text("plain")])
        .answers([text_back(HELLO), text_back(HELLO), text_back("plain")])
}

/// Offers with one parameter: the words of the id, the parameter, and the rule.
fn single_offers() -> Vec<(String, String, &'static Rule)> {
    let mut offers = vec![
        (
            "7.1.2.2-offer-without-parameters".into(),
            String::new(),
            &CLIENT_BITS,
        ),
        (
            "7.1.1.1-server-no-context-takeover".into(),
            "server_no_context_takeover".into(),
            &SERVER_FORGETS,
        ),
        (
            "7.1.1.2-client-no-context-takeover".into(),
            "client_no_context_takeover".into(),
            &CLIENT_FORGETS,
        ),
        (
            "7.1.2.2-client-max-window-bits-without-value".into(),
            "client_max_window_bits".into(),
            &CLIENT_BITS,
        ),
    ];
    for bits in 8..=15 {
        offers.push((
            format!("7.1.2.1-server-max-window-bits-{bits}"),
            format!("server_max_window_bits={bits}"),
            &SERVER_BITS,
        ));
        offers.push((
            format!("7.1.2.2-client-max-window-bits-{bits}"),
            format!("client_max_window_bits={bits}"),
            &CLIENT_BITS,
        ));
    }
    offers
}

/// Both contexts are to be forgotten.
const BOTH_TAKEOVERS: &str = "server_no_context_takeover; client_no_context_takeover";

/// Offers with two parameters or more.
fn all_parameters() -> impl Iterator<Item = String> {
    let takeovers = [BOTH_TAKEOVERS, ""];
    let servers = ["", "server_max_window_bits=9", "server_max_window_bits=15"];
    let clients = ["client_max_window_bits", "client_max_window_bits=9", ""];
    let all = takeovers.into_iter().flat_map(move |takeover| {
        servers.into_iter().flat_map(move |server| {
            clients
                .into_iter()
                .map(move |client| [takeover, server, client])
        })
    });
    all.filter_map(|parameters| {
        let parameters: Vec<&str> = parameters.into_iter().filter(|it| !it.is_empty()).collect();
        (parameters.len() > 1).then(|| format!("permessage-deflate; {}", parameters.join("; ")))
    })
}

/// Several offers, and offers that are written in another way: the words of the id, what it is,
/// the rule, and the lines of `Sec-WebSocket-Extensions`.
type Several = (
    &'static str,
    &'static str,
    &'static Rule,
    &'static [&'static str],
);

const SEVERAL: [Several; 11] = [
    (
        "5-two-offers",
        "two offers, of which the second asks for less",
        &ORDER,
        &[
            "permessage-deflate; server_max_window_bits=9; client_max_window_bits, \
           permessage-deflate; client_max_window_bits",
        ],
    ),
    (
        "5-two-offers-in-two-lines",
        "two offers in two header lines",
        &ONE_HEADER,
        &[
            "permessage-deflate; server_max_window_bits=9",
            "permessage-deflate",
        ],
    ),
    (
        "5-unknown-extension-before",
        "an offer behind an unknown extension",
        &ORDER,
        &["x-unknown; level=1, permessage-deflate; client_max_window_bits"],
    ),
    (
        "5-unknown-extension-in-the-line-before",
        "an offer in the line after an unknown extension",
        &ONE_HEADER,
        &["x-unknown", "permessage-deflate; client_max_window_bits"],
    ),
    (
        "5-unknown-extension-behind",
        "an offer before an unknown extension",
        &ORDER,
        &["permessage-deflate; client_max_window_bits, x-unknown; level=\"1\""],
    ),
    (
        "7-declined-offer-before",
        "a right offer behind one with an unknown parameter",
        &ORDER,
        &["permessage-deflate; unknown, permessage-deflate; client_max_window_bits"],
    ),
    (
        "7-declined-offer-in-the-line-before",
        "a right offer in the line after one with a window of 16 bits",
        &ONE_HEADER,
        &[
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate",
        ],
    ),
    (
        "7.1-parameters-the-other-way-round",
        "an offer with its parameters the other way round",
        &SERVER_BITS,
        &[
            "permessage-deflate; client_max_window_bits=10; server_max_window_bits=10; \
           client_no_context_takeover; server_no_context_takeover",
        ],
    ),
    (
        "7.1.2.1-quoted-value",
        "an offer of server_max_window_bits=\"10\"",
        &SERVER_BITS,
        &["permessage-deflate; server_max_window_bits=\"10\""],
    ),
    (
        "7.1.2.2-quoted-value",
        "an offer of client_max_window_bits=\"10\"",
        &CLIENT_BITS,
        &["permessage-deflate; client_max_window_bits=\"10\""],
    ),
    (
        "5-no-blanks",
        "offers without blanks between their parts",
        &ORDER,
        &["x-unknown,permessage-deflate;server_no_context_takeover;client_max_window_bits"],
    ),
];

fn many_offers() -> Case {
    let unknown = (0..50).map(|number| format!("x-unknown-{number}; a; b=1; c=\"2\""));
    let offers = unknown
        .chain(["permessage-deflate".into()])
        .collect::<Vec<_>>();
    let case = Case::robust(
        "rfc7692-5-fifty-unknown-extensions-before",
        "An offer behind fifty unknown extensions leads to a connection, with compression or \
         without",
        &ORDER,
    );
    let offers = [offers.join(", ")];
    echoes(case, Negotiation::offer(offers, Expected::RightOrNone))
}

/// Offers that a server may understand or not: no RFC says it clearly.
fn other_spellings() -> impl Iterator<Item = Case> {
    let spellings = [
        (
            "rfc7692-7-name-in-capitals",
            "with its name in capitals",
            "Permessage-Deflate; client_max_window_bits",
        ),
        (
            "rfc7692-7-parameter-in-capitals",
            "with a parameter in capitals",
            "permessage-deflate; Client_Max_Window_Bits",
        ),
        (
            "rfc7692-5-blanks-around",
            "with blanks and tabs around its parts",
            "permessage-deflate ;\tclient_max_window_bits = 10 , x-unknown ;a",
        ),
        (
            "rfc7692-5-empty-elements",
            "between empty elements of the list",
            ", permessage-deflate; client_max_window_bits,,",
        ),
    ];
    spellings.into_iter().map(|(id, how, offer)| {
        let claim = format!(
            "An offer {how} leads to a connection, with compression or without, and messages come \
             back"
        );
        let negotiation = Negotiation::offer([offer.to_owned()], Expected::Any);
        echoes(Case::robust(id, claim, &ORDER), negotiation)
    })
}
