//! An echo by ratchet. It compresses for clients that offer it, at level 1, which is its default.

use std::convert::Infallible;
use std::io;

use bytes::BytesMut;
use ratchet_deflate::DeflateExtProvider;
use ratchet_rs::{Error, Message, PayloadType, SubprotocolRegistry, WebSocketConfig};
use tokio::net::TcpStream;

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(stream: TcpStream) -> Result<(), Error> {
    let compression = DeflateExtProvider::default();
    let config = WebSocketConfig::default();
    let subprotocols = SubprotocolRegistry::default();
    let request = ratchet_rs::accept_with(stream, config, compression, subprotocols).await?;
    let mut connection = request.upgrade().await?.websocket;
    let mut payload = BytesMut::new();
    loop {
        let kind = match connection.read(&mut payload).await? {
            Message::Text => {
                // Validating is left to the program.
                std::str::from_utf8(&payload)?;
                PayloadType::Text
            }
            Message::Binary => PayloadType::Binary,
            Message::Ping(_) | Message::Pong(_) => continue,
            Message::Close(_) => return Ok(()),
        };
        connection.write(&mut payload, kind).await?;
        connection.flush().await?;
        payload.clear();
    }
}
