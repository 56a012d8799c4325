//! A Unix socket to listen on: its file is made with the right mode before anyone can connect, one
//! that a dead server has left is replaced, and it is removed when the server stops.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::platform::BACKLOG;

/// The file of a Unix socket. It is removed when this is dropped after the socket, unless another
/// has its name by then.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    id: FileId,
}

/// What tells a file from another: its device, its number there, which another may get, and when it
/// was made.
type FileId = (u64, u64, i64, i64);

impl Drop for SocketFile {
    fn drop(&mut self) {
        if file_id(&self.path).is_ok_and(|id| id == self.id)
            && let Ok(address) = SockAddr::unix(&self.path)
        {
            // The time is coarse, so another server may listen there. If this fails otherwise, the
            // next server replaces it.
            let _ = remove_stale(&self.path, &address);
        }
    }
}

/// Listens on a Unix socket with this path and mode. It does not block.
///
/// # Errors
///
/// [`AddrInUse`](ErrorKind::AddrInUse) when another server listens there,
/// [`AlreadyExists`](ErrorKind::AlreadyExists) when a file is there that is no socket, and what the
/// system reports.
pub(crate) fn listen(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    let address = SockAddr::unix(path)?;
    remove_stale(path, &address)?;
    let socket = stream()?;
    socket.bind(&address)?;
    // Nobody can connect before it listens.
    let path = path.to_owned();
    fs::set_permissions(&path, Permissions::from_mode(mode))?;
    let id = file_id(&path)?;
    let file = SocketFile { path, id };
    socket.listen(BACKLOG)?;
    Ok((socket.into(), file))
}

/// Removes a socket on which nobody listens.
fn remove_stale(path: &Path, address: &SockAddr) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !metadata.file_type().is_socket() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    match stream()?.connect(address) {
        // So many clients wait there that there is no room for another.
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(()) => Err(ErrorKind::AddrInUse.into()),
    }
}

fn stream() -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn file_id(path: &Path) -> io::Result<FileId> {
    let metadata = fs::symlink_metadata(path)?;
    let (changed, nanoseconds) = (metadata.ctime(), metadata.ctime_nsec());
    Ok((metadata.dev(), metadata.ino(), changed, nanoseconds))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixStream};

    use super::*;

    /// A folder that is removed with everything in it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("ws-echo-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir(&path).expect("a new folder");
            Self(path)
        }

        fn socket(&self) -> PathBuf {
            self.0.join("socket")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn kind(path: &Path) -> ErrorKind {
        listen(path, 0o600).expect_err("it is refused").kind()
    }

    #[test]
    fn its_file_has_the_mode_and_is_removed_at_the_end() {
        let folder = Folder::new("mode");
        let path = folder.socket();
        for mode in [0o600, 0o666, 0o000] {
            let (listener, file) = listen(&path, mode).expect("a socket");
            let made = fs::symlink_metadata(&path).expect("a file");
            assert!(made.file_type().is_socket());
            assert_eq!(made.permissions().mode() & 0o7777, mode);
            drop((listener, file));
            assert!(!path.exists());
        }
    }

    #[test]
    fn one_that_is_left_is_replaced_and_one_that_is_used_is_not() {
        let folder = Folder::new("stale");
        let path = folder.socket();
        drop(UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists());
        let (listener, _file) = listen(&path, 0o600).expect("it is replaced");
        assert_eq!(kind(&path), ErrorKind::AddrInUse);
        // A queue that is full.
        while stream()
            .unwrap()
            .connect(&SockAddr::unix(&path).unwrap())
            .is_ok()
        {}
        assert_eq!(kind(&path), ErrorKind::AddrInUse);
        drop(listener);
    }

    #[test]
    fn another_kind_of_file_is_never_replaced() {
        let folder = Folder::new("other");
        let path = folder.socket();
        fs::write(&path, "precious").unwrap();
        assert_eq!(kind(&path), ErrorKind::AlreadyExists);
        let link = folder.0.join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(kind(&link), ErrorKind::AlreadyExists);
        assert_eq!(kind(&folder.0), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        let datagrams = folder.0.join("datagrams");
        let _other = UnixDatagram::bind(&datagrams).unwrap();
        listen(&datagrams, 0o600).expect_err("it is used");
        assert!(datagrams.exists());
    }

    #[test]
    fn the_file_of_a_later_server_stays() {
        let folder = Folder::new("later");
        let path = folder.socket();
        let (listener, file) = listen(&path, 0o600).expect("a socket");
        drop(listener);
        let (_later, _later_file) = listen(&path, 0o600).expect("it is replaced");
        drop(file);
        UnixStream::connect(&path).expect("the later server");
    }
}
