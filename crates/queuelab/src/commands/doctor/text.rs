//! A diagnosis for a terminal, readable without colour.

use lab::{Finding, FindingState};

use super::diagnosis::Diagnosis;

/// Maximum width of a line, in columns.
const WIDTH: usize = 60;
/// Precedes a hint.
const ARROW: &str = "→ ";

/// A section for the machine and for each backend, and the verdict.
pub(super) fn text(diagnosis: &Diagnosis) -> String {
    let state_width = state_width(diagnosis);
    let mut text = section("This machine", &diagnosis.machine, state_width);
    for backend in &diagnosis.backends {
        let verdict = if diagnosis.is_ready(backend) { "ready" } else { "NOT ready" };
        let title = format!("Backend {}: {verdict}", backend.name);
        text += &format!("\n{}", section(&title, &backend.findings, state_width));
    }
    text + "\n" + &verdict(diagnosis)
}

fn verdict(diagnosis: &Diagnosis) -> String {
    let ready = diagnosis.backends.iter().find(|backend| diagnosis.is_ready(backend));
    let default = lab::default_backend().name();
    match ready {
        None => "No scenario can run on this machine: fix what is MISSING.".to_owned(),
        // The default needs no flag.
        Some(backend) if backend.name == default => {
            "Scenarios can run on this machine: try `queuelab run smoke`.".to_owned()
        }
        Some(backend) => format!(
            "Scenarios can run on this machine: try `queuelab run smoke --backend {}`.",
            backend.name
        ),
    }
}

/// The label of a state; capitals mark a problem without colour.
fn label(state: FindingState) -> &'static str {
    match state {
        FindingState::Ok => "ok",
        FindingState::Note => "note",
        FindingState::Missing => "MISSING",
    }
}

/// The width of the column of states, the same in each section.
fn state_width(diagnosis: &Diagnosis) -> usize {
    let sections = std::iter::once(diagnosis.machine.as_slice())
        .chain(diagnosis.backends.iter().map(|backend| backend.findings.as_slice()));
    sections.flatten().map(|finding| label(finding.state).len()).max().unwrap_or(0)
}

/// A title and its findings. The detail of a finding is next to its subject if it fits there, and
/// indented below otherwise: a column for it would be too narrow.
fn section(title: &str, findings: &[Finding], state_width: usize) -> String {
    let mut text = format!("{title}\n");
    let subjects = findings.iter().map(|finding| finding.what.len()).max().unwrap_or(0);
    let indent = " ".repeat(state_width + 4);
    for Finding { state, what, detail, hint } in findings {
        let start = format!("  {:<state_width$}  {what:<subjects$}  ", label(*state));
        let width = WIDTH - indent.len();
        if start.chars().count() + detail.chars().count() <= WIDTH {
            text += &format!("{start}{detail}\n");
        } else {
            text += &format!("{}\n", start.trim_end());
            for line in wrap(detail, width) {
                text += &format!("{indent}{line}\n");
            }
        }
        let hint = hint.iter().flat_map(|hint| wrap(hint, width - ARROW.chars().count()));
        for (line, words) in hint.enumerate() {
            text += &format!("{indent}{}{words}\n", if line == 0 { ARROW } else { "  " });
        }
    }
    text
}

/// Splits a text into lines of at most `width` columns if its words allow it. A command in
/// backquotes stays on one line, so that it can be copied.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in split_words(text) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Splits a text into words; text in backquotes is one word.
fn split_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(open) if !open.matches('`').count().is_multiple_of(2) => {
                open.push(' ');
                open.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use lab::BackendError;

    use super::*;
    use crate::commands::doctor::diagnosis::BackendDiagnosis;

    fn diagnosis(machine: Vec<Finding>, backends: &[(&'static str, &[Finding])]) -> Diagnosis {
        let backend = |&(name, findings): &(&'static str, &[Finding])| BackendDiagnosis {
            name,
            findings: findings.to_vec(),
        };
        Diagnosis { machine, backends: backends.iter().map(backend).collect(), kernel: None }
    }

    #[test]
    fn a_finding_is_beside_its_subject_or_below_and_hints_are_below() {
        let error = BackendError::from_message(
            "reach the Docker engine at /run/docker.sock: there is no such file; start it (`sudo \
             systemctl start docker`), name another socket (`DOCKER_HOST=unix:///path`), or run \
             with `--backend netns`, which needs none",
        );
        let diagnosis = diagnosis(
            vec![Finding::ok("kernel", "6.18.0"), Finding::note("CPUs", "1")],
            &[
                ("netns", &[Finding::ok("user namespaces", "allowed")]),
                ("docker", &[Finding::missing("engine", &error)]),
            ],
        );
        let expected = "\
This machine
  ok       kernel  6.18.0
  note     CPUs    1

Backend netns: ready
  ok       user namespaces  allowed

Backend docker: NOT ready
  MISSING  engine
           failed to reach the Docker engine at
           /run/docker.sock: there is no such file
           → start it (`sudo systemctl start docker`), name
             another socket (`DOCKER_HOST=unix:///path`), or
             run with `--backend netns`, which needs none

Scenarios can run on this machine: try `queuelab run smoke`.";
        assert_eq!(text(&diagnosis), expected);
    }

    #[test]
    fn the_verdict_names_the_required_flag() {
        let good: &[Finding] = &[Finding::ok("it", "there")];
        let bad: &[Finding] =
            &[Finding::missing("it", &BackendError::from_message("find it: not there"))];
        let verdict_of =
            |backends: &[(&'static str, &[Finding])]| verdict(&diagnosis(Vec::new(), backends));
        let both = verdict_of(&[("netns", good), ("docker", good)]);
        assert!(both.ends_with("`queuelab run smoke`."));
        let docker = verdict_of(&[("netns", bad), ("docker", good)]);
        assert!(docker.ends_with("`queuelab run smoke --backend docker`."));
        assert!(verdict_of(&[("netns", bad)]).starts_with("No scenario can run"));
    }

    #[test]
    fn a_command_stays_on_one_line() {
        assert_eq!(wrap("try `sudo do it`, then", 10), ["try", "`sudo do it`,", "then"]);
        assert_eq!(wrap("a bb ccc", 4), ["a bb", "ccc"]);
        assert!(wrap("", 10).is_empty());
    }
}
