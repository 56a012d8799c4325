//! What other threads know of the server while it serves: its stage, whether its workers turn, and
//! what the workers report of their clients when they are asked.
//!
//! A worker pays two instructions a round for it, and nothing for a message.

use std::fmt::{self, Display};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use log::warn;

use crate::lock::lock;
use crate::logging::event;
use crate::logging::target::SERVER;
use crate::quantity::Count;
use crate::serve::limits::ConnectionLimiter;
use crate::serve::metrics::listed::Listed;
use crate::serve::metrics::numbers::Numbers;
use crate::serve::poller::Waker;
use crate::time::Time;

/// What the server is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It does not listen yet.
    Starting = 0,
    /// It accepts clients.
    Serving = 1,
    /// It was told to stop. It may still accept clients.
    Draining = 2,
}

/// Why the server must not get new clients now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unready {
    Starting,
    Draining,
    /// It has as many connections as it may have: this many.
    Full(usize),
    /// Clients were turned away a moment ago because memory was short.
    ShortOfMemory,
    /// Clients cannot be accepted: most often, too many files are open.
    CannotAccept,
}

/// A worker whose loop does not turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stuck {
    /// Its number, from 1.
    pub(crate) worker: usize,
    /// For how long it was seen in the same round.
    pub(crate) time: Duration,
}

/// What a worker can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// The numbers alone.
    Counters,
    /// Also its clients, this many at most.
    Connections(usize),
}

/// What a worker answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// How many clients it has.
    pub(crate) clients: usize,
    pub(crate) numbers: Numbers,
    /// Its clients, if it was asked for them.
    pub(crate) listed: Vec<Listed>,
}

/// What all workers answer.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// For each worker what it has answered, now or the last time; at first, nothing.
    pub(crate) reports: Vec<Arc<Report>>,
    /// How many workers did not answer now.
    pub(crate) late: usize,
}

/// The server, as other threads see it.
#[derive(Debug)]
pub(crate) struct Monitor {
    /// A [`Stage`].
    stage: AtomicU8,
    started: SystemTime,
    limiter: Arc<ConnectionLimiter>,
    /// How long a round of a worker's loop may last.
    watchdog: Duration,
    workers: Vec<WatchedWorker>,
}

#[derive(Debug)]
struct WatchedWorker {
    post: Arc<Post>,
    waker: Waker,
    /// The pulse when it was last looked at, and since when it was that.
    seen: Mutex<(usize, Instant)>,
}

/// What one worker and the threads that ask for it share. It has cache lines of its own: each
/// worker writes to its post in each round.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Post {
    /// Counts the beginnings and the ends of rounds: it is odd in a round, and even while the
    /// worker waits for events.
    pulse: AtomicUsize,
    /// See [`set_cannot_accept`](Self::set_cannot_accept).
    cannot_accept: AtomicBool,
    /// Whether there is a question.
    is_asked: AtomicBool,
    exchange: Mutex<Exchange>,
    answered: Condvar,
}

/// A question to a worker, and its last answer.
#[derive(Debug, Default)]
struct Exchange {
    question: Option<Question>,
    report: Arc<Report>,
}

impl Monitor {
    /// A monitor of workers that these wake; `watchdog` is how long a round of one may last.
    pub(crate) fn new(
        limiter: Arc<ConnectionLimiter>,
        wakers: impl IntoIterator<Item = Waker>,
        watchdog: Duration,
    ) -> Self {
        #[expect(clippy::disallowed_methods, reason = "it is shown, and not compared")]
        let started = SystemTime::now();
        let now = Instant::now();
        let workers = wakers.into_iter().map(|waker| WatchedWorker {
            post: Arc::default(),
            waker,
            seen: Mutex::new((0, now)),
        });
        Self {
            stage: AtomicU8::new(Stage::Starting as u8),
            started,
            limiter,
            watchdog,
            workers: workers.collect(),
        }
    }

    /// What limits connections.
    pub(crate) fn limiter(&self) -> &Arc<ConnectionLimiter> {
        &self.limiter
    }

    /// How many files the process may have open; `u64::MAX` if the system does not limit them.
    pub(crate) fn file_limit(&self) -> u64 {
        self.limiter.file_limit()
    }

    /// When the server was started.
    pub(crate) fn started(&self) -> SystemTime {
        self.started
    }

