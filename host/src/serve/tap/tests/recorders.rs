//! What the recorder does at its limits.

use std::sync::mpsc::Receiver;
use std::time::SystemTime;

use super::*;
use crate::serve::tap::gathered::{Budget, Gathered, MEMORY_FOR_MESSAGES};
use crate::serve::tap::record_file::{Entry, LINE_WEIGHT};
use crate::serve::tap::recorder::QUEUE_WEIGHT;

/// How many light lines the queue takes.
const QUEUE_LEN: usize = QUEUE_WEIGHT / LINE_WEIGHT;

#[test]
fn no_more_files_are_made_than_the_limit_says() {
    let mut folder = Folder::new(3);
    let counts = [(); 5].map(|()| folder.lines(&[(Side::Client, REQUEST)]).len());
    assert_eq!(counts, [2, 2, 2, 0, 0]);
    assert_eq!(fs::read_dir(&folder.path).expect("a folder").count(), 3);
}

#[test]
fn a_head_of_any_bytes_fits_the_smallest_file() {
    let mut folder = Folder::new(10);
    for byte in [b"\xFF\n", b"\x01\n", b":\n", b"\"\n"] {
        let head = byte.repeat(HEAD_LEN_MAX / 2);
        let lines = folder.lines(&[(Side::Client, &head)]);
        assert!(
            matches!(
                &lines[..],
                [Line::Request(_), Line::Invalid(_), Line::End(_)]
            ),
            "{byte:?}"
        );
    }
}

#[test]
fn a_file_name_is_taken_by_every_file_system() {
    let peer: SocketAddr = "[fe80::1%3]:80".parse().expect("an address");
    let name = recorder::name(SystemTime::UNIX_EPOCH, peer.into());
    assert_eq!(name, "1970-01-01T00-00-00.000000Z-fe80--1-80");
}

#[cfg(unix)]
#[test]
fn folder_and_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut folder = Folder::new(1);
    folder.lines(&[(Side::Client, REQUEST)]);
    let mode = |path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(folder.path.clone()), 0o700);
    let file = fs::read_dir(&folder.path).expect("a folder").next();
    assert_eq!(mode(file.expect("one").expect("a file").path()), 0o600);
}

/// A recorder whose queue nobody empties until the test does.
fn stopped(files: usize) -> (ConnectionRecording, Receiver<Entry>) {
    let (recorder, entries) = Recorder::new(files);
    let peer = SocketAddr::from(([127, 0, 0, 1], 1)).into();
    (
        ConnectionRecording::new(Arc::new(recorder), peer, None),
        entries,
    )
}

/// The lines that wait in the queue, which is empty then.
fn taken(entries: &Receiver<Entry>, recording: &ConnectionRecording) -> Vec<String> {
    let recorder = recording.recorder();
    let lines = entries.try_iter().map(|entry| match entry {
        Entry::Line { line, weight, .. } => {
            recorder.taken(weight);
            without_time(*line).to_json()
        }
        Entry::Flush(_) => String::new(),
    });
    lines.collect()
}

fn ping() -> messages::Found<'static> {
    messages::Found::Control(messages::PING, b"")
}

