//! The event loop that loads a server: each echo is taken and the next message sent, on one thread.
//!
//! For a batch of messages that come back together it costs one read, one write and one look at the
//! clock; for each message a comparison of its header.

use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll, Token};

use super::echo_checker::Comparison;
use super::error::{BenchError, ConnectionError};
use super::interrupt::{self, Interrupt};
use super::load_connection::LoadConnection;
use super::load_phase::{LoadPhase, Measurement};
use super::pace::Pace;
use super::prepared_message::PreparedMessage;
use super::progress_line::ProgressLine;
use crate::options::bench::Amount;

/// How many events are taken at once.
const EVENTS_LEN: usize = 1024;
/// The length of the one buffer that all connections read into.
const BUFFER_LEN: usize = 256 << 10;
/// How long is slept at most, so that progress is shown and silence is noticed.
const SLEEP_MAX: Duration = Duration::from_millis(100);
/// A sleep may be longer than asked for by so much: a message that is due sooner is waited for awake.
const SLEEP_ERROR: u64 = 1_100_000;

/// The connections to a server, and what they send.
#[derive(Debug)]
pub(super) struct Generator {
    pub(super) poll: Poll,
    pub(super) interrupt: Interrupt,
    pub(super) connections: Vec<LoadConnection>,
    pub(super) message: PreparedMessage,
    /// How many messages may be without their echo, for each connection.
    pub(super) in_flight_max: u64,
    /// How many messages are sent each second, if there is a schedule.
    pub(super) rate: Option<f64>,
    /// How long the server may be silent while something is missing.
    pub(super) timeout: Duration,
}

impl Generator {
    /// Loads the server until all that was sent has come back.
    pub(super) fn run(
        &mut self,
        amount: Amount,
        comparison: Comparison,
        progress: &mut ProgressLine,
    ) -> Result<Measurement, BenchError> {
        let pace = Pace::new(self.rate, self.connections.len(), amount);
        for connection in &mut self.connections {
            connection.begin(comparison);
        }
        let mut run = Run {
            phase: LoadPhase::start(pace, amount, self.in_flight_max)?,
            message: &self.message,
            connections: &mut self.connections,
            buffer: vec![0; BUFFER_LEN],
            again: Vec::new(),
        };
        let mut events = Events::with_capacity(EVENTS_LEN);
        run.start(self.in_flight_max)?;
        let mut now = run.phase.now();
        while !run.phase.is_over() {
            let rest = run.rest(now);
            if rest == Rest::Awake {
                // What was sent since the last look was no idleness.
                now = run.phase.now();
            }
            interrupt::wait(&mut self.poll, &mut events, rest.timeout())?;
            run.turn_again()?;
            for event in &events {
                run.handle(event)?;
            }
            let before = std::mem::replace(&mut now, run.phase.now());
            if rest == Rest::Awake && events.is_empty() {
                run.phase.idle += now - before;
            }
            run.send_due(now)?;
            if run.phase.is_time_over(now) || self.interrupt.is_set() {
                run.end(now);
            }
            run.phase.check_silence(now, self.timeout)?;
            progress.show(now, run.phase.answered());
        }
        Ok(run.phase.outcome())
    }

    /// Says goodbye to the server.
    pub(super) fn close(self) {
        self.connections.into_iter().for_each(LoadConnection::close);
    }
}

/// How to wait for the next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// Not at all: there is something to do.
    No,
    /// By asking over and over, because something is due soon.
    Awake,
    /// So long at most.
    Asleep(Duration),
}

impl Rest {
    fn timeout(self) -> Duration {
        match self {
            Self::No | Self::Awake => Duration::ZERO,
            Self::Asleep(time) => time,
        }
    }
}

/// A phase, and what is done in it.
struct Run<'a> {
    phase: LoadPhase,
    message: &'a PreparedMessage,
    connections: &'a mut [LoadConnection],
    buffer: Vec<u8>,
    /// The connections that may have more to read than was taken.
    again: Vec<usize>,
}

