//! The charts of a queue over time.

use run_record::{AttemptRow, ListenerSummary, ProbeSummary, RunDirectory, TimelineRow};

use super::{MS, attempt, files_of, load_run, recorded, spans, text_files};

#[test]
fn a_queue_shows_times_without_samples_and_unanswered_syns() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let id = trials[0].id;
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let chart = &files[&format!("charts/queue-{id:05}.svg")];
    // Five SYNs were answered the second time, five never.
    assert!(chart.contains("▼ 15 SYNs without an answer"), "{chart}");
    assert!(chart.contains("class=\"unseen\"") && chart.contains("grey: not sampled"), "{chart}");
    assert!(chart.contains("attempt 12: ok, established after 1.000 s"), "{chart}");
    let hint = "--set record.timelines=true";
    assert!(!files["report.html"].contains(hint));
    let (record, trials) = load_run("sweep");
    assert!(
        files_of(record, trials)["report.html"].contains(hint),
        "the page states how to record rows"
    );
}

/// The charts of a trial with these samples (milliseconds, depth) and missed ticks between
/// them; 400 clients connect at 5 ms.
fn sampled(samples: &[(u64, u32)], overflows: i64) -> (String, String) {
    sampled_until(samples, overflows, None)
}

/// The same with rows only until a time.
fn sampled_until(
    samples: &[(u64, u32)],
    overflows: i64,
    cut_at_ms: Option<u64>,
) -> (String, String) {
    let place = tempfile::tempdir().unwrap();
    let (record, mut trials) = load_run("sweep");
    trials.truncate(1);
    let trial = &mut trials[0];
    let deepest = samples.iter().map(|sample| sample.1).max().unwrap();
    trial.evidence.probe = Some(ProbeSummary {
        interval_seconds: 0.001,
        samples: samples.len() as u64,
        listeners: vec![ListenerSummary { limit: 10, deepest, ..Default::default() }],
        deepest,
        timeline_cut_at_ns: cut_at_ms.map(|at| at * MS),
        ..ProbeSummary::default()
    });
    trial.evidence.server.insert("TcpExt.ListenOverflows".to_owned(), overflows);
    let mut directory = RunDirectory::create(place.path(), &record).unwrap();
    directory.append(trial).unwrap();
    let mut before = samples[0].0;
    let timeline = samples.iter().map(|&(at, depth)| {
        let missed = (at - before).saturating_sub(1);
        before = at;
        let row =
            TimelineRow { at_ns: at * MS, listener: Some(0), missed, ..TimelineRow::default() };
        TimelineRow { depth: Some(depth), limit: Some(10), ..row }
    });
    directory.write_timeline(trial.id, &timeline.collect::<Vec<_>>()).unwrap();
    let attempts: Vec<_> = (0..400).map(attempt).collect();
    directory.write_attempts(trial.id, &attempts).unwrap();
    let id = trial.id;
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let chart = |kind: &str| files[&format!("charts/{kind}-{id:05}.svg")].clone();
    (chart("queue"), chart("burst"))
}

#[test]
fn no_line_crosses_a_gap_of_any_width() {
    // A busy machine: a sample each 8 ms for two seconds, and none of the burst.
    let mut samples: Vec<_> = (0..250).map(|step| (step * 8, 0)).collect();
    samples.extend((2_000..2_100).map(|at| (at, 0)));
    let (queue, burst) = sampled(&samples, 681);
    for chart in [&queue, &burst] {
        let grey = spans(chart, "unseen");
        let lines = spans(chart, "depth");
        for line in &lines {
            let crossed = grey.iter().filter(|gap| gap.0 < line.1 - 0.1 && line.0 < gap.1 - 0.1);
            assert_eq!(crossed.count(), 0, "{line:?} of {lines:?} through {grey:?}");
        }
        assert!(!spans(chart, "sample").is_empty(), "single samples are ticks: {chart}");
    }
    let wide: f64 = spans(&queue, "unseen").iter().map(|gap| gap.1 - gap.0).sum();
    assert!((850.0..890.0).contains(&wide), "of 916 pixels: {wide}");
    assert!(queue.contains("grey: not sampled, 95 % of this time"), "{queue}");
    // The burst has no sample.
    assert!(burst.contains(": not sampled"), "{burst}");
    let expected = "681 ListenOverflows between samples, when the queue was full (11 queued); the \
                    deepest sample has 0";
    assert!(queue.contains(expected) && burst.contains(expected), "{queue}");
}

