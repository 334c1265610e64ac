//! Which of the kernel's laws decide a cell.
//!
//! A law is chosen and computed from the settings before the trial starts;
//! afterwards it is set beside what was measured. A new law is an entry in
//! [`predict`].

use std::collections::BTreeMap;

use load_generator::{ChatPhase, ConnectPattern};
use queue_model::accept_queue;
use queue_model::ports::{self, PortRange};
use queue_model::syn_queue::{Cookies, Standing, SynQueue};
use queue_model::syn_retry::SynRetry;
use run_record::{AcceptQueue, KernelRules, LawCheck};
use scenario::CellSettings;

use crate::kernel_rules::syn_queue_rule;

/// A prediction, and how to find its counterpart in a trial.
#[derive(Debug)]
pub(crate) struct Prediction {
    name: &'static str,
    predicted: f64,
    /// For a time: the latest that is still in time. None for what is exact.
    latest: Option<f64>,
    measured: fn(&Measured<'_>) -> Option<f64>,
}

impl Prediction {
    /// Whether a measured figure may differ so from the predicted one: a timer
    /// never fires early, and a count is the count.
    fn allows(&self, deviation: f64) -> bool {
        let late = self.latest.map_or(0.0, |latest| latest - self.predicted);
        (0.0..=late).contains(&deviation)
    }
}

/// What laws are held against.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    pub(crate) accept_queue: Option<AcceptQueue>,
    /// Attempts that did not fail for want of a local port.
    pub(crate) with_port: u64,
    /// How long the attempt took that the client's kernel gave up last; none
    /// where it gave up none.
    pub(crate) gave_up_seconds: Option<f64>,
    /// Counters of the client's host, after less before.
    pub(crate) client: &'a BTreeMap<String, i64>,
}

impl Measured<'_> {
    fn at_client(&self, counter: &str) -> f64 {
        self.client.get(counter).copied().unwrap_or(0) as f64
    }
}

/// The laws that decide this cell, by the rules of the kernel that it runs on.
pub(crate) fn predict(
    cell: &CellSettings,
    somaxconn: Option<u32>,
    rules: &KernelRules,
) -> Vec<Prediction> {
    let mut predictions = Vec::new();
    if let Some(somaxconn) = somaxconn {
        let backlog = cell.server.backlog;
        predictions.push(Prediction {
            name: "listen limit = min(backlog, somaxconn)",
            predicted: f64::from(accept_queue::listen_limit(backlog, somaxconn)),
            latest: None,
            measured: |measured| measured.accept_queue.map(|queue| f64::from(queue.limit)),
        });
        if cell.server.accept_paused {
            let held = held(cell, somaxconn, rules);
            predictions.push(Prediction {
                name: "accept queue holds min(backlog, somaxconn) + 1",
                predicted: held as f64,
                latest: None,
                measured: |measured| measured.accept_queue.map(|queue| f64::from(queue.depth)),
            });
        }
    }
    if let Some(places) = local_ports(cell) {
        predictions.push(Prediction {
            name: "ports = (range - reserved) x addresses",
            predicted: places as f64,
            latest: None,
            measured: |measured| Some(measured.with_port as f64),
        });
    }
    predictions.extend(syn_ladder(cell, somaxconn, rules));
    predictions
}

/// How many of its clients a server holds that never accepts: one more than the
/// limit, and none on a kernel whose empty SYN queue is as long as a limit of 0.
fn held(cell: &CellSettings, somaxconn: u32, rules: &KernelRules) -> u64 {
    let cookies = cell.hosts.server.sysctls.get("net.ipv4.tcp_syncookies");
    let cookies = cookies.and_then(|value| value.to_string().parse().ok()).unwrap_or(1);
    let syn_queue = SynQueue {
        limit: accept_queue::listen_limit(cell.server.backlog, somaxconn),
        // It is of those that wait in SYN_RECV, and these do not wait.
        max_syn_backlog: u32::MAX,
        cookies: Cookies::from_sysctl(cookies),
        full: syn_queue_rule(rules),
        peers_are_proven: false,
    };
    syn_queue.answered(Standing::default(), u64::from(cell.load.clients)).established
}

