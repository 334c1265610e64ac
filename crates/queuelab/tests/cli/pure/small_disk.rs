//! Runs on a file system that is almost full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use run_record::RunDirectory;

use crate::support::{all_output, binary, out_directory, queuelab, repository, runs};

/// Runs `queuelab run smoke` on scripted hosts into a file system in memory with these mount
/// options, and copies to `copy` what is in it afterwards.
fn run_on(options: &str, copy: &Path) -> Output {
    // The file system is seen and mounted only in the mount namespace of the script.
    let script = "mount -t tmpfs -o \"$1\" none \"$2\" || exit 99\n\
                  \"$0\" run smoke --backend fake --out \"$2/runs\"\n\
                  code=$?\n\
                  cp -a \"$2/.\" \"$3\" || exit 99\n\
                  exit $code";
    let mount = out_directory();
    // An ordinary user may mount it in a user namespace.
    let user: &[_] =
        if nix::unistd::geteuid().is_root() { &[] } else { &["--user", "--map-root-user"] };
    let mut command = Command::new("unshare");
    command.args(user).args(["--mount", "sh", "-c", script, binary(), options]);
    command.arg(mount.path()).arg(copy).current_dir(repository());
    let output = command.env("QUEUELAB_FAKE_SCRIPT", "{}").output().unwrap();
    assert_ne!(output.status.code(), Some(99), "{}", all_output(&output));
    output
}

/// Everything below a directory that is not a directory, and every empty directory.
fn leaves(path: &Path) -> Vec<PathBuf> {
    let entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    if entries.is_empty() {
        return vec![path.to_owned()];
    }
    let below = |path: PathBuf| if path.is_dir() { leaves(&path) } else { vec![path] };
    entries.into_iter().flat_map(below).collect()
}

#[test]
fn a_run_on_a_full_disk_leaves_a_whole_directory_or_none() {
    let sizes = ["4k", "8k", "16k", "24k", "32k", "48k", "64k", "128k", "256k", "512k"];
    let by_size = sizes.map(|size| format!("size={size}"));
    // Room for so many files and directories.
    let by_number =
        [1, 2, 3, 4, 5, 6, 7, 8, 12, 16].map(|number| format!("size=8m,nr_inodes={number}"));
    for limits in [by_size, by_number] {
        let (mut none, mut whole) = (0, 0);
        for limit in &limits {
            let copy = out_directory();
            let output = run_on(limit, copy.path());
            let shown = format!("{limit}: {}", all_output(&output));
            let left = leaves(copy.path());
            let found = runs(&copy.path().join("runs"));
            let Some(run) = found.first() else {
                assert_eq!(output.status.code(), Some(5), "{shown}");
                assert!(shown.contains("No space left on device"), "{shown}");
                assert!(left.iter().all(|path| path.is_dir()), "{left:?}: {shown}");
                none += 1;
                continue;
            };
            whole += 1;
            let is_partial = |path: &PathBuf| path.to_str().unwrap().contains("partial");
            assert!(!left.iter().any(is_partial), "{left:?}: {shown}");
            let (record, _) = RunDirectory::read(run).unwrap();
            if record.ended.is_none() {
                let mut resume = queuelab(&["run", "--resume", run.to_str().unwrap()]);
                let resumed = resume.env("QUEUELAB_FAKE_SCRIPT", "{}").output().unwrap();
                assert_eq!(resumed.status.code(), Some(0), "{}", all_output(&resumed));
            }
            let (record, trials) = RunDirectory::read(run).unwrap();
            assert!(record.ended.is_some(), "{shown}");
            assert_eq!(trials.len(), record.planned_trials as usize, "{shown}");
        }
        assert!(none > 0 && whole > 1, "{none} without a directory, {whole} with one");
    }
}
