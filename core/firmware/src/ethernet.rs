//! The LM3S6965's Ethernet controller as a smoltcp device (chapter 15 of the data sheet). Frames
//! pass through its data register, word by word.

use core::ops::RangeInclusive;

use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;
use smoltcp::wire::EthernetAddress;

use crate::registers::mac::{DATA, IA0, IA1, IM, NP, RCTL, RIS, TCTL, TR};
use crate::registers::system::{RCGC2, USER0, USER1};

/// Destination, source and type.
const HEADER_LEN: usize = 14;
/// What every host must be able to receive over IPv4 (RFC 1122 section 3.3.2). More would cost
/// memory, and is not needed here.
const MTU: usize = 576;
const FRAME_LEN: usize = HEADER_LEN + MTU;

/// Before a received frame is the length of it all, of 2 bytes; after it a checksum of 4 bytes.
const LENGTH_LEN: usize = 2;
const CHECKSUM_LEN: usize = 4;

/// The length of that for one frame. The controller's memory has 2 KiB.
const PLAUSIBLE_LEN: RangeInclusive<usize> = LENGTH_LEN + HEADER_LEN + CHECKSUM_LEN..=2048;

const RECEIVED: u32 = 1 << 0;
const NEW_TRANSMISSION: u32 = 1 << 0;

/// The controller.
pub(crate) struct Ethernet {
    received: [u8; FRAME_LEN],
    sent: [u8; FRAME_LEN],
}

impl Ethernet {
    pub(crate) const fn new() -> Self {
        Self {
            received: [0; FRAME_LEN],
            sent: [0; FRAME_LEN],
        }
    }

    /// Starts the controller with the address that the board was given, and returns the address.
    pub(crate) fn start(&mut self) -> EthernetAddress {
        const MAC_AND_PHY: u32 = 1 << 28 | 1 << 30;
        const TRANSMIT_PADDED_WITH_CHECKSUM_DUPLEX: u32 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4;

        RCGC2.set(MAC_AND_PHY);
        cortex_m::asm::delay(3);
        let address = address();
        let [a, b, c, d, e, f] = address.0;
        IA0.write(u32::from_le_bytes([a, b, c, d]));
        IA1.write(u32::from_le_bytes([e, f, 0, 0]));
        IM.write(RECEIVED);
        restart_receiver();
        TCTL.write(TRANSMIT_PADDED_WITH_CHECKSUM_DUPLEX);
        address
    }

    /// Whether a frame waits. If not, its arrival causes an interrupt.
    pub(crate) fn has_frame(&mut self) -> bool {
        // Acknowledge first: what arrives in between is counted.
        RIS.write(RECEIVED);
        NP.read() > 0
    }

    /// Takes the next frame, and returns its length. One that is too long is dropped.
    fn take_frame(&mut self) -> Option<usize> {
        if NP.read() == 0 {
            return None;
        }
        let [len_low, len_high, first, second] = DATA.read().to_le_bytes();
        let len = usize::from(u16::from_le_bytes([len_low, len_high]));
        if !PLAUSIBLE_LEN.contains(&len) {
            // The position in the controller's memory is lost.
            restart_receiver();
            return None;
        }
        let mut place = self.received.iter_mut();
        let mut store = |bytes: &[u8]| {
            for &byte in bytes {
                if let Some(place) = place.next() {
                    *place = byte;
                }
            }
        };
        store(&[first, second]);
        for _ in 1..len.div_ceil(4) {
            store(&DATA.read().to_le_bytes());
        }
        let len = len.saturating_sub(LENGTH_LEN + CHECKSUM_LEN);
        (len <= FRAME_LEN).then_some(len)
    }
}

impl Device for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = ToSend<'a>;

    /// The next frame, if an answer can be sent.
    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, ToSend<'_>)> {
        if is_sending() {
            return None;
        }
        let len = self.take_frame()?;
        let frame = self.received.get(..len).unwrap_or_default();
        let buffer = &mut self.sent;
        Some((Received { frame }, ToSend { buffer }))
    }

    fn transmit(&mut self, _: Instant) -> Option<ToSend<'_>> {
        let buffer = &mut self.sent;
        (!is_sending()).then_some(ToSend { buffer })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME_LEN;
        capabilities
    }
}

/// The address that the board was given, or a local one.
fn address() -> EthernetAddress {
    const GROUP: u8 = 1;
    let [a, b, c, _] = USER0.read().to_le_bytes();
    let [d, e, f, _] = USER1.read().to_le_bytes();
    // If no address was written, all bits are set.
    if a & GROUP != 0 {
        return EthernetAddress([0x02, 0, 0, 0, 0, 0x01]);
    }
    EthernetAddress([a, b, c, d, e, f])
}

/// Drops all frames that wait, and starts to receive again.
fn restart_receiver() {
    const RESET_FIFO: u32 = 1 << 4;
    const RECEIVE_AND_CHECK: u32 = 1 << 0 | 1 << 3;
    RCTL.write(RESET_FIFO);
    RCTL.write(RECEIVE_AND_CHECK);
}

/// A frame that was received.
pub(crate) struct Received<'a> {
    frame: &'a [u8],
}

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.frame)
    }
}

/// Room for a frame to send.
pub(crate) struct ToSend<'a> {
    buffer: &'a mut [u8; FRAME_LEN],
}

impl phy::TxToken for ToSend<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let frame = self.buffer.get_mut(..len).unwrap_or_default();
        let result = f(frame);
        send(frame);
        result
    }
}

/// Whether the last frame is still being sent.
fn is_sending() -> bool {
    TR.read() & NEW_TRANSMISSION != 0
}

fn send(frame: &[u8]) {
    // The first word is the length of the payload and the first two bytes. Words of four bytes
    // follow.
    let payload_len = frame.len().saturating_sub(HEADER_LEN) as u16;
    let (first, rest) = frame.split_at_checked(2).unwrap_or_default();
    DATA.write(u32::from(payload_len) | word(first) << 16);
    for bytes in rest.chunks(4) {
        DATA.write(word(bytes));
    }
    TR.write(NEW_TRANSMISSION);
}

/// Up to four bytes as a word. The first is the least significant.
fn word(bytes: &[u8]) -> u32 {
    let mut word = [0; 4];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    u32::from_le_bytes(word)
}
