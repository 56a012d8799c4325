//! Bytes and text in a recording: as text if they are UTF-8, otherwise in base64.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a frame or a message carries: the field `text` or `base64` of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Payload {
    #[serde(rename = "text")]
    Text(String),
    #[serde(rename = "base64")]
    Bytes(#[serde(serialize_with = "encode", deserialize_with = "decode")] Vec<u8>),
}

impl Payload {
    /// As text if it is UTF-8, otherwise as bytes.
    pub(crate) fn text(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Bytes(error.into_bytes()),
        }
    }

    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "no program reads recordings yet")
    )]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// A part of an HTTP head, or the reason of a Close: a string, or an object that says why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Text(String),
    /// It is not UTF-8.
    Bytes {
        #[serde(serialize_with = "encode", deserialize_with = "decode")]
        base64: Vec<u8>,
    },
    /// A secret of this many bytes.
    Hidden {
        hidden: u64,
    },
}

impl Value {
    /// As text if it is UTF-8, otherwise as bytes.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        match Payload::text(bytes.to_vec()) {
            Payload::Text(text) => Self::Text(text),
            Payload::Bytes(base64) => Self::Bytes { base64 },
        }
    }

    /// Only the length of a secret.
    pub(crate) fn hidden(bytes: &[u8]) -> Self {
        let hidden = bytes.len() as u64;
        Self::Hidden { hidden }
    }

    /// The bytes; `None` if they are hidden.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bytes { base64 } => Some(base64),
            Self::Hidden { .. } => None,
        }
    }
}

fn encode<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

fn decode<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Cow::<'a, str>::deserialize(deserializer)?;
    BASE64_STANDARD
        .decode(text.as_bytes())
        .map_err(|error| de::Error::custom(format_args!("base64: {error}")))
}
