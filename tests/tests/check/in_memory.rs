//! The cases of `ws-echo check` are played against the core in memory, as a server and as a client
//! that echoes: whole, byte by byte, and short ones cut at each place. There is no TCP connection,
//! so those that end one are left to the sockets, and long ones too.

use ws_echo::check::case::{Case, Play};
use ws_echo::check::cases;
use ws_echo::check::frame::{Frame, OPCODE, Role, close, ping};
use ws_echo::check::judge::judge;
use ws_echo::check::received::FrameReader;
use ws_echo::check::session::{End, Session, Step};
use ws_echo::check::transcript::{PROBE, Tcp, Transcript};
use ws_echo::check::verdict::{Outcome, Verdict};
use ws_echo_core::{Agreed, Buffer, Connection, Event, MIN_BUFFER_LEN};
use ws_echo_tests::wire::CLOSE;

/// The longest session that is played, in bytes.
const LEN_MAX: usize = 300 << 10;
/// The longest one that is played byte by byte too.
const BYTE_BY_BYTE_LEN_MAX: usize = 1 << 16;
/// The longest one that is cut at each place too.
const CUT_LEN_MAX: usize = 80;

#[test]
fn the_core_as_a_server_passes_each_case() {
    all_pass(Role::Server, || Connection::server(Agreed::NOTHING));
}

#[test]
fn the_core_as_a_client_passes_each_case() {
    all_pass(Role::Client, || {
        let mut random = fastrand::Rng::with_seed(1);
        Connection::client(Agreed::NOTHING, move || random.u32(..).to_be_bytes())
    });
}

/// Where the bytes of a session are cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Nowhere,
    Everywhere,
    At(usize),
}

impl Cut {
    /// All cuts that are tried with a session of this length.
    fn all(len: usize) -> Vec<Self> {
        let mut cuts = vec![Self::Nowhere];
        if len <= BYTE_BY_BYTE_LEN_MAX {
            cuts.push(Self::Everywhere);
        }
        if len <= CUT_LEN_MAX {
            cuts.extend((1..len).map(Self::At));
        }
        cuts
    }
}

