//! Takes the lines of recordings to the thread that writes them, by a bounded queue. The server
//! never waits: what there is no room for is missing in the recording, which says so.

use std::fs;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use log::{info, warn};

use crate::escape::OneLine;
use crate::lock::lock;
use crate::logging::event;
use crate::logging::target::RECORD;
use crate::options::serve::RecordOptions;
use crate::quantity::{Count, Size};
use crate::recording::Line;
use crate::serve::peer::Peer;
use crate::serve::rate_limited_counter::RateLimitedCounter;
use crate::serve::tap::gathered::{Budget, MEMORY_FOR_MESSAGES, Reserved};
use crate::serve::tap::record_file::{Entry, FileState, RecordFile, make_file, weight};
use crate::serve::tap::record_writer::RecordWriter;
use crate::utc::Utc;

/// What the lines that wait to be written may weigh, in bytes. The first lines of recordings may
/// weigh more, and for their last lines there is always room.
pub(super) const QUEUE_WEIGHT: usize = 32 << 20;
const QUEUE_WEIGHT_TO_BEGIN: usize = 40 << 20;
/// The longest time that [`Recorder::finish`] waits.
const FINISH_TIME_MAX: Duration = Duration::from_secs(2);

/// Where connections are recorded to.
#[derive(Debug)]
pub(crate) struct Recorder {
    queue: Sender<Entry>,
    /// What the lines in the queue weigh.
    waiting: Arc<AtomicUsize>,
    budget: Arc<Budget>,
    /// How many more files may be made.
    files_left: AtomicUsize,
    files_max: usize,
    /// Whether the log says that there are no more files.
    is_end_logged: AtomicBool,
    /// Recordings that could not begin because the queue was full.
    not_begun: Mutex<RateLimitedCounter>,
}

impl Recorder {
    /// Makes the folder if it is missing, and starts the writing thread.
    ///
    /// # Errors
    ///
    /// When no file can be made in the folder, or no thread started.
    pub(crate) fn start(options: &RecordOptions) -> io::Result<Self> {
        make_folder(options)?;
        let (recorder, entries) = Self::new(options.max_files.get());
        let writer = RecordWriter::new(entries, recorder.waiting.clone(), options.clone());
        thread::Builder::new()
            .name("recorder".into())
            .spawn(move || writer.run())?;
        let folder = options.folder.display().to_string();
        info!(
            target: RECORD, event = event::RECORDING, connections_max = recorder.files_max;
            "up to {} are recorded in {} (--record-max-files), each up to {} \
             (--record-max-size)",
            Count(recorder.files_max as u64, "connection"),
            OneLine(&folder),
            Size(options.max_len),
        );
        Ok(recorder)
    }

    /// A recorder of so many files, and what comes out of its queue.
    pub(super) fn new(files_max: usize) -> (Self, Receiver<Entry>) {
        let (queue, entries) = mpsc::channel();
        let recorder = Self {
            queue,
            waiting: Arc::default(),
            budget: Arc::new(Budget::new(MEMORY_FOR_MESSAGES)),
            files_left: AtomicUsize::new(files_max),
            files_max,
            is_end_logged: AtomicBool::new(false),
            not_begun: Mutex::default(),
        };
        (recorder, entries)
    }

    pub(super) fn budget(&self) -> Arc<Budget> {
        self.budget.clone()
    }

    /// Begins a file with its first line, a request. `None` if there may be no more files, or if
    /// the queue is full.
    pub(super) fn begin(
        &self,
        time: SystemTime,
        peer: Peer,
        line: Line,
    ) -> Option<Arc<RecordFile>> {
        if !self.take_file() {
            return None;
        }
        let file = Arc::new(RecordFile {
            name: name(time, peer),
            state: Mutex::new(FileState::NotMade),
        });
        if self.has_room(QUEUE_WEIGHT_TO_BEGIN) {
            self.queue_anyway(&file, line, None);
            return Some(file);
        }
        self.files_left.fetch_add(1, Ordering::Relaxed);
        if let Some(count) = lock(&self.not_begun).add(Instant::now()) {
            warn!(
                target: RECORD, event = event::NOT_RECORDED, count = count;
                "{} not recorded since the last such line: recordings are not written as fast as \
                 they are made",
                Count(count, "connection")
            );
        }
        None
    }

    fn take_file(&self) -> bool {
        let order = Ordering::Relaxed;
        let less = |left: usize| left.checked_sub(1);
        let is_taken = self.files_left.fetch_update(order, order, less).is_ok();
        if !is_taken && !self.is_end_logged.swap(true, order) {
            let max = self.files_max;
            warn!(
                target: RECORD, event = event::RECORDINGS_FULL, limit = max;
                "no more connections are recorded: {} made (--record-max-files)",
                Count(max as u64, "recording")
            );
        }
        is_taken
    }

    /// Queues a line, unless too many wait. Returns whether there was room for it.
    #[must_use]
    pub(super) fn queue(
        &self,
        file: &Arc<RecordFile>,
        line: Line,
        reserved: Option<Reserved>,
    ) -> bool {
        let has_room = self.has_room(QUEUE_WEIGHT);
        if has_room {
            self.queue_anyway(file, line, reserved);
        }
        has_room
    }

    /// Queues one of the last lines of a recording.
    pub(super) fn queue_last(&self, file: &Arc<RecordFile>, line: Line) {
        self.queue_anyway(file, line, None);
    }

    fn has_room(&self, max: usize) -> bool {
        self.waiting.load(Ordering::Relaxed) < max
    }

    fn queue_anyway(&self, file: &Arc<RecordFile>, line: Line, reserved: Option<Reserved>) {
        let weight = weight(&line);
        self.waiting.fetch_add(weight, Ordering::Relaxed);
        let _ = self.queue.send(Entry::Line {
            file: file.clone(),
            line: Box::new(line),
            weight,
            reserved,
        });
    }

    /// A test leaves no room in the queue.
    #[cfg(test)]
    pub(super) fn fill(&self) {
        self.waiting.fetch_add(usize::MAX / 2, Ordering::Relaxed);
    }

    /// A test has taken a line with this weight from the queue.
    #[cfg(test)]
    pub(super) fn taken(&self, weight: usize) {
        self.waiting.fetch_sub(weight, Ordering::Relaxed);
    }

    /// Waits until everything is written that was recorded so far, but no longer than two seconds.
    pub(crate) fn finish(&self) {
        let (done, is_done) = mpsc::sync_channel(1);
        let _ = self.queue.send(Entry::Flush(done));
        let _ = is_done.recv_timeout(FINISH_TIME_MAX);
    }
}

/// Makes the folder for its owner only, unless it exists, and looks whether a file can be made in
/// it.
fn make_folder(options: &RecordOptions) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&options.folder)?;
    let probe = options
        .folder
        .join(format!(".ws-echo-{}", std::process::id()));
    match make_file(&probe) {
        Ok(_) => fs::remove_file(&probe),
        // It is left from another process, which could make it.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A file name of the beginning of a connection and its client. Every file system takes its
/// characters.
pub(super) fn name(time: SystemTime, peer: Peer) -> String {
    let is_safe = |character: char| character.is_ascii_alphanumeric() || ".-".contains(character);
    let safe = |character: char| if is_safe(character) { character } else { '-' };
    let time = Utc(time);
    let name = match peer.address() {
        Some(address) => format!("{time}-{}-{}", address.ip(), address.port()),
        None => format!("{time}-{peer}"),
    };
    name.chars().map(safe).collect()
}
