//! The grammar of `Forwarded` (RFC 7239 section 4). It is read from the right: what a trusted proxy
//! has added is understood whatever is to the left of it, such as a quote that a client has opened.

use crate::http_token::is_token;

/// What one proxy says: `for=192.0.2.1;host=echo.example;proto=https`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// The value of `for`.
    pub(super) client: Option<&'a [u8]>,
    pub(super) host: Option<&'a [u8]>,
    /// The value of `proto`.
    pub(super) scheme: Option<&'a [u8]>,
}

impl<'a> Element<'a> {
    /// Reads an element; `None` if it is malformed.
    pub(super) fn parse(element: &'a [u8]) -> Option<Self> {
        let mut found = Self::default();
        for pair in rsplit(element, b';') {
            let equals = pair.iter().position(|&byte| byte == b'=')?;
            let (name, value) = (&pair[..equals], unquoted(&pair[equals + 1..])?);
            let place = match name.to_ascii_lowercase().as_slice() {
                b"for" => &mut found.client,
                b"host" => &mut found.host,
                b"proto" => &mut found.scheme,
                // `by`, and extensions.
                _ if str::from_utf8(name).is_ok_and(is_token) => continue,
                _ => return None,
            };
            // > Each parameter MUST NOT occur more than once per field-value.
            if place.replace(value).is_some() {
                return None;
            }
        }
        Some(found)
    }
}

/// The value of a pair; `None` if it is malformed. An escape is kept as it is: no address and no
/// host needs one.
fn unquoted(value: &[u8]) -> Option<&[u8]> {
    match value {
        [b'"', value @ .., b'"'] => Some(value),
        // Some proxies do not quote the colon of a port.
        value => (!value.is_empty() && !value.contains(&b'"')).then_some(value),
    }
}

/// The parts of a list, the last one first, without spaces around them and without those that are
/// empty. A separator in quotes is none. If a quote is not opened, what is to the left of it is one
/// part.
pub(super) fn rsplit(list: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(list);
    let parts = std::iter::from_fn(move || {
        let all = rest?;
        let part = match last_separator(all, separator) {
            Some(place) => {
                rest = Some(&all[..place]);
                &all[place + 1..]
            }
            None => {
                rest = None;
                all
            }
        };
        Some(part.trim_ascii())
    });
    parts.filter(|part| !part.is_empty())
}

/// Where the last separator is that is not in quotes.
fn last_separator(list: &[u8], separator: u8) -> Option<usize> {
    let mut is_quoted = false;
    for (place, &byte) in list.iter().enumerate().rev() {
        if byte == b'"' {
            // From the right, the first quote closes. The one that opens is not escaped.
            let escapes = list[..place].iter().rev().take_while(|&&it| it == b'\\');
            if !is_quoted || escapes.count() % 2 == 0 {
                is_quoted = !is_quoted;
            }
        } else if byte == separator && !is_quoted {
            return Some(place);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(list: &str) -> Vec<&str> {
        let parts = rsplit(list.as_bytes(), b',');
        parts
            .map(|part| str::from_utf8(part).expect("text"))
            .collect()
    }

    #[test]
    fn a_list_is_split_from_the_right_outside_of_quotes() {
        assert_eq!(parts("a, b ,,\tc,"), ["c", "b", "a"]);
        assert_eq!(
            parts(r#"a="1,2", b="x\",y" , c="\\",d"#),
            ["d", r#"c="\\""#, r#"b="x\",y""#, r#"a="1,2""#]
        );
        assert_eq!(
            parts(r#"evil=", for=192.0.2.1"#),
            ["for=192.0.2.1", r#"evil=""#]
        );
        assert_eq!(
            parts(r#"evil=", for="[::1]""#),
            [r#"for="[::1]""#, r#"evil=""#]
        );
        assert_eq!(parts(r#"a,b"c"#), [r#"a,b"c"#]);
        assert!(parts(" , ,").is_empty());
    }

    #[test]
    fn an_element_has_each_parameter_once() {
        let element = Element::parse(br#"For="[::1]:80"; PROTO=https;host="a,b";by=_x;secret=1"#);
        let expected = Element {
            client: Some(b"[::1]:80"),
            host: Some(b"a,b"),
            scheme: Some(b"https"),
        };
        assert_eq!(element, Some(expected));
        for malformed in [
            &b"for"[..],
            b"for=",
            b"for=\"",
            b"for=a\"b",
            b"for=1;for=2",
            b"=1",
            b"f r=1",
            b"for=1;\xff=1",
        ] {
            let shown = malformed.escape_ascii();
            assert_eq!(Element::parse(malformed), None, "{shown}");
        }
    }
}
