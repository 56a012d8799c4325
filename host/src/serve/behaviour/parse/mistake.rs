//! What the server answers to a wrong query: which parameter is wrong, what to write instead, and
//! all parameters.

use std::fmt::{self, Display, Formatter};

use super::parameter::{Parameter, Wrong};
use super::query::EncodingError;
use super::table::{List, parameters};
use crate::escape::Untrusted;
use crate::similar::most_similar;

/// How many characters of a name or a value are shown.
const QUOTED_LEN_MAX: usize = 60;
/// A longer name is not a misspelt one, and is not worth the search.
const MISSPELT_LEN_MAX: usize = 30;

/// What is wrong with a query, and what to write instead: the content of the response 400. It ends
/// with a line break. What the client sent is quoted in it, escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake(String);

impl Display for Mistake {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self(sentence) = self;
        writeln!(formatter, "{sentence}\n\nThe parameters of this path:")?;
        List.fmt(formatter)
    }
}

impl Mistake {
    /// What is wrong and what to write, on one line, for the log.
    pub fn sentence(&self) -> &str {
        &self.0
    }

    /// Parameters that mean nothing together; the sentence quotes nothing that the client sent.
    pub(super) fn combination(sentence: String) -> Self {
        Self(sentence)
    }

    pub(super) fn empty() -> Self {
        Self("a parameter is empty: write one & between two parameters".into())
    }

    pub(super) fn unknown(name: &str) -> Self {
        let may_be_misspelt = name.len() <= MISSPELT_LEN_MAX;
        let known = parameters().map(|parameter| parameter.name);
        let similar = may_be_misspelt.then(|| most_similar(name, known));
        let advice = match similar.flatten() {
            Some(known) => format!("write {known}"),
            None => "write one of those below".into(),
        };
        Self(format!("unknown parameter '{}': {advice}", quoted(name)))
    }

    pub(super) fn repeated(parameter: &Parameter) -> Self {
        let name = parameter.name;
        Self(format!("'{name}' is given twice: write it once"))
    }

    pub(super) fn encoding(part: &str, error: EncodingError) -> Self {
        let advice = match error {
            EncodingError::Percent => {
                "has a % without two hexadecimal digits after it: write %25 for the character %"
            }
            EncodingError::NotUtf8 => "is not UTF-8: write the bytes of each character, as %C3%A4",
        };
        Self(format!("'{}' {advice}", quoted(part)))
    }

    pub(super) fn value(parameter: &Parameter, value: &str, wrong: &Wrong) -> Self {
        let Parameter { name, form, .. } = parameter;
        let advice = match wrong {
            Wrong::Form => format!("write {form}, such as {}", parameter.written()),
            Wrong::Advice(advice) => advice.clone(),
        };
        let value = quoted(value);
        Self(format!("invalid value '{value}' for '{name}': {advice}"))
    }
}

fn quoted(text: &str) -> Untrusted<'_> {
    Untrusted::new(text, QUOTED_LEN_MAX)
}
