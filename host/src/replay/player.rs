//! Plays the client's side of a recording on an open connection, and compares what the server
//! sends.

use std::io::{self, BufRead};
use std::time::{Duration, Instant};

use super::comparison::{Comparison, Expected};
use super::events::ReplayEvents;
use super::greeting::GreetingFilter;
use super::outcome::{Ended, Tally};
use super::outgoing::Sent;
use super::script::{Action, Script, Step};
use super::seen::Seen;
use super::server_connection::{Received, ServerConnection};
use crate::client::waiter::Waiter as _;
use crate::options::replay::{Pace, ReplayOptions};
use crate::progress_line::ProgressLine;
use crate::recording::reader::ReadError;

/// After how many answers in a row that did not come the replay is given up.
const MISSED_MAX: u32 = 3;
/// How often progress is shown.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// A replay on an open connection.
pub(super) struct Player<'a, R> {
    events: &'a mut ReplayEvents,
    options: &'a ReplayOptions,
    server: ServerConnection,
    script: &'a mut Script<R>,
    /// The next step, if it was read.
    next: Option<Step>,
    has_read_all: bool,
    /// Why no further step can be read.
    pub(super) failure: Option<ReadError>,
    pub(super) comparison: Comparison,
    pub(super) greeting: GreetingFilter,
    pub(super) tally: Tally,
    /// When the connection was open.
    start: Instant,
    /// Whether the client's last message could not be sent.
    has_skipped: bool,
    /// Whether the client has ended the connection without a Close.
    has_vanished: bool,
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
        server: ServerConnection,
        script: &'a mut Script<R>,
    ) -> Self {
        let start = Instant::now();
        Self {
            events,
            options,
            server,
            script,
            next: None,
            has_read_all: false,
            failure: None,
            comparison: Comparison::new(options.timeout, start),
            greeting: GreetingFilter::new(options.greeting, options.timeout, start),
            tally: Tally::default(),
            start,
            has_skipped: false,
            has_vanished: false,
            progress: ProgressLine::new("replaying"),
        }
    }

    /// Plays to the end, or as far as the recording can be read. Returns how it ended.
    ///
    /// # Errors
    ///
    /// When the process cannot poll its socket.
    pub(super) fn run(&mut self) -> io::Result<Ended> {
        let ended = loop {
            if let Advance::Over(ended) = self.advance()? {
                break ended;
            }
        };
        if !self.has_vanished {
            self.server.close(self.events);
        }
        match ended {
            Ended::ByServer => self.compare_the_rest(),
            Ended::Whole => self.forget_what_is_beyond(),
            Ended::Unanswered | Ended::Stalled => {}
            // What is expected may still come.
            Ended::Interrupted => return Ok(ended),
        }
        self.comparison.finish(Instant::now());
        Ok(ended)
    }

    /// Does what is possible now, or waits for more.
    fn advance(&mut self) -> io::Result<Advance> {
        if self.take_events() {
            return Ok(Advance::Over(Ended::ByServer));
        }
        let now = Instant::now();
        if self.server.take_progress() {
            // A long message takes its time.
            self.comparison.prolong(now);
        }
        self.comparison.check_deadline(now);
        if self.events.stop.is_requested() {
            return Ok(Advance::Over(Ended::Interrupted));
        }
        if let Some(ended) = self.gives_up(now) {
            return Ok(Advance::Over(ended));
        }
        let has_stepped = self.take_steps(now);
        if self.is_over() {
            return Ok(Advance::Over(Ended::Whole));
        }
        self.show_progress(now);
        if self.server.transmit(now) || has_stepped {
            return Ok(Advance::More);
        }
        self.receive_or_wait(now)
    }

    fn receive_or_wait(&mut self, now: Instant) -> io::Result<Advance> {
        let received = match self.comparison.can_receive() {
            true => self.server.receive(),
            false => Received::Nothing,
        };
        match received {
            Received::Bytes => {}
            Received::Nothing => self.wait(now)?,
            Received::End(end) => {
                self.receive(end);
                return Ok(Advance::Over(Ended::ByServer));
            }
        }
        Ok(Advance::More)
    }

    /// Takes what was received; returns whether it was the last.
    fn take_events(&mut self) -> bool {
        while let Some(seen) = self.server.next_seen() {
            let is_last = seen.is_last();
            self.receive(seen);
            if is_last {
                return true;
            }
        }
        false
    }

    fn receive(&mut self, seen: Seen) {
        let now = Instant::now();
        if self.greeting.leaves_out_received(&seen, now) {
            return;
        }
        self.comparison.receive(seen, now);
    }

    /// Takes the steps that are possible now; returns whether there was one.
    fn take_steps(&mut self, now: Instant) -> bool {
        let mut has_stepped = self.server.send_frames();
        while !self.server.is_sending() && self.can_take_step(now) {
            let Some(step) = self.next.take() else {
                break;
            };
            self.take_step(step, now);
            has_stepped = true;
        }
        has_stepped
    }

    /// Whether the next step can be taken now. Reads it if it was not read.
    fn can_take_step(&mut self, now: Instant) -> bool {
        if self.next.is_none() {
            self.next = self.read_step();
        }
        let Some(step) = &self.next else {
            return false;
        };
        let is_caught_up = self.comparison.is_caught_up();
        match &step.action {
            Action::Expect(_) => self.comparison.can_expect(),
            // Nothing can be sent behind it, and what is received behind it is not compared.
            Action::End => is_caught_up && self.server.has_sent_all(),
            Action::Skip => true,
            Action::Send(outgoing) => {
                let waits = self.options.pace == Pace::Fast || outgoing.what == Sent::Close;
                let is_due = match self.options.pace {
                    Pace::Recorded => now >= self.due(step),
                    Pace::Fast => true,
                };
                let is_message = outgoing.what == Sent::Message;
                let is_greeted = !is_message || self.greeting.is_over(now);
                is_due && self.server.can_send() && is_greeted && (is_caught_up || !waits)
            }
        }
    }

    /// Reads the next step; `None` at the end, or if it cannot be read.
    fn read_step(&mut self) -> Option<Step> {
        if self.has_read_all {
            return None;
        }
        let step = self.script.next_step().unwrap_or_else(|error| {
            self.failure = Some(error);
            None
        });
        self.has_read_all = step.is_none();
        step
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
                if outgoing.what == Sent::Message {
                    self.greeting.end();
                    self.tally.sent += 1;
                }
                self.server.send(outgoing);
            }
            Action::Skip => {
                self.has_skipped = true;
                self.tally.not_sent += 1;
            }
            Action::End => {
                self.has_read_all = true;
                self.has_vanished = !self.server.has_sent_close();
            }
        }
    }

    /// Why there is no hope, if the server does not read, or does not answer.
    fn gives_up(&self, now: Instant) -> Option<Ended> {
        let stalls_at = self.server.stall_deadline(self.options.timeout);
        if stalls_at.is_some_and(|deadline| now >= deadline) {
            return Some(Ended::Stalled);
        }
        (self.comparison.missed_in_a_row >= MISSED_MAX).then_some(Ended::Unanswered)
    }

    /// Whether all was sent, and all was received that is expected.
    fn is_over(&self) -> bool {
        self.has_read_all
            && self.next.is_none()
            && !self.server.is_sending()
            && self.comparison.is_caught_up()
    }

    fn due(&self, step: &Step) -> Instant {
        let due = self.start.checked_add(step.after);
        due.unwrap_or_else(|| self.start + Duration::from_secs(u64::from(u32::MAX)))
    }

    fn wait(&mut self, now: Instant) -> io::Result<()> {
        let due = self.next.as_ref().map(|step| self.due(step));
        let due = due.filter(|due| *due > now);
        let progress = self.progress.is_shown().then_some(now + PROGRESS_INTERVAL);
        let deadlines = [
            due,
            progress,
            self.server.stall_deadline(self.options.timeout),
            self.comparison.deadline(),
            self.greeting.deadline(now),
        ];
        let until = deadlines.into_iter().flatten().min();
        self.events.wait(until)
    }

    fn show_progress(&mut self, now: Instant) {
        let time = now.saturating_duration_since(self.start).as_nanos();
        let time = u64::try_from(time).unwrap_or(u64::MAX);
        let line = self.tally.line;
        self.progress.show(time, line, |_| format!("line {line}"));
    }

    /// Compares the rest of the recording, of a connection that the server has ended.
    fn compare_the_rest(&mut self) {
        let now = Instant::now();
        let mut is_whole = !self.server.is_sending();
        while let Some(step) = self.next.take().or_else(|| self.read_step()) {
            is_whole = false;
            let line = step.line;
            match step.action {
                Action::Expect(what) if self.greeting.leaves_out_recorded(&what) => {}
                Action::Expect(what) => {
                    let from = now;
                    let expected = Expected { line, what, from };
                    self.comparison.expect_rest(expected, now);
                }
                Action::Send(outgoing) if outgoing.what == Sent::Message => {
                    self.greeting.end();
                    self.tally.not_sent += 1;
                }
                Action::Send(_) | Action::End => {}
                Action::Skip => self.tally.not_sent += 1,
            }
        }
        if is_whole {
            self.forget_what_is_beyond();
        }
    }

    /// Forgets what was received behind the end of a recording that ends before its connection.
    fn forget_what_is_beyond(&mut self) {
        if self.script.remarks.is_cut_off || self.failure.is_some() {
            self.comparison.forget_received();
        }
    }
}
