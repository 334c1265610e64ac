//! The SYN queue, filled by clients that hear nothing, and what live clients
//! then find.

use std::time::Duration;

use chat_protocol::Framing;
use load_generator::{ConnectPattern, Leave};
use queue_model::syn_queue::{Cookies, Left, Standing, SynQueue};
use queue_model::{accept_queue, cookies};

use super::{Known, Prediction};

/// When the first SYN is sent again.
const FIRST_RETRANSMISSION: Duration = Duration::from_secs(1);

/// What the lab needs, after the last attempt's deadline, until it has looked.
const LOOKS_WITHIN: Duration = Duration::from_millis(250);

/// Where nothing is accepted, nobody asks twice, and each SYN finds the ones
/// before it handled.
pub(super) fn predict(known: &Known<'_>) -> Vec<Prediction> {
    let Some((left, live)) = left(known) else { return Vec::new() };
    let mut predictions = vec![
        Prediction::count("SYN_RECV that stand at once", left.syn_recv, |measured| {
            measured.most_in("syn_recv")
        }),
        Prediction::count("ListenDrops", left.listen_drops, |measured| {
            measured.at_server("TcpExt.ListenDrops")
        }),
        Prediction::count("ListenOverflows", left.listen_overflows, |measured| {
            measured.at_server("TcpExt.ListenOverflows")
        }),
        Prediction::count("TCPReqQFullDrop", left.tcp_req_q_full_drop, |measured| {
            measured.at_server("TcpExt.TCPReqQFullDrop")
        }),
        Prediction::count("TCPReqQFullDoCookies", left.tcp_req_q_full_do_cookies, |measured| {
            measured.at_server("TcpExt.TCPReqQFullDoCookies")
        }),
        Prediction::count("SyncookiesSent", left.syncookies_sent, |measured| {
            measured.at_server("TcpExt.SyncookiesSent")
        }),
    ];
    if live > 0 {
        if left.syncookies_recv == 0 || last_acks_are_no_cookies(known, left.established) {
            predictions.push(Prediction::count(
                "SyncookiesRecv",
                left.syncookies_recv,
                |measured| measured.at_server("TcpExt.SyncookiesRecv"),
            ));
        }
        predictions.push(Prediction::count(
            "live clients that get in",
            left.established,
            |measured| measured.depth(),
        ));
    }
    predictions
}

/// Whether none of so many clients can, by a last ACK that comes twice, bring a
/// cookie back once more: each writes to all others, reads what they write, and that
/// is enough more than what it writes, or less.
fn last_acks_are_no_cookies(known: &Known<'_>, established: u64) -> bool {
    let load = &known.cell.load;
    if load.senders.is_some() || load.slow_readers > 0 || load.leave != Leave::Together {
        return false;
    }
    let sent = u64::from(load.messages) * (Framing::HEADER_BYTES as u64 + u64::from(load.size));
    let received = sent.saturating_mul(established.saturating_sub(1));
    !cookies::last_ack_may_be_taken(sent, received)
}

/// What the half-open clients and then the live ones leave, and how many live
/// ones there are.
fn left(known: &Known<'_>) -> Option<(Left, u64)> {
    let (server, load) = (&known.cell.server, &known.cell.load);
    let stands = server.accept_paused
        && server.listeners == 1
        && server.defer_accept == 0
        && !server.hold_acks
        && load.pattern == ConnectPattern::Rate
        && load.linger.is_zero();
    // Half-open sockets go on sending SYNs until all is decided.
    let start = Duration::try_from_secs_f64(f64::from(load.clients) / load.connect_rate?).ok()?;
    let looked = start.checked_add(load.connect_deadline)?.checked_add(LOOKS_WITHIN)?;
    if load.half_open == 0 || !stands || looked >= FIRST_RETRANSMISSION {
        return None;
    }
    let queue = SynQueue {
        limit: accept_queue::listen_limit(server.backlog, known.somaxconn?),
        max_syn_backlog: known.at_server("net.ipv4.tcp_max_syn_backlog")?,
        cookies: Cookies::from_sysctl(known.at_server("net.ipv4.tcp_syncookies")?),
        full: known.syn_queue_full,
        peers_are_proven: false,
    };
    let live = u64::from(load.clients.checked_sub(load.half_open)?);
    let dead = queue.unanswered(Standing::default(), load.half_open.into());
    let standing = Standing { half_open: dead.syn_recv, established: 0 };
    let alive = queue.answered(standing, live);
    let left = Left {
        syn_recv: dead.syn_recv,
        established: alive.established,
        listen_drops: dead.listen_drops + alive.listen_drops,
        listen_overflows: dead.listen_overflows + alive.listen_overflows,
        tcp_req_q_full_drop: dead.tcp_req_q_full_drop + alive.tcp_req_q_full_drop,
        tcp_req_q_full_do_cookies: dead.tcp_req_q_full_do_cookies + alive.tcp_req_q_full_do_cookies,
        syncookies_sent: dead.syncookies_sent + alive.syncookies_sent,
        syncookies_recv: alive.syncookies_recv,
    };
    Some((left, live))
}
