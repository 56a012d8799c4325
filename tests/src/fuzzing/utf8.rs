//! The checking of text in pieces, compared with `core::str::from_utf8` of the whole text (RFC 6455
//! section 8.1). The checker itself is private, so it is tested through text messages and close
//! reasons.

use ws_echo_core::ProtocolError;

use super::echoer::Echoer;
use super::transmitted::Transmitted;
use super::{Plan, Script};
use crate::wire::{self, CLOSE, FIN, TEXT};

/// The longest reason of a Close.
const MAX_REASON_LEN: usize = 123;

/// The most bytes of an incomplete character.
const MAX_HELD: usize = 3;

/// A text message on the wire.
struct TextMessage<'a> {
    text: &'a [u8],
    bytes: Vec<u8>,
    /// For each byte of the text, the index of its byte on the wire.
    places: Vec<usize>,
}

/// Bytes: a plan, the lengths of the first fragments, the text.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let plan = Plan::read(&mut script);
    let fragments = script.array::<4>();
    let message = TextMessage::new(script.0, fragments);
    message.check(&plan);
    check_reason(&plan, script.0);
}

impl<'a> TextMessage<'a> {
    fn new(text: &'a [u8], fragments: [u8; 4]) -> Self {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        let mut rest = text;
        let mut opcode = TEXT & !FIN;
        let mut add = |first, payload: &[u8]| {
            bytes.extend(wire::masked(first, payload));
            places.extend(bytes.len() - payload.len()..bytes.len());
        };
        for len in fragments {
            let (now, later) = rest.split_at(usize::from(len / 2).min(rest.len()));
            if len > 0 {
                add(opcode, now);
                (rest, opcode) = (later, 0);
            }
        }
        add(opcode | FIN, rest);
        Self {
            text,
            bytes,
            places,
        }
    }

    /// Asserts that the message either comes back, or is refused exactly at the first byte that
    /// makes it invalid.
    fn check(&self, plan: &Plan) {
        let Some(fatal) = self.fatal() else {
            for transmitted in self.transmitted(plan, self.bytes.len(), None) {
                assert_eq!(transmitted.answer.bytes(), self.text);
            }
            return;
        };
        let received = self.places.iter().filter(|&&place| place < fatal).count();
        let [_, lent] = self.transmitted(plan, fatal, None);
        assert!(
            lent.answer.bytes().len() + MAX_HELD >= received,
            "too much is held"
        );
        self.transmitted(plan, fatal + 1, Some(ProtocolError::InvalidText));
    }

    /// The index on the wire of the byte that makes the text invalid.
    fn fatal(&self) -> Option<usize> {
        str::from_utf8(self.text).err()?;
        let place = impossible(self.text).map(|index| self.places[index]);
        place.or(Some(self.bytes.len() - 1))
    }

    /// What is transmitted after the first `len` bytes: through a buffer that is kept, with whole
    /// messages echoed, and through one that is lent.
    fn transmitted(
        &self,
        plan: &Plan,
        len: usize,
        error: Option<ProtocolError>,
    ) -> [Transmitted; 2] {
        let input = &self.bytes[..len];
        let (mut kept, mut lent) = (Echoer::fast(&[]), Echoer::new(&[]));
        let outputs = [plan.keep(input, &mut kept), plan.lend(input, &mut lent)];
        assert_eq!([kept.error(), lent.error()], [error; 2]);
        let all = outputs.map(|output| Transmitted::read(&output));
        for transmitted in &all {
            assert!(self.text.starts_with(transmitted.answer.bytes()));
        }
        all
    }
}

/// Asserts the same for the text as the reason of a Close.
fn check_reason(plan: &Plan, text: &[u8]) {
    let reason = &text[..text.len().min(MAX_REASON_LEN)];
    let close = wire::masked(CLOSE, [b"\x03\xE8", reason].concat());
    let error = |len| {
        let mut echoer = Echoer::new(&[]);
        plan.keep(&close[..len], &mut echoer);
        echoer.error()
    };
    let fatal = match (str::from_utf8(reason), impossible(reason)) {
        (Ok(_), _) => return assert_eq!(error(close.len()), None),
        (_, Some(index)) => close.len() - reason.len() + index,
        (_, None) => close.len() - 1,
    };
    assert_eq!(error(fatal), None);
    let expected = Some(ProtocolError::InvalidCloseReason);
    assert_eq!(error(fatal + 1), expected);
}

/// The index of the first byte after which the text can no longer become valid.
fn impossible(text: &[u8]) -> Option<usize> {
    let error = str::from_utf8(text).err()?;
    let (start, len) = (error.valid_up_to(), error.error_len()?);
    let is_impossible = |&end: &usize| {
        let error = str::from_utf8(&text[start..=end]).err();
        error.is_some_and(|error| error.error_len().is_some())
    };
    let index = (start..text.len()).find(is_impossible).unwrap();
    assert!(index <= start + len);
    Some(index)
}
