//! What is at the place of a file of a run: links, pipes, directories. Nothing outside the
//! directory is written, and nothing is waited for.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use run_record::{
    AttemptRow, Folder, Interleaved, InterleavedRole, Live, RunDirectory, RunRecord,
    SuiteDirectory, TimelineRow,
};
use tempfile::TempDir;

use crate::support::{row, run_record, trial};

const SECRET: &str = "not to be touched";

/// A directory, and a file and a directory outside it.
struct Place {
    place: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("outside"), SECRET).unwrap();
        fs::create_dir(place.path().join("elsewhere")).unwrap();
        Self { place }
    }

    fn out(&self) -> PathBuf {
        self.place.path().join("out")
    }

    fn outside(&self) -> PathBuf {
        self.place.path().join("outside")
    }

    fn elsewhere(&self) -> PathBuf {
        self.place.path().join("elsewhere")
    }

    /// Puts something else at the place of a file. Returns what it is.
    fn put(&self, kind: &str, at: &Path) {
        let _ = fs::remove_file(at);
        match kind {
            "symbolic link" => symlink(self.outside(), at).unwrap(),
            "dangling link" => symlink(self.place.path().join("new"), at).unwrap(),
            "hard link" => fs::hard_link(self.outside(), at).unwrap(),
            "pipe" => mkfifo(at, Mode::S_IRWXU).unwrap(),
            "directory" => fs::create_dir(at).unwrap(),
            kind => panic!("{kind}"),
        }
    }

    fn assert_untouched(&self, kind: &str) {
        assert_eq!(fs::read_to_string(self.outside()).unwrap(), SECRET, "{kind}");
        assert!(!self.place.path().join("new").exists(), "{kind}");
        assert_eq!(fs::read_dir(self.elsewhere()).unwrap().count(), 0, "{kind}");
    }
}

const KINDS: [&str; 5] = ["symbolic link", "dangling link", "hard link", "pipe", "directory"];

/// Every file that a run writes as a whole.
#[test]
fn a_file_of_a_run_replaces_a_link_and_does_not_follow_it() {
    for kind in KINDS {
        for file in ["run.json", "run.json.partial", "live.json", "live.json.partial"] {
            let place = Place::new();
            let directory = RunDirectory::create(&place.out(), &run_record()).unwrap();
            let at = directory.path().join(file);
            place.put(kind, &at);
            let written = match file.starts_with("run") {
                true => directory.write_run(&run_record()),
                false => Live::default().write(directory.folder()),
            };
            place.assert_untouched(kind);
            if kind == "directory" {
                let error = written.unwrap_err().to_string();
                assert!(error.contains("it is a directory"), "{error}");
                continue;
            }
            written.unwrap();
            let written = at.with_file_name(file.trim_end_matches(".partial"));
            let found = fs::symlink_metadata(written).unwrap();
            assert!(found.is_file() && found.nlink() == 1, "{kind} {file}: {found:?}");
        }
    }
}

#[test]
fn rows_are_not_written_through_links() {
    for kind in KINDS {
        let place = Place::new();
        let directory = RunDirectory::create(&place.out(), &run_record()).unwrap();
        directory.write_timeline(0, &[row()]).unwrap();
        place.put(kind, &directory.path().join("timelines/00000.csv"));
        let written = directory.write_timeline(0, &[row()]);
        place.assert_untouched(kind);
        assert_eq!(written.is_err(), kind == "directory", "{written:?}");
    }
    for folder in ["attempts", "timelines"] {
        let place = Place::new();
        let directory = RunDirectory::create(&place.out(), &run_record()).unwrap();
        symlink(place.elsewhere(), directory.path().join(folder)).unwrap();
        let written = match folder {
            "attempts" => directory.write_attempts(0, &[] as &[AttemptRow]),
            _ => directory.write_timeline(0, &[] as &[TimelineRow]),
        };
        let error = written.unwrap_err().to_string();
        assert!(error.contains("it is a symbolic link, not a directory"), "{error}");
        place.assert_untouched(folder);
    }
}

