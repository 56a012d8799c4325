//! A sample of each parameter, for tests of what parameters mean together.

/// Each parameter, with what it needs, by group: one sample for each kind of value.
pub(crate) const SAMPLES: [(&str, &[&str]); 7] = [
    (
        "handshake",
        &[
            "status=503",
            "status=503&retry-after=5s",
            "status=503&body=busy",
            "status=302&location=/",
            "handshake-delay=2s",
            "header=Name:Value",
            "subprotocol=chat.v1",
            "accept=wrong",
            "cut=1",
        ],
    ),
    (
        "greeting",
        &[
            "greeting=hello",
            "greeting=none",
            "greeting=request",
            "glued",
            "separate=200ms",
        ],
    ),
    (
        "each message",
        &[
            "delay=200ms",
            "jitter=50ms",
            "rate=64KiB",
            "fragment=16",
            "fragment=16&fragment-text=anywhere",
            "repeat=3",
            "as=text",
            "as=binary",
            "drop=every:1",
            "prefix=echo:",
            "coalesce=100ms",
            "segment=1",
            "pause-reading=after:2",
            "pause-reading=after:3",
        ],
    ),
    (
        "of its own accord",
        &[
            "tick=1s",
            "push=10",
            "push=10&size=20",
            "ping=1s",
            "pong=none",
            "pong=unasked",
        ],
    ),
    (
        "the end",
        &[
            "close=1011",
            "close=1011&reason=bye",
            "end=fin",
            "end=reset",
            "end=hang",
            "end=half",
            "close=1011&after=3",
            "end=fin&after=3",
            "end=fin&after=10s",
            "close-answer=never",
            "close-answer=late:3s",
        ],
    ),
    (
        "what no server may do",
        &[
            "violate=mask",
            "violate=rsv",
            "violate=opcode",
            "violate=utf8",
            "violate=length",
            "violate=fragment",
            "violate=control",
            "violate=close-code",
            "violate=continuation",
            "violate=accept",
        ],
    ),
    ("random choices", &["seed=1"]),
];

/// All pairs of samples of different groups.
pub(crate) fn pairs() -> Vec<(&'static str, &'static str)> {
    let mut pairs = Vec::new();
    for (index, (_, ones)) in SAMPLES.iter().enumerate() {
        for (_, others) in SAMPLES.iter().skip(index + 1) {
            for one in *ones {
                pairs.extend(others.iter().map(|other| (*one, *other)));
            }
        }
    }
    pairs
}
