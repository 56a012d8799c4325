//! The parameters of what the server sends of its own accord.

use super::parameter::{Parameter, Wrong};
use super::value::{INTERVAL, interval, len, up_to_max_push, word};
use crate::serve::behaviour::PongBehaviour;

/// The longest message that is pushed, in bytes.
const PUSH_LEN_MAX: usize = 16 << 20;

const PONGS: [(&str, PongBehaviour); 2] = [
    ("none", PongBehaviour::None),
    ("unasked", PongBehaviour::Unasked),
];

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::new(
        ("tick", "1s"),
        INTERVAL,
        "sends a number and the time at this interval",
        |it, value, _| {
            it.unasked.tick = Some(interval(value)?);
            Ok(())
        },
    ),
    Parameter::new(
        ("push", "1000"),
        "a number from 1 to that of --max-push",
        "sends this many numbered messages at once",
        |it, value, bounds| {
            it.unasked.push = up_to_max_push(value, bounds)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("size", "4KiB"),
        "a size from 1 to 16MiB",
        "the length of each pushed message (default 16)",
        |it, value, _| {
            let len = Some(len(value)?).filter(|len| *len <= PUSH_LEN_MAX);
            it.unasked.push_len = len.ok_or(Wrong::Form)?;
            Ok(())
        },
    )
    .needing("push", "push=10"),
    Parameter::new(
        ("ping", "1s"),
        INTERVAL,
        "sends a Ping at this interval",
        |it, value, _| {
            it.unasked.ping = Some(interval(value)?);
            Ok(())
        },
    ),
    Parameter::new(
        ("pong", "none"),
        "none or unasked",
        "Pings are not answered, or Pongs also come unasked",
        |it, value, _| {
            it.unasked.pong = word(value, &PONGS)?;
            Ok(())
        },
    ),
];
