//! A line of `seconds.jsonl`: what changed since the line before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use watch_record::{Effort, Unseen, WatchedListener, WatchedNamespace};

use crate::patch::Patch;

/// A line of `seconds.jsonl`: what changed since the line before. There is one each second. All
/// times but `at` are microseconds of the monotonic clock since the watch began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordLine {
    /// Its number in the file, from 1.
    pub line: u64,
    /// When the line was made: later than the line before.
    pub at_us: u64,
    /// The same by the wall clock, RFC 3339.
    pub at: String,
    /// How the figures were obtained: what changed of it.
    pub effort: Patch<Effort>,
    /// The listeners that are new or changed. Their last 60 seconds (`seconds`) are left out,
    /// because the lines before have them. Of a listener with an empty queue and without trouble,
    /// figures that change although nothing happens (ages, CPU time, what threads wait in) are
    /// those of its last line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<Patch<WatchedListener>>,
    /// The listeners that are not there any more; `listeners` has what changed of them last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<GoneListener>,
    /// The network namespaces that are new or changed, without what their counters did in the
    /// last second.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<Patch<WatchedNamespace>>,
    /// The network namespaces (`inode`) that are not there any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone_namespaces: Vec<u64>,
    /// What could not be seen, if that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<Vec<Unseen>>,
    /// The changes of depth and drops at full resolution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<RecordedChanges>,
    /// Times in which no look was made although several were due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Span>,
    /// Listeners that came and went and are not recorded, because too many did.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub discarded_closed: u64,
}

/// A listener that is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoneListener {
    /// Its `id`.
    pub id: u64,
    /// The looks between which it closed; none if it is only not shown any more.
    pub closed: Option<Span>,
}

/// The changes of a listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedChanges {
    /// Its `id`.
    pub id: u64,
    /// The looks at which its depth or its drops were others than before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<ChangeRow>,
    /// Looks before which the queue was full, for some time since the look before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub full_us: Vec<u64>,
    /// Changes before the first of these are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

/// A look at which the depth or the drops of a listener were others than before: the time of
/// the look, that of the look before, the connections in the accept queue, and the listener's
/// drops since the watch began. The first one of a listener has the same time twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeRow(pub u64, pub u64, pub u32, pub u64);

/// A time: from a look to a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span(pub u64, pub u64);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
