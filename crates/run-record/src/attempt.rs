//! A row of `attempts/*.csv`.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use worker::metrics::EndedBy;

use crate::outcome::Outcome;

/// One attempt, joined from the client's and the server's reports. Times are
/// CLOCK_MONOTONIC nanoseconds, the same clock on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// Position in the order of the starts.
    pub index: u32,
    /// The client's address; empty if it never got one.
    pub local: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When connect(2) was called.
    pub start_ns: u64,
    /// The time from `start_ns` to ESTABLISHED at the client.
    pub connect_ns: Option<u64>,
    /// When accept(2) returned it.
    pub accepted_ns: Option<u64>,
    /// When it ended.
    pub end_ns: u64,
    /// SYN retransmissions.
    pub syn_retransmits: Option<u32>,
    /// The errno of its failure.
    pub errno: Option<i32>,
    /// Completely written messages.
    pub messages_written: u32,
    /// Deliveries that arrived.
    pub deliveries: u64,
    /// Who ended it; `None` in older records.
    #[serde(default)]
    pub ended_by: Option<EndedBy>,
    /// Expected answers to its requests; 0 in older records.
    #[serde(default)]
    pub answers: u32,
    /// When the kernel's ledger last showed it without a file, so that no accept(2) had taken
    /// it; `None` without a ledger, if no scan showed it so, and in older records.
    #[serde(default)]
    pub not_accepted_ns: Option<u64>,
    /// When the ledger first showed it with a file: accept(2) had taken it by then. `None` as
    /// above, and of a connection that came and went between two scans.
    #[serde(default)]
    pub accepted_by_ns: Option<u64>,
    /// Where it went; `None`, and no column, if all attempts went to the same address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<SocketAddr>,
}

impl AttemptRow {
    /// An attempt of which nothing else is known: it neither connected nor retransmitted.
    pub fn new(outcome: Outcome, start_ns: u64, end_ns: u64) -> Self {
        Self {
            index: 0,
            local: String::new(),
            outcome,
            start_ns,
            connect_ns: None,
            accepted_ns: None,
            end_ns,
            syn_retransmits: Some(0),
            errno: None,
            messages_written: 0,
            deliveries: 0,
            ended_by: None,
            answers: 0,
            not_accepted_ns: None,
            accepted_by_ns: None,
            destination: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(destination: Option<&str>) -> AttemptRow {
        AttemptRow {
            local: "10.0.0.1:7".to_owned(),
            connect_ns: Some(1),
            destination: destination.map(|address| address.parse().unwrap()),
            ..AttemptRow::new(Outcome::Ok, 1, 2)
        }
    }

    #[test]
    fn only_rows_of_several_destinations_have_a_column_for_them() {
        for (destination, has_column) in [(None, false), (Some("[::1]:8081"), true)] {
            let row = row(destination);
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.serialize(&row).unwrap();
            let written = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            assert_eq!(written.contains("destination"), has_column, "{written}");
            let read: Vec<AttemptRow> = csv::Reader::from_reader(written.as_bytes())
                .into_deserialize()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(read, [row]);
        }
    }
}
