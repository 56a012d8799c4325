//! A client's connection with TLS (RFC 8446, RFC 5246): records over another transport. The
//! protocol is rustls', which holds no bytes of its own here.
//!
//! - **Receiving:** records are received into the thread's scratch buffer and decrypted at once, as
//!   far as the caller has room. A connection keeps the start of an incomplete record, and
//!   decrypted bytes for which the caller had no room.
//! - **Sending:** [`write`](Write::write) has taken bytes when the last of their records is in the
//!   transport. Until then the caller still has them: back-pressure is the caller's.
//! - **TLS's own messages** are sent before anything is received. A client that does not take them
//!   is not read from. Records of the caller may wait meanwhile.

mod decryption;

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncryptError, WriteTraffic};

use super::facts;
use super::pending::{Pending, Room, encode, invalid, must_wait, write_all};
use super::scratch::{ENCRYPTED_MAX, SCRATCH_LEN, with_scratch};
use crate::serve::response::{self, WrongProtocol};
use crate::serve::transport::{Stage, TlsFacts, Transport};

/// The fewest bytes worth a system call, however little room the caller has.
const RECEIVED_MIN: usize = 4 << 10;
/// About what rustls keeps for a connection: 4 KiB when it is open, and more in the handshake.
pub(super) const RUSTLS_MEMORY: usize = 16 << 10;
/// The most receives for one read, so that many small records do not delay other clients.
const RECEIVES_MAX: usize = 8;

/// The server's side of a connection.
///
/// Its two directions end independently, so each has its own state.
pub(crate) struct TlsStream<T: Transport> {
    transport: T,
    tls: UnbufferedServerConnection,
    receiving: Receiving,
    sending: Sending,
    /// The start of an incomplete record.
    received: Vec<u8>,
    /// Decrypted bytes that the caller has not read yet.
    decrypted: Pending,
    /// Records that the transport has not taken yet.
    encrypted: Pending,
    /// Whether the last read stopped before it had all received bytes.
    is_cut_short: bool,
    /// What the client calls the server; only until its request is answered.
    server_name: Option<Box<str>>,
}

/// The state of what the client sends.
#[derive(Debug)]
enum Receiving {
    /// Nothing was received.
    Nothing,
    /// The handshake is not complete.
    Handshake,
    Open,
    /// The client speaks HTTP without TLS. So does the answer.
    Plain,
    /// The client has sent close_notify.
    Closed,
    /// The client broke the protocol. The alert was made ready.
    Failed(rustls::Error),
}

/// The state of what is sent to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    Open,
    /// This many of the caller's bytes are in records that the transport has not taken yet.
    InFlight(usize),
    /// close_notify was made ready. The transport is shut when it has taken that.
    Closing,
    Shut,
}

/// Writes records, and returns their length.
type Encode<'a> = &'a dyn Fn(
    &mut WriteTraffic<'_, ServerConnectionData>,
    &mut [u8],
) -> Result<usize, EncryptError>;

/// Whether the transport may hold more after a receive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It is empty.
    None,
    /// It may hold more.
    Unknown,
}

impl<T: Transport> TlsStream<T> {
    /// A connection whose handshake the client must begin.
    pub(crate) fn new(transport: T, config: Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        Ok(Self {
            transport,
            tls: UnbufferedServerConnection::new(config)?,
            receiving: Receiving::Nothing,
            sending: Sending::Open,
            received: Vec::new(),
            decrypted: Pending::default(),
            encrypted: Pending::default(),
            is_cut_short: false,
            server_name: None,
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

    /// The same before a receive. It may wait while they are the caller's: only TLS's own messages
    /// could become more and more.
    fn flush_before_receive(&mut self) -> io::Result<()> {
        let flushed = self.flush_records();
        let are_callers = matches!(self.sending, Sending::InFlight(_) | Sending::Closing);
        if must_wait(&flushed) && are_callers && self.encrypted.len() <= SCRATCH_LEN {
            return Ok(());
        }
        flushed
    }

    /// Receives and decrypts until the room is full, or holds all received bytes.
    fn fill(&mut self, room: &mut Room<'_>, scratch: &mut [u8]) -> io::Result<()> {
        self.is_cut_short = false;
        self.decrypted.read_to(room);
        for _ in 0..RECEIVES_MAX {
            if room.left() == 0 {
                break;
            }
            let is_filled = room.filled() > 0;
            match self.receive(room, scratch) {
                // The rest may be the end of the stream, which no further event reports.
                Ok(_) if !self.is_decrypting() => break,
                Ok(Rest::None) if room.filled() > 0 => return Ok(()),
                Ok(_) => {}
                Err(error) if !is_filled => return Err(error),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // The next read returns the error, after these bytes.
                Err(_) => break,
            }
        }
        self.is_cut_short = true;
        Ok(())
    }

    /// Receives once, and processes all received bytes.
    fn receive(&mut self, room: &mut Room<'_>, scratch: &mut [u8]) -> io::Result<Rest> {
        self.flush_before_receive()?;
        let kept = self.received.len();
        let wanted = room.left().max(kept + RECEIVED_MIN).min(SCRATCH_LEN);
        let spare = &mut scratch[kept..wanted];
        let offered = spare.len();
        if offered == 0 {
            return Err(invalid("TLS: a message of the handshake is too long"));
        }
        let len = self.transport.read(spare)?;
        if len == 0 {
            // > Unless some other fatal alert has been transmitted, each party is required to send
            // > a close_notify alert before closing the write side of the connection (RFC 8446
            // > section 6.1)
            return Err(ErrorKind::UnexpectedEof.into());
        }
        scratch[..kept].copy_from_slice(&self.received);
        self.process_received(&mut scratch[..kept + len], room)?;
        Ok(if len < offered {
            Rest::None
        } else {
            Rest::Unknown
        })
    }

    /// Completes the handshake, for a write before the client has sent anything.
    fn complete_handshake(&mut self, scratch: &mut [u8]) -> io::Result<()> {
        while !self.is_open() {
            self.receive(&mut Room::new(&mut []), scratch)?;
            self.check()?;
        }
        self.flush_records()
    }

    /// Transmits the records that `encode_records` writes. Those that the transport does not take
    /// now wait.
    fn send(&mut self, scratch: &mut [u8], encode_records: Encode<'_>) -> io::Result<()> {
        let mut records = loop {
            // No record is complete there, so there is nothing to discard.
            let status = self.tls.process_tls_records(&mut self.received);
            match status.state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let made = encode_records(&mut traffic, scratch).map_err(io::Error::other)?;
                    break &scratch[..made];
                }
                Ok(ConnectionState::EncodeTlsData(message)) => {
                    encode(message, &mut self.encrypted)?;
                }
                Ok(ConnectionState::TransmitTlsData(messages)) => messages.done(),
                _ => return Err(ErrorKind::NotConnected.into()),
            }
        };
        let sent = self
            .encrypted
            .write_to(&mut self.transport)
            .and_then(|()| write_all(&mut records, &mut self.transport));
        if must_wait(&sent)
            && let Err(error) = self.encrypted.append(records)
        {
            // Nothing may follow a part of a record.
            self.sending = Sending::Shut;
            return Err(error);
        }
        sent
    }

    /// Fails if the client broke the protocol.
    fn check(&self) -> io::Result<()> {
        match &self.receiving {
            Receiving::Failed(error) => Err(invalid(&format!("TLS: {error}"))),
            _ => Ok(()),
        }
    }

    /// Whether close_notify was made ready: nothing more is sent.
    fn is_send_closed(&self) -> bool {
        matches!(self.sending, Sending::Closing | Sending::Shut)
    }

    /// Whether received bytes must be decrypted.
    fn is_decrypting(&self) -> bool {
        matches!(
            self.receiving,
            Receiving::Nothing | Receiving::Handshake | Receiving::Open
        )
    }
}

impl<T: Transport> Read for TlsStream<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.flush_before_receive()?;
        if self.is_send_closed() {
            // The bytes are not wanted, and an alert could not be sent any more.
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
        match &self.receiving {
            _ if room.filled() > 0 => Ok(room.filled()),
            Receiving::Plain => self.transport.read(room.bytes()),
            Receiving::Closed => Ok(0),
            _ => self.check().and(Err(ErrorKind::Interrupted.into())),
        }
    }
}

