//! An open directory. Everything in it is reached from its descriptor, by one name at a time.
//!
//! A run directory may come from a stranger, and other programs may change it meanwhile. So
//! no symbolic link in it is followed, only regular files are read, and a name is never a
//! path. A file is written under another name and then renamed: a reader sees its old or its
//! new contents, and what the old file was linked to stays as it was.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::error::{RunDirectoryError, io_error};
use crate::file_kind::{check_kind, check_links, describe, kind};
use crate::file_name::check_file_name;

/// The largest file that is read into memory as a whole, bytes. A record, or the rows of a
/// trial, have a few megabytes.
const MAX_WHOLE: u64 = 256 << 20;

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// An open directory.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    descriptor: Arc<OwnedFd>,
    /// Whether files with several names are refused.
    only_own: bool,
}

impl Folder {
    /// Opens the directory at a path that the user named: links in the path are followed.
    ///
    /// # Errors
    /// If there is no directory.
    pub fn open(path: &Path) -> Result<Self> {
        // An empty path is the current directory, as in `Path::join`.
        let named = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let opened = openat(AT_FDCWD, named, flags, Mode::empty());
        let descriptor = opened.map_err(|error| io_error("open", path, error.into()))?;
        Ok(Self { path: path.to_owned(), descriptor: Arc::new(descriptor), only_own: false })
    }

    /// The same directory; a file in it, or below it, that has several names (hard links) is
    /// refused: it may be a file of another place.
    #[must_use]
    pub fn only_own_files(self) -> Self {
        Self { only_own: true, ..self }
    }

