//! Messages and frames as they are sent (RFC 6455 section 5.2).

use std::io::{self, Write as _};

use super::conversation::{CONTINUATION, Conversation, MASKED, Role};
use super::fault::Fault;
use crate::wire::{FIN, RSV1, with_key};

/// Shorter messages are never split by a fault.
const SPLIT_LEN_MIN: usize = 125;

impl Conversation {
    /// Sends a message.
    pub(super) fn echo(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        if let Some(messages) = &mut self.kept_messages {
            messages.push(payload.to_vec());
            return Ok(());
        }
        let mut rsv = 0;
        let mut compressed = None;
        if let Some(compression) = &mut self.compression {
            rsv = RSV1;
            compressed = Some(compression.compress(payload));
        }
        let payload = match &compressed {
            Some(compressed) if !self.has(Fault::SendsPlainUnderRsv1) => compressed,
            _ => payload,
        };
        if self.has(Fault::SendsReservedBits) {
            rsv |= 0x20;
        }
        if self.has(Fault::SendsReservedOpcode) {
            self.send(FIN | 0xB, b"")?;
        }
        let splits = [
            (Fault::SendsFragmentsOutOfOrder, opcode),
            (Fault::SendsRsv1OnEachFragment, rsv | CONTINUATION),
        ];
        for (fault, next) in splits {
            if self.has(fault) && payload.len() > SPLIT_LEN_MIN {
                let (start, rest) = payload.split_at(payload.len() / 2);
                self.send(rsv | opcode, start)?;
                return self.send(FIN | next, rest);
            }
        }
        self.send(FIN | rsv | opcode, payload)
    }

    /// Sends a frame.
    pub(super) fn send(&mut self, first: u8, payload: &[u8]) -> io::Result<()> {
        let len = payload.len();
        let is_masked = (self.role == Role::Client) != self.has(Fault::MasksWrongly);
        let mask = if is_masked { MASKED } else { 0 };
        let mut frame = vec![first];
        let is_long = self.has(Fault::SendsLongLengths)
            || len == 0xFFFF && self.has(Fault::SendsLongLengthOf65535);
        if len < 126 && !is_long || len == 126 && self.has(Fault::Sends126In7Bits) {
            frame.push(mask | len as u8);
        } else if len <= 0xFFFF && !is_long
            || len == 0x1_0000 && self.has(Fault::Sends65536In16Bits)
        {
            frame.push(mask | 126);
            frame.extend((len as u16).to_be_bytes());
        } else {
            frame.push(mask | 127);
            frame.extend((len as u64).to_be_bytes());
        }
        if is_masked {
            let key = match () {
                () if self.has(Fault::MasksWithZeros) => [0; 4],
                () if self.has(Fault::MasksWithTheSameKey) => [1, 2, 3, 4],
                () => fastrand::u32(..).to_be_bytes(),
            };
            frame.extend(key);
            frame.extend(with_key(key, payload));
        } else {
            frame.extend(payload);
        }
        self.stream.write_all(&frame)
    }
}
