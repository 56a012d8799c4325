//! Bytes that wait to be moved on, and room for received bytes. Whatever appends fails if there is
//! no memory for more.

use std::io::{self, ErrorKind, Write};

use rustls::unbuffered::{EncodeError, EncodeTlsData, ReadTraffic};

use crate::serve::memory;

/// Bytes that wait for room elsewhere. It takes no memory while it is empty.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    /// Where the bytes start that still wait.
    start: usize,
}

impl Pending {
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Exactly: a connection has a limit on what it keeps.
        reserve(&mut self.bytes, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends `len` bytes for the caller to overwrite.
    pub(super) fn extend(&mut self, len: usize) -> io::Result<&mut [u8]> {
        let before = self.bytes.len();
        reserve(&mut self.bytes, len)?;
        self.bytes.resize(before + len, 0);
        Ok(&mut self.bytes[before..])
    }

    /// Moves as many bytes as fit.
    pub(super) fn read_to(&mut self, room: &mut Room<'_>) {
        let moved = room.put(&self.bytes[self.start..]);
        self.take(moved);
    }

    /// Writes all bytes, or as many as `transport` takes before the error.
    pub(super) fn write_to(&mut self, transport: &mut impl Write) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let mut rest = &self.bytes[self.start..];
        let before = rest.len();
        let written = write_all(&mut rest, transport);
        let taken = before - rest.len();
        self.take(taken);
        written
    }

    /// The memory that it owns, in bytes.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    fn take(&mut self, len: usize) {
        self.start += len;
        if self.start == self.bytes.len() {
            *self = Self::default();
        }
    }
}

/// Makes room for exactly this many more bytes, if there is memory for them.
pub(super) fn reserve(bytes: &mut Vec<u8>, len: usize) -> io::Result<()> {
    if len > 0 {
        let _granted = memory::ask(len).ok_or(ErrorKind::OutOfMemory)?;
        bytes.reserve_exact(len);
    }
    Ok(())
}

/// Writes all of `bytes`. After an error `bytes` is what was not written.
pub(super) fn write_all(bytes: &mut &[u8], transport: &mut impl Write) -> io::Result<()> {
    while !bytes.is_empty() {
        match transport.write(bytes) {
            Ok(len) => *bytes = &bytes[len..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The room of a read.
#[derive(Debug)]
pub(super) struct Room<'a> {
    bytes: &'a mut [u8],
    filled: usize,
}

impl<'a> Room<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, filled: 0 }
    }

    /// How many bytes it holds.
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    /// How many more bytes fit.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.filled
    }

    /// The room that is left.
    pub(super) fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// Copies as many bytes as fit, and returns how many those are.
    pub(super) fn put(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.left());
        self.bytes[self.filled..][..len].copy_from_slice(&bytes[..len]);
        self.filled += len;
        len
    }
}

/// Puts the payloads of decrypted records into the room, and what does not fit into `rest`. Returns
/// how many received bytes those records were.
pub(super) fn read<D>(
    mut records: ReadTraffic<'_, '_, D>,
    room: &mut Room<'_>,
    rest: &mut Pending,
) -> io::Result<usize> {
    let mut len = 0;
    while let Some(Ok(record)) = records.next_record() {
        len += record.discard;
        put(record.payload, room, rest)?;
    }
    Ok(len)
}

/// Puts bytes into the room, and those that do not fit into `rest`.
pub(super) fn put(bytes: &[u8], room: &mut Room<'_>, rest: &mut Pending) -> io::Result<()> {
    let len = room.put(bytes);
    rest.append(&bytes[len..])
}

/// Appends one of TLS's own messages.
pub(super) fn encode<D>(
    mut message: EncodeTlsData<'_, D>,
    records: &mut Pending,
) -> io::Result<()> {
    if let Err(EncodeError::InsufficientSize(needed)) = message.encode(&mut []) {
        // Now there is room.
        let _ = message.encode(records.extend(needed.required_size)?);
    }
    Ok(())
}

/// Whether a call failed because it would have to wait.
pub(super) fn must_wait(result: &io::Result<()>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// The error that the client broke the protocol.
pub(super) fn invalid(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}