    /// What a worker and the others share; `worker` counts from 0.
    pub(crate) fn post(&self, worker: usize) -> Arc<Post> {
        self.workers[worker].post.clone()
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Starting,
            1 => Stage::Serving,
            _ => Stage::Draining,
        }
    }

    /// Goes on to a stage, never back.
    pub(crate) fn enter(&self, stage: Stage) {
        self.stage.fetch_max(stage as u8, Ordering::AcqRel);
    }

    /// Whether all workers turn, as far as this was called before: a worker is stuck that is in the
    /// same round since a call that is older than the watchdog's time. Never waits for a worker.
    ///
    /// # Errors
    ///
    /// The first worker that is stuck.
    pub(crate) fn liveness(&self, now: Instant) -> Result<(), Stuck> {
        let mut result = Ok(());
        for (index, worker) in self.workers.iter().enumerate() {
            let time = worker.time_in_round(now);
            if time > self.watchdog && result.is_ok() {
                let worker = index + 1;
                result = Err(Stuck { worker, time });
            }
        }
        result
    }

    /// How often [`liveness`](Self::liveness) should be called, so that it is found in time that a
    /// worker is stuck.
    pub(crate) fn liveness_interval(&self) -> Duration {
        self.watchdog / 4
    }

    /// Whether the server can get new clients.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub(crate) fn readiness(&self, now: Instant) -> Result<(), Unready> {
        match self.stage() {
            Stage::Starting => return Err(Unready::Starting),
            Stage::Draining => return Err(Unready::Draining),
            Stage::Serving => {}
        }
        if let Some(limit) = self.limiter.limit_if_reached() {
            return Err(Unready::Full(limit));
        }
        if self.limiter.is_short_of_memory(now) {
            return Err(Unready::ShortOfMemory);
        }
        let mut posts = self.workers.iter().map(|worker| &worker.post);
        if posts.any(|post| post.cannot_accept.load(Ordering::Relaxed)) {
            return Err(Unready::CannotAccept);
        }
        Ok(())
    }

    /// Makes the workers look at what has changed for them.
    pub(crate) fn wake_workers(&self) {
        self.workers.iter().for_each(WatchedWorker::wake);
    }

    /// Asks all workers, and waits for their answers, for `timeout` at most.
    pub(crate) fn ask(&self, question: Question, timeout: Duration) -> Answers {
        let deadline = Instant::now() + timeout;
        self.workers.iter().for_each(|worker| worker.ask(question));
        let mut answers = Answers::default();
        for worker in &self.workers {
            let left = deadline.saturating_duration_since(Instant::now());
            let (report, is_late) = worker.post.wait_for_report(left);
            answers.reports.push(report);
            answers.late += usize::from(is_late);
        }
        answers
    }
}

impl WatchedWorker {
    /// For how long the worker was seen in the round in which it is.
    fn time_in_round(&self, now: Instant) -> Duration {
        let pulse = self.post.pulse.load(Ordering::Relaxed);
        let mut seen = lock(&self.seen);
        let is_waiting = pulse.is_multiple_of(2);
        if is_waiting || seen.0 != pulse {
            *seen = (pulse, now);
        }
        now.saturating_duration_since(seen.1)
    }

    fn ask(&self, question: Question) {
        lock(&self.post.exchange).question = Some(question);
        self.post.is_asked.store(true, Ordering::Release);
        self.wake();
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            warn!(
                target: SERVER, event = event::WAKE_FAILED, reason:% = error;
                "cannot wake a worker: {error}"
            );
        }
    }
}

impl Post {
    /// Notes that the worker has events, or its thread has begun.
    #[inline(always)]
    pub(crate) fn begin_round(&self) {
        self.beat();
    }

    /// Notes that the worker waits for events, or has ended.
    #[inline(always)]
    pub(crate) fn end_round(&self) {
        self.beat();
    }

    /// No other thread writes the pulse, so it needs no exchange: this is one instruction.
    #[inline(always)]
    fn beat(&self) {
        let pulse = self.pulse.load(Ordering::Relaxed);
        self.pulse.store(pulse.wrapping_add(1), Ordering::Relaxed);
    }

    /// Notes whether the worker's last attempt to accept clients has failed.
    pub(crate) fn set_cannot_accept(&self, cannot_accept: bool) {
        self.cannot_accept.store(cannot_accept, Ordering::Relaxed);
    }

    /// What the worker was asked since it has answered; it must [answer](Self::answer).
    pub(crate) fn question(&self) -> Option<Question> {
        if !self.is_asked.swap(false, Ordering::Acquire) {
            return None;
        }
        lock(&self.exchange).question
    }

    /// Answers this question.
    pub(crate) fn answer(&self, question: Question, report: Report) {
        let mut exchange = lock(&self.exchange);
        // There may be another one by now.
        exchange.question.take_if(|it| *it == question);
        exchange.report = Arc::new(report);
        self.answered.notify_all();
    }

    /// Waits for the answer. Returns the last one, and whether that is an older one.
    fn wait_for_report(&self, timeout: Duration) -> (Arc<Report>, bool) {
        let is_asked = |exchange: &mut Exchange| exchange.question.is_some();
        let exchange = lock(&self.exchange);
        let waited = self
            .answered
            .wait_timeout_while(exchange, timeout, is_asked);
        let (exchange, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        (exchange.report.clone(), waited.timed_out())
    }
}

impl Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("starting: the server does not listen yet"),
            Self::Draining => f.write_str("draining: the server stops"),
            Self::Full(limit) => {
                let limit = Count(*limit as u64, "connection");
                write!(f, "full: there are {limit} (--max-connections)")
            }
            Self::ShortOfMemory => f.write_str("short of memory (--max-memory)"),
            Self::CannotAccept => f.write_str("cannot accept clients: see the log"),
        }
    }
}

impl Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worker, time } = self;
        let time = Time::from(*time);
        write!(f, "worker {worker} has not turned for {time}")
    }
}

#[cfg(test)]
mod tests;
