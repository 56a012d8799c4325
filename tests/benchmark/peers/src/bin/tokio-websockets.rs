//! An echo by tokio-websockets, with the limits of its example.

use std::convert::Infallible;
use std::io;

use tokio::net::TcpStream;
use tokio_websockets::{Config, Error, Limits, Message, ServerBuilder};

/// How many bytes are written together.
const WRITTEN_TOGETHER: usize = 64 * 1024;

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(stream: TcpStream) -> Result<(), Error> {
    let config = Config::default()
        .frame_size(usize::MAX)
        .flush_threshold(WRITTEN_TOGETHER);
    let builder = ServerBuilder::new().config(config);
    let (_, connection) = builder.limits(Limits::unlimited()).accept(stream).await?;
    peers::echo(connection, |message: &Message| {
        message.is_text() || message.is_binary()
    })
    .await
}
