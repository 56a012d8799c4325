//! How many messages a connection has carried, and how many bytes were in them: for the log and the
//! metrics.

use std::ops::{Add, Sub};

use serde::Serialize;
use ws_echo_core::{Chunk, Messages};

/// A number of messages, and of the bytes of their payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Traffic {
    pub(crate) messages: u64,
    /// Those of a message that has not ended count as well.
    pub(crate) bytes: u64,
}

impl Traffic {
    /// What a piece of a message adds.
    pub(crate) fn of(chunk: &Chunk) -> Self {
        Self {
            messages: chunk.ends_message().into(),
            bytes: chunk.len() as u64,
        }
    }
}

impl From<Messages> for Traffic {
    #[inline]
    fn from(messages: Messages) -> Self {
        Self {
            messages: messages.count as u64,
            bytes: messages.payload_len as u64,
        }
    }
}

impl Add for Traffic {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            messages: self.messages.wrapping_add(more.messages),
            bytes: self.bytes.wrapping_add(more.bytes),
        }
    }
}

impl Sub for Traffic {
    type Output = Self;

    fn sub(self, less: Self) -> Self {
        Self {
            messages: self.messages.wrapping_sub(less.messages),
            bytes: self.bytes.wrapping_sub(less.bytes),
        }
    }
}

/// The traffic of a client, in 14 bytes: 56 bits for each number. No connection can carry so much
/// that they overflow: 64 PiB are more than a week at 100 GB/s.
///
/// ```text
///  | bytes: 7 bytes | messages: 7 bytes |     each little-endian
///  |<--- 8 bytes ---->|
///                 |<---- 8 bytes ------>|
/// ```
///
/// Each is changed in eight bytes, with one byte of the other, which costs an echo one instruction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TrafficCounter([u8; 14]);

/// The bits of a number.
const BITS: u32 = 56;
/// The bits before the number of messages, which belong to the other one.
const OTHERS: u32 = u64::BITS - BITS;

impl TrafficCounter {
    #[inline]
    pub(crate) fn add(&mut self, more: Traffic) {
        if let Some(bytes) = self.0.first_chunk_mut() {
            let sum = u64::from_le_bytes(*bytes).wrapping_add(more.bytes);
            *bytes = sum.to_le_bytes();
        }
        if let Some(messages) = self.0.last_chunk_mut() {
            let sum = u64::from_le_bytes(*messages).wrapping_add(more.messages << OTHERS);
            *messages = sum.to_le_bytes();
        }
    }
}

impl From<TrafficCounter> for Traffic {
    fn from(counter: TrafficCounter) -> Self {
        let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Self {
            messages: word(counter.0.last_chunk()) >> OTHERS,
            bytes: word(counter.0.first_chunk()) & (u64::MAX >> OTHERS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(messages: u64, bytes: u64) -> Traffic {
        Traffic { messages, bytes }
    }

    #[test]
    fn both_numbers_grow_beyond_every_width_and_never_into_each_other() {
        assert_eq!(size_of::<TrafficCounter>(), 14);
        for width in [8, 16, 32, 40, 48, 55] {
            let almost = (1_u64 << width) - 2;
            for (messages, bytes) in [(almost, 0), (0, almost), (almost, almost)] {
                let mut counter = TrafficCounter::default();
                counter.add(traffic(messages, bytes));
                for more in 1..=4 {
                    counter.add(traffic(1, 3));
                    let expected = traffic(messages + more, bytes + 3 * more);
                    assert_eq!(Traffic::from(counter), expected, "{width} bits");
                }
            }
        }
    }
}
