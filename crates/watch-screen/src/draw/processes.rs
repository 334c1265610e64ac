//! The processes of a listener, and the settings of its namespace.

use ratatui::style::Style;
use ratatui::text::Line;
use watch_record::{ProcessActivity, Snapshot, WatchedListener, WatchedProcess};

use super::namespaces;
use super::paragraph::wrapped;
use super::theme::Theme;
use crate::text::safe;
use crate::{describe, number};

/// The lines of a listener's processes.
pub(crate) fn lines(
    listener: &WatchedListener,
    snapshot: &Snapshot,
    theme: Theme,
    width: usize,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for process in &listener.processes {
        let title = format!("{} {}", safe(&process.name), process.pid);
        lines.extend(wrapped(&title, width, 2, theme.bold()));
        let command: Vec<String> = process.command.iter().map(|word| safe(word)).collect();
        if !command.is_empty() {
            lines.extend(wrapped(&format!("  {}", command.join(" ")), width, 4, Style::new()));
        }
        lines.extend(wrapped(&format!("  {}", figures(process)), width, 4, Style::new()));
    }
    if listener.processes.is_empty() {
        let text = match listener.processes_are_known {
            true => "No process that has the socket is visible: u says why, where that is known.",
            false => "The processes have not been looked for yet.",
        };
        lines.extend(wrapped(text, width, 0, theme.dim()));
    }
    lines.push(Line::default());
    if let Some(namespace) = describe::namespace(listener, snapshot) {
        let name = describe::namespace_name(namespace);
        let text = format!("Namespace {name}: {}", namespaces::settings(&namespace.sysctls));
        lines.extend(wrapped(&text, width, 2, Style::new()));
    }
    lines
}

fn figures(process: &WatchedProcess) -> String {
    let mut parts = Vec::new();
    match &process.activity {
        Some(activity) => parts.push(threads(activity)),
        None => parts.push("what its threads do cannot be read".to_owned()),
    }
    match (process.open_files, process.max_open_files) {
        (Some(open), Some(limit)) => parts.push(format!("{open} of {limit} files open")),
        (Some(open), None) => parts.push(format!("{open} files open")),
        (None, Some(limit)) => parts.push(format!("at most {limit} files open")),
        (None, None) => {}
    }
    if let Some(share) = process.cpu_share {
        parts.push(format!("CPU {}", number::share(share)));
    }
    if let Some(share) = process.run_delay_share {
        parts.push(format!("ready without a CPU {}", number::share(share)));
    }
    parts.join(", ")
}

fn threads(activity: &ProcessActivity) -> String {
    let mut text = match activity.threads {
        1 => "1 thread:".to_owned(),
        threads => format!("{threads} threads:"),
    };
    for (count, state) in [
        (activity.stopped, "stopped"),
        (activity.running, "running or ready"),
        (activity.sleeping, "asleep"),
        (activity.uninterruptible, "in uninterruptible sleep"),
    ] {
        if count > 0 {
            let separator = if text.ends_with(':') { " " } else { ", " };
            text += &format!("{separator}{count} {state}");
        }
    }
    if !activity.waits_in.is_empty() {
        let functions: Vec<String> =
            activity.waits_in.iter().take(3).map(|name| safe(name)).collect();
        text += &format!(" (in {})", functions.join(", "));
    }
    if activity.frozen {
        text += ", frozen by its cgroup";
    }
    text
}
