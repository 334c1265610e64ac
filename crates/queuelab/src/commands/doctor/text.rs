//! A diagnosis for a terminal, readable without colour.

use lab::{Finding, FindingState};

use super::diagnosis::Diagnosis;

/// Maximum width of a line, in columns.
const WIDTH: usize = 100;
/// Precedes a hint.
const ARROW: &str = "→ ";

/// A section for the machine and for each backend, and the verdict.
pub(super) fn text(diagnosis: &Diagnosis) -> String {
    let columns = Columns::new(diagnosis);
    let mut text = columns.section("This machine", &diagnosis.machine);
    for backend in &diagnosis.backends {
        let verdict = if diagnosis.is_ready(backend) { "ready" } else { "NOT ready" };
        let title = format!("Backend {}: {verdict}", backend.name);
        text += &format!("\n{}", columns.section(&title, &backend.findings));
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

/// The widths of the columns, the same in each section.
struct Columns {
    state: usize,
    what: usize,
}

impl Columns {
    fn new(diagnosis: &Diagnosis) -> Self {
        let sections = std::iter::once(diagnosis.machine.as_slice())
            .chain(diagnosis.backends.iter().map(|backend| backend.findings.as_slice()));
        let cells = sections.flatten().map(|finding| (label(finding.state), finding.what));
        let (labels, subjects): (Vec<_>, Vec<_>) = cells.unzip();
        let widest = |texts: Vec<&str>| texts.into_iter().map(str::len).max().unwrap_or(0);
        Self { state: widest(labels), what: widest(subjects) }
    }

    fn section(&self, title: &str, findings: &[Finding]) -> String {
        let mut text = format!("{title}\n");
        for Finding { state, what, detail, hint } in findings {
            let start = format!("  {:<1$}  {what:<2$}  ", label(*state), self.state, self.what);
            let indent = start.chars().count();
            let details = wrap(detail, WIDTH.saturating_sub(indent));
            let width = WIDTH.saturating_sub(indent + ARROW.chars().count());
            let hint = hint.iter().flat_map(|hint| wrap(hint, width));
            let hint = hint
                .enumerate()
                .map(|(line, text)| format!("{}{text}", if line == 0 { ARROW } else { "  " }));
            for (line, words) in details.into_iter().chain(hint).enumerate() {
                let start = if line == 0 { start.as_str() } else { &" ".repeat(indent) };
                text += &format!("{start}{words}\n");
            }
        }
        text
    }
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
    fn columns_are_aligned_and_hints_are_below() {
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
  ok       kernel           6.18.0
  note     CPUs             1

Backend netns: ready
  ok       user namespaces  allowed

Backend docker: NOT ready
  MISSING  engine           failed to reach the Docker engine at /run/docker.sock: there is no such
                            file
                            → start it (`sudo systemctl start docker`), name another socket
                              (`DOCKER_HOST=unix:///path`), or run with `--backend netns`, which
                              needs none

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
