//! An echo by sockudo-ws, without the timers that the others do not have either.

use std::convert::Infallible;
use std::io;

use sockudo_ws::handshake::server_handshake;
use sockudo_ws::{Config, Error, Message, WebSocketStream};
use tokio::net::TcpStream;

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(mut stream: TcpStream) -> Result<(), Error> {
    server_handshake(&mut stream).await?;
    let config = Config::builder().auto_ping(false).idle_timeout(0).build();
    let connection = WebSocketStream::server(stream, config);
    peers::echo(connection, |message: &Message| {
        matches!(message, Message::Text(_) | Message::Binary(_))
    })
    .await
}
