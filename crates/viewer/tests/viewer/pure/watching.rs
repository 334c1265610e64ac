//! The live view of a run in progress.

use crate::support::driven_run::DrivenRun;
use crate::support::event_stream::{EventStream, done};
use crate::support::http::{request, status};
use crate::support::{out_directory, report, serve};

#[test]
fn cells_violations_and_the_accept_queue_are_updated() {
    let runs = out_directory();
    let mut run = DrivenRun::start(runs.path());
    let (_server, address) = serve(runs.path());
    let list = request(address, "GET", "/");
    assert!(list.contains("● running") && list.contains("in progress"), "{list}");
    run.append();
    let mut events = EventStream::open(address, &run.name());
    assert!(events.head.contains("content-type: text/event-stream"), "{}", events.head);
    assert!(events.head.contains("content-security-policy: "), "{}", events.head);
    events.await_part("progress", "1 of 16 trials");
    assert_eq!(done(&events.await_part("cells", "data-cell=\"7\"")), 1);

    run.write_live(11, 10);
    let now = events.await_part("now", "data-depth=\"11\" data-limit=\"10\"");
    assert!(now.contains("full") && now.contains("SYN queue 3"), "{now}");
    assert!(now.contains("class=\"sparkline\""), "{now}");
    run.append();
    assert_eq!(done(&events.await_part("cells", "class=\"cell")), 2);
    let check = &mut run.trials[0].invariants[0];
    (check.held, check.detail) = (Some(false), "no <b>\u{202e}\u{1b}".to_owned());
    run.append();
    let progress = events.await_part("progress", "3 of 16 trials");
    assert!(
        progress.contains("1 check failed") && progress.contains("no &lt;b&gt;\\u{202e}\\u{1b}")
    );

    // A later connection gets all parts.
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
fn the_page_shows_progress_without_scripts() {
    let runs = out_directory();
    let mut run = DrivenRun::start(runs.path());
    run.append();
    run.write_live(7, 10);
    let (_server, address) = serve(runs.path());
    let page = request(address, "GET", &format!("/runs/{}", run.name()));
    assert_eq!(status(&page), 200);
    assert!(page.contains("1 of 16 trials") && page.contains("data-depth=\"7\""), "{page}");
    assert!(page.contains("<noscript><meta http-equiv=\"refresh\""), "{page}");
    let (_, policy) = page.split_once("script-src 'nonce-").unwrap();
    let (nonce, _) = policy.split_once('\'').unwrap();
    assert!(nonce.len() == 32 && page.contains(&format!("<script nonce=\"{nonce}\"")), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    let reloaded = request(address, "GET", &format!("/runs/{}", run.name()));
    assert!(!reloaded.contains(nonce), "each page has its own nonce");
}

#[test]
fn a_killed_run_is_shown_as_stopped() {
    let runs = out_directory();
    let mut run = DrivenRun::start(runs.path());
    run.append();
    run.write_live(7, 10);
    let (name, path) = (run.name(), run.path());
    // The kernel releases its lock.
    drop(run);
    assert!(path.join("live.json").exists());
    let (_server, address) = serve(runs.path());
    let list = request(address, "GET", "/");
    assert!(!list.contains("● running") && list.contains("not finished"), "{list}");
    let page = request(address, "GET", &format!("/runs/{name}"));
    assert!(!page.contains("<script") && !page.contains("data-depth"), "{page}");
    let mut events = EventStream::open(address, &name);
    let end = events.await_part("end", "The run was stopped: 1 of 16 trials are recorded.");
    assert!(end.contains("queuelab run --resume"), "{end}");
    assert_eq!(events.event().map(|(name, _)| name).as_deref(), Some("bye"));
    assert_eq!(events.event(), None);
}

#[test]
fn a_stream_without_events_has_a_heartbeat() {
    let runs = out_directory();
    let run = DrivenRun::start(runs.path());
    let (_server, address) = serve(runs.path());
    let mut events = EventStream::open(address, &run.name());
    assert_eq!(events.await_comment(), ": heartbeat");
}
