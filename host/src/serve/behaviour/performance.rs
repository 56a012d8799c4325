//! What the server does to one client of the test path, as a state machine without I/O and without
//! a clock: what was received and the time go in, bytes to write come out. `driver/test_turn` does
//! the I/O.

mod deadlines;
pub(crate) mod ending;
mod frames;
mod gathering;
pub(crate) mod greeting;
pub(crate) mod memory;
mod outbox;
mod outgoing;
mod pace;
mod random;
mod receiving;
pub(crate) mod response;
mod schedule;
pub(crate) mod sending;

use std::time::{Duration, Instant, SystemTime};

use ws_echo_core::{Agreed, Buffer, CloseCode, Connection, ProtocolError};

use self::gathering::Gathering;
use self::memory::{Memory, Short};
use self::outbox::Outbox;
use self::pace::{Cut, Pace};
use self::schedule::Schedule;
use crate::options::serve::ServeOptions;
use crate::serve::alarms::ALARM_COST;
use crate::serve::behaviour::{Behaviour, TransportEnd};
use crate::serve::journal::Moment;
use crate::serve::pool::Pool;
use crate::serve::traffic::Traffic;

/// A buffer that is lent to performances, in which nothing stays.
pub(crate) type LentBuffer = Buffer<Box<[u8]>>;

/// One client's performance.
#[derive(Debug)]
pub(crate) struct Performance {
    behaviour: Box<Behaviour>,
    stage: Stage,
    connection: Connection,
    gathering: Gathering,
    outbox: Outbox,
    schedule: Schedule,
    pace: Pace,
    /// How the last write was cut.
    cut: Cut,
    timers: Timers,
    /// Whether the greeting was sent.
    has_begun: bool,
    /// The code of our Close, if one was sent.
    close_code: Option<CloseCode>,
    /// Whether a Close was sent that must not be sent. A Close of the client is not answered then.
    has_sent_wrong_close: bool,
    memory: Memory,
    /// How many bytes of that are its own.
    own_len: usize,
    opened: Moment,
    received: Traffic,
    sent: Traffic,
    /// How it ends, once that is known.
    outcome: Option<Outcome>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The request is refused: what is received is thrown away.
    Refusing,
    /// Messages are received and echoed.
    Echoing,
    /// The end is in the outbox: messages are received and not echoed.
    Ending,
    /// A Close was sent, which the client must answer.
    Closing,
    /// The client has sent a Close, or has broken the protocol.
    Closed,
    /// Nothing more is sent: what is received is thrown away.
    Silent,
}

/// What happens when.
#[derive(Debug)]
struct Timers {
    /// When the connection must end.
    end: Instant,
    /// Whether that time was over, and its end was begun.
    is_over: bool,
    /// When the end comes that the behaviour asks for.
    after: Option<Instant>,
    tick: Option<Repeated>,
    ping: Option<Repeated>,
    /// When the client must have answered our Close.
    close: Option<Instant>,
    /// Since when the client takes nothing of what is due.
    blocked_since: Option<Instant>,
}

/// Something that happens again and again.
#[derive(Clone, Copy, Debug)]
struct Repeated {
    next: Instant,
    interval: Duration,
    /// How often it has happened.
    count: u64,
}

/// How a performance has ended.
#[derive(Debug)]
enum Outcome {
    /// The client has sent this Close.
    ClosedByClient(Option<CloseCode>, String),
    /// The client has answered this Close of ours.
    Closed(CloseCode),
    /// The client has broken the protocol.
    Failed(ProtocolError),
    /// A message was longer than this limit of --max-message-size, in bytes.
    TooLong(u64),
    /// A message was longer than what is held for a client, in bytes.
    TooLongToHold(u64),
    /// It has ended as the behaviour says, after this Close if there was one.
    AsAsked(Option<CloseCode>, TransportEnd),
    /// Its time was over.
    TimeOver,
}

/// Why a client must be dropped at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// There is no memory for what it must be sent.
    ShortOfMemory,
    /// It has taken nothing of what was due for it, for too long.
    Stalled,
    /// It has not answered our Close in time.
    CloseTimeout,
    /// Its time is over, and no Close could be sent.
    TimeOver,
    /// The server stops, and no Close can be sent.
    Stopped,
}

impl From<Short> for Dropped {
    fn from(Short: Short) -> Self {
        Self::ShortOfMemory
    }
}

/// What all performances are bound by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many bytes are held for a client until it is not read from, at least what one message
    /// may have that fits a buffer.
    held_len: usize,
    /// The longest message that is received, in bytes.
    message_len: u64,
    /// How long a connection lasts.
    time: Duration,
    /// How long a client may take nothing of what is due; `None` for any time.
    stall: Option<Duration>,
    /// How long a client may leave a Close unanswered.
    close: Duration,
    /// What it is closed with when the server stops.
    stop_code: CloseCode,
}

impl Limits {
    pub(crate) fn new(options: &ServeOptions) -> Self {
        Self {
            held_len: options.max_backlog.max(options.buffer_len),
            message_len: options.max_message_len,
            time: options.max_test_time,
            stall: options.stall_timeout,
            close: options.close_timeout,
            stop_code: options.drain.code,
        }
    }
}

