//! An echo by yawc, with the buffers that its benchmark uses.

use std::convert::Infallible;
use std::io;

use futures_util::StreamExt;
use peers::Level;
use tokio::net::TcpStream;
use yawc::{Frame, OpCode, Options, Role, WebSocket};

const READ_BUFFER: usize = 128 * 1024;
const WRITTEN_TOGETHER: usize = 64 * 1024;
const LONGEST_MESSAGE: usize = 64 * 1024 * 1024;

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(mut stream: TcpStream) -> yawc::Result<()> {
    let extensions = peers::accept(&mut stream).await?;
    let options = Options::default()
        .with_limits(LONGEST_MESSAGE, LONGEST_MESSAGE)
        .with_read_buffer_capacity(READ_BUFFER)
        .with_backpressure_boundary(WRITTEN_TOGETHER)
        .with_utf8();
    let options = match peers::compression() {
        None => options,
        Some(Level::Default) => options.with_balanced_compression(),
        Some(Level::Fast) => options.with_low_latency_compression(),
    };
    let connection =
        WebSocket::from_stream_with_extensions(stream, Role::Server, extensions, options)?;
    peers::echo(connection.map(Ok), |frame: &Frame| {
        matches!(frame.opcode(), OpCode::Text | OpCode::Binary)
    })
    .await
}
