//! An echo by tungstenite, over tokio-tungstenite.

use std::convert::Infallible;
use std::io;

use tokio::net::TcpStream;
use tungstenite::Message;
use tungstenite::protocol::WebSocketConfig;

/// A larger buffer costs more than it saves: tungstenite fills it with zeros before each read.
const READ_BUFFER: usize = 16 * 1024;

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(stream: TcpStream) -> tungstenite::Result<()> {
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let connection = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await?;
    peers::echo(connection, |message: &Message| {
        message.is_text() || message.is_binary()
    })
    .await
}
