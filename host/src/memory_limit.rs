//! The memory that this process may use together with others: the limit of its control groups
//! (cgroups), by which Linux limits a container or a service.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// A number from here on stands for no limit. Version 1 has no other word for it.
const NO_LIMIT: u64 = 1 << 62;

/// The limit in bytes, the least of all that apply; `None` if there is none, if it cannot be read,
/// and on other systems.
pub(crate) fn memory_limit() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    limit_below(Path::new("/"))
}

/// The limit that the files below this folder show.
fn limit_below(root: &Path) -> Option<u64> {
    let read = |path| {
        let bytes = fs::read(root.join(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let groups = read("proc/self/cgroup")?;
    let mounts = read("proc/self/mountinfo")?;
    let mounts = mounts.lines().filter_map(Mount::parse);
    mounts
        .flat_map(|mount| mount.files(&groups))
        .filter_map(|file| limit_of(&root.join(file)))
        .min()
}

/// The limit in a file. Without one, the file has a word or a huge number.
fn limit_of(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let limit = text.trim().parse().ok()?;
    (limit < NO_LIMIT).then_some(limit)
}

/// The two versions of control groups. Both can be there at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Version {
    /// The file of a group with the limit of its memory.
    fn file(self) -> &'static str {
        match self {
            Self::One => "memory.limit_in_bytes",
            Self::Two => "memory.max",
        }
    }

    /// The group of this process, from the lines of its `cgroup`: `NUMBER:CONTROLLERS:GROUP`.
    fn group(self, groups: &str) -> Option<&Path> {
        groups.lines().find_map(|line| {
            let (_, line) = line.split_once(':')?;
            let (controllers, group) = line.split_once(':')?;
            let is_it = match self {
                Self::One => has_memory(controllers),
                Self::Two => controllers.is_empty(),
            };
            is_it.then_some(Path::new(group))
        })
    }
}

/// Where the groups are shown as folders.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    version: Version,
    /// The group that is shown there.
    group: PathBuf,
    /// Its folder, relative to the root of all files.
    folder: PathBuf,
}

impl Mount {
    /// Reads a line of `mountinfo`; `None` if it shows no groups with limits of memory.
    fn parse(line: &str) -> Option<Self> {
        let (place, kind) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (group, folder) = (place.next()?, place.next()?);
        let mut kind = kind.split(' ');
        let version = match (kind.next()?, kind.nth(1)?) {
            ("cgroup2", _) => Version::Two,
            ("cgroup", options) if has_memory(options) => Version::One,
            _ => return None,
        };
        Some(Self {
            version,
            group: group.into(),
            folder: folder.trim_start_matches('/').into(),
        })
    }

    /// The files with the limits: of the process's group, and of each that contains it.
    fn files(&self, groups: &str) -> Vec<PathBuf> {
        let group = self.version.group(groups).unwrap_or(Path::new("/"));
        let inner = group.strip_prefix(&self.group).unwrap_or(Path::new(""));
        // The process may be in a group that its container does not show.
        let is_shown = inner.components().all(|it| it != Component::ParentDir);
        let inner = if is_shown { inner } else { Path::new("") };
        let folders = inner.ancestors().map(|inner| self.folder.join(inner));
        folders.map(|it| it.join(self.version.file())).collect()
    }
}

