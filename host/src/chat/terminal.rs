//! A chat on a terminal: lines are edited, with a history, and what comes is shown above them.
//!
//! `> ` marks what was sent, `< ` what came, and `# ` what happened.

mod input;
mod screen;

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use mio::Waker;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};
use ws_echo_core::{CloseCode, Fin, Kind};

use self::input::Input;
use self::screen::{EditedLine, Screen};
use super::command::UserCommand;
use super::stop_signal::StopSignal;
use super::user::{ReceivedPiece, View};
use crate::escape::OneLine;
use crate::hex;
use crate::platform;

const PROMPT: &str = "> ";
/// How many bytes of a message are shown, and of a binary one.
const TEXT_LEN_MAX: usize = 1000;
const BINARY_LEN_MAX: usize = 32;
/// How long an Escape is waited for to be the beginning of a key, in milliseconds.
const ESCAPE_TIME_MS: u16 = 50;

/// How often the editor is told to end, and how long each time is waited for that.
const END_COUNT: usize = 50;
const END_TIME: Duration = Duration::from_millis(20);
/// The line above, and nothing from there on.
const ERASE_PROMPT: &str = "\x1b[A\x1b[J";

const CYAN: &str = "\x1b[36m";
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// A view that a person reads.
#[derive(Debug)]
pub(super) struct Terminal {
    /// Where lines go as long as others are typed.
    screen: Option<Screen>,
    marks: Marks,
    /// The message that is coming.
    coming: Option<Preview>,
    editing: Option<EditorThread>,
    stop: StopSignal,
}

/// The editor's thread.
#[derive(Debug)]
struct EditorThread {
    edited: EditedLine,
    /// Is disconnected when it ends.
    ended: Receiver<()>,
}

impl Terminal {
    /// Begins to read lines. What they mean is received by the other end, and wakes the poll.
    pub(super) fn start(
        waker: Arc<Waker>,
        stop: StopSignal,
        has_color: bool,
    ) -> io::Result<(Self, Receiver<UserCommand>)> {
        let marks = Marks { has_color };
        let config = Config::builder()
            .keyseq_timeout(Some(ESCAPE_TIME_MS))
            // Each line of what is pasted is a message.
            .bracketed_paste(false)
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history).map_err(io::Error::other)?;
        let edited = EditedLine::default();
        editor.set_helper(Some(Prompt(edited.clone())));
        // Without a bound, which nobody types up to: who types must not wait for who waits for the screen.
        let (commands, receiver) = channel();
        let (running, ended) = channel();
        let (screen, editing) = match editor.create_external_printer() {
            Ok(printer) => {
                let screen = Screen::with_editor(Box::new(printer), edited.clone())?;
                let edited = edited.clone();
                (screen, Some(EditorThread { edited, ended }))
            }
            // A terminal on which nothing can be edited, such as a shell in Emacs.
            Err(_) => (Screen::plain()?, None),
        };
        let typist = LineReader {
            marks,
            commands,
            waker,
            _running: running,
        };
        let thread = thread::Builder::new().name("terminal".into());
        thread.spawn(move || typist.edit(editor, &edited))?;
        let terminal = Self {
            screen: Some(screen),
            marks,
            coming: None,
            editing,
            stop,
        };
        Ok((terminal, receiver))
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
        let coming = self.coming.get_or_insert(Preview::new(piece.kind));
        coming.push(piece.bytes);
        if piece.fin == Fin::Last
            && let Some(message) = self.coming.take()
        {
            self.print(self.marks.message(&message.text()));
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self) {
        if let Some(message) = self.coming.take() {
            self.print(self.marks.message(&message.text()));
            self.note(&"the last message was cut off");
        }
    }

    fn note(&mut self, note: &dyn Display) {
        self.print(self.marks.note(note));
    }

    fn finish(&mut self) {
        if let Some(screen) = self.screen.take() {
            screen.finish();
        }
        self.stop.ignore();
        if let Some(editing) = self.editing.take() {
            editing.end();
        }
    }
}

impl EditorThread {
    /// Ends the editor, which sets the terminal up as it was, and erases its prompt unless something stands
    /// behind it.
    fn end(&self) {
        for _ in 0..END_COUNT {
            if self.ended.recv_timeout(END_TIME) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
            // A signal ends the editing of a line. Between two lines nobody notices it.
            platform::interrupt();
        }
        if !self.edited.has_text() {
            let mut stdout = io::stdout();
            let _ = write!(stdout, "{ERASE_PROMPT}").and_then(|()| stdout.flush());
        }
    }
}

/// What stands at the start of a line, and how that looks.
#[derive(Clone, Copy, Debug)]
struct Marks {
    has_color: bool,
}

impl Marks {
    fn message(self, text: &str) -> String {
        if self.has_color {
            format!("{CYAN}<{PLAIN} {text}")
        } else {
            format!("< {text}")
        }
    }

    fn note(self, note: &dyn Display) -> String {
        if self.has_color {
            format!("{DIM}# {note}{PLAIN}")
        } else {
            format!("# {note}")
        }
    }
}

