//! The file of a connection's recording, and the lines on their way to it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};

use crate::recording::{Headers, Line, Value};
use crate::serve::tap::gathered::Reserved;

/// What every line takes, with the longest payload of a control frame.
pub(super) const LINE_WEIGHT: usize = 512;
/// What a header takes besides its bytes.
const HEADER_WEIGHT: usize = 128;

/// An entry of the writing thread's queue.
#[derive(Debug)]
pub(super) enum Entry {
    Line {
        file: Arc<RecordFile>,
        line: Box<Line>,
        /// What it [weighs](weight).
        weight: usize,
        /// Held until the line is written.
        reserved: Option<Reserved>,
    },
    /// A request to answer when everything before it is written.
    Flush(SyncSender<()>),
}

/// The file of a connection. It is made with its first line, and closed when neither the connection
/// nor the queue needs it.
#[derive(Debug)]
pub(super) struct RecordFile {
    /// The name, without its ending.
    pub(super) name: String,
    /// Only the writing thread locks it.
    pub(super) state: Mutex<FileState>,
}

/// The state of a connection's file.
#[derive(Debug)]
pub(super) enum FileState {
    NotMade,
    /// It has this many bytes.
    Open(File, u64),
    /// Nothing more is written to it.
    Over,
}

/// Makes a file that only its owner may read.
pub(super) fn make_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// About the memory that a line takes in the queue, in bytes, at least: without the payload of a
/// message, which has memory of its own.
pub(super) fn weight(line: &Line) -> usize {
    let more = match line {
        Line::Request(request) => headers_weight(&request.headers),
        Line::Response(response) => headers_weight(&response.headers),
        Line::Message(message) => message.frames.len() * size_of::<u64>(),
        _ => 0,
    };
    LINE_WEIGHT + more
}

fn headers_weight(headers: &Headers) -> usize {
    let len = |value: &Value| value.bytes().unwrap_or_default().len();
    let weights = headers
        .iter()
        .map(|(name, value)| HEADER_WEIGHT + len(name) + len(value));
    weights.sum()
}
