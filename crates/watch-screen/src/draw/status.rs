//! The lines at the top.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watch_record::{Effort, Snapshot};

use super::theme::Theme;
use crate::state::State;
use crate::{number, text};

/// Draws what is watched, and at what cost.
pub(crate) fn status(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Snapshot { listeners, namespaces, watched_seconds, effort, unseen, .. } = &*state.snapshot;
    let width = usize::from(area.width);
    if area.height >= 1 {
        let right = match state.is_paused {
            true => " PAUSED: p goes on ".to_owned(),
            false => number::elapsed(*watched_seconds),
        };
        let in_trouble = listeners.iter().filter(|listener| !listener.troubles.is_empty()).count();
        let shown = match state.filter.is_empty() {
            true => format!("{} listeners", listeners.len()),
            false => {
                let filter = text::cut(&text::safe(&state.filter), 20);
                format!("{} of {} listeners: {filter}", state.rows.len(), listeners.len())
            }
        };
        let parts = [
            "queuelab watch".to_owned(),
            shown,
            format!("{in_trouble} in trouble"),
            format!("{} namespaces", namespaces.len()),
        ];
        let free = width.saturating_sub(text::width(&right) + 1);
        buffer.set_stringn(area.x, area.y, text::fitting(&parts, free), free, theme.bold());
        let style = if state.is_paused { theme.reversed() } else { theme.bold() };
        let x = width.saturating_sub(text::width(&right)) as u16;
        buffer.set_stringn(area.x + x, area.y, right, width, style);
    }
    if area.height >= 2 {
        let parts = effort_parts(effort, unseen.len());
        buffer.set_string(area.x, area.y + 1, text::fitting(&parts, width), theme.dim());
    }
}

fn effort_parts(effort: &Effort, unseen: usize) -> Vec<String> {
    let requested = number::duration(effort.interval_seconds);
    let achieved = number::duration(effort.achieved_interval_seconds);
    let interval = match requested == achieved {
        true => format!("look every {requested}"),
        false => format!("look every {achieved} ({requested} wanted)"),
    };
    let mut parts = vec![
        format!(
            "CPU {} of {}",
            number::share(effort.recent_cpu_share),
            number::share(effort.max_cpu_share)
        ),
        format!("missed looks {}", number::count(effort.missed_looks)),
        interval,
    ];
    if unseen > 0 {
        parts.push(format!("{unseen} not seen (u)"));
    }
    parts.push(format!("walk every {}", number::duration(effort.walk_interval_seconds)));
    parts
}
