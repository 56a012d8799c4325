//! A client that blocks: it holds a connection, and echoes one message through it. With a server
//! that compresses, it makes sure that the server does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::ensure;

use crate::server::{Running, Server};

const TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// The offer of browsers.
const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
/// The beginning of an answer that accepts it, in lower case.
const ACCEPTED: &str = "sec-websocket-extensions: permessage-deflate";
/// With a key of zeros, masked data equals the original.
const MASKING_KEY: [u8; 4] = [0; 4];
const TEXT: u8 = 1;
const FINAL: u8 = 0x80;
/// On the first frame of a compressed message.
const RSV1: u8 = 0x40;
const MASKED: u8 = 0x80;
const LEN_IN_2: u8 = 126;
const LEN_IN_8: u8 = 127;

/// An open connection.
#[derive(Debug)]
pub(crate) struct Client {
    socket: TcpStream,
    /// Whether messages are compressed in both directions.
    compresses: bool,
}

impl Client {
    /// Connects to a server, with compression if that is what the server is measured for.
    ///
    /// # Errors
    ///
    /// If the server does not open the connection, or does not accept the compression.
    pub(crate) fn connect(server: &Server, running: &Running) -> anyhow::Result<Self> {
        let compresses = server.compression.is_some();
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, running.port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        let offer = if compresses { OFFER } else { "" };
        (&socket).write_all(format!("{REQUEST}{offer}\r\n").as_bytes())?;
        let mut lines = BufReader::new(&socket);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        ensure!(line.contains(" 101 "), "refused: {line}");
        let mut is_accepted = false;
        while line != "\r\n" {
            is_accepted |= line.to_ascii_lowercase().starts_with(ACCEPTED);
            line.clear();
            ensure!(lines.read_line(&mut line)? > 0, "left in its response");
        }
        ensure!(is_accepted || !compresses, "does not agree to compress");
        Ok(Self { socket, compresses })
    }

    /// Sends a text and waits for its echo. What a server has compressed is not compared: the load
    /// generator does that.
    ///
    /// # Errors
    ///
    /// If there is no echo, or a wrong one, or one that is not compressed although it should be.
    pub(crate) fn echo(&mut self, text: &str) -> anyhow::Result<()> {
        let (mark, payload) = match self.compresses {
            true => (RSV1, stored_blocks(text.as_bytes())),
            false => (0, text.as_bytes().to_vec()),
        };
        let mut frame = vec![FINAL | mark | TEXT];
        match payload.len() {
            len @ ..=125 => frame.push(MASKED | len as u8),
            len @ ..=0xFFFF => {
                frame.push(MASKED | LEN_IN_2);
                frame.extend((len as u16).to_be_bytes());
            }
            len => {
                frame.push(MASKED | LEN_IN_8);
                frame.extend((len as u64).to_be_bytes());
            }
        }
        frame.extend(MASKING_KEY);
        frame.extend_from_slice(&payload);
        self.socket.write_all(&frame)?;
        let mut echo = Vec::with_capacity(payload.len());
        let mut first = self.receive_frame(&mut echo)?;
        ensure!(first & !FINAL == mark | TEXT, "its first byte: {first:#x}");
        while first & FINAL == 0 {
            first = self.receive_frame(&mut echo)?;
        }
        let is_right = self.compresses || echo == payload;
        ensure!(is_right, "another message came back");
        Ok(())
    }

    /// Receives a frame, masked or not. Returns its first byte.
    fn receive_frame(&mut self, echo: &mut Vec<u8>) -> anyhow::Result<u8> {
        let [first, second] = self.receive()?;
        let len = match second & !MASKED {
            LEN_IN_2 => u64::from(u16::from_be_bytes(self.receive()?)),
            LEN_IN_8 => u64::from_be_bytes(self.receive()?),
            len => u64::from(len),
        };
        if second & MASKED != 0 {
            let _: [u8; MASKING_KEY.len()] = self.receive()?;
        }
        let received = (&self.socket).take(len).read_to_end(echo)?;
        ensure!(received as u64 == len, "left in a message");
        Ok(first)
    }

    fn receive<const LEN: usize>(&mut self) -> std::io::Result<[u8; LEN]> {
        let mut bytes = [0; LEN];
        self.socket.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// Some JSON of this length.
pub(crate) fn json(len: usize) -> String {
    let record = |number| format!("{{\"id\":{number},\"name\":\"record {number}\"}},");
    let mut text: String = (0..=len / record(0).len()).map(record).collect();
    text.truncate(len);
    text
}

/// The payload of a message that is compressed without a compressor: all of it in stored blocks
/// (RFC 1951, section 3.2.4).
fn stored_blocks(bytes: &[u8]) -> Vec<u8> {
    const STORED: u8 = 0;
    let mut payload = Vec::with_capacity(bytes.len() + 64);
    for block in bytes.chunks(usize::from(u16::MAX)) {
        let len = block.len() as u16;
        payload.push(STORED);
        payload.extend(len.to_le_bytes());
        payload.extend((!len).to_le_bytes());
        payload.extend_from_slice(block);
    }
    // An empty block ends each message, and its last four bytes are not sent (RFC 7692).
    payload.push(STORED);
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_blocks_have_their_lengths_before_them() {
        assert_eq!(stored_blocks(b"Hi"), b"\x00\x02\x00\xfd\xffHi\x00");
        let long = stored_blocks(&[b'a'; 65_536]);
        assert_eq!(long[..6], *b"\x00\xff\xff\x00\x00a");
        assert_eq!(long[5 + 65_535..], *b"\x00\x01\x00\xfe\xffa\x00");
    }
}
