//! What keys do that the line editor does not do by itself: pasted text, ends of lines, lines that
//! cannot be sent, and Ctrl-Z.
//!
//! A terminal brackets what is pasted (`ESC [ 200 ~` and `ESC [ 201 ~`), so nothing in it is taken
//! for a command of the editor. Each line of it is entered as if it were typed.

use std::mem;
use std::sync::{Arc, Mutex};

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, Modifiers, RepeatCount,
};

use super::connected::{Connected, NOT_CONNECTED};
use super::marks::Marks;
use super::screen::{EditedLine, Screen};
use super::{input, job};
use crate::lock::lock;
use crate::platform::TerminalMode;

/// Enters the line, wherever the cursor is in it.
const ENTER: Cmd = Cmd::AcceptOrInsertLine {
    accept_in_the_middle: true,
};

/// Handles every key before the editor does.
#[derive(Clone)]
pub(super) struct Keys {
    state: Arc<Mutex<KeyState>>,
    connected: Connected,
    screen: Screen,
    edited: EditedLine,
    marks: Marks,
    /// The mode that the shell has set.
    mode: TerminalMode,
}

/// What the keys before mean for the next one.
#[derive(Debug, Default)]
struct KeyState {
    /// What was pasted and is not in the line yet; `None` when nothing is being pasted.
    paste: Option<Paste>,
    /// Whether the last key was a carriage return.
    is_after_return: bool,
    /// Whether the last key was to enter a line that could not be sent.
    is_after_rejection: bool,
}

/// A text that is being pasted.
#[derive(Debug, Default)]
struct Paste {
    text: String,
    /// Whether the text is to stay in the line, with its ends of lines, because it could not be
    /// sent.
    stays: bool,
    /// Whether the line is complete and has to be entered at the next key: one key is one command.
    is_line_complete: bool,
}

/// A key, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Text(char),
    Return,
    LineFeed,
    PasteStart,
    PasteEnd,
    Interrupt,
    Suspend,
    Other,
}

/// What a key does.
#[derive(Debug, PartialEq, Eq)]
enum Action {
    /// What it does in the line editor.
    Default,
    Nothing,
    Insert(String),
    Enter,
    /// Say that the line cannot be sent. It stays.
    Reject,
    Suspend,
}

/// What the editor shows when a key is pressed.
#[derive(Clone, Copy, Debug)]
struct Shown<'a> {
    is_connected: bool,
    line: &'a str,
    /// Where in the line the cursor is, in bytes.
    cursor: usize,
}

impl Keys {
    pub(super) fn new(
        connected: Connected,
        screen: Screen,
        edited: EditedLine,
        marks: Marks,
        mode: TerminalMode,
    ) -> Self {
        Self {
            state: Arc::default(),
            connected,
            screen,
            edited,
            marks,
            mode,
        }
    }

    /// Forgets the keys before. The end of what is being pasted may be lost.
    pub(super) fn reset(&self) {
        *lock(&self.state) = KeyState::default();
    }

    /// Whether more of a pasted text follows.
    pub(super) fn are_pasting(&self) -> bool {
        lock(&self.state).paste.is_some()
    }
}

impl ConditionalEventHandler for Keys {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, now: &EventContext) -> Option<Cmd> {
        let shown = Shown {
            is_connected: self.connected.get(),
            line: now.line(),
            cursor: now.pos(),
        };
        let action = lock(&self.state).next(Key::of(*event.get(0)?), shown);
        match action {
            Action::Default => None,
            Action::Nothing => Some(Cmd::Noop),
            Action::Insert(text) => Some(Cmd::Insert(1, text)),
            Action::Enter => Some(ENTER),
            Action::Reject => {
                self.screen
                    .print_if_possible(self.marks.note(&NOT_CONNECTED));
                Some(Cmd::Noop)
            }
            Action::Suspend => {
                job::suspend(&self.mode, shown.line, shown.cursor);
                // What was drawn is not where it was.
                self.edited.clear();
                Some(Cmd::Repaint)
            }
        }
    }
}

