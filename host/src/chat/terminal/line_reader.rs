//! The thread on which lines are typed: `rustyline` edits each, and its meaning goes to the
//! connection.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use mio::Waker;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};
use ws_echo_core::CloseCode;

use super::input::{self, Input};
use super::marks::Marks;
use super::screen::EditedLine;
use crate::chat::command::UserCommand;
use crate::escape::OneLine;

const PROMPT: &str = "> ";
/// How long the editor waits for the rest of a key sequence after an Escape, in milliseconds.
const ESCAPE_TIME_MS: u16 = 50;

/// A line editor that reports which line it edits.
pub(super) type LineEditor = Editor<Prompt, MemHistory>;

/// Makes an editor that keeps `edited` up to date.
pub(super) fn editor(edited: EditedLine) -> io::Result<LineEditor> {
    let config = Config::builder()
        .keyseq_timeout(Some(ESCAPE_TIME_MS))
        // Each line of a pasted text is a message.
        .bracketed_paste(false)
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
    /// Is dropped with the thread, which its receiver notices.
    pub(super) _running: Sender<()>,
}

impl LineReader {
    /// Reads lines to the end of the input.
    pub(super) fn run(self, mut editor: LineEditor, edited: &EditedLine) {
        loop {
            let line = editor.readline(PROMPT);
            edited.clear();
            let line = match line {
                Ok(line) => line,
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                    self.note(&"not sent: the line is not UTF-8");
                    continue;
                }
                Err(_) => break,
            };
            // A line is sent even if the history does not take it.
            let _ = editor.add_history_entry(line.as_str());
            self.take_line(&line);
        }
        // The end of the input, or Ctrl-C.
        self.send(UserCommand::Close(CloseCode::NORMAL, String::new()));
        drop(editor);
        edited.set("");
    }

    fn take_line(&self, line: &str) {
        match input::parse(line) {
            Ok(Input::Commands(commands)) => {
                commands.into_iter().for_each(|command| self.send(command));
            }
            Ok(Input::Help) => input::HELP.iter().for_each(|line| self.note(line)),
            Err(advice) => self.note(&OneLine(&advice)),
        }
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

/// Notices that a line is being edited: the editor asks for a hint before it draws the prompt.
pub(super) struct Prompt(EditedLine);

impl Hinter for Prompt {
    type Hint = String;

    fn hint(&self, line: &str, _: usize, _: &Context<'_>) -> Option<String> {
        self.0.set(line);
        None
    }
}

impl Completer for Prompt {
    type Candidate = String;
}

impl Highlighter for Prompt {}
impl Validator for Prompt {}
impl Helper for Prompt {}
