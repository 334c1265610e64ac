//! How the figures were obtained, and what they mean.

use ratatui::style::Style;
use ratatui::text::Line;
use watch_record::{Effort, ListenerDetails, WatchedListener};

use super::paragraph::wrapped;
use crate::describe;
use crate::number::{age, duration, exact, share};

/// The lines about a listener's figures.
pub(crate) fn lines(
    listener: &WatchedListener,
    details: Option<&ListenerDetails>,
    effort: &Effort,
    width: usize,
) -> Vec<Line<'static>> {
    let mut texts = vec![looks(effort), history(details), peak(listener), drops(listener)];
    texts.push(walks(listener, effort));
    texts.push(format!(
        "Cost: {} of one CPU in the last 10 seconds, {} since the watch began, at most {}.",
        share(effort.recent_cpu_share),
        share(effort.cpu_share),
        share(effort.max_cpu_share)
    ));
    texts
        .iter()
        .filter(|text| !text.is_empty())
        .flat_map(|text| wrapped(text, width, 2, Style::new()))
        .collect()
}

fn looks(effort: &Effort) -> String {
    format!(
        "Depth and limit: from sock_diag, {} looks, one every {} ({} was wanted); {} that were \
         due were missed, for their cost or because the watch had no CPU.",
        exact(effort.looks),
        duration(effort.achieved_interval_seconds),
        duration(effort.interval_seconds),
        exact(effort.missed_looks)
    )
}

fn history(details: Option<&ListenerDetails>) -> String {
    let Some(details) = details else { return String::new() };
    let history = &details.history;
    let discarded = match history.discarded {
        0 => String::new(),
        discarded => format!(" {} changes were too many to keep.", exact(discarded)),
    };
    format!(
        "Chart: {} changes in the last minute; the longest time between two looks was {}. A queue \
         that filled and emptied in between is not seen in it, except by its drops.{discarded}",
        exact(history.changes.len() as u64),
        duration(history.longest_gap_ns as f64 / 1e9)
    )
}

fn peak(listener: &WatchedListener) -> String {
    let seen = |peak: watch_record::Peak| match describe::is_inferred(peak, listener.limit) {
        true => {
            format!("{} (full between two looks; seen {})", peak.depth(listener.limit), peak.seen)
        }
        false => format!("{} (seen)", peak.seen),
    };
    format!(
        "Peak since the watch began: {}; in the last minute: {}. The kernel reports no peak. A queue \
         was full between two looks if the listener dropped and all drops of its namespace in that \
         time were for a full accept queue (ListenOverflows). Otherwise a deeper queue between two \
         looks is possible.",
        seen(listener.peak),
        seen(listener.peak_last_minute)
    )
}

fn drops(listener: &WatchedListener) -> String {
    let total = match listener.drops_total {
        Some(total) => format!("{} since the socket was made", exact(total.into())),
        None => "not reported by this kernel".to_owned(),
    };
    format!(
        "Drops: sk_drops of the socket: {total}, {} since the watch began, {} in the last second. \
         A SYN or last ACK that is dropped counts, and so does each repetition of it; a socket \
         filter can add to it.",
        exact(listener.drops_watched),
        exact(listener.drops_last_second)
    )
}

fn walks(listener: &WatchedListener, effort: &Effort) -> String {
    let mut text = format!(
        "Connections: from {} walks of all sockets, one every {}, each for {} of CPU time.",
        exact(effort.walks),
        duration(effort.walk_interval_seconds),
        duration(effort.walk_cost_seconds)
    );
    if listener.sharing_address > 1 {
        text += &format!(
            " {} listeners share the address (SO_REUSEPORT): the counts are those of all of them.",
            listener.sharing_address
        );
    }
    if let Some(counts) = &listener.connections {
        if let Some(rate) = counts.accepted_per_second_at_least {
            text += &format!(
                " Accepted: at least {rate:.1} a second; connections that came and went between \
                 two walks are not counted."
            );
        }
        let seconds = counts.close_wait_growth_seconds;
        if seconds > 0.0 {
            let growth = counts.close_wait_growth;
            text +=
                &format!(" Accepted ones in CLOSE_WAIT changed by {growth:+} in {}.", age(seconds));
        }
    }
    text
}
