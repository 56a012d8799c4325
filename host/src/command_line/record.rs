//! The flags of recordings.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::quantity;
use crate::options::serve::RecordOptions;

const MAX_LEN_DEFAULT: u64 = 16 << 20;
const MAX_FILES_DEFAULT: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

#[derive(Args)]
pub(super) struct RecordArguments {
    /// Record each connection in a file of this folder, for ws-echo replay and for people
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,

    /// The size of a recording at which it ends, at least 256KiB [default: 16MiB]
    #[arg(long, value_name = "SIZE", value_parser = quantity::recording_len)]
    record_max_size: Option<u64>,

    /// How many recordings the server makes at most [default: 1000]
    #[arg(long, value_name = "NUMBER", value_parser = quantity::limit)]
    record_max_files: Option<NonZeroUsize>,
}

impl RecordArguments {
    /// Returns what is recorded; `None` for nothing. The error says which flag is missing.
    pub(super) fn into_options(self) -> Result<Option<RecordOptions>, &'static str> {
        match (self.record, self.record_max_size, self.record_max_files) {
            (Some(folder), max_len, max_files) => Ok(Some(RecordOptions {
                folder,
                max_len: max_len.unwrap_or(MAX_LEN_DEFAULT),
                max_files: max_files.unwrap_or(MAX_FILES_DEFAULT),
            })),
            (None, Some(_), _) => Err("--record-max-size needs --record: name the folder too"),
            (None, None, Some(_)) => Err("--record-max-files needs --record: name the folder too"),
            (None, None, None) => Ok(None),
        }
    }
}
