//! The heads of HTTP messages (RFC 9112 sections 2 to 5), read strictly.

use super::conversation::Role;
use super::fault::{Fault, Faults};
use super::input::Input;

const LEN_MAX: usize = 64 << 10;
/// How many empty lines may come before a request.
const EMPTY_LINES_MAX: usize = 1;

/// The head of a request or a response.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) first_line: String,
    headers: Vec<(String, String)>,
    faults: Faults,
}

/// Why there is no head.
#[derive(Debug)]
pub(super) enum HeadError {
    /// The connection has ended.
    Ended,
    Malformed,
    LongTarget,
    TooLong,
}

impl Head {
    /// Reads the head that this role receives, and nothing behind it.
    pub(super) fn read(input: &mut Input, role: Role, faults: Faults) -> Result<Self, HeadError> {
        let mut len = 0;
        let mut first_line = String::new();
        for _ in 0..=EMPTY_LINES_MAX {
            first_line = line(input, faults, &mut len).map_err(|error| match error {
                HeadError::TooLong => HeadError::LongTarget,
                error => error,
            })?;
            if !first_line.is_empty() {
                break;
            }
        }
        if first_line.is_empty() {
            return Err(HeadError::Malformed);
        }
        let headers = headers(input, role, faults, &mut len)?;
        Ok(Self {
            first_line,
            headers,
            faults,
        })
    }

    /// Whether it is the head of a response that another one follows (RFC 9110 section 15.2).
    pub(super) fn is_interim(&self) -> bool {
        let status = self.first_line.split(' ').nth(1).unwrap_or_default();
        status.len() == 3 && status.starts_with('1') && status != "101"
    }

    /// The values of the headers with this name.
    pub(super) fn values(&self, name: &str) -> Vec<&str> {
        let has_name = |other: &str| match self.faults.has(Fault::CaseSensitiveNames) {
            true => other == name,
            false => other.eq_ignore_ascii_case(name),
        };
        let values = self.headers.iter().filter(|(other, _)| has_name(other));
        values.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that may be there once only.
    pub(super) fn single(&self, name: &str) -> Option<&str> {
        match self.values(name)[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    /// The elements of a list, in all headers with this name.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let mut values = self.values(name);
        if self.faults.has(Fault::FirstLineOfListOnly) {
            values.truncate(1);
        }
        let elements = values.iter().flat_map(|value| value.split(','));
        elements.map(|element| element.trim().to_owned()).collect()
    }
}

/// Reads the headers, and the empty line behind them.
fn headers(
    input: &mut Input,
    role: Role,
    faults: Faults,
    len: &mut usize,
) -> Result<Vec<(String, String)>, HeadError> {
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let line = line(input, faults, len)?;
        if line.is_empty() {
            return Ok(headers);
        }
        if !line.starts_with([' ', '\t']) {
            headers.push(header(&line, faults).ok_or(HeadError::Malformed)?);
            continue;
        }
        if faults.has(Fault::TakesFoldedLineAsHeader) {
            headers.extend(header(line.trim(), faults));
            continue;
        }
        // > A user agent that receives an obs-fold in a response message that is not within a
        // > "message/http" container MUST replace (RFC 9112 section 5.2)
        let (Role::Client, Some((_, value))) = (role, headers.last_mut()) else {
            return Err(HeadError::Malformed);
        };
        *value = format!("{value} {}", line.trim());
    }
}

/// Reads a line without its end.
fn line(input: &mut Input, faults: Faults, len: &mut usize) -> Result<String, HeadError> {
    let mut line = String::new();
    loop {
        let byte = input.byte().map_err(|_| HeadError::Ended)?;
        let is_cut = byte != b'\n' && !input.has_more();
        if is_cut && faults.has(Fault::NeedsRequestInOnePiece) {
            return Err(HeadError::Malformed);
        }
        *len += 1;
        if *len > LEN_MAX {
            return Err(HeadError::TooLong);
        }
        match (byte, line.ends_with('\r')) {
            (b'\n', true) => {
                line.pop();
                return Ok(line);
            }
            (b'\n', false) => return Err(HeadError::Malformed),
            (_, true) if faults.has(Fault::TakesBareCrAsLineEnd) => {
                input.give_back();
                line.pop();
                return Ok(line);
            }
            (_, true) => return Err(HeadError::Malformed),
            _ => line.push(char::from(byte)),
        }
    }
}

fn header(line: &str, faults: Faults) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let name = match faults.has(Fault::AcceptsBlankBeforeColon) {
        true => name.trim_end_matches([' ', '\t']),
        false => name,
    };
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return None;
    }
    let is_control = |character: char| {
        let is_allowed = character == '\t' || character > '\x7F';
        character.is_control() && !is_allowed
    };
    if value.contains(is_control) {
        return None;
    }
    Some((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}
