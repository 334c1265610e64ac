//! Schema versions, and records that no version allows.

use run_record::{Axis, RunDirectory, RunRecord, SCHEMA_VERSION};

use crate::support::run_record;

/// Reads a run whose `run.json` has this member in place of its version.
fn read_with_version(written: &str) -> Result<RunRecord, String> {
    let out = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let file = directory.path().join("run.json");
    let current = format!("\"schema_version\": {SCHEMA_VERSION},");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&current), "{text}");
    std::fs::write(&file, text.replace(&current, written)).unwrap();
    RunDirectory::read(directory.path()).map(|(run, _)| run).map_err(|error| error.to_string())
}

#[test]
fn a_newer_version_is_refused_and_older_ones_are_read() {
    let next = SCHEMA_VERSION + 1;
    let error = read_with_version(&format!("\"schema_version\": {next},")).unwrap_err();
    assert!(error.contains(&format!("schema version {next}")), "{error}");
    assert!(error.contains("newer queuelab") && error.contains("run.json"), "{error}");
    for older in 1..SCHEMA_VERSION {
        assert_eq!(read_with_version(&format!("\"schema_version\": {older},")).unwrap().retries, 0);
    }
}

#[test]
fn an_invalid_version_is_an_error_with_its_line() {
    for (written, found) in [
        ("", "schema_version is missing"),
        ("\"schema_version\": 0,", "schema_version is 0"),
        ("\"schema_version\": -1,", "schema_version is -1"),
        ("\"schema_version\": 1.5,", "schema_version is 1.5"),
        ("\"schema_version\": \"two\",", "schema_version is \"two\""),
    ] {
        let error = read_with_version(written).unwrap_err();
        let line = if written.is_empty() { "line 1:" } else { "line 2:" };
        assert!(error.contains(found) && error.contains(line), "{written}: {error}");
    }
}

#[test]
fn too_many_cells_are_an_error_that_lists_the_axes() {
    let axis = |n: usize, values: u32| Axis {
        path: format!("axis-{n}"),
        values: (0..values).map(Into::into).collect(),
    };
    let read = |axes: Vec<Axis>, planned_trials: u32| {
        let out = tempfile::tempdir().unwrap();
        let run = RunRecord { axes, planned_trials, ..run_record() };
        let directory = RunDirectory::create(out.path(), &run).unwrap();
        RunDirectory::read(directory.path()).map(|_| ()).map_err(|error| error.to_string())
    };
    for planned in [0, 6, u32::MAX] {
        let error = read((0..12).map(|n| axis(n, 70)).collect(), planned).unwrap_err();
        assert!(error.contains("axis-0 (70), axis-1 (70)"), "{error}");
        assert!(error.contains("more cells than can be counted"), "{error}");
    }
    let error = read(vec![axis(0, 2), axis(1, 3)], 5).unwrap_err();
    assert!(error.contains("run.json, line ") && error.contains("6 cells"), "{error}");
    for planned in [0, 6, 12] {
        read(vec![axis(0, 2), axis(1, 3)], planned).unwrap();
    }
    read(Vec::new(), 1).unwrap();
    read(vec![axis(0, 100_000)], 100_000).unwrap();
    assert!(read(vec![axis(0, 100_001)], 200_000).is_err());
}

#[test]
fn a_resumed_run_gets_the_current_version() {
    let out = tempfile::tempdir().unwrap();
    let old = RunRecord { schema_version: 1, ..run_record() };
    let directory = RunDirectory::create(out.path(), &old).unwrap();
    let path = directory.path().to_owned();
    drop(directory);
    let (_, run, _) = RunDirectory::resume(&path).unwrap();
    assert_eq!(run.schema_version, SCHEMA_VERSION, "appended trials have it");
}
