//! A transport that is watched: what travels on it is logged, recorded, or both. It is used only if
//! that is asked for, so that other servers do not pay for it.
//!
//! It sees the bytes that the server receives and sends, with TLS the decrypted ones, and reads
//! them again for itself: what the server makes of them does not matter here. Whatever arrives, its
//! memory is bounded, and it does not wait.

mod connection_log;
mod connection_recording;
mod frame;
mod gathered;
mod head;
mod messages;
mod record_file;
mod record_writer;
mod recorder;
mod watch;

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use log::Level;

use self::connection_log::ConnectionLog;
use self::connection_recording::ConnectionRecording;
use self::head::HEAD_LEN_MAX;
use self::messages::FRAMES_MAX;
use self::recorder::Recorder;
use self::watch::{Sinks, Watch};
use crate::escape::Untrusted;
use crate::logging::target::{FRAME, WIRE};
use crate::options::serve::{Secrets, ServeOptions};
use crate::recording::EndedBy;
use crate::serve::acceptor::Acceptor;
use crate::serve::peer::Peer;
use crate::serve::poller::Socket;
use crate::serve::response::WrongProtocol;
use crate::serve::transport::{Readiness, Stage, TlsFacts, Transport};

/// What is done with what is seen.
#[derive(Clone, Debug)]
pub(crate) struct Tap {
    is_logged: bool,
    recorder: Option<Arc<Recorder>>,
    secrets: Secrets,
}

impl Tap {
    /// `None` if nothing is to be seen.
    ///
    /// # Errors
    ///
    /// When no recordings can be made where they should be.
    pub(crate) fn new(options: &ServeOptions) -> io::Result<Option<Self>> {
        let shows = |target, level| options.log.filter.shows(target, level);
        let is_logged = shows(FRAME, Level::Debug) || shows(WIRE, Level::Trace);
        let recorder = options.record.as_ref().map(Recorder::start).transpose()?;
        if !is_logged && recorder.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            is_logged,
            recorder: recorder.map(Arc::new),
            secrets: options.secrets,
        }))
    }

    /// Waits until what was recorded is written, but not long.
    pub(crate) fn finish(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.finish();
        }
    }

    /// Watches a connection that begins now.
    fn watch(&self, peer: Peer, local: Option<SocketAddr>) -> Watch {
        // As it is in the other lines of the log.
        let local = local.map(Peer::from);
        let recorder = self.recorder.clone();
        let sinks = Sinks {
            log: self.is_logged.then(|| ConnectionLog::new(peer)),
            recording: recorder.map(|it| ConnectionRecording::new(it, peer, local)),
        };
        Watch::new(self.secrets, sinks)
    }
}

/// Makes transports that are watched.
#[derive(Clone, Debug)]
pub(crate) struct TapAcceptor<A> {
    inner: A,
    tap: Tap,
}

impl<A> TapAcceptor<A> {
    pub(crate) fn new(inner: A, tap: Tap) -> Self {
        Self { inner, tap }
    }
}

impl<A: Acceptor> Acceptor for TapAcceptor<A> {
    // The box keeps a client small.
    type Transport = Box<Tapped<A::Transport>>;

    fn accept(&self, socket: Socket, peer: Peer) -> io::Result<Self::Transport> {
        let transport = self.inner.accept(socket, peer)?;
        let local = transport.local_address();
        Ok(Box::new(Tapped {
            transport,
            watch: self.tap.watch(peer, local),
            end: None,
        }))
    }

    fn readiness(socket: Readiness) -> Readiness {
        A::readiness(socket)
    }
}

/// A transport that is watched.
#[derive(Debug)]
pub(crate) struct Tapped<T> {
    transport: T,
    watch: Watch,
    /// Who has ended the connection first, and how.
    end: Option<(EndedBy, String)>,
}

impl<T> Tapped<T> {
    fn end(&mut self, by: EndedBy, reason: impl FnOnce() -> String) {
        self.end.get_or_insert_with(|| (by, reason()));
    }

    /// Notes an error that ends the connection.
    fn fail(&mut self, error: &io::Error) {
        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) {
            return;
        }
        self.end(EndedBy::Client, || match error.get_ref() {
            Some(own) => Untrusted::excerpt(&own.to_string()).to_string(),
            None => error.kind().to_string(),
        });
    }
}

impl<T: Read> Read for Tapped<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.transport.read(bytes);
        match &read {
            Ok(0) if !bytes.is_empty() => self.end(EndedBy::Client, || "end of stream".into()),
            Ok(len) => self.watch.received(bytes.get(..*len).unwrap_or_default()),
            Err(error) => self.fail(error),
        }
        read
    }
}

impl<T: Write> Write for Tapped<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.transport.write(bytes);
        match &written {
            Ok(len) => self.watch.sent(bytes.get(..*len).unwrap_or_default()),
            Err(error) => self.fail(error),
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.transport.flush()
    }
}

impl<T: Transport> Transport for Tapped<T> {
    /// For each side a head, and then the lengths of a message's frames. (What a message itself
    /// takes is limited for all connections together.)
    const MEMORY: usize = T::MEMORY + 2 * (HEAD_LEN_MAX + FRAMES_MAX * size_of::<u64>());

    fn shut(&mut self) -> io::Result<()> {
        self.end(EndedBy::Server, || "end of stream".into());
        self.transport.shut()
    }

    fn reset(&mut self) -> io::Result<()> {
        self.end(EndedBy::Server, || "reset".into());
        self.transport.reset()
    }

    fn stage(&self) -> Stage {
        self.transport.stage()
    }

    fn is_cut_short(&self) -> bool {
        self.transport.is_cut_short()
    }

    fn wrong_protocol(&self, first: &[u8]) -> Option<&'static WrongProtocol> {
        self.transport.wrong_protocol(first)
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.transport.local_address()
    }

    fn remote_address(&self) -> Option<SocketAddr> {
        self.transport.remote_address()
    }

    fn tls_facts(&self) -> Option<TlsFacts> {
        self.transport.tls_facts()
    }

    fn forget_facts(&mut self) {
        self.transport.forget_facts();
    }
}

impl<T> Drop for Tapped<T> {
    fn drop(&mut self) {
        let (by, reason) = self
            .end
            .take()
            .unwrap_or((EndedBy::Server, "dropped".into()));
        self.watch.end(by, &reason);
    }
}

#[cfg(test)]
mod tests;
