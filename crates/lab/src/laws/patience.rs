//! Whether the server gives up a client.

use std::time::Duration;

use chat_protocol::Framing;
use chat_server::{PLACE_IN_QUEUE, ServerSettings, WhenFull};
use load_generator::LoadSettings;
use scenario::CellSettings;

use super::clients::start_spread;
use super::condition::{Inapplicable, not_applied};
use super::inputs::Inputs;
use super::reads::Reads;

/// Time that the lab leaves to connections beyond their planned length.
pub(super) const MARGIN: Duration = Duration::from_secs(1);

/// Time in which a message, once begun, arrives, and a client that reads takes one, even on a
/// busy machine.
const MIN_TIMEOUT: Duration = Duration::from_secs(5);

/// What [`require_patience`] reads beyond [`CLIENTS`](super::clients::CLIENTS).
pub(super) const PATIENCE: Reads = Reads::settings(&[
    "server.max_clients",
    "server.frame_timeout",
    "server.idle_timeout",
    "server.write_timeout",
    "server.design",
    "server.client_queue",
    "server.when_full",
    "load.size",
    "load.finish_deadline",
]);

/// Requires that the server gives up no client. How many it can serve on this machine is not
/// known before it starts.
pub(super) fn require_patience(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    check_patience(inputs.cell).map_err(not_applied)
}

/// As [`require_patience`].
///
/// # Errors
/// Why the server may give up a client, for people.
pub(crate) fn check_patience(cell: &CellSettings) -> Result<(), &'static str> {
    let (server, load) = (cell.server.listening(), &cell.load);
    let is_patient = |timeout: Duration, least| timeout.is_zero() || timeout >= least;
    // A message of the load is written at once.
    let has_messages = load.messages > 0;
    // No connection is open for longer.
    let connected = [load.connect_deadline, load.linger, load.finish_deadline, MARGIN]
        .into_iter()
        .fold(start_spread(load).unwrap_or_default(), Duration::saturating_add);
    if server.max_clients.is_some_and(|max| max < load.clients) {
        Err("the server serves fewer clients at once (server.max_clients)")
    } else if has_messages && !is_patient(server.frame_timeout, MIN_TIMEOUT) {
        Err("a message may not arrive in time (server.frame_timeout)")
    } else if has_messages && !is_patient(server.write_timeout, MIN_TIMEOUT) {
        Err("a client may not read in time (server.write_timeout)")
    } else if has_messages && may_fill_queue(&server, load) {
        Err("a client's queue may be full (server.client_queue, server.when_full)")
    } else if !is_patient(server.idle_timeout, connected) {
        Err("clients may be silent for too long (server.idle_timeout)")
    } else {
        Ok(())
    }
}

/// Whether messages may find a client's queue full, and the server then drops them or the client.
fn may_fill_queue(server: &ServerSettings, load: &LoadSettings) -> bool {
    let message = Framing::HEADER_BYTES as u64 + u64::from(load.size) + PLACE_IN_QUEUE;
    let all = u64::from(load.clients) * u64::from(load.messages);
    server.design.design().queues
        && server.when_full != WhenFull::HoldSender
        && all.saturating_mul(message) > server.client_queue
}
