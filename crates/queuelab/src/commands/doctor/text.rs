//! A diagnosis as a person reads it: with or without a terminal, in words.

use super::diagnosis::Diagnosis;
use super::finding::Finding;

/// Columns of the whole.
const WIDTH: usize = 100;
/// Before a way out.
const ARROW: &str = "→ ";

/// The three sections, and the verdict.
pub(super) fn text(diagnosis: &Diagnosis) -> String {
    let columns = Columns::of(diagnosis);
    let mut text = columns.section("This machine", &diagnosis.machine);
    for (name, findings, ready) in diagnosis.backends() {
        let verdict = if ready { "ready" } else { "NOT ready" };
        text += &format!("\n{}", columns.section(&format!("Backend {name}: {verdict}"), findings));
    }
    text + "\n" + &verdict(diagnosis)
}

fn verdict(diagnosis: &Diagnosis) -> String {
    let ready: Vec<_> = diagnosis.backends().filter(|(_, _, ready)| *ready).collect();
    match ready.as_slice() {
        [] => "No scenario can run here, as it is: see MISSING.".to_owned(),
        // The default needs no flag.
        [("netns", ..), ..] => "Scenarios can run here: try `queuelab run smoke`.".to_owned(),
        [(name, ..), ..] => {
            format!("Scenarios can run here: try `queuelab run smoke --backend {name}`.")
        }
    }
}

/// Where the columns are: the same in each section.
struct Columns {
    state: usize,
    what: usize,
}

impl Columns {
    fn of(diagnosis: &Diagnosis) -> Self {
        let sections = std::iter::once(diagnosis.machine.as_slice())
            .chain(diagnosis.backends().map(|(_, findings, _)| findings));
        let widths = sections.flatten().map(|finding| (finding.state.word(), finding.what));
        let (states, whats): (Vec<_>, Vec<_>) = widths.unzip();
        let widest = |words: Vec<&str>| words.into_iter().map(str::len).max().unwrap_or(0);
        Self { state: widest(states), what: widest(whats) }
    }

    fn section(&self, title: &str, findings: &[Finding]) -> String {
        let mut text = format!("{title}\n");
        for Finding { state, what, detail, way_out } in findings {
            let start = format!("  {:<1$}  {what:<2$}  ", state.word(), self.state, self.what);
            let indent = start.chars().count();
            let details = wrapped(detail, WIDTH.saturating_sub(indent));
            let width = WIDTH.saturating_sub(indent + ARROW.chars().count());
            let ways_out = way_out.iter().flat_map(|way_out| wrapped(way_out, width));
            let ways_out = ways_out
                .enumerate()
                .map(|(line, text)| format!("{}{text}", if line == 0 { ARROW } else { "  " }));
            for (line, words) in details.into_iter().chain(ways_out).enumerate() {
                let start = if line == 0 { start.as_str() } else { &" ".repeat(indent) };
                text += &format!("{start}{words}\n");
            }
        }
        text
    }
}

/// Lines of at most `width` columns, where words allow it. A command between
/// backquotes stays on one line: somebody may copy it.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text) {
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

/// Words, of which one between backquotes may have spaces.
fn words(text: &str) -> Vec<String> {
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
    use super::*;

    #[test]
    fn columns_are_aligned_and_ways_out_stand_below() {
        let lacking = Finding {
            detail: "failed to reach the Docker engine at /run/docker.sock: there is no such file"
                .to_owned(),
            ..Finding::missing("engine", &std::fmt::Error)
        }
        .with_way_out(
            "start it (`sudo systemctl start docker`), name another socket \
             (`DOCKER_HOST=unix:///path`), or run with `--backend netns`, which needs none",
        );
        let diagnosis = Diagnosis {
            machine: vec![Finding::ok("kernel", "6.18.0"), Finding::note("CPUs", "1")],
            netns: Some(vec![Finding::ok("user namespaces", "allowed")]),
            docker: Some(vec![lacking]),
        };
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

Scenarios can run here: try `queuelab run smoke`.";
        assert_eq!(text(&diagnosis), expected);
    }

    #[test]
    fn the_verdict_names_the_flag_that_is_needed() {
        let good = || Some(vec![Finding::ok("it", "there")]);
        let bad = || Some(vec![Finding::missing("it", &std::fmt::Error)]);
        let of = |netns, docker| verdict(&Diagnosis { machine: Vec::new(), netns, docker });
        assert!(of(good(), good()).ends_with("`queuelab run smoke`."));
        assert!(of(bad(), good()).ends_with("`queuelab run smoke --backend docker`."));
        assert!(of(bad(), None).starts_with("No scenario can run here"));
    }

    #[test]
    fn a_command_is_never_broken() {
        assert_eq!(wrapped("try `sudo do it`, then", 10), ["try", "`sudo do it`,", "then"]);
        assert_eq!(wrapped("a bb ccc", 4), ["a bb", "ccc"]);
        assert!(wrapped("", 10).is_empty());
    }
}
