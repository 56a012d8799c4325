//! What clients have asked for, for the list of connections: an idle client itself does not keep it.

use super::listed::LISTED_MAX;

/// The targets of the requests of those clients that are listed first: by their keys.
#[derive(Debug, Default)]
pub(crate) struct Targets(Vec<Option<Box<str>>>);

impl Targets {
    /// Notes the target of a client, if there is a place for it.
    pub(crate) fn set(&mut self, key: usize, target: Box<str>) {
        if key >= LISTED_MAX {
            return;
        }
        if key >= self.0.len() {
            self.0.resize(key + 1, None);
        }
        self.0[key] = Some(target);
    }

    /// The target of a client, if it was noted.
    pub(crate) fn of(&self, key: usize) -> Option<&str> {
        self.0.get(key)?.as_deref()
    }

    /// A client is gone.
    pub(crate) fn forget(&mut self, key: usize) {
        if let Some(target) = self.0.get_mut(key) {
            *target = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_kept_until_its_client_is_gone_and_beyond_the_list_not_at_all() {
        let mut targets = Targets::default();
        for key in [5, LISTED_MAX - 1, LISTED_MAX] {
            targets.set(key, format!("/{key}").into());
        }
        assert_eq!(targets.of(5), Some("/5"));
        assert_eq!(targets.of(LISTED_MAX - 1), Some("/999"));
        for key in [0, LISTED_MAX, usize::MAX] {
            assert_eq!(targets.of(key), None);
            targets.forget(key);
        }
        targets.forget(5);
        assert_eq!(targets.of(5), None);
    }
}
