//! Prints while the server runs: failures, and totals when it is idle.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_server::{ClientFailures, ServerHandle, ServerStatus};

use super::failures::failures;
use super::totals::Totals;
use crate::output::print_output;

/// Time without a client after which the last client is considered to have left.
const IDLE_TIME: Duration = Duration::from_secs(1);

/// Shortest time between two messages about failures.
const FAILURES_INTERVAL: Duration = Duration::from_secs(1);

/// Prints failures as they happen, at most once a second, and the totals each time the
/// last client has left, from a thread that ends with the process.
pub(super) fn start(totals: Arc<Totals>, handle: ServerHandle) {
    std::thread::spawn(move || {
        let mut printed = 0;
        let mut idle_since = None;
        let mut reported = Reported::default();
        loop {
            std::thread::sleep(IDLE_TIME / 10);
            if let Some(text) = reported.next(handle.client_failures(), Instant::now()) {
                // A closed standard output does not stop the server.
                let _ = print_output(&text);
            }
            let ServerStatus { accepted, clients, .. } = handle.status();
            if clients > 0 || accepted == printed {
                idle_since = None;
            } else if idle_since.get_or_insert_with(Instant::now).elapsed() >= IDLE_TIME {
                totals.print("The last client has left. Since the start:", &handle.report());
                printed = accepted;
            }
        }
    });
}

/// The failures that were printed.
#[derive(Debug, Default)]
struct Reported {
    failures: ClientFailures,
    at: Option<Instant>,
}

impl Reported {
    /// A line for each kind of failure that has happened again since the last lines; `None`
    /// if there is none, or they were printed less than a second ago.
    fn next(&mut self, now: ClientFailures, at: Instant) -> Option<String> {
        let is_early = self.at.is_some_and(|last| at < last + FAILURES_INTERVAL);
        if is_early {
            return None;
        }
        let before = failures(&self.failures);
        let grown = failures(&now).into_iter().filter(|failure| !before.contains(failure));
        let lines: Vec<_> = grown
            .map(|failure| match failure.times {
                1 => format!("{} once: {}", failure.what, failure.meaning),
                times => {
                    format!(
                        "{} {} times so far: {}",
                        failure.what,
                        report::count(times),
                        failure.meaning
                    )
                }
            })
            .collect();
        if lines.is_empty() {
            return None;
        }
        (self.failures, self.at) = (now, Some(at));
        Some(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_printed_when_they_grow_and_at_most_once_a_second() {
        let failed = |times| ClientFailures {
            accept_errors: [("EMFILE".to_owned(), times)].into(),
            ..ClientFailures::default()
        };
        let start = Instant::now();
        let mut reported = Reported::default();
        assert_eq!(reported.next(ClientFailures::default(), start), None);
        let first = reported.next(failed(1), start).unwrap();
        assert!(first.starts_with("accept(2) EMFILE once: this process"), "{first}");
        assert_eq!(reported.next(failed(50), start + FAILURES_INTERVAL / 2), None);
        let later = reported.next(failed(99), start + FAILURES_INTERVAL).unwrap();
        assert!(later.starts_with("accept(2) EMFILE 99 times so far: "), "{later}");
        assert_eq!(reported.next(failed(99), start + FAILURES_INTERVAL * 5), None, "no news");
    }
}
