//! A WebSocket server over tokio, with a task for each client: a file to copy. It greets, echoes,
//! pushes a text once a second, refuses pages of other hosts, and closes after the message "bye".
//!
//! `cargo run --example tokio -p ws-echo-core -- 127.0.0.1:3000`

use std::{env, io, time::Duration};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use ws_echo_core::{
    Acceptance, Agreed, Buffer, CloseCode, Connection, Event, HttpResponse, Message, MessageBuffer,
    Progress, Refusal, SendError, ServerHandshake,
};

/// The time for a request, for a client to accept what it is sent, and to answer a Close.
const TIMEOUT: Duration = Duration::from_secs(10);
const PUSH_PERIOD: Duration = Duration::from_secs(1);
type Bytes = Buffer<Vec<u8>>;

fn main() -> io::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(listen())
}

async fn listen() -> io::Result<()> {
    let address = env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:3000")).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream))),
            Err(_) => sleep(PUSH_PERIOD).await, // There are too many open files, for example.
        }
    }
}

/// Serves one client, from its request to its end.
async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Buffer::new(vec![0; 16 * 1024]);
    let mut handshake = ServerHandshake::<4096>::new();
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match handshake.advance(&mut buffer) {
            Ok(Progress::Request) => answer(&mut handshake),
            Ok(Progress::Open(agreed)) => break talk(&mut stream, &mut buffer, agreed).await?,
            Ok(_) if Instant::now() >= deadline && handshake.refuse(Refusal::Timeout, "") => {}
            Ok(_) if handshake.is_done() => break,
            Ok(_) if transfer(&mut stream, &mut buffer, deadline).await? => {}
            Ok(_) => break,
            Err(refusal) => handshake.explain(refusal.text()),
        }
    }
    timeout(TIMEOUT, stream.write_all(buffer.ready())).await??;
    stream.shutdown().await?;
    // If bytes arrived at a closed socket, the client could lose the last ones that it was sent.
    let deadline = Instant::now() + TIMEOUT;
    while timeout_at(deadline, stream.read(&mut [0; 4096])).await?? > 0 {}
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
async fn talk(stream: &mut TcpStream, buffer: &mut Bytes, agreed: Agreed) -> io::Result<()> {
    let mut connection = Connection::server(agreed);
    let mut command = MessageBuffer::new([0; 3]); // A longer message is no command.
    let mut due = Instant::now() + PUSH_PERIOD; // of a push; after our Close, of the client's
    while !connection.is_done() && transfer(stream, buffer, due).await? {
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
async fn transfer(stream: &mut TcpStream, buffer: &mut Bytes, by: Instant) -> io::Result<bool> {
    if !buffer.ready().is_empty() {
        timeout(TIMEOUT, stream.write_all(buffer.ready())).await??;
        buffer.consume(usize::MAX);
        return Ok(true);
    }
    // A read may be cancelled: nothing is received before it has returned.
    let Ok(len) = timeout_at(by, stream.read(buffer.spare_mut())).await else {
        return Ok(true);
    };
    let len = len?;
    buffer.commit(len);
    Ok(len > 0)
}
