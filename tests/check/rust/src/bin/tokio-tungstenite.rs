//! An echo by tungstenite, over tokio-tungstenite, with its default limits of 16 MiB for a frame
//! and 64 MiB for a message. It does not compress.

use std::convert::Infallible;
use std::io;

use tokio::net::TcpStream;
use tungstenite::Message;

fn main() -> io::Result<Infallible> {
    check_peers::serve(client)
}

async fn client(stream: TcpStream) -> tungstenite::Result<()> {
    let connection = tokio_tungstenite::accept_async(stream).await?;
    check_peers::echo(connection, |message: &Message| {
        message.is_text() || message.is_binary()
    })
    .await
}
