//! The LAN9118, an Ethernet controller (its data sheet is by Microchip). Frames pass through its
//! data registers, word by word, and are kept in its queues.

use smoltcp::wire::EthernetAddress;

use super::registers::lan9118::{
    FIFO_INT, HW_CFG, INT_EN, INT_STS, IRQ_CFG, MAC_CSR_CMD, MAC_CSR_DATA, PMT_CTRL, RX_CFG,
    RX_DATA_FIFO, RX_FIFO_INF, RX_STATUS_FIFO, TX_CFG, TX_DATA_FIFO, TX_FIFO_INF,
};
use crate::register::word;

/// The number of its interrupt.
pub(crate) const INTERRUPT: u16 = 13;

/// After a received frame.
const CHECKSUM_LEN: usize = 4;

/// Room in the queue for any frame of Ethernet and the two words before it.
const ROOM_FOR_FRAME: u32 = 1536;

/// A frame waits.
const RECEIVED: u32 = 1 << 3;

/// The registers behind `MAC_CSR_CMD` (section 5.4).
const MAC_CR: u32 = 1;
const ADDRH: u32 = 2;
const ADDRL: u32 = 3;

/// Starts the controller with the address that it has from its memory, or else with another one,
/// and returns the address.
pub(crate) fn start(unless_given: EthernetAddress) -> EthernetAddress {
    /// Active high, driven both ways, and not held back.
    const INTERRUPT_LINE: u32 = 1 << 8 | 1 << 4 | 1 << 0;
    /// What becomes of a frame that was sent is not read.
    const TRANSMIT_WITHOUT_STATUS: u32 = 1 << 1 | 1 << 2;
    const RECEIVE_TRANSMIT_DUPLEX: u32 = 1 << 2 | 1 << 3 | 1 << 20;

    reset();
    let address = address().unwrap_or(unless_given);
    let [a, b, c, d, e, f] = address.0;
    write_mac(ADDRL, u32::from_le_bytes([a, b, c, d]));
    write_mac(ADDRH, u32::from_le_bytes([e, f, 0, 0]));
    // From one frame on, frames that start in a word's first byte and end in any.
    FIFO_INT.write(0);
    RX_CFG.write(0);
    IRQ_CFG.write(INTERRUPT_LINE);
    INT_EN.write(RECEIVED);
    TX_CFG.write(TRANSMIT_WITHOUT_STATUS);
    write_mac(MAC_CR, RECEIVE_TRANSMIT_DUPLEX);
    address
}

/// Whether a frame waits. If not, its arrival causes an interrupt.
pub(crate) fn has_frame() -> bool {
    // Acknowledge first: what arrives in between is counted.
    INT_STS.write(RECEIVED);
    waiting_frames() > 0
}

/// Takes the next frame, and returns its length. One that is faulty or too long is dropped.
pub(crate) fn take_frame(room: &mut [u8]) -> Option<usize> {
    const FAULTY: u32 = 1 << 15;
    if waiting_frames() == 0 {
        return None;
    }
    let status = RX_STATUS_FIFO.read();
    let len = (status >> 16 & 0x3FFF) as usize;
    let mut places = room.chunks_mut(4);
    for _ in 0..len.div_ceil(4) {
        let bytes = RX_DATA_FIFO.read().to_le_bytes();
        for (to, from) in places.next().into_iter().flatten().zip(bytes) {
            *to = from;
        }
    }
    let len = len.saturating_sub(CHECKSUM_LEN);
    (status & FAULTY == 0 && len <= room.len()).then_some(len)
}

/// Whether the queue has room for a frame.
pub(crate) fn can_send() -> bool {
    TX_FIFO_INF.read() & 0xFFFF >= ROOM_FOR_FRAME
}

pub(crate) fn send(frame: &[u8]) {
    /// The frame is in one piece.
    const FIRST_AND_LAST: u32 = 1 << 13 | 1 << 12;
    let len = frame.len() as u32;
    TX_DATA_FIFO.write(FIRST_AND_LAST | len);
    TX_DATA_FIFO.write(len);
    for bytes in frame.chunks(4) {
        TX_DATA_FIFO.write(word(bytes));
    }
}

/// How many frames wait.
fn waiting_frames() -> u32 {
    RX_FIFO_INF.read() >> 16 & 0xFF
}

/// Resets the controller. It reads its address from its memory, if it has one.
fn reset() {
    const READY: u32 = 1 << 0;
    const SOFT_RESET: u32 = 1 << 0;
    /// Frames are sent as they are complete; 5 KiB of the memory are for those.
    const STORE_AND_FORWARD: u32 = 1 << 20;
    const QUEUE_OF_5_KIB: u32 = 5 << 16;

    while PMT_CTRL.read() & READY == 0 {}
    HW_CFG.write(SOFT_RESET);
    while HW_CFG.read() & SOFT_RESET != 0 {}
    HW_CFG.write(STORE_AND_FORWARD | QUEUE_OF_5_KIB);
}

/// The address that the controller has from its memory, if it has one.
fn address() -> Option<EthernetAddress> {
    const GROUP: u8 = 1;
    let [a, b, c, d] = read_mac(ADDRL).to_le_bytes();
    let [e, f, ..] = read_mac(ADDRH).to_le_bytes();
    // If there is none, all bits are set.
    (a & GROUP == 0).then_some(EthernetAddress([a, b, c, d, e, f]))
}

fn read_mac(register: u32) -> u32 {
    const READ: u32 = 1 << 30;
    command_mac(READ | register);
    MAC_CSR_DATA.read()
}

fn write_mac(register: u32, value: u32) {
    MAC_CSR_DATA.write(value);
    command_mac(register);
}

fn command_mac(command: u32) {
    const BUSY: u32 = 1 << 31;
    MAC_CSR_CMD.write(BUSY | command);
    while MAC_CSR_CMD.read() & BUSY != 0 {}
}
