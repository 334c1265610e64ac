//! The text of a cell of the table.

use std::net::SocketAddr;

use watch_record::{ConnectionCounts, LimitFrom, Peak, Snapshot, WatchedListener};

use super::sparkline::sparkline;
use super::theme;
use crate::column::Column;
use crate::{describe, number, text};

/// The text of a listener's cell that is `width` wide.
pub(crate) fn cell(
    column: Column,
    listener: &WatchedListener,
    snapshot: &Snapshot,
    width: usize,
) -> String {
    match column {
        Column::Trouble => {
            listener.troubles.first().map_or("", |trouble| theme::sign(trouble.severity)).into()
        }
        Column::Address => address(listener.address, width),
        Column::Process => process(listener, width),
        Column::Place => text::cut(&describe::place(listener, snapshot), width),
        Column::Depth => number::count(listener.depth.into()),
        Column::Limit => {
            let sign = match listener.limit_from {
                LimitFrom::Somaxconn => "s",
                LimitFrom::EarlierSomaxconn => "<",
                LimitFrom::Backlog | LimitFrom::Unknown => " ",
            };
            number::count(listener.limit.into()) + sign
        }
        Column::LimitFrom => describe::limit_from(listener.limit_from).into(),
        Column::Peak => peak(listener.peak, listener.limit),
        Column::PeakLastMinute => peak(listener.peak_last_minute, listener.limit),
        Column::History => sparkline(listener, width),
        Column::DropsPerSecond => number::count(listener.drops_last_second),
        Column::DropsTotal => {
            listener.drops_total.map_or("-".into(), |drops| number::count(drops.into()))
        }
        Column::DropsWatched => number::count(listener.drops_watched),
        Column::NotAccepted => connections(listener, |counts| counts.not_accepted),
        Column::SynRecv => connections(listener, |counts| counts.syn_recv),
        Column::Established => connections(listener, |counts| counts.established),
        Column::CloseWait => connections(listener, |counts| counts.close_wait),
        Column::TimeWait => connections(listener, |counts| counts.time_wait),
        Column::Oldest => match listener.connections {
            None => "…".into(),
            Some(counts) => counts.oldest_not_accepted_seconds.map_or("-".into(), number::age),
        },
    }
}

/// A peak, with `*` if it was not seen but follows from drops.
fn peak(peak: Peak, limit: u32) -> String {
    number::count(peak.depth(limit)) + if describe::is_inferred(peak, limit) { "*" } else { " " }
}

/// An address; if it has to be cut, its port stays.
fn address(address: SocketAddr, width: usize) -> String {
    let text = address.to_string();
    if text.len() <= width {
        return text;
    }
    let port = format!("{}:{}", if address.is_ipv6() { "]" } else { "" }, address.port());
    let host = &text[..text.len() - port.len()];
    text::cut(host, width.saturating_sub(port.len())) + &port
}

/// A number of connections, after Σ if they are those of several listeners.
fn connections(listener: &WatchedListener, count: fn(&ConnectionCounts) -> u32) -> String {
    let Some(counts) = &listener.connections else { return "…".into() };
    let count = number::count(count(counts).into());
    if listener.sharing_address > 1 { format!("Σ{count}") } else { count }
}

/// All processes if there is room, else the first with its number and how many more.
fn process(listener: &WatchedListener, width: usize) -> String {
    let all = describe::processes(listener);
    if text::width(&all) <= width {
        return all;
    }
    let short = describe::process(listener);
    let over = text::width(&short).saturating_sub(width);
    let Some(process) = listener.processes.first().filter(|_| over > 0) else { return short };
    // The PID and the number of others are worth more than the end of the name.
    let name = text::safe(&process.name);
    let rest = short[name.len()..].to_owned();
    let room = width.saturating_sub(text::width(&rest));
    text::cut(&(text::cut(&name, room) + &rest), width)
}
