//! The parameters of what becomes of each message.

use super::parameter::Parameter;
use super::value::{
    DURATION, PIECE, SIZE, TEXT, after_word, count, duration, len, piece_len, size, up_to_max_push,
    word,
};
use crate::serve::behaviour::SentKind;

const KINDS: [(&str, SentKind); 2] = [("text", SentKind::Text), ("binary", SentKind::Binary)];

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::new(
        ("delay", "200ms"),
        DURATION,
        "each echo waits this long",
        |it, value, _| {
            it.messages.delay = duration(value)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("jitter", "50ms"),
        DURATION,
        "each echo waits up to this much more or less, in order",
        |it, value, _| {
            it.messages.jitter = duration(value)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("rate", "64KiB"),
        SIZE,
        "at most this many bytes are sent in a second",
        |it, value, _| {
            it.messages.rate = Some(size(value)?);
            Ok(())
        },
    ),
    Parameter::new(
        ("fragment", "16"),
        SIZE,
        "messages are cut into frames of this many bytes",
        |it, value, _| {
            it.messages.fragment_len = len(value)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("fragment-text", "anywhere"),
        "anywhere",
        "a text is also cut inside a character",
        |it, value, _| {
            it.messages.cuts_characters = word(value, &[("anywhere", true)])?;
            Ok(())
        },
    )
    .needing("fragment", "fragment=1"),
    Parameter::new(
        ("repeat", "3"),
        "a number from 1 to that of --max-push",
        "each message is echoed this many times",
        |it, value, bounds| {
            it.messages.repeat = up_to_max_push(value, bounds)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("as", "binary"),
        "text or binary",
        "each echo is of this type: text or binary",
        |it, value, _| {
            it.messages.kind = word(value, &KINDS)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("drop", "every:10"),
        "every:N, where N is a number from 1",
        "every Nth message is not echoed",
        |it, value, _| {
            it.messages.drop_every = count(after_word(value, "every")?, 1)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("prefix", "echo:"),
        TEXT,
        "each echo begins with it",
        |it, value, _| {
            it.messages.prefix = value.into();
            Ok(())
        },
    ),
    Parameter::new(
        ("coalesce", "100ms"),
        DURATION,
        "echoes within this time are sent together, at its end",
        |it, value, _| {
            it.messages.coalesce = duration(value)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("segment", "1"),
        PIECE,
        "each TCP segment has this many bytes",
        |it, value, _| {
            it.messages.segment_len = piece_len(value)?;
            Ok(())
        },
    ),
    Parameter::new(
        ("pause-reading", "after:10"),
        "after:N, where N is a number from 0",
        "nothing more is received after N messages",
        |it, value, _| {
            it.messages.pause_reading_after = Some(count(after_word(value, "after")?, 0)?);
            Ok(())
        },
    ),
];
