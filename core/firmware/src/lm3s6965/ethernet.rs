//! The LM3S6965's Ethernet controller (chapter 15 of the data sheet). Frames pass through its data
//! register, word by word.

use core::ops::RangeInclusive;

use smoltcp::wire::{EthernetAddress, EthernetFrame};

use super::registers::mac::{DATA, IA0, IA1, IM, NP, RCTL, RIS, TCTL, TR};
use super::registers::system::{RCGC2, USER0, USER1};
use crate::register::word;

/// The number of its interrupt.
pub(crate) const INTERRUPT: u16 = 42;

const HEADER_LEN: usize = EthernetFrame::<&[u8]>::header_len();

/// Before a received frame is the length of it all, of 2 bytes; after it a checksum of 4 bytes.
const LENGTH_LEN: usize = 2;
const CHECKSUM_LEN: usize = 4;

/// The length of that for one frame. The controller's memory has 2 KiB.
const PLAUSIBLE_LEN: RangeInclusive<usize> = LENGTH_LEN + HEADER_LEN + CHECKSUM_LEN..=2048;

const RECEIVED: u32 = 1 << 0;
const NEW_TRANSMISSION: u32 = 1 << 0;

/// Starts the controller with the address that the board was given, or else with another one, and
/// returns the address.
pub(crate) fn start(unless_given: EthernetAddress) -> EthernetAddress {
    const MAC_AND_PHY: u32 = 1 << 28 | 1 << 30;
    const TRANSMIT_PADDED_WITH_CHECKSUM_DUPLEX: u32 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4;

    RCGC2.set(MAC_AND_PHY);
    cortex_m::asm::delay(3);
    let address = address().unwrap_or(unless_given);
    let [a, b, c, d, e, f] = address.0;
    IA0.write(u32::from_le_bytes([a, b, c, d]));
    IA1.write(u32::from_le_bytes([e, f, 0, 0]));
    IM.write(RECEIVED);
    restart_receiver();
    TCTL.write(TRANSMIT_PADDED_WITH_CHECKSUM_DUPLEX);
    address
}

/// Whether a frame waits. If not, its arrival causes an interrupt.
pub(crate) fn has_frame() -> bool {
    // Acknowledge first: what arrives in between is counted.
    RIS.write(RECEIVED);
    NP.read() > 0
}

/// Takes the next frame, and returns its length. One that is too long is dropped.
pub(crate) fn take_frame(room: &mut [u8]) -> Option<usize> {
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
    let mut place = room.iter_mut();
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
    (len <= room.len()).then_some(len)
}

/// Whether a frame can be sent: the last one is.
pub(crate) fn can_send() -> bool {
    TR.read() & NEW_TRANSMISSION == 0
}

pub(crate) fn send(frame: &[u8]) {
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

/// The address that the board was given, if it was.
fn address() -> Option<EthernetAddress> {
    const GROUP: u8 = 1;
    let [a, b, c, _] = USER0.read().to_le_bytes();
    let [d, e, f, _] = USER1.read().to_le_bytes();
    // If no address was written, all bits are set.
    (a & GROUP == 0).then_some(EthernetAddress([a, b, c, d, e, f]))
}

/// Drops all frames that wait, and starts to receive again.
fn restart_receiver() {
    const RESET_FIFO: u32 = 1 << 4;
    const RECEIVE_AND_CHECK: u32 = 1 << 0 | 1 << 3;
    RCTL.write(RESET_FIFO);
    RCTL.write(RECEIVE_AND_CHECK);
}
