//! Trials of two builds, alternating.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::{Finished, Notice, RunRequest, Target};
use run_record::{InterleavedRole, RunDirectory};

use crate::bench::{Bench, Interrupt, script};

/// An executable that prints the version of a build of this program.
fn build(folder: &Path, version: &str) -> PathBuf {
    let (text, path) = (folder.join("text"), folder.join("other-queuelab"));
    fs::write(&text, format!("#!/bin/sh\necho queuelab {version}\n")).unwrap();
    // By another process, because a file that this one has open for writing cannot be
    // executed.
    let installed = Command::new("install").arg("-m755").args([&text, &path]).status();
    assert!(installed.unwrap().success());
    path
}

fn request(bench: &Bench, repeat: Option<u32>) -> RunRequest {
    let scenario = bench.scenario("both", "");
    let changes = scenario::Overrides { seed: Some(3), repeat, ..Default::default() };
    RunRequest {
        target: Target::New { scenario, changes },
        against: bench.against(&build(bench.path(), "0.0.1")),
        ..bench.request("")
    }
}

#[test]
fn two_builds_alternate_and_each_is_first_equally_often() {
    let bench = Bench::new();
    let slower = script(r#"{ "trials": [{ "baseline": true, "load_ms": 500 }] }"#);
    let session = bench.run(slower, request(&bench, None));
    assert_eq!(
        session.notices,
        [Notice::RepetitionsRaised { from: 1, to: 4, trials: 8 }],
        "fewer are not conclusive"
    );
    let Finished::Pair { new, baseline } = session.result.unwrap() else { panic!() };
    assert_eq!((new.trials.len(), baseline.trials.len()), (4, 4));
    assert_eq!(new.record.scenario.overrides.repeat, Some(4));
    assert!(baseline.trials.iter().all(|trial| trial.duration_seconds >= 0.5));
    assert!(new.trials.iter().all(|trial| trial.duration_seconds < 0.5));
    let [own, other] = [&new, &baseline].map(|run| run.record.build.clone().unwrap());
    assert!(own.hash.is_some() && own.hash != other.hash, "{own:?} {other:?}");
    assert_eq!(other.version.as_deref(), Some("0.0.1"));
    let [new_with, base_with] =
        [&new, &baseline].map(|run| run.record.interleaved.clone().unwrap());
    assert_eq!((new_with.role, base_with.role), (InterleavedRole::New, InterleavedRole::Baseline));
    assert!(new.path.ends_with(base_with.with) && baseline.path.ends_with(new_with.with));
    let mut order: Vec<_> = new.trials.iter().map(|trial| (trial.started, "new")).collect();
    order.extend(baseline.trials.iter().map(|trial| (trial.started, "base")));
    order.sort();
    let order: Vec<_> = order.into_iter().map(|(_, side)| side).collect();
    for pair in order.chunks(2) {
        assert!(pair == ["new", "base"] || pair == ["base", "new"], "{order:?}");
    }
    assert_eq!(order.chunks(2).filter(|pair| pair[0] == "new").count(), 2, "{order:?}");
}

#[test]
fn an_interrupted_pair_resumes_both_runs_and_only_with_the_same_build() {
    let bench = Bench::new();
    let original = request(&bench, Some(4));
    let session = bench.run_until(script("{}"), original.clone(), Interrupt::AtTrial(4));
    assert!(session.is_interrupted());
    let stopped = session.stopped.unwrap();
    assert_eq!((stopped.recorded, stopped.planned, stopped.directories.len()), (3, 8, 2));
    assert_eq!(stopped.against, original.against.as_ref().map(|against| against.build.clone()));
    let [new, base]: [PathBuf; 2] = stopped.directories.try_into().unwrap();

    let without_build = bench.run(script("{}"), bench.resume(&new)).error();
    assert!(without_build.contains("interleaved with those of another build"), "{without_build}");
    let build_path = bench.path().join("other-queuelab").canonicalize().unwrap();
    assert!(
        without_build.contains(&format!("--against {}", build_path.display())),
        "{without_build}"
    );
    let resume =
        |path: &Path| RunRequest { against: original.against.clone(), ..bench.resume(path) };
    let of_baseline = bench.run(script("{}"), resume(&base)).error();
    assert!(of_baseline.contains("the baseline of another run"), "{of_baseline}");

    let resumed = bench.run(script("{}"), resume(&new));
    assert_eq!(resumed.started.len(), 5);
    assert!(matches!(resumed.result, Ok(Finished::Pair { .. })));
    let trials = |path: &Path| RunDirectory::read(path).unwrap().1.len();
    assert_eq!((trials(&new), trials(&base)), (4, 4));

    build(bench.path(), "0.0.2");
    let changed = bench.run(script("{}"), resume(&new)).error();
    assert!(changed.contains("has changed since"), "{changed}");
}

#[test]
fn a_failure_with_workers_of_the_other_build_names_it() {
    let bench = Bench::new();
    let broken = script(r#"{ "trials": [{ "baseline": true, "load_fails": "count to three" }] }"#);
    let error = bench.run(broken, request(&bench, Some(1))).error();
    assert!(error.contains("count to three") && error.contains("other-queuelab"), "{error}");
}

#[test]
fn an_invalid_build_is_refused_before_anything_starts() {
    let bench = Bench::new();
    let scenario = bench.scenario("both", "");
    for (build, cause) in [
        ("/bin/true", "queuelab executable"),
        ("/nowhere/queuelab", "No such file"),
        ("queuelab:latest", "needs `--backend docker`"),
        ("/", "not an executable file"),
    ] {
        let against = bench.against(Path::new(build));
        let session = bench.run(script("{}"), RunRequest { against, ..bench.request(&scenario) });
        assert!(session.error().contains(cause), "{build}: {}", session.error());
        assert!(bench.runs().is_empty());
    }
}
