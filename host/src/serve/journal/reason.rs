//! Why a transport failed.

use std::fmt::{self, Display};
use std::io;

use crate::escape::Untrusted;

/// Why a transport failed. The system's own text differs between systems, so the kind is logged; a
/// transport's own text may quote the client.
pub(super) struct Reason<'a>(pub(super) &'a io::Error);

impl Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get_ref() {
            Some(own) => Untrusted::excerpt(&own.to_string()).fmt(f),
            None => self.0.kind().fmt(f),
        }
    }
}
