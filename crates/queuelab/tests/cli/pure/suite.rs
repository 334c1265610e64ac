//! Suites on the fake backend.

use run_record::{MemberVerdict, RunDirectory, SuiteDirectory};

use crate::support::{
    all_output, fake_command, law_scenario_names, queuelab, runs, scenario_names, suite_directory,
    suite_scenario_names, text,
};

/// Writes a suite `two` of the scenarios `one` and `other`.
fn write_suite(one: &str, other: &str) -> tempfile::TempDir {
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
fn a_failed_scenario_of_a_suite_is_reported_and_the_rest_runs() {
    let folder = write_suite("outcomes.ok == 2", "outcomes.ok == 3");
    let in_folder =
        |arguments: &[&str]| queuelab(arguments).current_dir(folder.path()).output().unwrap();
    let output = in_folder(&["run", "two", "--backend", "fake"]);
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    assert_eq!(runs(&folder.path().join("reports/runs")).len(), 2);
    let printed = text(&output.stdout);
    let row =
        |name: &str| printed.lines().find(|line| line.starts_with(&format!("│ {name} "))).unwrap();
    assert!(row("one").contains("FAILED") && row("other").contains("held"), "{printed}");
    assert!(
        printed.contains("outcomes.ok was 3"),
        "the failed scenario is shown in full: {printed}"
    );
    let directory = suite_directory(&folder.path().join("reports/runs"), "two");
    let time = directory.file_name().unwrap().to_str().unwrap();
    assert!(printed.contains(&format!("Suite directory: reports/runs/two/{time}")), "{printed}");
    let record = SuiteDirectory::read(&directory).unwrap();
    let verdicts: Vec<_> = record.members.iter().map(|member| member.verdict).collect();
    assert_eq!(verdicts, [MemberVerdict::Failed, MemberVerdict::Held]);
    assert!(record.ended.is_some() && record.backend.name == "fake", "{record:?}");
    for member in &record.members {
        let (run, trials) =
            RunDirectory::read(&directory.join(member.run.as_ref().unwrap())).unwrap();
        assert_eq!((&run.scenario.name, trials.len()), (&member.scenario, 1));
    }

    // The files are regenerated from the record.
    let file = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let (summary, junit) = (file("summary.md"), file("junit.xml"));
    assert!(summary.contains("FAILED: 1 of 2 scenarios: one") && summary.contains("## one"));
    assert!(junit.contains("<testsuite name=\"other\"") && junit.contains("<failure "), "{junit}");
    for name in ["summary.md", "junit.xml"] {
        std::fs::remove_file(directory.join(name)).unwrap();
    }
    let output = in_folder(&["report", &format!("reports/runs/two/{time}")]);
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert!(summary == file("summary.md") && junit == file("junit.xml"), "byte for byte");

    let output = in_folder(&["report", &format!("reports/runs/two/{time}"), "--annotate"]);
    let annotation = text(&output.stdout);
    assert_eq!(annotation.lines().count(), 1, "{annotation}");
    assert!(annotation.starts_with("::error title=queuelab two::FAILED: 1 of 2"), "{annotation}");
    assert!(annotation.contains("%0Aone: trial 0 (the only cell): expectation"), "{annotation}");

    let suite = format!("reports/runs/two/{time}");
    let output = in_folder(&["compare", &suite, &suite, "--format", "json"]);
    assert_eq!(output.status.code(), Some(3), "a scenario failed: {}", all_output(&output));
    let compared: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&compared["kind"], &compared["verdict"]), (&"suite".into(), &"failed".into()));
    let run = runs(&folder.path().join("reports/runs"))[0].display().to_string();
    let output = in_folder(&["compare", &suite, &run]);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    let printed = text(&output.stderr).replace("\n  │ ", " ");
    assert!(printed.contains("give two runs or two suites"), "{}", all_output(&output));

    let output = in_folder(&["check", "two"]);
    assert!(text(&output.stdout).contains("two: valid; a suite of 2 scenarios, 2 trials"));
    assert!(text(&in_folder(&["list"]).stdout).contains("Do both hold?"));
    for (arguments, expected) in [
        (&["run", "two", "--set", "load.clients=4"][..], "it is a suite"),
        (&["run", "two", "--resume", "reports/runs"], "the runs of its scenarios individually"),
        (&["show", "two"], "name one of its scenarios instead: one, other"),
    ] {
        let output = in_folder(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
        // Without the line breaks for the terminal's width.
        let printed = text(&output.stderr).replace("\n  │ ", " ");
        assert!(printed.contains(expected), "{}", all_output(&output));
    }
}

