//! A client that does nothing wrong, beside those that load a server.

use std::time::{Duration, Instant};

use super::connection::{Connection, Moved};
use super::opening::{self, Opening};
use crate::check::answer::{Answer, pong_back, text_back};
use crate::check::frame::{self, Frame, Role};
use crate::check::received::{FrameReader, Meaning};
use crate::check::target::Target;
use crate::client::waiter::SocketPoll;

/// Its connection.
pub(crate) struct Witness<'a> {
    connection: Connection<'a>,
    reader: FrameReader,
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
        let mut connection = Connection::open(poll, target).map_err(|error| error.to_string())?;
        let deadline = Instant::now() + limit;
        let request = Opening::new().request(target, &[]);
        opening::send_all(&mut connection, request.as_bytes(), deadline)?;
        let mut received = Vec::new();
        let head = opening::receive_head(&mut connection, &mut received, deadline)?;
        if head.status() != Some(101) {
            return Err(format!("the server answered {}", head.first_line));
        }
        let mut reader = FrameReader::new(Role::Server, None);
        reader.receive(&received);
        Ok(Self {
            connection,
            reader,
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
        opening::send_all(&mut self.connection, &frame.bytes(Role::Server), deadline)?;
        self.wait_for(&answer, deadline)?;
        Ok(start.elapsed())
    }

    /// Waits for an answer. Others may be a greeting.
    fn wait_for(&mut self, answer: &Answer, deadline: Instant) -> Result<(), String> {
        let mut bytes = Vec::new();
        loop {
            while let Some((_, meaning)) = self.reader.next_frame() {
                match meaning {
                    Some(Meaning::Answer(it)) if it == *answer => return Ok(()),
                    Some(Meaning::Close(_)) => return Err("the server sent it a Close".into()),
                    Some(Meaning::Ping(payload)) => {
                        let pong = frame::pong(payload).bytes(Role::Server);
                        opening::send_all(&mut self.connection, &pong, deadline)?;
                    }
                    _ => {}
                }
            }
            if Instant::now() >= deadline {
                let limit = self.limit.as_millis();
                return Err(format!("nothing came back to it within {limit} ms"));
            }
            bytes.clear();
            match self.connection.read(&mut bytes) {
                Moved::Bytes(_) => self.reader.receive(&bytes),
                Moved::Nothing => self.connection.wait(deadline),
                Moved::End => return Err("the server ended its connection".into()),
            }
        }
    }
}
