//! Plays the client's side of a recording on an open connection, and compares what the server
//! sends.
//!
//! The frames of the client are written here, and not by the core: the core sends no text that is
//! cut inside a character, no empty Close, and nothing that a client may not send. It answers the
//! Pings and the Close of the server.

use std::io::BufRead;
use std::time::{Duration, Instant};

use ws_echo_core::{Agreed, Client, Connection, Event, ProtocolError};

use super::comparison::{Comparison, Expected};
use super::events::ReplayEvents;
use super::greeting::GreetingFilter;
use super::inbox::{Inbox, Piece};
use super::outcome::{Ended, Failure, Tally};
use super::outgoing::{Outgoing, Sent};
use super::script::{Action, Script, Step};
use super::seen::Seen;
use crate::client::stream::{FRAGMENT_LEN_MAX, ReadOutcome, Stream};
use crate::client::waiter::Waiter as _;
use crate::options::replay::{Pace, ReplayOptions};
use crate::progress_line::ProgressLine;
use crate::random;

/// After how many answers in a row that did not come the replay is given up.
const MISSED_MAX: u32 = 3;
/// How long the server may take to end the TCP connection, which it must do first.
const END_TIME: Duration = Duration::from_secs(1);
/// How often progress is shown.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// Returns the next masking key.
type NextKey = Box<dyn FnMut() -> [u8; 4]>;

/// A replay on an open connection.
pub(super) struct Player<'a, R> {
    events: &'a mut ReplayEvents,
    options: &'a ReplayOptions,
    stream: Stream,
    connection: Connection<Client<NextKey>>,
    inbox: Inbox,
    script: &'a mut Script<R>,
    /// The next step, if it was read.
    next: Option<Step>,
    has_read_all: bool,
    /// What is being sent.
    outgoing: Option<Outgoing>,
    next_key: NextKey,
    pub(super) comparison: Comparison,
    pub(super) greeting: GreetingFilter,
    pub(super) tally: Tally,
    /// When the connection was open.
    start: Instant,
    /// When the server has last taken something, while something is unsent.
    taken_at: Instant,
    /// Whether the client's last message could not be sent.
    has_skipped: bool,
    has_sent_close: bool,
    /// Whether the client has ended the connection without a Close.
    has_vanished: bool,
    /// Whether the server has ended the connection without a Close.
    is_socket_over: bool,
    progress: ProgressLine,
}

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Advance {
    More,
    Over(Ended),
}

impl<'a, R: BufRead> Player<'a, R> {
    /// A replay on a connection that has just been opened.
    pub(super) fn new(
        events: &'a mut ReplayEvents,
        options: &'a ReplayOptions,
        stream: Stream,
        agreed: Agreed,
        script: &'a mut Script<R>,
    ) -> Self {
        let start = Instant::now();
        Self {
            events,
            options,
            stream,
            connection: Connection::client(agreed, Box::new(random::keys())),
            inbox: Inbox::new(agreed.deflate.map(|deflate| deflate.server)),
            script,
            next: None,
            has_read_all: false,
            outgoing: None,
            next_key: Box::new(random::keys()),
            comparison: Comparison::new(options.timeout, start),
            greeting: GreetingFilter::new(options.greeting, options.timeout, start),
            tally: Tally::default(),
            start,
            taken_at: start,
            has_skipped: false,
            has_sent_close: false,
            has_vanished: false,
            is_socket_over: false,
            progress: ProgressLine::new("replaying"),
        }
    }

    /// Plays to the end. Returns how it ended.
    ///
    /// # Errors
    ///
    /// Why the recording cannot be read to its end, or the process cannot go on.
    pub(super) fn run(&mut self) -> Result<Ended, Failure> {
        let ended = loop {
            if let Advance::Over(ended) = self.advance()? {
                break ended;
            }
        };
        self.close(ended);
        match ended {
            Ended::ByServer => self.compare_the_rest()?,
            Ended::Whole if self.script.remarks.is_cut_off => self.comparison.forget_received(),
            Ended::Whole | Ended::Unanswered | Ended::Stalled => {}
            // What is expected may still come.
            Ended::Interrupted => return Ok(ended),
        }
        self.comparison.finish(Instant::now());
        Ok(ended)
    }

    /// Does what is possible now, or waits for more.
    fn advance(&mut self) -> Result<Advance, Failure> {
        if self.take_events() {
            return Ok(Advance::Over(Ended::ByServer));
        }
        let now = Instant::now();
        self.comparison.check_deadline(now);
        if self.events.stop.is_requested() {
            return Ok(Advance::Over(Ended::Interrupted));
        }
        if let Some(ended) = self.gives_up(now) {
            return Ok(Advance::Over(ended));
        }
        let has_stepped = self.take_steps(now)?;
        if self.is_over() {
            return Ok(Advance::Over(Ended::Whole));
        }
        self.show_progress(now);
        if self.transmit(now) || has_stepped {
            return Ok(Advance::More);
        }
        self.receive_or_wait(now)
    }

