//! What is recorded of one connection: lines are made here, and written by the recorder's thread.
//! Nothing here waits.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use crate::recording::{
    Close, Control, End, EndedBy, FORMAT, Invalid, Line, Message, MessageKind, Missing, Payload,
    Request, Response, Side, Value, seconds,
};
use crate::serve::peer::Peer;
use crate::serve::tap::gathered::{Budget, Reserved};
use crate::serve::tap::head::Head;
use crate::serve::tap::messages::{CLOSE, Found, PING, WholeMessage, close};
use crate::serve::tap::record_file::RecordFile;
use crate::serve::tap::recorder::Recorder;
use crate::utc::Utc;

/// The recording of a connection.
#[derive(Debug)]
pub(super) struct ConnectionRecording {
    recorder: Arc<Recorder>,
    start: Instant,
    /// The same moment.
    time: SystemTime,
    peer: Peer,
    /// `None` if the system does not say.
    local: Option<Peer>,
    state: State,
    /// Lines that there was no room for in the queue since the last one.
    missing: u64,
}

#[derive(Debug)]
enum State {
    /// Nothing has travelled yet.
    Waiting,
    Recording(Arc<RecordFile>),
    /// Nothing more is recorded.
    Over,
}

impl ConnectionRecording {
    /// A recording of a connection that begins now.
    pub(super) fn new(recorder: Arc<Recorder>, peer: Peer, local: Option<Peer>) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "only the moment is shown; times in the file are measured from `start`"
        )]
        let time = SystemTime::now();
        Self {
            recorder,
            start: Instant::now(),
            time,
            peer,
            local,
            state: State::Waiting,
            missing: 0,
        }
    }

    /// Whether nothing more is recorded.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    #[cfg(test)]
    pub(super) fn recorder(&self) -> Arc<Recorder> {
        self.recorder.clone()
    }

    /// The memory for messages.
    pub(super) fn budget(&self) -> Arc<Budget> {
        self.recorder.budget()
    }

    /// The head of a request or of the response. The first head is a request.
    pub(super) fn head(&mut self, side: Side, head: &Head) {
        let headers = head.headers.clone();
        match side {
            Side::Client => {
                let [method, target, version] = head.first_line.clone();
                let local = self.local.map(|local| local.to_string());
                self.begin(Line::Request(Request {
                    format: FORMAT,
                    time: Utc(self.time).to_string(),
                    peer: self.peer.to_string(),
                    local: local.unwrap_or_default(),
                    method,
                    target,
                    version,
                    headers,
                }));
            }
            Side::Server => {
                let (after, status) = (self.after(), head.status());
                self.write(Line::Response(Response {
                    after,
                    status,
                    headers,
                }));
            }
        }
    }

    /// What was found after the heads.
    pub(super) fn found(&mut self, from: Side, found: Found<'_>) {
        let after = self.after();
        match found {
            Found::Frame(..) => {}
            Found::Control(CLOSE, payload) => {
                let (code, reason) = close(payload);
                let reason = Value::new(reason);
                self.write(Line::Close(Close {
                    after,
                    from,
                    code,
                    reason,
                }));
            }
            Found::Control(opcode, payload) => {
                let payload = Payload::Bytes(payload.to_vec());
                let control = Control {
                    after,
                    from,
                    payload,
                };
                self.write(match opcode {
                    PING => Line::Ping(control),
                    _ => Line::Pong(control),
                });
            }
            Found::Message(message) => {
                let (message, reserved) = line(after, from, message);
                self.queue(Line::Message(message), Some(reserved));
            }
            Found::Invalid(fault, payload) => {
                let payload = Payload::Bytes(payload.to_vec());
                self.write(Line::Invalid(Invalid {
                    after,
                    from,
                    reason: fault.into(),
                    payload,
                }));
            }
        }
    }

    /// The end of the connection. Its line finds room even if others do not.
    pub(super) fn end(&mut self, by: EndedBy, reason: &str) {
        let (after, reason) = (self.after(), reason.into());
        let missing = (self.missing > 0).then(|| self.missing_line());
        let state = std::mem::replace(&mut self.state, State::Over);
        if let State::Recording(file) = state {
            let end = Line::End(End { after, by, reason });
            for line in missing.into_iter().chain([end]) {
                self.recorder.queue_last(&file, line);
            }
        }
    }

    fn missing_line(&self) -> Line {
        let (after, lines) = (self.after(), self.missing);
        Line::Missing(Missing { after, lines })
    }

    fn after(&self) -> f64 {
        seconds(self.start.elapsed())
    }

    /// Begins a file with this line, if there may be one more.
    fn begin(&mut self, line: Line) {
        self.state = match self.recorder.begin(self.time, self.peer, line) {
            Some(file) => State::Recording(file),
            None => State::Over,
        };
    }

    fn write(&mut self, line: Line) {
        self.queue(line, None);
    }

    /// Queues a line, after one that says how many there was no room for.
    fn queue(&mut self, line: Line, reserved: Option<Reserved>) {
        let State::Recording(file) = &self.state else {
            return;
        };
        if self.missing > 0 {
            if !self.recorder.queue(file, self.missing_line(), None) {
                self.missing += 1;
                return;
            }
            self.missing = 0;
        }
        if !self.recorder.queue(file, line, reserved) {
            self.missing += 1;
        }
    }
}

/// The line of a message, and the memory that it takes.
pub(super) fn line(after: f64, from: Side, message: WholeMessage) -> (Message, Reserved) {
    let (mut bytes, reserved) = message.gathered.into_parts();
    let has_all_bytes = bytes.len() as u64 == message.len;
    let has_all_frames = message.frames.len() as u64 == message.frame_count;
    let is_text = message.kind == MessageKind::Text && !message.is_compressed;
    if is_text && !has_all_bytes {
        bytes.truncate(whole_characters(&bytes));
    }
    let payload = if is_text {
        Payload::text(bytes)
    } else {
        Payload::Bytes(bytes)
    };
    let is_truncated = !(has_all_bytes && has_all_frames);
    let line = Message {
        after,
        from,
        kind: message.kind,
        payload,
        frames: message.frames,
        is_compressed: message.is_compressed,
        is_truncated,
        len: is_truncated.then_some(message.len),
    };
    (line, reserved)
}

/// The length without the beginning of a character at the end.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}
