//! A WebSocket server over embassy-net, with a task for each client: a file to copy. It greets,
//! echoes, pushes a text once a second, refuses pages of other hosts, and closes after the message
//! "bye". It needs no heap. How to run it on Linux is in `tap/src/main.rs`.

use embassy_net::Stack;
use embassy_net::tcp::{Error, TcpSocket};
use embassy_time::{Duration, Instant, with_deadline, with_timeout};
use ws_echo_core::{
    Acceptance, Agreed, Buffer, CloseCode, Connection, Event, HttpResponse, Message, MessageBuffer,
    Progress, Refusal, SendError, ServerHandshake,
};

/// The time for a request, for a client to accept what it is sent, and to answer a Close.
const TIMEOUT: Duration = Duration::from_secs(10);
const PUSH_PERIOD: Duration = Duration::from_secs(1);
type Bytes<'a> = Buffer<&'a mut [u8]>;
type Result<T> = core::result::Result<T, Error>;

/// Serves one client after the other. Run it as often as there may be clients at a time, and some
/// more: smoltcp turns a client away if no socket listens when it connects.
pub async fn listen(stack: Stack<'_>, port: u16) -> ! {
    let (mut receive, mut transmit, mut storage) = ([0; 1024], [0; 1024], [0; 1024]);
    loop {
        let mut socket = TcpSocket::new(stack, &mut receive, &mut transmit);
        socket.set_nagle_enabled(false);
        socket.set_keep_alive(Some(TIMEOUT / 2));
        socket.set_timeout(Some(TIMEOUT));
        if socket.accept(port).await.is_ok() && serve(&mut socket, &mut storage).await.is_err() {
            socket.abort();
            let _ = with_timeout(TIMEOUT, socket.flush()).await;
        }
    }
}

/// Serves one client, from its request to its end. It uses `storage` for its messages.
pub async fn serve(socket: &mut TcpSocket<'_>, storage: &mut [u8]) -> Result<()> {
    let mut buffer = Buffer::new(storage);
    let mut handshake = ServerHandshake::<1024>::new();
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match handshake.advance(&mut buffer) {
            Ok(Progress::Request) => answer(&mut handshake),
            Ok(Progress::Open(agreed)) => break talk(socket, &mut buffer, agreed).await?,
            Ok(_) if Instant::now() >= deadline && handshake.refuse(Refusal::Timeout, "") => {}
            Ok(_) if handshake.is_done() => break,
            Ok(_) if transfer(socket, &mut buffer, deadline).await? => {}
            Ok(_) => break,
            Err(refusal) => handshake.explain(refusal.text()),
        }
    }
    while !buffer.ready().is_empty() {
        transfer(socket, &mut buffer, deadline).await?;
    }
    socket.close();
    // Whatever the client still sends is received, so that it gets all that it was sent.
    let deadline = Instant::now() + TIMEOUT;
    while let Ok(Ok(1..)) = with_deadline(deadline, socket.read(&mut [0; 64])).await {}
    let ended = with_deadline(deadline, socket.flush()).await;
    ended.unwrap_or(Err(Error::ConnectionReset))
}

/// Accepts programs, and pages of this host: browsers name a page's host in Origin.
fn answer(handshake: &mut ServerHandshake<1024>) {
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
async fn talk(socket: &mut TcpSocket<'_>, buffer: &mut Bytes<'_>, agreed: Agreed) -> Result<()> {
    let mut connection = Connection::server(agreed);
    let mut command = MessageBuffer::new([0; 3]); // A longer message is no command.
    let mut due = Instant::now() + PUSH_PERIOD; // of a push; after our Close, of the client's
    while !connection.is_done() && transfer(socket, buffer, due).await? {
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
async fn transfer(socket: &mut TcpSocket<'_>, buffer: &mut Bytes<'_>, by: Instant) -> Result<bool> {
    if !buffer.ready().is_empty() {
        let written = with_timeout(TIMEOUT, socket.write(buffer.ready())).await;
        buffer.consume(written.unwrap_or(Err(Error::ConnectionReset))?);
        return Ok(true);
    }
    // A read may be cancelled: nothing is received before it has returned.
    let Ok(received) = with_deadline(by, socket.read(buffer.spare_mut())).await else {
        return Ok(true);
    };
    let len = received?;
    buffer.commit(len);
    Ok(len > 0)
}
