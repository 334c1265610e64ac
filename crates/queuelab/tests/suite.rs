//! Suites: several scenarios under one name, and the one of the whole catalogue.

mod support;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use run_record::{RunDirectory, TrialRecord};
use support::{Background, out_directory, queuelab, runs, said, terminate, text};

/// The catalogue that DESIGN.md asks for, and what more there is.
const CATALOGUE: [&str; 18] = [
    "accept-queue-capacity",
    "backlog-sweep",
    "defer-accept",
    "fin-timeout",
    "lock-designs",
    "overflow-policy",
    "port-exhaustion",
    "reuseport-listeners",
    "sigpipe",
    "slow-reader",
    "smoke",
    "socket-buffers",
    "source-addresses",
    "syn-cookies",
    "syn-queue-capacity",
    "syn-retry-ladder",
    "time-wait-buckets",
    "time-wait-restart",
];

/// Those that no law decides beyond the listener's limit: they are measured.
const MEASURED: [&str; 6] =
    ["backlog-sweep", "lock-designs", "sigpipe", "slow-reader", "smoke", "socket-buffers"];

#[test]
fn every_scenario_of_the_catalogue_holds_in_its_quick_form() {
    let out = out_directory();
    let arguments = ["run", "nightly", "--out", out.path().to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let mut found: BTreeMap<String, Vec<TrialRecord>> = BTreeMap::new();
    for run in runs(out.path()) {
        let (record, trials) = RunDirectory::read(&run).unwrap();
        assert!(record.ended.is_some() && record.scenario.overrides.quick, "{run:?}");
        assert!(record.kernel_rules.syn_queue_full.is_some(), "{run:?}");
        found.insert(record.scenario.name, trials);
    }
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), CATALOGUE);
    for (name, trials) in &found {
        for trial in trials {
            let laws = trial.laws.len();
            assert!(laws > 1 || MEASURED.contains(&name.as_str()), "{name}: {:?}", trial.laws);
            for law in &trial.laws {
                let died = law.held.is_none() && trial.server_died.is_some();
                assert!(law.held == Some(true) || died, "{name}: {law:?}");
                assert!(law.latest.is_some() || died || law.deviation == Some(0.0), "{law:?}");
            }
            let probe = trial.evidence.probe.as_ref().expect("a probe in every trial");
            assert!(probe.samples > 0 && probe.state_samples > 0, "{name}: {probe:?}");
        }
    }
}

/// A folder with a suite `two` of the scenarios `one` and `other`.
fn suite(one: &str, other: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = folder.path().join("scenarios");
    std::fs::create_dir(&scenarios).unwrap();
    for (name, expect) in [("one", one), ("other", other)] {
        let text = format!(
            "name: {name}\nquestion: Is it so?\nload: {{ clients: 3, messages: 0 }}\nexpect:\n  - \
             that: {expect}\n"
        );
        std::fs::write(scenarios.join(format!("{name}.yaml")), text).unwrap();
    }
    let two = "name: two\nquestion: Do both hold?\nsuite: [one, other]\n";
    std::fs::write(scenarios.join("two.yaml"), two).unwrap();
    folder
}

#[test]
fn what_fails_in_a_suite_is_told_and_the_rest_is_run() {
    let folder = suite("outcomes.ok == 2", "outcomes.ok == 3");
    let in_folder =
        |arguments: &[&str]| queuelab(arguments).current_dir(folder.path()).output().unwrap();
    let output = in_folder(&["run", "two"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(runs(&folder.path().join("reports/runs")).len(), 2);
    let told = text(&output.stdout);
    let row =
        |name: &str| told.lines().find(|line| line.starts_with(&format!("│ {name} "))).unwrap();
    assert!(row("one").contains("FAILED") && row("other").contains("held"), "{told}");
    assert!(told.contains("outcomes.ok was 3"), "the one that failed is shown whole: {told}");

    let output = in_folder(&["check", "two"]);
    assert!(text(&output.stdout).contains("two: good; a suite of 2 scenarios"));
    assert!(text(&in_folder(&["list"]).stdout).contains("Do both hold?"));
    for (arguments, says) in [
        (&["run", "two", "--set", "load.clients=4"][..], "it is a suite"),
        (&["run", "two", "--resume", "reports/runs"], "its scenarios' runs one by one"),
        (&["show", "two"], "its scenarios are one, other"),
    ] {
        let output = in_folder(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        // Wherever the terminal's width has broken its lines.
        let told = text(&output.stderr).replace("\n  │ ", " ");
        assert!(told.contains(says), "{}", said(&output));
    }
}

#[test]
fn an_interrupted_suite_tells_what_had_ended() {
    let folder = suite("outcomes.ok == 3", "true");
    let other = "name: other\nquestion: When does it end?\nload: { clients: 1, chat: after_connect, \
                 messages: 0, linger: 5min }\n";
    std::fs::write(folder.path().join("scenarios/other.yaml"), other).unwrap();
    let mut command = queuelab(&["run", "two"]);
    command.current_dir(folder.path()).stderr(Stdio::null());
    let mut lab = Background::start(command);
    let deadline = Instant::now() + Duration::from_secs(60);
    while runs(&folder.path().join("reports/runs")).len() < 2 {
        assert!(Instant::now() < deadline, "the second scenario never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    terminate(&lab.child);
    assert_eq!(lab.child.wait().unwrap().code(), Some(130));
    let told: String = lab.lines.by_ref().map(|line| line.unwrap() + "\n").collect();
    let row = told.lines().find(|line| line.starts_with("│ one ")).expect(&told);
    assert!(row.contains("held") && !told.contains("│ other "), "{told}");
}

#[test]
fn a_suite_with_faults_is_told_at_its_lines_and_nothing_is_run() {
    let folder = suite("true", "true");
    let two = "name: two\nquestion: What is wrong?\nsuite:\n  - one\n  - oen\n  - two\n  - one\n";
    std::fs::write(folder.path().join("scenarios/two.yaml"), two).unwrap();
    let output = queuelab(&["run", "two"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let told = text(&output.stderr);
    for says in [
        "there is no scenario `oen`",
        "did you mean `one`",
        "`two` is a suite itself",
        "`one` is there twice",
        "two.yaml:5:",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
    assert!(!folder.path().join("reports").exists());
}
