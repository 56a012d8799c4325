//! What the peers share: the listener and the loop that accepts, hyper's upgrade, and the order of
//! Autobahn's requests.

use std::convert::Infallible;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

/// The longest message, where a crate's default is less than the 16 MiB that Autobahn sends.
pub const LONGEST: usize = 64 << 20;

/// The first argument: a server's port, or the address of Autobahn.
///
/// # Errors
///
/// If there is none.
pub fn argument() -> io::Result<String> {
    let usage = "usage: SERVER PORT or CLIENT ADDRESS";
    std::env::args()
        .nth(1)
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, usage))
}

fn port() -> io::Result<u16> {
    argument()?
        .parse()
        .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))
}

/// A socket that listens on the port that the argument names.
///
/// # Errors
///
/// If the system refuses.
pub fn listen() -> io::Result<std::net::TcpListener> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port()?))
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
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port()?)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let client = client(stream);
            // The other side says how a connection ended.
            tokio::spawn(async { drop(client.await) });
        }
    })
}

/// Serves the requests of a connection by hyper, as crates do that leave HTTP to it.
///
/// # Errors
///
/// If the connection or the upgrade fails.
pub async fn serve_http<Failure>(
    stream: TcpStream,
    upgrade: impl Fn(Request<Incoming>) -> Result<Response<Empty<Bytes>>, Failure> + Copy,
) -> hyper::Result<()>
where
    Failure: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let service = service_fn(move |request| async move { upgrade(request) });
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await
}

/// Echoes messages until the connection ends.
///
/// # Errors
///
/// If the connection fails.
pub async fn echo<Connection, Message, Failure>(
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

/// A request of an Autobahn client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The first message is the answer.
    Count,
    /// Everything is echoed.
    Echo,
}

/// Runs all of Autobahn's cases: `run` gets the address, the resource and what to do there, and
/// returns the first message where the task is to count.
///
/// # Errors
///
/// If the number of cases cannot be received.
pub fn run_cases<Run, Failure>(
    agent: &str,
    run: impl Fn(String, String, Task) -> Run,
) -> Result<(), Box<dyn std::error::Error>>
where
    Run: Future<Output = Result<String, Failure>>,
    Failure: std::error::Error + 'static,
{
    let address = argument()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let one = |resource: String, task| runtime.block_on(run(address.clone(), resource, task));
    let count: u32 = one("/getCaseCount".into(), Task::Count)?.parse()?;
    for case in 1..=count {
        // Autobahn's report says how a case ended.
        drop(one(
            format!("/runCase?case={case}&agent={agent}"),
            Task::Echo,
        ));
    }
    drop(one(format!("/updateReports?agent={agent}"), Task::Echo));
    Ok(())
}
