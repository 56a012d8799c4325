//! The first serial port, a CMSDK UART: 115,200 baud, 8 bits, no parity.

use super::FREQUENCY;
use super::registers::uart0::{BAUDDIV, CTRL, DATA, STATE};

const BAUD: u32 = 115_200;

pub(crate) fn start() {
    const ENABLE_TO_TRANSMIT: u32 = 1 << 0;

    BAUDDIV.write((FREQUENCY + BAUD / 2) / BAUD);
    CTRL.write(ENABLE_TO_TRANSMIT);
}

/// Whether a byte can be written.
pub(crate) fn has_room() -> bool {
    const FULL: u32 = 1 << 0;
    STATE.read() & FULL == 0
}

pub(crate) fn write(byte: u8) {
    DATA.write(byte.into());
}