impl Run<'_> {
    /// Takes what has come before, as it is not told of again, and sends the first messages. In this
    /// order, so that a message from before is not taken for an echo.
    fn start(&mut self, in_flight_max: u64) -> Result<(), BenchError> {
        for index in 0..self.connections.len() {
            self.turn(index)?;
            if let Pace::Closed { .. } = self.phase.pace {
                // The ones before have taken time, which is none of this one's latency.
                let now = self.phase.now();
                let connection = &mut self.connections[index];
                let count = self.phase.take(connection, in_flight_max, now);
                connection.send(count, self.message);
                let flushed = connection.flush(self.message);
                flushed.map_err(|wrong| wrong.on(index))?;
            }
        }
        self.send_due(self.phase.now())
    }

    fn handle(&mut self, event: &Event) -> Result<(), BenchError> {
        let Token(index) = event.token();
        // The signals' waker has no connection.
        let Some(connection) = self.connections.get_mut(index) else {
            return Ok(());
        };
        if event.is_writable() {
            connection.unblock();
        }
        self.turn(index)?;
        // An end behind the last bytes is not told of again.
        if event.is_read_closed() {
            self.again.push(index);
        }
        Ok(())
    }

    fn turn_again(&mut self) -> Result<(), BenchError> {
        let again = std::mem::take(&mut self.again);
        again.into_iter().try_for_each(|index| self.turn(index))
    }

    /// Reads once, and answers at once. One read, so that each connection gets its turn.
    fn turn(&mut self, index: usize) -> Result<(), BenchError> {
        let connection = &mut self.connections[index];
        let received = connection
            .receive(&mut self.buffer, self.message)
            .map_err(|wrong| wrong.on(index))?;
        if received.is_progress {
            let now = self.phase.now();
            self.phase.heard_at = now;
            if received.count > 0 {
                self.phase.settle(connection, index, received.count, now);
                let count = self.phase.take(connection, received.count, now);
                connection.send(count, self.message);
            }
        }
        // A read that brings less than it could has emptied the socket.
        if received.len == self.buffer.len() {
            self.again.push(index);
        }
        let flushed = connection.flush(self.message);
        flushed.map_err(|wrong| wrong.on(index))
    }

    /// Sends what is due by the schedule, and ends what has no more time.
    fn send_due(&mut self, now: u64) -> Result<(), BenchError> {
        let Pace::Open(schedule) = &mut self.phase.pace else {
            return Ok(());
        };
        for (index, count) in schedule.take_due(now) {
            self.phase.expect(count, now);
            let connection = &mut self.connections[index];
            connection.waiting += count;
            let count = self.phase.take(connection, 0, now);
            connection.send(count, self.message);
            let flushed = connection.flush(self.message);
            flushed.map_err(|wrong: ConnectionError| wrong.on(index))?;
        }
        Ok(())
    }

    /// Sends no more than what was begun.
    fn end(&mut self, now: u64) {
        self.phase.end(now);
        if let Pace::Open(_) = self.phase.pace {
            let message = self.message;
            let recalled = self.connections.iter_mut().map(|it| it.recall(message));
            self.phase.give_up(recalled.sum());
        }
    }

    fn rest(&self, now: u64) -> Rest {
        if !self.again.is_empty() {
            return Rest::No;
        }
        let next = match &self.phase.pace {
            Pace::Closed { .. } => None,
            Pace::Open(schedule) => schedule.next_at(),
        };
        let Some(next) = next else {
            return Rest::Asleep(SLEEP_MAX);
        };
        match next.saturating_sub(now) {
            ..SLEEP_ERROR => Rest::Awake,
            time => Rest::Asleep(SLEEP_MAX.min(Duration::from_nanos(time - SLEEP_ERROR))),
        }
    }
}
