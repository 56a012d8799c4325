//! An echo by tokio-websockets, without its limit of 64 MiB. It does not compress.

use std::convert::Infallible;
use std::io;

use tokio::net::TcpStream;
use tokio_websockets::{Error, Limits, Message, ServerBuilder};

fn main() -> io::Result<Infallible> {
    check_peers::serve(client)
}

async fn client(stream: TcpStream) -> Result<(), Error> {
    let builder = ServerBuilder::new().limits(Limits::unlimited());
    let (_, connection) = builder.accept(stream).await?;
    check_peers::echo(connection, |message: &Message| {
        message.is_text() || message.is_binary()
    })
    .await
}
