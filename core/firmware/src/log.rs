//! The log, on the first serial port: 115,200 baud, 8 bits, no parity. A line never delays the
//! server: it waits in a queue, and is dropped if it does not fit there.

use heapless::Deque;

use crate::clock::FREQUENCY;
use crate::registers::system::{RCGC1, RCGC2};
use crate::registers::{port_a, uart0};

const BAUD: u32 = 115_200;
const QUEUE_LEN: usize = 256;

/// A part of a line. (`core::fmt` can do more, and costs 3 KB of flash.)
pub(crate) enum Part<'a> {
    Text(&'a str),
    Number(u16),
}

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
    pub(crate) fn line(&mut self, parts: &[Part<'_>]) {
        let waiting = self.queue.len();
        let queued = parts.iter().try_for_each(|part| self.push(part));
        if queued.and_then(|()| self.push_text("\r\n")).is_err() {
            while self.queue.len() > waiting {
                self.queue.pop_back();
            }
        }
        self.transmit();
    }

    /// Gives the serial port as much as it has room for.
    pub(crate) fn transmit(&mut self) {
        const FIFO_FULL: u32 = 1 << 5;
        while uart0::FR.read() & FIFO_FULL == 0 {
            let Some(byte) = self.queue.pop_front() else {
                return;
            };
            uart0::DR.write(byte.into());
        }
    }

    fn push(&mut self, part: &Part<'_>) -> Result<(), u8> {
        match *part {
            Part::Text(text) => self.push_text(text),
            Part::Number(number) => self.push_number(number),
        }
    }

    fn push_text(&mut self, text: &str) -> Result<(), u8> {
        text.bytes().try_for_each(|byte| self.queue.push_back(byte))
    }

    fn push_number(&mut self, number: u16) -> Result<(), u8> {
        if number >= 10 {
            self.push_number(number / 10)?;
        }
        self.queue.push_back(b'0' + (number % 10) as u8)
    }
}