impl<T: Transport> Write for TlsStream<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.flush_records()?;
        if let Sending::InFlight(len) = self.sending {
            self.sending = Sending::Open;
            return Ok(len);
        }
        if !self.is_open() {
            with_scratch(|scratch| self.complete_handshake(scratch))?;
        }
        if let Receiving::Plain = self.receiving {
            return self.transport.write(bytes);
        }
        let bytes = &bytes[..bytes.len().min(ENCRYPTED_MAX)];
        let encrypt: Encode<'_> = &|traffic, records| traffic.encrypt(bytes, records);
        let sent = with_scratch(|scratch| self.send(scratch, encrypt));
        if must_wait(&sent) {
            self.sending = Sending::InFlight(bytes.len());
        }
        sent.map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<T: Transport> Transport for TlsStream<T> {
    /// The start of a record, decrypted bytes without room, and records that wait.
    const MEMORY: usize = T::MEMORY + RUSTLS_MEMORY + SCRATCH_LEN + RECEIVED_MIN + SCRATCH_LEN;

    fn shut(&mut self) -> io::Result<()> {
        if let Receiving::Plain = self.receiving {
            return self.transport.shut();
        }
        if self.is_send_closed() || !self.is_open() {
            return Ok(());
        }
        let close: Encode<'_> = &|traffic, records| traffic.queue_close_notify(records);
        let sent = with_scratch(|scratch| self.send(scratch, close));
        self.sending = Sending::Closing;
        let shut = sent.and_then(|()| self.flush_records());
        // The rest is sent with the next read.
        if must_wait(&shut) { Ok(()) } else { shut }
    }

    fn reset(&mut self) -> io::Result<()> {
        // Nothing more is sent, close_notify either.
        self.sending = Sending::Shut;
        self.transport.reset()
    }

    fn is_left(&self) -> bool {
        self.transport.is_left()
    }

    fn stage(&self) -> Stage {
        match self.receiving {
            Receiving::Open | Receiving::Plain | Receiving::Closed => Stage::Open,
            // rustls knows it when it answers the ClientHello.
            _ if self.tls.protocol_version().is_some() => Stage::Answered,
            _ => Stage::Begun,
        }
    }

    fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    fn wrong_protocol(&self, _: &[u8]) -> Option<&'static WrongProtocol> {
        matches!(self.receiving, Receiving::Plain).then_some(&response::TLS_NEEDED)
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.transport.local_address()
    }

    fn remote_address(&self) -> Option<SocketAddr> {
        self.transport.remote_address()
    }

    fn tls_facts(&self) -> Option<TlsFacts> {
        facts::of(&self.tls, self.server_name.clone())
    }

    fn forget_facts(&mut self) {
        self.server_name = None;
    }
}

/// Sends close_notify if there is room for it. Without it the client could not tell the end from an
/// attack that cuts the connection.
impl<T: Transport> Drop for TlsStream<T> {
    fn drop(&mut self) {
        if !matches!(self.receiving, Receiving::Plain) {
            let _ = self.shut();
        }
    }
}

impl<T: Transport> fmt::Debug for TlsStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stream = f.debug_struct("TlsStream");
        stream
            .field("receiving", &self.receiving)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
