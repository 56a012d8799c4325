//! Text inside HTML and XML: nothing in it is markup, and no character is one that XML 1.0 forbids.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::escape::is_unsafe;

/// Shows a text as the content of an element, or as the value of an attribute in double quotation
/// marks. Line ends stay; other characters that nobody can see are shown as escapes.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' => f.write_char('\n')?,
                // > Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | ...
                '\u{fffe}' | '\u{ffff}' => write!(f, "{}", character.escape_unicode())?,
                other if is_unsafe(other) => write!(f, "{}", other.escape_default())?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let text = Escaped("<script>&\"'</script>").to_string();
        assert_eq!(text, "&lt;script&gt;&amp;&quot;&#39;&lt;/script&gt;");
    }

    #[test]
    fn no_character_is_one_that_xml_forbids() {
        for character in '\0'..=char::MAX {
            let text = Escaped(&character.to_string()).to_string();
            let is_allowed = |it: char| {
                let is_noncharacter = matches!(it, '\u{fffe}' | '\u{ffff}');
                it == '\n' || it >= ' ' && !is_noncharacter
            };
            assert!(text.chars().all(is_allowed), "{character:?}");
        }
    }
}
