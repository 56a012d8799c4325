//! The processor's clock: 50 MHz from the board's crystal of 8 MHz, and the time since the start.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use smoltcp::time::Instant;

use crate::registers::system::{RCC, RIS};

/// The processor's frequency, in Hz.
pub(crate) const FREQUENCY: u32 = 50_000_000;

const TICKS_PER_SECOND: u32 = 1000;

/// Wraps around every 49 days.
static TICKS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    TICKS.fetch_add(1, Ordering::Relaxed);
}

/// The time since the start. Must be called more often than the ticks wrap around.
pub(crate) struct Clock {
    milliseconds: u64,
    ticks: u32,
}

impl Clock {
    /// Starts the clock.
    pub(crate) fn start(timer: &mut SYST) -> Self {
        run_at_50_mhz();
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(FREQUENCY / TICKS_PER_SECOND - 1);
        timer.clear_current();
        timer.enable_counter();
        timer.enable_interrupt();
        Self {
            milliseconds: 0,
            ticks: 0,
        }
    }

    pub(crate) fn now(&mut self) -> Instant {
        let ticks = TICKS.load(Ordering::Relaxed);
        self.milliseconds += u64::from(ticks.wrapping_sub(self.ticks));
        self.ticks = ticks;
        Instant::from_millis(self.milliseconds as i64)
    }
}

/// Initialization and configuration as in the data sheet (section 5.3).
fn run_at_50_mhz() {
    const BYPASS: u32 = 1 << 11;
    const USE_SYSTEM_DIVISOR: u32 = 1 << 22;
    const POWER_DOWN: u32 = 1 << 13;
    const MAIN_OSCILLATOR_DISABLED: u32 = 1 << 0;
    const CRYSTAL: u32 = 0xF << 6;
    const CRYSTAL_OF_8_MHZ: u32 = 0xE << 6;
    const OSCILLATOR: u32 = 3 << 4;
    const SYSTEM_DIVISOR: u32 = 0xF << 23;
    /// The PLL's 200 MHz divided by 4.
    const DIVISOR_OF_4: u32 = 3 << 23;
    const PLL_LOCKED: u32 = 1 << 6;

    RCC.set(BYPASS);
    RCC.clear(USE_SYSTEM_DIVISOR | MAIN_OSCILLATOR_DISABLED);
    // The oscillator needs time to start: this is a hundredth of a second at the 12 MHz of the
    // start.
    cortex_m::asm::delay(120_000);
    let with_crystal = RCC.read() & !(CRYSTAL | OSCILLATOR | POWER_DOWN);
    RCC.write(with_crystal | CRYSTAL_OF_8_MHZ);
    let divided = RCC.read() & !SYSTEM_DIVISOR;
    RCC.write(divided | DIVISOR_OF_4 | USE_SYSTEM_DIVISOR);
    while RIS.read() & PLL_LOCKED == 0 {}
    RCC.clear(BYPASS);
}
