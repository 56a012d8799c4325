//! An echo by wtx, with the buffers that its handshake makes and the payload left where it was
//! received.

use std::convert::Infallible;
use std::io;

use tokio::net::TcpStream;
use wtx::collection::Vector;
use wtx::web_socket::{OpCode, WebSocketAcceptor, WebSocketPayloadOrigin};

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(stream: TcpStream) -> wtx::Result<()> {
    let mut connection = WebSocketAcceptor::default().accept(stream).await?;
    let (mut common, mut reader, mut writer) = connection.split_mut();
    let mut buffer = Vector::new();
    loop {
        let origin = WebSocketPayloadOrigin::Adaptive;
        let mut frame = reader.read_frame(&mut buffer, &mut common, origin).await?;
        match frame.op_code() {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => {
                writer.write_frame(&mut common, &mut frame).await?;
            }
            _ => {}
        }
        buffer.clear();
    }
}
