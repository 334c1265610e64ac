//! Connections whose final ACK finds the accept queue full, made on purpose: the
//! ACKs are held until listen(2) has been called again with a smaller backlog.

use std::time::Duration;

use queue_model::syn_queue::{Cookies, SynQueue};
use queue_model::{accept_queue, syn_ack_retry};
use run_record::Outcome;

use super::{Known, Prediction};

pub(super) fn predict(known: &Known<'_>) -> Vec<Prediction> {
    let (server, load) = (&known.cell.server, &known.cell.load);
    let policy = || {
        let backlog = server.release_backlog.filter(|_| server.hold_acks)?;
        let limit = accept_queue::listen_limit(backlog, known.somaxconn?);
        let clients = u64::from(load.clients);
        let held = clients.min(u64::from(limit) + 1);
        let retries: u8 = known.at_server("net.ipv4.tcp_synack_retries")?;
        let aborts: u32 = known.at_server("net.ipv4.tcp_abort_on_overflow")?;
        // Until the last request has gone.
        let mut ladder = syn_ack_retry::retransmits(retries);
        ladder.push(syn_ack_retry::removed_after(retries));
        let is_over = load.linger > known.latest(&ladder);
        // While ACKs are held, each client has its place in the SYN queue.
        let syn_queue = SynQueue {
            limit: accept_queue::listen_limit(server.backlog, known.somaxconn?),
            max_syn_backlog: known.at_server("net.ipv4.tcp_max_syn_backlog")?,
            cookies: Cookies::from_sysctl(known.at_server("net.ipv4.tcp_syncookies")?),
            full: known.syn_queue_full,
            peers_are_proven: false,
        };
        let all_are_held =
            syn_queue.capacity() >= clients && load.connect_deadline < Duration::from_secs(1);
        let is_pruned = syn_ack_retry::fewest_retries(retries, clients, limit) < retries;
        let applies = server.accept_paused
            && server.listeners == 1
            && load.messages == 0
            && load.half_open == 0
            && is_over
            && all_are_held
            && !is_pruned;
        applies.then_some((held, clients - held, retries, aborts != 0))
    };
    let Some((held, phantoms, retries, aborts)) = policy() else { return Vec::new() };
    // An RST ends a connection at its first refusal.
    let refusals = match aborts {
        true => phantoms,
        false => syn_ack_retry::phantom_overflows(phantoms as u32, retries),
    };
    let outcomes = if aborts { [0, phantoms] } else { [phantoms, 0] };
    vec![
        Prediction::count("accept queue takes of the held", held, |measured| measured.depth()),
        Prediction::count("ListenOverflows", refusals, |measured| {
            measured.at_server("TcpExt.ListenOverflows")
        }),
        Prediction::count("ListenDrops", refusals, |measured| {
            measured.at_server("TcpExt.ListenDrops")
        }),
        Prediction::count("EmbryonicRsts", outcomes[1], |measured| {
            measured.at_server("TcpExt.EmbryonicRsts")
        }),
        Prediction::count("phantoms", outcomes[0], |measured| {
            Some((measured.outcome(Outcome::Phantom) as f64).into())
        }),
        Prediction::count("connections reset", outcomes[1], |measured| {
            Some((measured.outcome(Outcome::Reset) as f64).into())
        }),
    ]
}
