//! The parameters of the opening handshake.

use super::parameter::{Parameter, Wrong};
use super::value::{DURATION, PIECE, TEXT, TOKEN, duration, number, piece_len, word};
use crate::http_token::is_token;
use crate::serve::behaviour::{Behaviour, TestRefusal};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::new(
        ("status", "503"),
        "a number from 200 to 599",
        "refuses the request",
        |it, value, _| {
            // Within the range of the type, because of the numbers that are allowed.
            let status = number(value, 200..=599)?;
            refusal(it).status = u16::try_from(status).map_err(|_| Wrong::Form)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("retry-after", "5s"),
        "whole seconds, at most 1h",
        "the refusal has this Retry-After",
        |it, value, _| {
            let duration = duration(value)?;
            if duration.subsec_millis() > 0 {
                return Err(Wrong::Form);
            }
            refusal(it).retry_after = Some(duration.as_secs());
            Ok(())
        },
    )
    .needing("status", "status=503"),
    Parameter::new(
        ("body", "too+busy"),
        TEXT,
        "the content of the refusal",
        |it, value, _| {
            refusal(it).body = Some(value.into());
            Ok(())
        },
    )
    .needing("status", "status=503"),
    Parameter::new(
        ("location", "http://localhost/"),
        "an address of visible ASCII characters",
        "the refusal has this Location",
        |it, value, _| {
            if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Wrong::Form);
            }
            refusal(it).location = Some(value.into());
            Ok(())
        },
    )
    .needing("status", "status=302"),
    Parameter::new(
        ("handshake-delay", "2s"),
        DURATION,
        "the response waits this long",
        |it, value, _| {
            it.handshake.delay = duration(value)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("header", "Name:Value"),
        "a name, a colon, and a value of visible ASCII characters and spaces",
        "the response has this header; may be repeated",
        |it, value, _| {
            it.handshake.headers.push(header(value)?);
            Ok(())
        },
    )
    .repeatable(),
    Parameter::new(
        ("subprotocol", "chat.v1"),
        TOKEN,
        "chooses this subprotocol, whether it was offered or not",
        |it, value, _| {
            let name = Some(value).filter(|name| is_token(name));
            it.handshake.subprotocol = Some(name.ok_or(Wrong::Form)?.into());
            Ok(())
        },
    ),
    Parameter::new(
        ("accept", "wrong"),
        "wrong",
        "Sec-WebSocket-Accept is that of another key",
        |it, value, _| {
            it.handshake.has_wrong_accept = word(value, &[("wrong", true)])?;
            Ok(())
        },
    ),
    Parameter::new(
        ("cut", "1"),
        PIECE,
        "the response is sent in pieces of this many bytes",
        |it, value, _| {
            it.handshake.piece_len = piece_len(value)?;
            Ok(())
        },
    ),
];

fn refusal(behaviour: &mut Behaviour) -> &mut TestRefusal {
    behaviour.handshake.refusal.get_or_insert_default()
}

fn header(text: &str) -> Result<(String, String), Wrong> {
    let (name, value) = text.split_once(':').ok_or(Wrong::Form)?;
    if !is_token(name) {
        let advice = format!("write the header's name with {TOKEN}, such as header=Name:Value");
        return Err(Wrong::Advice(advice));
    }
    let value = value.trim_matches(' ');
    let is_allowed = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if !value.bytes().all(is_allowed) {
        return Err(Wrong::Form);
    }
    match instead_of(name) {
        Some(advice) => Err(Wrong::Advice(advice.into())),
        None => Ok((name.into(), value.into())),
    }
}

/// What to write instead of a header that the response has anyway.
fn instead_of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "sec-websocket-accept" => Some("write accept=wrong for a wrong Sec-WebSocket-Accept"),
        "sec-websocket-protocol" => Some("write subprotocol=NAME to choose a subprotocol"),
        "upgrade" | "connection" => {
            Some("the response itself has it; write status=200 for a response without it")
        }
        "content-length" | "transfer-encoding" => {
            Some("the response itself has it; write body=TEXT for the content of a refusal")
        }
        name if name.starts_with("sec-websocket-") => {
            Some("the handshake itself decides about it; write another header")
        }
        _ => None,
    }
}