    fn receive_or_wait(&mut self, now: Instant) -> Result<Advance, Failure> {
        let can_receive = self.comparison.can_receive() && !self.stream.is_congested();
        let received = match can_receive {
            true => self.stream.receive(),
            false => ReadOutcome::Nothing,
        };
        match received {
            ReadOutcome::Bytes => {}
            ReadOutcome::Nothing => self.wait(now)?,
            ReadOutcome::End(error) => {
                let reason = error.map(|error| error.to_string()).unwrap_or_default();
                self.is_socket_over = true;
                self.receive(Seen::End(reason));
                return Ok(Advance::Over(Ended::ByServer));
            }
        }
        Ok(Advance::More)
    }

    /// Takes what was received; returns whether it was the last.
    fn take_events(&mut self) -> bool {
        loop {
            let last = match self.next_seen() {
                Ok(Some(seen)) => seen,
                Ok(None) => return false,
                Err(error) => Seen::Violation(error.to_string()),
            };
            let is_last = last.is_last();
            self.receive(last);
            if is_last {
                return true;
            }
        }
    }

    /// The next message or Close that was received; `None` if there is none yet.
    fn next_seen(&mut self) -> Result<Option<Seen>, ProtocolError> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        while let Some(event) = exchange.next_event()? {
            match event {
                Event::Data(chunk) => {
                    let piece = Piece {
                        kind: chunk.kind(),
                        bytes: exchange.bytes(&chunk),
                        fin: chunk.fin(),
                        is_compressed: chunk.is_compressed(),
                    };
                    match self.inbox.add(piece) {
                        Ok(None) => {}
                        Ok(seen) => return Ok(seen),
                        Err(error) => {
                            exchange.fail(error);
                            return Err(error);
                        }
                    }
                }
                Event::Close(code) => {
                    let reason = exchange.close_reason().to_owned();
                    return Ok(Some(Seen::Close(code.map(|code| code.get()), reason)));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn receive(&mut self, seen: Seen) {
        let now = Instant::now();
        if self.greeting.leaves_out_received(&seen, now) {
            return;
        }
        self.comparison.receive(seen, now);
    }

    /// Takes the steps that are possible now; returns whether there was one.
    fn take_steps(&mut self, now: Instant) -> Result<bool, Failure> {
        let mut has_stepped = self.send_frames();
        while self.outgoing.is_none() && self.can_take_step(now)? {
            let Some(step) = self.next.take() else {
                break;
            };
            self.take_step(step, now);
            has_stepped = true;
            self.send_frames();
        }
        Ok(has_stepped)
    }

    /// Whether the next step can be taken now. Reads it if it was not read.
    fn can_take_step(&mut self, now: Instant) -> Result<bool, Failure> {
        if self.next.is_none() && !self.has_read_all {
            self.next = self.script.next_step().map_err(Failure::Recording)?;
            self.has_read_all = self.next.is_none();
        }
        let Some(step) = &self.next else {
            return Ok(false);
        };
        let is_caught_up = self.comparison.is_caught_up();
        Ok(match &step.action {
            Action::Expect(_) => self.comparison.can_expect(),
            // Nothing can be sent behind it, and what is received behind it is not compared.
            Action::End => is_caught_up && self.stream.unsent_len() == 0,
            Action::Skip => true,
            Action::Send(outgoing) => {
                let waits = self.options.pace == Pace::Fast || outgoing.what == Sent::Close;
                let is_due = match self.options.pace {
                    Pace::Recorded => now >= self.due(step),
                    Pace::Fast => true,
                };
                let is_message = outgoing.what == Sent::Message;
                let has_room = self.stream.unsent_len() < FRAGMENT_LEN_MAX;
                let is_greeted = !is_message || self.greeting.is_over(now);
                is_due && has_room && is_greeted && (is_caught_up || !waits)
            }
        })
    }

    fn take_step(&mut self, step: Step, now: Instant) {
        let from = match self.options.pace {
            Pace::Recorded => self.due(&step),
            Pace::Fast => now,
        };
        self.tally.line = step.line;
        match step.action {
            Action::Expect(what) => {
                if self.greeting.leaves_out_recorded(&what) {
                    return;
                }
                if self.has_skipped && what.is_unknown() {
                    // It was the answer to a message that is not sent.
                    self.comparison.miss_unlisted(&what);
                    return;
                }
                let line = step.line;
                self.comparison.expect(Expected { line, what, from }, now);
            }
            Action::Send(outgoing) => {
                self.has_skipped = false;
                match outgoing.what {
                    Sent::Message => {
                        self.greeting.end();
                        self.tally.sent += 1;
                    }
                    Sent::Close => self.has_sent_close = true,
                    Sent::Invalid => self.tally.invalid += 1,
                    Sent::Control => {}
                }
                self.outgoing = Some(outgoing);
            }
            Action::Skip => {
                self.has_skipped = true;
                self.tally.not_sent += 1;
            }
            Action::End => {
                self.has_read_all = true;
                self.has_vanished = !self.has_sent_close;
            }
        }
    }

    /// Sends frames as long as the server keeps up; returns whether there was one.
    fn send_frames(&mut self) -> bool {
        let mut has_sent = false;
        while let Some(outgoing) = &mut self.outgoing {
            if self.stream.unsent_len() >= FRAGMENT_LEN_MAX {
                break;
            }
            if let Some(frame) = outgoing.next_frame((self.next_key)()) {
                self.stream.send_bytes(&frame);
                has_sent = true;
            }
            if outgoing.is_sent() {
                self.outgoing = None;
            }
        }
        has_sent
    }

    /// Sends what is ready. Behind our Close nothing may follow, so what the core answers then is
    /// left out.
    fn transmit(&mut self, now: Instant) -> bool {
        if self.has_sent_close && self.outgoing.is_none() {
            self.stream.buffer.consume(usize::MAX);
        }
        let before = self.stream.unsent_len();
        let has_made_room = self.stream.transmit();
        if before == 0 || self.stream.unsent_len() < before {
            self.taken_at = now;
        }
        has_made_room
    }

    /// Why there is no hope, if the server does not read, or does not answer.
    fn gives_up(&self, now: Instant) -> Option<Ended> {
        let untaken_for = now.saturating_duration_since(self.taken_at);
        if self.stream.unsent_len() > 0 && untaken_for >= self.options.timeout {
            return Some(Ended::Stalled);
        }
        (self.comparison.missed_in_a_row >= MISSED_MAX).then_some(Ended::Unanswered)
    }

    /// Whether all was sent, and all was received that is expected.
    fn is_over(&self) -> bool {
        self.has_read_all
            && self.next.is_none()
            && self.outgoing.is_none()
            && self.comparison.is_caught_up()
    }

    fn due(&self, step: &Step) -> Instant {
        let due = self.start.checked_add(step.after);
        due.unwrap_or_else(|| self.start + Duration::from_secs(u64::from(u32::MAX)))
    }

    fn wait(&mut self, now: Instant) -> Result<(), Failure> {
        let due = self.next.as_ref().map(|step| self.due(step));
        let due = due.filter(|due| *due > now);
        let stalled = self.taken_at + self.options.timeout;
        let stalled = (self.stream.unsent_len() > 0).then_some(stalled);
        let progress = self.progress.is_shown().then_some(now + PROGRESS_INTERVAL);
        let deadlines = [
            due,
            stalled,
            progress,
            self.comparison.deadline(),
            self.greeting.deadline(now),
        ];
        let until = deadlines.into_iter().flatten().min();
        self.events.wait(until).map_err(Failure::System)
    }

    fn show_progress(&mut self, now: Instant) {
        let time = now.saturating_duration_since(self.start).as_nanos();
        let time = u64::try_from(time).unwrap_or(u64::MAX);
        let line = self.tally.line;
        self.progress.show(time, line, |_| format!("line {line}"));
    }

    /// Closes the connection, unless that was done or the client has not done it, and waits a moment
    /// for its end.
    ///
    /// > [...] the client SHOULD wait for the server to close the connection but MAY close the
    /// > connection at any time after sending and receiving a Close message (section 5.5.1)
    fn close(&mut self, ended: Ended) {
        const NORMAL: u16 = 1000;
        if self.has_vanished || self.is_socket_over {
            return;
        }
        if ended != Ended::ByServer && !self.has_sent_close {
            self.has_sent_close = true;
            // A message in fragments is not completed.
            let mut close = Outgoing::close(Some(NORMAL), b"");
            if let Some(frame) = close.next_frame((self.next_key)()) {
                self.stream.send_bytes(&frame);
            }
        }
        let until = Instant::now() + END_TIME;
        while Instant::now() < until {
            self.stream.buffer.discard_received();
            if self.has_sent_close {
                self.stream.buffer.consume(usize::MAX);
            }
            self.stream.transmit();
            match self.stream.receive() {
                ReadOutcome::Bytes => {}
                ReadOutcome::End(_) => return,
                ReadOutcome::Nothing => {
                    if self.events.wait(Some(until)).is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Compares the rest of the recording, of a connection that the server has ended.
    fn compare_the_rest(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        let outgoing = self.outgoing.take();
        let mut is_whole = outgoing.is_none();
        loop {
            let step = match self.next.take() {
                Some(step) => step,
                None => match self.script.next_step().map_err(Failure::Recording)? {
                    Some(step) => step,
                    None => break,
                },
            };
            is_whole = false;
            let line = step.line;
            match step.action {
                Action::Expect(what) if self.greeting.leaves_out_recorded(&what) => {}
                Action::Expect(what) => {
                    let from = now;
                    self.comparison
                        .expect_rest(Expected { line, what, from }, now);
                }
                Action::Send(outgoing) if outgoing.what == Sent::Message => {
                    self.greeting.end();
                    self.tally.not_sent += 1;
                }
                Action::Send(_) | Action::End => {}
                Action::Skip => self.tally.not_sent += 1,
            }
        }
        if is_whole && self.script.remarks.is_cut_off {
            self.comparison.forget_received();
        }
        Ok(())
    }
}
