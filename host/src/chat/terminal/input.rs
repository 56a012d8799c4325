//! The meaning of a line that was typed on a terminal: a message, or a command that begins with
//! `/`.

use ws_echo_core::CloseCode;

use crate::chat::command::{MessageData, UserCommand};

/// The longest reason that fits a control frame (RFC 6455 section 5.5): 125 bytes, minus two for
/// the close code.
const REASON_LEN_MAX: usize = 123;

/// The commands, one on each line.
pub(super) const HELP: [&str; 6] = [
    "/ping                    send a Ping and show how long the Pong takes",
    "/close [CODE [REASON]]   close the connection; CODE is 1000 by default",
    "/binary HEX              send a binary message, such as /binary 00 ff",
    "/quit                    close with 1000, like Ctrl-D and Ctrl-C",
    "/help                    show this help",
    "//TEXT                   send a message that begins with /",
];

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Commands(Vec<UserCommand>),
    Help,
}

impl Input {
    /// Whether it can be done only while a connection is open.
    pub(super) fn needs_connection(&self) -> bool {
        let Self::Commands(commands) = self else {
            return false;
        };
        let needs =
            |command: &UserCommand| matches!(command, UserCommand::Send(..) | UserCommand::Ping);
        commands.iter().any(needs)
    }

    /// Whether it ends the chat.
    pub(super) fn is_end(&self) -> bool {
        let is_close = |command: &UserCommand| matches!(command, UserCommand::Close(..));
        matches!(self, Self::Commands(commands) if commands.iter().any(is_close))
    }
}

/// The lines of a text that was entered at once, at least one.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.strip_suffix('\n').unwrap_or(text).split('\n')
}

/// Whether a text would be rejected while no connection is open. An end of the chat is possible at
/// any time, whatever is before it.
pub(super) fn needs_connection(text: &str) -> bool {
    let mut needs_connection = false;
    for input in lines(text).filter_map(|line| parse(line).ok()) {
        if input.is_end() {
            return false;
        }
        needs_connection |= input.needs_connection();
    }
    needs_connection
}

/// Parses a line.
///
/// # Errors
///
/// What is wrong with the line, and what to write instead.
pub(super) fn parse(line: &str) -> Result<Input, String> {
    let Some(rest) = line.strip_prefix('/') else {
        return Ok(text(line));
    };
    if rest.starts_with('/') {
        return Ok(text(rest));
    }
    let (word, rest) = split_word(rest);
    match (word, rest) {
        ("binary", digits) => binary(digits),
        ("close", rest) => close(rest),
        ("help", "") => Ok(Input::Help),
        ("ping", "") => Ok(Input::Commands(vec![UserCommand::Ping])),
        ("quit", "") => close(""),
        ("help" | "ping" | "quit", _) => Err(format!(
            "/{word} takes no arguments; write /{line} to send it as a message"
        )),
        _ => Err(format!(
            "unknown command /{word}: see /help, or write /{line} to send it as a message"
        )),
    }
}

fn text(text: &str) -> Input {
    Input::Commands(MessageData::Text(text.into()).into_commands())
}

/// Splits a line after its first word.
fn split_word(line: &str) -> (&str, &str) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    (word, rest.trim())
}

