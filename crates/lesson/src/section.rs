//! The parts of a lesson's text.

/// A part of a lesson's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Which part.
    pub kind: SectionKind,
    /// Its Markdown, without the heading.
    pub text: String,
}

/// The parts, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the headings say what they are")]
pub enum SectionKind {
    Question,
    Belief,
    Predict,
    Run,
    Seen,
    Rule,
    Change,
    Exercises,
}

impl SectionKind {
    /// All, in their order.
    pub const ALL: [Self; 8] = [
        Self::Question,
        Self::Belief,
        Self::Predict,
        Self::Run,
        Self::Seen,
        Self::Rule,
        Self::Change,
        Self::Exercises,
    ];

    /// Its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Question => "The question",
            Self::Belief => "What most people believe",
            Self::Predict => "Predict",
            Self::Run => "Run it",
            Self::Seen => "What you see",
            Self::Rule => "The rule",
            Self::Change => "What to change",
            Self::Exercises => "Exercises",
        }
    }
}

/// Splits the text at its headings of level 2. `first_line` is its line in the file.
///
/// # Errors
/// The line and what is wrong: other headings, or another order.
pub(crate) fn split(text: &str, first_line: usize) -> Result<Vec<Section>, (usize, String)> {
    let mut sections: Vec<Section> = Vec::new();
    let mut kinds = SectionKind::ALL.into_iter();
    let mut in_code = false;
    for (line, number) in text.lines().zip(first_line..) {
        in_code ^= line.trim_start().starts_with("```");
        let heading = line.strip_prefix("## ").filter(|_| !in_code);
        if let Some(heading) = heading {
            let expected = kinds.next();
            match expected.filter(|kind| kind.heading() == heading.trim()) {
                Some(kind) => sections.push(Section { kind, text: String::new() }),
                None => {
                    let expected = expected.map_or("no further one", SectionKind::heading);
                    return Err((number, format!("the heading here is `{expected}`")));
                }
            }
        } else if !in_code && line.starts_with("# ") {
            return Err((number, "the title is in the front matter".to_owned()));
        } else if let Some(section) = sections.last_mut() {
            section.text.push_str(line);
            section.text.push('\n');
        } else if !line.trim().is_empty() {
            return Err((number, "a text begins with the heading `The question`".to_owned()));
        }
    }
    if let Some(missing) = kinds.next() {
        let last = first_line + text.lines().count();
        return Err((last, format!("there is no heading `{}`", missing.heading())));
    }
    for section in &mut sections {
        // Not its first spaces: a text can begin with code.
        section.text = section.text.trim_start_matches('\n').trim_end().to_owned();
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(headings: &[&str]) -> String {
        headings.iter().map(|heading| format!("## {heading}\n\nabout {heading}\n\n")).collect()
    }

    #[test]
    fn a_text_is_split_at_its_headings() {
        let headings = SectionKind::ALL.map(SectionKind::heading);
        let sections = split(&text(&headings), 1).expect("all headings");
        assert_eq!(sections.len(), 8);
        assert_eq!(sections[3].text, "about Run it");
        assert_eq!(split(&text(&headings[..3]), 1).unwrap_err().1, "there is no heading `Run it`");
        let wrong = split(&text(&["The question", "Run it"]), 10).unwrap_err();
        assert_eq!(wrong, (14, "the heading here is `What most people believe`".to_owned()));
    }

    #[test]
    fn a_part_that_begins_with_code_keeps_its_indentation() {
        let all = text(&SectionKind::ALL.map(SectionKind::heading));
        let all = all.replace("\nabout The rule\n", "\n    a > b\n\nabout it\n");
        let sections = split(&all, 1).expect("all headings");
        assert_eq!(sections[5].text, "    a > b\n\nabout it");
    }

    #[test]
    fn a_heading_in_code_is_none() {
        let mut all = text(&SectionKind::ALL.map(SectionKind::heading));
        all += "```\n## no heading\n```\n";
        assert!(split(&all, 1).expect("all headings")[7].text.ends_with("## no heading\n```"));
    }
}
