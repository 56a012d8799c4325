//! The value of `Sec-WebSocket-Extensions` (RFC 6455 section 9.1), read by its grammar.

/// One extension of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
}

/// A parameter of an extension, such as `name` or `name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// Without the quotation marks, if it has some.
    pub(super) value: Option<String>,
}

/// Reads a list of extensions. Blanks may be around each part, and elements may be empty, as in
/// every list of HTTP.
///
/// # Errors
///
/// Where the grammar is broken, in words.
pub(super) fn read(value: &str) -> Result<Vec<Extension>, String> {
    let mut reader = Reader { rest: value };
    let mut extensions = Vec::new();
    loop {
        reader.skip_blanks();
        match reader.rest.chars().next() {
            None => return Ok(extensions),
            Some(',') => reader.skip(1),
            Some(_) => extensions.push(reader.extension()?),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn extension(&mut self) -> Result<Extension, String> {
        let name = self.token()?;
        let mut parameters = Vec::new();
        loop {
            self.skip_blanks();
            match self.rest.chars().next() {
                None | Some(',') => return Ok(Extension { name, parameters }),
                Some(';') => {
                    self.skip(1);
                    parameters.push(self.parameter()?);
                }
                Some(other) => return Err(format!("{other:?} is behind {name:?}")),
            }
        }
    }

    fn parameter(&mut self) -> Result<Parameter, String> {
        let name = self.token()?;
        self.skip_blanks();
        if !self.rest.starts_with('=') {
            return Ok(Parameter { name, value: None });
        }
        self.skip(1);
        self.skip_blanks();
        let value = match self.rest.starts_with('"') {
            true => self.quoted()?,
            false => self.token()?,
        };
        Ok(Parameter {
            name,
            value: Some(value),
        })
    }

    fn token(&mut self) -> Result<String, String> {
        self.skip_blanks();
        let len = self.rest.find(|char| !is_of_token(char));
        let (token, rest) = self.rest.split_at(len.unwrap_or(self.rest.len()));
        if token.is_empty() {
            return Err(match rest.chars().next() {
                Some(char) => format!("{char:?} is where a name or a value must be"),
                None => "a name or a value is missing at the end".into(),
            });
        }
        self.rest = rest;
        Ok(token.into())
    }

    /// > When using the quoted-string syntax variant, the value after quoted-string unescaping MUST
    /// > conform to the 'token' ABNF. (RFC 6455 section 9.1)
    fn quoted(&mut self) -> Result<String, String> {
        self.skip(1);
        let mut value = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((index, char)) = chars.next() {
            match char {
                '"' if value.is_empty() => return Err("a value in quotation marks is empty".into()),
                '"' => {
                    self.rest = &self.rest[index + 1..];
                    return Ok(value);
                }
                '\\' => value.extend(chars.next().map(|(_, char)| char)),
                char if is_of_token(char) => value.push(char),
                char => return Err(format!("{char:?} is in a value in quotation marks")),
            }
        }
        Err("a quotation mark is not closed".into())
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn skip(&mut self, len: usize) {
        self.rest = &self.rest[len..];
    }
}

/// Whether a token may have this character (RFC 9110 section 5.6.2).
fn is_of_token(char: char) -> bool {
    char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list as one of names and parameters.
    fn shown(value: &str) -> Result<String, String> {
        let parameter = |it: &Parameter| match &it.value {
            Some(value) => format!("({}={value})", it.name),
            None => format!("({})", it.name),
        };
        let extension = |it: &Extension| {
            let parameters: String = it.parameters.iter().map(parameter).collect();
            format!("{}{parameters}", it.name)
        };
        let extensions = read(value)?;
        Ok(extensions
            .iter()
            .map(extension)
            .collect::<Vec<_>>()
            .join(" "))
    }

    #[test]
    fn a_list_is_read_with_its_parameters() {
        for (value, expected) in [
            ("a", "a"),
            ("a;b", "a(b)"),
            ("a;b=1;c", "a(b=1)(c)"),
            (" a ; b = 1 ,\tc ", "a(b=1) c"),
            ("a;b=\"10\"", "a(b=10)"),
            ("a;b=\"1\\0\"", "a(b=10)"),
            ("", ""),
            (", a,,b ,", "a b"),
        ] {
            assert_eq!(shown(value).as_deref(), Ok(expected), "{value}");
        }
    }

    #[test]
    fn a_broken_list_is_refused() {
        for value in [
            "a;",
            "a;;b",
            ";b",
            "a b",
            "a;b=",
            "a;b c",
            "a=1",
            "a;=1",
            "a;b=\"1",
            "a;b=\"\"",
            "a;b=\"1 2\"",
            "a;b=1=2",
            "a/b",
            "ä",
        ] {
            assert!(read(value).is_err(), "{value}");
        }
    }
}
