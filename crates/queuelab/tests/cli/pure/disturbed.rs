//! Disturbed trials: the exit code, the files and the flags.

use std::path::Path;

use run_record::Verdict;

use crate::support::{all_output, fake_command, out_directory, queuelab, run_fake, runs, text};

/// On one of two CPUs, other processes are busy for the second that a load takes, and no attempt
/// is in time.
const DISTURBED: &str = r#""load_ms": 1000, "other_cpus": 1.0, "outcomes": { "timed_out": 5 }"#;

/// Writes a scenario of two cells with two trials each.
fn write_scenario(folder: &Path) -> String {
    let file = folder.join("busy.yaml");
    let yaml = "name: busy\nquestion: Who is busy?\nload: { clients: 5, messages: 2 }\n\
                matrix: { server.backlog: [5, 10] }\nrepeat: 2\nshuffle: false\n\
                expect:\n  - that: outcomes.ok == 5\n";
    std::fs::write(&file, yaml).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A script that disturbs these trials in their first execution.
fn disturbing(trials: &[u32]) -> String {
    let entry = |trial| format!(r#"{{ "trial": {trial}, "retry": 0, {DISTURBED} }}"#);
    let entries: Vec<_> = trials.iter().map(entry).collect();
    format!(r#"{{ "trials": [{}] }}"#, entries.join(", "))
}

#[test]
fn a_run_that_was_mostly_disturbed_is_inconclusive_in_every_format() {
    let place = out_directory();
    let file = write_scenario(place.path());
    let out = place.path().join("runs");
    let (output, record, _) = run_fake(&out, &[&file, "-v"], &disturbing(&[0, 1, 2]));
    assert_eq!(output.status.code(), Some(6), "{}", all_output(&output));
    assert_eq!(record.verdict.unwrap().verdict, Verdict::Inconclusive);
    let printed = text(&output.stdout);
    let headline = "Inconclusive: 3 of 4 trials were disturbed (other processes): their rates and \
                    shares are no finding. No check failed; ";
    let in_one_line = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(in_one_line.contains(headline), "{printed}");
    assert!(!printed.contains("✓") && !printed.contains("Held"), "{printed}");
    assert!(printed.contains("⚠\u{a0}0 "), "the cell without an undisturbed trial: {printed}");
    assert!(text(&output.stderr).contains("disturbed: other processes took 50 %"), "{output:?}");
    let path = &runs(&out)[0];
    let file = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
    let summary = file("summary.md");
    assert!(summary.contains("⚠️ **Inconclusive: 3 of 4 trials"), "{summary}");
    let page = file("report.html");
    assert!(page.contains("Inconclusive: 3 of 4 trials"), "{page}");
    let junit = file("junit.xml");
    assert_eq!(junit.matches(" type=\"disturbed\"/>").count(), 3, "{junit}");
    assert!(junit.contains("disturbed: other processes took 50 % of the CPU time"), "{junit}");
    let csv = file("cells.csv");
    let mut rows = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let at = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let (disturbed, success) = (at("disturbed"), at("success_share_median"));
    let cells: Vec<_> =
        rows.map(|row| (row[disturbed].to_owned(), row[success].to_owned())).collect();
    let expected = [("2", "0"), ("1", "1")].map(|(n, share)| (n.to_owned(), share.to_owned()));
    assert_eq!(cells, expected, "the undisturbed trial of a cell is its measurement");
    let output = queuelab(&["report", path.to_str().unwrap(), "--annotate"]).output().unwrap();
    let line = text(&output.stdout);
    assert!(line.starts_with("::warning ") && line.contains("Inconclusive"), "{line}");
}

#[test]
fn a_run_with_a_few_disturbed_trials_says_so_beside_its_verdict() {
    let place = out_directory();
    let file = write_scenario(place.path());
    let (output, ..) = run_fake(&place.path().join("runs"), &[&file], &disturbing(&[0, 1]));
    assert_eq!(output.status.code(), Some(0), "half is not most: {}", all_output(&output));
    let printed = text(&output.stdout);
    let headline = printed.split("\n\n").find(|text| text.contains(" trials. All ")).unwrap();
    let headline = headline.replace('\n', " ");
    assert!(headline.contains("2 of 4 trials were disturbed (other processes)"), "{headline}");
}

#[test]
fn disturbed_trials_are_retried_until_they_are_measured() {
    let place = out_directory();
    let file = write_scenario(place.path());
    let out = place.path().join("runs");
    let arguments = [file.as_str(), "--retry-disturbed", "1", "--full"];
    let (output, record, trials) = run_fake(&out, &arguments, &disturbing(&[0, 1, 2]));
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert_eq!((record.disturbed_retries, trials.len()), (1, 7), "each execution is recorded");
    let printed = text(&output.stdout);
    assert!(
        printed.contains(" checks passed") && !printed.contains("were disturbed ("),
        "{printed}"
    );
    assert!(printed.contains("trial 0 (backlog 5): other processes took 50 %"), "{printed}");
    assert!(printed.contains("20 of 20 attempts succeeded"), "only measured ones: {printed}");
}

#[test]
fn a_suite_with_a_disturbed_scenario_is_inconclusive() {
    let place = out_directory();
    let scenarios = place.path().join("scenarios");
    std::fs::create_dir(&scenarios).unwrap();
    write_scenario(&scenarios);
    let yaml = "name: two\nquestion: Both?\nsuite: [busy, smoke]\n";
    std::fs::write(scenarios.join("two.yaml"), yaml).unwrap();
    let mut command = fake_command(&["run", "two", "--backend", "fake"], &disturbing(&[0, 1, 2]));
    let output = command.current_dir(place.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", all_output(&output));
    let printed = text(&output.stdout);
    assert!(printed.contains("Inconclusive: "), "{printed}");
    let summary = std::fs::read_dir(place.path().join("reports/runs/two")).unwrap();
    let summary = summary.map(|entry| entry.unwrap().path().join("summary.md")).next().unwrap();
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("⚠️ **Inconclusive: ") && !summary.contains("❌"), "{summary}");
}
