//! A client that does nothing wrong, beside those that load a server.

use std::time::{Duration, Instant};

use super::connection::Connection;
use super::talk::{Ended, Talk};
use crate::check::answer::{Answer, pong_back, text_back};
use crate::check::frame::{self, Frame};
use crate::check::target::Target;
use crate::client::waiter::SocketPoll;

/// Its connection.
pub(crate) struct Witness<'a> {
    talk: Talk<'a>,
    /// Whether messages come back; otherwise Pings are sent.
    echoes: bool,
    count: u64,
    /// How long it waits for anything.
    limit: Duration,
}

impl<'a> Witness<'a> {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// Why it is not open in time, in words.
    pub(crate) fn open(
        poll: &'a mut SocketPoll,
        target: &Target<'_>,
        limit: Duration,
    ) -> Result<Self, String> {
        let connection = Connection::open(poll, target).map_err(|error| error.to_string())?;
        let deadline = Instant::now() + limit;
        let opened = Talk::open(connection, target, deadline);
        let (talk, _) = opened.map_err(|error| error.to_string())?;
        Ok(Self {
            talk,
            echoes: !target.options.no_echo,
            count: 0,
            limit,
        })
    }

    /// Sends a message, waits for its echo, and returns how long that took.
    ///
    /// # Errors
    ///
    /// What came instead, in words.
    pub(crate) fn round_trip(&mut self) -> Result<Duration, String> {
        self.count += 1;
        let payload = format!("message {} of another client", self.count);
        let (frame, answer): (Frame, Answer) = match self.echoes {
            true => (frame::text(payload.clone()), text_back(payload)),
            false => (frame::ping(payload.clone()), pong_back(payload)),
        };
        let start = Instant::now();
        let deadline = start + self.limit;
        self.talk.answers.clear();
        self.talk.send(&frame, deadline)?;
        // Others may be a greeting.
        self.talk
            .wait(deadline, |answers| answers.contains(&answer));
        if self.talk.answers.contains(&answer) {
            return Ok(start.elapsed());
        }
        Err(match self.talk.ended {
            Some(Ended::Close) => "the server sent it a Close".into(),
            Some(Ended::Tcp) => "the server ended its connection".into(),
            None => {
                let limit = self.limit.as_millis();
                format!("nothing came back to it within {limit} ms")
            }
        })
    }
}
