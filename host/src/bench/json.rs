//! A payload that compresses as the messages of many applications do: JSON records with the same
//! names and other values.

use std::io::Write as _;

use super::random;

const NAMES: [&str; 8] = [
    "Ada", "Alan", "Barbara", "Edsger", "Grace", "John", "Niklaus", "Radia",
];
const CITIES: [&str; 8] = [
    "Berlin", "Cairo", "Lagos", "Lima", "Nairobi", "Oslo", "Seoul", "Toronto",
];

/// The beginning of an array of records: this many bytes of it.
pub(super) fn records(len: usize) -> Vec<u8> {
    let mut random = random::bytes();
    let mut next = || random.next().map_or(0, usize::from);
    let mut json = b"[".to_vec();
    let mut id = 100_000;
    while json.len() < len {
        id += 1 + next() % 4;
        let (name, city) = (NAMES[next() % 8], CITIES[next() % 8]);
        let (active, visits) = (next() % 2 == 0, next());
        let (whole, cents) = (next() << 8 | next(), next() % 100);
        // Writing to memory does not fail.
        let _ = write!(
            json,
            r#"{{"id":{id},"name":"{name}","city":"{city}","active":{active},"#
        );
        let _ = write!(json, r#""visits":{visits},"balance":{whole}.{cents:02}}},"#);
    }
    json.truncate(len);
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_an_array_of_records_that_is_cut() {
        let json = String::from_utf8(records(10_000)).expect("UTF-8");
        let (whole, _) = json.rsplit_once("},").expect("records");
        let records: Vec<serde_json::Value> =
            serde_json::from_str(&format!("{whole}}}]")).expect("JSON");
        assert!((80..125).contains(&records.len()), "{}", records.len());
        for record in records {
            assert!(record["balance"].is_f64() && record["active"].is_boolean());
        }
    }
}
