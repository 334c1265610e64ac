//! Other programs that change a run directory while the run goes on, or before it continues.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use lab::{FakeKind, Observer, Session, SessionEvent};
use run_record::{RunDirectory, RunVerdict, Verdict};
use serde_json::Value;

use crate::bench::{Bench, Interrupt, script};

/// Changes the file of the trials when a trial starts.
struct Tamper<'a> {
    bench: &'a Bench,
    /// The number of the trial, from 1.
    at: usize,
    started: usize,
    change: fn(&Path),
}

impl Observer for Tamper<'_> {
    fn event(&mut self, event: SessionEvent<'_>) {
        if let SessionEvent::TrialStarted { .. } = event {
            self.started += 1;
            if self.started == self.at {
                let [run] = &self.bench.runs()[..] else { panic!("one run") };
                (self.change)(&run.join("trials.jsonl"));
            }
        }
    }
}

fn truncate(file: &Path) {
    fs::write(file, "").unwrap();
}

fn delete(file: &Path) {
    fs::remove_file(file).unwrap();
}

fn replace(file: &Path) {
    fs::rename(file, file.with_extension("old")).unwrap();
    fs::copy(file.with_extension("old"), file).unwrap();
}

#[test]
fn a_run_whose_trials_are_changed_ends_with_an_error_and_continues_when_resumed() {
    for (name, change) in
        [("truncate", truncate as fn(&Path)), ("delete", delete), ("replace", replace)]
    {
        // At the last trial: only the end of the run can notice.
        for at in [2, 4] {
            let bench = Bench::new();
            let scenario = bench.scenario("mine", "repeat: 4\n");
            let kind: &'static FakeKind = Box::leak(Box::new(FakeKind::new(script("{}"))));
            let mut tamper = Tamper { bench: &bench, at, started: 0, change };
            let session = Session::prepare_with(bench.request(&scenario), kind).unwrap();
            let error = session.run(&AtomicBool::new(false), &mut tamper).unwrap_err().to_string();
            assert!(error.contains("trials.jsonl: "), "{name}: {error}");
            assert!(error.contains("this run's record is not complete"), "{name}: {error}");
            let (path, record, trials) = bench.only_run();
            let verdict = RunVerdict::new(&record, &trials);
            assert_eq!(verdict.verdict, Verdict::Incomplete, "{name}: {}", verdict.headline());
            assert!(trials.len() < 4 && verdict.headline().contains(" of 4 trials. "), "{name}");
            let resumed = bench.run(script("{}"), bench.resume(&path)).run();
            assert_eq!(resumed.trials.len(), 4, "{name}");
            let verdict = resumed.record.verdict.unwrap().verdict;
            assert_eq!(verdict, Verdict::Held, "{name}");
        }
    }
}

/// A run with two of four trials done, changed as JSON.
fn changed(bench: &Bench, change: impl Fn(&mut Value)) -> PathBuf {
    let scenario = bench.scenario("mine", "repeat: 4\n");
    bench.run_until(script("{}"), bench.request(&scenario), Interrupt::AtTrial(3));
    let run = bench.only_run().0;
    let file = run.join("trials.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let lines = text.lines().map(|line| {
        let mut trial = serde_json::from_str(line).unwrap();
        change(&mut trial);
        format!("{trial}\n")
    });
    let changed: String = lines.collect();
    fs::write(file, changed).unwrap();
    run
}

#[test]
fn a_run_with_trials_that_it_does_not_plan_is_not_resumed() {
    for (member, value) in [("id", 77), ("cell", 99), ("repetition", 9), ("retry", 3)] {
        let bench = Bench::new();
        let run = changed(&bench, |trial| trial[member] = value.into());
        let file = fs::read(run.join("trials.jsonl")).unwrap();
        let session = bench.run(script("{}"), bench.resume(&run));
        let error = session.error();
        assert!(error.contains("trials.jsonl, line 1: trial "), "{member}: {error}");
        assert!(session.started.is_empty(), "{member}");
        assert_eq!(fs::read(run.join("trials.jsonl")).unwrap(), file, "{member}: unchanged");
        assert!(RunDirectory::read(&run).is_err(), "{member}");
    }
}

#[test]
fn a_pair_is_not_resumed_in_a_directory_elsewhere() {
    let bench = Bench::new();
    let run = changed(&bench, |_| {});
    let elsewhere = bench.path().join("elsewhere");
    fs::rename(&run, &elsewhere).unwrap();
    fs::create_dir(&run).unwrap();
    for file in ["run.json", "trials.jsonl"] {
        fs::copy(elsewhere.join(file), run.join(file)).unwrap();
    }
    let link = run.with_file_name("link");
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    let record = fs::read_to_string(run.join("run.json")).unwrap();
    for (with, reason) in [
        ("../../elsewhere", "is a path, not a name"),
        ("..", "is a directory, not a name"),
        ("link", "it is a symbolic link, not a directory"),
        ("nothing", "the other run"),
    ] {
        let mut json: Value = serde_json::from_str(&record).unwrap();
        json["interleaved"] = serde_json::json!({ "role": "new", "with": with });
        fs::write(run.join("run.json"), json.to_string()).unwrap();
        let session = bench.run(script("{}"), bench.resume(&run));
        assert!(session.error().contains(reason), "{with}: {}", session.error());
    }
    assert_eq!(fs::read_to_string(elsewhere.join("run.json")).unwrap(), record);
}

#[test]
fn names_that_are_paths_are_refused_before_anything_is_created() {
    let bench = Bench::new();
    for name in ["..", "."] {
        let scenario = bench.scenario(name, "");
        let session = bench.run(script("{}"), bench.request(&scenario));
        assert!(session.error().contains("is a path, not a name"), "{}", session.error());
        let yaml = format!("name: {name}\nquestion: Do both hold?\nsuite: [smoke]\n");
        let suite = bench.file(name, &yaml);
        let session = bench.run(script("{}"), bench.request(&suite));
        assert!(session.error().contains("is a path, not a name"), "{}", session.error());
    }
    assert!(!bench.out().exists());
}