#[test]
fn trials_are_not_appended_to_links_and_not_read_from_them() {
    for kind in KINDS {
        let place = Place::new();
        let directory = RunDirectory::create(&place.out(), &run_record()).unwrap();
        let path = directory.path().to_owned();
        drop(directory);
        place.put(kind, &path.join("trials.jsonl"));
        let error = RunDirectory::resume(&path).unwrap_err().to_string();
        let reason = match kind {
            "symbolic link" | "dangling link" => "it is a symbolic link, not a regular file",
            "hard link" => "it is a hard link, one of 2 names of the same file",
            "pipe" => "it is a named pipe, not a regular file",
            _ => "it is a directory, not a regular file",
        };
        assert!(error.contains(reason) && error.contains("trials.jsonl"), "{kind}: {error}");
        place.assert_untouched(kind);
        if kind != "hard link" {
            let error = RunDirectory::read(&path).unwrap_err().to_string();
            assert!(error.contains(reason), "{kind}: {error}");
        }
        assert!(!RunDirectory::is_running(&path), "{kind}");
    }
}

#[test]
fn records_are_not_read_through_links_or_from_pipes() {
    for kind in ["symbolic link", "pipe", "directory"] {
        let place = Place::new();
        let directory = RunDirectory::create(&place.out(), &run_record()).unwrap();
        directory.write_timeline(0, &[row()]).unwrap();
        for file in ["run.json", "timelines/00000.csv", "suite.json", "live.json"] {
            place.put(kind, &directory.path().join(file));
        }
        let path = directory.path();
        let errors = [
            RunDirectory::read(path).unwrap_err(),
            RunDirectory::read_timeline(path, 0).unwrap_err(),
            SuiteDirectory::read(path).unwrap_err(),
        ];
        for error in errors.map(|error| error.to_string()) {
            assert!(error.contains(", not a regular file"), "{kind}: {error}");
        }
        assert!(!SuiteDirectory::exists_at(path), "{kind}");
        assert_eq!(Live::read(directory.folder()), None, "{kind}");
    }
}

#[test]
fn a_record_that_does_not_fit_into_memory_is_not_read() {
    let place = Place::new();
    let directory = RunDirectory::create(&place.out(), &run_record()).unwrap();
    directory.write_timeline(0, &[row()]).unwrap();
    let path = directory.path();
    for file in ["run.json", "timelines/00000.csv"] {
        fs::File::create(path.join(file)).unwrap().set_len(1 << 40).unwrap();
    }
    let errors =
        [RunDirectory::read(path).unwrap_err(), RunDirectory::read_timeline(path, 0).unwrap_err()];
    for error in errors.map(|error| error.to_string()) {
        assert!(error.contains("it has 1048576 MiB, and at most 256 MiB are read"), "{error}");
    }
}

#[test]
fn a_file_with_several_names_can_be_refused() {
    let place = Place::new();
    let directory = RunDirectory::create(&place.out(), &run_record()).unwrap();
    directory.write_timeline(0, &[row()]).unwrap();
    let (all, own) = (directory.folder().clone(), directory.folder().clone().only_own_files());
    let below = |folder: &Folder| folder.folder("timelines").unwrap().unwrap();
    assert!(own.has_file("run.json") && own.read("run.json").unwrap().is_some());
    assert!(below(&own).has_file("00000.csv"));
    for file in ["run.json", "timelines/00000.csv"] {
        place.put("hard link", &directory.path().join(file));
    }
    for (folder, file) in [(own.clone(), "run.json"), (below(&own), "00000.csv")] {
        let error = folder.read(file).unwrap_err();
        assert!(error.to_string().contains("it is a hard link, one of "), "{error}");
        assert!(error.is_refusal() && !folder.has_file(file));
    }
    assert!(all.has_file("run.json") && below(&all).read("00000.csv").unwrap().is_some());
    assert!(!Folder::open(Path::new("/nowhere")).unwrap_err().is_refusal());
    assert!(own.folder("..").unwrap_err().is_refusal());
}

