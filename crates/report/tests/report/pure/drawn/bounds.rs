//! The chart of a queue whose depth the server read after each accept(2).

use run_record::{
    AttemptRow, DepthSource, ListenerSummary, PeakSource, ProbeSummary, QueuePeak, RunDirectory,
    TimelineRow,
};

use super::{MS, attempt, load_run, spans, text_files};

/// Clients, which connect from 5 ms on.
const CLIENTS: u64 = 100;
/// When the first is accepted, and then one every 100 µs.
const FIRST_ACCEPT: u64 = 105 * MS;
const LIMIT: u32 = 120;

fn accepted_ns(index: u64) -> u64 {
    FIRST_ACCEPT + index * 100_000
}

fn sample(at_ns: u64, depth: u32, missed: u64) -> TimelineRow {
    TimelineRow {
        at_ns,
        from_ns: Some(at_ns - 1_000),
        source: Some(DepthSource::Probe),
        listener: Some(0),
        depth: Some(depth),
        limit: Some(LIMIT),
        missed,
        ..TimelineRow::default()
    }
}

fn reading(index: u64) -> TimelineRow {
    let at_ns = accepted_ns(index) + 1_000;
    TimelineRow {
        source: Some(DepthSource::AcceptLoop),
        called_ns: Some(accepted_ns(index) - 1_000),
        taken: Some(index + 1),
        ..sample(at_ns, (CLIENTS - index - 1) as u32, 0)
    }
}

/// The charts of a busy machine, on which the probe took few samples: of all the time, and of
/// the first burst, which is empty if there is none.
fn charts(samples: &[TimelineRow], readings: bool, overflows: i64) -> [String; 2] {
    let place = tempfile::tempdir().unwrap();
    let (record, mut trials) = load_run("sweep");
    trials.truncate(1);
    let trial = &mut trials[0];
    trial.accepted = Some(CLIENTS);
    let deepest = samples.iter().filter_map(|row| row.depth).max().unwrap();
    let limit = samples.last().and_then(|row| row.limit).unwrap();
    trial.evidence.probe = Some(ProbeSummary {
        interval_seconds: 0.001,
        samples: samples.len() as u64,
        missed: samples.iter().map(|row| row.missed).sum(),
        listeners: vec![ListenerSummary { limit, deepest, ..Default::default() }],
        deepest,
        ..ProbeSummary::default()
    });
    trial.evidence.server.insert("TcpExt.ListenOverflows".to_owned(), overflows);
    trial.evidence.deepest_queue = Some(QueuePeak {
        at_least: 99,
        at_most: Some(100),
        shown_by: PeakSource::AcceptLoop,
        readings: CLIENTS,
        samples: samples.len() as u64,
    });
    let mut directory = RunDirectory::create(place.path(), &record).unwrap();
    directory.append(trial).unwrap();
    let mut timeline = samples.to_vec();
    timeline.extend((0..CLIENTS).filter(|_| readings).map(reading));
    timeline.sort_by_key(|row| row.at_ns);
    directory.write_timeline(trial.id, &timeline).unwrap();
    let attempts = (0..CLIENTS)
        .map(|index| AttemptRow { accepted_ns: Some(accepted_ns(index)), ..attempt(index as u32) });
    directory.write_attempts(trial.id, &attempts.collect::<Vec<_>>()).unwrap();
    let id = trial.id;
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let page = &files["report.html"];
    assert!(page.contains("99 to 100"), "the deepest queue");
    let chart = |kind: &str| files.get(&format!("charts/{kind}-{id:05}.svg")).cloned();
    ["queue", "burst"].map(|kind| chart(kind).unwrap_or_default())
}

fn wide(spans: &[(f64, f64)]) -> f64 {
    spans.iter().map(|(from, to)| to - from).sum()
}

