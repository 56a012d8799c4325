//! The parameters of the end of the connection, of what no server may do, and of random choices.

use ws_echo_core::CloseCode;

use super::parameter::{Parameter, Wrong};
use super::value::{TEXT, after_word, count, duration, number, word};
use crate::serve::behaviour::{After, Behaviour, CloseAnswer, TransportEnd, Violation};

/// A control frame has at most 125 bytes of payload, two of them for the code (RFC 6455 sections
/// 5.5 and 5.5.1).
const REASON_LEN_MAX: usize = 123;

const ENDS: [(&str, TransportEnd); 4] = [
    ("fin", TransportEnd::Fin),
    ("reset", TransportEnd::Reset),
    ("hang", TransportEnd::Hang),
    ("half", TransportEnd::Half),
];

/// `None` is a violation of the handshake.
const VIOLATIONS: [(&str, Option<Violation>); 10] = [
    ("mask", Some(Violation::Mask)),
    ("rsv", Some(Violation::ReservedBit)),
    ("opcode", Some(Violation::Opcode)),
    ("utf8", Some(Violation::Utf8)),
    ("length", Some(Violation::Length)),
    ("fragment", Some(Violation::Fragment)),
    ("control", Some(Violation::Control)),
    ("close-code", Some(Violation::CloseCode)),
    ("continuation", Some(Violation::Continuation)),
    ("accept", None),
];

pub(super) const OF_THE_END: &[Parameter] = &[
    Parameter::new(
        ("close", "1011"),
        "a code that may be sent: 1000 to 1003, 1007 to 1014 or 3000 to 4999",
        "sends a Close with this code",
        |it, value, _| {
            let code = number(value, 0..=u64::MAX)?;
            let code = u16::try_from(code).ok().and_then(CloseCode::new);
            let code = code.ok_or_else(wrong_code)?;
            it.end.close.get_or_insert_default().code = code.get();
            Ok(())
        },
    ),
    Parameter::new(
        ("reason", "bye"),
        TEXT,
        "the reason of that Close, at most 123 bytes",
        |it, value, _| reason(it, value),
    )
    .needing("close", "close=1000"),
    Parameter::new(
        ("end", "fin"),
        "fin, reset, hang or half",
        "ends the connection: fin, reset, hang or half (after close)",
        |it, value, _| {
            it.end.transport = Some(word(value, &ENDS)?);
            Ok(())
        },
    ),
    Parameter::new(
        ("after", "3"),
        "a number of messages, or a duration of at most 1h with a unit (10s)",
        "when close, end or violate come (default 0: at once)",
        |it, value, _| {
            // A number alone counts messages; with a unit it is a time.
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
            it.after = match is_number {
                true => After::Messages(count(value, 0)?),
                false => After::Time(duration(value)?),
            };
            Ok(())
        },
    ),
    Parameter::new(
        ("close-answer", "never"),
        "never, or late:3s with any duration of at most 1h",
        "how a Close of the client is answered: never or late:3s",
        |it, value, _| {
            it.end.close_answer = match value {
                "never" => CloseAnswer::Never,
                value => CloseAnswer::Late(duration(after_word(value, "late")?)?),
            };
            Ok(())
        },
    ),
];

pub(super) const VIOLATING: &[Parameter] = &[Parameter::new(
    ("violate", "mask"),
    "mask, rsv, opcode, utf8, length, fragment, control, close-code, continuation or accept",
    "breaks a rule of the protocol, once",
    |it, value, _| {
        match word(value, &VIOLATIONS)? {
            None => it.handshake.has_wrong_accept = true,
            violation => it.violation = violation,
        }
        Ok(())
    },
)];

pub(super) const CHOOSING: &[Parameter] = &[Parameter::new(
    ("seed", "1"),
    "a number from 0 to 18446744073709551615",
    "the same seed makes the same random choices",
    |it, value, _| {
        it.seed = Some(number(value, 0..=u64::MAX)?);
        Ok(())
    },
)];

fn reason(behaviour: &mut Behaviour, value: &str) -> Result<(), Wrong> {
    if value.len() > REASON_LEN_MAX {
        let len = value.len();
        let advice = format!("it has {len} bytes; write at most {REASON_LEN_MAX}");
        return Err(Wrong::Advice(advice));
    }
    behaviour.end.close.get_or_insert_default().reason = value.into();
    Ok(())
}

fn wrong_code() -> Wrong {
    let advice = "write a code that may be sent: 1000 to 1003, 1007 to 1014 or 3000 to 4999; \
                  violate=close-code sends another";
    Wrong::Advice(advice.into())
}
