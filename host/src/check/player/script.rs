//! Does the steps of a session on a connection, and ends it as the session asks for. A wait is over
//! as soon as the outcome is certain.

use std::time::{Duration, Instant};

use super::conversation::Conversation;
use crate::check::comparison::compare;
use crate::check::frame::{self, Role};
use crate::check::session::{Cut, End, Session, Step};
use crate::check::transcript::{Direction, PROBE, Tcp};

const NORMAL_CLOSURE: u16 = 1000;

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The next step.
    Step,
    /// No more steps: an answer did not come, or the peer takes no more.
    End,
    /// The connection is dropped as it is.
    Drop,
}

impl Next {
    fn step_if(is_done: bool) -> Self {
        match is_done {
            true => Self::Step,
            false => Self::End,
        }
    }
}

/// How long a slow peer may be busy with what is sent to it, before anything comes back.
fn time_for(session: &Session) -> Duration {
    const BYTES: usize = 1 << 20;
    const FRAMES: usize = 10_000;
    let frames: usize = session.steps.iter().map(Step::frame_count).sum();
    let seconds = session.answers_len() / BYTES + frames / FRAMES;
    Duration::from_secs(seconds as u64)
}

impl Conversation<'_, '_> {
    /// Does these steps, and ends the connection as the session asks for.
    pub(crate) fn play(mut self, session: &Session, steps: &[Step]) {
        self.received_max += 2 * session.answers_len();
        self.answers_max += session.answer_count();
        self.patience += time_for(session);
        let mut next = Next::Step;
        for step in steps {
            if self.has_ended() {
                self.transcript.has_ended_early |= matches!(step, Step::StaysOpen);
                break;
            }
            next = self.step(session, step);
            if next != Next::Step {
                break;
            }
        }
        if next != Next::Drop {
            self.finish(session, next);
        }
        self.transcript.tcp = self.connection.tcp();
        self.transcript.faults.append(&mut self.reader.faults);
        let how = match (&self.transcript.lost, self.transcript.tcp) {
            (Some(why), _) => why.clone(),
            (None, Tcp::Open) => return,
            (None, Tcp::Fin) => "the TCP connection ended".into(),
            (None, Tcp::Reset) => "the TCP connection was reset".into(),
        };
        self.transcript.record.event(how);
    }

    fn step(&mut self, session: &Session, step: &Step) -> Next {
        match step {
            Step::Send(frames, cut) => {
                self.queue(frames, *cut);
                return Next::step_if(self.send_queued());
            }
            Step::SendUnread(frames) => {
                self.queue(frames, Cut::Whole);
                self.send_unread();
            }
            Step::SendBytes(bytes) => {
                self.transcript.record.add(Direction::Sent, "bytes", bytes);
                self.outgoing.push(bytes.clone());
                return Next::step_if(self.send_queued());
            }
            Step::SendCompressed(message) => {
                self.queue_compressed(message);
                return Next::step_if(self.send_queued());
            }
            Step::Await(count) => return Next::step_if(self.wait_for_answers(session, *count)),
            Step::Pause => self.wait_for_end(self.timing.quiet()),
            Step::StaysOpen => {
                self.wait_for_end(self.timing.quiet());
                self.transcript.has_ended_early = self.has_ended();
            }
            Step::ShouldEnd => {
                self.wait_for_end(self.timing.soon());
                self.transcript.is_late = !self.has_ended();
            }
            Step::EndSending => {
                self.connection.end_sending();
                self.transcript
                    .record
                    .event("the direction to the peer was ended");
            }
            Step::Reset => {
                self.connection.reset_at_end();
                return Next::Drop;
            }
        }
        Next::Step
    }

    fn send_queued(&mut self) -> bool {
        self.pump(self.patience, |it| it.outgoing.is_empty())
    }

    /// Sends and receives until the connection has ended, or for this time.
    fn wait_for_end(&mut self, time: Duration) {
        self.pump_until(Instant::now() + time, Self::has_ended);
    }

    /// Waits for the first so many answers, or until it is certain that they will not come. Returns
    /// whether what came is allowed so far.
    fn wait_for_answers(&mut self, session: &Session, count: usize) -> bool {
        loop {
            let (is_allowed, is_certain) = self.compare_answers(session, count);
            if is_certain {
                return is_allowed;
            }
            let seen = self.transcript.answers.len();
            let is_news = |it: &Self| it.transcript.answers.len() > seen || it.has_ended();
            if self.has_ended() || !self.pump(self.patience, is_news) {
                return false;
            }
        }
    }

