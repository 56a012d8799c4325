//! One connection after its opening handshake: frames in both directions at the same time, and what
//! comes is noted. What is sent, and when, is in [`script`](super::script).

use std::time::{Duration, Instant};

use super::connection::{Connection, Moved};
use super::outgoing::Outgoing;
use crate::check::answer::Kind;
use crate::check::frame::{self, Frame, OPCODE, Role};
use crate::check::received::{FrameReader, Meaning};
use crate::check::session::{Cut, Message};
use crate::check::timing::Timing;
use crate::check::transcript::{Direction, Tcp, Transcript};
use crate::frame_header::{BINARY, CLOSE, TEXT};

/// RSV1, as [`Frame::reserved_bits`] has it.
const COMPRESSED: u8 = 4;
/// How many bytes may come besides those that a session asks for.
const SLACK: usize = 4 << 20;
/// How many answers may come besides.
const ANSWERS_SLACK: usize = 100;
/// How many pieces are written before something is read.
const PIECES_AT_ONCE: usize = 16;
/// A connection may last longer if it moves at least so many bytes in a second.
const SLOWEST: u64 = 100_000;
/// A pause between two pieces lasts a round trip: so long a peer takes for what it has received.
const PAUSE_MAX: Duration = Duration::from_millis(5);

/// A connection, and what happens on it.
pub(crate) struct Conversation<'a, 'b> {
    pub(super) connection: Connection<'a>,
    /// The role that is tested.
    pub(super) role: Role,
    pub(super) reader: FrameReader,
    pub(super) timing: Timing,
    /// How long nothing may happen while something is waited for.
    pub(super) patience: Duration,
    pub(super) transcript: &'b mut Transcript,
    pub(super) outgoing: Outgoing,
    received: Vec<u8>,
    received_len: usize,
    /// How many bytes may come, and how many answers.
    pub(super) received_max: usize,
    pub(super) answers_max: usize,
    sent_len: usize,
    /// How many messages of a greeting are still to be skipped.
    to_skip: usize,
    pub(super) has_sent_close: bool,
    /// How many answers came exactly as they are expected, before the first that did not.
    pub(super) as_expected: usize,
    /// When something was sent or received.
    last_progress: Instant,
    /// When it began, or the last right answer came.
    pub(super) start: Instant,
}

impl<'a, 'b> Conversation<'a, 'b> {
    pub(crate) fn new(
        connection: Connection<'a>,
        role: Role,
        reader: FrameReader,
        timing: Timing,
        transcript: &'b mut Transcript,
    ) -> Self {
        let now = Instant::now();
        Self {
            connection,
            role,
            reader,
            timing,
            patience: timing.patience(),
            transcript,
            outgoing: Outgoing::new(timing.round_trip.min(PAUSE_MAX)),
            received: Vec::new(),
            received_len: 0,
            received_max: SLACK,
            answers_max: ANSWERS_SLACK,
            sent_len: 0,
            to_skip: 0,
            has_sent_close: false,
            as_expected: 0,
            last_progress: now,
            start: now,
        }
    }

    /// The first so many messages are a greeting, which is no answer.
    pub(crate) fn skip(&mut self, count: usize) {
        self.to_skip = count;
    }

