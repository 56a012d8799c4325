//! Compresses messages before they are sent (RFC 7692 section 7.2.1).

use ws_echo_core::{Fin, Window};

use crate::deflate::deflater::Deflater;

/// Compresses the messages of one connection.
#[derive(Debug)]
pub(super) struct Compressing {
    window: Window,
    deflater: Deflater,
    /// How the message is sent of which a fragment was sent and another one follows.
    begun: Option<Form>,
    compressed: Vec<u8>,
}

/// How a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Compressed,
    AsItIs,
}

impl Compressing {
    /// Compresses for a server that inflates with this window.
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            deflater: Deflater::new(window),
            begun: None,
            compressed: Vec::new(),
        }
    }

    /// Compresses the next fragment of a message. `None` if it must be sent as it is.
    ///
    /// A message is sent as it is if its first fragment would not become shorter. In a window that
    /// is kept all are compressed, because later ones are shorter for it: without a beginning in
    /// it, a chat's short messages would never be.
    pub(super) fn next(&mut self, fragment: &[u8], fin: Fin) -> Option<&[u8]> {
        let begun = self.begun.take();
        if begun != Some(Form::AsItIs) {
            self.deflater
                .compress_fragment(fragment, fin, &mut self.compressed);
        }
        let form = begun.unwrap_or_else(|| {
            if self.window.is_kept() || self.compressed.len() < fragment.len() {
                return Form::Compressed;
            }
            self.deflater.reset();
            Form::AsItIs
        });
        if fin == Fin::More {
            self.begun = Some(form);
        }
        (form == Form::Compressed).then_some(&self.compressed)
    }
}

/// The most that a fragment can become.
pub(super) const fn max_len(len: usize) -> usize {
    // zlib's own bound, whatever the window.
    len + len / 8 + len / 64 + 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::inflater::Inflater;

    const FRESH: Window = Window::MAX.fresh();
    const JSON: &[u8] = br#"[{"id":1,"name":"Ada"},{"id":2,"name":"Ada"},{"id":3,"name":"Ada"}]"#;

    /// Bytes that do not compress.
    fn random(len: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(1);
        std::iter::repeat_with(|| random.u8(..)).take(len).collect()
    }

    fn inflated(inflater: &mut Inflater, mut compressed: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        let mut room = [0; 1000];
        loop {
            let bytes = inflater.inflate(&mut compressed, &mut room).expect("valid");
            if bytes.is_empty() {
                break;
            }
            message.extend(bytes);
        }
        message
    }

    #[test]
    fn in_a_window_that_is_not_kept_only_what_becomes_shorter_is_compressed() {
        let mut compressing = Compressing::new(FRESH);
        let mut inflater = Inflater::new(FRESH);
        for message in [&b""[..], b"hi", &random(70_000)] {
            assert_eq!(compressing.next(message, Fin::Last), None);
            let compressed = compressing.next(JSON, Fin::Last).expect("it is shorter");
            assert!(compressed.len() < JSON.len());
            assert_eq!(inflated(&mut inflater, compressed), JSON);
            assert_eq!(inflater.end_message(), Ok(()));
        }
    }

    #[test]
    fn the_first_fragment_decides_for_its_message() {
        let mut compressing = Compressing::new(FRESH);
        let mut inflater = Inflater::new(FRESH);
        let random = random(64 << 10);
        assert_eq!(compressing.next(&random, Fin::More), None);
        assert_eq!(compressing.next(JSON, Fin::More), None);
        assert_eq!(compressing.next(JSON, Fin::Last), None);
        // What was not sent compressed is not referred to.
        let again = random[random.len() - 1000..].repeat(2);
        let compressed = compressing.next(&again, Fin::Last).expect("it is shorter");
        assert!(inflated(&mut inflater, compressed) == again);
        assert_eq!(inflater.end_message(), Ok(()));
        for last in [&random[..], JSON, b""] {
            let mut message = Vec::new();
            for (fragment, fin) in [(JSON, Fin::More), (&random, Fin::More), (last, Fin::Last)] {
                let compressed = compressing.next(fragment, fin).expect("all are compressed");
                message.extend(inflated(&mut inflater, compressed));
            }
            assert_eq!(inflater.end_message(), Ok(()));
            assert!(message == [JSON, &random, last].concat());
        }
    }

    #[test]
    fn in_a_window_that_is_kept_all_is_compressed_and_later_messages_are_shorter() {
        let mut compressing = Compressing::new(Window::MAX);
        let mut inflater = Inflater::new(Window::MAX);
        let random = random(1000);
        let mut lens = Vec::new();
        for message in [&b"hello"[..], &random, b"", b"hello", &random, b"", JSON] {
            let compressed = compressing
                .next(message, Fin::Last)
                .expect("all are compressed");
            lens.push(compressed.len());
            assert!(inflated(&mut inflater, compressed) == message);
            assert_eq!(inflater.end_message(), Ok(()));
        }
        assert!(lens[3] < lens[0] && lens[4] < 50, "{lens:?}");
    }

    #[test]
    fn no_fragment_becomes_longer_than_expected() {
        for bits in 8..=15 {
            let window = Window::new(bits).expect("a window").kept();
            let mut compressing = Compressing::new(window);
            for len in [0, 1, 2, 100, 16_383, 16_384, 64 << 10] {
                for fin in [Fin::More, Fin::Last] {
                    let compressed = compressing.next(&random(len), fin).expect("compressed");
                    assert!(compressed.len() <= max_len(len), "{bits} {len}");
                }
            }
        }
    }
}
