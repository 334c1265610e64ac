//! Text files that are not part of a run, such as a person has written.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

/// The text of a regular file of at most `most` bytes. Opening a pipe would wait for its writer,
/// and a device may have no end.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] if it is no regular file, is larger, or is not UTF-8; otherwise
/// that of the kernel.
pub fn read_text_file(path: &Path, most: u64) -> io::Result<String> {
    let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(invalid("it is not a regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(invalid(format!("it is larger than {most} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_a_regular_file_of_bounded_size_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "text").expect("it can be written");
        assert_eq!(read_text_file(&path, 4).expect("it fits"), "text");
        let why = |path: &Path| {
            let error = read_text_file(path, 3).expect_err("it is refused");
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
            error.to_string()
        };
        assert_eq!(why(&path), "it is larger than 3 bytes");
        fs::write(&path, [0xff]).expect("it can be written");
        assert_eq!(why(&path), "it is not UTF-8");
        assert_eq!(why(folder.path()), "it is not a regular file");
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        assert_eq!(why(&pipe), "it is not a regular file");
    }
}
