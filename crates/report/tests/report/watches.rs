//! The reports of recorded watches.

use std::collections::BTreeMap;
use std::path::Path;

use report::Detail;
use run_view::Screen;
use tempfile::tempdir;
use watch_record::{
    Changes, ConnectionCounts, DepthChange, Effort, LimitFrom, ListenerChanges, LookGap, Peak,
    Severity, Snapshot, Trouble, TroubleKind, Unseen, WatchedListener, WatchedNamespace,
    WatchedProcess, WatchedSysctls,
};
use watch_recording::{RecordEnd, Recorder, Review, WatchRecord, testing};

const SECOND: u64 = 1_000_000_000;

fn recorder(directory: &Path) -> Recorder {
    Recorder::create(directory, testing::header(1 << 30)).unwrap()
}

fn listener(id: u64, name: &str, depth: u32, drops: u64) -> WatchedListener {
    let process = WatchedProcess {
        pid: 100 + id as u32,
        name: name.to_owned(),
        command: vec![name.to_owned()],
        activity: None,
        open_files: None,
        max_open_files: None,
        cpu_share: None,
        run_delay_share: None,
    };
    WatchedListener {
        id,
        address: ([127, 0, 0, 1], 8_000 + id as u16).into(),
        namespace: 1,
        processes: vec![process],
        container: None,
        processes_are_known: true,
        limit: 5,
        limit_from: LimitFrom::Backlog,
        depth,
        peak: Peak::default(),
        peak_last_minute: Peak::default(),
        drops_total: Some(drops as u32),
        drops_watched: drops,
        drops_last_second: 0,
        connections: Some(ConnectionCounts::default()),
        sharing_address: 1,
        seconds: Vec::new(),
        troubles: Vec::new(),
    }
}

fn trouble(severity: Severity, text: &str) -> Trouble {
    let advice = "Restart it.".to_owned();
    Trouble { kind: TroubleKind::QueueFull, severity, text: text.to_owned(), advice }
}

fn snapshot(second: u64, listeners: Vec<WatchedListener>) -> Snapshot {
    let namespace = WatchedNamespace {
        inode: 1,
        is_own: true,
        name: None,
        container: None,
        process: None,
        sysctls: WatchedSysctls { somaxconn: Some(4096), ..WatchedSysctls::default() },
        counters: BTreeMap::from([("TcpExt.ListenDrops".to_owned(), second * 3)]),
        counters_last_second: BTreeMap::new(),
        counters_interval_seconds: 1.0,
        busiest_destination: None,
        drops_of_closed: 0,
        troubles: Vec::new(),
    };
    let effort = Effort {
        interval_seconds: 0.01,
        achieved_interval_seconds: 0.01,
        looks: second * 100,
        max_cpu_share: 0.02,
        ..Effort::default()
    };
    let unseen = Unseen { what: "processes of others".to_owned(), why: "not root".to_owned() };
    Snapshot {
        drops_of_gone: 0,
        at: format!("2026-11-30T12:{:02}:{:02}Z", second / 60, second % 60),
        watched_seconds: second as f64,
        effort,
        listeners,
        namespaces: vec![namespace],
        unseen: vec![unseen],
    }
}

fn changes(second: u64, listeners: Vec<ListenerChanges>) -> Changes {
    let until_ns = second * SECOND;
    Changes { since_ns: until_ns.saturating_sub(SECOND), until_ns, listeners, ..Changes::default() }
}

/// Changes with this depth and drops, `milliseconds` after the second began.
fn change(second: u64, id: u64, rows: &[(u64, u32, u64)]) -> ListenerChanges {
    let row = |&(milliseconds, depth, drops): &(u64, u32, u64)| {
        let at_ns = (second - 1) * SECOND + milliseconds * 1_000_000;
        DepthChange { at_ns, after_ns: at_ns.saturating_sub(10_000_000), depth, drops }
    };
    ListenerChanges { id, changes: rows.iter().map(row).collect(), full_ns: vec![], is_cut: false }
}

fn review(directory: &Path) -> Review {
    Review::read(&WatchRecord::open(directory).unwrap()).unwrap()
}

