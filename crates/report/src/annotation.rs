//! One line for a CI system that shows annotations beside a job, in the form of
//! GitHub's workflow commands.

use crate::suite::Suite;
use run_record::MemberState;
use run_view::Run;

use crate::answer;

/// Things told one by one before they are only counted.
const LISTED: usize = 3;

/// Of one thing, the longest text.
const LONGEST: usize = 300;

impl Suite {
    /// One annotation for all of it: an error where a scenario failed or was not
    /// run, a warning where trials held only when run again; none where all held
    /// at once.
    pub fn annotation(&self) -> Option<String> {
        let members = &self.verdict.members;
        let failed: Vec<_> = members
            .iter()
            .filter(|member| member.failed())
            .map(|member| format!("{}: {}", member.scenario, member.failure()))
            .collect();
        let flaky: Vec<_> = members
            .iter()
            .filter(|member| member.state == MemberState::HeldOnRetry)
            .map(|member| format!("{}: {}", member.scenario, member.failure()))
            .collect();
        let nothing = ["no scenario was run".to_owned()];
        let failed = if self.record.members.is_empty() { &nothing[..] } else { &failed };
        annotation(&self.record.suite, &self.verdict.headline(), failed, &flaky)
    }
}

/// One annotation for all of a run, as [`Suite::annotation`]; a warning also where
/// not all trials were run, and an error where none was.
pub fn run_annotation(run: &Run) -> Option<String> {
    let verdict = &run.verdict;
    let (mut violations, mut warned) = (verdict.violation_lines(), verdict.held_on_retry_lines());
    let unfinished = answer::unfinished(run);
    match run.trials.is_empty() {
        true => violations.extend(unfinished.or(Some("No trial was planned.".to_owned()))),
        false => warned.extend(unfinished),
    }
    annotation(&run.record.scenario.name, &verdict.headline(), &violations, &warned)
}

fn annotation(name: &str, verdict: &str, failed: &[String], flaky: &[String]) -> Option<String> {
    let (level, told) = match (failed, flaky) {
        ([], []) => return None,
        ([], flaky) => ("warning", flaky),
        (failed, _) => ("error", failed),
    };
    let mut text = verdict.to_owned();
    for line in told.iter().take(LISTED) {
        text += &format!("\n{}", &line[..line.floor_char_boundary(LONGEST)]);
    }
    if told.len() > LISTED {
        text += &format!("\n… and {} more", told.len() - LISTED);
    }
    let title = data(&format!("queuelab {name}")).replace(':', "%3A").replace(',', "%2C");
    Some(format!("::{level} title={title}::{}", data(&text)))
}

/// A text that ends neither its line nor its command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_is_one_line_whatever_failed() {
        let told: Vec<_> = (0..5).map(|n| format!("trial {n}: 5 % late\r\nagain")).collect();
        let line = annotation("a,b:c", "FAILED: 5 of 9.", &told, &[]).unwrap();
        assert!(line.starts_with("::error title=queuelab a%2Cb%3Ac::FAILED: 5 of 9.%0Atrial 0: 5 %25 late%0D%0Aagain%0A"), "{line}");
        assert!(line.ends_with("%0A… and 2 more") && !line.contains('\n'), "{line}");
    }

    #[test]
    fn what_held_when_run_again_is_a_warning_and_what_held_is_nothing() {
        let flaky = ["trial 1".to_owned()];
        assert!(annotation("n", "Held", &[], &flaky).unwrap().starts_with("::warning "));
        assert!(annotation("n", "FAILED", &flaky, &flaky).unwrap().starts_with("::error "));
        assert_eq!(annotation("n", "Held", &[], &[]), None);
    }
}
