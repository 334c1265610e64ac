//! `queuelab serve`: shows runs in a web browser.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::signal::unix::{Signal, SignalKind, signal};
use viewer::Server;

use super::bind_error::bind_error;
use super::print_output;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArguments {
    /// Address to listen on. Anyone who can reach it can read the runs.
    ///
    /// The Host header of a request must be a loopback name or address, or this address
    /// (any IP address if this is 0.0.0.0 or [::]).
    #[arg(long, default_value = "127.0.0.1:8088")]
    address: SocketAddr,
    /// Directory of the runs.
    #[arg(long, value_name = "DIR", default_value = "reports/runs")]
    runs: PathBuf,
    /// URL to print, if browsers reach the page at another one than --address, as they do
    /// at the published port of a container.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn serve(arguments: &ServeArguments) -> Result {
    if !arguments.runs.is_dir() {
        return Err(CommandError::Usage(format!(
            "failed to find the directory of runs {}; run a scenario first, which creates \
             reports/runs, or name the directory of your runs with --runs",
            arguments.runs.display()
        )));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(io_error("start serving"))?;
    let end = runtime.block_on(run(arguments));
    // Do not wait for pages that are still reading files.
    runtime.shutdown_background();
    end
}

async fn run(ServeArguments { address, runs, url }: &ServeArguments) -> Result {
    // First: the kernel drops a signal to the first process of a container that has no
    // handler for it.
    let stop = Stop::new().map_err(io_error("watch for signals"))?;
    let server = Server::bind(*address).await.map_err(|error| bind_error(error, "--address"))?;
    let address = server.address();
    let place = match (url, address.ip().is_unspecified()) {
        (Some(url), _) => url.clone(),
        (None, true) => {
            let port = address.port();
            format!("http://127.0.0.1:{port}/, and on every other address of this host")
        }
        (None, false) => format!("http://{address}/"),
    };
    print_output(&format!("serving the runs of {} on {place}", runs.display()))?;
    server.serve(runs, stop.received()).await;
    Ok(Exit::Held)
}

/// The signals that stop the server.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> std::io::Result<Self> {
        let (terminate, interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    async fn received(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn io_error(action: &str) -> impl Fn(std::io::Error) -> CommandError {
    move |source| CommandError::Io { action: action.to_owned(), source }
}
