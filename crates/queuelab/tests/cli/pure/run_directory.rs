//! Run directories with links, pipes and lies in them, and full disks: nothing outside a
//! directory is written, and no record claims more than it has.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use run_record::{RunDirectory, SuiteDirectory};
use tempfile::TempDir;

use crate::support::{
    all_output, binary, copy_recorded_run, fake_command, out_directory, queuelab, repository,
    run_fake, runs, text,
};

const SECRET: &str = "not to be touched";

/// A copy of a recorded run, and a file and a directory beside it.
struct Place {
    place: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = out_directory();
        copy_recorded_run("sweep", place.path(), "run");
        fs::write(place.path().join("outside"), SECRET).unwrap();
        fs::create_dir(place.path().join("elsewhere")).unwrap();
        Self { place }
    }

    fn run(&self) -> PathBuf {
        self.place.path().join("run")
    }

    fn report(&self) -> Output {
        queuelab(&["report", self.run().to_str().unwrap()]).output().unwrap()
    }

    fn assert_untouched(&self) {
        let outside = self.place.path().join("outside");
        assert_eq!(fs::read_to_string(outside).unwrap(), SECRET);
        assert_eq!(fs::read_dir(self.place.path().join("elsewhere")).unwrap().count(), 0);
        let names = fs::read_dir(self.place.path()).unwrap().count();
        assert_eq!(names, 3, "nothing else was created");
    }
}

fn assert_fails(output: &Output, code: i32, reason: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", all_output(output));
    // Long lines are wrapped.
    let error = text(&output.stderr).replace("\n  │ ", " ").replace("\n    ", " ");
    assert!(error.contains(reason), "{}", all_output(output));
}

#[test]
fn a_report_replaces_links_and_pipes_and_follows_none() {
    for name in ["report.html", "cells.csv", "summary.md", "junit.xml", "report.html.partial"] {
        for kind in ["link", "dangling link", "hard link", "pipe"] {
            let place = Place::new();
            let (at, outside) = (place.run().join(name), place.place.path().join("outside"));
            match kind {
                "link" => symlink(outside, &at).unwrap(),
                "dangling link" => symlink(place.place.path().join("new"), &at).unwrap(),
                "hard link" => fs::hard_link(outside, &at).unwrap(),
                _ => mkfifo(&at, Mode::S_IRWXU).unwrap(),
            }
            let output = place.report();
            assert_eq!(output.status.code(), Some(0), "{kind}: {}", all_output(&output));
            place.assert_untouched();
            let written = place.run().join(name.trim_end_matches(".partial"));
            let found = fs::symlink_metadata(written).unwrap();
            assert!(found.is_file() && found.len() > SECRET.len() as u64, "{kind} {name}");
        }
    }
}

#[test]
fn a_report_is_not_written_into_a_linked_folder_or_over_a_folder() {
    let place = Place::new();
    symlink(place.place.path().join("elsewhere"), place.run().join("charts")).unwrap();
    assert_fails(&place.report(), 5, "it is a symbolic link, not a directory");
    place.assert_untouched();

    let place = Place::new();
    fs::create_dir(place.run().join("report.html")).unwrap();
    assert_fails(&place.report(), 5, "it is a directory, not a file");

    let place = Place::new();
    fs::create_dir(place.run().join("charts")).unwrap();
    let chart = place.run().join("charts/queue-00099.svg");
    symlink(place.place.path().join("outside"), chart).unwrap();
    let output = place.report();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    place.assert_untouched();
}

#[test]
fn a_record_that_is_a_link_or_a_pipe_is_not_read() {
    for file in ["run.json", "trials.jsonl"] {
        let place = Place::new();
        let (at, copy) = (place.run().join(file), place.place.path().join("elsewhere").join(file));
        fs::rename(&at, &copy).unwrap();
        symlink(&copy, &at).unwrap();
        let reason = "it is a symbolic link, not a regular file";
        assert_fails(&place.report(), 5, reason);
        let run = place.run();
        let resumed = queuelab(&["run", "--resume", run.to_str().unwrap()]).output().unwrap();
        assert_ne!(resumed.status.code(), Some(0), "{}", all_output(&resumed));
        fs::remove_file(&at).unwrap();
        mkfifo(&at, Mode::S_IRWXU).unwrap();
        assert_fails(&place.report(), 5, "it is a named pipe, not a regular file");
    }
}

#[test]
fn a_report_of_a_run_that_lost_trials_says_which() {
    let out = out_directory();
    let (output, ..) = run_fake(out.path(), &["smoke", "--seed", "7"], "{}");
    assert!(text(&output.stdout).contains(" checks passed"), "{}", all_output(&output));
    let path = runs(out.path()).remove(0);
    let (_, trials) = RunDirectory::read(&path).unwrap();
    let lines = fs::read_to_string(path.join("trials.jsonl")).unwrap();
    let (first, rest) = lines.split_once('\n').unwrap();
    fs::write(path.join("trials.jsonl"), rest).unwrap();
    assert!(first.starts_with("{\"id\":"), "{first}");
    let output = queuelab(&["report", path.to_str().unwrap()]).output().unwrap();
    let found = format!(
        "Not finished: {} of {} trials are recorded, without {}.",
        trials.len() - 1,
        trials.len(),
        trials[0].id
    );
    assert!(text(&output.stdout).contains(&found), "{}", all_output(&output));
    for file in ["report.html", "summary.md"] {
        let page = fs::read_to_string(path.join(file)).unwrap();
        assert!(page.contains(&found), "{file}: {page}");
    }
    // A trial of another run.
    let strange = first.replacen(&format!("{{\"id\":{}", trials[0].id), "{\"id\":77", 1);
    fs::write(path.join("trials.jsonl"), format!("{strange}\n{rest}")).unwrap();
    for command in [&["report"][..], &["run", "--resume"]] {
        let output = queuelab(&[command, &[path.to_str().unwrap()]].concat()).output().unwrap();
        assert_fails(&output, 2, "trial 77 is not planned");
    }
}

