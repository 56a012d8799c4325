//! A recording as a script, read line by line: what to send, and what to expect.

use std::collections::VecDeque;
use std::io::BufRead;
use std::time::Duration;

use ws_echo_core::{Deflate, Kind};

use super::inflation::Inflation;
use super::outgoing::Outgoing;
use super::seen::{Content, Seen};
use crate::recording::reader::{ReadError, Reader};
use crate::recording::{
    Close, End, EndedBy, Line, Message, MessageKind, Payload, Request, Response,
};
use crate::recording::{Side, Value};

/// How many Pings of the server may wait for their Pongs.
const PINGS_MAX: usize = 64;

/// A recording behind its handshake.
#[derive(Debug)]
pub(super) struct Script<R> {
    reader: Reader<R>,
    /// The number of the last line that was read, from 1.
    line: u64,
    /// When the response was sent, from the start of the recording.
    opened_at: f64,
    from_server: Inflation,
    from_client: Inflation,
    /// How compressed messages of the client are sent.
    form: Form,
    /// The Pings of the server that have no Pong yet.
    pings: VecDeque<Vec<u8>>,
    has_server_closed: bool,
    has_ended: bool,
    pub(super) remarks: Remarks,
}

/// The handshake of a recording.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) request: Request,
    pub(super) response: Response,
}

/// How compressed messages of the client are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As they were recorded.
    Recorded,
    /// As what they inflate to.
    Plain,
}

/// What the user should know of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Remarks {
    /// Messages that are sent as far as they were recorded.
    pub(super) truncated: u64,
    /// Messages that were compressed and are sent plain.
    pub(super) plain: u64,
    /// Why the rest of the recording cannot be played, if that is so.
    pub(super) obstacle: Option<Obstacle>,
    /// Whether the recording ends before the connection, or there is an obstacle.
    pub(super) is_cut_off: bool,
}

/// Why the rest of a recording cannot be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Lines are missing, and what follows depends on them.
    Gap,
    /// The client has sent what no client may send. It is not recorded in full.
    OfClient,
    /// The server has sent what no server may send. No client goes on then.
    OfServer,
}

/// What happened next in a recording.
#[derive(Debug)]
pub(super) struct Step {
    /// The number of its line.
    pub(super) line: u64,
    /// When it happened, from the response on.
    pub(super) after: Duration,
    pub(super) action: Action,
}

/// What is done in a step.
#[derive(Debug)]
pub(super) enum Action {
    /// The client has sent this.
    Send(Outgoing),
    /// The client has sent a message that cannot be sent again.
    Skip,
    /// The server has sent this.
    Expect(Seen),
    /// The client has ended the connection.
    End,
}

