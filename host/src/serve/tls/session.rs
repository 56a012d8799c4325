//! A client's connection by TLS (RFC 8446, RFC 5246): records over another transport. The protocol is
//! rustls', which holds no bytes of its own here.
//!
//! - **Receiving:** records are received into the thread's scratch and decrypted at once, as far as the
//!   caller has room. A connection keeps the beginning of a record, and what a caller has no room for.
//! - **Sending:** bytes are taken by [`write`](Write::write) when the last of their records is in the
//!   transport. Until then the caller has them still, and back-pressure is his: nothing waits here but
//!   the records of one call.
//! - **What TLS itself has to say** goes out before anything is received: who does not take it is not
//!   listened to.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::{fmt, mem};

use rustls::ServerConfig;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, EncryptError, WriteTraffic};

use super::pending::{Pending, Room, write_all};
use super::scratch::{ENCRYPTED_MAX, SCRATCH_LEN, with_scratch};
use crate::serve::response::{self, WrongProtocol};
use crate::serve::transport::Transport;

/// The least that is worth a system call, however little room the caller has.
const RECEIVED_MIN: usize = 4 << 10;
/// What rustls keeps of a connection, about: 4 KiB in the end, and more in the handshake.
const RUSTLS_MEMORY: usize = 16 << 10;
/// How often is received for one read, so that records with little in them do not hold up others.
const RECEIVES_MAX: usize = 8;

/// A connection of the server's side.
pub(crate) struct Session<T: Transport> {
    transport: T,
    tls: UnbufferedServerConnection,
    stage: Stage,
    sending: Sending,
    /// Records that were received, of which the last is not whole.
    received: Vec<u8>,
    /// What records carried and nobody has read yet.
    decrypted: Pending,
    /// Records that the transport has not taken yet.
    encrypted: Pending,
    /// How many of the caller's bytes are in them.
    under_way: usize,
    /// Whether the last read stopped before it had all that came.
    is_cut_short: bool,
}

/// How far it has come with what the client sends.
#[derive(Debug)]
enum Stage {
    /// Nothing has come.
    Silent,
    /// The handshake is not complete.
    Handshake,
    Open,
    /// The client does not speak TLS but HTTP. It is answered in the same way.
    Plain,
    /// The client has said that it sends no more.
    Closed,
    /// The client has broken the protocol. It has been told.
    Failed(rustls::Error),
}

/// How far it has come with what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    Open,
    /// The last record says that no more is sent. The transport is shut when it has taken that.
    Closing,
    Shut,
}

/// Makes records, and returns their length.
type Make<'a> = &'a dyn Fn(
    &mut WriteTraffic<'_, ServerConnectionData>,
    &mut [u8],
) -> Result<usize, EncryptError>;

/// What a step of receiving tells of the transport.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Drained,
    /// There may be more.
    Flowing,
}

impl<T: Transport> Session<T> {
    /// A connection whose handshake the client has to begin.
    pub(crate) fn new(transport: T, config: Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        Ok(Self {
            transport,
            tls: UnbufferedServerConnection::new(config)?,
            stage: Stage::Silent,
            sending: Sending::Open,
            received: Vec::new(),
            decrypted: Pending::default(),
            encrypted: Pending::default(),
            under_way: 0,
            is_cut_short: false,
        })
    }

    /// Transmits the records that wait.
    fn flush_records(&mut self) -> io::Result<()> {
        self.encrypted.write_to(&mut self.transport)?;
        if self.sending == Sending::Closing {
            self.sending = Sending::Shut;
            self.transport.shut()?;
        }
        Ok(())
    }

    /// Receives and decrypts until the room is full, or all that has come is in it.
    fn fill(&mut self, room: &mut Room<'_>, scratch: &mut [u8]) -> io::Result<()> {
        self.is_cut_short = false;
        self.decrypted.read_to(room);
        for _ in 0..RECEIVES_MAX {
            if room.left() == 0 {
                break;
            }
            let is_filled = room.filled() > 0;
            match self.receive(room, scratch) {
                // What is left may be the end, which no event tells of again.
                Ok(_) if !self.is_decrypting() => break,
                Ok(Source::Drained) if room.filled() > 0 => return Ok(()),
                Ok(_) => {}
                Err(error) if !is_filled => return Err(error),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // It comes again, behind what is there.
                Err(_) => break,
            }
        }
        self.is_cut_short = true;
        Ok(())
    }

