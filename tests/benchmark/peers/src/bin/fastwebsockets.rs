//! An echo by fastwebsockets, as in its example, on the bare socket as in its README.

use std::convert::Infallible;
use std::io;

use fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket, WebSocketError};
use tokio::net::TcpStream;

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(mut stream: TcpStream) -> Result<(), WebSocketError> {
    peers::accept(&mut stream).await?;
    let mut connection = FragmentCollector::new(WebSocket::after_handshake(stream, Role::Server));
    loop {
        let frame = connection.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => connection.write_frame(frame).await?,
            _ => {}
        }
    }
}
