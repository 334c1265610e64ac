//! An accept loop.

use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use linux_net::monotonic_ns;
use nix::errno::Errno;
use socket2::Socket;

use crate::client::ClientId;
use crate::control::AcceptedConnection;
use crate::depth::read_depth;
use crate::lock::lock;
use crate::shared::Shared;

/// Pause after an error that persists, such as EMFILE: the connection stays queued, and
/// accept(2) would fail again at once.
const ERROR_PAUSE: Duration = Duration::from_millis(10);

/// Accepts, registers and starts the clients of the listener `index` until the
/// server stops.
pub(crate) fn accept_loop(shared: &Shared, index: usize) {
    let listener = &shared.listeners[index];
    // Each loop has its own numbers.
    let mut next_id = index as ClientId;
    let step = shared.listeners.len() as ClientId;
    let mut taken = 0;
    while shared.gate.wait_until_resumed() && shared.gate.wait(shared.context.settings.accept_delay)
    {
        let called_ns = monotonic_ns();
        match listener.accept() {
            Ok((socket, peer)) => {
                let at_ns = monotonic_ns();
                taken += 1;
                let depth = shared
                    .reads_depths
                    .load(Relaxed)
                    .then(|| read_depth(listener, index as u32, called_ns, at_ns, taken))
                    .flatten();
                let peer = peer.as_socket().expect("a TCP peer has an IP address");
                let connection = AcceptedConnection { peer, at_ns };
                lock(&shared.accept_log).add_connection(connection, depth);
                if let Some(announce) = shared.announce {
                    announce(connection);
                }
                if let Err(error) = admit(shared, next_id, socket) {
                    lock(&shared.accept_log).add_thread_error(errno(&error));
                    shared.gate.wait(ERROR_PAUSE);
                }
                next_id += step;
            }
            Err(_) if shared.context.is_stopping() => break,
            Err(error) => match errno(&error) {
                Errno::EINTR => {}
                // It has been taken from the queue (`do_accept`).
                aborted @ Errno::ECONNABORTED => {
                    taken += 1;
                    lock(&shared.accept_log).add_accept_error(aborted);
                }
                other => {
                    lock(&shared.accept_log).add_accept_error(other);
                    shared.gate.wait(ERROR_PAUSE);
                }
            },
        }
    }
    lock(&shared.accept_log).add_run_delay(linux_net::run_delay_seconds());
}

/// Lets the design serve a client.
///
/// # Errors
/// If a thread cannot start.
fn admit(shared: &Shared, id: ClientId, socket: Socket) -> io::Result<()> {
    if shared.context.settings.nodelay {
        // This fails only on a closed connection, which the design will notice.
        let _ = socket.set_tcp_nodelay(true);
    }
    shared.clients.admit(id, socket)
}

fn errno(error: &io::Error) -> Errno {
    // Errors of the standard library (an impossible stack size) have none.
    error.raw_os_error().map_or(Errno::EINVAL, Errno::from_raw)
}