fn file(review: &Review, name: &str) -> String {
    let files = report::watch_files(review);
    let (_, bytes) = files.into_iter().find(|(path, _)| path == name).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A record of a minute: a burst that dropped in its 20th second.
fn record_a_burst(directory: &Path, name: &str) {
    let mut recorder = recorder(directory);
    for second in 1..=60 {
        let mut busy = listener(1, name, 0, if second >= 20 { 9 } else { 0 });
        if (20..=24).contains(&second) {
            busy.troubles = vec![trouble(Severity::Critical, "9 connections were dropped.")];
        }
        let now = snapshot(second, vec![busy, listener(2, "idle", 0, 0)]);
        let mut of = match second {
            1 => changes(1, vec![change(1, 1, &[(10, 0, 0)]), change(1, 2, &[(10, 0, 0)])]),
            20 => changes(20, vec![change(20, 1, &[(100, 6, 0), (200, 6, 9), (700, 0, 9)])]),
            second => changes(second, vec![]),
        };
        if second == 40 {
            of.gaps = vec![LookGap { from_ns: 35 * SECOND, to_ns: 39 * SECOND }];
        }
        recorder.append(&now, &of).unwrap();
    }
    recorder.finish(RecordEnd::Stopped).unwrap();
}

#[test]
fn the_answer_says_who_was_in_trouble_when_and_why() {
    let place = tempdir().unwrap();
    record_a_burst(place.path(), "python3");
    let review = review(place.path());
    let headline = report::watch_headline(&review).replace('\u{a0}', " ");
    assert_eq!(
        headline,
        "1 of 2 listeners was in trouble in the 59 s recorded. 127.0.0.1:8001 (python3, PID 101): \
         9 drops at 12:00:19; its queue was full: 6 connections, one more than its limit of 5."
    );
    let page = file(&review, "report.html");
    assert!(page.contains("9 connections were dropped. Restart it."), "{page}");
    assert!(page.contains("12:00:20–12:00:24"), "from when to when: {page}");
    // All of it, and the burst.
    assert_eq!(page.matches("<svg class=\"chart\"").count(), 2);
    assert!(page.contains("class=\"unknown\""), "where it was not looked at: {page}");
    assert!(page.contains("TcpExt.ListenDrops") && page.contains("processes of others: not root"));
    let summary = file(&review, "summary.md");
    assert!(summary.contains("was in trouble") && summary.contains("127.0.0.1:8002"), "{summary}");
    assert_eq!(report::watch_files(&review), report::watch_files(&review));
}

#[test]
fn a_record_without_trouble_says_so_and_names_the_deepest_queue() {
    let place = tempdir().unwrap();
    let mut recorder = recorder(place.path());
    let of = changes(1, vec![change(1, 1, &[(10, 0, 0), (20, 3, 0), (30, 0, 0)])]);
    recorder.append(&snapshot(1, vec![listener(1, "nginx", 0, 0)]), &of).unwrap();
    recorder.append(&snapshot(2, vec![listener(1, "nginx", 0, 0)]), &changes(2, vec![])).unwrap();
    let going_on = review(place.path());
    let text = report::watch_headline(&going_on).replace('\u{a0}', " ");
    assert_eq!(
        text,
        "No listener was in trouble in the 1.99 s recorded: none of 1 dropped a connection. The \
         deepest queue had 3 connections, with a limit of 5: 127.0.0.1:8001 (nginx, PID 101) at \
         12:00:00."
    );
    assert!(report::watch_summary(&going_on).contains("The recording goes on"));
    drop(recorder);
    let killed = report::watch_summary(&review(place.path()));
    assert!(killed.contains("the program or the machine stopped after 12:00:02"), "{killed}");
    let killed = killed.replace('\u{a0}', " ");
    let killed = killed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        killed.contains("It has 2 lines of 1.99 s; what happened later is not in it"),
        "{killed}"
    );
}

#[test]
fn a_record_without_a_line_says_why() {
    let place = tempdir().unwrap();
    let file = place.path().join("seconds.jsonl");
    let first = recorder(place.path());
    let headline = || report::watch_headline(&review(place.path()));
    assert_eq!(headline(), "Nothing is recorded yet.");
    drop(first);
    let stopped = "the program or the machine stopped before its first line was complete";
    assert_eq!(headline(), format!("Nothing is recorded: {stopped}."));
    std::fs::write(&file, "{\"line\":1").unwrap();
    assert_eq!(headline(), format!("Nothing is recorded: {stopped}."));
    let place = tempdir().unwrap();
    recorder(place.path()).finish(RecordEnd::LimitReached).unwrap();
    let headline = report::watch_headline(&review(place.path()));
    assert_eq!(
        headline,
        "Nothing is recorded: its first line would have been larger than its limit."
    );
}

