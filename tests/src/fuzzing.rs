//! The bodies of the fuzz targets. Each is a function of the fuzzer's bytes that panics if a
//! promise is broken. `cargo fuzz` calls it from `fuzz/`, and `tests/corpora.rs` calls it with the
//! committed corpora.
//!
//! In every body the first bytes are a plan: the buffer's length, and how input and output are cut.

// Some of what the bodies share is for the host's only.
#![cfg_attr(not(feature = "std"), expect(dead_code))]

use ws_echo_core::{Buffer, MIN_BUFFER_LEN};

#[cfg(feature = "std")]
pub mod behaviour;
pub mod client;
pub mod compressed;
mod compression;
pub mod differential;
mod echoer;
mod expected;
#[cfg(feature = "std")]
pub mod forwarded;
pub mod frames;
pub mod handshake;
pub mod inflate;
mod inflated;
#[cfg(feature = "std")]
pub mod proxy_header;
mod session;
mod transmitted;
pub mod utf8;
#[cfg(feature = "std")]
pub mod worker;

/// The buffer that a body works in.
type Bytes = Buffer<Vec<u8>>;

/// How many actions an application takes.
const ACTIONS: usize = 8;

/// About the most exchanges that the cuts of one input cause.
const MAX_PIECES: usize = 512;

/// A fuzzer's bytes, read from the front. After the end, every byte is 0.
#[derive(Clone, Debug)]
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or_default()
    }

    /// The next `len` bytes, or as many as there are.
    fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (now, later) = self.0.split_at(len.min(self.0.len()));
        self.0 = later;
        now
    }

    /// The application's actions: none, unless bit 1 of the mode says that it sends messages of its
    /// own.
    fn actions(&mut self, mode: u8) -> &'a [u8] {
        match mode & 2 {
            0 => &[],
            _ => self.bytes(ACTIONS),
        }
    }

    /// All that is left, with a word in place of each byte from 0x80 on. The words repeat, and 0xFF
    /// precedes a byte that is taken literally.
    fn words(&mut self, words: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.is_empty() {
            match self.byte() {
                0xFF => bytes.push(self.byte()),
                word @ 0x80.. => {
                    bytes.extend(words[usize::from(word - 0x80) % words.len()].bytes())
                }
                byte => bytes.push(byte),
            }
        }
        bytes
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A connection that is given a buffer after each receipt and each transmission.
trait Machine {
    /// `transmitted` bytes were sent before those that are ready.
    fn exchange(&mut self, buffer: &mut Bytes, transmitted: usize);
}

/// How much room there is, and how the bytes are cut.
#[derive(Clone, Debug)]
struct Plan {
    buffer_len: usize,
    /// How many bytes are received at once, repeated; 0 means as many as there is room for.
    cuts: [u8; 4],
    /// How many bytes are transmitted at once, repeated; 0 means all.
    takes: [u8; 2],
    /// Whether to receive while bytes are ready, as long as there is room.
    is_eager: bool,
}

impl Plan {
    /// All at once, in a buffer with room for all.
    fn whole(input: &[u8]) -> Self {
        Self {
            buffer_len: MIN_BUFFER_LEN + input.len(),
            cuts: [0; 4],
            takes: [0; 2],
            is_eager: false,
        }
    }

    fn read(script: &mut Script<'_>) -> Self {
        let len = usize::from(script.byte());
        let more = if len < 128 { len } else { (len - 127) * 32 };
        let [cuts @ .., flags] = script.array::<5>();
        Self {
            buffer_len: MIN_BUFFER_LEN + more,
            cuts,
            takes: script.array(),
            is_eager: flags & 1 != 0,
        }
    }

    fn cuts(&self, input: &[u8]) -> impl Iterator<Item = usize> {
        lens(self.cuts, input.len() / MAX_PIECES)
    }

    /// Runs `machine` on `input` in a buffer that belongs to it.
    fn keep(&self, input: &[u8], machine: &mut impl Machine) -> Vec<u8> {
        let mut buffer = Buffer::new(vec![0; self.buffer_len]);
        let mut takes = lens(self.takes, input.len() / MAX_PIECES);
        let mut cuts = self.cuts(input);
        let mut output = Vec::new();
        let mut input = input;
        loop {
            machine.exchange(&mut buffer, output.len());
            let is_idle = buffer.ready().is_empty();
            if !is_idle {
                let len = takes.next().unwrap().min(buffer.ready().len());
                output.extend(&buffer.ready()[..len]);
                buffer.consume(len);
            } else if input.is_empty() {
                return output;
            }
            if is_idle || self.is_eager {
                let spare = buffer.spare_mut();
                assert!(!is_idle || !spare.is_empty(), "no room, nothing ready");
                let len = receive(&mut input, spare, cuts.next().unwrap());
                buffer.commit(len);
            }
        }
    }

    /// Runs `machine` on `input` in a buffer that is lent for one exchange at a time.
    fn lend(&self, input: &[u8], machine: &mut impl Machine) -> Vec<u8> {
        let mut storage = vec![0; self.buffer_len];
        let mut cuts = self.cuts(input);
        let mut output = Vec::new();
        let mut input = input;
        loop {
            let mut buffer = Buffer::for_pieces(storage);
            let mut later = input;
            let len = receive(&mut later, buffer.spare_mut(), cuts.next().unwrap());
            buffer.commit(len);
            machine.exchange(&mut buffer, output.len());
            output.extend(buffer.ready());
            let read = len - buffer.received().len();
            if read == 0 && buffer.ready().is_empty() {
                assert!(input.is_empty(), "nothing read and nothing answered");
                return output;
            }
            input = &input[read..];
            storage = buffer.into_storage();
        }
    }
}

/// The lengths of pieces, repeated.
fn lens<const N: usize>(lens: [u8; N], least: usize) -> impl Iterator<Item = usize> {
    let len = move |len| match len {
        0 => usize::MAX,
        len => usize::from(len).max(least),
    };
    lens.into_iter().map(len).cycle()
}

/// Moves up to `len` bytes from `input` to `spare`.
fn receive(input: &mut &[u8], spare: &mut [u8], len: usize) -> usize {
    let len = len.min(input.len()).min(spare.len());
    let (now, later) = input.split_at(len);
    spare[..len].copy_from_slice(now);
    *input = later;
    len
}