impl Key {
    fn of(KeyEvent(code, modifiers): KeyEvent) -> Self {
        match (code, modifiers) {
            (KeyCode::Char(character), Modifiers::NONE) => Self::Text(character),
            // Nothing can be completed, so a tab is text.
            (KeyCode::Tab, Modifiers::NONE) | (KeyCode::Char('I'), Modifiers::CTRL) => {
                Self::Text('\t')
            }
            (KeyCode::Enter, Modifiers::NONE) | (KeyCode::Char('M'), Modifiers::CTRL) => {
                Self::Return
            }
            (KeyCode::Char('J'), Modifiers::CTRL) => Self::LineFeed,
            (KeyCode::Char('C'), Modifiers::CTRL) => Self::Interrupt,
            (KeyCode::Char('Z'), Modifiers::CTRL) if cfg!(unix) => Self::Suspend,
            (KeyCode::BracketedPasteStart, _) => Self::PasteStart,
            (KeyCode::BracketedPasteEnd, _) => Self::PasteEnd,
            _ => Self::Other,
        }
    }
}

impl KeyState {
    fn next(&mut self, key: Key, shown: Shown<'_>) -> Action {
        let is_after_rejection = mem::take(&mut self.is_after_rejection);
        let is_after_return = mem::replace(&mut self.is_after_return, key == Key::Return);
        // What is entered after a line that could not be sent is another line.
        let is_new_line = is_after_rejection
            && shown.cursor == shown.line.len()
            && !shown.line.is_empty()
            && !shown.line.ends_with('\n');
        match (key, &mut self.paste) {
            // A carriage return and a line feed are one end of a line.
            (Key::LineFeed, _) if is_after_return => {
                self.is_after_rejection = is_after_rejection;
                Action::Nothing
            }
            // It works whatever is lost of a pasted text.
            (Key::Interrupt, paste) => {
                *paste = None;
                Action::Default
            }
            (Key::PasteStart, Some(_)) => Action::Nothing,
            (Key::PasteStart, paste @ None) => {
                *paste = Some(Paste::after(if is_new_line { "\n" } else { "" }));
                Action::Nothing
            }
            (Key::PasteEnd, paste) => paste.take().map_or(Action::Nothing, Paste::end),
            (key, Some(paste)) => paste.next(key, shown.is_connected),
            (Key::Return | Key::LineFeed, None) => {
                let is_sent = shown.is_connected || !input::needs_connection(shown.line);
                self.is_after_rejection = !is_sent;
                if is_sent {
                    Action::Default
                } else {
                    Action::Reject
                }
            }
            (Key::Text(character), None) if is_new_line => Action::Insert(format!("\n{character}")),
            (Key::Text('\t'), None) => Action::Insert("\t".into()),
            (Key::Suspend, None) => Action::Suspend,
            (Key::Text(_) | Key::Other, None) => Action::Default,
        }
    }
}

impl Paste {
    fn after(text: &str) -> Self {
        Self {
            text: text.into(),
            stays: !text.is_empty(),
            is_line_complete: false,
        }
    }

    fn next(&mut self, key: Key, is_connected: bool) -> Action {
        self.stays |= !is_connected;
        match key {
            Key::Text(character) => {
                self.text.push(character);
                self.complete_line()
            }
            Key::Return | Key::LineFeed if self.stays => {
                self.text.push('\n');
                self.complete_line()
            }
            // Only a line feed is missing in the line.
            Key::Return | Key::LineFeed if self.text.is_empty() => Action::Enter,
            Key::Return | Key::LineFeed => {
                self.is_line_complete = true;
                Action::Insert(mem::take(&mut self.text))
            }
            // A control character: nothing can show it.
            _ => Action::Nothing,
        }
    }

    /// Enters the line before, if that is still to be done.
    fn complete_line(&mut self) -> Action {
        if mem::take(&mut self.is_line_complete) {
            Action::Enter
        } else {
            Action::Nothing
        }
    }

