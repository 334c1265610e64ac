//! A sentence for everything that is wrong.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use watch_record::Trouble;

use super::paragraph;
use super::theme::{Theme, sign};
use crate::state::State;
use crate::text::safe;
use crate::{describe, number, text};

/// The sentences of all troubles: those of the selected listener, of the others in the order
/// of the snapshot, and of namespaces.
pub(crate) fn lines(state: &State, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let snapshot = &state.snapshot;
    let (first, others): (Vec<_>, Vec<_>) = snapshot
        .listeners
        .iter()
        .filter(|listener| !listener.troubles.is_empty())
        .partition(|listener| Some(listener.id) == state.selected);
    let mut lines = Vec::new();
    for listener in first.into_iter().chain(others) {
        let place = describe::place(listener, snapshot);
        let place = if place.is_empty() { place } else { format!(" in {place}") };
        let name = format!("{} {}{place}", listener.address, describe::process(listener));
        for trouble in &listener.troubles {
            lines.extend(sentence(trouble, &name, theme, width));
        }
    }
    for namespace in &snapshot.namespaces {
        let name = format!("Namespace {}", describe::namespace_name(namespace));
        for trouble in &namespace.troubles {
            lines.extend(sentence(trouble, &name, theme, width));
        }
    }
    if lines.is_empty() {
        let text = match snapshot.listeners.is_empty() {
            true => "",
            false => "No trouble is seen.",
        };
        lines.push(Line::styled(text, theme.dim()));
    }
    lines
}

/// How many troubles there are.
pub(crate) fn count(state: &State) -> usize {
    let snapshot = &state.snapshot;
    let of_listeners: usize =
        snapshot.listeners.iter().map(|listener| listener.troubles.len()).sum();
    let of_namespaces: usize =
        snapshot.namespaces.iter().map(|namespace| namespace.troubles.len()).sum();
    of_listeners + of_namespaces
}

/// A trouble of what has this name, its cause and what would help.
pub(crate) fn sentence(
    trouble: &Trouble,
    name: &str,
    theme: Theme,
    width: usize,
) -> Vec<Line<'static>> {
    let prefix =
        Span::styled(format!("{} ", sign(trouble.severity)), theme.severity(trouble.severity));
    let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
    let text = format!("{name}{} {}", safe(&trouble.text), safe(&trouble.advice));
    paragraph::prefixed(prefix, text.trim_end(), width, 3, Style::new())
}

/// A line for each namespace with counters that move, those that moved last first.
pub(crate) fn counters(state: &State, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut namespaces: Vec<_> = state.snapshot.namespaces.iter().collect();
    namespaces.sort_by_key(|namespace| {
        (namespace.counters_last_second.values().all(|&change| change == 0), !namespace.is_own)
    });
    for namespace in namespaces {
        let mut counters: Vec<_> = namespace.counters.iter().filter(|(_, n)| **n > 0).collect();
        let last = |name: &String| namespace.counters_last_second.get(name).copied().unwrap_or(0);
        counters.sort_by_key(|&(name, _)| last(name) == 0);
        let parts: Vec<String> = counters
            .into_iter()
            .map(|(name, change)| {
                let rate = match last(name) {
                    0 => String::new(),
                    change => {
                        let seconds = namespace.counters_interval_seconds;
                        format!(" ({}/s)", number::count(per_second(change, seconds)))
                    }
                };
                format!("{} +{}{rate}", safe(name), number::exact(*change))
            })
            .collect();
        if parts.is_empty() {
            continue;
        }
        let name = describe::namespace_name(namespace);
        lines.push(text::cut(&format!("{name}: {}", parts.join(" · ")), width));
    }
    lines
}

/// The rate of a change in some seconds, rounded up: what moves has a rate.
fn per_second(change: u64, seconds: f64) -> u64 {
    if seconds > 0.0 { (change as f64 / seconds).ceil() as u64 } else { change }
}
