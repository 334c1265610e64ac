//! Repeated walks of all sockets of a namespace.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;

use linux_net::{DiagError, ServerSocket, SocketDiag, TcpState, monotonic_ns};
use watch_record::PeerConnection;

use crate::address_state::AddressState;
use crate::state::{Selected, State};
use crate::walk::{Sought, Walk};

/// Connections of the selected listener whose figures are asked.
const MAX_SHOWN: usize = 200;

/// Repeated walks of all sockets of a namespace.
#[derive(Debug)]
pub(crate) struct Walks {
    diag: SocketDiag,
    addresses: HashMap<SocketAddr, AddressState>,
}

impl Walks {
    pub(crate) fn new(diag: SocketDiag) -> Self {
        Self { diag, addresses: HashMap::new() }
    }

    /// Walks once, and tells the state what was found.
    ///
    /// # Errors
    /// If the kernel does not list the sockets.
    pub(crate) fn walk(&mut self, state: &Mutex<State>, inode: u64) -> Result<(), DiagError> {
        let lock = || state.lock().expect("no thread panics with the lock");
        let (sought, selected) = {
            let state = lock();
            let Some(namespace) = state.namespaces.get(&inode) else { return Ok(()) };
            let selected = state.selected.as_ref().map(|selected| selected.id);
            let selected = selected.and_then(|id| namespace.listeners.get(&id));
            let sought = Sought {
                listeners: namespace.listeners.values().map(|it| it.local).collect(),
                v6_only: namespace
                    .listeners
                    .values()
                    .filter(|it| it.is_v6_only)
                    .map(|it| it.local)
                    .collect(),
                selected: selected.map(|listener| listener.local),
                client_ports: namespace.client_ports(),
            };
            (sought, selected.map(|listener| listener.cookie))
        };
        let mut walk = Walk::new(&mut self.diag, &sought)?;
        let walked_ns = monotonic_ns();
        self.add(&mut walk, &sought, walked_ns);
        let selected = selected.map(|id| self.selected(id, &mut walk, walked_ns));

        let mut state = lock();
        if let Some(namespace) = state.namespaces.get_mut(&inode) {
            namespace.walked_ns = Some(walked_ns);
            namespace.addresses =
                self.addresses.iter().map(|(address, state)| (*address, state.found())).collect();
            let range = sought.client_ports.as_ref();
            namespace.busiest_destination = range.and_then(|range| walk.busiest_destination(range));
        }
        if let Some(listed) = selected
            && let Some(selected) = &mut state.selected
            && selected.id == listed.id
        {
            *selected = listed;
        }
        Ok(())
    }

    /// Adds a walk to the states of the addresses; of one that no listener has any more there is
    /// none.
    fn add(&mut self, walk: &mut Walk, sought: &Sought, walked_ns: u64) {
        let before = self.addresses.len();
        self.addresses.retain(|address, _| sought.listeners.contains(address));
        if self.addresses.len() != before || before != sought.listeners.len() {
            self.addresses.values_mut().for_each(AddressState::forget_accepted);
        }
        for address in &sought.listeners {
            let tally = walk.tallies.remove(address).unwrap_or_default();
            let diag = &mut self.diag;
            let age_ns = |socket: &ServerSocket| {
                let info = diag.connection_info(socket).ok()??;
                Some(u64::from(info.tcp?.last_sent_ms) * 1_000_000)
            };
            self.addresses.entry(*address).or_default().walk(tally, walked_ns, age_ns);
        }
    }

    /// The connections of the selected listener, with their figures.
    fn selected(&mut self, id: u64, walk: &mut Walk, walked_ns: u64) -> Selected {
        walk.listed.sort_by_key(|socket| (socket.is_accepted(), socket.state, socket.peer));
        let left_out = walk.listed.len().saturating_sub(MAX_SHOWN);
        let shown = walk.listed.drain(..).take(MAX_SHOWN);
        let connections = shown.map(|socket| connection(&mut self.diag, &socket)).collect();
        let omitted = walk.omitted + left_out as u32;
        Selected { id, connections, omitted, listed_ns: Some(walked_ns) }
    }
}

fn connection(diag: &mut SocketDiag, socket: &ServerSocket) -> PeerConnection {
    let info = match socket.state {
        TcpState::TimeWait | TcpState::SynRecv => None,
        _ => diag.connection_info(socket).ok().flatten(),
    };
    let tcp = info.and_then(|info| info.tcp);
    let seconds = |ms: u32| f64::from(ms) / 1e3;
    PeerConnection {
        peer: socket.peer,
        state: name(socket.state).to_owned(),
        is_accepted: socket.is_accepted(),
        unread_bytes: info.map_or(0, |info| info.unread_bytes),
        unacknowledged_bytes: info.map_or(0, |info| info.unacknowledged_bytes),
        round_trip_seconds: tcp.filter(|tcp| tcp.rtt_us > 0).map(|tcp| f64::from(tcp.rtt_us) / 1e6),
        retransmits: tcp.map(|tcp| tcp.total_retransmits),
        last_sent_seconds: tcp.map(|tcp| seconds(tcp.last_sent_ms)),
        last_received_seconds: tcp.map(|tcp| seconds(tcp.last_received_ms)),
    }
}

/// The name of a state, as in `ss`.
fn name(state: TcpState) -> &'static str {
    match state {
        TcpState::Established => "ESTAB",
        TcpState::SynSent => "SYN-SENT",
        TcpState::SynRecv => "SYN-RECV",
        TcpState::FinWait1 => "FIN-WAIT-1",
        TcpState::FinWait2 => "FIN-WAIT-2",
        TcpState::TimeWait => "TIME-WAIT",
        TcpState::Close => "UNCONN",
        TcpState::CloseWait => "CLOSE-WAIT",
        TcpState::LastAck => "LAST-ACK",
        TcpState::Listen => "LISTEN",
        TcpState::Closing => "CLOSING",
    }
}