    /// Receives once, and works on all of it.
    fn receive(&mut self, room: &mut Room<'_>, scratch: &mut [u8]) -> io::Result<Source> {
        self.encrypted.write_to(&mut self.transport)?;
        let kept = self.received.len();
        let wanted = room.left().max(kept + RECEIVED_MIN).min(SCRATCH_LEN);
        let spare = &mut scratch[kept..wanted];
        let offered = spare.len();
        if offered == 0 {
            return Err(invalid("TLS: a message of the handshake is too long"));
        }
        let len = self.transport.read(spare)?;
        if len == 0 {
            // > Unless some other fatal alert has been transmitted, each party is required to send a
            // > close_notify alert before closing the write side of the connection (RFC 8446 section 6.1)
            return Err(ErrorKind::UnexpectedEof.into());
        }
        scratch[..kept].copy_from_slice(&self.received);
        self.work_on(&mut scratch[..kept + len], room);
        Ok(if len < offered {
            Source::Drained
        } else {
            Source::Flowing
        })
    }

    /// Works on what was received, and transmits what that leads to.
    fn work_on(&mut self, received: &mut [u8], room: &mut Room<'_>) {
        if let Stage::Silent = self.stage {
            // A record of a handshake begins with 22, and a request with its method.
            if received[0].is_ascii_uppercase() {
                self.stage = Stage::Plain;
                return put(received, room, &mut self.decrypted);
            }
            self.stage = Stage::Handshake;
        }
        let kept = self.process(received, room);
        // No longer than it has to be: an idle connection keeps nothing.
        self.received = received[kept..].to_vec();
        // What is not taken now goes before the next record is received.
        let _ = self.encrypted.write_to(&mut self.transport);
    }

    /// Decrypts whole records, and returns where the rest begins.
    fn process(&mut self, received: &mut [u8], room: &mut Room<'_>) -> usize {
        let mut start = 0;
        loop {
            let status = self.tls.process_tls_records(&mut received[start..]);
            let mut discard = status.discard;
            match status.state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(Ok(record)) = traffic.next_record() {
                        discard += record.discard;
                        put(record.payload, room, &mut self.decrypted);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(message)) => encode(message, &mut self.encrypted),
                Ok(ConnectionState::TransmitTlsData(messages)) => messages.done(),
                Ok(ConnectionState::PeerClosed) => {
                    self.stage = Stage::Closed;
                    return received.len();
                }
                Ok(ConnectionState::WriteTraffic(_)) => {
                    self.stage = Stage::Open;
                    return start + discard;
                }
                Ok(_) => return start + discard,
                Err(error) => {
                    self.fail(error);
                    return received.len();
                }
            }
            start += discard;
        }
    }

    /// Makes the alert ready that says what is wrong. From here on rustls must not be shown what came: it
    /// remembers where in it the parts of a message are.
    fn fail(&mut self, error: rustls::Error) {
        self.stage = Stage::Failed(error);
        while self.tls.wants_write() {
            let status = self.tls.process_tls_records(&mut []);
            let Ok(ConnectionState::EncodeTlsData(alert)) = status.state else {
                return;
            };
            encode(alert, &mut self.encrypted);
        }
    }

    /// Completes the handshake, for who has something to say before the client has.
    fn shake_hands(&mut self, scratch: &mut [u8]) -> io::Result<()> {
        while !self.is_open() {
            self.receive(&mut Room::new(&mut []), scratch)?;
            self.check()?;
        }
        self.flush_records()
    }

    /// Encrypts what `make` makes records of, and transmits it; `len` of the caller's bytes are in it.
    fn send(&mut self, scratch: &mut [u8], len: usize, make: Make<'_>) -> io::Result<()> {
        let mut records = loop {
            // Nothing that is whole stands there, so there is nothing to discard.
            let status = self.tls.process_tls_records(&mut self.received);
            match status.state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let made = make(&mut traffic, scratch).map_err(io::Error::other)?;
                    break &scratch[..made];
                }
                Ok(ConnectionState::EncodeTlsData(message)) => encode(message, &mut self.encrypted),
                Ok(ConnectionState::TransmitTlsData(messages)) => messages.done(),
                _ => return Err(ErrorKind::NotConnected.into()),
            }
        };
        let sent = self
            .encrypted
            .write_to(&mut self.transport)
            .and_then(|()| write_all(&mut records, &mut self.transport));
        if let Err(error) = &sent
            && error.kind() == ErrorKind::WouldBlock
        {
            self.encrypted.append(records);
            self.under_way = len;
        }
        sent
    }

    /// Whether the client has kept to the protocol.
    fn check(&self) -> io::Result<()> {
        match &self.stage {
            Stage::Failed(error) => Err(invalid(&format!("TLS: {error}"))),
            _ => Ok(()),
        }
    }

    /// Whether what comes is to be decrypted.
    fn is_decrypting(&self) -> bool {
        matches!(self.stage, Stage::Silent | Stage::Handshake | Stage::Open)
    }
}

