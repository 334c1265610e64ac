//! `queuelab server`: runs the chat server.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_server::{
    ServerEvent, ServerHandle, ServerReport, ServerResponse, ServerSettings, ServerStatus,
};
use linux_net::{Counter, Counters, SocketDiag};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};
use worker::Message;

use super::{parse_config, print_output};
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab server`.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArguments {
    #[command(flatten)]
    settings: ServerSettings,
    /// All settings as one JSON object, instead of flags.
    #[arg(long, value_name = "JSON")]
    config: Option<String>,
    /// Read commands as JSON lines from standard input; exit at its end.
    #[arg(long)]
    control: bool,
    /// Print tables instead of JSON lines: the capacity of the accept queue, and totals
    /// each time the last client leaves. The default on a terminal.
    #[arg(long, conflicts_with = "control")]
    summary: bool,
}

/// Serves until it is stopped. Prints tables on a terminal, otherwise JSON lines.
pub(crate) fn server(arguments: ServerArguments) -> Result {
    let settings = match &arguments.config {
        None => arguments.settings,
        Some(json) => parse_config(json)?,
    };
    if arguments.summary || (std::io::stdout().is_terminal() && !arguments.control) {
        return serve_with_tables(&settings);
    }
    chat_server::run_worker(&settings, arguments.control).map_err(CommandError::Server)?;
    Ok(Exit::Held)
}

fn serve_with_tables(settings: &ServerSettings) -> Result {
    let totals = Arc::new(Totals { before: counters()? });
    let mut printed = Ok(Exit::Held);
    // A closed standard output does not stop the server.
    let served = chat_server::serve(settings, |message, handle| match message {
        Message::Event(ServerEvent::Listening { address, .. }) => {
            printed = print_output(&describe_listeners(address, settings));
            print_when_idle(Arc::clone(&totals), handle.clone());
        }
        Message::Event(ServerEvent::Stopped(report)) => {
            totals.print("Stopped. Since the start:", &report);
        }
        Message::Response { response: ServerResponse::LetIn, .. } => {
            drop(print_output("held ACKs are released"));
        }
        Message::Response { response: ServerResponse::Report(report), .. } => {
            totals.print("So far, since the start:", &report);
        }
        Message::Failed(failure) => drop(print_output(&format!("failed to {}", failure.reason))),
        _ => {}
    });
    served.map_err(CommandError::Server)?;
    printed
}

/// Describes the listeners, with the capacity of an accept queue as the kernel has it.
fn describe_listeners(address: SocketAddr, settings: &ServerSettings) -> String {
    let mut text = format!("listening on {address}, backlog {}", settings.backlog);
    if let Ok(somaxconn) = std::fs::read_to_string("/proc/sys/net/core/somaxconn") {
        text += &format!(", somaxconn {}", somaxconn.trim());
    }
    let listeners = SocketDiag::open().and_then(|mut diag| diag.listeners());
    // The server works without inet_diag.
    let listeners = listeners.unwrap_or_default();
    if let Some(listener) = listeners.iter().find(|listener| listener.local == address) {
        // sk_acceptq_is_full() is true only above the limit.
        let capacity = u64::from(listener.limit) + 1;
        text += &match settings.listeners {
            1 => format!(": the accept queue holds {capacity}"),
            count => format!(": the accept queues of {count} listeners hold {capacity} each"),
        };
    }
    if settings.hold_acks {
        text += "; ACKs are held until SIGUSR2";
    }
    text
}

/// Time without a client after which the last client is considered to have left.
const IDLE_TIME: Duration = Duration::from_secs(1);

/// Prints the totals each time the last client has left, from a thread that ends with the
/// process.
fn print_when_idle(totals: Arc<Totals>, handle: ServerHandle) {
    std::thread::spawn(move || {
        let mut printed = 0;
        let mut idle_since = None;
        loop {
            std::thread::sleep(IDLE_TIME / 10);
            let ServerStatus { accepted, threads, .. } = handle.status();
            if threads > 0 || accepted == printed {
                idle_since = None;
            } else if idle_since.get_or_insert_with(Instant::now).elapsed() >= IDLE_TIME {
                totals.print("The last client has left. Since the start:", &handle.report());
                printed = accepted;
            }
        }
    });
}

/// The counters of dropped connections, with their descriptions.
const COUNTERS: [(Counter, &str); 3] = [
    (Counter::ListenOverflows, "SYNs and handshakes that met a full accept queue"),
    (Counter::TcpReqQFullDrop, "SYNs that met a full SYN queue"),
    (Counter::ListenDrops, "all drops at a listener, including the two above"),
];

/// Totals since the start of the server.
struct Totals {
    before: Counters,
}

impl Totals {
    fn print(&self, when: &str, report: &ServerReport) {
        // A closed standard output does not stop the server.
        let _ = print_output(&format!("{when}\n{}", self.table(report)));
    }

    fn table(&self, report: &ServerReport) -> String {
        let now = Counters::here();
        let mut builder = Builder::default();
        let mut row = |name: &str, count: i64, meaning: &str| {
            builder.push_record([name, &report::count(count), meaning]);
        };
        row("connections", report.accepted.len() as i64, "accepted by the server");
        row(
            "clients",
            report.metrics.most_threads as i64,
            "maximum at the same time, one thread each",
        );
        row("messages", report.messages_ingested as i64, "read from clients");
        row("deliveries", report.deliveries as i64, "messages written to a client");
        if let Ok(now) = &now {
            let delta = now.delta(&self.before);
            for (counter, meaning) in COUNTERS {
                row(counter.name(), delta.get(counter.name()), meaning);
            }
        }
        let mut table = builder.build();
        // A line below the first row would make it look like a heading.
        table.with(Style::rounded().remove_horizontals());
        table.modify(Columns::one(1), Alignment::right());
        match now {
            Ok(_) => table.to_string(),
            Err(error) => format!("{table}\nNo kernel counters: failed to {error}"),
        }
    }
}

fn counters() -> Result<Counters> {
    let here = Counters::here();
    Ok(here?)
}
