//! The TI LM3S6965.

mod clock;
pub(crate) mod ethernet;
mod registers;
pub(crate) mod serial;

/// The processor's frequency, in Hz.
pub(crate) const FREQUENCY: u32 = 50_000_000;

/// Makes the processor run at its frequency.
pub(crate) fn start() {
    clock::run_at_50_mhz();
}
