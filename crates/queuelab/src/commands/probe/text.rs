//! The text of a standalone probe, in lines of at most 60 columns.

use linux_net::{Counter, Counters, softnet_drops};
use probe::{Connections, Families, ProbeConfig, ProbeStatus};
use report::count;
use run_record::{ListenerSummary, ProbeSummary};

use crate::error::Result;

/// Counters of a network namespace that show drops at its listeners.
const COUNTERS: [Counter; 5] = [
    Counter::ListenOverflows,
    Counter::ListenDrops,
    Counter::TcpReqQFullDrop,
    Counter::TcpReqQFullDoCookies,
    Counter::SyncookiesSent,
];

/// What a probe prints, with the counters from before it began.
#[derive(Debug)]
pub(super) struct Text {
    config: ProbeConfig,
    before: Counters,
    softnet_before: Option<u64>,
}

impl Text {
    /// Reads the counters now.
    ///
    /// # Errors
    /// If the kernel's counters cannot be read.
    pub(super) fn new(config: ProbeConfig) -> Result<Self> {
        Ok(Self { config, before: Counters::here()?, softnet_before: softnet_drops().ok() })
    }

    pub(super) fn beginning(&self) -> String {
        format!("sampling port {} every {:?}", self.config.port, self.config.interval)
    }

    /// The current sample: a line of the port, and one of the network namespace.
    pub(super) fn status(&self, status: &ProbeStatus) -> String {
        let queues: Vec<_> = status
            .listeners
            .iter()
            .map(|queue| format!("{} of {}", queue.depth, u64::from(queue.limit) + 1))
            .collect();
        let queued = match &queues[..] {
            [] => "no listener".to_owned(),
            queues => format!("queued {}", queues.join(" and ")),
        };
        let Connections { syn_recv, established, time_wait, fin_wait_2, .. } = status.connections;
        format!(
            "{queued} · SYN_RECV {syn_recv} · dropped {}\n  all ports: ESTABLISHED {established} · \
             TIME_WAIT {time_wait} · FIN_WAIT_2 {fin_wait_2}",
            count(status.listener_drops)
        )
    }

    /// The summary at the end.
    pub(super) fn summary(&self, metrics: &ProbeSummary) -> String {
        let mut lines = vec![
            format!(
                "{} samples in {:.2} s, {} missed",
                metrics.samples, metrics.seconds, metrics.missed
            ),
            format!(
                "{} of them counted sockets by state; {:.2} % of one CPU",
                metrics.state_samples,
                100.0 * metrics.cpu_seconds / metrics.seconds.max(f64::MIN_POSITIVE)
            ),
            format!("Port {}:", self.config.port),
        ];
        if metrics.listeners.is_empty() {
            lines.push(format!("  no listener of {} was seen", families(self.config.family)));
        }
        for (index, summary) in metrics.listeners.iter().enumerate() {
            lines.extend(listener(index, summary));
        }
        lines.extend(state(metrics, "syn_recv"));
        lines.push("This network namespace, all its ports:".to_owned());
        lines.extend(
            ["established", "time_wait", "fin_wait_2"]
                .iter()
                .filter_map(|name| state(metrics, name)),
        );
        match Counters::here() {
            Ok(now) => {
                let delta = now.delta(&self.before);
                lines.extend(
                    COUNTERS.map(|counter| {
                        format!("  {counter} +{}", count(delta.get(counter.name())))
                    }),
                );
            }
            Err(error) => lines.push(format!("  no counters: failed to {error}")),
        }
        lines.push("The whole machine, all its network namespaces:".to_owned());
        lines.push(format!(
            "  socket memory of TCP: at most {} KiB",
            count(metrics.most_socket_memory / 1024)
        ));
        if let (Some(before), Ok(now)) = (self.softnet_before, softnet_drops()) {
            let drops = count(now.saturating_sub(before));
            lines.push(format!("  dropped before any socket (softnet_stat): +{drops}"));
        }
        lines.join("\n")
    }
}

fn listener(index: usize, summary: &ListenerSummary) -> Vec<String> {
    let at = summary.address.as_deref().map_or(String::new(), |address| format!(" on {address}"));
    let mut lines = vec![
        format!("  listener {}{at}", index + 1),
        format!(
            "    at most {} queued; it holds {}",
            count(summary.deepest),
            count(u64::from(summary.limit) + 1)
        ),
    ];
    if !summary.earlier_limits.is_empty() {
        let limits: Vec<_> = summary.earlier_limits.iter().map(u32::to_string).collect();
        lines.push(format!(
            "    its limit was {}, and is {} since the last listen(2)",
            limits.join(", then "),
            summary.limit
        ));
    }
    lines.push(match summary.drops {
        Some(drops) => format!("    dropped itself (sk_drops): {}", count(drops)),
        None => "    its own drops are not known: this kernel does not say".to_owned(),
    });
    lines
}

fn state(metrics: &ProbeSummary, name: &str) -> Option<String> {
    let state = metrics.states.get(name)?;
    let name = name.to_uppercase();
    Some(format!("  {name}: at most {} at once, {} left", count(state.most), count(state.left)))
}

fn families(families: Families) -> &'static str {
    match families {
        Families::V4 => "IPv4",
        Families::V6 => "IPv6",
        Families::Both => "IPv4 or IPv6",
    }
}
