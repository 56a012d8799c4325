//! Reads a recording, line by line. A file that is cut off, because the server was killed or the
//! disk is full, ends with its last whole line.

use std::fmt::{self, Display, Formatter};
use std::io::{self, BufRead, ErrorKind, Read as _};

use super::{FORMAT, Line};

/// The longest line that is read, in bytes. The server writes shorter ones.
const LINE_LEN_MAX: u64 = 64 << 20;

/// The lines of a recording. The first one is a request, and no other is. After an error there are
/// no more.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: R,
    /// The number of the last line that was read.
    number: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    /// The last line is not whole.
    CutOff,
}

/// Why a recording cannot be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    Io(io::Error),
    /// The file has no whole line.
    Empty,
    /// The first line is not a request.
    NoRequest,
    /// The recording has another format.
    Format(u32),
    /// What is wrong in the line with this number, counted from 1.
    Line(u64, String),
}

impl Display for ReadError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => match error.kind() {
                ErrorKind::NotFound => write!(formatter, "there is no such file"),
                ErrorKind::IsADirectory => {
                    write!(formatter, "it is a folder: write a file that is in it")
                }
                _ => write!(formatter, "{error}"),
            },
            Self::Empty => write!(formatter, "no recording: it has no whole line"),
            Self::NoRequest => write!(
                formatter,
                "no recording: line 1 is not a request; write a file that ws-echo --record has made"
            ),
            Self::Format(format) => write!(
                formatter,
                "recorded in format {format}, and this program reads format {FORMAT}"
            ),
            Self::Line(number, reason) => write!(formatter, "line {number}: {reason}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl<R: BufRead> Reader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            number: 0,
            state: State::Reading,
        }
    }

    /// Whether the last line was cut off. Known at the end.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.state == State::CutOff
    }

    /// The next line; `None` at the end, or where the file is cut off.
    fn read(&mut self) -> Result<Option<Line>, ReadError> {
        let mut bytes = Vec::new();
        let mut bounded = (&mut self.input).take(LINE_LEN_MAX);
        let len = bounded
            .read_until(b'\n', &mut bytes)
            .map_err(ReadError::Io)?;
        let is_first = self.number == 0;
        self.number += 1;
        let is_whole = bytes.last() == Some(&b'\n');
        if !is_whole && len as u64 == LINE_LEN_MAX {
            let reason = format!("longer than {LINE_LEN_MAX} bytes");
            return Err(ReadError::Line(self.number, reason));
        }
        if len == 0 {
            return if is_first {
                Err(ReadError::Empty)
            } else {
                Ok(None)
            };
        }
        match serde_json::from_slice(&bytes) {
            Ok(line) => self.checked(line).map(Some),
            Err(_) if !is_whole && is_first => Err(ReadError::Empty),
            Err(_) if !is_whole => {
                self.state = State::CutOff;
                Ok(None)
            }
            Err(error) => Err(self.wrong(&bytes, &error)),
        }
    }

    fn checked(&self, line: Line) -> Result<Line, ReadError> {
        match &line {
            Line::Request(request) if request.format != FORMAT => {
                Err(ReadError::Format(request.format))
            }
            Line::Request(_) if self.number > 1 => {
                Err(ReadError::Line(self.number, "a second request".into()))
            }
            Line::Request(_) => Ok(line),
            _ if self.number == 1 => Err(ReadError::NoRequest),
            _ if !(0.0..).contains(&line.after()) => Err(ReadError::Line(
                self.number,
                "a time before the start".into(),
            )),
            _ => Ok(line),
        }
    }

    /// What is wrong in a whole line that cannot be read. A later format may have other lines.
    fn wrong(&self, bytes: &[u8], error: &serde_json::Error) -> ReadError {
        let value: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
        let field = |name| value.as_ref().and_then(|value| value.get(name));
        let format = field("format").and_then(serde_json::Value::as_u64);
        match format.and_then(|format| u32::try_from(format).ok()) {
            Some(format) if self.number == 1 && format != FORMAT => ReadError::Format(format),
            _ if self.number == 1 && field("type").is_none() => ReadError::NoRequest,
            _ => ReadError::Line(self.number, error.to_string()),
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Line, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state != State::Reading {
            return None;
        }
        let read = self.read().transpose();
        if !matches!(read, Some(Ok(_))) && self.state == State::Reading {
            self.state = State::Ended;
        }
        read
    }
}