#[test]
fn an_interrupted_suite_reports_its_finished_scenarios() {
    let folder = write_suite("outcomes.ok == 3", "true");
    // Only the second scenario has a second trial.
    let other = "name: other\nquestion: When does it end?\nload: { clients: 1, messages: 0 }\n\
                 repeat: 2\n";
    std::fs::write(folder.path().join("scenarios/other.yaml"), other).unwrap();
    let script = r#"{ "trials": [{ "trial": 1, "interrupts": true }] }"#;
    let mut command = fake_command(&["run", "two", "--backend", "fake"], script);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", all_output(&output));
    let printed = text(&output.stdout);
    let row = printed.lines().find(|line| line.starts_with("│ one ")).expect(&printed);
    let other = printed.lines().find(|line| line.starts_with("│ other ")).expect(&printed);
    assert!(row.contains("held") && other.contains("not run") && other.contains("interrupted"));
    let record = SuiteDirectory::read(&suite_directory(&folder.path().join("reports/runs"), "two"));
    let record = record.unwrap();
    assert!(record.ended.is_none() && record.members[1].verdict == MemberVerdict::NotRun);
    assert!(record.members[1].run.is_some(), "the run of the interrupted scenario is recorded");
}

#[test]
fn a_suite_overrides_settings_like_the_command_line() {
    let folder = write_suite("outcomes.ok == 4", "outcomes.ok == 3");
    let two = "name: two\nquestion: Do both hold?\nsuite:\n  - other\n  - scenario: one\n    \
               repeat: 2\n    set: { load.clients: 4, 'matrix.server.backlog': [64, 65, 66] }\n    \
               only: { backlog: [64, 66] }\n";
    let file = folder.path().join("scenarios/two.yaml");
    std::fs::write(&file, two).unwrap();
    let in_folder =
        |arguments: &[&str]| queuelab(arguments).current_dir(folder.path()).output().unwrap();
    let output = in_folder(&["run", "two", "--backend", "fake"]);
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let one = RunDirectory::read(&runs(&folder.path().join("reports/runs"))[0]).unwrap();
    assert_eq!((one.0.scenario.name.as_str(), one.1.len()), ("one", 4), "{:?}", one.0.axes);

    let wrong = two.replace("load.clients", "load.cleints").replace("66] }\n", "67] }\n");
    std::fs::write(&file, wrong).unwrap();
    let output = in_folder(&["run", "two", "--backend", "fake"]);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    let printed = text(&output.stderr);
    assert!(
        printed.contains("`one`: --set load.cleints=4") && printed.contains("two.yaml:5:"),
        "{printed}"
    );
    assert_eq!(runs(&folder.path().join("reports/runs")).len(), 2, "nothing was run");
}

#[test]
fn an_invalid_suite_is_reported_with_its_lines_and_nothing_runs() {
    let folder = write_suite("true", "true");
    let two = "name: two\nquestion: What is wrong?\nsuite:\n  - one\n  - oen\n  - two\n  - one\n";
    std::fs::write(folder.path().join("scenarios/two.yaml"), two).unwrap();
    let output =
        queuelab(&["run", "two", "--backend", "fake"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    let printed = text(&output.stderr);
    for expected in [
        "there is no scenario `oen`",
        "did you mean `one`",
        "`two` is a suite itself",
        "`one` is listed twice",
        "two.yaml:5:",
    ] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    assert!(!folder.path().join("reports").exists());
}

#[test]
fn nightly_has_every_scenario_once_and_those_of_laws_in_the_same_order() {
    let nightly = suite_scenario_names("nightly");
    let [mut sorted, mut all] = [nightly.clone(), scenario_names()];
    sorted.sort_unstable();
    all.sort_unstable();
    assert_eq!(sorted, all);
    let laws = law_scenario_names();
    let in_both: Vec<_> = nightly.into_iter().filter(|name| laws.contains(name)).collect();
    assert_eq!(in_both, laws);
}