    /// Whether what came is allowed so far, and whether that is certain: all came that is expected,
    /// or nothing that may still come can make it right.
    fn compare_answers(&mut self, session: &Session, count: usize) -> (bool, bool) {
        let (came, expected) = (&self.transcript.answers, &session.allowed[0].answers);
        let as_expected = &mut self.as_expected;
        while *as_expected < came.len() && came.get(*as_expected) == expected.get(*as_expected) {
            *as_expected += 1;
            // What is right may take as long as it needs.
            self.start = Instant::now();
        }
        if *as_expected == came.len() {
            // That is so most often, and then nothing is compared twice.
            return (true, came.len() >= count);
        }
        let first = &expected[..count.min(expected.len())];
        let compared = compare(first, came, session.pongs);
        if compared.wrong.is_none() && compared.missing.is_none() {
            return (true, true);
        }
        let ways = session.allowed.iter();
        let ways = ways.map(|it| compare(&it.answers, came, session.pongs));
        let right: Vec<_> = ways.filter(|it| it.wrong.is_none()).collect();
        let is_certain = right.iter().all(|it| it.missing.is_none());
        (!right.is_empty(), is_certain)
    }

    /// Ends the connection as the session asks for.
    fn finish(&mut self, session: &Session, next: Next) {
        // What has not come so far will not come now.
        let patience = match next {
            Next::Step => self.patience,
            Next::End | Next::Drop => self.timing.quiet(),
        };
        let is_open = |end: &End| *end == End::Open;
        let only_open = !session.allows(|end| !is_open(end));
        if session.allows(|end| *end == End::Waiting) {
            self.wait_for_end(self.timing.quiet());
        } else if only_open || self.all_came(session) {
            if session.allowed[0].answers.is_empty() {
                self.probe(patience);
            }
            self.close(patience);
        } else {
            self.await_end(session, patience);
            if session.allows(is_open) {
                self.close(patience);
            }
        }
        self.answer_close(session);
    }

    /// Whether all came that should, on a connection that stays open then.
    fn all_came(&self, session: &Session) -> bool {
        let strict = &session.allowed[0];
        let count = strict.answers.len();
        strict.end == End::Open
            && (self.as_expected, self.transcript.answers.len()) == (count, count)
    }

    /// Waits for the end, and then asks whether the connection has survived.
    fn await_end(&mut self, session: &Session, patience: Duration) {
        self.wait_for_end(self.timing.quiet());
        if session.allows(|end| matches!(end, End::Fails(_))) {
            self.probe(patience);
            // An echo is allowed where the connection may stay open, and then nothing is late.
            let may_stay_open = session.allows(|end| *end == End::Open);
            if self.transcript.has_survived && !may_stay_open {
                // A peer may look at messages later than at Pings, and end the connection then.
                self.wait_for_end(self.timing.soon());
                self.transcript.has_survived = !self.has_ended();
            }
        } else if !session.allows(|end| *end == End::Open) {
            self.pump(patience, Self::has_ended);
        }
    }

    /// Sends a Ping, and waits until it is answered, or the connection has ended.
    fn probe(&mut self, patience: Duration) {
        if !self.has_ended() && !self.has_sent_close {
            self.queue(&[frame::ping(PROBE)], Cut::Whole);
        }
        let is_certain = |it: &Self| it.has_ended() || it.transcript.has_survived;
        self.pump(patience, is_certain);
    }

    /// Sends a Close if none was sent, and waits for the peer's.
    fn close(&mut self, patience: Duration) {
        self.transcript.has_ended_first |= self.has_ended() && !self.has_sent_close;
        self.send_close();
        self.pump(patience, Self::has_ended);
    }

    fn send_close(&mut self) {
        if !self.has_sent_close {
            self.queue(&[frame::close(NORMAL_CLOSURE, "")], Cut::Whole);
        }
    }

    /// Answers the peer's Close, and waits for the end of the TCP connection if it matters.
    fn answer_close(&mut self, session: &Session) {
        if self.transcript.close.is_some() && !session.is_silent {
            self.send_close();
            self.send_queued();
            // > a server SHOULD close it first (RFC 6455 section 7.1.1)
            if self.role == Role::Client {
                self.connection.end_sending();
            }
        }
        if !self.has_ended() {
            return;
        }
        // Who ends the TCP connection, and when, is a case of its own.
        let matters = session.allows(|end| match end {
            End::Disconnects(_) | End::Ended => true,
            End::Open | End::Fails(_) | End::Closes(_) | End::Dropped | End::Waiting => false,
        });
        match (matters, self.role) {
            (true, _) => drop(self.pump(self.patience, |_| false)),
            // A client may need what was sent last.
            (false, Role::Client) => drop(self.pump(self.timing.quiet(), |_| false)),
            (false, Role::Server) => {}
        }
    }
}
