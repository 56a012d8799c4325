//! The time since the start.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use smoltcp::time::Instant;

use crate::board::FREQUENCY;

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
    /// Starts the clock. The processor must run at its frequency.
    pub(crate) fn start(timer: &mut SYST) -> Self {
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
