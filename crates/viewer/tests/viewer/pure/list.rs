//! The list of runs and suites, the pages of runs, and their files.

use std::fs;
use std::time::Instant;

use crate::support::http::{request, status};
use crate::support::{escaped, out_directory, put, report, serve, view};

#[test]
fn runs_are_listed_newest_first_and_have_pages() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    put("server-death", runs.path(), "sigpipe/2026-01-02T00-00-00Z");
    fs::create_dir_all(runs.path().join("torn/2026-01-03T00-00-00Z")).unwrap();
    fs::write(runs.path().join("torn/2026-01-03T00-00-00Z/run.json"), "{\n\"x\":").unwrap();
    fs::write(runs.path().join(".gitkeep"), "").unwrap();
    fs::create_dir_all(runs.path().join("nightly/2026-01-04T00-00-00Z")).unwrap();
    fs::write(runs.path().join("nightly/2026-01-04T00-00-00Z/suite.json"), "{}").unwrap();
    let (_server, address) = serve(runs.path());

    let list = request(address, "GET", "/");
    assert_eq!(status(&list), 200, "{list}");
    let order: Vec<_> = ["torn", "sigpipe", "sweep"]
        .map(|name| list.find(name).unwrap_or_else(|| panic!("no {name} in {list}")))
        .to_vec();
    assert!(order.is_sorted(), "newest first: {list}");
    assert!(list.contains("href=\"/runs/sweep/2026-01-01T00-00-00Z\""), "{list}");
    assert!(list.contains("16 / 16") && list.contains("held"), "{list}");
    assert!(list.contains("run.json, line 2: "), "why it cannot be read: {list}");
    assert!(list.contains("Linux ") && list.contains("netns"), "where it ran: {list}");
    assert!(!list.contains("/runs/nightly"), "a suite is not a run: {list}");
    assert!(list.contains("nightly/2026-01-04T00-00-00Z: <span class=\"failed\">"), "{list}");

    let page = request(address, "GET", "/runs/sweep/2026-01-01T00-00-00Z");
    assert_eq!(status(&page), 200, "{page}");
    let run = runs.path().join("sweep/2026-01-01T00-00-00Z");
    let summary = escaped(&report::summary(&view(&run)));
    assert!(page.contains(summary.trim_end()), "the summary, whole: {page}");
    let torn = request(address, "GET", "/runs/torn/2026-01-03T00-00-00Z");
    assert!(torn.contains("run.json, line 2: "), "{torn}");
}

#[test]
fn reports_and_other_files_are_served_unchanged() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let run = runs.path().join("sweep/2026-01-01T00-00-00Z");
    report(&run);
    let (_server, address) = serve(runs.path());
    let list = request(address, "GET", "/");
    assert!(list.contains("/runs/sweep/2026-01-01T00-00-00Z/report.html"), "{list}");
    for (file, kind) in [
        ("report.html", "text/html"),
        ("run.json", "application/json"),
        ("trials.jsonl", "text/plain"),
        ("cells.csv", "text/plain"),
        ("junit.xml", "application/xml"),
        ("charts/connect-latency.svg", "image/svg+xml"),
    ] {
        let target = format!("/runs/sweep/2026-01-01T00-00-00Z/{file}");
        let answer = request(address, "GET", &target);
        assert_eq!(status(&answer), 200, "{target}: {answer}");
        assert!(answer.contains(&format!("content-type: {kind}")), "{target}: {answer}");
        assert!(answer.contains("sandbox allow-scripts"), "{target}: {answer}");
        let contents = fs::read_to_string(run.join(file)).unwrap();
        assert!(answer.ends_with(&contents), "{target}");
    }
}

#[test]
fn a_run_is_listed_as_soon_as_it_exists() {
    let place = out_directory();
    let runs = place.path().join("runs");
    let (_server, address) = serve(&runs);
    let empty = request(address, "GET", "/");
    assert!(status(&empty) == 200 && empty.contains("queuelab run smoke"), "{empty}");
    put("sweep", &runs, "sweep/2026-01-01T00-00-00Z");
    assert!(request(address, "GET", "/").contains("/runs/sweep/"));
    let trials = runs.join("sweep/2026-01-01T00-00-00Z/trials.jsonl");
    let text = fs::read_to_string(&trials).unwrap();
    fs::write(&trials, text.lines().next().unwrap().to_owned() + "\n").unwrap();
    let list = request(address, "GET", "/");
    assert!(list.contains("1 / 16") && list.contains("not finished"), "{list}");
}

