//! The request of an opening handshake (RFC 6455 section 4.1) as data: a valid one, and named
//! changes of it.

mod words;

use std::borrow::Cow;

type Text = Cow<'static, str>;

/// A valid request, with some changes, in this order.
///
/// A text may have names in braces for what depends on the server: `{resource}` (the path and the
/// query), `{query}` (the same, with what separates a further parameter), `{encoded}` (the same,
/// with one character of the path percent-encoded), `{authority}`, `{scheme}` and `{key}`. Each
/// character up to U+00FF is sent as one byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    changes: Vec<Change>,
}

/// What a request depends on besides its changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The path and the query.
    pub resource: String,
    /// The value of `Host`.
    pub authority: String,
    /// `http`, or with TLS `https`.
    pub scheme: &'static str,
    /// The value of `Sec-WebSocket-Key`.
    pub key: String,
    /// The headers that the user asks for.
    pub headers: Vec<(String, String)>,
}

/// How names of headers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    Lower,
    Upper,
    /// Each letter in the other case than the one before.
    Mixed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Method(Text),
    Target(Text),
    Version(Text),
    RequestLine(Text),
    Before(Text),
    Without(&'static str),
    Set(&'static str, Text),
    Line(Text),
    FirstLine(Text),
    Replaced(&'static str, Text),
    Many(usize),
    Names(Letters),
    Reversed,
    LineEnds(&'static str),
    Unfinished,
    Behind(Text, Vec<u8>),
    Raw(Text, Vec<u8>),
}

/// A valid request.
pub fn request() -> Request {
    Request::default()
}

/// Bytes that are no request, and what they are.
pub fn bytes(what: &'static str, bytes: impl Into<Vec<u8>>) -> Request {
    request().change(Change::Raw(what.into(), bytes.into()))
}

impl Request {
    fn change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// The request with another method.
    pub fn method(self, method: impl Into<Text>) -> Self {
        self.change(Change::Method(method.into()))
    }

    /// The request for another target.
    pub fn target(self, target: impl Into<Text>) -> Self {
        self.change(Change::Target(target.into()))
    }

    /// The request with another version of HTTP.
    pub fn version(self, version: impl Into<Text>) -> Self {
        self.change(Change::Version(version.into()))
    }

    /// The request with another first line.
    pub fn request_line(self, line: impl Into<Text>) -> Self {
        self.change(Change::RequestLine(line.into()))
    }

    /// The request with something in front of it.
    pub fn before(self, text: impl Into<Text>) -> Self {
        self.change(Change::Before(text.into()))
    }

    /// The request without the lines of a header.
    pub fn without(self, name: &'static str) -> Self {
        self.change(Change::Without(name))
    }

    /// The request with this value of a header, and no other.
    pub fn with(self, name: &'static str, value: impl Into<Text>) -> Self {
        self.change(Change::Set(name, value.into()))
    }

    /// The request with a further line at the end of its head, of a header or not.
    pub fn line(self, line: impl Into<Text>) -> Self {
        self.change(Change::Line(line.into()))
    }

    /// The request with a line between the request line and the first header.
    pub fn first_line(self, line: impl Into<Text>) -> Self {
        self.change(Change::FirstLine(line.into()))
    }

    /// The request with this line, or these, instead of the line of a header.
    pub fn replaced(self, name: &'static str, line: impl Into<Text>) -> Self {
        self.change(Change::Replaced(name, line.into()))
    }

    /// The request with so many further headers.
    pub fn many_headers(self, count: usize) -> Self {
        self.change(Change::Many(count))
    }

    /// The request with the names of its headers written in this way.
    pub fn names_in(self, letters: Letters) -> Self {
        self.change(Change::Names(letters))
    }

    /// The request with its headers in the opposite order.
    pub fn reversed(self) -> Self {
        self.change(Change::Reversed)
    }

    /// The request with other ends of lines.
    pub fn line_ends(self, end: &'static str) -> Self {
        self.change(Change::LineEnds(end))
    }

    /// The request without the empty line at its end.
    pub fn unfinished(self) -> Self {
        self.change(Change::Unfinished)
    }

    /// The request with something behind it, such as a body.
    pub fn behind(self, what: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        self.change(Change::Behind(what.into(), bytes.into()))
    }

    /// The bytes.
    pub fn bytes(&self, base: &Base) -> Vec<u8> {
        self.draft(base).bytes()
    }

    /// The value of the first of the lines of a header, without the blanks around it.
    pub fn value(&self, base: &Base, name: &str) -> Option<String> {
        self.draft(base).values(name).next()
    }

    /// The elements of the lists that a header has as its values.
    pub fn elements(&self, base: &Base, name: &str) -> Vec<String> {
        let draft = self.draft(base);
        let mut elements = Vec::new();
        for value in draft.values(name) {
            let all = value.split(',').map(str::trim);
            elements.extend(all.filter(|element| !element.is_empty()).map(str::to_owned));
        }
        elements
    }

    fn draft(&self, base: &Base) -> Draft {
        let mut draft = Draft::valid(base);
        for change in &self.changes {
            draft.apply(change, base);
        }
        draft
    }

    /// The request in words, with what depends on the server.
    pub fn words(&self, base: &Base) -> String {
        fill(&self.to_string(), base)
    }
}

/// A request that is being put together. The texts are filled in, and each character is a byte.
struct Draft {
    before: String,
    method: String,
    target: String,
    version: String,
    /// Instead of method, target and version.
    request_line: Option<String>,
    lines: Vec<String>,
    line_end: &'static str,
    is_finished: bool,
    behind: Vec<u8>,
    /// Instead of all that.
    raw: Option<Vec<u8>>,
}

impl Draft {
    fn valid(base: &Base) -> Self {
        let mut lines = vec![
            format!("Host: {}", base.authority),
            "Upgrade: websocket".into(),
            "Connection: Upgrade".into(),
            format!("Sec-WebSocket-Key: {}", base.key),
            "Sec-WebSocket-Version: 13".into(),
        ];
        // What the user gives may have characters of several bytes.
        let each_byte = |text: &str| text.bytes().map(char::from).collect::<String>();
        let asked_for = base.headers.iter();
        lines.extend(asked_for.map(|(name, value)| format!("{name}: {}", each_byte(value))));
        Self {
            before: String::new(),
            method: "GET".into(),
            target: base.resource.clone(),
            version: "HTTP/1.1".into(),
            request_line: None,
            lines,
            line_end: "\r\n",
            is_finished: true,
            behind: Vec::new(),
            raw: None,
        }
    }

    fn apply(&mut self, change: &Change, base: &Base) {
        let text = |text: &Text| fill(text, base);
        match change {
            Change::Method(method) => self.method = text(method),
            Change::Target(target) => self.target = text(target),
            Change::Version(version) => self.version = text(version),
            Change::RequestLine(line) => self.request_line = Some(text(line)),
            Change::Before(before) => self.before = text(before),
            Change::Without(name) => self.lines.retain(|line| !is_of(line, name)),
            Change::Set(name, value) => self.set(name, format!("{name}: {}", text(value))),
            Change::Line(line) => self.lines.push(text(line)),
            Change::FirstLine(line) => self.lines.insert(0, text(line)),
            Change::Replaced(name, line) => self.set(name, text(line)),
            Change::Many(count) => {
                let line = |number| format!("X-Header-{number}: {number}");
                self.lines.extend((1..=*count).map(line));
            }
            Change::Names(letters) => {
                for line in &mut self.lines {
                    if let Some((name, value)) = line.split_once(':') {
                        *line = format!("{}:{value}", letters.of(name));
                    }
                }
            }
            Change::Reversed => self.lines.reverse(),
            Change::LineEnds(end) => self.line_end = end,
            Change::Unfinished => self.is_finished = false,
            Change::Behind(_, bytes) => self.behind.extend(bytes),
            Change::Raw(_, bytes) => self.raw = Some(bytes.clone()),
        }
    }

    /// The values of a header, without the blanks around them.
    fn values(&self, name: &str) -> impl Iterator<Item = String> {
        let lines = self.lines.iter().flat_map(|lines| lines.split("\r\n"));
        let headers = lines.filter_map(|line| line.split_once(':'));
        let is_it = move |(other, _): &(&str, &str)| other.trim().eq_ignore_ascii_case(name);
        let values = headers.filter(is_it);
        values.map(|(_, value)| value.trim_matches([' ', '\t']).to_owned())
    }

    /// Puts a line where the first of a header is, and removes the others.
    fn set(&mut self, name: &str, new: String) {
        let place = self.lines.iter().position(|line| is_of(line, name));
        self.lines.retain(|line| !is_of(line, name));
        self.lines.insert(place.unwrap_or(self.lines.len()), new);
    }

    fn bytes(self) -> Vec<u8> {
        if let Some(raw) = self.raw {
            return raw;
        }
        let usual = format!("{} {} {}", self.method, self.target, self.version);
        let mut text = self.before;
        let first = self.request_line.unwrap_or(usual);
        for line in [first].iter().chain(&self.lines) {
            text += line;
            text += self.line_end;
        }
        if self.is_finished {
            text += self.line_end;
        }
        let mut bytes: Vec<u8> = text.chars().map(|character| character as u8).collect();
        bytes.extend(self.behind);
        bytes
    }
}

impl Letters {
    fn of(self, name: &str) -> String {
        let change = |(index, letter): (usize, char)| match self {
            Self::Lower => letter.to_ascii_lowercase(),
            Self::Upper => letter.to_ascii_uppercase(),
            Self::Mixed if index % 2 == 0 => letter.to_ascii_lowercase(),
            Self::Mixed => letter.to_ascii_uppercase(),
        };
        name.chars().enumerate().map(change).collect()
    }
}

/// Whether a line is of this header.
fn is_of(line: &str, name: &str) -> bool {
    let is_it = |(other, _): (&str, &str)| other.eq_ignore_ascii_case(name);
    line.split_once(':').is_some_and(is_it)
}

/// A text with what stands for the names in braces.
fn fill(text: &str, base: &Base) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        filled += before;
        let name = behind.split_once('}');
        let value = name.and_then(|(name, after)| Some((value(name, base)?, after)));
        rest = match value {
            Some((value, after)) => {
                filled += &value;
                after
            }
            None => {
                filled.push('{');
                behind
            }
        };
    }
    filled + rest
}

fn value(name: &str, base: &Base) -> Option<String> {
    let resource = &base.resource;
    Some(match name {
        "resource" => resource.clone(),
        "query" if resource.contains('?') => format!("{resource}&"),
        "query" => format!("{resource}?"),
        "encoded" => encoded(resource),
        "authority" => base.authority.clone(),
        "scheme" => base.scheme.into(),
        "key" => base.key.clone(),
        _ => return None,
    })
}

/// A path with its first letter or digit percent-encoded, and the query.
fn encoded(resource: &str) -> String {
    let path_len = resource.find('?').unwrap_or(resource.len());
    let first = resource[..path_len].find(|letter: char| letter.is_ascii_alphanumeric());
    // What is encoded already has a meaning of its own.
    let Some(place) = first.filter(|_| !resource[..path_len].contains('%')) else {
        return resource.into();
    };
    let (before, behind) = resource.split_at(place);
    let byte = behind.as_bytes()[0];
    format!("{before}%{byte:02X}{}", &behind[1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Base {
        Base {
            resource: "/chat?a={key}".into(),
            authority: "example.com".into(),
            scheme: "http",
            key: "dGhlIHNhbXBsZSBub25jZQ==".into(),
            headers: vec![("Sec-WebSocket-Protocol".into(), "a, b".into())],
        }
    }

    fn text(request: &Request) -> String {
        String::from_utf8(request.bytes(&base())).unwrap()
    }

    #[test]
    fn a_request_without_changes_is_what_a_client_sends_with_what_the_user_asks_for() {
        assert_eq!(
            text(&request()),
            "GET /chat?a={key} HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, b\r\n\r\n"
        );
        assert_eq!(request().to_string(), "a valid request");
    }

    #[test]
    fn a_header_is_replaced_where_it_is_and_a_new_one_is_put_at_the_end() {
        let changed = request()
            .with("Connection", "keep-alive, Upgrade")
            .with("Origin", "{scheme}://{authority}")
            .without("Sec-WebSocket-Protocol");
        let text = text(&changed);
        assert!(text.contains("websocket\r\nConnection: keep-alive, Upgrade\r\nSec-"));
        assert!(text.ends_with("13\r\nOrigin: http://example.com\r\n\r\n"));
        assert_eq!(
            changed.words(&base()),
            "a request with \"Connection: keep-alive, Upgrade\", \
             with \"Origin: http://example.com\" and without Sec-WebSocket-Protocol"
        );
    }

    #[test]
    fn a_character_beyond_ascii_is_one_byte() {
        let bytes = request().line("X: \u{e9}").bytes(&base());
        assert!(bytes.ends_with(b"\r\nX: \xE9\r\n\r\n"));
    }

    #[test]
    fn a_user_s_value_is_sent_in_utf_8() {
        let headers = vec![("X-Name".into(), "\u{e9}".into())];
        let bytes = request().bytes(&Base { headers, ..base() });
        assert!(bytes.ends_with("X-Name: \u{e9}\r\n\r\n".as_bytes()));
    }

    #[test]
    fn a_path_is_encoded_at_its_first_letter_unless_it_has_none() {
        assert_eq!(encoded("/chat?a"), "/%63hat?a");
        assert_eq!(encoded("/?a"), "/?a");
        assert_eq!(encoded("/a%2Fb"), "/a%2Fb");
    }

    #[test]
    fn what_stands_for_a_name_is_not_filled_in_again() {
        assert_eq!(
            fill("{resource} {other} {", &base()),
            "/chat?a={key} {other} {"
        );
    }

    #[test]
    fn the_elements_of_several_lists_are_read() {
        let name = "Sec-WebSocket-Protocol";
        let several = request()
            .line("sec-websocket-protocol: c,,d ")
            .replaced("Origin", "X: y\r\nSec-WebSocket-Protocol: e");
        assert_eq!(several.elements(&base(), name), ["a", "b", "c", "d", "e"]);
    }
}
