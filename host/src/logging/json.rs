//! A log record as a JSON object on one line (RFC 8259).
//!
//! What a peer chose is escaped in the record already, as it is in a text line, and nothing that a
//! terminal interprets is left in any text. So a value is safe to print after it was decoded.

use std::fmt::{self, Display, Write as _};
use std::time::SystemTime;

use log::Record;
use log::kv::{self, Key, VisitSource, VisitValue};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::field;
use crate::escape::is_unsafe;
use crate::utc::Utc;

/// How many bytes the message may take, and the texts of all fields together. With the rest, an
/// object is not longer than 8 KiB.
const MESSAGE_ROOM: usize = 4 * 1_024;
const FIELDS_ROOM: usize = 3 * 1_024;
/// The field that stands before the message.
const EVENT: &str = "event";

/// The object, without the end of the line.
pub(super) fn object(record: &Record<'_>, time: SystemTime) -> String {
    let mut fields = Fields {
        event: None,
        values: Vec::new(),
        room: FIELDS_ROOM,
    };
    // A value ends the visit only by an error of its own, and no value here has one.
    let _ = record.key_values().visit(&mut fields);
    let is_documented = |(name, _): &(String, Value)| field::ALL.contains(&name.as_str());
    debug_assert!(fields.values.iter().all(is_documented), "{record:?}");
    let object = Object {
        time: format!("{:.3}", Utc(time)),
        level: record.level().as_str(),
        target: record.target(),
        event: fields.event.take(),
        message: Text::of(record.args(), MESSAGE_ROOM).end(),
        fields: &fields,
    };
    // A map in memory whose keys are texts can always be written.
    serde_json::to_string(&object).unwrap_or_default()
}

#[derive(Serialize)]
struct Object<'a> {
    time: String,
    level: &'static str,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Value>,
    message: String,
    #[serde(flatten)]
    fields: &'a Fields,
}

/// The fields of a record.
struct Fields {
    event: Option<Value>,
    values: Vec<(String, Value)>,
    /// How many bytes more the texts may take.
    room: usize,
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.values.iter().map(|(name, value)| (name, value)))
    }
}

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, name: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let mut field = Field {
            value: Value::Null,
            room: &mut self.room,
        };
        value.visit(&mut field)?;
        let value = field.value;
        let is_empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
        if name.as_str() == EVENT {
            self.event = Some(value);
        } else if !is_empty {
            self.values.push((name.as_str().into(), value));
        }
        Ok(())
    }
}

/// A value of a record while it becomes JSON.
struct Field<'a> {
    value: Value,
    room: &'a mut usize,
}

impl VisitValue<'_> for Field<'_> {
    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        let text = Text::of(&value, *self.room);
        *self.room = text.room;
        self.value = text.end().into();
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.value = value.into();
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.value = value.into();
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.value = value.into();
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.value = value.into();
        Ok(())
    }
}

/// Text on one line, of which so much is kept as fits in this many bytes of a JSON string.
struct Text {
    kept: String,
    room: usize,
    /// How many bytes did not fit. After the first, nothing more is kept.
    left_out: usize,
}

impl Text {
    fn of(value: &impl Display, room: usize) -> Self {
        let mut text = Self {
            kept: String::new(),
            room,
            left_out: 0,
        };
        // Only the formatted value can fail; the text before that is kept.
        let _ = write!(text, "{value}");
        text
    }

    /// The text, which says how much is missing.
    fn end(self) -> String {
        match self.left_out {
            0 => self.kept,
            left_out => format!("{}… (+{left_out} B)", self.kept),
        }
    }

    /// Keeps a character as it is shown, if there is room for it.
    fn push(&mut self, character: char) {
        let shown_len = self.kept.len();
        if is_unsafe(character) {
            self.kept.extend(character.escape_default());
        } else {
            self.kept.push(character);
        }
        let shown = &self.kept[shown_len..];
        // These have a backslash before them in JSON.
        let escaped = shown.bytes().filter(|byte| b"\"\\".contains(byte)).count();
        match self.room.checked_sub(shown.len() + escaped) {
            Some(room) if self.left_out == 0 => self.room = room,
            _ => {
                self.kept.truncate(shown_len);
                self.left_out += character.len_utf8();
            }
        }
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        match self.left_out {
            0 => piece.chars().for_each(|character| self.push(character)),
            _ => self.left_out += piece.len(),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
