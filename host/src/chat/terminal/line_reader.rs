//! The thread on which lines are typed: `rustyline` edits each, and its meaning goes to the
//! connection.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use mio::Waker;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, Config, Editor, Event, EventHandler, Helper};
use ws_echo_core::CloseCode;

use super::connected::{Connected, NOT_CONNECTED};
use super::input::{self, Input};
use super::job;
use super::keys::Keys;
use super::marks::Marks;
use super::rows::{PROMPT, Place};
use super::screen::{DrawnLine, EditedLine};
use crate::chat::command::UserCommand;
use crate::escape::OneLine;
use crate::platform::TerminalMode;

/// How long the editor waits for the rest of a key sequence after an Escape, in milliseconds: as
/// long as readline, for the sake of slow connections.
const ESCAPE_TIME_MS: u16 = 500;

/// A line editor that reports which line it edits.
pub(super) type LineEditor = Editor<Prompt, MemHistory>;

/// Makes an editor that keeps `edited` up to date.
pub(super) fn editor(edited: EditedLine) -> io::Result<LineEditor> {
    let config = Config::builder()
        .keyseq_timeout(Some(ESCAPE_TIME_MS))
        // Without colours `Prompt` would not be asked about each change. It adds none.
        .color_mode(ColorMode::Forced)
        .build();
    let history = MemHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history).map_err(io::Error::other)?;
    editor.set_helper(Some(Prompt(edited)));
    Ok(editor)
}

/// Reads lines, and sends what they mean.
pub(super) struct LineReader {
    pub(super) marks: Marks,
    pub(super) commands: Sender<UserCommand>,
    pub(super) waker: Arc<Waker>,
    pub(super) connected: Connected,
    /// Is dropped with the thread, which its receiver notices.
    pub(super) _running: Sender<()>,
}

/// The terminal's mode while keys are read. Between two lines it stays: in the shell's mode the
/// system would show what was typed ahead, cut it, and take keys of it for its own.
struct KeyMode<'a>(&'a TerminalMode);

impl<'a> KeyMode<'a> {
    fn set(shell: &'a TerminalMode) -> Self {
        shell.read_keys();
        Self(shell)
    }
}

impl Drop for KeyMode<'_> {
    fn drop(&mut self) {
        self.0.restore();
    }
}

impl LineReader {
    /// Reads lines that are edited, to the end of the input.
    pub(super) fn edit(
        self,
        mut editor: LineEditor,
        keys: Keys,
        edited: &EditedLine,
        shell: &TerminalMode,
    ) {
        let mode = KeyMode::set(shell);
        editor.bind_sequence(
            Event::Any,
            EventHandler::Conditional(Box::new(keys.clone())),
        );
        let mut unsent = String::new();
        loop {
            let line = editor.readline_with_initial(PROMPT, (&unsent, ""));
            edited.clear();
            let Some(line) = self.read(line) else {
                break;
            };
            unsent.clear();
            let Some(line) = line else {
                keys.reset();
                continue;
            };
            // A line is sent even if the history does not take it.
            let _ = editor.add_history_entry(line.as_str());
            unsent = self.take_lines(&line);
            if !unsent.is_empty() && keys.are_pasting() {
                unsent.push('\n');
            }
        }
        drop(mode);
        self.end();
        drop(editor);
        edited.set(DrawnLine {
            len: 0,
            cursor: 0,
            columns: 0,
            end: Place::after_prompt(0),
        });
    }

    /// Reads lines that the terminal edits, to the end of the input. Without a prompt: it would be
    /// before what is shown next.
    pub(super) fn read_plainly(self, mut editor: LineEditor) {
        while let Some(line) = self.read(editor.readline("")) {
            if let Some(line) = line {
                self.take_lines(&line);
            }
        }
        self.end();
    }

    /// The line that was read, unless it cannot be sent; `None` at the end of the input, and after
    /// Ctrl-C.
    fn read(&self, line: rustyline::Result<String>) -> Option<Option<String>> {
        match line {
            Ok(line) => Some(Some(line)),
            Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                self.note(&"not sent: the line is not UTF-8");
                Some(None)
            }
            Err(_) => None,
        }
    }

    /// Does what lines mean. Returns those that could not be sent.
    fn take_lines(&self, text: &str) -> String {
        let mut unsent = Vec::new();
        for line in input::lines(text) {
            match input::parse(line) {
                Ok(input) if input.needs_connection() && !self.connected.get() => {
                    unsent.push(line);
                }
                Ok(input) => {
                    let is_end = input.is_end();
                    self.take(input);
                    if is_end {
                        return String::new();
                    }
                }
                Err(advice) => self.note(&OneLine(&advice)),
            }
        }
        if !unsent.is_empty() {
            self.note(&NOT_CONNECTED);
        }
        unsent.join("\n")
    }

    fn take(&self, input: Input) {
        match input {
            Input::Commands(commands) => {
                commands.into_iter().for_each(|command| self.send(command));
            }
            Input::Help => input::HELP.iter().for_each(|line| self.note(line)),
        }
    }

    /// The end of the input, or Ctrl-C.
    fn end(&self) {
        self.send(UserCommand::Close(CloseCode::NORMAL, String::new()));
    }

    fn send(&self, command: UserCommand) {
        // The receiver lives as long as the process. If a wake fails, the next command tries again.
        let _ = self.commands.send(command);
        let _ = self.waker.wake();
    }

    /// Prints a notice between two edits, when the screen prints nothing. Through the screen it
    /// would appear only at the next prompt.
    fn note(&self, note: &dyn Display) {
        let _ = writeln!(io::stdout(), "{}", self.marks.note(note));
    }
}

/// Notices that a line is being edited: the editor asks how to highlight it before it draws it.
pub(super) struct Prompt(EditedLine);

impl Highlighter for Prompt {
    /// Returns whether the whole line has to be drawn, and not only what is new.
    fn highlight_char(&self, line: &str, cursor: usize, _: CmdKind) -> bool {
        let columns = job::columns();
        let before = self.0.get();
        let drawn = DrawnLine {
            len: line.len(),
            cursor,
            columns,
            end: end(line, columns, before),
        };
        self.0.set(drawn);
        let Some(before) = before else {
            return false;
        };
        // The same line is drawn again: the editor has noticed another size, too.
        let is_same = (before.len, before.cursor) == (drawn.len, cursor);
        if is_same && before.columns != columns {
            job::erase_resized(line, cursor, before.columns, columns);
        }
        // The editor ends a row that is full with a line feed. Only if it draws all of the line
        // does the terminal know that the rows belong together.
        drawn.len > before.len && before.end.is_full(before.columns)
    }
}

/// Where a line ends. Of a line that was only made longer, what is new is looked at.
fn end(line: &str, columns: u16, before: Option<DrawnLine>) -> Place {
    if let Some(before) = before
        && before.columns == columns
        && before.cursor == before.len
        && let Some(new) = line.get(before.len..)
    {
        return before.end.after(new, columns);
    }
    Place::after_prompt(columns).after(line, columns)
}

impl Hinter for Prompt {
    type Hint = String;
}

impl Completer for Prompt {
    type Candidate = String;
}

impl Validator for Prompt {}
impl Helper for Prompt {}
