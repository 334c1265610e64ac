//! What is known of a program that was the server of a trial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A program that was the server of a trial, after its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProgramReport {
    /// Seconds from its start until it was ready.
    pub ready_seconds: f64,
    /// The addresses and ports on which processes of its host listened when it was ready.
    pub listeners: Vec<String>,
    /// How it ended.
    pub end: ProgramEnd,
    /// CPU time of all its processes that have ended, seconds; none if that is not known, as of
    /// a container that ended before it was stopped.
    #[serde(default)]
    pub cpu_seconds: Option<f64>,
    /// The largest resident memory of one of its processes, bytes; none if that is not known.
    #[serde(default)]
    pub most_memory_bytes: Option<u64>,
    /// What it printed.
    pub output: ProgramOutput,
    /// The id of the image that it ran from, if it was one of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// How a program ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProgramEnd {
    /// The exit status or the signal of the process that was started; none if it was still
    /// running when everything was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// It ended, with all its processes, before it was stopped: when, CLOCK_MONOTONIC,
    /// nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died_ns: Option<u64>,
    /// It was killed for using more than its limits: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub killed_because: Option<String>,
    /// Seconds from the signal that stopped it to the end of its last process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_seconds: Option<f64>,
    /// Processes that had not ended after the grace time, and were killed.
    #[serde(default)]
    pub killed_processes: u64,
}

/// The output of a program, standard output and standard error in the order in which it wrote
/// them. Of a long one only the beginning and the end are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgramOutput {
    /// The beginning.
    pub head: String,
    /// The end, if that is not part of `head`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tail: String,
    /// Bytes between the two that are not kept.
    #[serde(default)]
    pub left_out_bytes: u64,
}

impl ProgramOutput {
    /// Its last lines, at most `count`.
    pub fn last_lines(&self, count: usize) -> Vec<&str> {
        let lines: Vec<_> = self.head.lines().chain(self.tail.lines()).collect();
        lines[lines.len().saturating_sub(count)..].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_those_of_the_end() {
        let output = |head: &str, tail: &str| ProgramOutput {
            head: head.to_owned(),
            tail: tail.to_owned(),
            left_out_bytes: 0,
        };
        assert_eq!(output("a\nb\n", "").last_lines(1), ["b"]);
        assert_eq!(output("a\nb\n", "y\nz").last_lines(3), ["b", "y", "z"]);
        assert_eq!(output("", "").last_lines(3), [""; 0]);
    }
}