#[test]
fn a_directory_of_a_scenario_that_is_a_link_is_not_followed() {
    let place = Place::new();
    fs::create_dir(place.out()).unwrap();
    symlink(place.elsewhere(), place.out().join("test")).unwrap();
    let error = RunDirectory::create(&place.out(), &run_record()).unwrap_err().to_string();
    assert!(error.contains("it is a symbolic link, not a directory"), "{error}");
    place.assert_untouched("directory");
}

/// A run is in the directory that was opened, wherever that is now.
#[test]
fn a_directory_that_is_replaced_by_a_link_is_not_followed() {
    let place = Place::new();
    let mut directory = RunDirectory::create(&place.out(), &run_record()).unwrap();
    let path = directory.path().to_owned();
    let moved = place.place.path().join("moved");
    fs::rename(&path, &moved).unwrap();
    symlink(place.elsewhere(), &path).unwrap();
    directory.append(&trial(0)).unwrap();
    directory.write_timeline(0, &[row()]).unwrap();
    directory.write_run(&run_record()).unwrap();
    place.assert_untouched("moved");
    assert_eq!(RunDirectory::read(&moved).unwrap().1, [trial(0)]);
}

#[test]
fn a_failed_write_leaves_the_earlier_file_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    folder.replace("file", |file| file.write_all(b"earlier")).unwrap();
    let fails = |file: &mut fs::File| {
        file.write_all(b"half")?;
        Err(std::io::Error::other("no space"))
    };
    let error = folder.replace("file", fails).unwrap_err().to_string();
    assert!(error.contains("no space"), "{error}");
    assert_eq!(fs::read(place.path().join("file")).unwrap(), b"earlier");
    assert_eq!(folder.names().unwrap(), ["file"]);
}

#[test]
fn names_that_are_paths_are_refused() {
    let place = Place::new();
    for name in ["..", ".", "../x", "/tmp/x", "a/b", "", "a\n", "a\u{202e}"] {
        let mut run = run_record();
        run.scenario.name = name.to_owned();
        let error = RunDirectory::create(&place.out(), &run).unwrap_err().to_string();
        assert!(error.contains("use the name of a scenario or suite"), "{error}");
        assert!(!place.out().exists(), "{name}");
        let folder = Folder::open(place.place.path()).unwrap();
        assert!(folder.replace(name, |_| Ok(())).is_err(), "{name:?}");
        assert!(folder.read(name).is_err() && folder.folder(name).is_err(), "{name:?}");
        assert!(folder.remove(name).is_err() && folder.create_folder(name).is_err(), "{name:?}");
    }
    for with in ["../x", "..", "/etc", ""] {
        let interleaved = Interleaved { role: InterleavedRole::New, with: with.to_owned() };
        let run = RunRecord { interleaved: Some(interleaved), ..run_record() };
        let directory = RunDirectory::create(&place.out(), &run).unwrap();
        let error = RunDirectory::read(directory.path()).unwrap_err().to_string();
        assert!(error.contains("run.json, line ") && error.contains("the other run"), "{error}");
    }
}

#[test]
fn a_suite_names_only_runs_beside_it() {
    let suite = Path::new("runs/two/2026");
    let path = |run: &str| SuiteDirectory::run_path(suite, run);
    assert_eq!(path("../../one/2026-2").unwrap(), Path::new("runs/one/2026-2"));
    for run in [
        "../../x",
        "../../../x/y",
        "../../../../etc/x",
        "../../../x",
        "../../x/y/z",
        "../../x/..",
        "../..//etc",
        "/etc/x",
        "x/y",
        "",
        "../../x/\u{1b}[2J",
    ] {
        let error = path(run).unwrap_err();
        assert!(error.contains("must be ../../SCENARIO/TIME"), "{error}");
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
}
