//! The kernel's TCP and IP counters of a namespace.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use crate::namespace::NetworkNamespace;
use crate::refusal::NamespaceError;

/// The counters could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CountersError {
    /// The namespace could not be entered.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// A file of /proc could not be read.
    #[error("read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The error of the system call.
        source: io::Error,
    },
    /// A file of /proc has an unknown format.
    #[error("parse {file}: {reason}")]
    Malformed {
        /// `netstat`, `snmp` or `sockstat`.
        file: &'static str,
        /// The problem.
        reason: String,
    },
}

/// Every counter of /proc/net/netstat, snmp and sockstat at one moment, under
/// the kernel's own names: the line's prefix, a dot, the field
/// (`TcpExt.ListenOverflows`); for sockstat `sockstat.TCP.tw`.
///
/// Of sockstat, `TCP.inuse`, `TCP.tw` and `sockets.used` are the namespace's
/// own; `TCP.orphan`, `TCP.alloc` and every `mem` count the whole machine
/// (`sockstat_seq_show` in net/ipv4/proc.c).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counters {
    values: BTreeMap<String, i64>,
}

impl NetworkNamespace {
    /// Reads the namespace's counters.
    ///
    /// # Errors
    /// If the namespace cannot be entered, or as [`Counters::here`].
    pub fn counters(&self) -> Result<Counters, CountersError> {
        self.run(Counters::here)?
    }
}

impl Counters {
    /// Reads the counters of the calling thread's namespace, which needs no privilege: in
    /// a container, for example, where no process may enter another.
    ///
    /// # Errors
    /// If /proc cannot be read or has an unknown format.
    pub fn here() -> Result<Self, CountersError> {
        let read = |name| {
            // Not /proc/net: that is the namespace of the first thread.
            let path = format!("/proc/thread-self/net/{name}");
            fs::read_to_string(&path).map_err(|source| CountersError::Read { path, source })
        };
        Self::parse(&read("netstat")?, &read("snmp")?, &read("sockstat")?)
    }

    /// Parses the three files.
    ///
    /// # Errors
    /// [`CountersError::Malformed`], with what was found.
    pub fn parse(netstat: &str, snmp: &str, sockstat: &str) -> Result<Self, CountersError> {
        let mut values = BTreeMap::new();
        for (file, text) in [("netstat", netstat), ("snmp", snmp)] {
            parse_pairs_of_lines(text, &mut values)
                .map_err(|reason| CountersError::Malformed { file, reason })?;
        }
        parse_sockstat(sockstat, &mut values)
            .map_err(|reason| CountersError::Malformed { file: "sockstat", reason })?;
        Ok(Self { values })
    }

    /// A counter's value; `None` if this kernel has no such counter.
    pub fn get(&self, name: &str) -> Option<i64> {
        self.values.get(name).copied()
    }

    /// Every counter, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.values.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// What happened since `before`. A counter that did not exist before (some appear
    /// with their first event) counts from 0.
    pub fn delta(&self, before: &Self) -> CounterDelta {
        let mut delta = CounterDelta::default();
        for (name, now) in self.iter() {
            let change = now.saturating_sub(before.get(name).unwrap_or(0));
            if change < 0 && !is_gauge(name) {
                delta.backwards.push(name.to_owned());
            }
            if change != 0 {
                delta.changes.insert(name.to_owned(), change);
            }
        }
        let missing = before.values.keys().filter(|name| !self.values.contains_key(*name));
        delta.backwards.extend(missing.filter(|name| !is_gauge(name)).cloned());
        delta
    }
}

/// The difference of two [`Counters`] of one namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterDelta {
    /// What changed, and by how much; gauges too.
    pub changes: BTreeMap<String, i64>,
    /// Counters that decreased or disappeared, which is an error. Gauges are not listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backwards: Vec<String>,
}

impl CounterDelta {
    /// By how much a counter changed: 0 if it did not, or if this kernel does not have it
    /// ([`Counters::get`] distinguishes the two).
    pub fn get(&self, name: &str) -> i64 {
        self.changes.get(name).copied().unwrap_or(0)
    }
}

/// Whether a value is a level or a setting and not a count of events.
fn is_gauge(name: &str) -> bool {
    name.starts_with("sockstat.")
        || matches!(
            name,
            "Ip.Forwarding"
                | "Ip.DefaultTTL"
                | "Tcp.RtoAlgorithm"
                | "Tcp.RtoMin"
                | "Tcp.RtoMax"
                | "Tcp.MaxConn"
                | "Tcp.CurrEstab"
                | "MPTcpExt.MPCurrEstab"
        )
}

