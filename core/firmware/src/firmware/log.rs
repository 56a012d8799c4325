//! The log, on the first serial port. A line never delays the server: it waits in a queue, and is
//! dropped if it does not fit there.

use heapless::Deque;

use crate::board::serial;

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
        serial::start();
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
        while serial::has_room() {
            let Some(byte) = self.queue.pop_front() else {
                return;
            };
            serial::write(byte);
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
