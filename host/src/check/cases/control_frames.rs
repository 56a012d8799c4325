//! RFC 6455 section 5.5: control frames.

use crate::check::answer::{Answer, pong_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::{IDENTICAL_PONG, PONG_IN_ANSWER, SHORT_CONTROL};
use crate::check::comparison::Pongs;
use crate::check::frame::{Frame, Length, close_with, continuation, ping, pong, text};
use crate::check::payload::Payload;
use crate::check::session::{Cut, End, Grade, Step};

const MOST_RECENT: Rule = Rule::new(
    "5.5.3",
    "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to \
     previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently \
     processed Ping frame.",
);
const UNSOLICITED: Rule = Rule::new(
    "5.5.3",
    "A response to an unsolicited Pong frame is not expected.",
);

const FE: &[u8] = b"\xFE";

pub(super) fn cases() -> Vec<Case> {
    [
        one_ping(),
        several_pings(),
        pongs(),
        too_long(),
        fragmented(),
    ]
    .concat()
}

/// Pings of all lengths.
fn one_ping() -> Vec<Case> {
    let case = |(name, claim, payload, number): (&str, &'static str, Payload, &'static str)| {
        let rule = match payload.is_empty() {
            true => &PONG_IN_ANSWER,
            false => &IDENTICAL_PONG,
        };
        let case = Case::must(format!("5.5.2-ping-{name}"), claim, rule)
            .sends([ping(payload.clone())])
            .answers([pong_back(payload)]);
        match number {
            "" => case,
            number => case.autobahn(number),
        }
    };
    let byte_by_byte = Case::must(
        "5.5.2-ping-of-125-bytes-byte-by-byte",
        "A Ping of 125 bytes is answered also if its bytes arrive one by one",
        &IDENTICAL_PONG,
    )
    .autobahn("2.6")
    .sends_cut(Cut::Bytes, [ping(Payload::repeated(FE, 125))])
    .answers([pong_back(Payload::repeated(FE, 125))]);
    ping_payloads()
        .into_iter()
        .map(case)
        .chain([byte_by_byte])
        .collect()
}

/// So many Pings, and the Pongs for them.
fn numbered(count: usize, payload: impl Fn(usize) -> String) -> (Vec<Frame>, Vec<Answer>) {
    let pair = |index: usize| (ping(payload(index)), pong_back(payload(index)));
    (0..count).map(pair).unzip()
}

fn several_pings() -> Vec<Case> {
    let (ten, ten_back) = numbered(10, |index| format!("payload-{index}"));
    // Far more than the buffers of two sockets can hold.
    let (flood, flood_back) = numbered(60_000, |index| format!("{index:0125}"));
    vec![
        Case::must(
            "5.5.2-ten-pings",
            "Ten Pings that arrive together are answered, each with its payload",
            &MOST_RECENT,
        )
        .autobahn("2.10")
        .pongs(Pongs::AllIfPossible)
        .sends(ten.clone())
        .answers(ten_back.clone()),
        Case::must(
            "5.5.2-ten-pings-byte-by-byte",
            "Ten Pings are answered also if their bytes arrive one by one",
            &MOST_RECENT,
        )
        .autobahn("2.11")
        .pongs(Pongs::AllIfPossible)
        .sends_cut(Cut::Bytes, ten)
        .answers(ten_back),
        Case::must(
            "5.5.2-same-ping-three-times",
            "The same Ping is answered each time that it comes",
            &PONG_IN_ANSWER,
        )
        .sends([ping("again")])
        .answers([pong_back("again")])
        .sends([ping("again")])
        .answers([pong_back("again")])
        .sends([ping("again")])
        .answers([pong_back("again")]),
        Case::robust(
            "5.5.2-flood-of-pings-unread",
            "Sixty thousand Pings whose Pongs are not read are answered later, at least the last \
             one, or the connection ends; the peer does not keep Pongs without end",
            &MOST_RECENT,
        )
        .pongs(Pongs::Last)
        .then(Step::SendUnread(flood))
        .answers(flood_back.clone())
        .or(Grade::Informational, flood_back, End::Ended)
        .alone(),
    ]
}

/// Pongs that nobody has asked for.
fn pongs() -> Vec<Case> {
    let case = |id: &'static str, claim: &'static str| Case::must(id, claim, &UNSOLICITED);
    vec![
        case(
            "5.5.3-pong-without-payload",
            "A Pong without payload that nobody asked for is taken without an answer",
        )
        .autobahn("2.7")
        .sends([pong("")]),
        case(
            "5.5.3-pong-with-payload",
            "A Pong with a payload that nobody asked for is taken without an answer",
        )
        .autobahn("2.8")
        .sends([pong("unsolicited pong payload")]),
        case(
            "5.5.3-pong-before-a-ping",
            "A Pong that nobody asked for is not answered, and the Ping behind it is",
        )
        .autobahn("2.9")
        .sends([pong("unsolicited pong payload"), ping("ping payload")])
        .answers([pong_back("ping payload")]),
        case(
            "5.5.3-pong-of-125-bytes",
            "A Pong of 125 bytes, the most that is allowed, is taken without an answer",
        )
        .sends([pong(Payload::repeated(FE, 125)), text("behind")])
        .answers([text_back("behind")]),
        case(
            "5.5.3-hundred-pongs",
            "A hundred Pongs that nobody asked for are taken without an answer",
        )
        .sends([vec![pong("pong"); 100], vec![text("behind")]].concat())
        .answers([text_back("behind")]),
    ]
}

/// Control frames with more than 125 bytes.
fn too_long() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, what) in [("ping", "A Ping"), ("pong", "A Pong"), ("close", "A Close")] {
        for len in [126, 127, 256, 65_536] {
            if (name, len) == ("close", 126) {
                // It is among the reasons of a Close.
                continue;
            }
            let payload = Payload::repeated(FE, len);
            let frame = match name {
                "ping" => ping(payload),
                "pong" => pong(payload),
                _ => close_with([&1000_u16.to_be_bytes()[..], &vec![b'*'; len - 2]].concat()),
            };
            let case = Case::must(
                format!("5.5-{name}-of-{len}-bytes"),
                format!("{what} of {len} bytes fails the connection, because 125 are the most"),
                &SHORT_CONTROL,
            )
            .sends([frame])
            .fails(&[1002]);
            cases.push(match (name, len) {
                ("ping", 126) => case.autobahn("2.5"),
                _ => case,
            });
        }
    }
    for (bits, length) in [("16", Length::In16Bits), ("64", Length::In64Bits)] {
        let case = Case::should(
            format!("5.5-ping-length-in-{bits}-bits"),
            format!("A Ping that says its short length in {bits} bits fails the connection"),
            &SHORT_CONTROL,
        )
        .sends([ping("short").length(length)])
        .fails(&[1002])
        .or(Grade::Informational, [pong_back("short")], End::Open);
        cases.push(case);
    }
    cases
}

