//! What travels on a connection, in words (`--verbose`): the lines of the handshake, and each frame
//! in both directions, with the time.
//!
//! It is read from the bytes, below the core and above TLS: the core returns messages, and not the
//! frames that they came in.

mod frames;
mod head;

use std::fmt::{self, Debug, Display, Formatter};
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::time::Instant;

use self::frames::{Frames, Sender};
use self::head::{Head, HeadEvent};
use crate::client::stream::ByteStream;

/// Shows a line, which is safe for a terminal.
pub(super) type ShowLine = Rc<dyn Fn(String)>;

/// Shows what travels, on one connection after the other.
#[derive(Clone)]
pub(super) struct WireLog {
    /// What the times are counted from.
    start: Instant,
    show: ShowLine,
}

/// A stream whose bytes are shown.
struct Watched {
    byte_stream: Box<dyn ByteStream>,
    sent: Watcher,
    received: Watcher,
}

/// One direction of a stream.
struct Watcher {
    log: WireLog,
    sender: Sender,
    state: WatcherState,
}

/// What the next byte belongs to.
enum WatcherState {
    /// A request or a response.
    Head(Head),
    Frames(Frames),
    /// Nothing that is shown: the content of a refusal, or what follows the end of the stream.
    Nothing,
}

/// Shows lines on stderr, which may be gone.
pub(super) fn on_stderr() -> ShowLine {
    Rc::new(|line| drop(writeln!(io::stderr(), "{line}")))
}

impl WireLog {
    /// Shows lines with the time since `start`.
    pub(super) fn new(start: Instant, show: ShowLine) -> Self {
        Self { start, show }
    }

    /// A stream that does the same, and whose bytes are shown: first a handshake, then frames.
    pub(super) fn watch(&self, byte_stream: Box<dyn ByteStream>) -> Box<dyn ByteStream> {
        let watcher = |sender, head| Watcher {
            log: self.clone(),
            sender,
            state: WatcherState::Head(head),
        };
        Box::new(Watched {
            byte_stream,
            sent: watcher(Sender::Client, Head::of_request()),
            received: watcher(Sender::Server, Head::of_response()),
        })
    }

    fn show(&self, sender: Sender, what: &dyn Display) {
        let direction = match sender {
            Sender::Client => "sent",
            Sender::Server => "received",
        };
        let time = self.start.elapsed().as_millis();
        (self.show)(format!("+{time} ms  {direction:<8}  {what}"));
    }
}

impl Debug for WireLog {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("WireLog");
        debug.field("start", &self.start).finish_non_exhaustive()
    }
}

impl Watcher {
    /// Shows what these bytes complete.
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.state {
                WatcherState::Head(head) => match head.take(&mut bytes) {
                    Some(HeadEvent::Line(line)) => self.log.show(self.sender, &line),
                    Some(HeadEvent::FramesFollow) => {
                        self.state = WatcherState::Frames(Frames::of(self.sender));
                    }
                    Some(HeadEvent::ContentFollows) => self.state = WatcherState::Nothing,
                    None => {}
                },
                WatcherState::Frames(frames) => {
                    if let Some(frame) = frames.take(&mut bytes) {
                        self.log.show(self.sender, &frame);
                    }
                }
                WatcherState::Nothing => return,
            }
        }
    }

    /// Shows that no more bytes follow.
    fn end(&mut self) {
        if !matches!(self.state, WatcherState::Nothing) {
            self.log.show(self.sender, &"end of the stream");
            self.state = WatcherState::Nothing;
        }
    }
}

impl Read for Watched {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let len = self.byte_stream.read(bytes)?;
        match bytes.get(..len) {
            Some([]) | None => self.received.end(),
            Some(read) => self.received.take(read),
        }
        Ok(len)
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.byte_stream.write(bytes)?;
        self.sent.take(bytes.get(..len).unwrap_or_default());
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.byte_stream.flush()
    }
}

#[cfg(test)]
mod tests;