/// The beginning of a message.
#[derive(Debug)]
struct Preview {
    kind: Kind,
    bytes: Vec<u8>,
    /// The length of the whole message, as far as it has come.
    len: u64,
}

impl Preview {
    fn new(kind: Kind) -> Self {
        let (bytes, len) = (Vec::new(), 0);
        Self { kind, bytes, len }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        let len_max = match self.kind {
            Kind::Text => TEXT_LEN_MAX,
            Kind::Binary => BINARY_LEN_MAX,
        };
        let room = len_max.saturating_sub(self.bytes.len());
        self.bytes.extend(&bytes[..bytes.len().min(room)]);
    }

    /// The message in words: escaped, on one line, and with how much of it is not shown.
    fn text(&self) -> String {
        let Self { kind, bytes, len } = self;
        let left_out = |shown: usize| match len - shown as u64 {
            0 => String::new(),
            left_out => format!("… (+{left_out} B)"),
        };
        match kind {
            Kind::Binary => {
                let digits = hex::digits(bytes);
                format!("binary, {len} B: 0x{digits}{}", left_out(bytes.len()))
            }
            Kind::Text => {
                // The last character may be cut; all before are whole.
                let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
                format!("{}{}", OneLine(text), left_out(text.len()))
            }
        }
    }
}

/// What reads lines, and tells what they mean.
struct LineReader {
    marks: Marks,
    commands: Sender<UserCommand>,
    waker: Arc<Waker>,
    /// Goes with the thread.
    _running: Sender<()>,
}

impl LineReader {
    fn edit(self, mut editor: Editor<Prompt, MemHistory>, edited: &EditedLine) {
        loop {
            let line = editor.readline(PROMPT);
            edited.clear();
            let line = match line {
                Ok(line) => line,
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                    self.note(&"not taken: this is not UTF-8");
                    continue;
                }
                Err(_) => break,
            };
            // A line that the history does not take can be sent all the same.
            let _ = editor.add_history_entry(line.as_str());
            self.obey(&line);
        }
        // The end of the input, or Ctrl-C.
        self.send(UserCommand::Close(CloseCode::NORMAL, String::new()));
        drop(editor);
        edited.set("");
    }

    fn obey(&self, line: &str) {
        match input::read(line) {
            Ok(Input::Commands(commands)) => commands.into_iter().for_each(|it| self.send(it)),
            Ok(Input::Help) => input::HELP.iter().for_each(|line| self.note(line)),
            Err(advice) => self.note(&OneLine(&advice)),
        }
    }

    fn send(&self, command: UserCommand) {
        // The other end goes with the process, and whoever waits is woken at the latest by the next
        // command.
        let _ = self.commands.send(command);
        let _ = self.waker.wake();
    }

    /// Says something between two lines, when nothing else is printed. To wait among what is printed would
    /// be to wait for the next line.
    fn note(&self, note: &dyn Display) {
        let _ = writeln!(io::stdout(), "{}", self.marks.note(note));
    }
}

/// Notices that a line is being edited: before it draws the prompt, the editor asks for a hint.
struct Prompt(EditedLine);

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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Kind, pieces: &[&[u8]]) -> String {
        let mut message = Preview::new(kind);
        pieces.iter().for_each(|piece| message.push(piece));
        message.text()
    }

    #[test]
    fn a_text_is_shown_on_one_line_and_cut_when_it_is_long() {
        assert_eq!(
            shown(Kind::Text, &[b"a\n", b"\x1b[2J", b""]),
            r"a\n\u{1b}[2J"
        );
        assert_eq!(shown(Kind::Text, &[]), "");
        let long = [&b"x"[..], "ß".repeat(1000).as_bytes()].concat();
        let expected = format!("x{}… (+1002 B)", "ß".repeat(499));
        assert_eq!(shown(Kind::Text, &[&long]), expected);
        let pieces: Vec<&[u8]> = long.chunks(1).collect();
        assert_eq!(shown(Kind::Text, &pieces), expected);
    }

    #[test]
    fn a_binary_message_is_shown_as_its_length_and_hex_and_cut_when_it_is_long() {
        let binary = |pieces: &[&[u8]]| shown(Kind::Binary, pieces);
        assert_eq!(binary(&[b"\0", b"\xff"]), "binary, 2 B: 0x00ff");
        assert_eq!(binary(&[]), "binary, 0 B: 0x");
        let expected = format!("binary, 100 B: 0x{}… (+68 B)", "2a".repeat(32));
        assert_eq!(binary(&[&[42; 50], &[42; 50]]), expected);
    }

    #[test]
    fn colours_are_only_where_they_are_wanted() {
        let marks = |has_color| Marks { has_color };
        assert_eq!(marks(false).message("a"), "< a");
        assert_eq!(marks(false).note(&"a"), "# a");
        assert_eq!(marks(true).message("a"), "\x1b[36m<\x1b[0m a");
        assert_eq!(marks(true).note(&"a"), "\x1b[2m# a\x1b[0m");
    }
}
