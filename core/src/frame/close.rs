//! The payload of the Close frame and its status codes (RFC 6455 sections 5.5.1 and 7.4). It does
//! not close anything.

use core::fmt;

use crate::frame::error::ProtocolError;
use crate::frame::utf8;

/// The length of the status code in a Close frame.
pub(crate) const CODE_LEN: usize = 2;

/// A status code that is allowed in a Close frame: 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC
/// 6455 section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose of the connection has been fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The endpoint goes away: a server stops, or a browser leaves a page.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// The endpoint cannot accept this type of data.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// The payload does not match the type of the message: text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// A message violates the endpoint's policy.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// A message is too big to process.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// The server met an unexpected condition.
    pub const INTERNAL_ERROR: Self = Self(1011);

    /// The code, or `None` if RFC 6455 and the IANA registry do not allow it on the wire.
    ///
    /// > 1005 is a reserved value and MUST NOT be set as a status code in a Close control frame by
    /// > an endpoint. (section 7.4.1)
    ///
    /// The same is said of 1006 and 1015. 1004 is reserved (section 7.4.1), and 0 to 999 are not
    /// used (section 7.4.2).
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number on the wire.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ProtocolError {
    /// The code of the Close frame that reports this error (RFC 6455 section 7.1.7).
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidText | Self::InvalidCompression | Self::InvalidCloseReason => {
                CloseCode::INVALID_PAYLOAD
            }
            Self::ReservedBits(_)
            | Self::ReservedOpcode(_)
            | Self::Unmasked
            | Self::Masked
            | Self::FragmentedControlFrame
            | Self::ControlFrameTooLong
            | Self::LengthNotMinimal(_)
            | Self::LengthTooLarge
            | Self::UnexpectedContinuation
            | Self::UnexpectedMessage
            | Self::CloseCodeCut
            | Self::InvalidCloseCode(_) => CloseCode::PROTOCOL_ERROR,
        }
    }
}

/// The code in the received part of a Close frame's payload, of which `missing` bytes are not
/// received yet. It is an error as soon as no further bytes could make the payload valid.
pub(crate) fn decode(payload: &[u8], missing: u64) -> Result<Option<CloseCode>, ProtocolError> {
    // > If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer (in
    // > network byte order) representing a status code [...] (section 5.5.1)
    let Some((code, reason)) = payload.split_first_chunk::<CODE_LEN>() else {
        return match (payload.len(), missing) {
            (1, 0) => Err(ProtocolError::CloseCodeCut),
            _ => Ok(None),
        };
    };
    let code = u16::from_be_bytes(*code);
    let valid = CloseCode::new(code).ok_or(ProtocolError::InvalidCloseCode(code))?;
    match utf8::incomplete_end(reason) {
        Ok(end) if missing > 0 || end.is_empty() => Ok(Some(valid)),
        _ => Err(ProtocolError::InvalidCloseReason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_codes_are_those_of_section_7_4_and_the_registry() {
        let allowed = |code: u16| {
            (1000..=1014).contains(&code) && ![1004, 1005, 1006].contains(&code)
                || (3000..5000).contains(&code)
        };
        for code in 0..=u16::MAX {
            let made = CloseCode::new(code).map(CloseCode::get);
            assert_eq!(made, allowed(code).then_some(code), "{code}");
        }
    }
}
