//! `queuelab server`: runs the chat server.
//!
//! | module | holds |
//! |---|---|
//! | `totals` | the table of totals since the start |
//! | `watch` | prints while the server runs: failures, and totals when it is idle |
//! | `failures` | clients that could not be accepted or served, or were given up, in words |

mod failures;
mod totals;
mod watch;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;

use chat_server::{ServerEvent, ServerResponse, ServerSettings};
use linux_net::SocketDiag;
use worker::Message;
use worker::metrics::ClientLimit;

use self::totals::Totals;
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
    /// Print tables instead of JSON lines: the capacity of the accept queue, totals each
    /// time the last client leaves, and clients that could not be accepted or served, or were
    /// given up. The default on a terminal.
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
    let totals = Arc::new(Totals::since_now()?);
    let mut printed = Ok(Exit::Held);
    // A closed standard output does not stop the server.
    let served = chat_server::serve(settings, |message, handle| match message {
        Message::Event(ServerEvent::Listening { address, .. }) => {
            let limit = handle.client_limit();
            printed = print_output(&describe_listeners(address, settings, limit));
            watch::start(Arc::clone(&totals), handle.clone());
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
fn describe_listeners(
    address: SocketAddr,
    settings: &ServerSettings,
    clients: &ClientLimit,
) -> String {
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
    let ClientLimit { clients, limit } = clients;
    text += &format!("; up to {} clients at once ({limit})", report::count(*clients));
    if settings.hold_acks {
        text += "; ACKs are held until SIGUSR2";
    }
    text
}