#[test]
fn readings_after_accepts_make_a_line_where_the_probe_has_no_samples() {
    let samples = [sample(MS, 0, 0), sample(2_000 * MS, 0, 1_998)];
    let [queue, burst] = charts(&samples, true, 0);
    let expected = "from 100 readings after accept(2), 2 samples of the probe (1 998 missed), \
                    100 attempts: exact 95 % of this time, within bounds 5 %";
    assert!(queue.contains(expected), "{queue}");
    assert!(queue.contains("connections queued (line; grey: not known more exactly) and"));
    for chart in [&queue, &burst] {
        assert!(spans(chart, "unseen").is_empty(), "{chart}");
        // Only from the first connect(2) to the first reading, in one piece.
        let [(from, to)] = spans(chart, "unknown")[..] else { panic!("{chart}") };
        let lines = spans(chart, "depth");
        let crossed = lines.iter().any(|line| line.0 < to - 1.0 && from + 1.0 < line.1);
        assert!(!crossed, "{lines:?} through {from} to {to}");
        assert!(wide(&lines) + (to - from) > 912.0, "of 916 pixels: {lines:?}");
    }
    let grey = wide(&spans(&queue, "unknown"));
    assert!((44.0..50.0).contains(&grey), "100 of 1999 ms: {grey}");
    assert!(wide(&spans(&burst, "unknown")) > 500.0, "{burst}");
    let unsure = "<title>4.1 ms to 104.0 ms: 0 to 100 queued, not known more exactly, limit 120";
    assert!(queue.contains(unsure), "{queue}");
    // The depth changes faster than the chart can show it.
    assert!(queue.contains("<title>104.0 ms to 112.8 ms: 0 to 99 queued, limit 120"), "{queue}");
    assert!(queue.contains("<title>113.9 ms to 1.999 s: 0 queued, limit 120"), "{queue}");
}

#[test]
fn a_sample_in_time_narrows_the_bounds() {
    let samples = [sample(MS, 0, 0), sample(7 * MS, 100, 5), sample(2_000 * MS, 0, 1_991)];
    let [queue, burst] = charts(&samples, true, 0);
    assert!(queue.contains("exact 99.9 % of this time, within bounds 0.1 %"), "{queue}");
    assert!(wide(&spans(&burst, "unknown")) < 25.0, "2 of 120 ms: {burst}");
    assert!(burst.contains("100 queued, limit 120</title>"), "{burst}");
}

#[test]
fn an_overflow_that_no_reading_shows_is_mentioned() {
    let samples = [sample(MS, 0, 0), sample(2_000 * MS, 0, 1_998)];
    let [queue, _] = charts(&samples, true, 3);
    let expected = "the kernel counted 3 ListenOverflows between readings, when the queue was \
                    full (121 queued); the deepest reading has 99";
    assert!(queue.contains(expected), "{queue}");
}

#[test]
fn a_queue_is_full_by_the_limit_of_that_time() {
    let lower = |at_ns, missed| TimelineRow { limit: Some(98), ..sample(at_ns, 0, missed) };
    let samples = [sample(MS, 0, 0), lower(3 * MS, 1), lower(2_000 * MS, 1_996)];
    let [queue, _] = charts(&samples, true, 3);
    assert!(queue.contains(" queued, limit 120</title>"), "{queue}");
    assert!(queue.contains("0 queued, limit 98</title>"), "{queue}");
    assert!(!queue.contains("found the queue full"), "readings of 99 show it full: {queue}");
}

#[test]
fn without_readings_attempts_and_accepts_still_give_bounds() {
    let samples = [sample(MS, 0, 0), sample(7 * MS, 100, 5), sample(2_000 * MS, 0, 1_991)];
    let [queue, _] = charts(&samples, false, 0);
    assert!(queue.contains("from 3 samples of the probe (1 996 missed), 100 attempts: exact"));
    assert!(spans(&queue, "unseen").is_empty() && wide(&spans(&queue, "depth")) > 850.0);
}

#[test]
fn samples_are_drawn_if_observations_contradict_each_other() {
    // More than there are clients.
    let samples = [sample(MS, 0, 0), sample(7 * MS, 101, 5), sample(2_000 * MS, 0, 1_991)];
    let [queue, _] = charts(&samples, true, 0);
    assert!(queue.contains("sampled every 1 ms (3 samples, 1 996 missed)"), "{queue}");
    assert!(wide(&spans(&queue, "unseen")) > 850.0);
}
