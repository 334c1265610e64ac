//! Suites on the fake backend.

use run_record::{MemberVerdict, RunDirectory, SuiteDirectory};

use crate::support::{fake, queuelab, runs, said, suite_directory, text};

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
fn a_failed_scenario_of_a_suite_is_reported_and_the_rest_runs() {
    let folder = suite("outcomes.ok == 2", "outcomes.ok == 3");
    let in_folder =
        |arguments: &[&str]| queuelab(arguments).current_dir(folder.path()).output().unwrap();
    let output = in_folder(&["run", "two", "--backend", "fake"]);
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
    assert!(record.ended.is_some() && record.backend.name == "fake", "{record:?}");
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
    assert!(told.contains("give two runs or two suites"), "{}", said(&output));

    let output = in_folder(&["check", "two"]);
    assert!(text(&output.stdout).contains("two: valid; a suite of 2 scenarios, 2 trials"));
    assert!(text(&in_folder(&["list"]).stdout).contains("Do both hold?"));
    for (arguments, says) in [
        (&["run", "two", "--set", "load.clients=4"][..], "it is a suite"),
        (&["run", "two", "--resume", "reports/runs"], "its scenarios' runs one by one"),
        (&["show", "two"], "name one of its scenarios instead: one, other"),
    ] {
        let output = in_folder(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        // Wherever the terminal's width has broken its lines.
        let told = text(&output.stderr).replace("\n  │ ", " ");
        assert!(told.contains(says), "{}", said(&output));
    }
}

#[test]
fn an_interrupted_suite_reports_what_had_ended() {
    let folder = suite("outcomes.ok == 3", "true");
    // Only the second scenario has a second trial.
    let other = "name: other\nquestion: When does it end?\nload: { clients: 1, messages: 0 }\n\
                 repeat: 2\n";
    std::fs::write(folder.path().join("scenarios/other.yaml"), other).unwrap();
    let script = r#"{ "trials": [{ "trial": 1, "interrupts": true }] }"#;
    let mut command = fake(&["run", "two", "--backend", "fake"], script);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    let told = text(&output.stdout);
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
    let output = in_folder(&["run", "two", "--backend", "fake"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let one = RunDirectory::read(&runs(&folder.path().join("reports/runs"))[0]).unwrap();
    assert_eq!((one.0.scenario.name.as_str(), one.1.len()), ("one", 4), "{:?}", one.0.axes);

    let wrong = two.replace("load.clients", "load.cleints").replace("66] }\n", "67] }\n");
    std::fs::write(&file, wrong).unwrap();
    let output = in_folder(&["run", "two", "--backend", "fake"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let told = text(&output.stderr);
    assert!(told.contains("`one`: --set load.cleints=4") && told.contains("two.yaml:5:"), "{told}");
    assert_eq!(runs(&folder.path().join("reports/runs")).len(), 2, "nothing was run");
}

#[test]
fn an_invalid_suite_is_reported_at_its_lines_and_nothing_runs() {
    let folder = suite("true", "true");
    let two = "name: two\nquestion: What is wrong?\nsuite:\n  - one\n  - oen\n  - two\n  - one\n";
    std::fs::write(folder.path().join("scenarios/two.yaml"), two).unwrap();
    let output =
        queuelab(&["run", "two", "--backend", "fake"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let told = text(&output.stderr);
    for says in [
        "there is no scenario `oen`",
        "did you mean `one`",
        "`two` is a suite itself",
        "`one` is listed twice",
        "two.yaml:5:",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
    assert!(!folder.path().join("reports").exists());
}