/// What is around a performance in a turn.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) now: Instant,
    /// The same moment as the time of day.
    pub(crate) time: SystemTime,
    pub(crate) limits: Limits,
    pub(crate) pool: &'a mut Pool,
}

/// What performances use in their turns, one after the other. It takes no memory before the first.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// For what is received.
    pub(crate) buffer: LentBuffer,
    /// For what is written.
    pub(crate) bytes: Vec<u8>,
}

/// How many bytes are received in a turn.
const RECEIVED_LEN: usize = 16 * 1024;

impl Default for Scratch {
    fn default() -> Self {
        Self {
            buffer: Buffer::for_pieces(Box::default()),
            bytes: Vec::new(),
        }
    }
}

impl Scratch {
    /// Makes sure that there is room.
    pub(crate) fn provide(&mut self) {
        if self.buffer.capacity() == 0 {
            self.buffer = Buffer::for_pieces(vec![0; RECEIVED_LEN].into_boxed_slice());
        }
    }
}

/// What a client is told first.
#[derive(Debug)]
pub(crate) struct Opening {
    /// The head of the response.
    pub(crate) response: Vec<u8>,
    /// The first message; `None` for none.
    pub(crate) greeting: Option<String>,
    pub(crate) agreed: Agreed,
    pub(crate) opened: Moment,
    pub(crate) seed: u64,
}

impl Performance {
    /// Begins to accept a client.
    pub(crate) fn accept(
        behaviour: Box<Behaviour>,
        opening: Opening,
        around: &mut Surroundings<'_>,
    ) -> Result<Box<Self>, Short> {
        let Opening {
            response,
            greeting,
            agreed,
            opened,
            seed,
        } = opening;
        let mut performance = Self::new(behaviour, Stage::Echoing, around)?;
        performance.connection = Connection::server(agreed);
        performance.opened = opened;
        performance.schedule = Schedule::new(seed);
        let opened = performance.open(response, greeting, around);
        performance.begun(opened, around)
    }

    /// Begins to refuse a client with this response.
    pub(crate) fn refuse(
        behaviour: Box<Behaviour>,
        response: Vec<u8>,
        around: &mut Surroundings<'_>,
    ) -> Result<Box<Self>, Short> {
        let mut performance = Self::new(behaviour, Stage::Refusing, around)?;
        let refused = performance.respond_and_finish(response, around);
        performance.begun(refused, around)
    }

    /// Takes the memory that it needs for itself.
    fn new(
        behaviour: Box<Behaviour>,
        stage: Stage,
        around: &mut Surroundings<'_>,
    ) -> Result<Box<Self>, Short> {
        let own_len = size_of::<Self>() + behaviour.memory() + ALARM_COST;
        let mut memory = Memory::default();
        let _granted = memory.take(own_len, around.pool)?;
        Ok(Box::new(Self {
            behaviour,
            stage,
            connection: Connection::server(Agreed::NOTHING),
            gathering: Gathering::default(),
            outbox: Outbox::default(),
            schedule: Schedule::new(0),
            pace: Pace::default(),
            cut: Cut::default(),
            timers: Timers {
                end: around.now + around.limits.time,
                is_over: false,
                after: None,
                tick: None,
                ping: None,
                close: None,
                blocked_since: None,
            },
            has_begun: false,
            close_code: None,
            has_sent_wrong_close: false,
            memory,
            own_len,
            opened: Moment::default(),
            received: Traffic::default(),
            sent: Traffic::default(),
            outcome: None,
        }))
    }

    /// Itself, if there was memory for its begin.
    fn begun(
        mut self: Box<Self>,
        begun: Result<(), Short>,
        around: &mut Surroundings<'_>,
    ) -> Result<Box<Self>, Short> {
        if begun.is_err() {
            self.give_memory_back(around.pool);
        }
        begun.map(|()| self)
    }

    /// Gives the pool back what it has of it.
    pub(crate) fn give_memory_back(&mut self, pool: &mut Pool) {
        self.memory.give_back(usize::MAX, pool);
    }

    /// When it must get a turn though nothing has happened to its transport.
    pub(crate) fn alarm(&self, now: Instant, limits: &Limits) -> Instant {
        let sending = self.next_sending(now);
        let deadline = self.next_deadline(limits);
        sending.map_or(deadline, |sending| sending.min(deadline))
    }

    /// Whether what the client sends is received now.
    pub(crate) fn is_receiving(&self, limits: &Limits) -> bool {
        let is_paused = self.is_paused() && self.stage != Stage::Refusing;
        let has_room = self.held_len() < limits.held_len || self.outbox.is_empty();
        !is_paused && has_room
    }

    /// Whether nothing more is received because the behaviour says so.
    fn is_paused(&self) -> bool {
        let after = self.behaviour.messages.pause_reading_after;
        after.is_some_and(|after| self.received.messages >= after)
    }

    /// How many bytes are held for the client.
    fn held_len(&self) -> usize {
        self.memory.taken() - self.own_len
    }
}

#[cfg(test)]
mod tests;