fn binary(digits: &str) -> Result<Input, String> {
    let advice = "write bytes as pairs of hexadecimal digits, such as /binary 00 ff";
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let digits: Vec<u8> = digits.bytes().filter(|byte| *byte != b' ').collect();
    let (pairs, []) = digits.as_chunks::<2>() else {
        return Err(advice.into());
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = pairs.iter().map(|pair| {
        let byte = 16 * digit(pair[0])? + digit(pair[1])?;
        u8::try_from(byte).ok()
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    let payload = MessageData::Binary(bytes.ok_or(advice)?);
    Ok(Input::Commands(payload.into_commands()))
}

fn close(rest: &str) -> Result<Input, String> {
    let (code, reason) = split_word(rest);
    let code = if code.is_empty() {
        CloseCode::NORMAL
    } else {
        let code = code.parse().ok().and_then(CloseCode::new);
        code.ok_or("the code must be 1000 to 1003, 1007 to 1014 or 3000 to 4999")?
    };
    if reason.len() > REASON_LEN_MAX {
        let len = reason.len();
        return Err(format!(
            "the reason has {len} bytes; at most {REASON_LEN_MAX} are allowed"
        ));
    }
    Ok(Input::Commands(vec![UserCommand::Close(
        code,
        reason.into(),
    )]))
}

#[cfg(test)]
mod tests {
    use ws_echo_core::Fin;

    use super::*;

    fn command(line: &str) -> UserCommand {
        match parse(line) {
            Ok(Input::Commands(commands)) if commands.len() == 1 => commands[0].clone(),
            other => panic!("{line:?}: {other:?}"),
        }
    }

    fn text(text: &str) -> UserCommand {
        UserCommand::Send(MessageData::Text(text.into()), Fin::Last)
    }

    #[test]
    fn a_line_is_a_message_unless_it_begins_with_a_slash() {
        for line in ["hello", "", " /ping", "a/b", " "] {
            assert_eq!(command(line), text(line));
        }
    }

    #[test]
    fn a_text_has_lines_and_the_last_needs_no_line_feed() {
        let lines = |text| lines(text).collect::<Vec<_>>();
        assert_eq!(lines(""), [""]);
        assert_eq!(lines("\n"), [""]);
        assert_eq!(lines("a\n\nb"), ["a", "", "b"]);
        assert_eq!(lines("a\n\nb\n"), ["a", "", "b"]);
    }

    #[test]
    fn only_messages_and_pings_need_a_connection() {
        for text in ["", "a", "/binary 0", "/help\n/ping", "/binary 00"] {
            assert_eq!(needs_connection(text), text != "/binary 0", "{text:?}");
        }
        for text in ["/help", "/quit", "/close 1000", "/pong", "a\n/quit\nb"] {
            assert!(!needs_connection(text), "{text:?}");
        }
    }

    #[test]
    fn two_slashes_send_one() {
        assert_eq!(command("//ping"), text("/ping"));
        assert_eq!(command("//"), text("/"));
    }

    #[test]
    fn a_word_after_a_slash_is_a_command() {
        assert_eq!(command("/ping"), UserCommand::Ping);
        assert_eq!(command("/ping "), UserCommand::Ping);
        assert_eq!(parse("/help"), Ok(Input::Help));
        let normal = |reason: &str| UserCommand::Close(CloseCode::NORMAL, reason.into());
        assert_eq!(command("/quit"), normal(""));
        assert_eq!(command("/close"), normal(""));
        assert_eq!(command("/close 1000 bye, all"), normal("bye, all"));
        let code = CloseCode::new(4999).expect("a code");
        assert_eq!(
            command("/close 4999"),
            UserCommand::Close(code, String::new())
        );
    }

    #[test]
    fn binary_takes_pairs_of_hexadecimal_digits() {
        let binary = |bytes: &[u8]| UserCommand::Send(MessageData::Binary(bytes.into()), Fin::Last);
        assert_eq!(command("/binary 00 fF 7a"), binary(&[0, 255, 0x7A]));
        assert_eq!(command("/binary"), binary(&[]));
        assert_eq!(command("/binary 0x00ff"), binary(&[0, 255]));
    }

    #[test]
    fn an_error_says_what_to_write_instead() {
        for (line, advice) in [
            ("/binary 0", "such as /binary 00 ff"),
            ("/binary 0g", "such as /binary 00 ff"),
            ("/binary ß", "such as /binary 00 ff"),
            ("/close 999", "1000 to 1003"),
            ("/close 1005", "1000 to 1003"),
            ("/close bye", "1000 to 1003"),
            ("/close 66536", "1000 to 1003"),
            (
                "/ping me",
                "/ping takes no arguments; write //ping me to send it as a message",
            ),
            ("/quit 1", "/quit takes no arguments"),
            (
                "/Ping",
                "unknown command /Ping: see /help, or write //Ping to send it as a message",
            ),
            ("/", "/help"),
            ("/etc/passwd", "write //etc/passwd to send it"),
        ] {
            let message = parse(line).expect_err(line);
            assert!(message.contains(advice), "{line:?}: {message}");
        }
        let reason = "ß".repeat(62);
        let message = parse(&format!("/close 1000 {reason}")).expect_err("too long");
        assert_eq!(message, "the reason has 124 bytes; at most 123 are allowed");
    }
}
