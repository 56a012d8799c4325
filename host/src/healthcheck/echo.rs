//! Whether a server opens a WebSocket and echoes a text.

use ws_echo_core::{
    Agreed, Client, ClientRequest, CloseCode, Connection, Event, Fin, Kind, Message,
};

use super::probe::Probe;
use crate::client::connect;
use crate::client::stream::{ReadOutcome, Stream};
use crate::escape::Untrusted;
use crate::{hex, random};

/// Returns the next masking key.
type NextKey = Box<dyn FnMut() -> [u8; 4]>;

/// An open connection, and the echo that is expected.
struct Session {
    stream: Stream,
    connection: Connection<Client<NextKey>>,
    /// No other message is the same.
    text: String,
    /// How much of the text the message has that is being received; `None` if it is another one.
    matching: Option<usize>,
}

/// Checks the server.
///
/// # Errors
///
/// What it does not do.
pub(super) fn check(mut probe: Probe<'_>) -> Result<(), String> {
    let url = probe.destination.url;
    let authorization = url.authorization();
    let request = ClientRequest {
        headers: authorization.as_slice(),
        ..ClientRequest::new(&url.authority, &url.resource)
    };
    let opened = connect::open(
        &mut probe.poll,
        probe.destination,
        request,
        probe.connector.as_ref(),
        probe.deadline,
    );
    let mut session = Session {
        stream: opened.map_err(|error| error.to_string())?.stream,
        connection: Connection::client(Agreed::NOTHING, Box::new(random::keys())),
        text: format!("ws-echo healthcheck {}", hex::digits(&random::bytes::<8>())),
        matching: Some(0),
    };
    session.send()?;
    while !session.take_events()? {
        session.go_on(&mut probe, "echo")?;
    }
    session.close(&mut probe);
    Ok(())
}

impl Session {
    fn send(&mut self) -> Result<(), String> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        let sent = exchange.send(Message::Text(&self.text));
        sent.map_err(|error| error.to_string())
    }

    /// Takes what was received. Returns whether the echo was in it.
    fn take_events(&mut self) -> Result<bool, String> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        while let Some(event) = exchange.next_event().map_err(|error| error.to_string())? {
            match event {
                Event::Data(chunk) => {
                    let bytes = exchange.bytes(&chunk);
                    let at = self.matching.filter(|_| chunk.kind() == Kind::Text);
                    let rest = at.and_then(|at| self.text.as_bytes().get(at..));
                    let matches = rest.is_some_and(|rest| rest.starts_with(bytes));
                    self.matching = at.filter(|_| matches).map(|at| at + bytes.len());
                    if chunk.fin() == Fin::Last {
                        let len = self.matching.replace(0);
                        if len == Some(self.text.len()) {
                            return Ok(true);
                        }
                    }
                }
                Event::Close(code) => {
                    let code = code.map_or(1005, CloseCode::get);
                    let reason = exchange.close_reason();
                    let reason = Untrusted::excerpt(reason);
                    return Err(format!("closed with {code} instead of an echo: {reason}"));
                }
                _ => {}
            }
        }
        Ok(false)
    }

    /// Sends and receives, or waits until that is possible.
    fn go_on(&mut self, probe: &mut Probe<'_>, what: &str) -> Result<(), String> {
        if self.stream.transmit() {
            return Ok(());
        }
        match self.stream.receive() {
            // Whatever a server sends all the time.
            ReadOutcome::Bytes if probe.is_late() => probe.wait_for(what),
            ReadOutcome::Bytes => Ok(()),
            ReadOutcome::Nothing => probe.wait_for(what),
            ReadOutcome::End(_) => Err(format!("the connection was lost before the {what}")),
        }
    }

    /// Ends the connection as a client should. The server has done what it must, whatever it does
    /// now.
    fn close(&mut self, probe: &mut Probe<'_>) {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        if exchange.close(CloseCode::NORMAL, "").is_ok() {
            while self.take_events().is_ok() && self.go_on(probe, "Close").is_ok() {}
        }
    }
}
