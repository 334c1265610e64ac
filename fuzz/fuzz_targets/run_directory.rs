//! The readers of run and suite directories. What they accept can be judged and resumed, and
//! reads the same again.
//!
//! An input has the contents of `run.json`, `trials.jsonl`, `suite.json`, `live.json`,
//! `attempts/0.csv` and `timelines/0.csv`, separated by the byte 0x1e.

#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use run_record::{Folder, FollowedTrials, Live, RunDirectory, SuiteDirectory};
use run_view::Run;
use tempfile::TempDir;

const FILES: [&str; 6] =
    ["run.json", "trials.jsonl", "suite.json", "live.json", "attempts/0.csv", "timelines/0.csv"];

/// In memory where possible.
static ROOT: LazyLock<TempDir> = LazyLock::new(|| {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a directory is created")
});

fuzz_target!(|input: &[u8]| {
    // Two levels below the root, to which a suite's paths of runs are relative.
    let run = ROOT.path().join("fuzzed/1");
    let _ = fs::remove_dir_all(&run);
    write(&run, input).expect("the files are written");
    read_run(&run);
    read_suite(&run);
    let _ = Live::read(&Folder::open(&run).expect("it is a directory"));
    let _ = RunDirectory::read_attempts(&run, 0);
    let _ = RunDirectory::read_timeline(&run, 0);
});

fn write(run: &Path, input: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(run.join("attempts"))?;
    fs::create_dir(run.join("timelines"))?;
    for (name, contents) in FILES.iter().zip(input.split(|&byte| byte == 0x1e)) {
        // An empty one is absent.
        if !contents.is_empty() {
            fs::write(run.join(name), contents)?;
        }
    }
    Ok(())
}

fn read_run(path: &Path) {
    let (record, trials) = match RunDirectory::read(path) {
        Ok(read) => read,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let (folder, mut followed) = (Folder::open(path).expect("it was read"), Vec::new());
    let read = FollowedTrials::new(&record).read(&folder, |trial| followed.push(trial));
    read.expect("a run that is followed has the trials that are read at once");
    assert_eq!(followed, trials);
    let run = Run::read(path).expect("a run that was read can be read again");
    let at_once = Run::new(record.clone(), trials.clone());
    assert_eq!(format!("{run:?}"), format!("{at_once:?}"), "read one by one or all at once");
    for trial in &run.trials {
        run.place(trial);
    }
    for trial in &trials {
        assert_eq!(trial.held(), trial.violations().next().is_none());
    }
    assert!(run.executed_trials() <= trials.len());
    if let Ok((directory, _, done)) = RunDirectory::resume(path) {
        assert_eq!(done, trials, "a run continues after the trials that are read of it");
        drop(directory);
        let (_, again) = RunDirectory::read(path).expect("a run that was resumed can be read");
        assert_eq!(again, trials);
    }
}

fn read_suite(path: &Path) {
    match SuiteDirectory::read(path) {
        Ok(suite) => drop(SuiteDirectory::verdict(path, &suite)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
