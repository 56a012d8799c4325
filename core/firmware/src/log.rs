//! The log, on the first serial port: 115,200 baud, 8 bits, no parity. A line never holds up the server: it
//! waits in a queue, and one that does not fit there is left out.

use core::fmt::{self, Write};

use heapless::Deque;

use crate::clock::FREQUENCY;
use crate::registers::system::{RCGC1, RCGC2};
use crate::registers::{port_a, uart0};

const BAUD: u32 = 115_200;
const QUEUE_LEN: usize = 256;

/// Lines that wait for the serial port.
pub(crate) struct Log {
    queue: Deque<u8, QUEUE_LEN>,
}

impl Log {
    /// Starts the serial port.
    pub(crate) fn start() -> Self {
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
        Self {
            queue: Deque::new(),
        }
    }

    /// Queues a line, or nothing of it.
    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) {
        let waiting = self.queue.len();
        if write!(self, "{line}\r\n").is_err() {
            while self.queue.len() > waiting {
                self.queue.pop_back();
            }
        }
        self.transmit();
    }

    /// Hands the serial port what it has room for.
    pub(crate) fn transmit(&mut self) {
        const FIFO_FULL: u32 = 1 << 5;
        while uart0::FR.read() & FIFO_FULL == 0 {
            let Some(byte) = self.queue.pop_front() else {
                return;
            };
            uart0::DR.write(byte.into());
        }
    }
}

impl Write for Log {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut bytes = text.bytes();
        bytes.try_for_each(|byte| self.queue.push_back(byte).map_err(|_| fmt::Error))
    }
}
