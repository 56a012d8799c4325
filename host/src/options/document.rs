//! What the program writes about itself: a script for a shell, or man pages.

use std::path::PathBuf;

/// What is written, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Documents {
    /// One, to stdout.
    Stdout(Document),
    /// Each to a file of this folder.
    Folder(PathBuf, Vec<Document>),
}

/// A text and the name of its file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) text: String,
}