/// What the attempts go through that find a full queue, where the scenario
/// states the ladder, the queue stays full and the kernel gives up first.
fn syn_ladder(cell: &CellSettings, somaxconn: Option<u32>, rules: &KernelRules) -> Vec<Prediction> {
    let ladder = || {
        let stated = |name: &str| {
            let name = format!("net.ipv4.tcp_syn_{name}");
            cell.hosts.client.sysctls.get(&name)?.to_string().parse::<u8>().ok()
        };
        let ladder = SynRetry::new(stated("retries")?, stated("linear_timeouts")?);
        let is_full = cell.server.accept_paused && cell.load.pattern == ConnectPattern::Rate;
        let gives_up = cell.load.connect_deadline > ladder.timed_out_latest();
        let unanswered = u64::from(cell.load.clients) - held(cell, somaxconn?, rules);
        (is_full && gives_up && unanswered > 0).then_some((ladder, unanswered))
    };
    let Some((ladder, unanswered)) = ladder() else { return Vec::new() };
    let each = ladder.failure();
    let counted = |name, times: u64, measured| Prediction {
        name,
        predicted: (unanswered * times) as f64,
        latest: None,
        measured,
    };
    vec![
        counted("TCPSynRetrans of the unanswered", each.tcp_syn_retrans, |measured| {
            Some(measured.at_client("TcpExt.TCPSynRetrans"))
        }),
        counted("TCPTimeouts of the unanswered", each.tcp_timeouts, |measured| {
            Some(measured.at_client("TcpExt.TCPTimeouts"))
        }),
        counted("AttemptFails of the unanswered", each.attempt_fails, |measured| {
            Some(measured.at_client("Tcp.AttemptFails"))
        }),
        Prediction {
            name: "connect(2) gives up, s",
            predicted: ladder.timed_out.as_secs_f64(),
            latest: Some(ladder.timed_out_latest().as_secs_f64()),
            measured: |measured| measured.gave_up_seconds,
        },
    ]
}

/// Attempts that find a local port, where the scenario states the range of them
/// and nobody leaves before all are decided; none where the kernel may leave a
/// port out.
fn local_ports(cell: &CellSettings) -> Option<u64> {
    if cell.load.chat != ChatPhase::AfterConnect {
        return None;
    }
    let stated = |name: &str| cell.hosts.client.sysctls.get(name).map(ToString::to_string);
    let range: PortRange = stated("net.ipv4.ip_local_port_range")?.parse().ok()?;
    let reserved = stated("net.ipv4.ip_local_reserved_ports").unwrap_or_default();
    let ports = ports::per_destination(range, &reserved.parse().ok()?);
    if ports.start() != ports.end() {
        return None;
    }
    // Attempts take the addresses in turn.
    let (clients, addresses) =
        (u64::from(cell.load.clients), u64::from(cell.load.source_addresses));
    let of_address = |n| clients / addresses + u64::from(n < clients % addresses);
    Some((0..addresses).map(|n| of_address(n).min(*ports.start())).sum())
}

/// What the laws predict of a cell, by name, from its settings alone: nothing is
/// started, and the rules are those of today's kernels. `default_somaxconn` is
/// the kernel's own value, for cells that do not state theirs.
pub fn predictions(cell: &CellSettings, default_somaxconn: u32) -> Vec<(&'static str, f64)> {
    let stated = cell.hosts.server.sysctls.get("net.core.somaxconn");
    let somaxconn = match stated {
        Some(value) => value.to_string().parse().ok(),
        None => Some(default_somaxconn),
    };
    predict(cell, somaxconn, &KernelRules::default())
        .iter()
        .map(|law| (law.name, law.predicted))
        .collect()
}

