//! `queuelab serve`: the runs in a browser, read and never written.
//!
//! | module | holds |
//! |---|---|
//! | `guard` | who is answered: methods, and names of this server |
//! | `page` | what every page is: its frame, and what it is allowed |
//! | `runs` | the runs' directories, and the files in them |
//! | `summaries` | what the list tells of each run, read once |
//! | `list`, `run`, `compare`, `live` | the pages |
//! | `suites` | what the list has of suites |
//! | `watch` | a run in progress, looked at once for all who watch |
//! | `events` | what they are sent |
//! | `files` | the files of a run's directory, as they are |

mod compare;
mod events;
mod files;
mod guard;
mod list;
mod live;
mod page;
mod run;
mod runs;
mod suites;
mod summaries;
mod watch;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::guard::Guard;
use self::summaries::Summaries;
use self::watch::Watches;
use super::answer;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArguments {
    /// Where to serve; whoever reaches it can read the runs. Requests are answered
    /// that name this machine by a loopback name or address, or by this address (by
    /// any address where this is 0.0.0.0 or [::]).
    #[arg(long, default_value = "127.0.0.1:8088")]
    address: SocketAddr,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = "reports/runs")]
    runs: PathBuf,
}

/// How long a request that has begun may take once the server is to stop.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the pages are made from.
struct Site {
    /// The directory is read anew for each request: a run shows while it runs.
    runs: PathBuf,
    summaries: Summaries,
    watches: Watches,
}

impl Site {
    fn of(runs: &Path) -> Self {
        Self { runs: runs.to_owned(), summaries: Summaries::default(), watches: Watches::default() }
    }
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn serve(arguments: &ServeArguments) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(failed("start serving"))?;
    let end = runtime.block_on(served(arguments));
    // Who still reads a disk for a page that nobody waits for is not waited for.
    runtime.shutdown_background();
    end
}

async fn served(arguments: &ServeArguments) -> Result {
    let ServeArguments { address, runs } = arguments;
    // Before anything is served: the first process of a container gets no
    // signal that it has no handler for.
    let watch = || Stop::watch().map_err(failed("watch for signals"));
    let (asked, farewell) = (watch()?, watch()?);
    let taken = format!("serve on {address} (choose another place with --address)");
    let listener = tokio::net::TcpListener::bind(address).await.map_err(failed(&taken))?;
    let address = listener.local_addr().map_err(failed(&taken))?;
    let place = match address.ip().is_unspecified() {
        true => format!("port {} of every address of this host", address.port()),
        false => format!("http://{address}/"),
    };
    answer(&format!("the runs of {} are on {place}", runs.display()))?;

    let router = router(Arc::new(Site::of(runs)), Guard::at(address));
    let server = axum::serve(listener, router).with_graceful_shutdown(asked.comes());
    tokio::select! {
        served = server => served.map_err(failed("serve"))?,
        () = async { farewell.comes().await; tokio::time::sleep(FAREWELL).await } => {}
    }
    Ok(Exit::Held)
}

/// The signals that end the server.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn watch() -> std::io::Result<Self> {
        let (terminate, interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    async fn comes(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn failed(action: &str) -> impl Fn(std::io::Error) -> CommandError {
    move |source| CommandError::Io { action: action.to_owned(), source }
}

fn router(site: Arc<Site>, guard: Guard) -> Router {
    Router::new()
        .route("/", get(list::response))
        .route("/compare", get(compare::response))
        .route("/runs/{scenario}/{time}", get(run::response))
        .route("/runs/{scenario}/{time}/events", get(events::response))
        .route("/runs/{scenario}/{time}/{file}", get(files::file))
        .route("/runs/{scenario}/{time}/{folder}/{file}", get(files::file_in_folder))
        .fallback(async || page::not_found())
        .layer(from_fn_with_state(guard, guard::answered))
        .with_state(site)
}
