//! An echo by wtx, with its permessage-deflate.

use std::convert::Infallible;
use std::io;

use tokio::net::TcpStream;
use wtx::collection::Vector;
use wtx::web_socket::compression::Flate2;
use wtx::web_socket::{DeflateConfig, OpCode, WebSocketAcceptor, WebSocketPayloadOrigin};

fn main() -> io::Result<Infallible> {
    check_peers::serve(client)
}

async fn client(stream: TcpStream) -> wtx::Result<()> {
    let acceptor = WebSocketAcceptor::default().compression(Flate2::from(DeflateConfig::default()));
    let mut connection = acceptor.accept(stream).await?;
    let (mut common, mut reader, mut writer) = connection.split_mut();
    let mut buffer = Vector::new();
    loop {
        let origin = WebSocketPayloadOrigin::Consistent;
        let mut frame = reader.read_frame(&mut buffer, &mut common, origin).await?;
        match frame.op_code() {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => writer.write_frame(&mut common, &mut frame).await?,
            _ => {}
        }
        buffer.clear();
    }
}
