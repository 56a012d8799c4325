//! A WebSocket server with a thread for each client: a file to copy. It greets, echoes, pushes a
//! text once a second, refuses pages of other hosts, and closes after the message "bye".
//!
//! `cargo run --example threads -p ws-echo-core -- 127.0.0.1:3000`

use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{env, thread, time::Duration, time::Instant};

use ws_echo_core::{
    Acceptance, Agreed, Buffer, CloseCode, Connection, Event, HttpResponse, Message, MessageBuffer,
    Progress, Refusal, SendError, ServerHandshake,
};

/// The time for a request, for a client to accept what it is sent, and to answer a Close.
const TIMEOUT: Duration = Duration::from_secs(10);
const PUSH_PERIOD: Duration = Duration::from_secs(1);
type Bytes = Buffer<Vec<u8>>;

fn main() -> io::Result<()> {
    let address = env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:3000"))?;
    println!("listening on ws://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let spawn = |stream| thread::Builder::new().spawn(|| serve(stream));
        if let Err(error) = stream.and_then(spawn) {
            eprintln!("{error}"); // There are too many open files, for example.
            thread::sleep(PUSH_PERIOD);
        }
    }
    Ok(())
}

/// Serves one client, from its request to its end.
fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let mut buffer = Buffer::new(vec![0; 16 * 1024]);
    let mut handshake = ServerHandshake::<4096>::new();
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match handshake.advance(&mut buffer) {
            Ok(Progress::Request) => answer(&mut handshake),
            Ok(Progress::Open(agreed)) => break talk(&mut stream, &mut buffer, agreed)?,
            Ok(_) if Instant::now() >= deadline && handshake.refuse(Refusal::Timeout, "") => {}
            Ok(_) if handshake.is_done() || !transfer(&mut stream, &mut buffer, deadline)? => break,
            Ok(_) => {}
            Err(refusal) => handshake.explain(refusal.text()),
        }
    }
    stream.write_all(buffer.ready())?;
    stream.shutdown(Shutdown::Write)?;
    // If bytes arrived at a closed socket, the client could lose the last ones that it was sent.
    stream.set_read_timeout(Some(TIMEOUT))?;
    let deadline = Instant::now() + TIMEOUT;
    while Instant::now() < deadline && stream.read(&mut [0; 4096])? > 0 {}
    Ok(())
}

/// Accepts programs, and pages of this host: browsers name a page's host in Origin.
fn answer(handshake: &mut ServerHandshake<4096>) {
    let request = handshake.request();
    let host = request.headers("Host").next();
    let is_ours = |origin: &[u8]| origin.rsplit(|&byte| byte == b'/').next() == host;
    if !request.headers("Origin").all(is_ours) {
        let _ = handshake.respond(&HttpResponse::new("403 Forbidden"));
    }
    // This does nothing if the request is answered. If it fails, a refusal is sent.
    let _ = handshake.accept(Acceptance {
        greeting: Some(Message::Text("Welcome")),
        ..Acceptance::default()
    });
}

/// Exchanges messages until the connection is over.
fn talk(stream: &mut TcpStream, buffer: &mut Bytes, agreed: Agreed) -> io::Result<()> {
    let mut connection = Connection::server(agreed);
    let mut command = MessageBuffer::new([0; 3]); // A longer message is no command.
    let mut due = Instant::now() + PUSH_PERIOD; // of a push; after our Close, of the client's
    while !connection.is_done() && transfer(stream, buffer, due)? {
        let mut exchange = connection.exchange(buffer);
        // After an error the connection is done, and a Close is ready that reports it.
        while let Ok(Some(event)) = exchange.next_event() {
            let Event::Data(chunk) = event else { continue };
            if let Ok(Some(Message::Text("bye"))) = exchange.gather(&chunk, &mut command) {
                let _ = exchange.close(CloseCode::NORMAL, "you said bye");
                due = Instant::now() + TIMEOUT;
            } else {
                exchange.echo(chunk);
            }
        }
        if Instant::now() >= due {
            due = Instant::now() + PUSH_PERIOD;
            if let Err(SendError::Closed) = exchange.send(Message::Text("tick")) {
                break;
            } // Inside a long echo there is no push.
        }
    }
    Ok(())
}

/// Transmits what is ready or, if nothing is, receives. Returns `false` if the client is gone.
fn transfer(stream: &mut TcpStream, buffer: &mut Bytes, by: Instant) -> io::Result<bool> {
    if !buffer.ready().is_empty() {
        stream.write_all(buffer.ready())?;
        buffer.consume(usize::MAX);
        return Ok(true);
    }
    let time = by.saturating_duration_since(Instant::now());
    stream.set_read_timeout(Some(time.max(Duration::from_millis(1))))?;
    match stream.read(buffer.spare_mut()) {
        Ok(0) => return Ok(false),
        Ok(len) => buffer.commit(len),
        Err(error) if matches!(error.kind(), WouldBlock | TimedOut | Interrupted) => {}
        Err(error) => return Err(error),
    }
    Ok(true)
}