#[test]
fn the_thumbnail_is_the_most_informative_chart() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    put("server-death", runs.path(), "sigpipe/2026-01-02T00-00-00Z");
    let run = runs.path().join("sweep/2026-01-01T00-00-00Z");
    report(&run);
    let (_server, address) = serve(runs.path());
    let list = request(address, "GET", "/");
    let (_, image) = list.split_once("<img src=\"").expect("a thumbnail");
    let (source, _) = image.split_once('"').unwrap();
    let chart = source.strip_prefix("/runs/sweep/2026-01-01T00-00-00Z/").unwrap();
    assert!(chart.starts_with("charts/heat-success") && run.join(chart).is_file(), "{chart}");
    assert_eq!(status(&request(address, "GET", source)), 200, "{source}");
    assert_eq!(list.matches("<img").count(), 1, "{list}");
    assert!(list.contains("no chart"), "a run without any: {list}");
}

#[test]
fn the_list_has_pages_of_200_runs_and_notices_changes() {
    let runs = out_directory();
    for number in 0..210 {
        put(
            "server-death",
            runs.path(),
            &format!("sigpipe/2026-01-02T00-{:02}-{:02}Z", number / 60, number % 60),
        );
    }
    let (_server, address) = serve(runs.path());
    // Without the headers, which contain the time.
    let timed = || {
        let began = Instant::now();
        let answer = request(address, "GET", "/");
        (answer.split_once("\r\n\r\n").unwrap().1.to_owned(), began.elapsed())
    };
    let ((first, cold), (second, warm)) = (timed(), timed());
    eprintln!("210 runs: {cold:?} at first, then {warm:?}");
    assert_eq!(first, second);
    assert_eq!(first.matches("<li class=\"card\"").count(), 200, "a page of them");
    assert!(first.contains("/?from=200"), "a link to the others");
    let older = request(address, "GET", "/?from=200");
    assert_eq!(older.matches("<li class=\"card\"").count(), 10, "{older}");
    // A run that changes is read again.
    let trials = runs.path().join("sigpipe/2026-01-02T00-03-29Z/trials.jsonl");
    assert!(!first.contains(">not finished<"));
    fs::write(trials, "").unwrap();
    assert_eq!(request(address, "GET", "/").matches(">not finished<").count(), 1);
}

#[test]
fn a_suite_lists_the_verdicts_on_its_scenarios() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    report(&runs.path().join("sweep/2026-01-01T00-00-00Z"));
    put("server-death", runs.path(), "sigpipe/2026-01-02T00-00-00Z");
    let suite = runs.path().join("nightly/2026-01-01T00-00-00Z");
    fs::create_dir_all(&suite).unwrap();
    let run = fs::read_to_string(runs.path().join("sweep/2026-01-01T00-00-00Z/run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&run).unwrap();
    let member = |scenario: &str, verdict: &str, run: Option<&str>, problem: Option<&str>| {
        serde_json::json!({
            "scenario": scenario, "verdict": verdict, "run": run, "problem": problem,
            "seconds": 12.3, "trials": 16,
        })
    };
    let record = serde_json::json!({
        "schema_version": run["schema_version"], "suite": "nightly", "question": "Is all well?",
        "started": run["started"], "ended": run["started"], "tool": run["tool"],
        "machine": run["machine"], "backend": run["backend"],
        "members": [
            member("sweep", "held", Some("../../sweep/2026-01-01T00-00-00Z"), None),
            member("gone", "held", Some("../../gone/2026-01-01T00-00-00Z"), None),
            member("other", "not-run", None, Some("no <namespaces>")),
        ],
    });
    fs::write(suite.join("suite.json"), record.to_string()).unwrap();
    fs::write(suite.join("summary.md"), "# nightly").unwrap();
    let (_server, address) = serve(runs.path());
    let list = request(address, "GET", "/");
    assert!(list.contains("Is all well?") && list.contains("✗ 1 of 3 held"), "{list}");
    let row = |scenario: &str| {
        let rows = list.split("<tr>").skip(1);
        let is_of =
            |row: &&str| row.contains(&format!("{scenario}<")) && row.contains("scope=\"row\"");
        rows.into_iter().find(is_of).unwrap_or_else(|| panic!("no {scenario} in {list}"))
    };
    let sweep = row("sweep");
    let page = "/runs/sweep/2026-01-01T00-00-00Z";
    assert!(sweep.contains(&format!("href=\"{page}\"")) && sweep.contains("✓ held"), "{sweep}");
    assert!(sweep.contains(&format!("href=\"{page}/report.html\"")), "{sweep}");
    assert!(row("gone").contains("run is missing"), "{}", row("gone"));
    assert!(row("other").contains("not run") && row("other").contains("no &lt;namespaces&gt;"));
    let summary = request(address, "GET", "/runs/nightly/2026-01-01T00-00-00Z/summary.md");
    assert!(list.contains("/runs/nightly/2026-01-01T00-00-00Z/summary.md"), "{list}");
    assert!(summary.contains("# nightly"), "{summary}");
}
