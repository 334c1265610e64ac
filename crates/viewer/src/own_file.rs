//! Which files are served: regular files with one name. A link of either kind could lead
//! anywhere, and a pipe or device could keep its reader waiting.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};

/// Whether a file that exists is one of a run: a regular file with one name.
pub(crate) fn is_own_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| why_not(&found).is_none())
}

/// Why a file is not one of a run; `None` if it is.
pub(crate) fn why_not(found: &Metadata) -> Option<&'static str> {
    match (found.is_file(), found.nlink()) {
        (false, _) => Some("it is not a regular file"),
        (true, 0 | 1) => None,
        (true, _) => Some("it is a hard link to a file that has other names, too"),
    }
}

/// Opens the file with these names: one for each directory below `root`, then its own. Each
/// directory is opened in the one before, so that none can be replaced by a link meanwhile.
/// `None` if there is no such file, or it is not one of a run.
pub(crate) fn open(root: &Path, names: &[String]) -> io::Result<Option<File>> {
    let [folders @ .., file] = names else { return Ok(None) };
    if !names.iter().all(|name| is_name(name)) {
        return Ok(None);
    }
    match open_checked(root, folders, file) {
        Ok(file) => Ok(file),
        // Nothing has this name, a link or a file is in the place of a directory, or the
        // name is too long.
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::ENAMETOOLONG) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn open_checked(root: &Path, folders: &[String], file: &str) -> nix::Result<Option<File>> {
    let folder = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut at = nix::fcntl::open(root, folder, Mode::empty())?;
    for name in folders {
        at = openat(&at, name.as_str(), folder | OFlag::O_NOFOLLOW, Mode::empty())?;
    }
    // Before it is opened, because opening a device may already have an effect; after, in
    // case it was replaced between the two.
    if !is_regular(&fstatat(&at, file, AtFlags::AT_SYMLINK_NOFOLLOW)?) {
        return Ok(None);
    }
    let read = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let opened: OwnedFd = openat(&at, file, read, Mode::empty())?;
    let opened = File::from(opened);
    let found = opened.metadata().map_err(|_| Errno::EIO)?;
    Ok(why_not(&found).is_none().then_some(opened))
}

fn is_regular(found: &FileStat) -> bool {
    SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG
}

/// Whether it names an entry of a directory, rather than a path.
fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_regular_files_with_one_name_below_the_root_are_opened() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("runs");
        let run = root.join("smoke/2026");
        fs::create_dir_all(run.join("charts")).unwrap();
        fs::create_dir_all(place.path().join("secret/2026")).unwrap();
        let secret = place.path().join("secret/2026/key");
        fs::write(&secret, "secret").unwrap();
        fs::write(run.join("run.json"), "{}").unwrap();
        fs::write(run.join("charts/a.svg"), "<svg/>").unwrap();
        symlink(place.path().join("secret"), root.join("link")).unwrap();
        symlink(&secret, run.join("link")).unwrap();
        symlink(place.path().join("secret/2026"), run.join("linked")).unwrap();
        fs::hard_link(&secret, run.join("hard")).unwrap();
        nix::unistd::mkfifo(&run.join("pipe"), Mode::S_IRWXU).unwrap();
        let _socket = UnixListener::bind(run.join("socket")).unwrap();
        let read = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut contents = String::new();
            open(&root, &names).unwrap()?.read_to_string(&mut contents).unwrap();
            Some(contents)
        };
        assert_eq!(read(&["smoke", "2026", "run.json"]).unwrap(), "{}");
        assert_eq!(read(&["smoke", "2026", "charts", "a.svg"]).unwrap(), "<svg/>");
        let long = "a".repeat(300);
        for names in [
            &["smoke", "2026", "link"][..],
            &["smoke", "2026", "linked", "key"],
            &["smoke", "2026", "hard"],
            &["smoke", "2026", "pipe"],
            &["smoke", "2026", "socket"],
            &["smoke", "2026", "charts"],
            &["smoke", "2026", "none"],
            &["smoke", "2026", &long],
            &["smoke", "2026", ".."],
            &["smoke", "2026", "..", "file"],
            &["smoke", "2026", "charts/a.svg"],
            &["smoke", "2026", "../2026/run.json"],
            &["smoke", "2026", "run.json\0"],
            &["smoke", "", "run.json"],
            &["smoke", "2026", "run.json", "x"],
            &["..", "secret", "2026", "key"],
            &["link", "2026", "key"],
            &[],
        ] {
            assert!(read(names).is_none(), "{names:?}");
        }
        // A device, where this user may look at one.
        let devices = Path::new("/dev");
        assert!(open(devices, &["zero".to_owned()]).unwrap().is_none());
    }

    #[test]
    fn a_file_is_known_as_a_link_without_opening_it() {
        let place = tempfile::tempdir().unwrap();
        let (file, other) = (place.path().join("file"), place.path().join("other"));
        fs::write(&file, "").unwrap();
        assert!(is_own_file(&file));
        symlink(&file, &other).unwrap();
        assert!(!is_own_file(&other));
        fs::remove_file(&other).unwrap();
        fs::hard_link(&file, &other).unwrap();
        assert!(!is_own_file(&file) && !is_own_file(&other));
        fs::remove_file(&other).unwrap();
        assert!(is_own_file(&file) && !is_own_file(&other));
    }
}
