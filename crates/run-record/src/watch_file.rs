//! The file by which the record of a watch is known.

/// The file that describes the record of a watch: a directory with it is not that of a run.
pub const WATCH_FILE: &str = "watch.json";
