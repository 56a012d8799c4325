//! The connections that load a server, all of them on one thread.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::opening::Opening;
use crate::check::attack::{Answers, Attack, Behaviour};
use crate::check::frame::{Frame, Role};
use crate::check::target::Target;

/// How long the opening of all connections may take.
const OPENING_TIME_MAX: Duration = Duration::from_secs(8);
/// How long the opening of one may take.
const ONE_OPENING_MAX: Duration = Duration::from_secs(2);
/// Between two bytes of what is sent slowly.
const SLOW_PAUSE: Duration = Duration::from_millis(20);
/// When nothing can be sent.
const PAUSE: Duration = Duration::from_millis(1);
/// About how many bytes of a flood are written at once.
const FLOOD_LEN: usize = 32 << 10;

/// What the thread and the one that watches the server share.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// How many connections were opened.
    pub(crate) opened: AtomicUsize,
    /// Whether all that could be opened are.
    pub(crate) is_ready: AtomicBool,
    pub(crate) is_over: AtomicBool,
}

impl Progress {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// One of the connections.
struct Attacker {
    stream: TcpStream,
    /// What is sent first, and how much of it is.
    first: Vec<u8>,
    sent: usize,
    /// What is sent then, again and again.
    again: Vec<u8>,
    sent_again: usize,
    is_slow: bool,
    reads: bool,
}

/// Opens the connections, and lets them do what they do until it is over.
pub(crate) fn attack(target: &Target<'_>, attack: &Attack, progress: &Progress) {
    if matches!(attack.behaviour, Behaviour::Reopened) {
        progress.is_ready.store(true, Ordering::Relaxed);
        reopen(target, attack.connections, progress);
        return;
    }
    let mut attackers = Vec::new();
    let until = Instant::now() + OPENING_TIME_MAX;
    while attackers.len() < attack.connections && Instant::now() < until && !progress.is_over() {
        // A server may take no more than so many, and that is its right.
        let Ok(attacker) = Attacker::open(target, &attack.behaviour) else {
            break;
        };
        attackers.push(attacker);
        progress.opened.store(attackers.len(), Ordering::Relaxed);
    }
    progress.is_ready.store(true, Ordering::Relaxed);
    let pause = match attackers.iter().any(|it| it.is_slow) {
        true => SLOW_PAUSE,
        false => PAUSE,
    };
    let mut room = vec![0; FLOOD_LEN];
    while !progress.is_over() {
        let mut has_moved = false;
        for attacker in &mut attackers {
            has_moved |= attacker.act(&mut room);
        }
        if !has_moved {
            thread::sleep(pause);
        }
    }
    for attacker in &attackers {
        // So that thousands of them do not occupy ports for a minute.
        let _ = SockRef::from(&attacker.stream).set_linger(Some(Duration::ZERO));
    }
}

/// Opens connections and resets them at once, so many at a time.
fn reopen(target: &Target<'_>, count: usize, progress: &Progress) {
    while !progress.is_over() {
        let opened: Vec<_> = (0..count)
            .map_while(|_| TcpStream::connect_timeout(&target.address, ONE_OPENING_MAX).ok())
            .collect();
        progress.opened.fetch_add(opened.len(), Ordering::Relaxed);
        for stream in &opened {
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
        if opened.is_empty() {
            thread::sleep(PAUSE);
        }
    }
}

impl Attacker {
    fn open(target: &Target<'_>, behaviour: &Behaviour) -> io::Result<Self> {
        let mut stream = TcpStream::connect_timeout(&target.address, ONE_OPENING_MAX)?;
        stream.set_nodelay(true)?;
        let request = Opening::new().request(target, &[]).into_bytes();
        let (mut first, mut again) = (Vec::new(), Vec::new());
        match behaviour {
            Behaviour::Silent | Behaviour::Idle | Behaviour::Reopened => {}
            Behaviour::HalfRequest => first = request[..request.len() / 2].to_vec(),
            Behaviour::SlowRequest => first = request.clone(),
            Behaviour::Holds(frames) | Behaviour::Slow(frames) => first = bytes(frames),
            Behaviour::Flood(flood) => {
                first = bytes(&flood.first);
                let once = bytes(&flood.again);
                again = once.repeat((FLOOD_LEN / once.len().max(1)).max(1));
            }
        }
        if behaviour.is_opened() {
            shake_hands(&mut stream, &request)?;
        }
        stream.set_nonblocking(true)?;
        let is_unread = matches!(behaviour, Behaviour::Flood(it) if it.answers == Answers::Unread);
        Ok(Self {
            stream,
            first,
            sent: 0,
            again,
            sent_again: 0,
            is_slow: matches!(behaviour, Behaviour::SlowRequest | Behaviour::Slow(_)),
            reads: !is_unread,
        })
    }

    /// Sends and reads some bytes. Returns whether there may be more at once.
    fn act(&mut self, room: &mut [u8]) -> bool {
        let has_read = self.reads && matches!(self.stream.read(room), Ok(1..));
        if self.sent < self.first.len() {
            let rest = &self.first[self.sent..];
            let piece = if self.is_slow { &rest[..1] } else { rest };
            let sent = self.stream.write(piece).unwrap_or(0);
            self.sent += sent;
            return has_read || (sent > 0 && !self.is_slow);
        }
        if self.again.is_empty() {
            return has_read;
        }
        let sent = self.stream.write(&self.again[self.sent_again..]);
        let sent = sent.unwrap_or(0);
        self.sent_again = (self.sent_again + sent) % self.again.len();
        has_read || sent > 0
    }
}

fn bytes(frames: &[Frame]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|frame| frame.bytes(Role::Server))
        .collect()
}

/// Sends a request, and reads what comes until the end of a head.
fn shake_hands(stream: &mut TcpStream, request: &[u8]) -> io::Result<()> {
    stream.set_read_timeout(Some(ONE_OPENING_MAX))?;
    stream.write_all(request)?;
    let mut head = Vec::new();
    let mut byte = [0; 256];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut byte)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            len => head.extend_from_slice(&byte[..len]),
        }
    }
    Ok(())
}
