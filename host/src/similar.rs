//! Which known name a misspelled one may be.

/// How similar two names must be to be offered, from 0 to 1: `lisen` is `listen`, and `port` is not
/// `subprotocol`.
const LEAST: f64 = 0.5;

/// Returns the known name that is most similar to another, if one is similar enough.
pub(crate) fn most_similar<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .filter(|known| is_similar(name, known))
        .max_by(|a, b| similarity(name, a).total_cmp(&similarity(name, b)))
}

/// Returns the known names that are most similar to another, the most similar first, if they are
/// similar enough.
pub(crate) fn similar<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
    max: usize,
) -> Vec<&'a str> {
    let mut similar: Vec<_> = known.filter(|known| is_similar(name, known)).collect();
    similar.sort_by(|a, b| similarity(name, b).total_cmp(&similarity(name, a)));
    similar.truncate(max);
    similar
}

/// Returns whether two names are nearly the same, or one is a part of the other.
pub(crate) fn is_similar(name: &str, known: &str) -> bool {
    let is_part = name.len() > 2 && known.contains(name) || name.contains(known);
    is_part || similarity(name, known) >= LEAST
}

fn similarity(name: &str, known: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(name, known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_name_is_similar_and_another_word_is_not() {
        for (name, known) in [
            ("lisen", "listen"),
            ("log", "log-level"),
            ("tls", "tls-key"),
        ] {
            assert!(is_similar(name, known), "{name}");
        }
        for (name, known) in [
            ("port", "subprotocol"),
            ("user", "insecure"),
            ("verbose", "version"),
            ("no-greeting", "no-page"),
            ("e", "welcome"),
        ] {
            assert!(!is_similar(name, known), "{name}");
        }
    }

    #[test]
    fn the_most_similar_name_is_found() {
        let known = || ["ping-interval", "ping-timeout", "path"].into_iter();
        assert_eq!(most_similar("ping-timeouts", known()), Some("ping-timeout"));
        assert_eq!(most_similar("cookie", known()), None);
    }
}