/// Whether memory is in a list with commas.
fn has_memory(list: &str) -> bool {
    list.split(',').any(|item| item == "memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION_2: &str = "30 23 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw,nsdelegate";
    const BOTH: &str = "\
        22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
        34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n\
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";

    /// A folder with files as a system would show them.
    struct System(PathBuf);

    impl System {
        /// `files` are those of groups, below `sys/fs/cgroup`, each with its content.
        fn new(name: &str, groups: &str, mounts: &str, files: &[(&str, &str)]) -> Self {
            let root = format!("ws-echo-memory-{}-{name}", std::process::id());
            let system = Self(std::env::temp_dir().join(root));
            system.write("proc/self/cgroup", groups);
            system.write("proc/self/mountinfo", mounts);
            for (file, content) in files {
                system.write(&format!("sys/fs/cgroup/{file}"), content);
            }
            system
        }

        fn write(&self, file: &str, content: &str) {
            let file = self.0.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }

        fn limit(&self) -> Option<u64> {
            limit_below(&self.0)
        }
    }

    impl Drop for System {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn version_2_in_a_container_that_sees_only_its_own_group() {
        let files = [("memory.max", "67108864\n")];
        let system = System::new("own", "0::/\n", VERSION_2, &files);
        assert_eq!(system.limit(), Some(64 << 20));
    }

    #[test]
    fn version_2_has_a_limit_in_each_group_and_the_least_counts() {
        let files = [
            ("memory.max", "max\n"),
            ("a.slice/memory.max", "1000\n"),
            ("a.slice/b.service/memory.max", "2000\n"),
            ("c.slice/memory.max", "10\n"),
        ];
        let group = "0::/a.slice/b.service\n";
        let system = System::new("least", group, VERSION_2, &files);
        assert_eq!(system.limit(), Some(1000));
    }

    #[test]
    fn version_1_in_a_container_that_sees_the_names_of_all_groups() {
        let mounts = "35 31 0:32 /docker/7a /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory";
        let groups = "9:cpuset:/docker/7a\n4:memory:/docker/7a\n0::/docker/7a\n";
        let files = [
            ("memory/memory.limit_in_bytes", "67108864\n"),
            ("memory/docker/7a/memory.limit_in_bytes", "1\n"),
        ];
        let system = System::new("docker", groups, mounts, &files);
        assert_eq!(system.limit(), Some(64 << 20));
    }

    #[test]
    fn version_1_beside_version_2_and_with_other_controllers() {
        let mounts = BOTH.replace("rw,memory", "rw,cpu,memory");
        let groups = "4:cpu,memory:/a/b\n3:cpuset:/c\n0::/\n";
        let files = [
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/a/memory.limit_in_bytes", "3000\n"),
            ("memory/a/b/memory.limit_in_bytes", "4000\n"),
            ("memory/c/memory.limit_in_bytes", "1\n"),
        ];
        let system = System::new("both", groups, &mounts, &files);
        assert_eq!(system.limit(), Some(3000));
    }

    #[test]
    fn no_limit_is_a_word_or_a_huge_number() {
        for (name, content) in [("max", "max\n"), ("empty", ""), ("garbage", "-1\n")] {
            let files = [("memory.max", content)];
            let system = System::new(name, "0::/\n", VERSION_2, &files);
            assert_eq!(system.limit(), None, "{content:?}");
        }
        for (name, limit) in [("4", "9223372036854771712"), ("64", "9223372036854710272")] {
            let files = [("memory/memory.limit_in_bytes", limit)];
            let system = System::new(name, "4:memory:/\n0::/\n", BOTH, &files);
            assert_eq!(system.limit(), None, "pages of {name} KiB");
        }
    }

    #[test]
    fn a_group_that_is_not_shown_counts_as_the_one_that_is() {
        for (name, group) in [("outside", "/../../other"), ("elsewhere", "/a/b")] {
            let mounts = VERSION_2.replace("0:26 / ", "0:26 /pod ");
            let files = [("memory.max", "5000\n"), ("../../other/memory.max", "1\n")];
            let system = System::new(name, &format!("0::{group}\n"), &mounts, &files);
            assert_eq!(system.limit(), Some(5000), "{group}");
        }
    }

    #[test]
    fn nothing_that_can_be_read_is_no_limit() {
        let nowhere = Path::new("/ws-echo-memory-nowhere");
        assert_eq!(limit_below(nowhere), None);
        let without_files = System::new("without-files", "0::/a\n", VERSION_2, &[]);
        assert_eq!(without_files.limit(), None);
        let garbage = System::new("lines", "\n:\n0\n", "\n - \n1 2 3\n - cgroup2\n", &[]);
        assert_eq!(garbage.limit(), None);
    }

    #[test]
    fn the_files_of_this_system_can_be_read() {
        // Whatever the limit is here: no number stands for none.
        assert!(memory_limit().is_none_or(|limit| limit < NO_LIMIT));
    }
}
