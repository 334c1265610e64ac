//! Suites: several scenarios under one name, and the one of the whole catalogue.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{
    Background, catalogue, changed, out_directory, queuelab, repository, runs, said,
    scenario_names, suite_directory, terminate, text, until,
};
use run_record::{MemberVerdict, RunDirectory, SuiteDirectory, TrialRecord, Tries};
use scenario::Document;

/// The scenarios that only the kernel's rules decide: those of the suite `laws`. The
/// others are measured.
fn decided_by_laws() -> Vec<String> {
    let Ok(Document::Suite(file)) = scenario::load("laws") else { panic!("no suite `laws`") };
    let suite = file.load().unwrap().suite;
    suite.names().into_iter().map(str::to_owned).collect()
}

#[test]
fn every_scenario_of_the_catalogue_holds_in_its_quick_form() {
    let out = out_directory();
    let suite = catalogue(out.path());
    // A trial that a busy machine stood still in may be run again, twice; a law that is
    // wrong is so every time.
    let arguments = ["run", &suite, "--retry", "2", "--out", out.path().to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    the_laws_are_those_of_the_baseline(&suite_directory(out.path(), "catalogue"));
    let mut found: BTreeMap<String, Vec<TrialRecord>> = BTreeMap::new();
    for run in runs(out.path()) {
        let (record, trials) = RunDirectory::read(&run).unwrap();
        assert!(record.ended.is_some() && record.scenario.overrides.quick, "{run:?}");
        assert!(record.kernel_rules.syn_queue_full.is_some(), "{run:?}");
        found.insert(record.scenario.name, trials);
    }
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), scenario_names());
    let decided = decided_by_laws();
    for (name, trials) in &found {
        for tries in Tries::of(trials) {
            let trial = tries.last();
            let laws = trial.laws.len();
            assert!(laws > 1 || !decided.contains(name), "{name}: {:?}", trial.laws);
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

/// The committed run of the laws, whatever machine it is from, predicts what is
/// predicted here.
fn the_laws_are_those_of_the_baseline(new: &Path) {
    let baseline = suite_directory(&repository().join("reports/baseline"), "laws");
    let arguments = ["compare", "--laws", baseline.to_str().unwrap(), new.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // The same the other way round: a baseline that predicts something else.
    let changed = out_directory();
    let copied = copy_suite(&baseline, changed.path(), |trial| {
        for law in &mut trial.laws {
            law.predicted += 1.0;
        }
    });
    let arguments = ["compare", "--laws", copied.to_str().unwrap(), new.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(text(&output.stdout).contains("The kernel's laws predict something else"));
}

/// A copy of a suite and its runs below another root, with their trials changed.
fn copy_suite(suite: &Path, root: &Path, change: fn(&mut TrialRecord)) -> PathBuf {
    let mut record = SuiteDirectory::read(suite).unwrap();
    for member in &mut record.members {
        let copy = changed(&suite.join(member.run.as_ref().unwrap()), root, change);
        member.run = Some(SuiteDirectory::way_to(&copy));
    }
    SuiteDirectory::create(root, &record).unwrap().path().to_owned()
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
    let directory = suite_directory(&folder.path().join("reports/runs"), "two");
    let time = directory.file_name().unwrap().to_str().unwrap();
    assert!(told.contains(&format!("Suite's directory: reports/runs/two/{time}")), "{told}");
    let record = SuiteDirectory::read(&directory).unwrap();
    let verdicts: Vec<_> = record.members.iter().map(|member| member.verdict).collect();
    assert_eq!(verdicts, [MemberVerdict::Failed, MemberVerdict::Held]);
    assert!(record.ended.is_some() && record.backend.details.contains("root"), "{record:?}");
    for member in &record.members {
        let (run, trials) =
            RunDirectory::read(&directory.join(member.run.as_ref().unwrap())).unwrap();
        assert_eq!((&run.scenario.name, trials.len()), (&member.scenario, 1));
    }

    // The files are made of what is recorded, and of nothing else.
    let file = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let (summary, junit) = (file("summary.md"), file("junit.xml"));
    assert!(summary.contains("FAILED: 1 of 2 scenarios: one") && summary.contains("## one"));
    assert!(junit.contains("<testsuite name=\"other\"") && junit.contains("<failure "), "{junit}");
    for name in ["summary.md", "junit.xml"] {
        std::fs::remove_file(directory.join(name)).unwrap();
    }
    let output = in_folder(&["report", &format!("reports/runs/two/{time}")]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(summary == file("summary.md") && junit == file("junit.xml"), "byte for byte");

    let output = in_folder(&["report", &format!("reports/runs/two/{time}"), "--annotate"]);
    let annotation = text(&output.stdout);
    assert_eq!(annotation.lines().count(), 1, "{annotation}");
    assert!(annotation.starts_with("::error title=queuelab two::FAILED: 1 of 2"), "{annotation}");
    assert!(annotation.contains("%0Aone: trial 0 (the only cell): expectation"), "{annotation}");

    let suite = format!("reports/runs/two/{time}");
    let output = in_folder(&["compare", &suite, &suite, "--format", "json"]);
    assert_eq!(output.status.code(), Some(3), "one of it failed: {}", said(&output));
    let compared: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&compared["kind"], &compared["verdict"]), (&"suite".into(), &"failed".into()));
    let run = runs(&folder.path().join("reports/runs"))[0].display().to_string();
    let output = in_folder(&["compare", &suite, &run]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let told = text(&output.stderr).replace("\n  │ ", " ");
    assert!(told.contains("give two runs, or two suites"), "{}", said(&output));

    let output = in_folder(&["check", "two"]);
    assert!(text(&output.stdout).contains("two: good; a suite of 2 scenarios, 2 trials"));
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
    let out = folder.path().join("reports/runs");
    until("the second scenario begins", || runs(&out).len() >= 2);
    terminate(&lab.child);
    assert_eq!(lab.child.wait().unwrap().code(), Some(130));
    let told: String = lab.lines.by_ref().map(|line| line.unwrap() + "\n").collect();
    let row = told.lines().find(|line| line.starts_with("│ one ")).expect(&told);
    let other = told.lines().find(|line| line.starts_with("│ other ")).expect(&told);
    assert!(row.contains("held") && other.contains("not run") && other.contains("interrupted"));
    let record = SuiteDirectory::read(&suite_directory(&folder.path().join("reports/runs"), "two"));
    let record = record.unwrap();
    assert!(record.ended.is_none() && record.members[1].verdict == MemberVerdict::NotRun);
    assert!(record.members[1].run.is_some(), "what there is of it is not lost");
}

#[test]
fn a_suite_changes_its_scenarios_as_a_command_line_would() {
    let folder = suite("outcomes.ok == 4", "outcomes.ok == 3");
    let two = "name: two\nquestion: Do both hold?\nsuite:\n  - other\n  - scenario: one\n    \
               repeat: 2\n    set: { load.clients: 4, 'matrix.server.backlog': [64, 65, 66] }\n    \
               only: { backlog: [64, 66] }\n";
    let file = folder.path().join("scenarios/two.yaml");
    std::fs::write(&file, two).unwrap();
    let in_folder =
        |arguments: &[&str]| queuelab(arguments).current_dir(folder.path()).output().unwrap();
    let output = in_folder(&["run", "two"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let one = RunDirectory::read(&runs(&folder.path().join("reports/runs"))[0]).unwrap();
    assert_eq!((one.0.scenario.name.as_str(), one.1.len()), ("one", 4), "{:?}", one.0.axes);

    let wrong = two.replace("load.clients", "load.cleints").replace("66] }\n", "67] }\n");
    std::fs::write(&file, wrong).unwrap();
    let output = in_folder(&["run", "two"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let told = text(&output.stderr);
    assert!(told.contains("`one`: --set load.cleints=4") && told.contains("two.yaml:5:"), "{told}");
    assert_eq!(runs(&folder.path().join("reports/runs")).len(), 2, "nothing was run");
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
