//! Two builds in one run, trial by trial in turn.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{binary, out_directory, queuelab, runs, said, text, write_script};
use run_record::{InterleavedRole, RunDirectory};
use tempfile::TempDir;

/// One cell: a burst that finds room.
pub(crate) const ONE_CELL: [&str; 5] =
    ["smoke", "--only", "server.design=snapshot", "--only", "server.backlog=64"];

/// An executable that is this program, but for what `script` does to the
/// arguments of its server before.
fn other_build(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("other-queuelab");
    let text = format!("#!/bin/sh\n{script}\nexec '{}' \"$@\"\n", binary());
    write_script(&path, &text);
    path
}

/// The server accepts every 8 ms where 10 ms are asked for.
const FASTER: &str = r#"if [ "$1" = server ]; then
    config=$(printf '%s' "$4" | sed 's/"accept_delay":"10ms"/"accept_delay":"8ms"/')
    set -- "$1" "$2" "$3" "$config"
fi"#;

fn run_against(out: &Path, build: &Path, flags: &[&str]) -> Output {
    let (out, build) = (out.to_str().unwrap(), build.to_str().unwrap());
    let run = ["run", "--out", out, "--against", build, "--backend", "netns"];
    queuelab(&[&run, &ONE_CELL[..], flags].concat()).output().unwrap()
}

/// The directories of the one run: this build's, and its baseline's.
pub(crate) fn both(out: &Path) -> [PathBuf; 2] {
    let runs = runs(out);
    let found: [PathBuf; 2] = runs.try_into().unwrap_or_else(|runs| panic!("{runs:?}"));
    assert!(found[1].display().to_string().ends_with("-base"), "{found:?}");
    found
}

/// Runs a build against another until the comparison ends with `expected`, three times at
/// most: a verdict on live metrics can be wrong by chance, or inconclusive on a busy machine.
/// Prints how often it was repeated. The verdict itself is tested in `compare`, on recorded
/// metrics.
fn run_against_until(
    build: &Path,
    flags: &[&str],
    expected: &[i32],
    check: impl Fn(&Path, &Output),
) -> (TempDir, Output) {
    for repeated in 0..3 {
        let out = out_directory();
        let output = run_against(out.path(), build, flags);
        check(out.path(), &output);
        if output.status.code().is_some_and(|code| expected.contains(&code)) {
            eprintln!("REPEATED: {repeated} times");
            return (out, output);
        }
        eprintln!("not {expected:?}: {}", said(&output));
    }
    panic!("three comparisons ended with none of {expected:?}");
}

#[test]
fn the_same_build_against_itself_does_not_regress() {
    // The clients write at a pace that any machine sustains.
    let flags = ["--set", "load.messages=5", "--set", "load.interval=20ms"];
    // By chance it may also be inconclusive, or better.
    let (_out, output) = run_against_until(Path::new(binary()), &flags, &[0, 6], |out, output| {
        let [new, base] = both(out).map(|path| RunDirectory::read(&path).unwrap());
        assert_eq!((new.1.len(), base.1.len()), (10, 10), "{}", said(output));
    });
    assert!(!text(&output.stdout).contains("regressed"), "{}", said(&output));
}

