//! Masking keys that are the same in every run, for embedded-websocket.

use rand_core::{Error, RngCore, impls};

/// Masking keys, one after the other.
#[derive(Debug)]
pub struct Keys(pub u32);

impl RngCore for Keys {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(0x9E37_79B9).wrapping_add(1);
        self.0
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_u32(self)
    }

    fn fill_bytes(&mut self, to: &mut [u8]) {
        impls::fill_bytes_via_next(self, to);
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(to);
        Ok(())
    }
}
