//! The sentences behind the cases of closing, and the close codes that they ask for.

use crate::check::case::{Case, Rule};
use crate::check::session::{End, Grade};

pub(super) const ANSWERED: Rule = Rule::new(
    "5.5.1",
    "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint \
     MUST send a Close frame in response.",
);
pub(super) const TWO_BYTES: Rule = Rule::new(
    "5.5.1",
    "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer (in \
     network byte order) representing a status code with value /code/ defined in Section 7.4.",
);
pub(super) const REASON: Rule = Rule::new(
    "5.5.1",
    "Following the 2-byte integer, the body MAY contain UTF-8-encoded data with value /reason/, \
     the interpretation of which is not defined by this specification.",
);

/// Codes that answer a Close with code 1000, or without a code. One without a code is as good.
pub(super) const NORMAL: &[u16] = &[1000, 1005];
pub(super) const PROTOCOL_ERROR: &[u16] = &[1002];
/// A Close without a code, as if it had this one.
const NO_CODE: &[u16] = &[1005];

impl Case {
    /// A Close that was wrong is answered by one of these codes. A peer that says no code, or only
    /// ends the TCP connection, says less than it should.
    pub(super) fn refuses_close(self, codes: &'static [u16]) -> Self {
        self.closes(codes)
            .or(Grade::NotStrict, [], End::Closes(NO_CODE))
            .or(Grade::NotStrict, [], End::Dropped)
    }
}