/// What a stranger can write into a record that is read.
#[test]
fn the_largest_numbers_and_texts_are_shown_in_a_short_page() {
    let place = tempdir().unwrap();
    let long = "name ".repeat(200_000);
    let mut recorder = recorder(place.path());
    for second in 1..=40 {
        let largest = u64::MAX - second % 2;
        let mut one = listener(1, &long, u32::MAX, largest);
        one.limit = u32::MAX;
        let counts = one.connections.as_mut().unwrap();
        counts.oldest_not_accepted_seconds = Some(1e300);
        one.troubles = match second % 10 {
            0..5 => vec![trouble(Severity::Critical, &long)],
            _ => vec![],
        };
        let mut now = snapshot(second * 20_000_000, vec![one]);
        now.at = "no time".to_owned();
        now.effort =
            Effort { looks: u64::MAX, missed_looks: u64::MAX, cpu_share: 1e300, ..now.effort };
        now.namespaces[0].drops_of_closed = u64::MAX;
        now.namespaces[0].counters = (0..5_000).map(|at| (format!("{at}"), u64::MAX)).collect();
        // Up to 25 years.
        let until_ns = second * 20_000_000 * SECOND;
        let row = |depth, drops| DepthChange { at_ns: until_ns, after_ns: 0, depth, drops };
        let rows = vec![row(u32::MAX, largest), row(0, u64::MAX)];
        let of =
            ListenerChanges { id: 1, changes: rows, full_ns: vec![until_ns], is_cut: second > 1 };
        let changes = Changes { discarded_closed: u64::MAX, ..changes(second, vec![of]) };
        recorder.append(&now, &Changes { until_ns, ..changes }).unwrap();
    }
    drop(recorder);
    let review = review(place.path());
    let page = file(&review, "report.html").replace('\u{a0}', " ");
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("18 446 744 073 709 551 615"), "the drops");
    assert!(page.contains("… and 4 000 more counters"), "a table has a thousand");
    assert!(file(&review, "summary.md").len() < 100_000);
    assert!(report::watch_summary(&review).len() < 200_000);
}

#[test]
fn hostile_names_control_neither_a_page_nor_a_terminal() {
    let place = tempdir().unwrap();
    let hostile = "\u{1b}[2J<script>alert(1)</script>\n::error::\u{202e}|`*";
    record_a_burst(place.path(), hostile);
    let review = review(place.path());
    let files = report::watch_files(&review);
    for (path, bytes) in &files {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains("<script>alert"), "{path}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{path}");
    }
    assert!(files.iter().any(|(path, _)| path.starts_with("charts/listener-1-")));
    let names = files.iter().filter_map(|(path, _)| path.strip_prefix("charts/"));
    let names = names.map(|name| name.strip_suffix(".svg").unwrap());
    assert!(names.into_iter().all(report::is_chart_name));
    let screen = Screen::terminal(80, false);
    let text = report::watch_terminal(&review, screen, Detail::Full);
    for text in [text.body.as_str(), text.end.as_str()] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::error")), "{text}");
    }
}

#[test]
fn a_page_of_500_busy_listeners_is_at_most_1_mb() {
    let place = tempdir().unwrap();
    let mut recorder = recorder(place.path());
    for second in 1..=30 {
        let busy = |id: u64| {
            let mut listener = listener(id, "a-server-with-a-long-name", 3, second * 7);
            let text = format!("{} connections were dropped in this second. ", id * second);
            listener.troubles = vec![trouble(Severity::Critical, &text.repeat(3))];
            listener
        };
        let rows: Vec<_> =
            (0..50).map(|look| (look * 20, (look * 7 % 6) as u32, second * 7)).collect();
        let of = (1..=500).map(|id| change(second, id, &rows)).collect();
        let now = snapshot(second, (1..=500).map(busy).collect());
        recorder.append(&now, &changes(second, of)).unwrap();
    }
    let review = review(place.path());
    let page = file(&review, "report.html");
    assert!(page.len() <= 1_000_000, "{} bytes", page.len());
    assert!(page.matches("<svg class=\"chart\"").count() >= 5);
    assert!(page.contains("500 of 500 listeners were in trouble"), "the answer");
    let rows = page.matches("a-server-with-a-long-name, PID").count();
    assert!(rows > 500, "each has a row: {rows}");
}
