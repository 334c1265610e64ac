//! Parts of records for tests, also of other crates.

use run_record::{Machine, Tool};
use watch_record::{Effort, Snapshot};

use crate::header::{RecordedFilter, RecordedSettings, WatchHeader};

/// The header of a recording on a small machine.
pub fn header(limit_bytes: u64) -> WatchHeader {
    let settings = RecordedSettings {
        interval_seconds: 0.01,
        max_cpu_share: 0.02,
        all_namespaces: true,
        user: None,
        filter: RecordedFilter::default(),
    };
    let machine = Machine {
        kernel: "6.18.44".to_owned(),
        architecture: "x86_64".to_owned(),
        cpu_model: None,
        cpus: 2,
        memory_bytes: 1 << 30,
    };
    let tool = Tool { version: "0.2.0".to_owned(), commit: None };
    WatchHeader::new(tool, machine, settings, limit_bytes)
}

/// What a watch shows in a second of its first minute if there is no listener.
pub fn without_listeners(second: u64) -> Snapshot {
    Snapshot {
        drops_of_gone: 0,
        at: format!("2026-11-30T12:00:{second:02}Z"),
        watched_seconds: second as f64,
        effort: Effort::default(),
        listeners: Vec::new(),
        namespaces: Vec::new(),
        unseen: Vec::new(),
    }
}