    fn end(self) -> Action {
        if self.is_line_complete {
            Action::Enter
        } else if self.text.is_empty() {
            Action::Nothing
        } else {
            Action::Insert(self.text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each key does, with an empty line.
    fn actions(is_connected: bool, keys: &[Key]) -> Vec<Action> {
        let mut state = KeyState::default();
        let shown = Shown {
            is_connected,
            line: "",
            cursor: 0,
        };
        keys.iter().map(|key| state.next(*key, shown)).collect()
    }

    fn insert(text: &str) -> Action {
        Action::Insert(text.into())
    }

    #[test]
    fn a_carriage_return_a_line_feed_or_both_end_a_line() {
        let keys = [Key::Return, Key::LineFeed, Key::LineFeed, Key::Return];
        let expected = [
            Action::Default,
            Action::Nothing,
            Action::Default,
            Action::Default,
        ];
        assert_eq!(actions(true, &keys), expected);
    }

    #[test]
    fn each_line_of_a_pasted_text_is_entered_and_the_rest_stays() {
        let keys = [
            Key::PasteStart,
            Key::Text('a'),
            Key::Suspend,
            Key::Return,
            Key::Return,
            Key::Text('\t'),
            Key::LineFeed,
            Key::Text('c'),
            Key::PasteEnd,
            Key::Text('d'),
        ];
        let expected = [
            Action::Nothing,
            Action::Nothing,
            Action::Nothing,
            insert("a"),
            // "a" is entered, and the empty line after it is complete.
            Action::Enter,
            Action::Enter,
            insert("\t"),
            Action::Enter,
            insert("c"),
            Action::Default,
        ];
        assert_eq!(actions(true, &keys), expected);

        let keys = [
            Key::PasteStart,
            Key::Text('a'),
            Key::Return,
            Key::PasteEnd,
            Key::PasteEnd,
        ];
        let expected = [
            Action::Nothing,
            Action::Nothing,
            insert("a"),
            Action::Enter,
            Action::Nothing,
        ];
        assert_eq!(actions(true, &keys), expected);
    }

    #[test]
    fn a_text_that_is_pasted_without_a_connection_stays_with_its_lines() {
        let keys = [
            Key::PasteStart,
            Key::Text('a'),
            Key::Return,
            Key::LineFeed,
            Key::Text('b'),
            Key::LineFeed,
            Key::PasteEnd,
        ];
        let actions = actions(false, &keys);
        assert_eq!(actions.last(), Some(&insert("a\nb\n")));
        assert!(actions[..6].iter().all(|action| *action == Action::Nothing));
    }

    #[test]
    fn what_is_typed_after_a_line_that_could_not_be_sent_is_another_line() {
        let mut state = KeyState::default();
        let shown = |line| Shown {
            is_connected: false,
            line,
            cursor: 1,
        };
        assert_eq!(state.next(Key::Return, shown("a")), Action::Reject);
        assert_eq!(state.next(Key::LineFeed, shown("a")), Action::Nothing);
        assert_eq!(state.next(Key::Text('b'), shown("a")), insert("\nb"));
        assert_eq!(state.next(Key::Text('c'), shown("a")), Action::Default);
        // A line that is edited stays one line.
        assert_eq!(state.next(Key::Return, shown("a")), Action::Reject);
        assert_eq!(state.next(Key::Other, shown("a")), Action::Default);
        assert_eq!(state.next(Key::Text('b'), shown("a")), Action::Default);
        // So does one with the cursor in it.
        assert_eq!(state.next(Key::Return, shown("ab")), Action::Reject);
        assert_eq!(state.next(Key::Text('b'), shown("ab")), Action::Default);
        assert_eq!(state.next(Key::Return, shown("/quit")), Action::Default);
    }

    #[test]
    fn an_interrupt_ends_a_paste() {
        let keys = [
            Key::PasteStart,
            Key::Text('a'),
            Key::Interrupt,
            Key::Text('b'),
        ];
        let expected = [
            Action::Nothing,
            Action::Nothing,
            Action::Default,
            Action::Default,
        ];
        assert_eq!(actions(true, &keys), expected);
    }
}