    /// What was received already.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.received_len += bytes.len();
        self.reader.receive(bytes);
        self.read_frames();
    }

    /// These frames were sent already, in one piece with the opening handshake.
    pub(crate) fn was_sent(&mut self, frames: &[Frame]) {
        let is_close = |frame: &Frame| frame.first & OPCODE == CLOSE;
        self.has_sent_close |= frames.iter().any(is_close);
    }

    /// Queues frames, cut into writes.
    pub(super) fn queue(&mut self, frames: &[Frame], cut: Cut) {
        let mut all = Vec::with_capacity(frames.len());
        for frame in frames {
            let encoded = frame.bytes(self.role);
            let words = frame.to_string();
            self.transcript.record.add(Direction::Sent, words, &encoded);
            all.push(encoded);
        }
        self.was_sent(frames);
        self.outgoing.push_cut(all, cut);
    }

    /// Queues a message, compressed if that was agreed on.
    pub(super) fn queue_compressed(&mut self, message: &Message) {
        let payload = message.payload.bytes();
        let opcode = match message.kind {
            Kind::Text => TEXT,
            Kind::Binary | Kind::Pong => BINARY,
        };
        let whole = match self.reader.compression() {
            Some(compression) => {
                frame::binary(compression.deflate(&payload)).reserved_bits(COMPRESSED)
            }
            None => frame::binary(payload.into_owned()),
        };
        let whole = whole.opcode(opcode);
        let frames = match message.fragment_len {
            Some(len) => frame::fragments(&whole, len),
            None => vec![whole],
        };
        self.queue(&frames, Cut::Whole);
    }

    /// Whether nothing more is to be expected from the peer.
    pub(super) fn has_ended(&self) -> bool {
        self.transcript.close.is_some() || self.is_over()
    }

    /// Whether nothing more can be received.
    fn is_over(&self) -> bool {
        self.connection.tcp() != Tcp::Open || self.transcript.lost.is_some()
    }

    /// When all must be over, whatever the peer sends.
    fn deadline(&self) -> Instant {
        let moved = (self.sent_len + self.received_len) as u64;
        self.start + self.timing.limit() + self.patience + Duration::from_secs(moved / SLOWEST)
    }

    /// Sends and receives until `is_done`; or until nothing has moved for some time, or nothing
    /// more can be received: then the result is `false`.
    pub(super) fn pump(&mut self, patience: Duration, is_done: impl Fn(&Self) -> bool) -> bool {
        self.last_progress = Instant::now();
        loop {
            let until = self.deadline().min(self.last_progress + patience);
            if self.pump_until(until, &is_done) {
                return true;
            }
            if self.is_over() {
                return false;
            }
            let now = Instant::now();
            if self.deadline() <= now {
                self.transcript.lost = Some("bytes came now and then, without an end".into());
                return false;
            }
            if self.last_progress + patience <= now {
                return false;
            }
        }
    }

    /// The same until a time.
    pub(super) fn pump_until(&mut self, until: Instant, is_done: impl Fn(&Self) -> bool) -> bool {
        loop {
            let has_written = self.write_some();
            let has_read = self.read();
            if is_done(self) {
                return true;
            }
            if self.is_over() || Instant::now() >= until {
                return false;
            }
            if has_written || has_read {
                self.last_progress = Instant::now();
            } else {
                let until = self
                    .outgoing
                    .waits_until()
                    .map_or(until, |it| it.min(until));
                self.connection.wait(until);
            }
        }
    }

    /// Sends what is queued, and reads nothing, until all is sent, or nothing could be sent for
    /// some time.
    pub(super) fn send_unread(&mut self) {
        let mut until = Instant::now() + self.timing.quiet();
        while !self.outgoing.is_empty() && Instant::now() < until {
            if self.write() {
                until = Instant::now() + self.timing.quiet();
            } else {
                self.connection.wait(until);
            }
        }
    }

    /// Writes some pieces. Returns whether something was written.
    fn write_some(&mut self) -> bool {
        let mut has_written = false;
        for _ in 0..PIECES_AT_ONCE {
            if !self.write() {
                break;
            }
            has_written = true;
        }
        has_written
    }

    /// Writes some of what is queued. Returns whether something was written.
    fn write(&mut self) -> bool {
        let ready = self.outgoing.ready();
        if ready.is_empty() {
            // With TLS some of what was written may wait for room.
            self.connection.flush();
            return false;
        }
        match self.connection.write(ready) {
            Moved::Nothing => false,
            Moved::Bytes(len) => {
                self.sent_len += len;
                self.outgoing.written(len);
                true
            }
            Moved::End => {
                // What the peer has sent can still be read.
                self.outgoing.clear();
                false
            }
        }
    }

    /// Reads once. Returns whether something came.
    fn read(&mut self) -> bool {
        if self.transcript.lost.is_some() {
            return false;
        }
        self.received.clear();
        match self.connection.read(&mut self.received) {
            Moved::Nothing | Moved::End => return false,
            Moved::Bytes(len) => self.received_len += len,
        }
        self.reader.receive(&self.received);
        self.read_frames();
        if self.transcript.answers.len() > self.answers_max {
            let why = "more answers came than were asked for, without an end";
            self.transcript.lost = Some(why.into());
        }
        if self.received_len > self.received_max {
            let why = format!("more than {} bytes came, without an end", self.received_max);
            self.transcript.lost = Some(why);
        }
        true
    }

    fn read_frames(&mut self) {
        while let Some((frame, meaning)) = self.reader.next_frame() {
            let words = frame.words();
            self.transcript
                .record
                .add(Direction::Received, words, self.reader.frame_bytes());
            match meaning {
                None => {}
                Some(Meaning::Answer(answer)) if answer.kind != Kind::Pong && self.to_skip > 0 => {
                    self.to_skip -= 1;
                }
                Some(Meaning::Ping(payload)) if !self.has_sent_close => {
                    self.queue(&[frame::pong(payload)], Cut::Whole);
                }
                Some(meaning) => self.transcript.receive(meaning),
            }
        }
        if let Some(why) = self.reader.lost() {
            self.transcript.lost = Some(why.to_owned());
        }
    }
}
