//! What was received and not taken yet.

use std::io::{self, ErrorKind, Read as _};
use std::net::TcpStream;

const READ_LEN: usize = 64 << 10;

/// The bytes that a socket receives.
pub(super) struct Input {
    stream: TcpStream,
    bytes: Vec<u8>,
    taken: usize,
}

impl Input {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
            taken: 0,
        }
    }

    /// Whether there is something that was received and not taken.
    pub(super) fn has_more(&self) -> bool {
        self.taken < self.bytes.len()
    }

    /// Forgets what was received and not taken.
    pub(super) fn forget(&mut self) {
        self.taken = self.bytes.len();
    }

    /// Waits until there is something to take.
    fn fill(&mut self) -> io::Result<()> {
        while !self.has_more() {
            self.taken = 0;
            self.bytes.resize(READ_LEN, 0);
            let read = self.stream.read(&mut self.bytes);
            self.bytes.truncate(*read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn byte(&mut self) -> io::Result<u8> {
        self.fill()?;
        self.taken += 1;
        Ok(self.bytes[self.taken - 1])
    }

    /// Gives the last byte back.
    pub(super) fn give_back(&mut self) {
        self.taken -= 1;
    }

    /// Exactly so many bytes.
    pub(super) fn exact<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// What is there, at least one byte and at most so many.
    pub(super) fn some(&mut self, max: u64) -> io::Result<Vec<u8>> {
        self.fill()?;
        let rest = &self.bytes[self.taken..];
        let len = usize::try_from(max).map_or(rest.len(), |max| max.min(rest.len()));
        self.taken += len;
        Ok(rest[..len].to_vec())
    }

    /// Takes all until the peer ends the connection, or nothing comes for some time.
    pub(super) fn drain(&mut self) {
        self.forget();
        while self.fill().is_ok() {
            self.forget();
        }
    }
}
