//! A WebSocket client that does what a test says, byte by byte, over a real socket.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use socket2::SockRef;

use crate::server::PATIENCE;
use crate::wire::{self, Frame};

/// The default greeting of every server of ours.
pub const WELCOME: &str = "Welcome to Awesome Chat";

/// A minimal request for a WebSocket connection.
pub fn request(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// The same from a client that offers these extensions.
pub fn request_with(extensions: &str) -> String {
    let header = format!("\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n");
    request("/").replace("\r\n\r\n", &header)
}

/// A connection to a server.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

/// How a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server has ended its side (FIN).
    Fin,
    /// The server has reset the connection (RST).
    Reset,
}

impl Client {
    /// A TCP connection, nothing more.
    pub fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).expect("the server listens"))
    }

    /// A connection to a Unix socket, nothing more.
    #[cfg(unix)]
    pub fn connect_unix(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("the server listens");
        // It is read and written like one of TCP.
        Self::patient(OwnedFd::from(stream).into())
    }

    /// A client at this end of a connection.
    pub fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket can be set up");
        Self::patient(stream)
    }

    fn patient(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("it can");
        stream.set_write_timeout(Some(PATIENCE)).expect("it can");
        Self {
            stream,
            received: Vec::new(),
        }
    }

    /// Opens the WebSocket connection; a greeting may still follow.
    pub fn upgrade(&mut self) {
        self.send(request("/"));
        let head = self.receive_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    }

    /// An open WebSocket connection; a greeting may still follow.
    pub fn open(address: SocketAddr) -> Self {
        Self::open_at(address, "/")
    }

    /// The same at another path, which may have a query.
    pub fn open_at(address: SocketAddr, path: &str) -> Self {
        let mut client = Self::connect(address);
        client.send(request(path));
        let head = client.receive_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        client
    }

    /// An open WebSocket connection to a server with the default greeting, which is received.
    pub fn greeted(address: SocketAddr) -> Self {
        let mut client = Self::open(address);
        let greeting = client.receive_frame();
        assert_eq!(greeting, Some(Frame::new(wire::TEXT, WELCOME)));
        client
    }

    /// The address of this client's end.
    pub fn address(&self) -> SocketAddr {
        self.stream.local_addr().expect("a socket has an address")
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream
            .write_all(bytes.as_ref())
            .expect("they are sent");
    }

    /// Sends bytes, if the connection is still there.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Sends bytes. The last of them is TCP's urgent data.
    pub fn send_urgent(&mut self, bytes: &[u8]) {
        let sent = SockRef::from(&self.stream).send_out_of_band(bytes);
        assert_eq!(sent.expect("they are sent"), bytes.len());
    }

    /// Ends both sides of the connection.
    pub fn shut_all(&self) {
        // The server may already have done so.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// A second handle of the socket, for a thread that sends or receives beside this one.
    pub fn handle(&self) -> TcpStream {
        self.stream.try_clone().expect("a socket can be shared")
    }

    /// Ends this side of the connection.
    pub fn shut(&self) {
        self.stream.shutdown(Shutdown::Write).expect("it can");
    }

    /// Resets the connection: data that was sent and has not arrived is lost.
    pub fn reset(self) {
        let socket = SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).expect("it can");
    }

    /// Whether data or the end arrives within that time. Nothing is received.
    pub fn is_answered_within(&self, time: Duration) -> bool {
        let set = |time| self.stream.set_read_timeout(Some(time)).expect("it can");
        set(time);
        let peeked = self.stream.peek(&mut [0]);
        set(PATIENCE);
        !peeked.is_err_and(|error| is_timeout(&error))
    }

    /// Whether the connection ends before anything arrives. Nothing is received.
    pub fn is_disconnected(&self) -> bool {
        match self.stream.peek(&mut [0]) {
            Ok(len) => len == 0,
            Err(error) => !is_timeout(&error),
        }
    }

    /// Receives an HTTP head, including its empty line.
    pub fn receive_head(&mut self) -> String {
        let head = self.try_receive_head();
        head.expect("the connection ended in the head")
    }

    /// Receives an HTTP head, including its empty line. Returns `None` if the connection ends
    /// before.
    pub fn try_receive_head(&mut self) -> Option<String> {
        let is_end = |bytes: &[u8]| bytes.windows(4).position(|it| it == b"\r\n\r\n");
        loop {
            if let Some(end) = is_end(&self.received) {
                let head = self.received.drain(..end + 4).collect();
                return Some(String::from_utf8(head).expect("the head is text"));
            }
            if !self.receive() {
                return None;
            }
        }
    }

    /// Receives the next frame, whole. Returns `None` at the end of the connection.
    pub fn receive_frame(&mut self) -> Option<Frame> {
        let bytes = self.receive_raw_frame();
        wire::split_frame(&bytes).map(|(frame, _)| frame)
    }

    /// Receives the bytes of the next frame. Returns none at the end of the connection.
    pub fn receive_raw_frame(&mut self) -> Vec<u8> {
        loop {
            if let Some((_, rest)) = wire::split_frame(&self.received) {
                let len = self.received.len() - rest.len();
                return self.received.drain(..len).collect();
            }
            if !self.receive() {
                assert!(self.received.is_empty(), "a frame was cut");
                return Vec::new();
            }
        }
    }

    /// Receives everything up to the end of the connection.
    pub fn receive_rest(&mut self) -> Vec<u8> {
        self.receive_to_the_end().0
    }

    /// Receives everything up to the end of the connection. Returns how it ends, too.
    pub fn receive_to_the_end(&mut self) -> (Vec<u8>, End) {
        loop {
            if let Some(end) = self.receive_or_end() {
                return (std::mem::take(&mut self.received), end);
            }
        }
    }

    /// What was received and not yet taken, without waiting for more.
    pub fn unread(&self) -> &[u8] {
        &self.received
    }

    /// Receives some bytes. Returns `false` at the end of the connection.
    fn receive(&mut self) -> bool {
        self.receive_or_end().is_none()
    }

    /// Receives some bytes, or the end of the connection.
    fn receive_or_end(&mut self) -> Option<End> {
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => Some(End::Fin),
            Ok(len) => {
                self.received.extend(&bytes[..len]);
                None
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Some(End::Reset),
            // This process was stopped, and goes on.
            Err(error) if error.kind() == ErrorKind::Interrupted => None,
            Err(error) => panic!("nothing comes from the server: {error}"),
        }
    }
}

/// Whether nothing came in the time for that.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
