//! The log of a running server, line by line.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::server::PATIENCE;

/// The lines that a server has logged so far.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    text: Mutex<String>,
    grown: Condvar,
}

impl Log {
    /// Reads lines to the end of the stream, on a thread of its own.
    pub fn read(&self, stream: impl Read + Send + 'static) -> thread::JoinHandle<()> {
        let lines = self.lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { return };
                let mut text = lines.text.lock().expect("no test has panicked here");
                text.push_str(&line);
                text.push('\n');
                lines.grown.notify_all();
            }
        })
    }

    /// All lines so far.
    pub fn text(&self) -> String {
        self.lines
            .text
            .lock()
            .expect("no test has panicked here")
            .clone()
    }

    /// Waits for a line that contains `wanted`, and returns the line.
    ///
    /// # Panics
    ///
    /// If there is none in time.
    pub fn wait_for(&self, wanted: &str) -> String {
        let line_of = |text: &str| {
            text.lines()
                .find(|it| it.contains(wanted))
                .map(str::to_owned)
        };
        let lines = &self.lines;
        let text = lines.text.lock().expect("no test has panicked here");
        let waited = lines
            .grown
            .wait_timeout_while(text, PATIENCE, |text| line_of(text).is_none());
        let (text, _) = waited.expect("no test has panicked here");
        line_of(&text).unwrap_or_else(|| panic!("{wanted:?} is not in the log:\n{text}"))
    }
}
