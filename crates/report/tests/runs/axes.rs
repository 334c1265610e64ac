//! The recorded run with other axes.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use run_record::{RunRecord, TrialRecord};

use crate::runs::load_run;

/// Both hosts' sysctl of one name, as axes in place of the recorded run's last two.
pub(crate) const BOTH_HOSTS: [(&str, &str); 2] = [
    ("server.backlog", "hosts.server.sysctls.net.ipv4.tcp_retries2"),
    ("load.clients", "hosts.client.sysctls.net.ipv4.tcp_retries2"),
];

/// The recorded run with each of these axes under another path.
pub(crate) fn with_renamed_axes(paths: &[(&str, &str)]) -> (RunRecord, Vec<TrialRecord>) {
    let (mut record, mut trials) = load_run("sweep");
    for (before, path) in paths {
        for axis in record.axes.iter_mut().filter(|axis| axis.path == *before) {
            (*path).clone_into(&mut axis.path);
        }
        for trial in &mut trials {
            let value = trial.point.shift_remove(*before).unwrap();
            trial.point.insert((*path).to_owned(), value);
        }
    }
    (record, trials)
}

/// The occurrences of the sysctl in [`BOTH_HOSTS`] without its host, each with the words before
/// it. A terminal's tables are left out: they wrap their headings.
pub(crate) fn without_host(text: &str) -> Vec<String> {
    let prose: Vec<_> = text.lines().filter(|line| !line.starts_with('│')).collect();
    let prose = words(&prose.join(" "));
    let found = prose.match_indices("net.ipv4.tcp_retries2").map(|(at, _)| &prose[..at]);
    let without = found.filter(|before| {
        !["server ", "client ", ".sysctls."].iter().any(|host| before.ends_with(host))
    });
    let excerpt = |before: &str| {
        before[before.floor_char_boundary(before.len().saturating_sub(60))..].to_owned()
    };
    without.map(excerpt).collect()
}

/// A text without its line breaks.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