#[test]
fn lines_that_find_no_room_are_counted_where_they_are_missing() {
    let (mut recording, entries) = stopped(1);
    recording.head(
        Side::Client,
        &head::HeadReader::default().into_head(Secrets::Hidden),
    );
    for _ in 0..QUEUE_LEN + 6 {
        recording.found(Side::Client, ping());
    }
    assert_eq!(taken(&entries, &recording).len(), QUEUE_LEN);
    recording.found(Side::Client, ping());
    recording.found(Side::Client, ping());
    let lines = taken(&entries, &recording);
    assert!(
        lines[0].contains(r#""type":"missing","after":0.0,"lines":7"#),
        "{lines:?}"
    );
    assert!(lines[1].contains(r#""type":"ping""#) && lines[1] == lines[2]);
    assert_eq!(lines.len(), 3);
    for _ in 0..QUEUE_LEN + 2 {
        recording.found(Side::Client, ping());
    }
    recording.end(EndedBy::Client, "end of stream");
    let lines = taken(&entries, &recording);
    let [.., missing, end] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert!(missing.contains(r#""lines":2"#) && end.contains("end of stream"));
    assert_eq!(lines.len(), QUEUE_LEN + 2);
}

#[test]
fn a_recording_begins_while_others_find_no_room_but_not_without_bound() {
    let (mut first, entries) = stopped(1 << 20);
    let mut heavy = head::HeadReader::default();
    let mut bytes = &b"a: b\n".repeat(3000)[..];
    heavy.read(&mut bytes);
    let heavy = heavy.into_head(Secrets::Hidden);
    first.head(Side::Client, &heavy);
    for _ in 0..QUEUE_LEN {
        first.found(Side::Client, ping());
    }
    let recorder = first.recorder();
    let peer = SocketAddr::from(([127, 0, 0, 1], 2)).into();
    let begins = || {
        let mut recording = ConnectionRecording::new(recorder.clone(), peer, None);
        recording.head(Side::Client, &heavy);
        !recording.is_over()
    };
    let begun = (0..1000).take_while(|_| begins()).count();
    assert!((10..50).contains(&begun), "{begun}");
    taken(&entries, &first);
    assert!(begins());
}

#[test]
fn a_recording_that_does_not_begin_leaves_its_file_to_another() {
    let (first, entries) = stopped(1);
    let recorder = first.recorder();
    let head = head::HeadReader::default().into_head(Secrets::Hidden);
    let peer = SocketAddr::from(([127, 0, 0, 1], 2)).into();
    let begins = || {
        let mut recording = ConnectionRecording::new(recorder.clone(), peer, None);
        recording.head(Side::Client, &head);
        !recording.is_over()
    };
    recorder.fill();
    assert!(!begins());
    recorder.taken(usize::MAX / 2);
    assert!(begins() && !begins());
    assert_eq!(taken(&entries, &first).len(), 1);
}

#[test]
fn messages_take_no_more_memory_than_there_is_for_all() {
    let budget = Arc::new(Budget::new(MEMORY_FOR_MESSAGES));
    let payload = vec![0; MESSAGE_LEN_MAX];
    let frame = frame(Side::Server, 0x82, &payload);
    let gather = || {
        let mut frames = frame::FrameReader::new();
        let mut gathered = Gathered::new(budget.clone());
        let mut bytes = &frame[..];
        while let Some(piece) = frames.next(&mut bytes) {
            if let frame::Piece::Payload(payload) = piece {
                gathered.append(payload);
            }
        }
        gathered
    };
    let count = MEMORY_FOR_MESSAGES / MESSAGE_LEN_MAX;
    let all: Vec<_> = (0..count + 2).map(|_| gather().into_parts()).collect();
    let lens: Vec<_> = all.iter().map(|(bytes, _)| bytes.len()).collect();
    assert!(lens[..count].iter().all(|len| *len == MESSAGE_LEN_MAX));
    assert_eq!(lens[count..], [0, 0]);
    drop(all);
    assert_eq!(gather().into_parts().0.len(), MESSAGE_LEN_MAX);
}

#[test]
fn a_folder_that_is_a_file_cannot_be_recorded_to() {
    let folder = Folder::new(1);
    let file = folder.path.join("file");
    fs::write(&file, "").expect("a file");
    for path in [file.clone(), file.join("below")] {
        let options = RecordOptions {
            folder: path,
            max_len: RECORDING_LEN_MIN,
            max_files: NonZeroUsize::MIN,
        };
        assert!(Recorder::start(&options).is_err());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_follows_a_line_that_a_full_disk_did_not_take() {
    use crate::serve::tap::record_file::{FileState, RecordFile};
    let mut folder = Folder::new(2);
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let file = Arc::new(RecordFile {
        name: "full".into(),
        state: FileState::Open(full.expect("a device"), 0).into(),
    });
    let missing = Line::Missing(crate::recording::Missing {
        after: 0.0,
        lines: 1,
    });
    assert!(folder.recorder.queue(&file, missing, None));
    folder.recorder.finish();
    let state = file.state.lock().expect("no panic");
    assert!(matches!(*state, FileState::Over));
    // Other recordings go on.
    assert_eq!(folder.lines(&[(Side::Client, REQUEST)]).len(), 2);
}
