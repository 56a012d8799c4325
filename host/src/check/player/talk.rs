//! A connection on which nothing is done wrong: frames are sent, and answers waited for.

use std::fmt::{self, Display, Formatter};
use std::time::Instant;

use super::connection::{Connection, Moved};
use super::opening::{self, Opening};
use crate::check::answer::Answer;
use crate::check::frame::{self, Frame, Role};
use crate::check::http::Head;
use crate::check::received::{FrameReader, Meaning};
use crate::check::target::Target;
use crate::escape::Untrusted;

/// An open connection to a server.
pub(crate) struct Talk<'a> {
    connection: Connection<'a>,
    reader: FrameReader,
    /// What came and was not cleared.
    pub(crate) answers: Vec<Answer>,
    pub(crate) ended: Option<Ended>,
}

/// How a server has ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Close,
    Tcp,
}

/// Why there is no open connection.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// The request could not be sent.
    NotSent(String),
    /// What came was no response.
    NoResponse { why: String, received: Vec<u8> },
    /// The first line of a response with another status.
    Refused(String),
}

impl Display for NotOpened {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) | Self::NoResponse { why, .. } => f.write_str(why),
            Self::Refused(line) => write!(f, "the server answered {}", Untrusted::excerpt(line)),
        }
    }
}

impl<'a> Talk<'a> {
    /// Opens a WebSocket connection before a deadline. Returns also the head of the response.
    pub(crate) fn open(
        mut connection: Connection<'a>,
        target: &Target<'_>,
        deadline: Instant,
    ) -> Result<(Self, Head), NotOpened> {
        let request = Opening::new().request(target, &[]);
        opening::send_all(&mut connection, request.as_bytes(), deadline)
            .map_err(NotOpened::NotSent)?;
        let mut received = Vec::new();
        let head = match opening::receive_head(&mut connection, &mut received, deadline) {
            Ok(head) => head,
            Err(why) => return Err(NotOpened::NoResponse { why, received }),
        };
        if head.status() != Some(101) {
            return Err(NotOpened::Refused(head.first_line));
        }
        let mut reader = FrameReader::new(Role::Server, None);
        reader.receive(&received);
        let talk = Self {
            connection,
            reader,
            answers: Vec::new(),
            ended: None,
        };
        Ok((talk, head))
    }

    /// Sends a frame.
    ///
    /// # Errors
    ///
    /// Why it was not sent, in words.
    pub(crate) fn send(&mut self, frame: &Frame, deadline: Instant) -> Result<(), String> {
        let bytes = frame.bytes(Role::Server);
        opening::send_all(&mut self.connection, &bytes, deadline)
    }

    /// Receives until `is_enough` of the answers, until a deadline, or until the end.
    pub(crate) fn wait(&mut self, until: Instant, is_enough: impl Fn(&[Answer]) -> bool) {
        let mut bytes = Vec::new();
        loop {
            while let Some((_, meaning)) = self.reader.next_frame() {
                match meaning {
                    Some(Meaning::Answer(answer)) => self.answers.push(answer),
                    Some(Meaning::Ping(payload)) => {
                        // If this fails, the next read says why.
                        let _ = self.send(&frame::pong(payload), until);
                    }
                    Some(Meaning::Close(_)) => self.ended = Some(Ended::Close),
                    None => {}
                }
            }
            if self.ended.is_some() || is_enough(&self.answers) || Instant::now() >= until {
                return;
            }
            bytes.clear();
            match self.connection.read(&mut bytes) {
                Moved::Bytes(_) => self.reader.receive(&bytes),
                Moved::Nothing => self.connection.wait(until),
                Moved::End => self.ended = Some(Ended::Tcp),
            }
        }
    }
}