#[test]
fn a_server_that_is_25_percent_slower_regresses_and_trials_are_interleaved() {
    let folder = out_directory();
    let faster = other_build(folder.path(), FASTER);
    let flags = ["--set", "server.accept_delay=10ms", "--set", "load.clients=40"];
    let (out, output) = run_against_until(&faster, &flags, &[4], |_, _| {});
    let stdout = text(&output.stdout);
    assert!(stdout.contains("Verdict: regressed"), "{}", said(&output));
    assert!(stdout.contains("\nRegressed:\n  delivered"), "{}", said(&output));
    assert!(stdout.contains("Their trials were interleaved"), "{}", said(&output));
    assert!(text(&output.stderr).contains("10 repetitions of each build"), "{}", said(&output));

    let paths = both(out.path());
    let [(new, new_trials), (base, base_trials)] =
        paths.each_ref().map(|path| RunDirectory::read(path).unwrap());
    assert_eq!(new.scenario.overrides.repeat, Some(10));
    let (own, build) = (new.build.unwrap(), base.build.unwrap());
    assert!(own.hash.is_some() && own.hash != build.hash, "{own:?} {build:?}");
    assert_eq!(build.name, faster.canonicalize().unwrap().display().to_string());
    assert_eq!(build.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
    let [new_with, base_with] = [new.interleaved, base.interleaved].map(Option::unwrap);
    assert_eq!((new_with.role, base_with.role), (InterleavedRole::New, InterleavedRole::Baseline));
    assert!(paths[0].ends_with(base_with.with) && paths[1].ends_with(new_with.with));
    let mut order: Vec<_> = new_trials.iter().map(|trial| (trial.started, "new")).collect();
    order.extend(base_trials.iter().map(|trial| (trial.started, "base")));
    order.sort();
    let order: Vec<_> = order.into_iter().map(|(_, side)| side).collect();
    for pair in order.chunks(2) {
        assert!(pair == ["new", "base"] || pair == ["base", "new"], "{order:?}");
    }
    let new_first = order.chunks(2).filter(|pair| pair[0] == "new").count();
    assert_eq!(new_first, 5, "each comes first equally often: {order:?}");
    for path in &paths {
        assert!(path.join("report.html").is_file(), "{}", path.display());
    }

    // `compare` accepts the directories, in either order.
    let [new, base] = paths.each_ref().map(|path| path.to_str().unwrap());
    let output = queuelab(&["compare", new, base]).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert!(text(&output.stdout).contains("Verdict: improved"), "{}", said(&output));
}

#[test]
fn an_earlier_build_that_announces_no_protocol_version_is_refused() {
    let (out, folder) = (out_directory(), out_directory());
    let silent = format!(
        r#"if [ "$1" = server ]; then
    '{}' "$@" | grep --line-buffered --invert-match '"event":"started"'
    exit
fi"#,
        binary()
    );
    let earlier = other_build(folder.path(), &silent);
    let output = run_against(out.path(), &earlier, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let stderr = text(&output.stderr).replace('│', "");
    let error = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let reason = "its build uses an earlier version of the worker protocol, this build uses \
                  version 2";
    assert!(error.contains(reason), "{}", said(&output));
}

#[test]
fn floor_and_alpha_apply_to_a_run_against_another_build() {
    let (out, folder) = (out_directory(), out_directory());
    let faster = other_build(folder.path(), FASTER);
    let flags = ["--set", "server.accept_delay=10ms", "--set", "load.clients=40"];
    let flags = [&flags[..], &["--floor", "45%", "--alpha", "0.01"]].concat();
    let output = run_against(out.path(), &faster, &flags);
    assert!(!text(&output.stdout).contains("regressed"), "{}", said(&output));
    let words = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("p ≤ 0.01 and its median moved by 45 %"), "{}", said(&output));
}

#[test]
fn an_earlier_build_is_asked_nothing_that_it_does_not_know() {
    let (out, folder) = (out_directory(), out_directory());
    // As a probe of before `latest`: it ends at a command that it does not know.
    let earlier = other_build(
        folder.path(),
        &format!(
            r#"if [ "$1" = probe ]; then
    while read -r line; do
        case $line in *latest*) exit 1 ;; esac
        printf '%s\n' "$line"
    done | '{}' "$@"
    exit
fi"#,
            binary()
        ),
    );
    // Long enough to be looked at several times.
    let flags = ["--repeat", "1", "--set", "load.linger=1200ms"];
    let output = run_against(out.path(), &earlier, &flags);
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    for (_, trials) in both(out.path()).map(|path| RunDirectory::read(&path).unwrap()) {
        let breaches: Vec<_> = trials.iter().flat_map(|trial| trial.violations()).collect();
        assert!(breaches.is_empty(), "{breaches:?}");
    }
}

#[test]
fn a_build_whose_server_does_not_start_is_named() {
    let (out, folder) = (out_directory(), out_directory());
    let broken = other_build(folder.path(), "[ \"$1\" != server ] || exit 9");
    let output = run_against(out.path(), &broken, &["--repeat", "1"]);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("other-queuelab"), "{}", said(&output));
    assert!(runs(out.path()).is_empty(), "found before the first trial: {}", said(&output));
}
