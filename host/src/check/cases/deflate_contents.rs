//! RFC 7692 section 7: compressed messages of many lengths and kinds, with all parameters. They are
//! those of Autobahn's sections 12 and 13, with fewer messages each, and contents of our own.

use crate::check::answer::{Answer, Kind};
use crate::check::case::{Case, Rule};
use crate::check::compression::parameters;
use crate::check::content::Content;
use crate::check::negotiation::Negotiation;
use crate::check::payload::Payload;
use crate::check::session::{Message, Step};

const INFLATED: Rule = Rule::of(
    7692,
    "7.2.2",
    "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message.",
);
const FORGETS: Rule = Rule::of(
    7692,
    "7.1.1.1",
    "By including this extension parameter in an extension negotiation offer, a client prevents \
     the peer server from using context takeover.",
);
const LIMITED: Rule = Rule::of(
    7692,
    "7.1.2.1",
    "A server accepts an extension negotiation offer with this parameter by including the \
     \"server_max_window_bits\" extension parameter in the extension negotiation response to send \
     back to the client with the same or smaller value as the offer.",
);

/// The length of the messages of a case, and of their fragments; 0 for none.
const LENGTHS: [(usize, usize); 18] = [
    (16, 0),
    (64, 0),
    (256, 0),
    (1024, 0),
    (4096, 0),
    (8192, 0),
    (16_384, 0),
    (32_768, 0),
    (65_536, 0),
    (131_072, 0),
    (8192, 256),
    (16_384, 256),
    (32_768, 256),
    (65_536, 256),
    (131_072, 256),
    (131_072, 1024),
    (131_072, 4096),
    (131_072, 32_768),
];

const CONTENTS: [(&str, Content, Kind); 5] = [
    ("json", Content::Json, Kind::Text),
    ("picture", Content::Picture, Kind::Binary),
    ("prose", Content::Prose, Kind::Binary),
    ("html", Content::Html, Kind::Text),
    ("document", Content::Document, Kind::Binary),
];

/// What is offered to a server by a name, and what a client is answered.
struct Parameters {
    name: &'static str,
    rule: &'static Rule,
    offers: &'static str,
    accepts: &'static [parameters::Answer],
}

/// A client is answered these demands: not to keep its window, and how large it may be.
const fn demands(client_no_context_takeover: bool, bits: Option<u8>) -> parameters::Answer {
    parameters::Answer {
        server_no_context_takeover: false,
        client_no_context_takeover,
        server_max_window_bits: None,
        client_max_window_bits: bits,
    }
}

const USUAL: &str = "permessage-deflate; client_no_context_takeover; client_max_window_bits";

const PARAMETERS: [Parameters; 7] = [
    Parameters {
        name: "usual-offer",
        rule: &INFLATED,
        offers: USUAL,
        accepts: &[demands(false, None)],
    },
    Parameters {
        name: "no-takeover",
        rule: &FORGETS,
        offers: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                 server_no_context_takeover",
        accepts: &[demands(true, None)],
    },
    Parameters {
        name: "9-bits",
        rule: &LIMITED,
        offers: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                 server_max_window_bits=9",
        accepts: &[demands(false, Some(9))],
    },
    Parameters {
        name: "15-bits",
        rule: &LIMITED,
        offers: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                 server_max_window_bits=15",
        accepts: &[demands(false, Some(15))],
    },
    Parameters {
        name: "no-takeover-9-bits",
        rule: &LIMITED,
        offers: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                 server_no_context_takeover; server_max_window_bits=9",
        accepts: &[demands(true, Some(9))],
    },
    Parameters {
        name: "no-takeover-15-bits",
        rule: &LIMITED,
        offers: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                 server_no_context_takeover; server_max_window_bits=15",
        accepts: &[demands(true, Some(15))],
    },
    Parameters {
        name: "three-offers",
        rule: &LIMITED,
        offers: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                 server_no_context_takeover; server_max_window_bits=9, \
                 permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                 server_no_context_takeover, \
                 permessage-deflate; client_no_context_takeover; client_max_window_bits",
        accepts: &[
            demands(true, Some(9)),
            demands(true, None),
            demands(false, None),
        ],
    },
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (section, (name, content, kind)) in CONTENTS.into_iter().enumerate() {
        for (index, lengths) in LENGTHS.into_iter().enumerate() {
            let id = format!("rfc7692-7.2-{name}-{}", in_id(lengths));
            let claim = claim(name, lengths, "");
            let case = Case::must(id, claim, &INFLATED).autobahn(format!(
                "12.{}.{}",
                section + 1,
                index + 1
            ));
            cases.push(exchange(case, &PARAMETERS[0], content, kind, lengths));
        }
    }
    for (section, parameters) in PARAMETERS.iter().enumerate() {
        for (index, lengths) in LENGTHS.into_iter().enumerate() {
            let id = format!("rfc7692-7.1-{}-{}", parameters.name, in_id(lengths));
            let name = parameters.name.replace('-', " ");
            let claim = claim("json", lengths, &format!(" ({name})"));
            let case = Case::must(id, claim, parameters.rule).autobahn(format!(
                "13.{}.{}",
                section + 1,
                index + 1
            ));
            cases.push(exchange(
                case,
                parameters,
                Content::Json,
                Kind::Text,
                lengths,
            ));
        }
    }
    cases
}

fn in_id((len, fragment_len): (usize, usize)) -> String {
    match fragment_len {
        0 => format!("of-{len}"),
        _ => format!("of-{len}-in-{fragment_len}"),
    }
}

fn claim(name: &str, (len, fragment_len): (usize, usize), parameters: &str) -> String {
    let fragments = match fragment_len {
        0 => String::new(),
        _ => format!(", in fragments of {fragment_len}"),
    };
    format!(
        "{} compressed messages of {len} bytes each ({name}){fragments} come back as they \
         were{parameters}",
        count(len)
    )
}

/// About this many bytes are sent in each case.
const CASE_LEN: usize = 256 << 10;
/// How many messages of a length are sent.
fn count(len: usize) -> usize {
    (CASE_LEN / len).clamp(4, 1000)
}

/// The case with its messages.
fn exchange(
    case: Case,
    parameters: &Parameters,
    content: Content,
    kind: Kind,
    (len, fragment_len): (usize, usize),
) -> Case {
    let payload = |index: usize| Payload::Part {
        content,
        start: index * len,
        len,
    };
    let mut case = case.negotiates(Negotiation {
        offers: vec![parameters.offers.into()],
        accepts: parameters.accepts.to_vec(),
        ..Negotiation::default()
    });
    for index in 0..count(len) {
        let payload = payload(index);
        case = case
            .then(Step::SendCompressed(Message {
                kind,
                payload: payload.clone(),
                fragment_len: (fragment_len > 0).then_some(fragment_len),
            }))
            .answers([Answer { kind, payload }]);
    }
    case
}
