//! A program that was the server of a trial, as reports read it.

use run_record::{ProgramEnd, ProgramReport};

/// Lines of its output that are kept of one that died or had to be killed.
const LINES: usize = 10;

/// What reports need of a [`ProgramReport`]: its output only if it explains something.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields of `ProgramReport` describe them")]
pub struct Program {
    pub ready_seconds: f64,
    pub cpu_seconds: Option<f64>,
    pub most_memory_bytes: Option<u64>,
    pub end: ProgramEnd,
    /// The end of its output, if it died or was killed.
    pub last_lines: Vec<String>,
}

impl Program {
    pub(crate) fn new(report: ProgramReport) -> Self {
        let ProgramReport { ready_seconds, cpu_seconds, most_memory_bytes, end, output, .. } =
            report;
        let explains = end.died_ns.is_some() || end.killed_processes > 0;
        let lines = if explains { output.last_lines(LINES) } else { Vec::new() };
        let last_lines = lines.into_iter().map(str::to_owned).collect();
        Self { ready_seconds, cpu_seconds, most_memory_bytes, end, last_lines }
    }
}
