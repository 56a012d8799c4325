//! One connection after its opening handshake: does the steps of a session, and notes what comes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::connection::{Connection, Moved};
use crate::check::answer::Kind;
use crate::check::frame::{self, Frame, OPCODE, Role};
use crate::check::received::{FrameReader, Meaning};
use crate::check::session::{Cut, End, Message, Session, Step};
use crate::check::timing::Timing;
use crate::check::transcript::{Direction, Tcp, Transcript};
use crate::frame_header::{BINARY, CLOSE, CONTINUATION, TEXT};

/// The payload of the Ping that asks whether a connection has survived a fault.
const PROBE: &str = "still open?";
const NORMAL_CLOSURE: u16 = 1000;
/// How many bytes are received at most, more than any case asks for.
const RECEIVED_MAX: usize = 256 << 20;

/// A connection, and what happens on it.
pub(crate) struct Conversation<'a, 'b> {
    connection: Connection<'a>,
    /// The role that is tested.
    role: Role,
    reader: FrameReader,
    timing: Timing,
    transcript: &'b mut Transcript,
    /// Each is one write.
    outgoing: VecDeque<Vec<u8>>,
    /// How much of the first is written.
    written: usize,
    received: Vec<u8>,
    received_len: usize,
    /// How many messages of a greeting are still to be skipped.
    to_skip: usize,
    has_sent_close: bool,
    /// Whether the connection is to be reset at once.
    is_reset: bool,
    /// When something was sent or received.
    last_progress: Instant,
}

impl<'a, 'b> Conversation<'a, 'b> {
    pub(crate) fn new(
        connection: Connection<'a>,
        role: Role,
        reader: FrameReader,
        timing: Timing,
        transcript: &'b mut Transcript,
    ) -> Self {
        Self {
            connection,
            role,
            reader,
            timing,
            transcript,
            outgoing: VecDeque::new(),
            written: 0,
            received: Vec::new(),
            received_len: 0,
            to_skip: 0,
            has_sent_close: false,
            is_reset: false,
            last_progress: Instant::now(),
        }
    }

    /// The first so many messages are a greeting, which is no answer.
    pub(crate) fn skip(&mut self, count: usize) {
        self.to_skip = count;
    }

