//! What is done with the bytes of an open connection: they are sent back, unless a message is longer than
//! this server allows.

use std::net::SocketAddr;

use ws_echo_core::{CloseCode, Event};

use crate::serve::journal::{Ending, Journal};
use crate::serve::pool::{HeapBuffer, Session};
use crate::serve::service::Service;

impl Session {
    /// Echoes what stands in the buffer, as far as there is room for the answers.
    pub(super) fn echo(
        &mut self,
        peer: SocketAddr,
        buffer: &mut HeapBuffer,
        service: &Service,
        journal: &mut Journal,
    ) {
        if self.is_too_long(service) {
            return self.refuse_message(peer, buffer, service, journal);
        }
        let is_closed_by_us = self.connection.is_closing();
        let mut exchange = self.connection.exchange(buffer);
        if !service.looks_at_messages() && exchange.echo_whole_messages() {
            return;
        }
        loop {
            match exchange.next_event() {
                Ok(None) => return,
                Ok(Some(Event::Data(chunk))) => {
                    if service.logs_messages() {
                        journal.message(peer, &chunk, exchange.bytes(&chunk));
                    }
                    self.message_len = self.message_len.saturating_add(chunk.len() as u64);
                    if self.message_len > service.max_message_len() {
                        return self.refuse_message(peer, buffer, service, journal);
                    }
                    if chunk.ends_message() {
                        self.message_len = 0;
                    }
                    exchange.echo(chunk);
                }
                Ok(Some(Event::Pong)) => journal.pong(peer),
                Ok(Some(Event::Close(_))) if is_closed_by_us => {
                    journal.ended(peer, &Ending::ClosedByServer(CloseCode::GOING_AWAY));
                }
                Ok(Some(Event::Close(code))) => {
                    let ending = Ending::ClosedByClient(code, exchange.close_reason());
                    journal.ended(peer, &ending);
                }
                Ok(Some(_)) => {}
                Err(error) => journal.ended(peer, &Ending::Failed(error)),
            }
        }
    }

    /// Whether nothing more is to be received.
    pub(super) fn is_done(&self, service: &Service) -> bool {
        let is_refused = self.is_too_long(service) && self.connection.is_closing();
        is_refused || self.connection.is_done()
    }

    fn is_too_long(&self, service: &Service) -> bool {
        self.message_len > service.max_message_len()
    }

    /// Makes the Close ready that says that the message is too long; when there is no room now, there is
    /// after the next transmission.
    ///
    /// > 1009 indicates that an endpoint is terminating the connection because it has received a message
    /// > that is too big for it to process. (section 7.4.1)
    fn refuse_message(
        &mut self,
        peer: SocketAddr,
        buffer: &mut HeapBuffer,
        service: &Service,
        journal: &mut Journal,
    ) {
        buffer.discard_received();
        let ending = Ending::TooLong(service.max_message_len());
        let mut exchange = self.connection.exchange(buffer);
        let closed = exchange.close(CloseCode::MESSAGE_TOO_BIG, "message is too long");
        if closed.is_ok() {
            journal.ended(peer, &ending);
        }
    }
}
