//! The table of totals since the start.

use std::time::Duration;

use chat_server::{ClientFailures, ServerReport};
use linux_net::{Counter, Counters};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::peaker::Priority;
use tabled::settings::{Alignment, Style, Width};

use super::failures::failures;
use crate::error::Result;
use crate::output::print_output;

/// The columns of the table.
const WIDTH: usize = 60;

/// The counters of dropped connections, with their descriptions. They are those of the
/// network namespace, so of all its listeners.
const COUNTERS: [(Counter, &str); 3] = [
    (Counter::ListenOverflows, "SYNs and handshakes that met a full accept queue"),
    (Counter::TcpReqQFullDrop, "SYNs that met a full SYN queue"),
    (Counter::ListenDrops, "all drops at listeners of this namespace, with the above"),
];

/// Totals since the start of the server.
#[derive(Debug)]
pub(super) struct Totals {
    before: Counters,
}

impl Totals {
    /// Counts from now.
    ///
    /// # Errors
    /// If the kernel's counters cannot be read.
    pub(super) fn since_now() -> Result<Self> {
        Ok(Self { before: Counters::here()? })
    }

    /// Prints the totals below a heading.
    pub(super) fn print(&self, when: &str, report: &ServerReport) {
        // A closed standard output does not stop the server.
        let _ = print_output(&format!("{when}\n{}", self.table(report)));
    }

    fn table(&self, report: &ServerReport) -> String {
        let now = Counters::here();
        let metrics = &report.metrics;
        let mut builder = Builder::default();
        let mut row = |name: &str, count: u64, meaning: &str| {
            builder.push_record([name, &report::count(count), meaning]);
        };
        row("connections", report.connections, "accepted by the server");
        let failed = ClientFailures {
            accept_errors: metrics.accept_errors.clone(),
            thread_errors: metrics.thread_errors.clone(),
            closed: metrics.closed.clone(),
            client_limit: metrics.client_limit.clone().unwrap_or_default(),
        };
        for failure in failures(&failed) {
            row(&failure.what, failure.times, &failure.meaning);
        }
        row("clients", metrics.most_clients, "maximum at the same time");
        row("messages", report.messages_ingested, "read from clients");
        row("deliveries", report.deliveries, "messages written to a client");
        if metrics.dropped > 0 {
            let meaning = "messages for clients whose --client-queue was full";
            row("dropped", metrics.dropped, meaning);
        }
        if metrics.protocol_errors > 0 {
            let meaning = "clients closed for a header that is not in the framing";
            row("malformed", metrics.protocol_errors, meaning);
        }
        if metrics.failed_writes > 0 {
            row("failed writes", metrics.failed_writes, "to clients that had gone");
        }
        if metrics.write_wait.count > 0 {
            let longest = Duration::from_nanos(metrics.write_wait.max_ns);
            let meaning = format!(
                "that waited for a client to read, for up to {:.1} s",
                longest.as_secs_f64()
            );
            row("slow writes", metrics.write_wait.count, &meaning);
        }
        if let Ok(now) = &now {
            let delta = now.delta(&self.before);
            for (counter, meaning) in COUNTERS {
                row(counter.name(), delta.get(counter.name()).max(0).cast_unsigned(), meaning);
            }
        }
        let mut table = builder.build();
        // A line below the first row would make it look like a heading.
        table.with(Style::rounded().remove_horizontals());
        table.modify(Columns::one(1), Alignment::right());
        table.with(Width::wrap(WIDTH).keep_words(true).priority(Priority::max(true)));
        match now {
            Ok(_) => table.to_string(),
            Err(error) => format!("{table}\nNo kernel counters: failed to {error}"),
        }
    }
}
