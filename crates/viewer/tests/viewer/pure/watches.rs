//! Recorded watches in the list, and their pages.

use std::fs;

use watch_record::Changes;
use watch_recording::{RecordEnd, Recorder, WatchHeader, testing};

use crate::support::http::{request, status};
use crate::support::{out_directory, put, serve};

fn header() -> WatchHeader {
    testing::header(1 << 30)
}

fn append(recorder: &mut Recorder, second: u64) {
    let changes = Changes { until_ns: second * 1_000_000_000, ..Changes::default() };
    recorder.append(&testing::without_listeners(second), &changes).unwrap();
}

#[test]
fn a_watch_is_listed_beside_runs_and_shown_while_it_grows() {
    let runs = out_directory();
    let place = runs.path().join("watch/incident");
    let (_server, address) = serve(runs.path());
    let mut recorder = Recorder::create(&place, header()).unwrap();
    append(&mut recorder, 1);
    let list = request(address, "GET", "/");
    assert!(list.contains("Recorded watches"), "{list}");
    assert!(
        list.contains("href=\"/runs/watch/incident\"") && list.contains("· still recording ·"),
        "{list}"
    );
    assert!(list.contains("There is no run in"), "{list}");
    let page = request(address, "GET", "/runs/watch/incident");
    assert_eq!(status(&page), 200, "{page}");
    assert!(page.contains("There was no listener in the 0\u{a0}s recorded."), "{page}");
    assert!(page.contains("The recording goes on.") && page.contains("http-equiv=\"refresh\""));
    append(&mut recorder, 4);
    let page = request(address, "GET", "/runs/watch/incident");
    assert!(page.contains("There was no listener in the 3\u{a0}s recorded."), "{page}");
    recorder.finish(RecordEnd::Stopped).unwrap();
    drop(recorder);
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let page = request(address, "GET", "/runs/watch/incident");
    assert!(!page.contains("http-equiv=\"refresh\"") && page.contains("<dd>ended</dd>"), "{page}");
    let list = request(address, "GET", "/");
    assert!(list.contains("· ended ·") && list.contains("/runs/sweep/2026-01-01"), "{list}");
    assert!(list.contains("1 in <code>"), "a watch is not a run: {list}");
    let both = "/compare?base=watch%2Fincident&new=sweep%2F2026-01-01T00-00-00Z";
    let comparison = request(address, "GET", both);
    assert!(comparison.contains("it is the record of a watch"), "{comparison}");
}

#[test]
fn links_in_a_watch_and_damage_are_not_served() {
    let runs = out_directory();
    let place = runs.path().join("watch/incident");
    drop(Recorder::create(&place, header()).unwrap());
    let lines = place.join("seconds.jsonl");
    let secret = runs.path().join("secret");
    fs::write(&secret, "secret\n").unwrap();
    fs::remove_file(&lines).unwrap();
    std::os::unix::fs::symlink(&secret, &lines).unwrap();
    let (_server, address) = serve(runs.path());
    let page = request(address, "GET", "/runs/watch/incident");
    assert!(page.contains("seconds.jsonl: it is a symbolic link"), "{page}");
    fs::remove_file(&lines).unwrap();
    fs::hard_link(&secret, &lines).unwrap();
    let page = request(address, "GET", "/runs/watch/incident");
    assert!(page.contains("seconds.jsonl: it is a hard link"), "{page}");
    fs::remove_file(&lines).unwrap();
    fs::write(&lines, "{}\n").unwrap();
    let page = request(address, "GET", "/runs/watch/incident");
    assert!(page.contains("seconds.jsonl, line 1: "), "{page}");
    assert!(!page.contains("secret"), "{page}");
}

/// Such a record once ended the server.
#[test]
fn a_record_of_the_largest_numbers_is_served_or_refused() {
    let runs = out_directory();
    let place = runs.path().join("watch/forged");
    let mut recorder = Recorder::create(&place, header()).unwrap();
    append(&mut recorder, 1);
    drop(recorder);
    let lines = place.join("seconds.jsonl");
    let (_server, address) = serve(runs.path());
    let first = fs::read_to_string(&lines).unwrap();
    for (at_us, served) in
        [(u64::MAX, "line 2: at_us is 18446744073709551615"), ((1 << 53) - 1, "2501999 h")]
    {
        let second = format!(
            "{{\"line\":2,\"at_us\":{at_us},\"at\":\"\",\"effort\":{{\"looks\":{}}},\"gaps\":\
             [[0,{at_us}]],\"discarded_closed\":{}}}\n",
            u64::MAX,
            u64::MAX
        );
        fs::write(&lines, format!("{first}{second}")).unwrap();
        let page = request(address, "GET", "/runs/watch/forged").replace('\u{a0}', " ");
        assert!(status(&page) == 200 && page.contains(served), "{page}");
    }
}
