//! The first serial port: 115,200 baud, 8 bits, no parity.

use super::FREQUENCY;
use super::registers::system::{RCGC1, RCGC2};
use super::registers::{port_a, uart0};

const BAUD: u32 = 115_200;

pub(crate) fn start() {
    const UART0: u32 = 1 << 0;
    const PORT_A: u32 = 1 << 0;
    const PINS_0_AND_1: u32 = 0b11;
    const EIGHT_BITS_AND_FIFO: u32 = 0x70;
    const ENABLE_TO_TRANSMIT: u32 = 0x101;
    // The frequency over 16 times the baud rate, in parts of 64.
    const DIVISOR: u32 = (FREQUENCY * 4 + BAUD / 2) / BAUD;

    RCGC1.set(UART0);
    RCGC2.set(PORT_A);
    // The ports have a clock three cycles later.
    cortex_m::asm::delay(3);
    port_a::AFSEL.set(PINS_0_AND_1);
    port_a::DEN.set(PINS_0_AND_1);
    uart0::IBRD.write(DIVISOR / 64);
    uart0::FBRD.write(DIVISOR % 64);
    uart0::LCRH.write(EIGHT_BITS_AND_FIFO);
    uart0::CTL.write(ENABLE_TO_TRANSMIT);
}

/// Whether a byte can be written.
pub(crate) fn has_room() -> bool {
    const FIFO_FULL: u32 = 1 << 5;
    uart0::FR.read() & FIFO_FULL == 0
}

pub(crate) fn write(byte: u8) {
    uart0::DR.write(byte.into());
}
