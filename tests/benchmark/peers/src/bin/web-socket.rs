//! An echo by web-socket, which neither buffers nor assembles nor validates. Here it gets buffers.

use std::convert::Infallible;
use std::io;

use tokio::io::{BufReader, BufWriter};
use tokio::net::TcpStream;
use web_socket::{DataType, Event, Frame, Stream, WebSocket};

const BUFFER: usize = 64 * 1024;

fn main() -> io::Result<Infallible> {
    peers::serve(client)
}

async fn client(mut stream: TcpStream) -> io::Result<()> {
    peers::accept(&mut stream).await?;
    let reader = BufReader::with_capacity(BUFFER, stream);
    let mut connection = WebSocket::server(BufWriter::with_capacity(BUFFER, reader));
    loop {
        match connection.recv().await? {
            Event::Data { ty, data } => connection.send(echo(ty, &data)).await?,
            Event::Ping(data) => connection.send_pong(data).await?,
            Event::Pong(_) => {}
            Event::Error(_) | Event::Close { .. } => return connection.close(()).await,
        }
        // Frames that arrived together are answered together.
        if connection.stream.get_ref().buffer().is_empty() {
            connection.flash().await?;
        }
    }
}

/// The frame that answers another.
fn echo(kind: DataType, data: &[u8]) -> Frame<'_> {
    const CONTINUATION: u8 = 0;
    let (fin, opcode) = match kind {
        DataType::Complete(message) => (true, message as u8),
        DataType::Stream(Stream::Start(message)) => (false, message as u8),
        DataType::Stream(Stream::Next(_)) => (false, CONTINUATION),
        DataType::Stream(Stream::End(_)) => (true, CONTINUATION),
    };
    Frame { fin, opcode, data }
}
