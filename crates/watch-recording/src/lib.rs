//! The record of a watch: a directory that keeps what `queuelab watch` saw.
//!
//! | module | holds |
//! |---|---|
//! | [`header`](WatchHeader) | `watch.json`: the program, the machine and the settings |
//! | [`line`](RecordLine) | a line of `seconds.jsonl`: what changed since the line before |
//! | [`patch`](Patch) | the members of an object that changed |
//! | `merge` | applies a patch at the cost of what it has |
//! | `order` | whether the lines follow each other as they were written |
//! | `written` | what the lines so far say, so that only what changed is written |
//! | `calm` | figures that change although nothing happens |
//! | [`recorder`](Recorder) | writes a record |
//! | `lines_file` | the file that it appends to |
//! | [`record`](WatchRecord) | reads a record, finished or not |
//! | [`replay`](Replay) | the state after each line |
//! | [`review`](Review) | what happened in a record: peaks, drops, troubles, curves |
//!
//! A recorder appends a line each second. A kill at any instant loses at most that line, and a
//! reader leaves out a last line that is not complete. A record may come from a stranger: reading
//! it takes time and memory for what it has, and lines that are repeated, missing or not in their
//! place are refused.

mod calm;
mod header;
mod line;
mod lines_file;
mod merge;
mod order;
mod patch;
mod record;
mod recorder;
mod replay;
mod review;
#[doc(hidden)]
pub mod testing;
mod written;

pub use header::{
    DEFAULT_LIMIT_BYTES, RecordEnd, RecordKind, RecordedFilter, RecordedSettings,
    WATCH_SCHEMA_VERSION, WatchHeader,
};
pub use line::{ChangeRow, GoneListener, RecordLine, RecordedChanges, Span};
pub use merge::Merge;
pub use patch::{Patch, Patched};
pub use record::{LINES_FILE, WatchRecord};
pub use recorder::{Appended, Recorder};
pub use replay::Replay;
pub use review::{
    COLUMNS, Column, Curve, Episode, Gaps, Review, ReviewedListener, ReviewedNamespace, Sight,
    WallTimes,
};