fn all_pass<R: ws_echo_core::Role>(role: Role, connect: impl Fn() -> Connection<R>) {
    let mut played = 0;
    let mut failures = Vec::new();
    for case in cases::all() {
        let Some(session) = playable(&case, role) else {
            continue;
        };
        played += 1;
        let len = session.bytes(role).len();
        for cut in Cut::all(len) {
            for buffer_len in [MIN_BUFFER_LEN, MIN_BUFFER_LEN + len] {
                let peer = Peer::new(connect(), role, cut, buffer_len);
                let Verdict { outcome, seen, .. } = peer.play(session);
                if !matches!(outcome, Outcome::Passed | Outcome::Informational) {
                    let how = format!("{cut:?}, buffer of {buffer_len}");
                    failures.push(format!("{} ({how}): {outcome:?}: {seen}", case.id));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(played > 400, "only {played} cases were played");
}

/// The session of a case, if it can be played in memory.
fn playable(case: &Case, role: Role) -> Option<&Session> {
    let Play::Session(session) = &case.play else {
        return None;
    };
    let is_of_role = case.role.is_none_or(|of| of == role);
    let is_plain = session.negotiation.is_none();
    let ends_tcp = |step: &Step| matches!(step, Step::EndSending | Step::Reset);
    let is_short = session.bytes(role).len() <= LEN_MAX;
    let can_play = is_of_role && is_plain && is_short && !session.steps.iter().any(ends_tcp);
    can_play.then_some(session)
}

/// The core as a peer that echoes, and what happens between it and the player.
struct Peer<R> {
    role: Role,
    connection: Connection<R>,
    buffer: Buffer<Vec<u8>>,
    cut: Cut,
    /// How many bytes it has been sent.
    sent: usize,
    has_sent_close: bool,
    reader: FrameReader,
    transcript: Transcript,
}

impl<R: ws_echo_core::Role> Peer<R> {
    fn new(connection: Connection<R>, role: Role, cut: Cut, buffer_len: usize) -> Self {
        Self {
            role,
            connection,
            buffer: Buffer::new(vec![0; buffer_len]),
            cut,
            sent: 0,
            has_sent_close: false,
            reader: FrameReader::new(role, None),
            transcript: Transcript::default(),
        }
    }

    /// Plays a session as the player does over a socket, and judges it.
    fn play(mut self, session: &Session) -> Verdict {
        for step in &session.steps {
            if self.has_ended() {
                self.transcript.has_ended_early |= matches!(step, Step::StaysOpen);
                break;
            }
            if !self.step(step) {
                break;
            }
        }
        self.finish(session);
        self.transcript.faults = std::mem::take(&mut self.reader.faults);
        judge(session, &self.transcript)
    }

    /// Does a step. Returns whether the next one makes sense.
    fn step(&mut self, step: &Step) -> bool {
        match step {
            Step::Send(frames, _) | Step::SendUnread(frames) => self.send_frames(frames),
            Step::SendBytes(bytes) => self.send(bytes),
            Step::Await(count) => return self.transcript.answers.len() >= *count,
            Step::ShouldEnd => self.transcript.is_late = !self.has_ended(),
            Step::Pause | Step::StaysOpen => {}
            Step::SendCompressed(_) | Step::EndSending | Step::Reset => {
                panic!("{step:?} in memory")
            }
        }
        true
    }

    fn finish(&mut self, session: &Session) {
        if session.allows(|end| *end == End::Waiting) {
            return;
        }
        if session.allows(|end| *end == End::Open) {
            self.send_close();
        } else if session.allows(|end| matches!(end, End::Fails(_)))
            && !self.has_ended()
            && !self.has_sent_close
        {
            self.send_frames(&[ping(PROBE)]);
        }
        if self.transcript.close.is_some() && !session.is_silent {
            self.send_close();
        }
    }

    fn send_close(&mut self) {
        if !self.has_sent_close {
            self.send_frames(&[close(1000, "")]);
        }
    }

    fn has_ended(&self) -> bool {
        self.transcript.close.is_some() || self.transcript.tcp != Tcp::Open
    }

    fn send_frames(&mut self, frames: &[Frame]) {
        let is_close = |frame: &Frame| frame.first & OPCODE == CLOSE & OPCODE;
        self.has_sent_close |= frames.iter().any(is_close);
        let bytes: Vec<u8> = frames.iter().flat_map(|it| it.bytes(self.role)).collect();
        self.send(&bytes);
    }

    /// Sends bytes, cut, and receives what comes.
    fn send(&mut self, bytes: &[u8]) {
        let start = self.sent;
        self.sent += bytes.len();
        match self.cut {
            Cut::Everywhere => bytes.chunks(1).for_each(|byte| self.send_piece(byte)),
            Cut::At(place) if (start..self.sent).contains(&place) => {
                let (before, after) = bytes.split_at(place - start);
                self.send_piece(before);
                self.send_piece(after);
            }
            Cut::Nowhere | Cut::At(_) => self.send_piece(bytes),
        }
    }

    /// Sends bytes as far as the buffer has room, again and again.
    fn send_piece(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let spare = self.buffer.spare_mut();
            let len = bytes.len().min(spare.len());
            assert!(len > 0, "nothing is ready, and there is no room");
            spare[..len].copy_from_slice(&bytes[..len]);
            self.buffer.commit(len);
            bytes = &bytes[len..];
            self.receive();
        }
    }

    /// Lets the core echo, and reads what it sends, until it has nothing more to send.
    fn receive(&mut self) {
        loop {
            self.echo();
            let ready = self.buffer.ready();
            if ready.is_empty() {
                break;
            }
            self.reader.receive(ready);
            let len = ready.len();
            self.buffer.consume(len);
            while let Some((_, meaning)) = self.reader.next_frame() {
                if let Some(meaning) = meaning {
                    self.transcript.receive(meaning);
                }
            }
        }
        if self.connection.is_done() {
            self.transcript.tcp = Tcp::Fin;
        }
    }

    fn echo(&mut self) {
        let mut exchange = self.connection.exchange(&mut self.buffer);
        loop {
            match exchange.next_event() {
                Ok(Some(Event::Data(chunk))) => exchange.echo(chunk),
                // An error is an event too: the core has made a Close ready.
                Ok(Some(_)) | Err(_) => {}
                Ok(None) => break,
            }
        }
    }
}
