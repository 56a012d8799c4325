//! Lines are added, whatever happens to the file.

use std::fs;

use super::*;

/// A folder of a test's own, which is removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("ws-echo-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

#[test]
fn lines_are_added_to_what_is_there() {
    let folder = Folder::new("added");
    let path = folder.file("log");
    fs::write(&path, "old\n").expect("a file");
    let mut log = LogFile::open(&path).expect("a file");
    log.write_line("new\n").expect("room");
    assert_eq!(text(&path), "old\nnew\n");
}

#[test]
fn a_file_that_was_moved_away_is_made_again() {
    let folder = Folder::new("moved");
    let (path, moved) = (folder.file("log"), folder.file("log.1"));
    let mut log = LogFile::open(&path).expect("a file");
    log.write_line("1\n").expect("room");
    fs::rename(&path, &moved).expect("it is moved");
    log.write_line("2\n").expect("room");
    log.reopen();
    log.write_line("3\n").expect("room");
    assert_eq!((text(&moved), text(&path)), ("1\n2\n".into(), "3\n".into()));
}

#[test]
fn a_file_that_cannot_be_opened_again_is_written_further() {
    let folder = Folder::new("kept");
    let (path, moved) = (folder.file("log"), folder.file("log.1"));
    let mut log = LogFile::open(&path).expect("a file");
    fs::rename(&path, &moved).expect("it is moved");
    fs::create_dir(&path).expect("a folder in its place");
    log.reopen();
    log.write_line("1\n").expect("room");
    assert_eq!(text(&moved), "1\n");
}

#[test]
fn the_line_behind_one_that_was_cut_begins_a_new_one() {
    let folder = Folder::new("cut");
    let path = folder.file("log");
    let mut log = LogFile::open(&path).expect("a file");
    log.write_all("hal").expect("room");
    log.is_line_cut = true;
    log.write_line("whole\n").expect("room");
    log.write_line("next\n").expect("room");
    assert_eq!(text(&path), "hal\nwhole\nnext\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_each_time_and_told_once() {
    let mut log = LogFile::open(Path::new("/dev/full")).expect("a device");
    for _ in 0..2 {
        let error = log.write_line("lost\n").expect_err("it is full");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert!(log.is_failure_told && !log.is_line_cut);
    }
}

#[cfg(unix)]
#[test]
fn a_new_file_is_for_its_owner_and_group() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new("mode");
    let path = folder.file("log");
    LogFile::open(&path).expect("a file");
    let mode = fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777 & !MODE, 0, "{mode:o}");
}