/// Control frames in fragments.
fn fragmented() -> Vec<Case> {
    let must = |name: &str, what: &str| {
        Case::must(
            format!("5.5-{name}"),
            format!("{what} fails the connection"),
            &SHORT_CONTROL,
        )
        .fails(&[1002])
    };
    let rest = || continuation("fragment2");
    let close = || close_with([&1000_u16.to_be_bytes()[..], b"reason"].concat()).not_final();
    vec![
        must("ping-in-two-fragments", "A Ping in two fragments")
            .autobahn("5.1")
            .sends([ping("fragment1").not_final(), rest()]),
        must("pong-in-two-fragments", "A Pong in two fragments")
            .autobahn("5.2")
            .sends([pong("fragment1").not_final(), rest()]),
        must("close-in-two-fragments", "A Close in two fragments").sends([close(), rest()]),
        must("ping-not-final", "A Ping without FIN").sends([ping("").not_final()]),
        must("pong-not-final", "A Pong without FIN").sends([pong("").not_final()]),
        must("close-not-final", "A Close without FIN").sends([close()]),
        must(
            "ping-not-final-inside-a-message",
            "A Ping without FIN between two fragments",
        )
        .sends([
            text("frag").not_final(),
            ping("ping").not_final(),
            continuation("ment"),
        ]),
        must(
            "continuation-of-a-ping",
            "A Ping that is continued inside a message",
        )
        .sends([
            text("frag").not_final(),
            ping("ping").not_final(),
            continuation("ping"),
            continuation("ment"),
        ]),
    ]
}

/// The end of an id, the claim, the payload of a Ping, and Autobahn's number.
fn ping_payloads() -> [(&'static str, &'static str, Payload, &'static str); 7] {
    [
        (
            "without-payload",
            "A Ping without payload is answered by a Pong without payload",
            "".into(),
            "2.1",
        ),
        (
            "with-text",
            "A Ping is answered by a Pong with the same text",
            "Hello, world!".into(),
            "2.2",
        ),
        (
            "with-bytes",
            "A Ping is answered by a Pong with the same bytes, also if they are no text",
            b"\x00\xFF\xFE\xFD\xFC\xFB\x00\xFF".into(),
            "2.3",
        ),
        (
            "of-125-bytes",
            "A Ping of 125 bytes, the most that is allowed, is answered",
            Payload::repeated(FE, 125),
            "2.4",
        ),
        (
            "of-1-byte",
            "A Ping of one byte is answered",
            "x".into(),
            "",
        ),
        (
            "of-124-bytes",
            "A Ping of 124 bytes is answered",
            Payload::repeated(FE, 124),
            "",
        ),
        (
            "like-a-frame",
            "A Ping whose payload looks like a Close is answered",
            b"\x88\x02\x03\xE8".into(),
            "",
        ),
    ]
}