/// Predicted beside measured. A law whose counterpart could not be measured
/// does not hold, unless the server had died.
pub(crate) fn compare(
    predictions: &[Prediction],
    measured: &Measured<'_>,
    server_died: bool,
) -> Vec<LawCheck> {
    predictions
        .iter()
        .map(|law| {
            let figure = (law.measured)(measured);
            let deviation = figure.map(|figure| figure - law.predicted);
            let unmeasured = (!server_died).then_some(false);
            LawCheck {
                name: law.name.to_owned(),
                predicted: law.predicted,
                measured: figure,
                deviation,
                latest: law.latest,
                held: deviation.map_or(unmeasured, |deviation| Some(law.allows(deviation))),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use scenario::SysctlValue;

    use super::*;

    fn cell(paused: bool, clients: u32) -> CellSettings {
        let mut cell = CellSettings::default();
        cell.server.backlog = 10;
        cell.server.accept_paused = paused;
        cell.load.clients = clients;
        cell
    }

    fn todays(cell: &CellSettings, somaxconn: Option<u32>) -> Vec<Prediction> {
        predict(cell, somaxconn, &KernelRules::default())
    }

    fn measured(accept_queue: Option<AcceptQueue>) -> Measured<'static> {
        static NOTHING: BTreeMap<String, i64> = BTreeMap::new();
        Measured { accept_queue, with_port: 0, gave_up_seconds: None, client: &NOTHING }
    }

    fn held(cell: &CellSettings, queue: Option<(u32, u32)>, died: bool) -> Vec<Option<bool>> {
        let accept_queue = queue.map(|(depth, limit)| AcceptQueue { depth, limit });
        let checks = compare(&todays(cell, Some(4)), &measured(accept_queue), died);
        checks.iter().map(|check| check.held).collect()
    }

    #[test]
    fn the_capacity_is_a_law_only_of_a_server_that_does_not_accept() {
        assert_eq!(todays(&cell(false, 50), Some(4)).len(), 1);
        assert_eq!(todays(&cell(true, 50), Some(4)).len(), 2);
        assert!(todays(&cell(true, 50), None).is_empty(), "nothing is predicted from nothing");
    }

    #[test]
    fn a_limit_of_0_lets_nobody_in_where_the_kernel_compares_with_at_least() {
        let at_limit = KernelRules { syn_queue_full: Some("at_limit".to_owned()) };
        let mut cell = cell(true, 50);
        let held = |cell: &CellSettings, rules: &KernelRules, somaxconn| {
            predict(cell, Some(somaxconn), rules)[1].predicted
        };
        let today = KernelRules::default();
        assert_eq!([held(&cell, &at_limit, 4), held(&cell, &today, 4)], [5.0, 5.0]);
        assert_eq!([held(&cell, &at_limit, 0), held(&cell, &today, 0)], [1.0, 1.0], "a cookie");
        let sysctls = &mut cell.hosts.server.sysctls;
        sysctls.insert("net.ipv4.tcp_syncookies".to_owned(), SysctlValue::Number(0));
        assert_eq!([held(&cell, &at_limit, 0), held(&cell, &today, 0)], [0.0, 1.0]);
    }

    #[test]
    fn ports_are_a_law_where_their_range_is_stated_and_nobody_leaves_early() {
        let places = |range: &str, reserved: &str, clients, addresses, chat| {
            let mut settings = CellSettings::default();
            for (name, value) in [("port_range", range), ("reserved_ports", reserved)] {
                let name = format!("net.ipv4.ip_local_{name}");
                let value = SysctlValue::Text(str::to_owned(value));
                settings.hosts.client.sysctls.insert(name, value);
            }
            settings.load.clients = clients;
            settings.load.source_addresses = addresses;
            settings.load.chat = chat;
            local_ports(&settings)
        };
        let after = ChatPhase::AfterConnect;
        assert_eq!(places("20000 20019", "", 50, 1, after), Some(20));
        assert_eq!(places("20000 20019", "20003", 50, 1, after), Some(19));
        assert_eq!(places("20000 20019", "", 50, 3, after), Some(50), "17, 17 and 16");
        assert_eq!(places("20000 20009", "", 50, 3, after), Some(30));
        assert_eq!(places("20000 20009", "", 5, 1, after), Some(5));
        assert_eq!(places("20000 20010", "", 50, 1, after), None, "10 or 11");
        assert_eq!(places("20000 20009", "", 50, 1, ChatPhase::Overlapped), None);
    }

    #[test]
    fn a_queue_that_is_not_as_predicted_breaks_its_law() {
        assert_eq!(held(&cell(true, 50), Some((5, 4)), false), [Some(true), Some(true)]);
        assert_eq!(held(&cell(true, 50), Some((4, 4)), false), [Some(true), Some(false)]);
        assert_eq!(held(&cell(true, 50), Some((6, 5)), false), [Some(false), Some(false)]);
        assert_eq!(held(&cell(true, 3), Some((3, 4)), false), [Some(true), Some(true)]);
    }

    #[test]
    fn what_could_not_be_measured_is_a_breach_unless_the_server_died() {
        assert_eq!(held(&cell(false, 50), None, false), [Some(false)]);
        assert_eq!(held(&cell(false, 50), None, true), [None]);
    }
}