    /// What was received already.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.reader.receive(bytes);
        self.read_frames();
    }

    /// Does these steps, and ends the connection as the session asks for.
    pub(crate) fn play(mut self, session: &Session, steps: &[Step]) {
        for step in steps {
            if self.has_ended() || !self.step(step) {
                break;
            }
        }
        if !self.is_reset {
            self.finish(session);
        }
        self.transcript.tcp = self.connection.tcp();
        self.transcript.faults.append(&mut self.reader.faults);
        match self.transcript.tcp {
            Tcp::Open => {}
            Tcp::Fin => self.transcript.record.event("the TCP connection ended"),
            Tcp::Reset => self.transcript.record.event("the TCP connection was reset"),
        }
    }

    /// Does a step. Returns whether the next one makes sense.
    fn step(&mut self, step: &Step) -> bool {
        match step {
            Step::Send(frames, cut) => {
                self.queue(frames, *cut);
                self.send_queued()
            }
            Step::SendUnread(frames) => {
                self.queue(frames, Cut::Whole);
                self.send_unread();
                true
            }
            Step::SendBytes(bytes) => {
                self.transcript.record.add(Direction::Sent, "bytes", bytes);
                self.outgoing.push_back(bytes.clone());
                self.send_queued()
            }
            Step::SendCompressed(message) => {
                self.queue_compressed(message);
                self.send_queued()
            }
            Step::Await(count) => self.pump(self.timing.patience(), |it| {
                it.transcript.answers.len() >= *count
            }),
            Step::Pause => {
                let until = Instant::now() + self.timing.quiet();
                self.pump_until(until, Conversation::has_ended);
                true
            }
            Step::EndSending => {
                self.connection.end_sending();
                self.transcript
                    .record
                    .event("the direction to the peer was ended");
                true
            }
            Step::Reset => {
                self.connection.reset_at_end();
                self.is_reset = true;
                false
            }
        }
    }

    /// Queues frames, cut into writes.
    fn queue(&mut self, frames: &[Frame], cut: Cut) {
        let mut bytes = Vec::new();
        for frame in frames {
            let encoded = frame.bytes(self.role);
            let words = frame.to_string();
            self.transcript.record.add(Direction::Sent, words, &encoded);
            self.has_sent_close |= frame.first & OPCODE == CLOSE;
            match cut {
                Cut::Frames => self.outgoing.push_back(encoded),
                _ => bytes.extend(encoded),
            }
        }
        match cut {
            Cut::Frames => {}
            Cut::Whole => self.outgoing.push_back(bytes),
            Cut::Bytes => self.outgoing.extend(bytes.chunks(1).map(<[u8]>::to_vec)),
            Cut::Chunks(len) => self.outgoing.extend(bytes.chunks(len).map(<[u8]>::to_vec)),
            Cut::At(place) => {
                let (before, after) = bytes.split_at(place.min(bytes.len()));
                self.outgoing.extend([before.to_vec(), after.to_vec()]);
            }
        }
    }

    fn queue_compressed(&mut self, message: &Message) {
        let payload = message.payload.bytes();
        let Some(compression) = self.reader.compression() else {
            return;
        };
        let compressed = compression.deflate(&payload);
        let opcode = match message.kind {
            Kind::Text => TEXT,
            Kind::Binary | Kind::Pong => BINARY,
        };
        let fragment_len = message.fragment_len.unwrap_or(usize::MAX);
        let mut fragments: Vec<&[u8]> = compressed.chunks(fragment_len).collect();
        if fragments.is_empty() {
            fragments.push(&[]);
        }
        let last = fragments.len() - 1;
        let frames: Vec<Frame> = fragments
            .into_iter()
            .enumerate()
            .map(|(index, fragment)| {
                let frame = match index {
                    0 => frame::binary(fragment.to_vec())
                        .opcode(opcode)
                        .reserved_bits(4),
                    _ => frame::binary(fragment.to_vec()).opcode(CONTINUATION),
                };
                if index < last {
                    frame.not_final()
                } else {
                    frame
                }
            })
            .collect();
        self.queue(&frames, Cut::Whole);
    }

    fn send_queued(&mut self) -> bool {
        self.pump(self.timing.patience(), |it| it.outgoing.is_empty())
    }

    /// Sends what is queued, and reads nothing until all is sent, or no more can be sent for some
    /// time.
    fn send_unread(&mut self) {
        let mut until = Instant::now() + self.timing.quiet();
        while !self.outgoing.is_empty() && Instant::now() < until {
            if self.write() {
                until = Instant::now() + self.timing.quiet();
            } else {
                self.connection.wait(until);
            }
        }
    }

    /// Ends the connection as the session asks for.
    fn finish(&mut self, session: &Session) {
        let is_waiting = |end: &End| *end == End::Waiting;
        let is_open = |end: &End| *end == End::Open;
        let fails = |end: &End| matches!(end, End::Fails(_));
        if session.allows(is_waiting) {
            self.pump_until(Instant::now() + self.timing.quiet(), Self::has_ended);
        } else if session.allows(is_open) {
            self.send_close();
            self.pump(self.timing.patience(), Self::has_ended);
        } else {
            let quiet = Instant::now() + self.timing.quiet();
            self.pump_until(quiet, Self::has_ended);
            if !self.has_ended() && session.allows(fails) && !self.has_sent_close {
                self.queue(&[frame::ping(PROBE)], Cut::Whole);
            }
            let has_ended = |it: &Self| it.has_ended() || it.transcript.has_survived;
            self.pump(self.timing.patience(), has_ended);
        }
        if self.transcript.close.is_some() {
            self.send_close();
            self.send_queued();
            // > a server SHOULD close it first (RFC 6455 section 7.1.1)
            if self.role == Role::Client {
                self.connection.end_sending();
            }
        }
        // Who ends the TCP connection, and when, is a case of its own.
        if self.has_ended() && !session.allows(is_open) {
            self.pump(self.timing.patience(), |_| false);
        }
    }

    fn send_close(&mut self) {
        if !self.has_sent_close {
            self.queue(&[frame::close(NORMAL_CLOSURE, "")], Cut::Whole);
        }
    }

    /// Whether nothing more is to be expected from the peer.
    fn has_ended(&self) -> bool {
        self.transcript.close.is_some() || self.connection.tcp() != Tcp::Open
    }

    /// Sends and receives until `is_done`; or until nothing has moved for some time, or the
    /// connection has ended: then the result is `false`.
    fn pump(&mut self, patience: Duration, is_done: impl Fn(&Self) -> bool) -> bool {
        self.last_progress = Instant::now();
        loop {
            let until = self.last_progress + patience;
            if self.pump_until(until, &is_done) {
                return true;
            }
            if self.connection.tcp() != Tcp::Open || self.last_progress + patience <= Instant::now()
            {
                return false;
            }
        }
    }

    /// The same until a time.
    fn pump_until(&mut self, until: Instant, is_done: impl Fn(&Self) -> bool) -> bool {
        loop {
            let has_written = self.write();
            let has_read = self.read();
            if is_done(self) {
                return true;
            }
            if self.connection.tcp() != Tcp::Open || Instant::now() >= until {
                return false;
            }
            if has_written || has_read {
                self.last_progress = Instant::now();
            } else {
                self.connection.wait(until);
            }
        }
    }

    /// Writes some of what is queued. Returns whether something was written.
    fn write(&mut self) -> bool {
        let Some(piece) = self.outgoing.front() else {
            return false;
        };
        match self.connection.write(&piece[self.written..]) {
            Moved::Nothing => return false,
            Moved::Bytes(len) => self.written += len,
            Moved::End => {
                // What the peer has sent can still be read.
                self.outgoing.clear();
                self.written = 0;
                return false;
            }
        }
        if self.written == piece.len() {
            self.outgoing.pop_front();
            self.written = 0;
        }
        true
    }

    /// Reads once. Returns whether something came.
    fn read(&mut self) -> bool {
        self.received.clear();
        match self.connection.read(&mut self.received) {
            Moved::Nothing | Moved::End => return false,
            Moved::Bytes(len) => self.received_len += len,
        }
        if self.received_len > RECEIVED_MAX {
            self.transcript.record.event("the peer sends without end");
            self.connection.reset_at_end();
            return false;
        }
        self.reader.receive(&self.received);
        self.read_frames();
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
                Some(Meaning::Answer(answer)) if answer.kind == Kind::Pong => {
                    match answer.payload == PROBE.into() {
                        true => self.transcript.has_survived = true,
                        false => self.transcript.answers.push(answer),
                    }
                }
                Some(Meaning::Answer(_)) if self.to_skip > 0 => self.to_skip -= 1,
                Some(Meaning::Answer(answer)) => self.transcript.answers.push(answer),
                Some(Meaning::Ping(payload)) => {
                    if !self.has_sent_close {
                        self.queue(&[frame::pong(payload)], Cut::Whole);
                    }
                }
                Some(Meaning::Close(close)) => self.transcript.close = Some(close),
            }
        }
    }
}
