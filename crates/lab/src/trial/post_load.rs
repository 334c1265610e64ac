//! What a trial does after its load: watches closing sockets, and restarts the server.

use std::time::Duration;

use chat_server::ServerSettings;
use nix::errno::Errno;
use run_record::Restart;
use scenario::After;
use worker::WorkerError;

use crate::backend::{Role, Testbed};
use crate::clock::Clock;
use crate::error::{LabError, Result};
use crate::server::ChatServer;

/// Time between two polls of sockets that stay for seconds. The probe records when they
/// end; this only ends the wait.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Time between two starts of a server whose port is taken: each is a new process.
const RESTART_INTERVAL: Duration = Duration::from_millis(250);

/// Waits until no socket of the server's host is in TIME_WAIT or FIN_WAIT_2, but at most
/// for `within`. `check` fails when the run must end.
pub(super) fn watch_closing(
    testbed: &dyn Testbed,
    clock: &dyn Clock,
    within: Duration,
    mut check: impl FnMut() -> Result<()>,
) -> Result<()> {
    let deadline = clock.now() + within;
    while clock.now() < deadline {
        check()?;
        let sockets = testbed.sockets(Role::Server)?;
        if sockets.time_wait + sockets.fin_wait2 == 0 {
            break;
        }
        clock.sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// Restarts the server until it can bind its port, for at most the time in `after`;
/// `None` if the scenario does not restart it. `left_ns` is when the last client left,
/// nanoseconds of the same clock.
pub(super) fn restart(
    testbed: &dyn Testbed,
    clock: &dyn Clock,
    first: &ServerSettings,
    after: &After,
    left_ns: u64,
    check: impl Fn() -> Result<()>,
) -> Result<Option<Restart>> {
    if after.restart_within.is_zero() {
        return Ok(None);
    }
    let reuse_address = after.restart_reuse_address.unwrap_or(first.reuse_address);
    let settings = ServerSettings { reuse_address, ..first.clone() };
    let deadline = clock.now() + after.restart_within;
    let mut restart = Restart::default();
    loop {
        check()?;
        let since_left = || clock.now_ns().saturating_sub(left_ns) as f64 / 1e9;
        let tried = since_left();
        match ChatServer::start(testbed, &settings) {
            Ok(server) => {
                restart.seconds = Some(since_left());
                server.stop()?;
                return Ok(Some(restart));
            }
            Err(LabError::Worker(WorkerError::Failed { reason, errno, .. }))
                if errno == Some(Errno::EADDRINUSE as i32) =>
            {
                restart.refused += 1;
                restart.last_refused_seconds = Some(tried);
                restart.refusal = Some(reason);
            }
            Err(error) => return Err(error),
        }
        if clock.now() >= deadline {
            return Ok(Some(restart));
        }
        clock.sleep(RESTART_INTERVAL);
    }
}
