//! The namespaces with their settings and counters, and what cannot be seen.

use ratatui::style::Style;
use ratatui::text::Line;
use watch_record::{WatchedNamespace, WatchedSysctls};

use super::paragraph::{heading, wrapped};
use super::theme::Theme;
use crate::state::State;
use crate::text::safe;
use crate::{describe, number};

/// The lines of all namespaces.
pub(crate) fn namespaces(state: &State, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for namespace in &state.snapshot.namespaces {
        lines.push(heading(&title(namespace), width, theme.bold()));
        lines.extend(wrapped(&settings(&namespace.sysctls), width, 2, Style::new()));
        if let Some(usage) = &namespace.busiest_destination {
            let text = format!(
                "Most ports of clients in use for one destination: {} of {} for {}, {} of them in \
                 TIME_WAIT",
                usage.ports, usage.range, usage.destination, usage.in_time_wait
            );
            lines.extend(wrapped(&text, width, 2, Style::new()));
        }
        for (name, change) in &namespace.counters {
            let rate = namespace.counters_last_second.get(name).copied().unwrap_or(0);
            let text = format!(
                "{:28} {:>15} since the watch began, {:>9} in the last {:.1} s",
                safe(name),
                format!("+{}", number::exact(*change)),
                format!("+{}", number::exact(rate)),
                namespace.counters_interval_seconds
            );
            let style = if rate > 0 { theme.bold() } else { Style::new() };
            lines.extend(wrapped(&text, width, 2, style));
        }
        if namespace.drops_of_closed > 0 {
            let drops = number::exact(namespace.drops_of_closed);
            let text = format!("{drops} drops since the watch began were of listeners that closed");
            lines.extend(wrapped(&text, width, 2, Style::new()));
        }
        if namespace.counters.is_empty() {
            lines.push(Line::styled("No counter has changed since the watch began.", theme.dim()));
        }
        lines.push(Line::default());
    }
    lines
}

fn title(namespace: &WatchedNamespace) -> String {
    let mut parts = vec![describe::namespace_name(namespace)];
    if namespace.is_own && namespace.name.is_some() {
        parts.push("own".to_owned());
    }
    if let Some(container) = &namespace.container {
        parts.push(format!("container {}", safe(container)));
    }
    if let Some((pid, name)) = &namespace.process {
        parts.push(format!("process {} {pid}", safe(name)));
    }
    parts.push(format!("net:[{}]", namespace.inode));
    parts.join(", ")
}

/// The settings that decide about queues.
pub(crate) fn settings(sysctls: &WatchedSysctls) -> String {
    let value = |value: Option<String>| value.unwrap_or_else(|| "not readable".to_owned());
    format!(
        "somaxconn {}, tcp_max_syn_backlog {}, tcp_syncookies {}, tcp_abort_on_overflow {}, \
         ip_local_port_range {}",
        value(sysctls.somaxconn.map(|value| value.to_string())),
        value(sysctls.tcp_max_syn_backlog.map(|value| value.to_string())),
        value(sysctls.tcp_syncookies.map(|value| value.to_string())),
        value(sysctls.tcp_abort_on_overflow.map(|value| value.to_string())),
        value(sysctls.ip_local_port_range.map(|(first, last)| format!("{first}–{last}"))),
    )
}

/// What cannot be seen, and why.
pub(crate) fn unseen(state: &State, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for unseen in &state.snapshot.unseen {
        lines.extend(wrapped(&safe(&unseen.what), width, 2, theme.bold()));
        lines.extend(wrapped(&format!("  {}", safe(&unseen.why)), width, 2, Style::new()));
        lines.push(Line::default());
    }
    if lines.is_empty() {
        lines.push(Line::raw("The watch knows of nothing that it cannot see."));
    }
    lines
}
