//! An echo by wtx, with the buffers that its handshake makes and the payload left where it was
//! received.

use std::convert::Infallible;
use std::io;

use peers::Level;
use tokio::net::TcpStream;
use wtx::collection::Vector;
use wtx::rng::Xorshift64;
use wtx::web_socket::compression::{Flate2, NegotiatedCompression};
use wtx::web_socket::{
    CompressionLevel, DeflateConfig, OpCode, WebSocket, WebSocketAcceptor, WebSocketBuffer,
    WebSocketPayloadOrigin,
};

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(stream: TcpStream) -> wtx::Result<()> {
    let acceptor = WebSocketAcceptor::default();
    let Some(level) = peers::compression() else {
        return echo(acceptor.accept(stream).await?).await;
    };
    let mut config = DeflateConfig::default();
    if let Level::Fast = level {
        config.compression_level = CompressionLevel::One;
    }
    let acceptor = acceptor.compression(Flate2::from(config));
    echo(acceptor.accept(stream).await?).await
}

async fn echo<Compression: NegotiatedCompression>(
    mut connection: WebSocket<Compression, Xorshift64, TcpStream, WebSocketBuffer, false>,
) -> wtx::Result<()> {
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
