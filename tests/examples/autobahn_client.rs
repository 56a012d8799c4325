//! The core's client role, as Autobahn's fuzzing server tests it: a client that runs each case by
//! echoing everything. What comes compressed, it inflates and compresses again, as `ws-echo chat`
//! does. `tests/autobahn/run-client.sh` starts both.
//!
//! ```sh
//! cargo run --release -p ws-echo-tests --example autobahn_client 127.0.0.1:9001
//! ```

use std::error::Error;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use std::{env, io};

use ws_echo::{Deflater, Inflater};
use ws_echo_core::{
    Agreed, Buffer, Chunk, ClientHandshake, ClientRequest, Connection, Deflate, DeflateOffer,
    Event, Fin, Kind, Progress, ProtocolError, Role, Window,
};

/// What the report calls this client.
const AGENT: &str = "ws-echo";
/// How long the server may stay silent.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many bytes of the received data are kept: enough for the number of cases.
const START_LEN: usize = 20;
const BUFFER_LEN: usize = 64 << 10;
/// How much of the buffer is kept free of what is received, so that there is room for an answer
/// while more messages wait.
const ROOM: usize = 16 << 10;
/// What is offered: all that there is.
const LARGEST: Deflate = Deflate {
    server: Window::MAX,
    client: Window::MAX,
};

fn main() -> Result<(), Box<dyn Error>> {
    let host = env::args()
        .nth(1)
        .ok_or("write the server's address, such as 127.0.0.1:9001")?;
    let count: u32 = String::from_utf8(run(&host, "/getCaseCount")?)?.parse()?;
    for case in 1..=count {
        let _ = run(&host, &format!("/runCase?case={case}&agent={AGENT}"));
    }
    run(&host, &format!("/updateReports?agent={AGENT}"))?;
    println!("{count} cases");
    Ok(())
}

/// Connects, echoes until the end of the connection, and returns the start of what was received.
fn run(host: &str, resource: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut stream = Stream::connect(host)?;
    let agreed = open(&mut stream, host, resource)?;
    let mut compressed = CompressedMessage::new(agreed.deflate.unwrap_or(LARGEST));
    let mut connection = Connection::client(agreed, || fastrand::u32(..).to_be_bytes());
    let mut received = Vec::new();
    loop {
        let mut answer = None;
        let mut exchange = connection.exchange(&mut stream.buffer);
        // The report says what is wrong with a case.
        while answer.is_none()
            && let Some(event) = exchange.next_event().transpose()
        {
            let Ok(Event::Data(chunk)) = event else {
                continue;
            };
            let bytes = exchange.bytes(&chunk);
            let room = START_LEN.saturating_sub(received.len());
            received.extend(bytes.iter().take(room));
            if !chunk.is_compressed() {
                exchange.echo(chunk);
                continue;
            }
            match compressed.add(&chunk, bytes) {
                Ok(payload) => answer = payload.map(|payload| (chunk.kind(), payload)),
                Err(error) => exchange.fail(error),
            }
        }
        let has_sent = stream.transmit()?;
        if let Some((kind, payload)) = answer {
            stream.send_compressed(&mut connection, kind, &payload)?;
        } else if !has_sent || connection.is_done() {
            // Otherwise there may be more to answer, now that there is room.
            if !stream.receive()? {
                return Ok(received);
            }
        }
    }
}

/// Opens the connection. Returns what was agreed on.
fn open(stream: &mut Stream, host: &str, resource: &str) -> Result<Agreed, Box<dyn Error>> {
    let request = ClientRequest {
        deflate: Some(DeflateOffer::new(LARGEST)),
        ..ClientRequest::new(host, resource)
    };
    let nonce = fastrand::u128(..).to_be_bytes();
    let mut handshake = ClientHandshake::<1024>::new(request, nonce)?;
    loop {
        if let Progress::Open(agreed) = handshake.advance(&mut stream.buffer)? {
            return Ok(agreed);
        }
        stream.transmit()?;
        if !stream.receive()? {
            return Err("the connection ended in the handshake".into());
        }
    }
}

/// A socket and what is received from it and transmitted to it.
struct Stream {
    socket: TcpStream,
    buffer: Buffer<Vec<u8>>,
}

impl Stream {
    fn connect(host: &str) -> io::Result<Self> {
        let socket = TcpStream::connect(host)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let buffer = Buffer::new(vec![0; BUFFER_LEN]);
        Ok(Self { socket, buffer })
    }

    /// Transmits all that is ready. Returns whether there was anything.
    fn transmit(&mut self) -> io::Result<bool> {
        let len = self.buffer.ready().len();
        self.socket.write_all(self.buffer.ready())?;
        self.buffer.consume(len);
        Ok(len > 0)
    }

    /// Receives something. Returns `false` at the end.
    fn receive(&mut self) -> io::Result<bool> {
        let spare = self.buffer.spare_mut();
        let len = spare.len().saturating_sub(ROOM).max(1);
        match self.socket.read(&mut spare[..len]) {
            // The server ends many cases without waiting for data that is still under way.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(false),
            Ok(len) => {
                self.buffer.commit(len);
                Ok(len > 0)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a compressed message, in as many fragments as the buffer has room for.
    fn send_compressed<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        kind: Kind,
        mut payload: &[u8],
    ) -> Result<(), Box<dyn Error>> {
        loop {
            let mut exchange = connection.exchange(&mut self.buffer);
            let (fragment, rest) = payload.split_at(payload.len().min(exchange.room()));
            let fin = if rest.is_empty() {
                Fin::Last
            } else {
                Fin::More
            };
            exchange.send_compressed(kind, fragment, fin)?;
            self.transmit()?;
            if fin == Fin::Last {
                return Ok(());
            }
            payload = rest;
        }
    }
}

/// A message that is received compressed, and compressed again.
struct CompressedMessage {
    inflater: Inflater,
    deflater: Deflater,
    inflated: Vec<u8>,
}

impl CompressedMessage {
    fn new(agreed: Deflate) -> Self {
        Self {
            inflater: Inflater::new(agreed.server),
            deflater: Deflater::new(agreed.client),
            inflated: Vec::new(),
        }
    }

    /// Adds a piece. After the last one it returns the message, compressed again.
    fn add(&mut self, chunk: &Chunk, mut bytes: &[u8]) -> Result<Option<Vec<u8>>, ProtocolError> {
        let invalid = |_| ProtocolError::InvalidCompression;
        let mut room = [0; 4096];
        loop {
            let piece = self
                .inflater
                .inflate(&mut bytes, &mut room)
                .map_err(invalid)?;
            if piece.is_empty() {
                break;
            }
            self.inflated.extend(piece);
        }
        if !chunk.ends_message() {
            return Ok(None);
        }
        self.inflater.end_message().map_err(invalid)?;
        if chunk.kind() == Kind::Text && str::from_utf8(&self.inflated).is_err() {
            return Err(ProtocolError::InvalidText);
        }
        let mut payload = Vec::new();
        self.deflater.compress(&self.inflated, &mut payload);
        self.inflated.clear();
        Ok(Some(payload))
    }
}
