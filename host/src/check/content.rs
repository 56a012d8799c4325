//! Content as real messages have it: made, always the same, and as hard to compress as what it is
//! like.

use std::sync::OnceLock;

/// How much there is of each, in bytes.
pub const CONTENT_LEN: usize = 256 << 10;

/// A kind of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Records in JSON; ASCII.
    Json,
    /// A picture of 512 pixels in a row, not compressed.
    Picture,
    /// Text with letters beyond ASCII.
    Prose,
    /// Tables in HTML; ASCII.
    Html,
    /// Text between parts that are compressed already, as in a PDF.
    Document,
}

impl Content {
    /// All of it.
    pub fn bytes(self) -> &'static [u8] {
        static MADE: [OnceLock<Vec<u8>>; 5] = [const { OnceLock::new() }; 5];
        MADE[self as usize].get_or_init(|| self.make())
    }

    /// So many bytes from a place on; behind the end follows the beginning.
    pub fn part(self, start: usize, len: usize) -> Vec<u8> {
        let all = self.bytes();
        let mut part = Vec::with_capacity(len);
        let mut place = start % CONTENT_LEN;
        while part.len() < len {
            let some = (len - part.len()).min(CONTENT_LEN - place);
            part.extend_from_slice(&all[place..place + some]);
            place = 0;
        }
        part
    }

    fn make(self) -> Vec<u8> {
        let mut numbers = Numbers(0x5EED);
        let mut bytes = Vec::with_capacity(CONTENT_LEN + 1024);
        while bytes.len() < CONTENT_LEN {
            match self {
                Self::Json => numbers.record(&mut bytes),
                Self::Picture => numbers.row(&mut bytes),
                Self::Prose => numbers.sentence(&mut bytes),
                Self::Html => numbers.table_row(&mut bytes),
                Self::Document => numbers.object(&mut bytes),
            }
        }
        bytes.truncate(CONTENT_LEN);
        bytes
    }
}

const WORDS: [&str; 24] = [
    "anchor", "basket", "candle", "desert", "engine", "forest", "garden", "harbor", "island",
    "jacket", "kettle", "ladder", "mirror", "needle", "orange", "pencil", "quartz", "ribbon",
    "saddle", "temple", "urchin", "valley", "window", "yellow",
];
const PROSE: [&str; 16] = [
    "der", "schöne", "Morgen", "über", "dem", "Fluß", "trägt", "die", "grüne", "Wiese", "und",
    "ein", "Vogel", "singt", "früh", "allein",
];

/// Numbers that look random (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: u64) -> u64 {
        (self.next() >> 16) % most
    }

    fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len() as u64) as usize]
    }

    fn record(&mut self, bytes: &mut Vec<u8>) {
        let (id, price) = (self.below(100_000), self.below(100_000));
        let (name, tag, other) = (
            self.one_of(&WORDS),
            self.one_of(&WORDS),
            self.one_of(&WORDS),
        );
        let record = format!(
            "{{\"id\":{id},\"name\":\"{name} {tag}\",\"price\":{}.{:02},\"tags\":[\"{tag}\",\
             \"{other}\"],\"sold\":{}}},\n",
            price / 100,
            price % 100,
            price % 2 == 0
        );
        bytes.extend(record.as_bytes());
    }

    fn row(&mut self, bytes: &mut Vec<u8>) {
        let y = bytes.len() as u64 / 512;
        for x in 0..512 {
            let shade = (x * x / 2048 + y * y / 1024 + x * y / 4096) % 240;
            bytes.push((shade + self.below(8)) as u8);
        }
    }

    fn sentence(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..5 + self.below(8) {
            bytes.extend(self.one_of(&PROSE).as_bytes());
            bytes.push(b' ');
        }
        bytes.extend(b"-\r\n");
    }

    fn table_row(&mut self, bytes: &mut Vec<u8>) {
        let (class, name) = (self.one_of(&WORDS), self.one_of(&WORDS));
        let row = format!(
            "<tr class=\"{class}\"><td><a href=\"/{name}/{}\">{name}</a></td><td>{}</td></tr>\r\n",
            self.below(1000),
            self.below(1_000_000)
        );
        bytes.extend(row.as_bytes());
    }

    fn object(&mut self, bytes: &mut Vec<u8>) {
        let len = 200 + self.below(2000);
        let head = format!(
            "{} 0 obj\n<< /Length {len} /Filter /FlateDecode >>\nstream\n",
            len % 97
        );
        bytes.extend(head.as_bytes());
        bytes.extend((0..len).map(|_| self.below(256) as u8));
        bytes.extend(b"\nendstream\nendobj\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_reaches_the_end_goes_on_at_the_beginning() {
        let all = Content::Json.bytes();
        assert_eq!(all.len(), CONTENT_LEN);
        let part = Content::Json.part(CONTENT_LEN - 2, 5);
        assert_eq!(part, [&all[CONTENT_LEN - 2..], &all[..3]].concat());
    }

    #[test]
    fn what_is_sent_as_text_can_be_cut_anywhere() {
        assert!(Content::Json.bytes().is_ascii());
        assert!(Content::Html.bytes().is_ascii());
        assert!(!Content::Prose.bytes().is_ascii());
    }
}
