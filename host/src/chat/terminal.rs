//! A chat on a terminal: lines are edited, with a history, and what is received is shown above
//! them.
//!
//! `> ` marks what was sent, `< ` what was received, and `# ` what happened.

mod connected;
mod input;
mod job;
mod keys;
mod line_reader;
mod marks;
mod preview;
mod rows;
mod screen;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use mio::Waker;
use ws_echo_core::Fin;

use self::connected::Connected;
use self::keys::Keys;
use self::line_reader::LineReader;
use self::marks::Marks;
use self::preview::Preview;
use self::screen::{EditedLine, Screen};
use super::command::UserCommand;
use super::user::{ReceivedPiece, View};
use super::wire::{self, ShowLine};
use crate::platform::{self, TerminalMode};
use crate::stop_signal::StopSignal;

/// How often the editor is asked to end, and how long to wait each time.
const END_COUNT: usize = 50;
const END_TIME: Duration = Duration::from_millis(20);
/// Erases the line above the cursor, and everything after it.
const ERASE_PROMPT: &str = "\x1b[A\x1b[J";

/// A view for a person.
#[derive(Debug)]
pub(super) struct Terminal {
    /// Prints lines while others are typed; `None` once nothing is typed any longer.
    screen: Option<Screen>,
    marks: Marks,
    /// The message that is being received.
    receiving: Option<Preview>,
    editor: Option<EditorThread>,
    connected: Connected,
    stop: StopSignal,
}

/// The thread of the editor.
#[derive(Debug)]
struct EditorThread {
    edited: EditedLine,
    /// Is disconnected when the thread ends.
    ended: Receiver<()>,
    /// The mode that the shell has set.
    shell: TerminalMode,
}

impl Terminal {
    /// Starts to read lines. Their commands arrive at the receiver, and each wakes the poll.
    pub(super) fn start(
        waker: Arc<Waker>,
        stop: StopSignal,
        has_color: bool,
    ) -> io::Result<(Self, Receiver<UserCommand>)> {
        let marks = Marks { has_color };
        let edited = EditedLine::default();
        let mut editor = line_reader::editor(edited.clone())?;
        // Unbounded: nobody types fast enough to fill memory, and the thread of the editor must not
        // wait for a connection that waits for the screen (a deadlock).
        let (commands, receiver) = channel();
        let (running, ended) = channel();
        let connected = Connected::default();
        let reader = LineReader {
            marks,
            commands,
            waker,
            connected: connected.clone(),
            _running: running,
        };
        let builder = thread::Builder::new().name("terminal".into());
        let (screen, thread) = match editor.create_external_printer() {
            Ok(printer) => {
                let shell = TerminalMode::now();
                let screen = Screen::with_editor(Box::new(printer), edited.clone())?;
                let thread = EditorThread {
                    edited: edited.clone(),
                    ended,
                    shell: shell.clone(),
                };
                let keys = Keys::new(
                    connected.clone(),
                    screen.clone(),
                    edited.clone(),
                    marks,
                    shell.clone(),
                );
                builder.spawn(move || reader.edit(editor, keys, &edited, &shell))?;
                (screen, Some(thread))
            }
            // A terminal on which nothing can be edited, such as a shell in Emacs.
            Err(_) => {
                builder.spawn(move || reader.read_plainly(editor))?;
                (Screen::plain()?, None)
            }
        };
        let terminal = Self {
            screen: Some(screen),
            marks,
            receiving: None,
            editor: thread,
            connected,
            stop,
        };
        Ok((terminal, receiver))
    }

    /// Shows lines about what travels: on stderr, and above the line that is typed if that is the
    /// terminal.
    pub(super) fn show_line(&self) -> ShowLine {
        let marks = self.marks;
        match &self.screen {
            Some(screen) if io::stderr().is_terminal() => {
                let screen = screen.clone();
                Rc::new(move |line| screen.print(marks.wire(&line)))
            }
            _ => wire::on_stderr(),
        }
    }

    fn print(&self, line: String) {
        match &self.screen {
            Some(screen) => screen.print(line),
            None => {
                let _ = writeln!(io::stdout(), "{line}");
            }
        }
    }
}

impl View for Terminal {
    fn show(&mut self, piece: ReceivedPiece<'_>) -> io::Result<()> {
        let message = self.receiving.get_or_insert(Preview::new(piece.kind));
        message.push(piece.bytes);
        if piece.fin == Fin::Last
            && let Some(message) = self.receiving.take()
        {
            self.print(self.marks.message(&message.text()));
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end_message(&mut self) {
        if let Some(message) = self.receiving.take() {
            self.print(self.marks.message(&message.text()));
            self.note(&"the last message was cut off");
        }
    }

    fn note(&mut self, note: &dyn Display) {
        self.print(self.marks.note(note));
    }

    fn set_connected(&mut self, is_connected: bool) {
        self.connected.set(is_connected);
    }

    fn finish(&mut self) {
        if let Some(screen) = self.screen.take() {
            screen.finish();
        }
        self.stop.ignore();
        if let Some(editor) = self.editor.take() {
            editor.end();
        }
    }
}

impl EditorThread {
    /// Ends the editor, which restores the terminal's mode, and erases its prompt unless a text was
    /// typed after it.
    fn end(&self) {
        for _ in 0..END_COUNT {
            if self.ended.recv_timeout(END_TIME) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
            // A signal ends the editing of a line. Between two lines it has no effect, so it is
            // repeated.
            platform::interrupt();
        }
        self.shell.restore();
        if !self.edited.has_text() {
            let mut stdout = io::stdout();
            let _ = write!(stdout, "{ERASE_PROMPT}").and_then(|()| stdout.flush());
        }
    }
}
