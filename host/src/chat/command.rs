//! What the user wants from a connection, whether it was typed on a terminal or read from a pipe.

use ws_echo_core::{CloseCode, Fin, Message};

use crate::client::stream::FRAGMENT_LEN_MAX;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UserCommand {
    /// Send the next fragment of a message, or all of it: at most [`FRAGMENT_LEN_MAX`] bytes.
    Send(MessageData, Fin),
    /// Send a Ping.
    Ping,
    /// Close, with this code and reason.
    Close(CloseCode, String),
    /// The input has ended: wait for replies, then close.
    End,
    /// The input cannot be sent, for this reason: close.
    Fail(String),
}

/// A message, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MessageData {
    Text(String),
    Binary(Vec<u8>),
}

impl MessageData {
    /// The same, borrowed, for the core.
    pub(super) fn as_message(&self) -> Message<'_> {
        match self {
            Self::Text(text) => Message::Text(text),
            Self::Binary(bytes) => Message::Binary(bytes),
        }
    }

    /// The commands that send a message of any length, at least one.
    pub(super) fn into_commands(mut self) -> Vec<UserCommand> {
        let mut commands = Vec::new();
        while let Some(rest) = self.split_off() {
            commands.push(UserCommand::Send(self, Fin::More));
            self = rest;
        }
        commands.push(UserCommand::Send(self, Fin::Last));
        commands
    }

    /// Splits off what is too long for one frame, without cutting a character.
    fn split_off(&mut self) -> Option<Self> {
        match self {
            Self::Text(text) if text.len() > FRAGMENT_LEN_MAX => {
                let end = text.floor_char_boundary(FRAGMENT_LEN_MAX);
                Some(Self::Text(text.split_off(end)))
            }
            Self::Binary(bytes) if bytes.len() > FRAGMENT_LEN_MAX => {
                Some(Self::Binary(bytes.split_off(FRAGMENT_LEN_MAX)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_message_that_is_too_long_for_a_frame_is_fragmented() {
        let whole = MessageData::Binary(vec![7; FRAGMENT_LEN_MAX]);
        let commands = whole.clone().into_commands();
        assert_eq!(commands, [UserCommand::Send(whole.clone(), Fin::Last)]);

        let longer = MessageData::Binary(vec![7; FRAGMENT_LEN_MAX + 1]).into_commands();
        let rest = MessageData::Binary(vec![7]);
        let expected = [
            UserCommand::Send(whole, Fin::More),
            UserCommand::Send(rest, Fin::Last),
        ];
        assert_eq!(longer, expected);
    }

    #[test]
    fn an_empty_message_is_one_frame() {
        let empty = MessageData::Text(String::new());
        let commands = empty.clone().into_commands();
        assert_eq!(commands, [UserCommand::Send(empty, Fin::Last)]);
    }

    #[test]
    fn no_character_is_split_between_fragments() {
        let text = format!("a{}", "ß".repeat(FRAGMENT_LEN_MAX));
        let mut joined = String::new();
        for command in MessageData::Text(text.clone()).into_commands() {
            let UserCommand::Send(MessageData::Text(part), _) = command else {
                panic!("a part of the text");
            };
            assert!(part.len() <= FRAGMENT_LEN_MAX);
            joined.push_str(&part);
        }
        assert_eq!(joined, text);
    }
}
