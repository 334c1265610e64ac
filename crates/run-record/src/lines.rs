//! Files with one JSON document in each line.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use crate::error::{RunDirectoryError, io_error};
use crate::folder::Folder;

/// The maximum length of a line. A trial has a few thousand bytes.
const MAX_LINE: u64 = 64 << 20;

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// Reads the complete lines of a file from byte `from`, before which it has `lines`, each with
/// its number in the file from 1, and returns their length in bytes. What a crash truncated is
/// not a line. Without a file there are no lines.
///
/// # Errors
/// If it cannot be read, a line is longer than 64 MiB, or `each` fails.
pub fn read_lines(
    folder: &Folder,
    name: &str,
    (from, lines): (u64, usize),
    mut each: impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<u64> {
    let fail = |source| io_error("read", &folder.path_of(name), source);
    let Some(mut file) = folder.read(name)? else { return Ok(0) };
    file.seek(SeekFrom::Start(from)).map_err(fail)?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let (mut line, mut complete_bytes) = (Vec::new(), 0);
    for number in lines + 1.. {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line).map_err(fail)?;
        if line.last() != Some(&b'\n') {
            if read as u64 > MAX_LINE {
                let reason = format!("it is longer than {MAX_LINE} bytes");
                let path = folder.path_of(name);
                return Err(RunDirectoryError::Malformed { path, line: number, reason });
            }
            break;
        }
        each(number, &line)?;
        complete_bytes += read as u64;
    }
    Ok(complete_bytes)
}
