//! A folder for the files of one test.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// An empty folder among temporary files. It is removed when this is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes a folder; no other test of this process may use the same name.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    pub fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("ws-echo-{}-{name}", process::id()));
        fs::create_dir(&folder).expect("a folder can be made");
        Self(folder)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
