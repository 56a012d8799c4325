//! What happens by time: ticks, Pings, the end that the behaviour asks for, and the time of clients
//! that do nothing.

use std::time::Instant;

use ws_echo_core::CloseCode;

use super::frames::{TEXT, ping};
use super::greeting::tick;
use super::memory::Short;
use super::outbox::{Content, Step};
use super::outgoing::Outgoing;
use super::pace::Pace;
use super::{Dropped, Limits, Outcome, Performance, Repeated, Stage, Surroundings};

/// How many ticks or Pings are made up for in one turn.
const MISSED_MAX: usize = 16;

impl Repeated {
    /// Its number, if it is due now.
    fn take_due(repeated: &mut Option<Self>, now: Instant) -> Option<u64> {
        let repeated = repeated.as_mut().filter(|it| it.next <= now)?;
        repeated.next += repeated.interval;
        repeated.count += 1;
        Some(repeated.count)
    }

    /// Leaves out what is due and was not done. It counts as if it had happened.
    fn skip_due(repeated: &mut Option<Self>, now: Instant) {
        let Some(repeated) = repeated.as_mut().filter(|it| it.next <= now) else {
            return;
        };
        let late = now - repeated.next;
        let missed = late.as_nanos() / repeated.interval.as_nanos().max(1) + 1;
        // It is never so late that this would not fit.
        let missed = u32::try_from(missed).unwrap_or(u32::MAX);
        repeated.next += repeated.interval * missed;
        repeated.count += u64::from(missed);
    }
}

impl Performance {
    pub(super) fn begin_timers(&mut self, now: Instant) {
        let repeated = |interval| Repeated {
            next: now + interval,
            interval,
            count: 0,
        };
        self.timers.tick = self.behaviour.unasked.tick.map(repeated);
        self.timers.ping = self.behaviour.unasked.ping.map(repeated);
    }

    pub(super) fn stop_timers(&mut self) {
        self.timers.tick = None;
        self.timers.ping = None;
        self.timers.after = None;
    }

    /// When the next thing happens by time.
    pub(super) fn next_deadline(&self, limits: &Limits) -> Instant {
        let timers = &self.timers;
        let blocked = timers.blocked_since.zip(limits.stall);
        // None is added while as much is held as may be.
        let [tick, ping] = match self.held_len() < limits.held_len {
            true => [timers.tick, timers.ping],
            false => [None, None],
        };
        let others = [
            timers.after,
            tick.map(|tick| tick.next),
            ping.map(|ping| ping.next),
            timers.close,
            blocked.map(|(since, stall)| since + stall),
        ];
        let earliest = others.into_iter().flatten().min();
        earliest.map_or(timers.end, |earliest| earliest.min(timers.end))
    }

    /// Does what is due.
    pub(crate) fn check_time(&mut self, around: &mut Surroundings<'_>) -> Result<(), Dropped> {
        let now = around.now;
        if self.timers.end <= now {
            self.end_time(around)?;
        }
        if self.timers.close.is_some_and(|deadline| deadline <= now) {
            return Err(Dropped::CloseTimeout);
        }
        let blocked = self.timers.blocked_since.zip(around.limits.stall);
        if blocked.is_some_and(|(since, stall)| since + stall <= now) {
            return Err(Dropped::Stalled);
        }
        if self.timers.after.is_some_and(|after| after <= now) {
            self.timers.after = None;
            self.end_now(around)?;
        }
        self.repeat(around)?;
        Ok(())
    }

    /// Sends the ticks and the Pings that are due, unless the client takes too little.
    fn repeat(&mut self, around: &mut Surroundings<'_>) -> Result<(), Short> {
        let now = around.now;
        for _ in 0..MISSED_MAX {
            let tick_number = Repeated::take_due(&mut self.timers.tick, now);
            let ping_number = Repeated::take_due(&mut self.timers.ping, now);
            if tick_number.is_none() && ping_number.is_none() {
                return Ok(());
            }
            if self.held_len() >= around.limits.held_len {
                continue;
            }
            if let Some(number) = tick_number {
                let text = tick(number, around.time).into_bytes();
                let message = Outgoing::new(TEXT, text, 1, self.fragments());
                self.queue(now, Content::Message(message), around)?;
            }
            if let Some(number) = ping_number {
                self.queue(now, Content::Frames(ping(number)), around)?;
            }
        }
        Repeated::skip_due(&mut self.timers.tick, now);
        Repeated::skip_due(&mut self.timers.ping, now);
        Ok(())
    }

    /// Ends as the behaviour says, though messages wait: these are not sent. If the client has sent
    /// a Close, only the end of the transport is left to come.
    fn end_now(&mut self, around: &mut Surroundings<'_>) -> Result<(), Short> {
        if self.stage == Stage::Closed && self.behaviour.end.transport.is_none() {
            return Ok(());
        }
        if self.behaviour.violation.is_some() {
            // Inside a message some of what no server may send may be sent.
            self.outbox
                .keep_begun_message(&mut self.memory, around.pool);
        } else {
            self.outbox
                .keep_begun_frame(&mut self.memory, around.pool)?;
        }
        self.queue_end(None, around)?;
        if self.stage == Stage::Ending {
            self.stop_timers();
        }
        Ok(())
    }

    /// Ends a connection that has lasted long enough; for the second time, without waiting.
    fn end_time(&mut self, around: &mut Surroundings<'_>) -> Result<(), Dropped> {
        if self.timers.is_over {
            return Err(Dropped::TimeOver);
        }
        self.timers.is_over = true;
        self.timers.end = around.now + around.limits.close;
        if !self.go_away(CloseCode::GOING_AWAY, "the time of a test is over", around)? {
            return Err(Dropped::TimeOver);
        }
        self.outcome = Some(Outcome::TimeOver);
        Ok(())
    }

    /// The server stops: sends Close as soon as possible.
    pub(crate) fn stop(&mut self, around: &mut Surroundings<'_>) -> Result<(), Dropped> {
        match self.go_away(around.limits.stop_code, "", around)? {
            true => Ok(()),
            false => Err(Dropped::Stopped),
        }
    }

    /// Sends Close after the frame that is begun. Returns whether it is sent, or was.
    fn go_away(
        &mut self,
        code: CloseCode,
        reason: &str,
        around: &mut Surroundings<'_>,
    ) -> Result<bool, Short> {
        match self.stage {
            Stage::Closing => return Ok(true),
            Stage::Refusing | Stage::Silent | Stage::Closed => return Ok(false),
            Stage::Echoing | Stage::Ending if !self.has_begun => return Ok(false),
            Stage::Echoing | Stage::Ending => {}
        }
        self.stage = Stage::Ending;
        self.stop_timers();
        // There is no time for a slow one.
        self.behaviour.messages.rate = None;
        self.pace = Pace::default();
        self.outbox
            .keep_begun_frame(&mut self.memory, around.pool)?;
        let close = Content::Step(Step::Close(code, reason.to_owned()));
        self.outbox
            .push_fixed(None, close, &mut self.memory, around.pool)?;
        Ok(true)
    }
}
