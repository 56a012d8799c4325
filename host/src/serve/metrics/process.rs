//! What the system knows of this process.

/// How many files it has open; `None` if the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn open_files() -> Option<u64> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?;
    // One of them is this folder.
    Some((files.count() as u64).saturating_sub(1))
}

/// How many files it has open; `None` if the system does not tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn open_files() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_is_opened_is_counted() {
        // Other tests open and close files at the same time.
        let files: Vec<_> = (0..500).map(|_| std::fs::File::open("/dev/null")).collect();
        let open = super::open_files().expect("the system tells");
        assert!(open >= files.iter().filter(|file| file.is_ok()).count() as u64);
    }
}