/// The checks of the run itself are not in its trials, so that only the verdict has their number.
#[test]
fn a_stored_verdict_with_the_largest_count_is_shown() {
    let out = out_directory();
    run_fake(out.path(), &["smoke", "--seed", "7"], "{}");
    let path = runs(out.path()).remove(0);
    let mut record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path.join("run.json")).unwrap()).unwrap();
    record["verdict"]["run_checks"] = u64::MAX.into();
    fs::write(path.join("run.json"), record.to_string()).unwrap();
    for command in ["report", "show"] {
        let output = queuelab(&[command, path.to_str().unwrap()]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        let found = "All 18446744073709551615 checks passed";
        assert!(text(&output.stdout).contains(found), "{}", all_output(&output));
    }
}

#[test]
fn a_suite_does_not_show_runs_outside_its_directory() {
    let out = out_directory();
    let suite = out.path().join("runs/two/2026");
    fs::create_dir_all(&suite).unwrap();
    copy_recorded_run("sweep", out.path(), "elsewhere/run");
    let file = out.path().join("two.yaml");
    fs::write(&file, "name: two\nquestion: Does it hold?\nsuite: [smoke]\n").unwrap();
    let arguments = ["run", "--backend", "fake", "--out", out.path().to_str().unwrap()];
    let arguments = [&arguments[..], &[file.to_str().unwrap()]].concat();
    let output = fake_command(&arguments, "{}").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let written = fs::read_dir(out.path().join("two")).unwrap().next().unwrap().unwrap().path();
    let mut record = SuiteDirectory::read(&written).unwrap();
    record.members[0].run = Some("../../../elsewhere/run".to_owned());
    record.verdict = None;
    fs::write(suite.join("suite.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    let output = queuelab(&["report", suite.to_str().unwrap()]).output().unwrap();
    let printed = text(&output.stdout);
    assert!(printed.contains("run is missing") && printed.contains("FAILED"), "{printed}");
}

/// Runs a command whose files can have at most this number of blocks of 512 bytes.
fn limited(blocks: u32, arguments: &[&str]) -> Output {
    let script = format!("ulimit -f {blocks} && exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, binary()]).args(arguments).current_dir(repository());
    command.env("QUEUELAB_FAKE_SCRIPT", "{}").output().unwrap()
}

/// As on a full disk.
#[test]
fn a_run_that_cannot_write_leaves_a_whole_directory_or_none() {
    let mut began = 0;
    for blocks in [0, 1, 2, 4, 8, 16, 24, 32, 64] {
        let out = out_directory();
        let out = out.path().to_str().unwrap();
        let output = limited(blocks, &["run", "smoke", "--backend", "fake", "--out", out]);
        let shown = all_output(&output);
        let left = |path: PathBuf| -> Vec<PathBuf> {
            let entries = fs::read_dir(path).map(|all| all.map(|one| one.unwrap().path()));
            entries.map(Iterator::collect).unwrap_or_default()
        };
        let runs: Vec<_> = left(out.into()).into_iter().flat_map(left).collect();
        if runs.is_empty() {
            assert_eq!(left(out.into()), [] as [PathBuf; 0], "{shown}");
            assert_eq!(output.status.code(), Some(5), "{shown}");
            assert!(shown.contains("run.json: File too large"), "{shown}");
            continue;
        }
        let [run] = &runs[..] else { panic!("{runs:?}") };
        began += 1;
        assert_whole(run, &shown);
        let resumed = queuelab(&["run", "--resume", run.to_str().unwrap()]).output().unwrap();
        assert_eq!(resumed.status.code(), Some(0), "{}", all_output(&resumed));
        assert_whole(run, &shown);
    }
    assert!((2..8).contains(&began), "some limits are too small: {began}");
}

fn assert_whole(run: &Path, shown: &str) {
    let (record, trials) = RunDirectory::read(run).unwrap();
    assert!(trials.len() <= record.planned_trials as usize, "{shown}");
    for file in fs::read_dir(run).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains("partial"), "{name}: {shown}");
    }
}

#[test]
fn a_report_that_cannot_be_written_leaves_the_earlier_one() {
    let place = Place::new();
    assert_eq!(place.report().status.code(), Some(0));
    let run = place.run();
    let read = || {
        let files = ["report.html", "summary.md", "cells.csv", "junit.xml"];
        files.map(|file| fs::read(run.join(file)).unwrap())
    };
    let before = read();
    for blocks in [0, 8, 64] {
        let output = limited(blocks, &["report", run.to_str().unwrap()]);
        assert_fails(&output, 5, "File too large");
        assert!(read() == before, "{}", all_output(&output));
        assert_whole(&run, "report");
    }
}

#[test]
fn a_name_that_is_a_path_writes_nothing_outside() {
    let place = out_directory();
    for name in ["..", ".", "a/b", "\"\\e[2J\"", "\"\\u202e\""] {
        let file = place.path().join("...yaml");
        fs::write(&file, format!("name: {name}\nquestion: Where?\n")).unwrap();
        let out = place.path().join("out/runs");
        let arguments = ["run", "--backend", "fake", file.to_str().unwrap(), "--out"];
        let arguments = [&arguments[..], &[out.to_str().unwrap()]].concat();
        let output = fake_command(&arguments, "{}").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {}", all_output(&output));
        let left: Vec<_> = fs::read_dir(place.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{name}: {left:?}");
    }
}
