//! Browsers that watch a run in progress.

use std::fs;

use crate::support::driven_run::DrivenRun;
use crate::support::event_stream::EventStream;
use crate::support::http::{request, status};
use crate::support::viewer::start_viewer;
use crate::support::{Background, copy_recorded_run, out_directory, wait_until};

#[test]
fn too_many_watchers_are_rejected_until_others_close() {
    let runs = out_directory();
    let run = DrivenRun::start(runs.path());
    copy_recorded_run("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let (server, address) = start_viewer(runs.path());
    let name = run.name();
    let open = || EventStream::open(address, &name);
    assert_eq!(status(&request(address, "GET", "/")), 200);
    let before = open_files(&server);
    for _ in 0..2 {
        let watching: Vec<_> = (0..64).map(|_| open()).collect();
        assert!(watching.iter().all(|events| status(&events.head) == 200));
        let rejected = request(address, "GET", &format!("/runs/{name}/events"));
        assert_eq!(status(&rejected), 503, "{rejected}");
        assert!(rejected.contains("64 pages watch"), "{rejected}");
        assert!(rejected.contains("retry-after: "), "{rejected}");
        assert_eq!(status(&request(address, "GET", "/")), 200, "other pages are served");
        assert!(open_files(&server) > 64);
        drop(watching);
        wait_until("the files of closed connections are closed", || open_files(&server) <= before);
    }
    assert_eq!(status(&open().head), 200);
}

#[test]
fn watchers_do_not_delay_the_shutdown() {
    let runs = out_directory();
    let run = DrivenRun::start(runs.path());
    let (mut server, address) = start_viewer(runs.path());
    let _events = EventStream::open(address, &run.name());
    crate::support::terminate(&server.child);
    assert_eq!(server.child.wait().unwrap().code(), Some(0), "while the watcher still watches");
}

fn open_files(server: &Background) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count()
}
