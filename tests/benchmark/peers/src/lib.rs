//! What the peers share: the listener, the loop that accepts, the opening handshake for crates
//! without one, and the echo for crates with connections that are a stream and a sink.
//!
//! Each peer is one thread, like the worker of ws-echo that it is compared with. Messages of 16 MiB
//! and more are allowed, messages are compressed only if the arguments ask for it, and text is
//! validated if the crate can do it.

use std::convert::Infallible;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How many connections may wait to be accepted: thousands arrive at once.
const BACKLOG: i32 = 16_384;
/// The most messages that are gathered, so that no client makes the others wait.
const TOGETHER: usize = 256;
/// The argument after the port that lets [`echo`] gather.
const GATHER: &str = "gather";
/// The arguments after the port that let a peer compress.
const DEFLATE: &str = "deflate";
const DEFLATE_FAST: &str = "deflate-fast";
/// permessage-deflate with windows of full length, which are kept between messages.
const WINDOW: &str = "permessage-deflate";
/// The same, without keeping them.
pub const FRESH: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
/// The longest request.
const HEAD_LEN: usize = 4096;

/// The port, which is the program's first argument.
///
/// # Errors
///
/// If there is none.
pub fn port() -> io::Result<u16> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let usage = "usage: PROGRAM PORT [gather] [deflate|deflate-fast]";
    port.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, usage))
}

/// How much time compressing may take.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// As much as the crate recommends.
    Default,
    /// As little as possible: level 1.
    Fast,
}

/// Whether to compress what is sent, by the arguments. All clients offer permessage-deflate then.
#[must_use]
pub fn compression() -> Option<Level> {
    let fast = is_told_to(DEFLATE_FAST).then_some(Level::Fast);
    fast.or(is_told_to(DEFLATE).then_some(Level::Default))
}

fn is_told_to(word: &str) -> bool {
    std::env::args().skip(2).any(|argument| argument == word)
}

/// A socket that listens on a port of 127.0.0.1 and does not block.
///
/// # Errors
///
/// If the system refuses.
pub fn listen(port: u16) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves each client in a task of this thread.
///
/// # Errors
///
/// If the system refuses to listen or to accept.
pub fn serve<Client, Failure>(client: impl Fn(TcpStream) -> Client) -> io::Result<Infallible>
where
    Client: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listen(port()?)?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let client = client(stream);
            // How a connection ends does not matter here.
            let client = async { drop(client.await) };
            tokio::spawn(tokio::task::unconstrained(client));
        }
    })
}

/// Answers a client's opening handshake. Returns the extensions that were agreed on.
///
/// # Errors
///
/// If the client disconnects, or asks for something else.
pub async fn accept(stream: &mut TcpStream) -> io::Result<Option<&'static str>> {
    let mut head = Vec::with_capacity(HEAD_LEN);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > HEAD_LEN || stream.read_buf(&mut head).await? == 0 {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    stream.write_all(response(&head)?.as_bytes()).await?;
    Ok(extensions(&head))
}

/// The response to an opening handshake.
///
/// # Errors
///
/// If the request has no key.
pub fn response(request: &[u8]) -> io::Result<String> {
    let extensions = extensions(request).map_or(String::new(), |extensions| {
        format!("Sec-WebSocket-Extensions: {extensions}\r\n")
    });
    let request = String::from_utf8_lossy(request);
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_key = name.eq_ignore_ascii_case("sec-websocket-key");
        is_key.then(|| value.trim())
    });
    let key = key.ok_or(ErrorKind::InvalidData)?;
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    Ok(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{extensions}\r\n"
    ))
}

/// What is agreed on with a client. If a peer compresses, all clients offer permessage-deflate.
fn extensions(request: &[u8]) -> Option<&'static str> {
    compression()?;
    let request = String::from_utf8_lossy(request);
    Some(match request.contains("server_no_context_takeover") {
        true => FRESH,
        false => WINDOW,
    })
}

/// Echoes messages until the connection ends: one after the other, or, with the argument `gather`,
/// those that have arrived together.
///
/// If clients wait for each echo, nothing can be gathered, and looking for more messages takes up
/// to a tenth of the CPU time. If they do not wait, flushing after each message needs a system call
/// for each. A program that knows its clients can choose; the one that compares knows them.
///
/// # Errors
///
/// If the connection fails.
pub async fn echo<Connection, Message, Failure>(
    connection: Connection,
    is_data: impl Fn(&Message) -> bool,
) -> Result<(), Failure>
where
    Connection: Stream<Item = Result<Message, Failure>> + Sink<Message, Error = Failure> + Unpin,
{
    if is_told_to(GATHER) {
        echo_together(connection, is_data).await
    } else {
        echo_each(connection, is_data).await
    }
}

/// Echoes each message before it asks for the next one.
async fn echo_each<Connection, Message, Failure>(
    mut connection: Connection,
    is_data: impl Fn(&Message) -> bool,
) -> Result<(), Failure>
where
    Connection: Stream<Item = Result<Message, Failure>> + Sink<Message, Error = Failure> + Unpin,
{
    while let Some(message) = connection.next().await {
        let message = message?;
        if is_data(&message) {
            connection.send(message).await?;
        } else {
            // A crate's answer to a control frame may wait for this.
            connection.flush().await?;
        }
    }
    Ok(())
}

/// Echoes messages that have arrived together with one flush. They are gathered first, since some
/// crates flush the last message when they are asked for the next one.
async fn echo_together<Connection, Message, Failure>(
    mut connection: Connection,
    is_data: impl Fn(&Message) -> bool,
) -> Result<(), Failure>
where
    Connection: Stream<Item = Result<Message, Failure>> + Sink<Message, Error = Failure> + Unpin,
{
    let mut messages = Vec::new();
    while let Some(message) = connection.next().await {
        messages.push(message?);
        while messages.len() < TOGETHER
            && let Some(Some(message)) = connection.next().now_or_never()
        {
            messages.push(message?);
        }
        for message in messages.drain(..) {
            if is_data(&message) {
                connection.feed(message).await?;
            }
        }
        connection.flush().await?;
    }
    Ok(())
}
