//! The cases that are known to fail: a file with an id on each line, and comments behind `#`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::CaseResult;

/// The ids in a text.
pub(crate) fn read(text: &str) -> BTreeSet<String> {
    let id = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    text.lines().map(id).filter(|id| !id.is_empty()).collect()
}

/// The ids in a file.
///
/// # Errors
///
/// When it cannot be read.
pub(crate) fn open(path: &Path) -> io::Result<BTreeSet<String>> {
    Ok(read(&fs::read_to_string(path)?))
}

/// A file that lists these cases, with what was seen behind each.
pub(crate) fn written<'a>(results: impl IntoIterator<Item = &'a CaseResult>) -> String {
    let mut text = String::from("# Cases that are known to fail, for --baseline.\n");
    for result in results {
        let claim = result.case.claim.replace(char::is_control, " ");
        text += &format!("{}  # {claim}\n", result.case.id);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_has_an_id_on_each_line_and_comments() {
        let ids = read("# known\n\n5.5.2-a  # why\r\n\t7.4-b\n#5.1-c\n");
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["5.5.2-a", "7.4-b"]);
    }
}
