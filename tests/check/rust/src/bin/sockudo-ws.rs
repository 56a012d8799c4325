//! An echo by sockudo-ws, without compression and without its timers.

use std::convert::Infallible;
use std::io;

use sockudo_ws::handshake::server_handshake;
use sockudo_ws::{Config, Error, Message, WebSocketStream};
use tokio::net::TcpStream;

fn main() -> io::Result<Infallible> {
    check_peers::serve(client)
}

async fn client(mut stream: TcpStream) -> Result<(), Error> {
    let config = Config::builder().auto_ping(false).idle_timeout(0).build();
    server_handshake(&mut stream).await?;
    let connection = WebSocketStream::server(stream, config);
    check_peers::echo(connection, |message: &Message| {
        matches!(message, Message::Text(_) | Message::Binary(_))
    })
    .await
}
