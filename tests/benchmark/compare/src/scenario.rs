//! The load on the servers. All scenarios are defined here.

use std::fmt;

/// The content of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Binary,
    Ascii,
    /// Three-byte characters: validating them takes time.
    Chinese,
    /// Records in JSON, which compress as well as those of real programs.
    Json,
}

/// A load.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) connections: usize,
    /// The length of a message's payload.
    pub(crate) len: usize,
    /// How many messages of a connection are in flight.
    pub(crate) in_flight: usize,
    pub(crate) payload: Payload,
}

const MIB: usize = 1024 * 1024;

/// All scenarios. Those with five bytes are `echo-ws` of HttpArena.
pub(crate) const ALL: &[Scenario] = &[
    load("1x16x1", [1, 16, 1], Payload::Ascii),
    load("64x16x16", [64, 16, 16], Payload::Ascii),
    load("512x5x1", [512, 5, 1], Payload::Ascii),
    load("4096x5x1", [4096, 5, 1], Payload::Ascii),
    load("16384x5x1", [16_384, 5, 1], Payload::Ascii),
    load("512x5x16", [512, 5, 16], Payload::Ascii),
    load("200x20x1", [200, 20, 1], Payload::Ascii),
    load("500x125x1", [500, 125, 1], Payload::Ascii),
    load("10x1024x1", [10, 1024, 1], Payload::Ascii),
    load("10x16384x1", [10, 16_384, 1], Payload::Binary),
    load("10x16384x8", [10, 16_384, 8], Payload::Binary),
    load("4x1MiBx1", [4, MIB, 1], Payload::Binary),
    load("64x1024x1-chinese", [64, 1024, 1], Payload::Chinese),
];

/// The scenarios for compression. A server without it is sent the same texts as they are.
pub(crate) const COMPRESSED: &[Scenario] = &[
    load("8x128x1-json", [8, 128, 1], Payload::Json),
    load("8x1024x1-json", [8, 1024, 1], Payload::Json),
    load("8x1024x16-json", [8, 1024, 16], Payload::Json),
    load("8x16384x1-json", [8, 16_384, 1], Payload::Json),
    load("8x1MiBx1-json", [8, MIB, 1], Payload::Json),
];

/// The scenarios for counting instructions: one connection, with its messages in flight in one
/// read.
pub(crate) const COUNTED: &[Scenario] = &[
    load("1x16x1", [1, 16, 1], Payload::Ascii),
    load("1x16x16", [1, 16, 16], Payload::Ascii),
    load("1x1024x1", [1, 1024, 1], Payload::Ascii),
    load("1x1024x16", [1, 1024, 16], Payload::Ascii),
    load("1x16384x1", [1, 16_384, 1], Payload::Binary),
    load("1x1MiBx1", [1, MIB, 1], Payload::Binary),
    load("1x1024x1-chinese", [1, 1024, 1], Payload::Chinese),
];

const fn load(
    name: &'static str,
    [connections, len, in_flight]: [usize; 3],
    payload: Payload,
) -> Scenario {
    Scenario {
        name,
        connections,
        len,
        in_flight,
        payload,
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connections = match self.connections {
            1 => "1 connection".to_owned(),
            count => format!("{count} connections"),
        };
        let len = match self.len {
            MIB => "1 MiB".to_owned(),
            len if len % 1024 == 0 => format!("{} KiB", len / 1024),
            len => format!("{len} B"),
        };
        let payload = match self.payload {
            Payload::Binary => "binary",
            Payload::Ascii => "ASCII text",
            Payload::Chinese => "Chinese text",
            Payload::Json => "JSON",
        };
        let in_flight = self.in_flight;
        write!(
            formatter,
            "{connections}, {len} of {payload}, {in_flight} in flight"
        )
    }
}
