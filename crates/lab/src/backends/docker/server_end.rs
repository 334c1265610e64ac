//! The output of a container, and when it ends.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use bollard::Docker;
use bollard::container::AttachContainerResults;
use bollard::query_parameters::WaitContainerOptions;
use futures_util::StreamExt;
use linux_net::monotonic_ns;
use program_server::Output;
use tokio::runtime::Handle;

/// When a container ended; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct ServerEnd(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    at_ns: Mutex<Option<u64>>,
    ended: Condvar,
}

impl ServerEnd {
    /// Reads a container's streams into `output` until it has ended.
    pub(super) fn watch(
        runtime: &Handle,
        docker: Docker,
        id: String,
        streams: AttachContainerResults,
        output: Output,
    ) -> Self {
        let end = Self::default();
        let noticed = end.clone();
        runtime.spawn(async move {
            let mut streams = streams.output;
            while let Some(Ok(chunk)) = streams.next().await {
                output.add(&chunk.into_bytes());
            }
            output.end();
            // Its processes have closed their output: usually it has ended, and the engine has
            // noticed that or will. It responds then, or that there is no such container.
            let _ = docker.wait_container(&id, None::<WaitContainerOptions>).next().await;
            noticed.set(monotonic_ns());
        });
        end
    }

    /// When it ended, CLOCK_MONOTONIC, nanoseconds; `None` if it has not.
    pub(super) fn at_ns(&self) -> Option<u64> {
        *self.0.at_ns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its end, at most for this time; whether it has ended.
    pub(super) fn wait(&self, within: Duration) -> bool {
        let at_ns = self.0.at_ns.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.ended.wait_timeout_while(at_ns, within, |at_ns| at_ns.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_some()
    }

    fn set(&self, at_ns: u64) {
        *self.0.at_ns.lock().unwrap_or_else(PoisonError::into_inner) = Some(at_ns);
        self.0.ended.notify_all();
    }
}

/// An exit code for people: as a shell shows it, 128 plus the number of a signal.
pub(super) fn status_text(code: i32) -> String {
    match nix::sys::signal::Signal::try_from(code - 128) {
        Ok(signal) if code > 128 => signal.as_str().to_owned(),
        _ => format!("exit status {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_a_shell() {
        for (code, text) in [(0, "exit status 0"), (3, "exit status 3"), (137, "SIGKILL")] {
            assert_eq!(status_text(code), text);
        }
        assert_eq!(status_text(255), "exit status 255");
    }

    #[test]
    fn an_end_is_awaited_for_a_limited_time() {
        let end = ServerEnd::default();
        assert!(!end.wait(Duration::from_millis(1)));
        end.set(7);
        assert!(end.wait(Duration::ZERO));
        assert_eq!(end.at_ns(), Some(7));
    }
}
