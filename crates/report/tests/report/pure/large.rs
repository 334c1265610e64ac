//! Reports of large runs: neither their memory nor their output grows with the trials beyond
//! what is stated.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use report::{Run, files, summary};
use run_record::{Axis, Disturbance, DisturbanceCause, RunRecord, TrialRecord};

use crate::runs::{all_paths, load_run};

/// The memory for a trial with evidence of the probe, bytes. In a file it has four times as
/// many.
const MAX_BYTES_PER_TRIAL: u64 = 2_700;

/// The largest page of a large run, bytes.
const MAX_PAGE: usize = 1_000_000;

/// Names the run directory that a child process reads.
const RUN: &str = "QUEUELAB_TEST_LARGE_RUN";

/// The record of a run with that many cells and trials.
fn record(cells: u32, trials: u32) -> RunRecord {
    let (record, _) = load_run("bursts");
    let axis = |path: &str, values: u32| Axis {
        path: path.to_owned(),
        values: (1..=values).map(Into::into).collect(),
    };
    let axes = vec![axis("server.backlog", cells / 20), axis("load.clients", 20)];
    RunRecord { axes, planned_trials: trials, verdict: None, ..record }
}

/// The recorded trials again and again, with other numbers, times and counters.
fn trials(cells: u32, trials: u32) -> impl Iterator<Item = TrialRecord> {
    let (_, recorded) = load_run("bursts");
    (0..trials).map(move |id| {
        let mut trial = recorded[id as usize % recorded.len()].clone();
        (trial.id, trial.cell, trial.repetition) = (id, id % cells, id / cells);
        let point =
            [("server.backlog", trial.cell / 20 + 1), ("load.clients", trial.cell % 20 + 1)];
        trial.point =
            point.into_iter().map(|(path, value)| (path.to_owned(), value.into())).collect();
        trial.connect_latency.max_ns += u64::from(id);
        trial.syn_retransmits.insert(1, id.into());
        trial.evidence.server.values_mut().for_each(|change| *change += i64::from(id));
        trial.disturbance = Some(Disturbance { cpus: 2, ..Disturbance::default() });
        trial
    })
}

fn write_run(path: &Path, cells: u32, count: u32) {
    fs::create_dir(path).unwrap();
    fs::write(path.join("run.json"), serde_json::to_vec(&record(cells, count)).unwrap()).unwrap();
    let mut file = BufWriter::new(File::create(path.join("trials.jsonl")).unwrap());
    for trial in trials(cells, count) {
        serde_json::to_writer(&mut file, &trial).unwrap();
        file.write_all(b"\n").unwrap();
    }
    file.flush().unwrap();
}

