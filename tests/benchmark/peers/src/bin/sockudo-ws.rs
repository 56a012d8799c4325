//! An echo by sockudo-ws, without the timers that the others do not have either.

use std::convert::Infallible;
use std::io;

use peers::Level;
use sockudo_ws::deflate::DeflateConfig;
use sockudo_ws::handshake::server_handshake;
use sockudo_ws::{CompressedWebSocketStream, Config, Error, Message, WebSocketStream};
use tokio::net::TcpStream;

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(mut stream: TcpStream) -> Result<(), Error> {
    let config = Config::builder().auto_ping(false).idle_timeout(0).build();
    let Some(level) = peers::compression() else {
        server_handshake(&mut stream).await?;
        return peers::echo(WebSocketStream::server(stream, config), is_data).await;
    };
    let extensions = peers::accept(&mut stream).await?;
    let is_fresh = extensions == Some(peers::FRESH);
    let mut deflate = DeflateConfig {
        server_no_context_takeover: is_fresh,
        client_no_context_takeover: is_fresh,
        ..DeflateConfig::default()
    };
    if let Level::Fast = level {
        deflate.compression_level = 1;
    }
    let connection = CompressedWebSocketStream::server(stream, config, deflate);
    peers::echo(connection, is_data).await
}

fn is_data(message: &Message) -> bool {
    matches!(message, Message::Text(_) | Message::Binary(_))
}
