//! A client that blocks: it holds a connection, and echoes one message through it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::ensure;

const TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// With a key of zeros, masked data equals the original.
const MASKING_KEY: [u8; 4] = [0; 4];
const FINAL_BINARY: u8 = 0x82;
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
const LEN_IN_2: u8 = 126;
const LEN_IN_8: u8 = 127;

/// An open connection.
#[derive(Debug)]
pub(crate) struct Client {
    socket: TcpStream,
}

impl Client {
    /// Connects to a port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If the server does not open the connection.
    pub(crate) fn connect(port: u16) -> anyhow::Result<Self> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        (&socket).write_all(REQUEST)?;
        let mut lines = BufReader::new(&socket);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        ensure!(line.contains(" 101 "), "refused: {line}");
        while line != "\r\n" {
            line.clear();
            ensure!(lines.read_line(&mut line)? > 0, "left in its response");
        }
        Ok(Self { socket })
    }

    /// Sends a binary message and waits for its echo.
    ///
    /// # Errors
    ///
    /// If there is no echo, or a wrong one.
    pub(crate) fn echo(&mut self, payload: &[u8]) -> anyhow::Result<()> {
        let mut frame = vec![FINAL_BINARY, MASKED | LEN_IN_8];
        frame.extend((payload.len() as u64).to_be_bytes());
        frame.extend(MASKING_KEY);
        frame.extend_from_slice(payload);
        self.socket.write_all(&frame)?;
        let mut echo = Vec::with_capacity(payload.len());
        while !self.receive_frame(&mut echo)? {}
        ensure!(echo == payload, "another message came back");
        Ok(())
    }

    /// Receives a frame, masked or not. Returns whether it is the last of its message.
    fn receive_frame(&mut self, echo: &mut Vec<u8>) -> anyhow::Result<bool> {
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
        Ok(first & FINAL != 0)
    }

    fn receive<const LEN: usize>(&mut self) -> std::io::Result<[u8; LEN]> {
        let mut bytes = [0; LEN];
        self.socket.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