/// The largest memory of this process so far, bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// A child process is this test again, and reads the run that it is given.
#[test]
fn memory_of_a_run_grows_by_a_few_kilobytes_a_trial() {
    if let Some(path) = std::env::var_os(RUN) {
        let run = Run::read(path.as_ref()).unwrap();
        writeln!(std::io::stdout(), "\nPEAK {} {}", peak(), run.trials.len()).unwrap();
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let peak_of = |count: u32| -> u64 {
        let path = place.path().join(count.to_string());
        write_run(&path, 20, count);
        let name = format!("{}::memory_of_a_run_grows_by_a_few_kilobytes_a_trial", module_path!());
        let (_, name) = name.split_once("::").unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(RUN, &path)
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = output.lines().find_map(|line| line.strip_prefix("PEAK "));
        let (peak, read) = line.unwrap_or_else(|| panic!("{output}")).split_once(' ').unwrap();
        assert_eq!(read, count.to_string());
        peak.parse().unwrap()
    };
    let per_trial = (peak_of(4_000) - peak_of(1_000)) / 3_000;
    assert!((100..=MAX_BYTES_PER_TRIAL).contains(&per_trial), "{per_trial} bytes a trial");
}

#[test]
fn reading_one_by_one_gives_the_same_run() {
    for path in all_paths() {
        let (record, trials) = run_record::RunDirectory::read(&path).unwrap();
        let at_once = format!("{:?}", Run::new(record, trials));
        assert_eq!(format!("{:?}", Run::read(&path).unwrap()), at_once, "{}", path.display());
    }
}

/// The text of a file of a report.
fn text(files: &[(String, Vec<u8>)], name: &str) -> String {
    let (_, contents) = files.iter().find(|(other, _)| other == name).unwrap();
    String::from_utf8(contents.clone()).unwrap()
}

#[test]
fn the_files_of_a_run_of_many_trials_are_bounded() {
    const TRIALS: u32 = 4_020;
    let (record, mut trials) = (record(20, TRIALS), trials(20, TRIALS).collect::<Vec<_>>());
    for id in [700, 800, 2_007] {
        trials[id].invariants[0].held = Some(false);
        trials[id].invariants[0].detail = format!("wrong in {id}");
    }
    for id in [3_333, 3_334] {
        let disturbance = trials[id].disturbance.as_mut().unwrap();
        disturbance.causes.push(DisturbanceCause::Steal);
    }
    let run = Run::new(record.clone(), trials.clone());
    let no_rows = tempfile::tempdir().unwrap();
    let made = files(&run, no_rows.path()).files;
    let page = text(&made, "report.html");
    assert!(page.len() < MAX_PAGE, "{}", page.len());
    assert!(page.contains("Of each cell, at most 25 trials are listed, those that did not hold"));
    for id in [700, 800, 2_007] {
        assert!(page.contains(&format!("id=\"trial-{id}\"")), "{id} is listed");
        assert!(page.contains(&format!("wrong in {id}")), "{id}");
    }
    assert_eq!(page.matches("id=\"trial-").count(), 500);
    assert!(page.contains("4020 executions of trials, of which 500 are listed, disturbed ones"));
    let junit = text(&made, "junit.xml");
    let of_run = usize::from(run.verdict.run_checks > 0);
    assert_eq!(junit.matches("<testcase ").count(), 3 + 2 + 1 + of_run, "{junit}");
    let failures = 3 + run.verdict.run_violations.len();
    assert_eq!(junit.matches("<failure ").count(), failures, "{junit}");
    assert_eq!(junit.matches("<skipped ").count(), 2, "{junit}");
    assert!(junit.contains("name=\"the other trials\""), "{junit}");
    assert!(summary(&run).len() < 100_000);

    // No failure is lost, although only the first of them have a case.
    trials.iter_mut().for_each(|trial| trial.invariants[0].held = Some(false));
    let made = files(&Run::new(record, trials), no_rows.path()).files;
    assert!(text(&made, "report.html").len() < MAX_PAGE);
    let junit = text(&made, "junit.xml");
    assert_eq!(junit.matches("<failure ").count(), 1_000 + 1 + run.verdict.run_violations.len());
    assert!(junit.contains("0 held, 3020 failed, 0 were not run"), "{junit}");
}

#[test]
fn the_files_of_a_run_of_many_cells_are_bounded() {
    const CELLS: u32 = 1_200;
    let mut trials: Vec<_> = trials(CELLS, CELLS).collect();
    trials[77].invariants[0].held = Some(false);
    let run = Run::new(record(CELLS, CELLS), trials);
    let no_rows = tempfile::tempdir().unwrap();
    let made = files(&run, no_rows.path()).files;
    let page = text(&made, "report.html");
    assert!(page.len() < MAX_PAGE, "{}", page.len());
    assert!(page.contains("The 1 200 cells are too many to draw or to list"));
    assert!(page.contains("Of the 1 200 cells, only 1 are listed in which a trial failed"));
    assert!(page.contains("id=\"cell-77\"") && !page.contains("id=\"cell-78\""));
    assert_eq!(text(&made, "cells.csv").lines().count(), 1 + CELLS as usize);
    let of_cells = ["charts/heat-", "charts/lines-", "charts/connect-", "charts/law-"];
    let is_of_cells = |name: &String| of_cells.iter().any(|start| name.starts_with(start));
    assert!(!made.iter().any(|(name, _)| is_of_cells(name)));
    let text = summary(&run);
    assert!(text.len() < 100_000, "{}", text.len());
    assert!(text.contains("too many to draw or to list"), "{text}");
}

#[test]
fn a_plan_of_billions_of_trials_takes_bounded_work() {
    let trials: Vec<_> = trials(20, 40).collect();
    let run = Run::new(record(20, u32::MAX), trials);
    let no_rows = tempfile::tempdir().unwrap();
    let made = files(&run, no_rows.path()).files;
    let junit = text(&made, "junit.xml");
    assert_eq!(junit.matches("type=\"not-run\"").count(), 1_000 + 1);
    // Of each cell so many are planned: the quotient, rounded up.
    let missing = u64::from(u32::MAX).div_ceil(20) * 20 - 40 - 1_000;
    assert!(junit.contains(&format!("{missing} were not run")), "{}", &junit[junit.len() - 900..]);
}

#[test]
fn forged_rates_and_times_take_bounded_work() {
    let no_rows = tempfile::tempdir().unwrap();
    for number in [0.0, 5e-324, 1e-308, 3.0, -1.0, 1.8e19, 1e308, -1e308] {
        let mut forged: Vec<_> = trials(20, 100).collect();
        for trial in &mut forged {
            trial.response_latency = trial.connect_latency;
        }
        let trial = &mut forged[7];
        trial.rates.responses = number;
        trial.rates.offered = number;
        trial.rates.delivered = number;
        trial.rates.ingested = Some(number);
        trial.rates.window_seconds = number;
        trial.rates.original_throughput = number;
        trial.duration_seconds = number;
        trial.connect_latency.max_ns = number as u64;
        trial.response_latency.p50_ns = number as u64;
        for law in &mut trial.laws {
            law.deviation = law.deviation.map(|_| number);
        }
        let made = files(&Run::new(record(20, 100), forged), no_rows.path()).files;
        let longest = made.iter().map(|(_, contents)| contents.len()).max();
        assert!(longest.is_some_and(|bytes| bytes < 2 * MAX_PAGE), "{number}: {longest:?}");
    }
}

/// Fails if a link of the page, or a link of a chart's file to the page, has no target; returns
/// the number of links to cells and trials.
fn assert_targets(run: &Run, path: &Path) -> usize {
    let files = files(run, path).files;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let page = text(&files[0].1);
    let mut links = 0;
    for (name, bytes) in files.iter().filter(|(name, _)| !name.ends_with(".png")) {
        for part in text(bytes).split("href=\"").skip(1) {
            let link = part.split('"').next().unwrap();
            let Some((file, id)) = link.split_once('#') else { continue };
            assert!(["", "../report.html"].contains(&file), "{link} in {name}");
            assert!(page.contains(&format!(" id=\"{id}\"")), "{link} in {name}");
            links += usize::from(["cell-", "trial-"].iter().any(|kind| id.starts_with(kind)));
        }
    }
    links
}

#[test]
fn every_link_of_pages_and_charts_has_a_target() {
    let place = tempfile::tempdir().unwrap();
    for path in all_paths() {
        let run = Run::read(&path).unwrap();
        assert!(assert_targets(&run, &path) > 0, "{}", path.display());
    }
    // More cells than a page lists, each with a trial that was simulated.
    for (cells, are_listed) in [(600, false), (300, true)] {
        let simulated = trials(cells, 900).map(|mut trial| {
            trial.simulated.as_mut().unwrap().accepted = u64::from(trial.id) % trial.attempts;
            trial
        });
        let run = Run::new(record(cells, 900), simulated.collect());
        let links = assert_targets(&run, place.path());
        assert_eq!(links > 0, are_listed, "{cells} cells");
        let simulation = files(&run, place.path()).files;
        assert!(simulation.iter().any(|(name, _)| name == "charts/simulation.svg"));
    }
}
