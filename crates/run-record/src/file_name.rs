//! Names of files and directories, as distinct from paths.

/// The maximum length in bytes: ext4, XFS and tmpfs allow 255, and a name may get a suffix.
const MAX_BYTES: usize = 200;

/// Checks that a text is the name of one file or directory: no path, and nothing that would
/// change a terminal.
///
/// # Errors
/// Why it is not, as a sentence about `it`.
pub fn check_file_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        Err("it is empty".to_owned())
    } else if matches!(name, "." | "..") {
        Err(format!("`{name}` is a directory, not a name"))
    } else if name.contains('/') {
        Err(format!("`{}` is a path, not a name", name.escape_debug()))
    } else if name.contains(visible::is_unsafe) {
        Err(format!("`{}` has an invisible character", name.escape_debug()))
    } else if name.len() > MAX_BYTES {
        Err(format!("it has {} bytes, but at most {MAX_BYTES} are allowed", name.len()))
    } else {
        Ok(())
    }
}
