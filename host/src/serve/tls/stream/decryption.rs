//! What is received is decrypted at once, as far as the caller has room.

use std::io::{self, ErrorKind};

use rustls::unbuffered::ConnectionState;

use super::{RUSTLS_MEMORY, Receiving, TlsStream};
use crate::serve::memory;
use crate::serve::tls::pending::{Room, encode, put, read, reserve};
use crate::serve::tls::{facts, handshakes};
use crate::serve::transport::Transport;

impl<T: Transport> TlsStream<T> {
    /// Processes received bytes, and transmits what TLS itself answers.
    ///
    /// # Errors
    ///
    /// When there is no memory for what must be kept. The connection cannot go on then.
    pub(super) fn process_received(
        &mut self,
        received: &mut [u8],
        room: &mut Room<'_>,
    ) -> io::Result<()> {
        if let Receiving::Nothing = self.receiving {
            // A record of a handshake starts with the byte 22, and a request with its method.
            if received[0].is_ascii_uppercase() {
                self.receiving = Receiving::Plain;
                return put(received, room, &mut self.decrypted);
            }
            self.receiving = Receiving::Handshake;
        }
        let is_in_handshake = matches!(self.receiving, Receiving::Handshake);
        if is_in_handshake {
            // rustls itself cannot be refused memory.
            memory::ask(RUSTLS_MEMORY).ok_or(ErrorKind::OutOfMemory)?;
        }
        let kept = self.decrypt(received, room);
        if is_in_handshake && let Some(name) = facts::take_server_name() {
            self.server_name = Some(name);
        }
        let kept = kept.and_then(|kept| self.keep(&received[kept..]));
        if kept.is_err() {
            // rustls must not see the received bytes again.
            self.receiving = Receiving::Failed(rustls::Error::General(String::new()));
        }
        // What the transport does not take now is sent before the next receive.
        let _ = self.encrypted.write_to(&mut self.transport);
        kept
    }

    /// Keeps the start of an incomplete record. An idle connection keeps nothing.
    fn keep(&mut self, received: &[u8]) -> io::Result<()> {
        self.received = Vec::new();
        reserve(&mut self.received, received.len())?;
        self.received.extend_from_slice(received);
        Ok(())
    }

    /// Decrypts complete records, and returns where the rest starts.
    fn decrypt(&mut self, received: &mut [u8], room: &mut Room<'_>) -> io::Result<usize> {
        let mut start = 0;
        loop {
            let status = self.tls.process_tls_records(&mut received[start..]);
            let mut discard = status.discard;
            match status.state {
                Ok(ConnectionState::ReadTraffic(records)) => {
                    discard += read(records, room, &mut self.decrypted)?;
                }
                Ok(ConnectionState::EncodeTlsData(message)) => {
                    encode(message, &mut self.encrypted)?;
                }
                Ok(ConnectionState::TransmitTlsData(messages)) => messages.done(),
                Ok(ConnectionState::PeerClosed) => {
                    self.receiving = Receiving::Closed;
                    return Ok(received.len());
                }
                Ok(ConnectionState::WriteTraffic(_)) => {
                    if let Receiving::Handshake = self.receiving {
                        handshakes::count(&self.tls);
                    }
                    self.receiving = Receiving::Open;
                    return Ok(start + discard);
                }
                Ok(_) => return Ok(start + discard),
                Err(error) => {
                    self.fail(error);
                    return Ok(received.len());
                }
            }
            start += discard;
        }
    }

    /// Makes the alert ready that names the error. After this rustls must not see the received
    /// bytes again: it remembers positions in them.
    fn fail(&mut self, error: rustls::Error) {
        self.receiving = Receiving::Failed(error);
        while self.tls.wants_write() {
            let status = self.tls.process_tls_records(&mut []);
            let Ok(ConnectionState::EncodeTlsData(alert)) = status.state else {
                return;
            };
            if encode(alert, &mut self.encrypted).is_err() {
                return;
            }
        }
    }
}
