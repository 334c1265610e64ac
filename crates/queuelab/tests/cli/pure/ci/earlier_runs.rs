//! Steps that list earlier runs with `gh`.

use std::path::Path;

use super::step::{annotations, comparison, step, take_summary, write_program};
use crate::support::{all_output, out_directory, text, write_script};

/// Writes a script in place of `gh`, and returns a PATH with it. It has the runs 9, 8 and 7, of
/// which 8 is the last good one, and logs its arguments.
fn write_gh(folder: &Path, name: &str) -> String {
    let gh = format!(
        r#"#!/bin/sh
echo "$*" >>log
case $1$2 in
repoview) [ -z "$BROKEN" ] || exit 1; echo main ;;
runlist) echo 9; echo 8; echo 7 ;;
rundownload)
    run=last-good/nightly/$3
    mkdir -p "$run"
    touch "$run/suite.json"
    [ "$3" = 9 ] || echo {name} >"$run/good"
    ;;
esac
"#
    );
    write_script(&folder.join("gh"), &gh);
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_newest_good_run_of_the_branch_is_the_baseline() {
    let place = out_directory();
    let folder = place.path();
    let name = text(&step(folder, "name", &[]).stdout).trim().to_owned();
    let path = write_gh(folder, &name);
    let settings = [("PATH", path.as_str()), ("BASELINE", "last-good")];
    let found = step(folder, "baseline", &settings);
    assert!(text(&found.stdout).contains("of run 8"), "{}", all_output(&found));
    assert!(!folder.join("last-good/nightly/9").exists(), "a run that is not good is removed");
    let take_log = || {
        let log = std::fs::read_to_string(folder.join("log")).unwrap();
        std::fs::remove_file(folder.join("log")).unwrap();
        log
    };
    let by_default = take_log();
    assert!(by_default.contains("run list --workflow nightly.yml --branch main"), "{by_default}");
    assert!(by_default.contains("!= \"pull_request\""), "a fork may have a branch main");

    let other = [("WORKFLOW", "ci.yml"), ("BRANCH", "stable")];
    step(folder, "baseline", &[&settings[..], &other].concat());
    assert!(take_log().starts_with("run list --workflow ci.yml --branch stable"));
}

#[test]
fn all_steps_share_one_annotation() {
    let warning = "::warning title=queuelab nightly::Held%0Atrial 3 held on a retry";
    // The program's own annotation, and the exit code of a comparison.
    for (own, code, level, lines) in [
        ("", 0, "::warning", &["Earlier runs could not be listed"][..]),
        (warning, 0, "::warning", &["Held", "trial 3", "Earlier runs could not be listed"]),
        (warning, 4, "::error", &["regressed", "Held", "trial 3", "Earlier runs"]),
        (warning, 3, "::error", &["failed in the comparison", "Held", "trial 3", "Earlier"]),
        ("::error title=a::one", 4, "::error", &["regressed", "one", "Earlier runs"]),
        ("::error title=a::one", 3, "::error", &["one", "Earlier runs"]),
    ] {
        let place = out_directory();
        let folder = place.path();
        write_program(folder, code, &comparison("held"));
        std::fs::write(folder.join("annotation"), own).unwrap();
        // A local run may be a baseline although the baseline step failed.
        let earlier = folder.join("earlier/nightly/1");
        std::fs::create_dir_all(&earlier).unwrap();
        let path = write_gh(folder, "-");
        let settings = [("PATH", path.as_str()), ("BROKEN", "yes"), ("NEXT", "2")];
        let name = text(&step(folder, "name", &[]).stdout).trim().to_owned();
        let mut all = Vec::new();
        let listed = step(folder, "baseline", &[&settings[..], &[("BASELINE", "none")]].concat());
        assert_eq!(listed.status.code(), Some(0), "{}", all_output(&listed));
        std::fs::write(earlier.join("suite.json"), "{}").unwrap();
        std::fs::write(earlier.join("good"), name).unwrap();
        all.push(listed);
        for name in ["run", "compare", "summary"] {
            all.push(step(folder, name, &[&settings[..], &[("BASELINE", "earlier")]].concat()));
        }
        let outputs: Vec<_> = all.iter().map(all_output).collect();
        let found: Vec<_> = all.iter().flat_map(annotations).collect();
        assert_eq!(found.len(), 1, "{outputs:#?}");
        assert!(found[0].starts_with(level), "{found:?}");
        let body = found[0].splitn(3, "::").nth(2).unwrap();
        let actual: Vec<_> = body.split("%0A").collect();
        assert_eq!(actual.len(), lines.len(), "{actual:?}");
        for (line, start) in actual.iter().zip(lines) {
            assert!(line.starts_with(start), "{actual:?}");
        }
        let summary = take_summary(folder);
        assert!(summary.starts_with("Earlier runs could not be listed"), "{summary}");
    }
}
