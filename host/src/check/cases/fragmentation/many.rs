//! RFC 6455 section 5.4: messages in very many fragments, and in fragments of many lengths.

use crate::check::answer::{Answer, binary_back, pong_back, text_back};
use crate::check::case::Case;
use crate::check::cases::rules::{FRAGMENTS_OF_ANY_SIZE, HANDLES_CONTROL_BETWEEN, LENGTH_LIMITS};
use crate::check::frame::{Frame, binary, continuation, fragments, ping, text};
use crate::check::payload::Payload;
use crate::check::session::{End, Grade};
use crate::quantity::Count;

pub(super) fn cases() -> Vec<Case> {
    [of_one_byte(), of_many_lengths(), between_all()].concat()
}

fn of_one_byte() -> Vec<Case> {
    const COUNT: usize = 10_000;
    let letters = Payload::repeated("abcdefghijklmnopqrstuvwxyz", COUNT);
    let bytes = Payload::repeated(b"\xFF\x00\xFE", COUNT);
    let mut empty = vec![text("begun").not_final()];
    empty.extend(vec![continuation("").not_final(); COUNT]);
    empty.push(continuation("ended"));
    let case = |id: &'static str, claim: &'static str, frames: Vec<Frame>, answer: Answer| {
        Case::robust(id, claim, &LENGTH_LIMITS)
            .sends(frames)
            .answers([answer])
            .or(Grade::Informational, [], End::Fails(&[1008, 1009]))
            .alone()
    };
    vec![
        case(
            "5.4-text-in-ten-thousand-fragments",
            "A text message in ten thousand fragments of one byte comes back, or is refused with \
             code 1009",
            fragments(&text(letters.clone()), 1),
            text_back(letters),
        ),
        case(
            "5.4-binary-in-ten-thousand-fragments",
            "A binary message in ten thousand fragments of one byte comes back, or is refused with \
             code 1009",
            fragments(&binary(bytes.clone()), 1),
            binary_back(bytes),
        ),
        case(
            "5.4-ten-thousand-empty-fragments",
            "Ten thousand empty fragments inside a message change nothing, or are refused with code \
             1009",
            empty,
            text_back("begunended"),
        ),
    ]
}

/// Fragments around the boundaries of the forms of a length.
fn of_many_lengths() -> Vec<Case> {
    [1, 2, 124, 125, 126, 127, 255, 256, 65_535, 65_536]
        .into_iter()
        .map(|len| {
            // Three whole fragments, and one that is shorter.
            let payload = Payload::repeated("0123456789", 3 * len + len / 2);
            Case::must(
                format!("5.4-fragments-of-{len}-bytes"),
                format!(
                    "A message in fragments of {} comes back",
                    Count(len as u64, "byte")
                ),
                &FRAGMENTS_OF_ANY_SIZE,
            )
            .sends(fragments(&text(payload.clone()), len))
            .answers([text_back(payload)])
        })
        .chain([growing()])
        .collect()
}

/// Each fragment is longer than the one before.
fn growing() -> Case {
    let lens = [0, 1, 125, 126, 127, 128, 65_535, 65_536];
    let mut whole = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    for (index, len) in lens.into_iter().enumerate() {
        let payload = vec![index as u8; len];
        whole.extend_from_slice(&payload);
        frames.push(match index {
            0 => binary(payload).not_final(),
            _ => continuation(payload).not_final(),
        });
    }
    frames.push(continuation(""));
    Case::must(
        "5.4-fragments-that-grow",
        "A message whose fragments have all lengths, in each of the three forms, comes back",
        &FRAGMENTS_OF_ANY_SIZE,
    )
    .sends(frames)
    .answers([binary_back(whole)])
}

/// A Ping behind each of many fragments.
fn between_all() -> Vec<Case> {
    // Some peers take many Pings at once for an attack.
    const COUNT: usize = 30;
    let payload = Payload::repeated("0123456789", COUNT);
    let mut frames = Vec::new();
    let mut answers: Vec<Answer> = Vec::new();
    for (index, fragment) in fragments(&text(payload.clone()), 1).into_iter().enumerate() {
        let number = index.to_string();
        if index > 0 {
            frames.push(ping(number.clone()));
            answers.push(pong_back(number));
        }
        frames.push(fragment);
    }
    answers.push(text_back(payload));
    vec![
        Case::must(
            "5.4-pings-between-thirty-fragments",
            "Each of 29 Pings between 30 fragments is answered, and the message comes back",
            &HANDLES_CONTROL_BETWEEN,
        )
        .pongs(crate::check::comparison::Pongs::AllIfPossible)
        .sends(frames)
        .answers(answers),
    ]
}
