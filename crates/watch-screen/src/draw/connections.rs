//! The connections of a listener, by state and peer.

use std::collections::HashMap;

use ratatui::style::Style;
use ratatui::text::Line;
use watch_record::{ConnectionCounts, ListenerDetails, PeerConnection, WatchedListener};

use super::paragraph::wrapped;
use super::theme::Theme;
use crate::number;
use crate::text::safe;

/// Peers that are named with their number of connections.
const MOST_PEERS: usize = 5;

/// The lines of a listener's connections.
pub(crate) fn lines(
    listener: &WatchedListener,
    details: Option<&ListenerDetails>,
    theme: Theme,
    width: usize,
) -> Vec<Line<'static>> {
    let mut lines = match &listener.connections {
        Some(counts) => {
            wrapped(&by_state(counts, listener.sharing_address), width, 2, Style::new())
        }
        None => vec![Line::raw("No walk of all sockets has been made yet.")],
    };
    let age = details.and_then(|details| details.connections_age_seconds);
    let (Some(details), Some(age)) = (details, age) else {
        lines.push(Line::styled("The connections have not been listed yet.", theme.dim()));
        return lines;
    };
    let omitted = match details.omitted_connections {
        0 => String::new(),
        omitted => format!(", {} more are left out", number::exact(omitted.into())),
    };
    let text = format!(
        "Listed {} ago: {} connections{omitted}{}",
        number::age(age),
        number::exact(details.connections.len() as u64),
        by_peer(&details.connections)
    );
    lines.extend(wrapped(&text, width, 2, Style::new()));
    let peer_width =
        details.connections.iter().map(|connection| connection.peer.to_string().len()).max();
    let peer_width = peer_width.unwrap_or(0).clamp(4, 47);
    if !details.connections.is_empty() {
        let heading = format!(
            "{:10} {:8} {:peer_width$} {:>6} {:>6} {:>7} {:>5} {:>5} {:>5}",
            "STATE", "ACCEPTED", "PEER", "UNREAD", "UNACKD", "RTT", "RETR", "SENT", "RECVD"
        );
        lines.push(Line::styled(heading, theme.bold()));
    }
    lines.extend(details.connections.iter().map(|connection| {
        let style = match connection.is_accepted || connection.state == "SYN-RECV" {
            true => Style::new(),
            false => theme.bold(),
        };
        Line::styled(row(connection, peer_width), style)
    }));
    lines
}

fn by_state(counts: &ConnectionCounts, sharing: u32) -> String {
    let oldest = match counts.oldest_not_accepted_seconds {
        Some(oldest) => format!(" (the oldest for at least {})", number::age(oldest)),
        None => String::new(),
    };
    let shared = match sharing {
        ..=1 => String::new(),
        sharing => format!(", of all {sharing} listeners that share the address"),
    };
    format!(
        "Counted {} ago{shared}: SYN_RECV {}, not accepted {}{oldest}, ESTABLISHED and accepted \
         {}, CLOSE_WAIT {} ({} of them not accepted), TIME_WAIT {}, closing otherwise {}",
        number::age(counts.age_seconds),
        counts.syn_recv,
        counts.not_accepted,
        counts.established,
        counts.close_wait,
        counts.close_wait_not_accepted,
        counts.time_wait,
        counts.closing,
    )
}

/// The clients with most connections of those that are listed.
fn by_peer(connections: &[PeerConnection]) -> String {
    let mut by_address = HashMap::new();
    for connection in connections {
        *by_address.entry(connection.peer.ip()).or_insert(0_u64) += 1;
    }
    let clients = by_address.len();
    let mut by_address: Vec<_> = by_address.into_iter().collect();
    by_address.sort_by_key(|&(address, count)| (std::cmp::Reverse(count), address));
    let most: Vec<String> = by_address
        .iter()
        .take(MOST_PEERS)
        .map(|(address, count)| format!("{address} ({count})"))
        .collect();
    match most.is_empty() {
        true => String::new(),
        false => format!(", of {clients} clients: most from {}", most.join(", ")),
    }
}

fn row(connection: &PeerConnection, peer_width: usize) -> String {
    let age = |seconds: Option<f64>| seconds.map_or("-".to_owned(), number::age);
    format!(
        "{:10} {:8} {:peer_width$} {:>6} {:>6} {:>7} {:>5} {:>5} {:>5}",
        crate::text::cut(&safe(&connection.state), 10),
        if connection.is_accepted { "yes" } else { "no" },
        connection.peer.to_string(),
        number::bytes(connection.unread_bytes.into()),
        number::bytes(connection.unacknowledged_bytes.into()),
        connection.round_trip_seconds.map_or("-".to_owned(), number::duration),
        connection.retransmits.map_or("-".to_owned(), |count| number::count(count.into())),
        age(connection.last_sent_seconds),
        age(connection.last_received_seconds),
    )
}
