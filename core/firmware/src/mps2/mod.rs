//! Arm's MPS2 board, whose processor and controllers are an image in its FPGA.

pub(crate) mod ethernet;
mod registers;
pub(crate) mod serial;

/// The processor's frequency, in Hz.
pub(crate) const FREQUENCY: u32 = 25_000_000;

/// Nothing is to be done: the processor runs at its frequency.
pub(crate) fn start() {}
