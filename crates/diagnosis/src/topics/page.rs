//! Topics as plain text of a width.

use std::collections::BTreeMap;

use super::collection::Topics;
use super::topic::{ScenarioUse, Topic, TopicKind};
use run_view::prose::wrap_to;

impl Topic {
    /// The topic's page in lines of at most `width` columns, without a final newline.
    pub fn page(&self, width: usize) -> String {
        let wrap = |text: &str, first: &str, then: &str| wrap_to(width, text, first, then);
        let listed = |heading: &str, entries: &mut dyn Iterator<Item = String>| {
            listed(width, heading, entries)
        };
        let mut sections = vec![self.head(width), paragraphs(width, &self.text)];
        let kernel = self.kernel.iter().map(|(place, what)| format!("{place}: {what}"));
        sections.extend(listed("In the kernel", &mut { kernel }));
        let misconceptions =
            self.misconceptions.iter().map(|(belief, holds)| format!("\"{belief}\": {holds}"));
        sections.extend(listed("Common misconceptions", &mut { misconceptions }));
        match self.scenarios.is_empty() {
            true => sections.extend(self.kind.without_scenario().map(|text| wrap(text, "", ""))),
            false => sections.extend(listed("Scenarios", &mut self.scenario_uses().into_iter())),
        }
        sections.push(wrap(&format!("See also: {}", self.related.join(", ")), "", "  "));
        sections.join("\n\n")
    }

    fn head(&self, width: usize) -> String {
        let default = self.default.as_ref();
        let default = default.map_or(String::new(), |value| format!(", default {value}"));
        let title = wrap_to(width, &format!("{}: {}", self.name, self.summary), "", "  ");
        format!("{title}\n{}{default}", self.kind.name())
    }

    /// The scenarios, grouped by how they use it.
    fn scenario_uses(&self) -> Vec<String> {
        let mut by_use: BTreeMap<&ScenarioUse, Vec<&str>> = BTreeMap::new();
        for (scenario, scenario_use) in &self.scenarios {
            by_use.entry(scenario_use).or_default().push(scenario);
        }
        let groups = by_use.into_iter();
        groups
            .map(|(scenario_use, scenarios)| format!("{scenario_use}: {}", scenarios.join(", ")))
            .collect()
    }
}

/// A list under its heading; `None` if it is empty.
fn listed(
    width: usize,
    heading: &str,
    entries: &mut dyn Iterator<Item = String>,
) -> Option<String> {
    let entries: Vec<_> = entries.map(|entry| wrap_to(width, &entry, "  ", "    ")).collect();
    (!entries.is_empty()).then(|| format!("{heading}\n{}", entries.join("\n")))
}

impl TopicKind {
    /// The text of a topic that no scenario uses.
    fn without_scenario(self) -> Option<&'static str> {
        match self {
            Self::Sysctl => Some(
                "No scenario sets it: the value in force on both hosts is recorded with every run.",
            ),
            Self::Counter => Some(
                "No scenario checks it: its increase is recorded with every trial, for both hosts.",
            ),
            Self::Concept | Self::Outcome | Self::Server | Self::Design | Self::Scenario => None,
        }
    }
}

impl Topics {
    /// A line for each topic, grouped by kind, of at most `columns` columns.
    pub fn list(&self, columns: usize) -> String {
        let group = |kind: TopicKind| {
            let width = self.of_kind(kind).map(|topic| topic.name.chars().count()).max()?;
            let lines = self.of_kind(kind).map(|topic| {
                let name = format!("  {:width$}  ", topic.name);
                wrap_to(columns, &topic.summary, &name, &" ".repeat(width + 4))
            });
            Some(format!("{}\n{}", kind.heading(), lines.collect::<Vec<_>>().join("\n")))
        };
        let mut groups: Vec<_> = TopicKind::ALL.into_iter().filter_map(group).collect();
        groups.push(
            "`queuelab explain TOPIC` explains one of them, for example somaxconn.".to_owned(),
        );
        groups.join("\n\n")
    }
}

/// Wraps paragraphs; in those with lines that begin with a space (tables, expressions),
/// only lines that are too long.
fn paragraphs(width: usize, text: &str) -> String {
    let wrap_long = |line: &str| {
        let spaces = line.len() - line.trim_start().len();
        let indent = &line[..spaces];
        match line.chars().count() > width {
            true => wrap_to(width, line, indent, &format!("{indent}    ")),
            false => line.trim_end().to_owned(),
        }
    };
    let paragraphs = text.trim_end().split("\n\n").map(|paragraph| {
        match paragraph.lines().any(|line| line.starts_with(' ')) {
            true => paragraph.lines().map(wrap_long).collect::<Vec<_>>().join("\n"),
            false => wrap_to(width, paragraph, "", ""),
        }
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_not_wrapped_except_long_lines() {
        let long = format!("  {}", "word ".repeat(30));
        assert!(paragraphs(100, &long).lines().eq([
            format!("  {}", "word ".repeat(19).trim_end()),
            format!("      {}", "word ".repeat(11).trim_end()),
        ]));
        assert_eq!(paragraphs(100, "a\nb\n\n  c   d\n  e   f\n"), "a b\n\n  c   d\n  e   f");
    }
}
