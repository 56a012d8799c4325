//! A WebSocket server that does what a test says, byte by byte, over a real socket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use tungstenite::handshake::derive_accept_key;

use crate::wire::CLOSE;

/// Starts a server: each connection is a call of `serve`, on a thread of its own. Returns the URL.
///
/// # Panics
///
/// If no port is free.
pub fn server(serve: impl Fn(TcpStream) -> Option<()> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = Arc::clone(&serve);
            let stream = stream.expect("a client");
            // Otherwise a small write could wait until the one before is acknowledged.
            let _ = stream.set_nodelay(true);
            thread::spawn(move || serve(stream));
        }
    });
    format!("ws://{address}/")
}

/// Receives the head of a request. Returns `None` if there is none.
pub fn request(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    String::from_utf8(head).ok()
}

/// The response that accepts a request.
///
/// # Panics
///
/// If the request has no key.
pub fn response(request: &str) -> String {
    let key = "Sec-WebSocket-Key: ";
    let key = request.lines().find_map(|line| line.strip_prefix(key));
    let accept = derive_accept_key(key.expect("a key").as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// Accepts the next request, whatever it is, and returns it.
pub fn accept(stream: &mut (impl Read + Write)) -> Option<String> {
    let request = request(stream)?;
    stream.write_all(response(&request).as_bytes()).ok()?;
    Some(request)
}

/// The same with these extensions.
pub fn accept_with(stream: &mut (impl Read + Write), extensions: &str) -> Option<String> {
    let request = request(stream)?;
    let header = format!("\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n");
    let response = response(&request).replace("\r\n\r\n", &header);
    stream.write_all(response.as_bytes()).ok()?;
    Some(request)
}

/// A server that accepts, sends these bytes, and answers Close. Returns the URL.
pub fn sending(bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    server(move |mut stream| {
        accept(&mut stream)?;
        stream.write_all(&bytes).ok()?;
        while let Some((first, payload)) = frame(&mut stream) {
            if first == CLOSE {
                return stream.write_all(&unmasked(CLOSE, payload)).ok();
            }
        }
        Some(())
    })
}

/// Receives a client's frame: its first byte and its payload. Returns `None` at the end.
///
/// # Panics
///
/// If the frame is not masked.
pub fn frame(stream: &mut impl Read) -> Option<(u8, Vec<u8>)> {
    let [first, second] = read(stream)?;
    assert!(second >= 0x80, "masked");
    let len = match second & 0x7F {
        126 => u16::from_be_bytes(read(stream)?).into(),
        127 => u64::from_be_bytes(read(stream)?),
        len => u64::from(len),
    };
    let key: [u8; 4] = read(stream)?;
    assert_ne!(key, [0; 4], "masked with something");
    let mut payload = vec![0; usize::try_from(len).expect("a length")];
    stream.read_exact(&mut payload).ok()?;
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
    Some((first, payload))
}

fn read<const N: usize>(stream: &mut impl Read) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// A server's frame.
pub fn unmasked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let len = (payload.len() as u64).to_be_bytes();
    match payload.len() {
        ..126 => [&[first], &len[7..], payload].concat(),
        126..=0xFFFF => [&[first, 126], &len[6..], payload].concat(),
        _ => [&[first, 127], &len[..], payload].concat(),
    }
}

/// The echo of a frame, as it came.
pub fn echo(first: u8, payload: &[u8]) -> Vec<u8> {
    unmasked(first, payload)
}

/// A server's Close frame.
pub fn close(code: u16, reason: &str) -> Vec<u8> {
    let payload = [&code.to_be_bytes()[..], reason.as_bytes()].concat();
    unmasked(CLOSE, payload)
}