#[test]
fn a_burst_within_a_single_gap_is_all_grey_below_the_limit() {
    let samples: Vec<_> = [0, 1].into_iter().chain(1_000..2_000).map(|at| (at, 0)).collect();
    let (_, burst) = sampled(&samples, 3);
    assert_eq!(spans(&burst, "unseen"), [(50.0, 966.0)]);
    assert_eq!(spans(&burst, "limit"), [(50.0, 966.0)], "a limit does not depend on samples");
    // It starts with the sample before its first attempt.
    assert_eq!((spans(&burst, "depth"), spans(&burst, "sample")), (vec![], vec![(50.0, 50.0)]));
    assert!(
        burst.contains("not sampled, except for 1 sample: 0 queued; the depth between"),
        "{burst}"
    );
}

#[test]
fn a_sampled_queue_has_tooltips_with_exact_values() {
    let depth = |at: u64| if (5..105).contains(&at) { 11 } else { 0 };
    let samples: Vec<_> = (0..2_000).map(|at| (at, depth(at))).collect();
    let (queue, burst) = sampled(&samples, 681);
    // Times are since the start of each chart: the first sample, the last one before the burst.
    for (chart, full) in [(&queue, "5.0 ms to 105.0 ms"), (&burst, "1.0 ms to 101.0 ms")] {
        assert!(!chart.contains("between these samples"), "a sample found it full: {chart}");
        assert!(spans(chart, "unseen").is_empty());
        assert!(chart.contains(&format!("<title>{full}: 11 queued, limit 10</title>")), "{chart}");
        assert!(chart.contains("<title>attempts 395 to 399: 5 ok; established after 1.0 ms"));
    }
    assert!(!sampled(&samples, 0).0.contains("between these samples"));
    // Full when SYNs were retransmitted, without a sample when they were first sent.
    let late = [0, 1, 4].into_iter().chain(20..2_000);
    let depth = |at: u64| if (1_005..1_010).contains(&at) { 11 } else { 0 };
    let (queue, burst) = sampled(&late.map(|at| (at, depth(at))).collect::<Vec<_>>(), 681);
    let expected = "no sample found the queue full in the time shown; the kernel counted 681";
    assert!(burst.contains(expected) && !queue.contains(expected), "{burst}");
}

#[test]
fn rows_that_end_early_are_marked_as_such() {
    let samples: Vec<_> = (0..500).map(|at| (at, 0)).collect();
    let (queue, _) = sampled_until(&samples, 0, Some(500));
    // The attempts end at 1.9 s.
    assert!(
        queue.contains("the rows end before the trial; grey: not sampled, or the samples were")
    );
    let [(from, to)] = spans(&queue, "unseen")[..] else { panic!("{queue}") };
    assert!((280.0..300.0).contains(&from) && to == 966.0, "{from} {to}");
}

#[test]
fn retransmission_times_follow_the_sysctls_of_the_trial() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (_, trials) = RunDirectory::read(directory.path()).unwrap();
    let rows =
        RunDirectory::read_attempts(directory.path(), trials[0].execution_id()).unwrap().unwrap();
    let twice = |row: AttemptRow| AttemptRow {
        syn_retransmits: row.syn_retransmits.map(|times| times * 2),
        ..row
    };
    directory
        .write_attempts(trials[0].id, &rows.into_iter().map(twice).collect::<Vec<_>>())
        .unwrap();
    // The charts of the first trial if one trial has no linear timeouts.
    let charts = |other: usize| {
        let (record, mut trials) = RunDirectory::read(directory.path()).unwrap();
        let name = "net.ipv4.tcp_syn_linear_timeouts".to_owned();
        trials[other].sysctls.client.insert(name, "0".to_owned());
        let id = trials[0].id;
        let files = text_files(&report::Run::new(record, trials), directory.path());
        ["queue", "connects"].map(|kind| files[&format!("charts/{kind}-{id:05}.svg")].clone())
    };
    let is_marked =
        |chart: &str, at: &str| chart.contains(&format!("the SYN is retransmitted {at} after"));
    let [own_queue, own_connects] = charts(0);
    let [queue, connects] = charts(1);
    assert!(
        is_marked(&connects, "1 s") && is_marked(&connects, "2 s"),
        "another trial: {connects}"
    );
    assert!(is_marked(&own_connects, "1 s") && !is_marked(&own_connects, "2 s"), "{own_connects}");
    assert_ne!(own_queue, queue, "the second SYN of each attempt is lost a second later");
}
