//! The parameters of the first message.

use super::parameter::{Parameter, Wrong};
use super::value::{DURATION, duration};
use crate::serve::behaviour::Greeting;

/// Before a greeting that is a text, also one that would be a word or empty.
const AS_TEXT: &str = "text:";

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::new(
        ("greeting", "hello"),
        "none, request, or a text (text:none is the text 'none', text: an empty one)",
        "the first message: none, the request as it arrived, or a text",
        |it, value, _| {
            it.greeting.greeting = match value {
                "none" => Greeting::None,
                "request" => Greeting::Request,
                text => Greeting::Text(text.strip_prefix(AS_TEXT).unwrap_or(text).into()),
            };
            Ok(())
        },
    ),
    Parameter::new(
        ("glued", ""),
        "it without a value",
        "the greeting is in one segment with the response (default)",
        |it, _, _| {
            it.greeting.separate = None;
            Ok(())
        },
    ),
    Parameter::new(
        ("separate", "200ms"),
        DURATION,
        "the greeting is sent this long after the response",
        |it, value, _| {
            it.greeting.separate = Some(duration(value)?);
            Ok::<_, Wrong>(())
        },
    ),
];