/// netstat and snmp: a line of names, then a line of values, both under the
/// same prefix.
fn parse_pairs_of_lines(text: &str, values: &mut BTreeMap<String, i64>) -> Result<(), String> {
    let mut lines = text.lines();
    while let Some(names) = lines.next() {
        let (prefix, names) = names.split_once(':').ok_or_else(|| format!("no prefix: {names}"))?;
        let numbers = lines
            .next()
            .and_then(|line| line.strip_prefix(prefix)?.strip_prefix(':'))
            .ok_or_else(|| format!("no values for {prefix}"))?;
        let (names, numbers): (Vec<_>, Vec<_>) =
            (names.split_whitespace().collect(), numbers.split_whitespace().collect());
        if names.len() != numbers.len() {
            return Err(format!("{prefix}: {} names, {} values", names.len(), numbers.len()));
        }
        for (name, number) in names.into_iter().zip(numbers) {
            values.insert(format!("{prefix}.{name}"), parse_number(number)?);
        }
    }
    Ok(())
}

/// sockstat: a prefix, then names and values in turn.
fn parse_sockstat(text: &str, values: &mut BTreeMap<String, i64>) -> Result<(), String> {
    for line in text.lines() {
        let (prefix, rest) = line.split_once(':').ok_or_else(|| format!("no prefix: {line}"))?;
        let mut fields = rest.split_whitespace();
        while let Some(name) = fields.next() {
            let number = fields.next().ok_or_else(|| format!("{prefix} {name} has no value"))?;
            values.insert(format!("sockstat.{prefix}.{name}"), parse_number(number)?);
        }
    }
    Ok(())
}

/// The kernel prints unsigned longs, and −1 for "no limit" (Tcp.MaxConn).
fn parse_number(number: &str) -> Result<i64, String> {
    number.parse().map_err(|_| format!("{number} is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETSTAT: &str = "TcpExt: SyncookiesSent ListenOverflows FromTheFuture\nTcpExt: 1 2 3\n\
                           IpExt: InOctets\nIpExt: 9000000000\n";
    const SNMP: &str = "Tcp: RtoAlgorithm MaxConn CurrEstab AttemptFails\nTcp: 1 -1 5 0\n";
    const SOCKSTAT: &str = "sockets: used 28\nTCP: inuse 1 orphan 0 tw 7 alloc 1 mem 55\n";

    fn counters() -> Counters {
        Counters::parse(NETSTAT, SNMP, SOCKSTAT).unwrap()
    }

    #[test]
    fn names_are_spelled_as_in_the_kernel() {
        let counters = counters();
        let found: Vec<_> = counters.iter().collect();
        assert_eq!(found.len(), 3 + 1 + 4 + 1 + 5);
        for (name, value) in [
            ("TcpExt.ListenOverflows", 2),
            ("TcpExt.FromTheFuture", 3),
            ("IpExt.InOctets", 9_000_000_000),
            ("Tcp.MaxConn", -1),
            ("sockstat.sockets.used", 28),
            ("sockstat.TCP.tw", 7),
        ] {
            assert_eq!(counters.get(name), Some(value), "{name}");
        }
        assert_eq!(counters.get("TcpExt.Nonsense"), None);
    }

    #[test]
    fn a_delta_has_changes_and_counters_that_decreased() {
        let before = counters();
        let after = Counters::parse(
            "TcpExt: SyncookiesSent ListenOverflows FromTheFuture Born\nTcpExt: 0 12 3 4\n",
            "Tcp: RtoAlgorithm MaxConn CurrEstab AttemptFails\nTcp: 1 -1 2 1\n",
            "sockets: used 20\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 55\n",
        )
        .unwrap();
        let delta = after.delta(&before);
        assert_eq!(delta.get("TcpExt.ListenOverflows"), 10);
        assert_eq!(delta.get("TcpExt.FromTheFuture"), 0);
        assert_eq!(delta.get("TcpExt.Born"), 4);
        assert_eq!(delta.get("Tcp.CurrEstab"), -3);
        assert_eq!(delta.get("sockstat.TCP.tw"), -7);
        assert_eq!(delta.changes.len(), 7, "{delta:?}");
        assert_eq!(delta.backwards, ["TcpExt.SyncookiesSent", "IpExt.InOctets"]);
    }

    #[test]
    fn equal_counters_have_an_empty_delta() {
        assert_eq!(counters().delta(&counters()), CounterDelta::default());
    }

    #[test]
    fn the_change_between_the_largest_numbers_is_limited() {
        let parse = |value: i64| Counters::parse(&format!("A: B\nA: {value}\n"), "", "").unwrap();
        let delta = parse(i64::MAX).delta(&parse(i64::MIN));
        assert_eq!(delta.get("A.B"), i64::MAX);
    }

    #[test]
    fn an_unknown_format_is_an_error() {
        for (netstat, sockstat, expected) in [
            ("TcpExt: A B\nTcpExt: 1\n", "", "2 names, 1 values"),
            ("TcpExt: A\n", "", "no values for TcpExt"),
            ("TcpExt: A\nIpExt: 1\n", "", "no values for TcpExt"),
            ("TcpExt: A\nTcpExt: x\n", "", "x is not a number"),
            ("", "TCP: inuse\n", "TCP inuse has no value"),
        ] {
            let error = Counters::parse(netstat, "", sockstat).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
