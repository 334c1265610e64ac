//! A run in progress, as those see it who watch.

use std::fs;
use std::time::Duration;

use crate::support::event_stream::{EventStream, done};
use crate::support::held_run::HeldRun;
use crate::support::viewer::{report, serve};
use crate::support::{Background, out_directory, put, request, status, until};

#[test]
fn cells_fill_in_a_breach_is_marked_and_the_queue_stands_against_its_limit() {
    let runs = out_directory();
    let mut run = HeldRun::begin(runs.path());
    let (_server, address) = serve(runs.path());
    let list = request(address, "GET", "/");
    assert!(list.contains("● running") && list.contains("in progress"), "{list}");
    run.append();
    let mut events = EventStream::open(address, &run.name());
    assert!(events.head.contains("content-type: text/event-stream"), "{}", events.head);
    assert!(events.head.contains("content-security-policy: "), "{}", events.head);
    events.await_part("progress", "1 of 16 trials");
    assert_eq!(done(&events.await_part("cells", "data-cell=\"7\"")), 1);

    run.shows(11, 10);
    let now = events.await_part("now", "data-depth=\"11\" data-limit=\"10\"");
    assert!(now.contains("full") && now.contains("SYN queue 3"), "{now}");
    assert!(now.contains("class=\"sparkline\""), "{now}");
    run.append();
    assert_eq!(done(&events.await_part("cells", "class=\"cell")), 2);
    let check = &mut run.trials[0].invariants[0];
    (check.held, check.detail) = (Some(false), "no <b>".to_owned());
    run.append();
    let progress = events.await_part("progress", "3 of 16 trials");
    assert!(progress.contains("1 check failed") && progress.contains("no &lt;b&gt;"), "{progress}");

    // Somebody who comes later, or again, gets the whole of it.
    let mut later = EventStream::open(address, &run.name());
    later.await_part("progress", "1 check failed");
    let cells = later.await_part("cells", "broken");
    assert_eq!(done(&cells), 3, "{cells}");
    drop(later);

    while !run.trials.is_empty() {
        run.append();
    }
    let (name, path) = (run.name(), run.path());
    run.directory.finish(&mut run.record).unwrap();
    drop(run);
    events.await_part("end", "Its report is being written.");
    report(&path);
    let end = events.await_part("end", "report.html");
    assert!(end.contains(&format!("href=\"/runs/{name}/report.html\"")), "{end}");
    assert_eq!(events.event().map(|(name, _)| name).as_deref(), Some("bye"));
    assert_eq!(events.event(), None, "the stream ends");
    let page = request(address, "GET", &format!("/runs/{name}"));
    assert!(!page.contains("<script") && page.contains("1 failed"), "{page}");
}

#[test]
fn the_page_shows_how_far_it_is_to_browsers_without_scripts_too() {
    let runs = out_directory();
    let mut run = HeldRun::begin(runs.path());
    run.append();
    run.shows(7, 10);
    let (_server, address) = serve(runs.path());
    let page = request(address, "GET", &format!("/runs/{}", run.name()));
    assert_eq!(status(&page), 200);
    assert!(page.contains("1 of 16 trials") && page.contains("data-depth=\"7\""), "{page}");
    assert!(page.contains("<noscript><meta http-equiv=\"refresh\""), "{page}");
    let (_, policy) = page.split_once("script-src 'nonce-").unwrap();
    let (nonce, _) = policy.split_once('\'').unwrap();
    assert!(nonce.len() == 32 && page.contains(&format!("<script nonce=\"{nonce}\"")), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    let again = request(address, "GET", &format!("/runs/{}", run.name()));
    assert!(!again.contains(nonce), "each page has a number of its own");
}

#[test]
fn what_a_killed_run_has_left_fools_nobody() {
    let runs = out_directory();
    let mut run = HeldRun::begin(runs.path());
    run.append();
    run.shows(7, 10);
    let (name, path) = (run.name(), run.path());
    // As the kernel lets its lock go.
    drop(run);
    assert!(path.join("live.json").exists());
    let (_server, address) = serve(runs.path());
    let list = request(address, "GET", "/");
    assert!(!list.contains("● running") && list.contains("not finished"), "{list}");
    let page = request(address, "GET", &format!("/runs/{name}"));
    assert!(!page.contains("<script") && !page.contains("data-depth"), "{page}");
    let mut events = EventStream::open(address, &name);
    let end = events.await_part("end", "The run was stopped: 1 of 16 trials are kept.");
    assert!(end.contains("queuelab run --resume"), "{end}");
    assert_eq!(events.event().map(|(name, _)| name).as_deref(), Some("bye"));
    assert_eq!(events.event(), None);
}

#[test]
fn a_stream_with_nothing_to_say_gives_signs_of_life() {
    let runs = out_directory();
    let run = HeldRun::begin(runs.path());
    let (_server, address) = serve(runs.path());
    let mut events = EventStream::open(address, &run.name());
    assert_eq!(events.await_comment(), ": still here");
}

#[test]
fn too_many_watchers_are_told_and_those_that_go_make_room() {
    let runs = out_directory();
    let run = HeldRun::begin(runs.path());
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let (server, address) = serve(runs.path());
    let name = run.name();
    let open = || EventStream::open(address, &name);
    assert_eq!(status(&request(address, "GET", "/")), 200);
    let before = open_files(&server);
    for _ in 0..2 {
        let watching: Vec<_> = (0..64).map(|_| open()).collect();
        assert!(watching.iter().all(|events| status(&events.head) == 200));
        let refused = request(address, "GET", &format!("/runs/{name}/events"));
        assert_eq!(status(&refused), 503, "{refused}");
        assert!(refused.contains("64 pages watch"), "{refused}");
        assert!(refused.contains("retry-after: "), "{refused}");
        assert_eq!(status(&request(address, "GET", "/")), 200, "everything else goes on");
        assert!(open_files(&server) > 64);
        drop(watching);
        until("what browsers held that have gone is free", || open_files(&server) <= before);
    }
    assert_eq!(status(&open().head), 200);
}

#[test]
fn nobody_who_watches_keeps_the_server_from_its_end() {
    let runs = out_directory();
    let run = HeldRun::begin(runs.path());
    let (mut server, address) = serve(runs.path());
    let _events = EventStream::open(address, &run.name());
    crate::support::terminate(&server.child);
    let began = std::time::Instant::now();
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(8), "before a container is killed");
}

fn open_files(server: &Background) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count()
}
