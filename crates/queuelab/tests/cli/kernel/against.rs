//! Two builds in one run, with alternating trials.

use std::path::Path;
use std::process::Output;

use crate::support::retried::report_repeated;
use crate::support::two_builds::{pair_directories, run_against, write_other_build};
use crate::support::{all_output, binary, in_one_line, out_directory, queuelab, runs, text};
use run_record::{InterleavedRole, RunDirectory, TrialRecord};
use tempfile::TempDir;

/// Makes the server accept every 8 ms instead of every 10 ms.
const FASTER: &str = r#"if [ "$1" = server ]; then
    config=$(printf '%s' "$4" | sed 's/"accept_delay":"10ms"/"accept_delay":"8ms"/')
    set -- "$1" "$2" "$3" "$config"
fi"#;

/// Compares with another build until the exit code is one of `expected`, at most three times:
/// a verdict on live metrics can be wrong by chance, or inconclusive on a busy machine. The
/// third one may also be inconclusive, if its trials were disturbed. Reports the repetitions.
/// The verdict itself is tested in `compare`, on recorded metrics.
fn compare_until(
    build: &Path,
    flags: &[&str],
    expected: &[i32],
    check: impl Fn(&Path, &Output),
) -> (TempDir, Output) {
    let mut codes = Vec::new();
    for repeated in 0..3 {
        let out = out_directory();
        let output = run_against("netns", out.path(), build, flags);
        check(out.path(), &output);
        if output.status.code().is_some_and(|code| expected.contains(&code)) {
            let why = format!("exit codes before: {codes:?}, expected: {expected:?}");
            report_repeated("comparison", repeated, &why);
            return (out, output);
        }
        if repeated == 2 && output.status.code() == Some(6) && is_disturbed(out.path()) {
            report_repeated("comparison", repeated, "other processes disturbed it");
            return (out, output);
        }
        eprintln!("not {expected:?}: {}", all_output(&output));
        codes.extend(output.status.code());
    }
    panic!("three comparisons ended with none of {expected:?}");
}

/// Whether other processes disturbed trials, so that fewer than planned are compared.
fn is_disturbed(out: &Path) -> bool {
    pair_directories(out).iter().any(|path| {
        let (_, trials) = RunDirectory::read(path).unwrap();
        trials.iter().any(TrialRecord::is_disturbed)
    })
}

#[test]
fn the_same_build_against_itself_does_not_regress() {
    // The clients write at a pace that any machine sustains.
    let flags = ["--set", "load.messages=5", "--set", "load.interval=20ms"];
    // It may also be inconclusive, or improved by chance.
    let (_out, output) = compare_until(Path::new(binary()), &flags, &[0, 6], |out, output| {
        let [new, base] = pair_directories(out).map(|path| RunDirectory::read(&path).unwrap());
        assert_eq!((new.1.len(), base.1.len()), (10, 10), "{}", all_output(output));
    });
    assert!(!text(&output.stdout).contains("regressed"), "{}", all_output(&output));
}