    /// As [`Folder::open`]; creates the directory and its parents if necessary.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create_all(path: &Path) -> Result<Self> {
        let named = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        std::fs::create_dir_all(named).map_err(|source| io_error("create", path, source))?;
        Self::open(path)
    }

    /// Its path, for messages: nothing is opened by it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of something in it, for messages.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A directory in it; `None` if there is nothing with that name.
    ///
    /// # Errors
    /// If it is a link or another file.
    pub fn folder(&self, name: &str) -> Result<Option<Self>> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let path = self.path_of(name);
        match self.openat(name, flags) {
            Ok(descriptor) => Ok(Some(Self { path, descriptor: Arc::new(descriptor), ..*self })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("open", &path, self.explain(name, error, "a directory"))),
        }
    }

    /// A directory in it, which is created if necessary.
    ///
    /// # Errors
    /// If it cannot be created, or is a link or another file.
    pub fn create_folder(&self, name: &str) -> Result<Self> {
        match self.create_new_folder(name) {
            Ok(Some(folder)) => return Ok(folder),
            Ok(None) => {}
            Err(RunDirectoryError::Io { source, .. })
                if source.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let gone = || io_error("open", &self.path_of(name), io::ErrorKind::NotFound.into());
        self.folder(name)?.ok_or_else(gone)
    }

    /// Creates a directory in it; `None` if another process removed it before it was opened.
    ///
    /// # Errors
    /// If there is something with that name, or it cannot be created.
    pub(crate) fn create_new_folder(&self, name: &str) -> Result<Option<Self>> {
        let fail = |source: io::Error| io_error("create", &self.path_of(name), source);
        check_file_name(name).map_err(|reason| fail(invalid(reason)))?;
        mkdirat(&*self.descriptor, name, Mode::from_bits_truncate(0o777))
            .map_err(|error| fail(error.into()))?;
        self.folder(name)
    }

    /// Opens a regular file for reading; `None` if there is nothing with that name.
    ///
    /// # Errors
    /// If it is a link or another kind of file, or cannot be opened.
    pub fn read(&self, name: &str) -> Result<Option<File>> {
        let opened = self.open_file(name, OFlag::O_RDONLY);
        match opened {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("read", &self.path_of(name), error)),
        }
    }

    /// As [`Folder::read`], for a file that is read into memory as a whole.
    ///
    /// # Errors
    /// As [`Folder::read`], and if it is longer than 256 MiB.
    pub fn read_whole(&self, name: &str) -> Result<Option<impl Read + use<>>> {
        let Some(file) = self.read(name)? else { return Ok(None) };
        let fail = |source| io_error("read", &self.path_of(name), source);
        match file.metadata().map_err(fail)?.len() {
            // It can grow meanwhile.
            ..=MAX_WHOLE => Ok(Some(file.take(MAX_WHOLE))),
            bytes => Err(fail(io::Error::other(format!(
                "it has {} MiB, and at most {} MiB are read",
                bytes >> 20,
                MAX_WHOLE >> 20
            )))),
        }
    }

    /// The text of a regular file; `None` if there is nothing with that name.
    ///
    /// # Errors
    /// As [`Folder::read_whole`], and if it is not UTF-8.
    pub fn read_text(&self, name: &str) -> Result<Option<String>> {
        let Some(mut file) = self.read_whole(name)? else { return Ok(None) };
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map(|_| Some(text))
            .map_err(|source| io_error("read", &self.path_of(name), source))
    }

    /// Whether there is a regular file with that name.
    pub fn has_file(&self, name: &str) -> bool {
        self.status(name).is_ok_and(|status| self.check(&status).is_ok())
    }

    /// Opens a regular file for reading and appending, and creates it if necessary. Its only
    /// name must be this one: what is appended would also be in a file elsewhere.
    ///
    /// # Errors
    /// If it is a link or another kind of file, has another name, or cannot be opened.
    pub fn append(&self, name: &str) -> Result<File> {
        let open = || {
            let flags = OFlag::O_RDWR | OFlag::O_APPEND | OFlag::O_CREAT;
            let file = self.open_file(name, flags)?;
            check_links(&fstat(&file)?)?;
            Ok(file)
        };
        open().map_err(|error| io_error("open", &self.path_of(name), error))
    }

    /// Writes a file as a whole, in place of whatever has that name, except a directory. It
    /// has the name only once it is complete.
    ///
    /// # Errors
    /// If it cannot be written; then what has that name is unchanged.
    pub fn replace(
        &self,
        name: &str,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<()> {
        let partial = format!("{name}.partial");
        let replace = || -> io::Result<()> {
            check_file_name(name).map_err(invalid)?;
            // Of a process that was killed.
            self.unlink(&partial)?;
            let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
            let mut file = File::from(self.openat(&partial, flags | no_links())?);
            let written =
                write(&mut file).and_then(|()| self.rename_written(&file, &partial, name));
            if written.is_err() && self.is(&partial, &file) {
                let _ = self.unlink(&partial);
            }
            written
        };
        replace().map_err(|error| io_error("write", &self.path_of(name), error))
    }

    fn rename_written(&self, file: &File, partial: &str, name: &str) -> io::Result<()> {
        if !self.is(partial, file) {
            return Err(io::Error::other("another process writes it at the same time"));
        }
        let renamed = renameat(&*self.descriptor, partial, &*self.descriptor, name);
        renamed.map_err(|error| self.explain(name, error.into(), "a file"))
    }

    /// Whether a name is that of an open file.
    pub fn is(&self, name: &str, file: &File) -> bool {
        let (Ok(named), Ok(open)) = (self.status(name), fstat(file)) else { return false };
        (named.st_dev, named.st_ino) == (open.st_dev, open.st_ino)
    }

    /// Removes a file, if there is one with that name.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.unlink(name).map_err(|source| io_error("remove", &self.path_of(name), source))
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        check_file_name(name).map_err(invalid)?;
        match unlinkat(&*self.descriptor, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(error) => Err(self.explain(name, error.into(), "a file")),
        }
    }

    /// Removes a directory with the files in it, but not the directories in it.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(crate) fn remove_folder(&self, name: &str) -> Result<()> {
        let Some(folder) = self.folder(name)? else { return Ok(()) };
        for file in folder.names()? {
            folder.remove(&file)?;
        }
        self.remove_empty_folder(name)
    }

    /// Removes a directory that is empty.
    ///
    /// # Errors
    /// If it is not empty, or cannot be removed.
    pub(crate) fn remove_empty_folder(&self, name: &str) -> Result<()> {
        let fail = |source: io::Error| io_error("remove", &self.path_of(name), source);
        check_file_name(name).map_err(|reason| fail(invalid(reason)))?;
        unlinkat(&*self.descriptor, name, UnlinkatFlags::RemoveDir)
            .map_err(|error| fail(error.into()))
    }

    /// Renames a directory in it. The new name must not be in use, except by an empty
    /// directory.
    ///
    /// # Errors
    /// If the new name is in use: [`Errno::ENOTEMPTY`], [`Errno::EEXIST`] or
    /// [`Errno::ENOTDIR`].
    pub(crate) fn rename_folder(&self, name: &str, new: &str) -> nix::Result<()> {
        check_file_name(name).and_then(|()| check_file_name(new)).map_err(|_| Errno::EINVAL)?;
        renameat(&*self.descriptor, name, &*self.descriptor, new)
    }

    /// The same directory, which has been renamed to this name in its parent.
    pub(crate) fn renamed(self, parent: &Self, name: &str) -> Self {
        Self { path: parent.path_of(name), ..self }
    }

    /// Whether anything has that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.status(name).is_ok()
    }

    /// The names in it that are UTF-8, in no order.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        let read = || -> nix::Result<Vec<String>> {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            let mut names = Vec::new();
            for entry in Dir::openat(&*self.descriptor, ".", flags, Mode::empty())?.iter() {
                let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
                names.extend(name.into_string().ok().filter(|name| name != "." && name != ".."));
            }
            Ok(names)
        };
        read().map_err(|error| io_error("read", &self.path, error.into()))
    }

    /// Writes its entries to the storage.
    ///
    /// # Errors
    /// If that fails.
    pub fn sync(&self) -> Result<()> {
        self.opened()
            .and_then(|directory| directory.sync_all())
            .map_err(|source| io_error("write", &self.path, source))
    }

    /// Locks it with flock(2) until the result is dropped; `None` if another process has locked
    /// it.
    ///
    /// # Errors
    /// If it cannot be locked, for example on a file system without locks.
    pub(crate) fn try_lock(&self) -> Result<Option<File>> {
        let fail = |source| io_error("lock", &self.path, source);
        let directory = self.opened().map_err(fail)?;
        match directory.try_lock() {
            Ok(()) => Ok(Some(directory)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(fail(error)),
        }
    }

    fn opened(&self) -> io::Result<File> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(File::from(openat(&*self.descriptor, ".", flags, Mode::empty())?))
    }

    /// Opens a regular file. Other kinds are refused before they are opened: opening a pipe
    /// waits, and opening a device can have an effect.
    fn open_file(&self, name: &str, flags: OFlag) -> io::Result<File> {
        match self.status(name) {
            Ok(status) => self.check(&status)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let opened = self.openat(name, flags | no_links());
        let file = File::from(opened.map_err(|error| self.explain(name, error, "a file"))?);
        self.check(&fstat(&file)?)?;
        Ok(file)
    }

    /// Checks that a file may be opened.
    fn check(&self, status: &FileStat) -> io::Result<()> {
        check_kind(status)?;
        if self.only_own { check_links(status) } else { Ok(()) }
    }

    fn openat(&self, name: &str, flags: OFlag) -> io::Result<OwnedFd> {
        check_file_name(name).map_err(invalid)?;
        Ok(openat(&*self.descriptor, name, flags, Mode::from_bits_truncate(0o666))?)
    }

    fn status(&self, name: &str) -> io::Result<FileStat> {
        check_file_name(name).map_err(invalid)?;
        Ok(fstatat(&*self.descriptor, name, AtFlags::AT_SYMLINK_NOFOLLOW)?)
    }

    /// The reason for an error: what has that name is not `wanted`.
    fn explain(&self, name: &str, error: io::Error, wanted: &str) -> io::Error {
        let is_kind = matches!(
            error.raw_os_error().map(Errno::from_raw),
            Some(Errno::ENOTDIR | Errno::ELOOP | Errno::EISDIR | Errno::ENXIO)
        );
        match self.status(name) {
            Ok(status) if is_kind => {
                io::Error::other(format!("it is {}, not {wanted}", describe(kind(&status))))
            }
            _ => error,
        }
    }
}

/// Never wait for a pipe, and never follow a link.
fn no_links() -> OFlag {
    OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}
