//! RFC 6455 sections 5.1 and 5.3: who masks frames, and masking keys.

use crate::check::answer::{Answer, binary_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::frame::{Frame, Mask, Role, binary, close, continuation, ping, pong, text};
use crate::check::payload::Payload;
use crate::check::session::Cut;

const UNMASKED: Rule = Rule::new(
    "5.1",
    "The server MUST close the connection upon receiving a frame that is not masked.",
);
const MASKED: Rule = Rule::new(
    "5.1",
    "A client MUST close a connection if it detects a masked frame.",
);
const REMOVED: Rule = Rule::new(
    "6.2",
    "A server MUST remove masking for data frames received from a client as described in Section \
     5.3.",
);
const ALGORITHM: Rule = Rule::new(
    "5.3",
    "Octet i of the transformed data (\"transformed-octet-i\") is the XOR of octet i of the \
     original data (\"original-octet-i\") with octet at index i modulo 4 of the masking key \
     (\"masking-key-octet-j\"):",
);

pub(super) fn cases() -> Vec<Case> {
    [
        wrong(Role::Server),
        wrong(Role::Client),
        keys(),
        phases(),
        phases_of_one(),
    ]
    .concat()
}

/// Frames that are masked the wrong way.
fn wrong(role: Role) -> Vec<Case> {
    let (how, is_wrong, mask, rule) = match role {
        Role::Server => ("unmasked", "that is not masked", Mask::Missing, &UNMASKED),
        Role::Client => (
            "masked",
            "that is masked by a server",
            Mask::Unasked,
            &MASKED,
        ),
    };
    wrong_frames(mask)
        .into_iter()
        .map(|(name, what, frames)| {
            Case::must(
                format!("5.1-{how}-{name}"),
                format!("{what} {is_wrong} fails the connection"),
                rule,
            )
            .of(role)
            .sends(frames)
            .fails(&[1002])
        })
        .chain([Case::must(
            format!("5.1-{how}-behind-a-message"),
            format!("A frame {is_wrong} fails the connection also behind a message that was right"),
            rule,
        )
        .of(role)
        .sends([text("right")])
        .answers([text_back("right")])
        .sends([text("wrong").masked(mask)])
        .fails(&[1002])])
        .collect()
}

/// Bytes that are all different, so that a wrong byte of the key shows.
const ALL_BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut index = 0;
    while index < 256 {
        bytes[index] = index as u8;
        index += 1;
    }
    bytes
};

/// So many of these bytes.
fn some_bytes(len: usize) -> Payload {
    Payload::from(ALL_BYTES.repeat(len / 256 + 1)[..len].to_vec())
}

/// Keys of all kinds, each with payloads of many lengths, so that each phase of the key is there.
fn keys() -> Vec<Case> {
    [
        ("zero", [0, 0, 0, 0]),
        ("ones", [0xFF, 0xFF, 0xFF, 0xFF]),
        ("all-different", [0x37, 0xFA, 0x21, 0x3D]),
        ("all-the-same", [0x55, 0x55, 0x55, 0x55]),
        ("first-byte-only", [0x80, 0, 0, 0]),
        ("second-byte-only", [0, 0x01, 0, 0]),
        ("third-byte-only", [0, 0, 0x01, 0]),
        ("last-byte-only", [0, 0, 0, 0x01]),
        ("like-a-header", [0x81, 0x85, 0x89, 0x80]),
    ]
    .into_iter()
    .map(|(name, key)| {
        let lens = (1..=17).chain([125, 126, 256, 65_536]);
        let (frames, answers): (Vec<Frame>, Vec<Answer>) = lens
            .map(|len| {
                let frame = binary(some_bytes(len)).masked(Mask::Key(key));
                (frame, binary_back(some_bytes(len)))
            })
            .unzip();
        Case::must(
            format!("5.3-key-{name}"),
            format!(
                "Messages of all lengths are unmasked with the key {:02x?}",
                key
            ),
            &REMOVED,
        )
        .of(Role::Server)
        .sends(frames)
        .answers(answers)
    })
    .collect()
}

