//! What the tests of the viewer share: a server in this process, and its runs.

pub(crate) mod devtools;
pub(crate) mod driven_run;
pub(crate) mod event_stream;
pub(crate) mod http;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use run_record::RunDirectory;
use run_view::Run;
use tempfile::TempDir;
use tokio::sync::oneshot;
use viewer::{Limits, Server};

/// A viewer that serves from a thread of this process until it is dropped.
pub(crate) struct RunningViewer {
    _shutdown: oneshot::Sender<()>,
}

/// Serves the runs below `runs` on a free port.
pub(crate) fn serve(runs: &Path) -> (RunningViewer, SocketAddr) {
    serve_with(runs, Limits::default())
}

/// The same with other limits.
pub(crate) fn serve_with(runs: &Path, limits: Limits) -> (RunningViewer, SocketAddr) {
    serve_changed(runs, move |server| server.with_limits(limits))
}

/// The same with a server that is changed before it serves.
pub(crate) fn serve_changed(
    runs: &Path,
    change: impl FnOnce(Server) -> Server + Send + 'static,
) -> (RunningViewer, SocketAddr) {
    let runs = runs.to_owned();
    let (bound, address) = std::sync::mpsc::channel();
    let (shutdown, stopped) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
            bound.send(server.address()).unwrap();
            let shutdown = async { drop(stopped.await) };
            change(server).serve(&runs, shutdown).await;
        });
        runtime.shutdown_background();
    });
    (RunningViewer { _shutdown: shutdown }, address.recv().unwrap())
}

pub(crate) fn out_directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Copies a run that the tests of `report` keep to `runs/name`.
pub(crate) fn put(recorded: &str, runs: &Path, name: &str) {
    let to = runs.join(name);
    fs::create_dir_all(&to).unwrap();
    for file in ["run.json", "trials.jsonl"] {
        fs::copy(recorded_run(recorded).join(file), to.join(file)).unwrap();
    }
}

/// The path of a run that the tests of `report` keep.
pub(crate) fn recorded_run(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs").join(name)
}

/// The view of a run directory.
pub(crate) fn view(run: &Path) -> Run {
    let (record, trials) = RunDirectory::read(run).unwrap();
    Run::new(record, trials)
}

/// Writes a run's report, as `queuelab report` does.
pub(crate) fn report(run: &Path) {
    for (name, contents) in report::files(&view(run), run).files {
        let path = run.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
}

/// Text as a page contains it.
pub(crate) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// Waits until a condition holds, four minutes at most.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(240);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within four minutes");
        std::thread::sleep(Duration::from_millis(20));
    }
}
