//! How connections have ended: by which side, and with which code (RFC 6455 section 7.4).

use ws_echo_core::CloseCode;

/// Which side has ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndedBy {
    Client,
    Server,
    /// The transport has ended or failed.
    Nobody,
}

/// The labels of the sides, in their order.
const SIDES: [&str; 3] = ["client", "server", "none"];

/// The codes with a label of their own: those of RFC 6455 and of the IANA registry. No Close
/// contains 1005 or 1006.
///
/// > 1005 is a reserved value [...] designated for use in applications expecting a status code to
/// > indicate that no status code was actually present. (section 7.4.1)
///
/// > 1006 is a reserved value [...] to indicate that the connection was closed abnormally, e.g.,
/// > without sending or receiving a Close control frame. (section 7.4.1)
const CODES: [u16; 14] = [
    1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
];

/// The code of a Close without a code, and of an end without a Close.
pub(crate) const NO_CODE: u16 = 1005;
pub(crate) const NO_CLOSE: u16 = 1006;

/// The label of all other codes: of libraries, frameworks and applications (3000 to 4999).
const OTHER: &str = "other";

/// How many connections have ended, by side and code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closes([[u64; CODES.len() + 1]; SIDES.len()]);

impl Closes {
    /// Counts an end. `code` is `None` if there was no Close.
    pub(crate) fn count(&mut self, side: EndedBy, code: Option<CloseCode>) {
        self.count_code(side, code.map_or(NO_CLOSE, CloseCode::get));
    }

    /// Counts a Close of the client, which may have no code.
    pub(crate) fn count_by_client(&mut self, code: Option<CloseCode>) {
        self.count_code(EndedBy::Client, code.map_or(NO_CODE, CloseCode::get));
    }

    fn count_code(&mut self, side: EndedBy, code: u16) {
        let place = CODES.iter().position(|known| *known == code);
        self.0[side as usize][place.unwrap_or(CODES.len())] += 1;
    }

    /// Adds what another worker has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        let ours = self.0.iter_mut().flatten();
        for (count, more) in ours.zip(other.0.iter().flatten()) {
            *count += more;
        }
    }

    /// All together.
    pub(crate) fn sum(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// Each side and code, and how often it was.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, String, u64)> + '_ {
        let codes = || CODES.iter().map(u16::to_string).chain([OTHER.to_owned()]);
        SIDES.iter().zip(&self.0).flat_map(move |(side, counts)| {
            codes()
                .zip(counts)
                .map(|(code, count)| (*side, code, *count))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_allowed_code_has_a_label_and_those_of_applications_share_one() {
        let mut closes = Closes::default();
        for code in (0..=u16::MAX).filter_map(CloseCode::new) {
            closes.count(EndedBy::Server, Some(code));
            closes.count_by_client(Some(code));
        }
        closes.count_by_client(None);
        closes.count(EndedBy::Nobody, None);
        let counted: Vec<_> = closes.all().filter(|(.., count)| *count > 0).collect();
        for (side, without) in [("client", &[1006][..]), ("server", &[1005, 1006])] {
            for code in CODES {
                let expected = u64::from(!without.contains(&code));
                let count = closes
                    .all()
                    .find(|it| it.0 == side && it.1 == code.to_string());
                assert_eq!(count.map(|it| it.2), Some(expected), "{side} {code}");
            }
            assert!(counted.contains(&(side, OTHER.into(), 2000)));
        }
        assert!(counted.contains(&("none", "1006".into(), 1)));
        assert_eq!(closes.sum(), 2 * (12 + 2000) + 2);
    }
}
