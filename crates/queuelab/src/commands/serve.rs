//! `queuelab serve`: the runs in a browser, read and never written.

mod files;
mod pages;
mod runs;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::Markup;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::answer;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArguments {
    /// Where to serve; whoever reaches it can read the runs.
    #[arg(long, default_value = "127.0.0.1:8088")]
    address: SocketAddr,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = "reports/runs")]
    runs: PathBuf,
}

/// How long a request that has begun may take once the server is to stop.
const FAREWELL: Duration = Duration::from_secs(2);

/// What no page of ours needs is forbidden to them: scripts, forms, and anything from
/// elsewhere.
const HEADERS: [(HeaderName, &str); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Serves until SIGTERM or SIGINT.
pub(crate) fn serve(arguments: &ServeArguments) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(failed("start serving"))?;
    runtime.block_on(served(arguments))
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

    let server = axum::serve(listener, router(runs)).with_graceful_shutdown(asked.comes());
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

/// The directory is read anew for each request: a run shows while it runs.
fn router(runs: &Path) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/runs/{scenario}/{time}", get(run))
        .fallback(async || (StatusCode::NOT_FOUND, html(&pages::not_found())))
        .layer(axum::middleware::map_response(async |response: Response| (HEADERS, response)))
        .route("/runs/{scenario}/{time}/{file}", get(file))
        .route("/runs/{scenario}/{time}/{folder}/{file}", get(file_in_folder))
        .with_state(Arc::from(runs))
}

async fn index(State(root): State<Arc<Path>>) -> Response {
    page(move || match runs::list(&root) {
        Ok(runs) => (StatusCode::OK, pages::index(&root, &runs)),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, pages::unreadable(&root, &error)),
    })
    .await
}

async fn run(
    State(root): State<Arc<Path>>,
    UrlPath((scenario, time)): UrlPath<(String, String)>,
) -> Response {
    page(move || match runs::find(&root, &scenario, &time) {
        Ok(Some(run)) => (StatusCode::OK, pages::run(run)),
        Ok(None) => (StatusCode::NOT_FOUND, pages::not_found()),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, pages::unreadable(&root, &error)),
    })
    .await
}

async fn file(State(root): State<Arc<Path>>, UrlPath(names): UrlPath<[String; 3]>) -> Response {
    files::response(root, names.into()).await
}

async fn file_in_folder(
    State(root): State<Arc<Path>>,
    UrlPath(names): UrlPath<[String; 4]>,
) -> Response {
    files::response(root, names.into()).await
}

/// Reads files and makes a page of them, where waiting for a disk stops nobody
/// else.
async fn page(make: impl FnOnce() -> (StatusCode, Markup) + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(make).await {
        Ok((status, page)) => (status, html(&page)).into_response(),
        // A panic, which has been printed.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn html(page: &Markup) -> Html<String> {
    Html(page.0.clone())
}