impl<R: BufRead> Script<R> {
    /// Reads the handshake of a recording.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub(super) fn open(input: R) -> Result<(Handshake, Self), ReadError> {
        let mut reader = Reader::new(input);
        let wrong = |line, reason: &str| Err(ReadError::Line(line, reason.into()));
        let request = match reader.next().transpose()? {
            Some(Line::Request(request)) => request,
            _ => return Err(ReadError::NoRequest),
        };
        let response = match reader.next().transpose()? {
            Some(Line::Response(response)) => response,
            Some(_) => return wrong(2, "there is no response to the request"),
            None => return wrong(2, "the recording ends before the response"),
        };
        let script = Self {
            reader,
            line: 2,
            opened_at: response.after,
            from_server: Inflation::new(None),
            from_client: Inflation::new(None),
            form: Form::Recorded,
            pings: VecDeque::new(),
            has_server_closed: false,
            has_ended: false,
            remarks: Remarks::default(),
        };
        Ok((Handshake { request, response }, script))
    }

    /// Sets which compression was agreed on in the recording, and how compressed messages of the
    /// client are sent.
    pub(super) fn set_compression(&mut self, recorded: Option<Deflate>, form: Form) {
        self.from_server = Inflation::new(recorded.map(|deflate| deflate.server));
        self.from_client = Inflation::new(recorded.map(|deflate| deflate.client));
        self.form = form;
    }

    /// The next step; `None` at the end.
    ///
    /// # Errors
    ///
    /// Why the recording cannot be read any further.
    pub(super) fn next_step(&mut self) -> Result<Option<Step>, ReadError> {
        while let Some(line) = self.next_line()? {
            let after = (line.after() - self.opened_at).max(0.0);
            let Some(action) = self.action(line) else {
                continue;
            };
            return Ok(Some(Step {
                line: self.line,
                after: Duration::try_from_secs_f64(after).unwrap_or(Duration::MAX),
                action,
            }));
        }
        // A server that was killed has not written the end.
        self.remarks.is_cut_off |= !self.has_ended;
        Ok(None)
    }

    /// The next line; `None` at the end, and at an obstacle.
    fn next_line(&mut self) -> Result<Option<Line>, ReadError> {
        if self.remarks.obstacle.is_some() {
            return Ok(None);
        }
        let line = self.reader.next().transpose()?;
        self.line += u64::from(line.is_some());
        self.remarks.obstacle = match &line {
            Some(Line::Missing(_)) => Some(Obstacle::Gap),
            Some(Line::Invalid(invalid)) if invalid.from == Side::Client => {
                Some(Obstacle::OfClient)
            }
            _ => None,
        };
        Ok(line.filter(|_| self.remarks.obstacle.is_none()))
    }

    /// What a line means; `None` if nothing is done.
    fn action(&mut self, line: Line) -> Option<Action> {
        match line {
            Line::Message(message) => Some(match message.from {
                Side::Client => self.message_of_client(message),
                Side::Server => Action::Expect(self.message_of_server(message)),
            }),
            Line::Ping(ping) if ping.from == Side::Client => {
                Some(Action::Send(Outgoing::ping(into_bytes(ping.payload))))
            }
            Line::Ping(ping) => {
                if self.pings.len() == PINGS_MAX {
                    self.pings.pop_front();
                }
                self.pings.push_back(into_bytes(ping.payload));
                None
            }
            Line::Pong(pong) if pong.from == Side::Client => {
                self.pong_of_client(into_bytes(pong.payload))
            }
            Line::Close(close) => self.close(&close),
            Line::Invalid(invalid) => Some(Action::Expect(self.violation(invalid.reason))),
            Line::End(end) => self.end(end),
            Line::Pong(_) | Line::Request(_) | Line::Response(_) | Line::Missing(_) => None,
        }
    }

    fn message_of_client(&mut self, message: Message) -> Action {
        let kind = kind(message.kind);
        let is_compressed = message.is_compressed;
        let (frames, truncated) = (message.frames, message.is_truncated);
        let mut payload = into_bytes(message.payload);
        if is_compressed {
            let inflated = match truncated {
                true => None,
                false => self.from_client.inflate(kind, &payload),
            };
            return match (inflated, self.form) {
                (None, _) if truncated => {
                    self.from_client.skip();
                    Action::Skip
                }
                (None, _) => Action::Skip,
                (Some(_), Form::Recorded) => {
                    Action::Send(Outgoing::message(kind, payload, &frames, true))
                }
                (Some(inflated), Form::Plain) => {
                    self.remarks.plain += 1;
                    Action::Send(Outgoing::message(kind, inflated, &[], false))
                }
            };
        }
        if truncated {
            self.remarks.truncated += 1;
            if kind == Kind::Text {
                keep_whole_characters(&mut payload);
            }
        }
        Action::Send(Outgoing::message(kind, payload, &frames, false))
    }

    fn message_of_server(&mut self, message: Message) -> Seen {
        let kind = kind(message.kind);
        let payload = into_bytes(message.payload);
        let content = match (message.is_truncated, message.is_compressed) {
            (true, is_compressed) => {
                if is_compressed {
                    self.from_server.skip();
                }
                Content::Unknown("truncated in the recording")
            }
            (false, false) if kind == Kind::Text && str::from_utf8(&payload).is_err() => {
                return self.violation("text is not UTF-8".into());
            }
            (false, false) => Content::Known(payload),
            (false, true) => match self.from_server.inflate(kind, &payload) {
                Some(inflated) => Content::Known(inflated),
                None => Content::Unknown("cannot be inflated in the recording"),
            },
        };
        Seen::Message(kind, content)
    }

    /// What no server may send is the last thing that is expected.
    fn violation(&mut self, reason: String) -> Seen {
        self.remarks.obstacle = Some(Obstacle::OfServer);
        Seen::Violation(reason)
    }

    /// A Pong that answers a Ping is sent when a Ping comes. It answers those before it too.
    fn pong_of_client(&mut self, payload: Vec<u8>) -> Option<Action> {
        match self.pings.iter().rposition(|ping| *ping == payload) {
            Some(position) => {
                self.pings.drain(..=position);
                None
            }
            None => Some(Action::Send(Outgoing::pong(payload))),
        }
    }

    fn end(&mut self, end: End) -> Option<Action> {
        // Otherwise the connection went on.
        self.has_ended = end.by != EndedBy::Recorder;
        match end.by {
            EndedBy::Client => Some(Action::End),
            EndedBy::Server if !self.has_server_closed => {
                Some(Action::Expect(Seen::End(end.reason)))
            }
            EndedBy::Server | EndedBy::Recorder => None,
        }
    }

    /// The answer to a Close of the server is sent when that comes.
    fn close(&mut self, close: &Close) -> Option<Action> {
        match close.from {
            Side::Server => {
                self.has_server_closed = true;
                let reason = reason(&close.reason);
                Some(Action::Expect(Seen::Close(close.code, reason)))
            }
            Side::Client if self.has_server_closed => None,
            Side::Client => {
                let reason = close.reason.bytes().unwrap_or_default();
                Some(Action::Send(Outgoing::close(close.code, reason)))
            }
        }
    }
}

fn kind(kind: MessageKind) -> Kind {
    match kind {
        MessageKind::Text => Kind::Text,
        MessageKind::Binary => Kind::Binary,
    }
}

fn into_bytes(payload: Payload) -> Vec<u8> {
    match payload {
        Payload::Text(text) => text.into_bytes(),
        Payload::Bytes(bytes) => bytes,
    }
}

fn reason(value: &Value) -> String {
    String::from_utf8_lossy(value.bytes().unwrap_or_default()).into_owned()
}

/// Removes a part of a character at the end of a text that was cut.
fn keep_whole_characters(text: &mut Vec<u8>) {
    if let Err(error) = str::from_utf8(text)
        && error.error_len().is_none()
    {
        text.truncate(error.valid_up_to());
    }
}

#[cfg(test)]
mod tests;