/// The key begins again with each frame, and goes on where a frame is cut.
fn phases() -> Vec<Case> {
    let key = Mask::Key([1, 2, 4, 8]);
    let other = Mask::Key([16, 32, 64, 128]);
    let fragments = |len: usize| {
        let begun = binary(some_bytes(len)).not_final().masked(key);
        let more = continuation(some_bytes(len + 1)).not_final().masked(other);
        let ended = continuation(some_bytes(len + 2)).masked(key);
        let whole = [some_bytes(len), some_bytes(len + 1), some_bytes(len + 2)];
        let whole: Vec<u8> = whole
            .iter()
            .flat_map(|it| it.bytes().into_owned())
            .collect();
        ([begun, more, ended], binary_back(whole))
    };
    let of_fragments: Vec<_> = (1..=9).map(fragments).collect();
    let answers = of_fragments.iter().map(|(_, answer)| answer.clone());
    let frames = of_fragments.iter().flat_map(|(frames, _)| frames.clone());
    let (frames, answers): (Vec<Frame>, Vec<Answer>) = (frames.collect(), answers.collect());
    vec![
        Case::must(
            "5.3-key-of-each-fragment",
            "Each fragment of a message is unmasked with its own key, from the key's first byte",
            &ALGORITHM,
        )
        .of(Role::Server)
        .sends(frames.clone())
        .answers(answers.clone()),
        Case::must(
            "5.3-key-of-each-fragment-byte-by-byte",
            "The key is not lost when the bytes of a frame arrive one by one",
            &ALGORITHM,
        )
        .of(Role::Server)
        .sends_cut(Cut::Bytes, frames)
        .answers(answers),
    ]
}

/// The key goes on where it was.
fn phases_of_one() -> Vec<Case> {
    let key = Mask::Key([1, 2, 4, 8]);
    let other = Mask::Key([16, 32, 64, 128]);
    vec![
        Case::must(
            "5.3-key-in-odd-pieces",
            "The key goes on where it was when a long frame arrives in pieces of 1021 bytes",
            &ALGORITHM,
        )
        .of(Role::Server)
        .sends_cut(Cut::Chunks(1021), [binary(some_bytes(100_000)).masked(key)])
        .answers([binary_back(some_bytes(100_000))]),
        Case::must(
            "5.3-key-of-a-ping-between-fragments",
            "A Ping between two fragments does not disturb the keys of the fragments",
            &ALGORITHM,
        )
        .of(Role::Server)
        .sends([
            binary(some_bytes(7)).not_final().masked(key),
            ping("key").masked(other),
            continuation(some_bytes(6)).masked(key),
        ])
        .answers([
            crate::check::answer::pong_back("key"),
            binary_back([&ALL_BYTES[..7], &ALL_BYTES[..6]].concat()),
        ]),
    ]
}

/// The end of an id, what is sent in words, and the frames.
fn wrong_frames(mask: Mask) -> [(&'static str, &'static str, Vec<Frame>); 11] {
    let wrong = |frame: Frame| frame.masked(mask);
    let begun = || text("begun").not_final();
    [
        ("text", "A text frame", vec![wrong(text("Hello"))]),
        ("empty-text", "An empty text frame", vec![wrong(text(""))]),
        ("binary", "A binary frame", vec![wrong(binary("Hello"))]),
        (
            "long-binary",
            "A frame of 65536 bytes",
            vec![wrong(binary(Payload::repeated("*", 65_536)))],
        ),
        (
            "first-fragment",
            "A first fragment",
            vec![wrong(begun()), continuation("ended")],
        ),
        (
            "continuation",
            "A second fragment",
            vec![begun(), wrong(continuation("ended"))],
        ),
        ("ping", "A Ping", vec![wrong(ping("Hello"))]),
        ("empty-ping", "An empty Ping", vec![wrong(ping(""))]),
        ("pong", "A Pong", vec![wrong(pong("Hello"))]),
        (
            "ping-between-fragments",
            "A Ping between two fragments",
            vec![begun(), wrong(ping("Hello"))],
        ),
        ("close", "A Close", vec![wrong(close(1000, ""))]),
    ]
}
