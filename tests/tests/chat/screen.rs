//! A program in a pseudo-terminal: keys as input, and the visible screen as output.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use vt100::{Color, Parser};
use ws_echo_tests::server::{PATIENCE, wait};

const ROWS: NonZero<u16> = NonZero::new(40).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(100).unwrap();
/// What the editor writes when it has drawn its line.
const UPDATE_END: &[u8] = b"\x1b[?2026l";

/// A program and its terminal.
pub(crate) struct Screen {
    child: Child,
    keyboard: File,
    /// The terminal's modes before the program started.
    modes: LocalModes,
    seen: Arc<Output>,
    reader: JoinHandle<()>,
}

struct Output {
    parser: Mutex<Parser>,
    /// What was written since the last change of the size.
    bytes: Mutex<Vec<u8>>,
    changed: Condvar,
}

/// The result of a program in a terminal: its exit status, and the visible lines.
#[derive(Debug, PartialEq)]
pub(crate) struct ScreenOutcome {
    pub(crate) status: Option<i32>,
    pub(crate) lines: Vec<String>,
}

impl Screen {
    /// Starts a program with the terminal as its stdin, stdout and stderr.
    pub(crate) fn start(command: &mut Command) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        tcsetwinsize(&keyboard, window(COLUMNS)).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = rustix::fs::open(name, flags, Mode::empty()).unwrap();
        let modes = tcgetattr(&terminal).unwrap().local_modes;
        let stdio = || terminal.try_clone().unwrap();
        let command = command.stdin(stdio()).stdout(stdio());
        let child = command.stderr(stdio()).spawn().unwrap();
        // So that the output ends when the child ends.
        command.stdin(Stdio::null());
        command.stdout(Stdio::null());
        command.stderr(Stdio::null());
        drop(terminal);
        let seen = Arc::new(Output {
            parser: Mutex::new(Parser::new(ROWS, COLUMNS, 0)),
            bytes: Mutex::default(),
            changed: Condvar::new(),
        });
        let keyboard = File::from(keyboard);
        let reader = read(keyboard.try_clone().unwrap(), Arc::clone(&seen));
        Self {
            child,
            keyboard,
            modes,
            seen,
            reader,
        }
    }

    /// Gives the terminal another width, and waits until the program has drawn its line again. As
    /// most terminals do, this one wraps its lines anew, and the cursor stays behind the last
    /// character.
    pub(crate) fn resize(&self, columns: NonZero<u16>) {
        let mut parser = self.seen.parser.lock().unwrap();
        let mut contents = parser.screen().contents().trim_end().replace('\n', "\r\n");
        if parser.screen().cursor_position().1 == 0 {
            contents += "\r\n";
        }
        *parser = Parser::new(ROWS, columns, 0);
        parser.process(contents.as_bytes());
        self.seen.bytes.lock().unwrap().clear();
        tcsetwinsize(&self.keyboard, window(columns)).unwrap();
        drop(parser);
        // The system does that for a terminal that controls its processes.
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", "WINCH", &id]).status();
        assert!(sent.unwrap().success());
        let has_drawn = |_: &[String]| self.seen.bytes.lock().unwrap().ends_with(UPDATE_END);
        self.wait_until("the end of an update", has_drawn);
    }

    /// Types keys.
    pub(crate) fn keys(&mut self, keys: impl AsRef<[u8]>) {
        self.keyboard.write_all(keys.as_ref()).unwrap();
    }

    /// Types a line.
    pub(crate) fn line(&mut self, line: &str) {
        self.keys(line);
        self.keys("\r");
    }

    /// Waits until the screen shows this line.
    pub(crate) fn wait_for(&self, line: &str) {
        self.wait_until(line, |lines| lines.iter().any(|it| it == line));
    }

    /// Waits until the screen shows this many lines that contain this text.
    pub(crate) fn wait_for_texts(&self, text: &str, count: usize) {
        let is_one = |line: &&String| line.contains(text);
        self.wait_until(text, |lines| lines.iter().filter(is_one).count() >= count);
    }

    /// Waits until the screen shows these lines, and no others.
    pub(crate) fn wait_for_all(&self, expected: &[&str]) {
        self.wait_until(&expected.join("\n"), |lines| lines == expected);
    }

    fn wait_until(&self, what: &str, is_so: impl Fn(&[String]) -> bool) {
        let parser = self.seen.parser.lock().unwrap();
        let is_missing = |parser: &mut Parser| !is_so(&lines(parser));
        let changed = &self.seen.changed;
        let waited = changed.wait_timeout_while(parser, PATIENCE, is_missing);
        let (parser, result) = waited.unwrap();
        assert!(
            !result.timed_out(),
            "{what:?} is not in {:#?}",
            lines(&parser)
        );
    }

    /// Whether anything is shown in another colour, or fainter, than the rest.
    pub(crate) fn has_color(&self) -> bool {
        let parser = self.seen.parser.lock().unwrap();
        let places = (0..ROWS.get()).flat_map(|row| (0..COLUMNS.get()).map(move |at| (row, at)));
        let mut cells = places.filter_map(|(row, column)| parser.screen().cell(row, column));
        cells.any(|cell| cell.dim() || cell.fgcolor() != Color::Default)
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the program's end, which must restore the terminal.
    pub(crate) fn wait(mut self) -> ScreenOutcome {
        let status = wait(&mut self.child).code();
        self.reader.join().unwrap();
        let modes = tcgetattr(&self.keyboard).unwrap().local_modes;
        assert_eq!(modes, self.modes, "the terminal is set up as before");
        let lines = lines(&self.seen.parser.lock().unwrap());
        ScreenOutcome { status, lines }
    }
}

fn window(columns: NonZero<u16>) -> Winsize {
    Winsize {
        ws_row: ROWS.get(),
        ws_col: columns.get(),
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// The lines that are not empty.
fn lines(parser: &Parser) -> Vec<String> {
    let contents = parser.screen().contents();
    let lines = contents.lines().map(|line| line.trim_end().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

fn read(mut terminal: File, seen: Arc<Output>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        // When no process has the terminal open any longer, a read fails.
        while let Ok(len @ 1..) = terminal.read(&mut bytes) {
            let mut parser = seen.parser.lock().unwrap();
            parser.process(&bytes[..len]);
            seen.bytes.lock().unwrap().extend(&bytes[..len]);
            drop(parser);
            seen.changed.notify_all();
        }
    })
}
