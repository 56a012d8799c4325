//! An echo by embedded-websocket, with its framer as in its example for the standard library, and
//! room for messages of 16 MiB. Its example answers no binary message; here they are echoed too.

use std::error::Error;
use std::io::{self, Read as _};
use std::net::TcpStream;
use std::thread;

use embedded_websocket::framer::{Framer, FramerError, ReadResult};
use embedded_websocket::{WebSocketContext, WebSocketSendMessageType, WebSocketServer};

/// The longest request, and what is read at once.
const READ_LEN: usize = 16 << 10;
/// The longest message, and room for a frame's header.
const MESSAGE_LEN: usize = (16 << 20) + 16;

fn main() -> io::Result<()> {
    for stream in check_peers::listen()?.incoming() {
        let stream = stream?;
        // The other side says how a connection ended.
        thread::spawn(|| drop(client(stream)));
    }
    Ok(())
}

fn client(mut stream: TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    let mut received = vec![0; READ_LEN];
    let mut len = 0;
    let Some(context) = read_request(&mut stream, &mut received, &mut len)? else {
        return Ok(());
    };
    let mut sent = vec![0; MESSAGE_LEN];
    let mut message = vec![0; MESSAGE_LEN];
    let mut socket = WebSocketServer::new_server();
    let mut framer = Framer::new(&mut received, &mut len, &mut sent, &mut socket);
    framer.accept(&mut stream, &context).map_err(failure)?;
    loop {
        let (kind, payload) = match framer.read(&mut stream, &mut message).map_err(failure)? {
            ReadResult::Text(text) => (WebSocketSendMessageType::Text, text.as_bytes()),
            ReadResult::Binary(bytes) => (WebSocketSendMessageType::Binary, bytes),
            ReadResult::Pong(_) => continue,
            ReadResult::Closed => return Ok(()),
        };
        framer
            .write(&mut stream, kind, true, payload)
            .map_err(failure)?;
    }
}

/// Reads a request as the example does. Afterwards `len` is what came behind it.
fn read_request(
    stream: &mut TcpStream,
    received: &mut [u8],
    len: &mut usize,
) -> Result<Option<WebSocketContext>, Box<dyn Error>> {
    loop {
        let count = stream.read(&mut received[*len..])?;
        if count == 0 {
            return Ok(None);
        }
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        let status = request.parse(&received[..*len + count])?;
        if let httparse::Status::Complete(end) = status {
            *len += count;
            *len -= end;
            let headers = request.headers.iter().map(|it| (it.name, it.value));
            return embedded_websocket::read_http_header(headers)
                .map_err(|error| format!("{error:?}").into());
        }
        *len += count;
    }
}

fn failure(error: FramerError<io::Error>) -> String {
    format!("{error:?}")
}
