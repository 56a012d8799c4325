//! The flags that say how the server stops, and how long connections last.

use std::time::Duration;

use clap::Args;
use ws_echo_core::CloseCode;

use super::quantity::{self, Interval};
use crate::options::drain::DrainOptions;

#[derive(Args)]
pub(super) struct DrainArguments {
    /// How long clients may take to finish their messages and close when the server stops
    #[arg(long, value_name = "DURATION", value_parser = quantity::timeout)]
    #[arg(default_value = "10s")]
    drain_timeout: Duration,

    /// The time over which Close frames are spread when the server stops; 0 sends all at once
    #[arg(long, value_name = "DURATION", value_parser = quantity::span)]
    #[arg(default_value = "0")]
    drain_spread: Duration,

    /// How long clients are still accepted when the server stops, while its health checks already
    /// fail, so that load balancers send no more clients
    #[arg(long, value_name = "DURATION", value_parser = quantity::span)]
    #[arg(default_value = "0")]
    drain_delay: Duration,

    /// The code of the Close frames when the server stops: 1001 (going away), or 1012 (service
    /// restart)
    #[arg(long, value_name = "CODE", value_parser = code, default_value = "1001")]
    drain_code: CloseCode,

    /// How long a connection lasts at most before it is closed in the same way, or off. Each gets
    /// another part of the last fifth of this time, so that not all connect again at once
    #[arg(long, value_name = "DURATION", value_parser = quantity::interval)]
    #[arg(default_value = "off")]
    max_lifetime: Interval,
}

impl DrainArguments {
    pub(super) fn into_options(self) -> DrainOptions {
        DrainOptions {
            delay: self.drain_delay,
            spread: self.drain_spread,
            timeout: self.drain_timeout,
            code: self.drain_code,
            max_lifetime: self.max_lifetime.0,
        }
    }
}

/// Reads the code of a Close frame that asks a client to connect again.
fn code(text: &str) -> Result<CloseCode, &'static str> {
    let code = match text {
        "1001" => CloseCode::new(1001),
        "1012" => CloseCode::new(1012),
        _ => None,
    };
    code.ok_or("write 1001 (going away) or 1012 (service restart)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_that_ask_a_client_to_connect_again_are_taken() {
        for (text, expected) in [("1001", 1001), ("1012", 1012)] {
            assert_eq!(code(text).map(CloseCode::get), Ok(expected));
        }
        for text in ["1000", "1013", "01001", "", "going away"] {
            assert!(code(text).expect_err(text).contains("1012"), "{text}");
        }
    }
}