impl<T: Transport> Read for Session<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.flush_records()?;
        if self.sending != Sending::Open {
            // Nobody wants it, and there could be no alert any more.
            return match self.transport.read(bytes)? {
                0 => Ok(0),
                _ => Err(ErrorKind::Interrupted.into()),
            };
        }
        let mut room = Room::new(bytes);
        if self.is_decrypting() {
            with_scratch(|scratch| self.fill(&mut room, scratch))?;
        } else {
            self.decrypted.read_to(&mut room);
        }
        match &self.stage {
            _ if room.filled() > 0 => Ok(room.filled()),
            Stage::Plain => self.transport.read(room.bytes()),
            Stage::Closed => Ok(0),
            _ => self.check().and(Err(ErrorKind::Interrupted.into())),
        }
    }
}

impl<T: Transport> Write for Session<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.flush_records()?;
        if self.under_way > 0 {
            return Ok(mem::take(&mut self.under_way));
        }
        if !self.is_open() {
            with_scratch(|scratch| self.shake_hands(scratch))?;
        }
        if let Stage::Plain = self.stage {
            return self.transport.write(bytes);
        }
        let bytes = &bytes[..bytes.len().min(ENCRYPTED_MAX)];
        let encrypt: Make<'_> = &|traffic, records| traffic.encrypt(bytes, records);
        with_scratch(|scratch| self.send(scratch, bytes.len(), encrypt))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<T: Transport> Transport for Session<T> {
    /// The beginning of a record, what a caller had no room for, and records that wait.
    const MEMORY: usize = T::MEMORY + RUSTLS_MEMORY + SCRATCH_LEN + RECEIVED_MIN + SCRATCH_LEN;

    fn shut(&mut self) -> io::Result<()> {
        if let Stage::Plain = self.stage {
            return self.transport.shut();
        }
        if self.sending != Sending::Open || !self.is_open() {
            return Ok(());
        }
        let close: Make<'_> = &|traffic, records| traffic.queue_close_notify(records);
        let sent = with_scratch(|scratch| self.send(scratch, self.under_way, close));
        self.sending = Sending::Closing;
        match sent.and_then(|()| self.flush_records()) {
            // The rest goes out when something is read.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            shut => shut,
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open | Stage::Plain | Stage::Closed)
    }

    fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    fn wrong_protocol(&self, _: &[u8]) -> Option<&'static WrongProtocol> {
        matches!(self.stage, Stage::Plain).then_some(&response::TLS_NEEDED)
    }
}

/// Whoever is dropped is told that no more comes, if there is room for that: bytes that are missing are
/// an attack otherwise.
impl<T: Transport> Drop for Session<T> {
    fn drop(&mut self) {
        if !matches!(self.stage, Stage::Plain) {
            let _ = self.shut();
        }
    }
}

impl<T: Transport> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut session = f.debug_struct("Session");
        session.field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// Puts bytes where there is room, the others into `rest`.
fn put(bytes: &[u8], room: &mut Room<'_>, rest: &mut Pending) {
    let len = room.put(bytes);
    rest.append(&bytes[len..]);
}

/// Appends what TLS itself has to say.
fn encode<D>(mut message: EncodeTlsData<'_, D>, records: &mut Pending) {
    if let Err(EncodeError::InsufficientSize(needed)) = message.encode(&mut []) {
        // Now there is room.
        let _ = message.encode(records.extend(needed.required_size));
    }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests;
