//! An annotation of a CI job: one line in the form of GitHub's workflow commands.

use crate::suite::Suite;
use run_record::{MemberState, Verdict};
use run_view::Run;

use crate::answer;

/// The lines that are listed; the others are only counted.
const MAX_LINES: usize = 3;

/// The largest size of a line, bytes.
const MAX_LINE_BYTES: usize = 300;

impl Suite {
    /// The annotation of the suite: an error if a scenario failed or was not run, a warning
    /// if trials held only when run again or most of a scenario's were disturbed, `None` if all
    /// held.
    pub fn annotation(&self) -> Option<String> {
        let members = &self.verdict.members;
        let failed: Vec<_> = members
            .iter()
            .filter(|member| member.failed())
            .map(|member| format!("{}: {}", member.scenario, member.failure()))
            .collect();
        let flaky: Vec<_> = members
            .iter()
            .filter(|member| {
                matches!(member.state, MemberState::HeldOnRetry | MemberState::Inconclusive)
            })
            .map(|member| format!("{}: {}", member.scenario, member.failure()))
            .collect();
        let none_run = ["no scenario was run".to_owned()];
        let failed = if self.record.members.is_empty() { &none_run[..] } else { &failed };
        annotation(&self.record.suite, &self.verdict.headline(), failed, &flaky)
    }
}

/// The annotation of a run, as [`Suite::annotation`]; a warning also if not all trials were
/// run or most were disturbed, an error if none was run.
pub fn run_annotation(run: &Run) -> Option<String> {
    let verdict = &run.verdict;
    let (mut violations, mut warnings) = (verdict.violation_lines(), verdict.held_on_retry_lines());
    if verdict.verdict == Verdict::Inconclusive {
        warnings.extend(verdict.disturbed_lines());
    }
    let unfinished = answer::unfinished(run);
    match run.trials.is_empty() {
        true => violations.extend(unfinished.or(Some("No trial was planned.".to_owned()))),
        false => warnings.extend(unfinished),
    }
    annotation(&run.record.scenario.name, &verdict.headline(), &violations, &warnings)
}

fn annotation(name: &str, verdict: &str, failed: &[String], flaky: &[String]) -> Option<String> {
    let (level, lines) = match (failed, flaky) {
        ([], []) => return None,
        ([], flaky) => ("warning", flaky),
        (failed, _) => ("error", failed),
    };
    let mut text = verdict.to_owned();
    for line in lines.iter().take(MAX_LINES) {
        text += &format!("\n{}", &line[..line.floor_char_boundary(MAX_LINE_BYTES)]);
    }
    if lines.len() > MAX_LINES {
        text += &format!("\n… and {} more", lines.len() - MAX_LINES);
    }
    let title = escape_data(&format!("queuelab {name}")).replace(':', "%3A").replace(',', "%2C");
    Some(format!("::{level} title={title}::{}", escape_data(&text)))
}

/// Escapes a text as the data of a workflow command. A carriage return is visible.
pub fn escape_data(text: &str) -> String {
    visible::document(text).replace('%', "%25").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_is_one_line() {
        let failed: Vec<_> = (0..5).map(|n| format!("trial {n}: 5 % late\r\nagain")).collect();
        let line = annotation("a,b:c", "FAILED: 5 of 9.", &failed, &[]).unwrap();
        assert!(line.starts_with("::error title=queuelab a%2Cb%3Ac::FAILED: 5 of 9.%0Atrial 0: 5 %25 late\\r%0Aagain%0A"), "{line}");
        assert!(line.ends_with("%0A… and 2 more") && !line.contains('\n'), "{line}");
    }

    #[test]
    fn trials_that_held_when_run_again_are_a_warning() {
        let flaky = ["trial 1".to_owned()];
        assert!(annotation("n", "Held", &[], &flaky).unwrap().starts_with("::warning "));
        assert!(annotation("n", "FAILED", &flaky, &flaky).unwrap().starts_with("::error "));
        assert_eq!(annotation("n", "Held", &[], &[]), None);
    }
}