#[test]
fn a_25_percent_slower_server_regresses_and_trials_are_interleaved() {
    let folder = out_directory();
    let faster = write_other_build(folder.path(), FASTER);
    let flags = ["--set", "server.accept_delay=10ms", "--set", "load.clients=40"];
    let (out, output) = compare_until(&faster, &flags, &[4], |_, _| {});
    let stdout = text(&output.stdout);
    let is_decided = output.status.code() == Some(4);
    if is_decided {
        assert!(stdout.contains("Verdict: regressed"), "{}", all_output(&output));
        assert!(stdout.contains("\nRegressed:\n  delivered"), "{}", all_output(&output));
    } else {
        assert!(stdout.contains("Verdict: inconclusive"), "{}", all_output(&output));
        assert!(!stdout.contains("\nRegressed:"), "{}", all_output(&output));
    }
    assert!(stdout.contains("Their trials were interleaved"), "{}", all_output(&output));
    assert!(
        text(&output.stderr).contains("10 repetitions of each build"),
        "{}",
        all_output(&output)
    );

    let paths = pair_directories(out.path());
    let [(new, new_trials), (base, base_trials)] =
        paths.each_ref().map(|path| RunDirectory::read(path).unwrap());
    assert_eq!(new.scenario.overrides.repeat, Some(10));
    let (own, build) = (new.build.unwrap(), base.build.unwrap());
    assert!(own.hash.is_some() && own.hash != build.hash, "{own:?} {build:?}");
    assert_eq!(build.name, faster.canonicalize().unwrap().display().to_string());
    assert_eq!(build.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
    let [new_pair, base_pair] = [new.interleaved, base.interleaved].map(Option::unwrap);
    assert_eq!((new_pair.role, base_pair.role), (InterleavedRole::New, InterleavedRole::Baseline));
    assert!(paths[0].ends_with(base_pair.with) && paths[1].ends_with(new_pair.with));
    let mut order: Vec<_> = new_trials.iter().map(|trial| (trial.started, "new")).collect();
    order.extend(base_trials.iter().map(|trial| (trial.started, "base")));
    order.sort();
    let order: Vec<_> = order.into_iter().map(|(_, side)| side).collect();
    for pair in order.chunks(2) {
        assert!(pair == ["new", "base"] || pair == ["base", "new"], "{order:?}");
    }
    let new_first = order.chunks(2).filter(|pair| pair[0] == "new").count();
    assert_eq!(new_first, 5, "each build is first equally often: {order:?}");
    for path in &paths {
        assert!(path.join("report.html").is_file(), "{}", path.display());
    }

    // `compare` accepts the directories, in either order.
    let [new, base] = paths.each_ref().map(|path| path.to_str().unwrap());
    let output = queuelab(&["compare", new, base]).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", all_output(&output));
    let verdict = if is_decided { "improved" } else { "inconclusive" };
    assert!(
        text(&output.stdout).contains(&format!("Verdict: {verdict}")),
        "{}",
        all_output(&output)
    );
}

#[test]
fn a_build_without_a_protocol_version_is_rejected() {
    let (out, folder) = (out_directory(), out_directory());
    let silent = format!(
        r#"if [ "$1" = server ]; then
    '{}' "$@" | grep --line-buffered --invert-match '"event":"started"'
    exit
fi"#,
        binary()
    );
    let earlier = write_other_build(folder.path(), &silent);
    let output = run_against("netns", out.path(), &earlier, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    let error = in_one_line(&text(&output.stderr));
    let reason = "its build uses an earlier version of the worker protocol, this build uses \
                  version 2";
    assert!(error.contains(reason), "{}", all_output(&output));
}

#[test]
fn floor_and_alpha_apply_to_a_run_against_another_build() {
    let (out, folder) = (out_directory(), out_directory());
    let faster = write_other_build(folder.path(), FASTER);
    let flags = ["--set", "server.accept_delay=10ms", "--set", "load.clients=40"];
    let flags = [&flags[..], &["--floor", "45%", "--alpha", "0.01"]].concat();
    let output = run_against("netns", out.path(), &faster, &flags);
    assert!(!text(&output.stdout).contains("regressed"), "{}", all_output(&output));
    // With one undisturbed trial or none on each side nothing is compared, and no criterion is
    // stated.
    let new = &pair_directories(out.path())[0];
    let (_, trials) = RunDirectory::read(new).unwrap();
    let undisturbed = trials.iter().filter(|trial| !trial.is_disturbed()).count();
    let words = in_one_line(&text(&output.stdout));
    let states_criterion = words.contains("p ≤ 0.01 and its median moved by 45 %");
    let is_not_compared = undisturbed <= 1 && words.contains("Metrics are not compared");
    assert!(states_criterion || is_not_compared || undisturbed == 0, "{}", all_output(&output));
}

#[test]
fn an_earlier_build_receives_no_command_that_it_does_not_support() {
    let (out, folder) = (out_directory(), out_directory());
    // Like a probe without the command `latest`, which ends at an unknown command.
    let earlier = write_other_build(
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
    // Long enough for several samples.
    let flags = ["--repeat", "1", "--set", "load.linger=1200ms"];
    let output = run_against("netns", out.path(), &earlier, &flags);
    assert_eq!(output.status.code(), Some(6), "{}", all_output(&output));
    for (_, trials) in pair_directories(out.path()).map(|path| RunDirectory::read(&path).unwrap()) {
        let violations: Vec<_> = trials.iter().flat_map(|trial| trial.violations()).collect();
        assert!(violations.is_empty(), "{violations:?}");
    }
}

#[test]
fn a_build_whose_server_does_not_start_is_reported_by_name() {
    let (out, folder) = (out_directory(), out_directory());
    let broken = write_other_build(folder.path(), "[ \"$1\" != server ] || exit 9");
    let output = run_against("netns", out.path(), &broken, &["--repeat", "1"]);
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("other-queuelab"), "{}", all_output(&output));
    assert!(
        runs(out.path()).is_empty(),
        "detected before the first trial: {}",
        all_output(&output)
    );
}
