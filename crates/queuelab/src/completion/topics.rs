//! The topics of `queuelab explain`.

use std::collections::HashSet;
use std::ffi::OsStr;

use clap_complete::CompletionCandidate;
use diagnosis::Topic;

use super::candidates::candidate;
use crate::commands::explain::topics_without_scenarios;

/// Completes the name of a topic: all names if nothing is written yet, otherwise also those by
/// an alias or the last part of the name. Capital letters make no difference.
pub(crate) fn topics(word: &OsStr) -> Vec<CompletionCandidate> {
    let Some(word) = word.to_str() else { return Vec::new() };
    let written = word.to_lowercase();
    let begins = |name: &str| name.to_lowercase().starts_with(&written);
    let mut offered = HashSet::new();
    let topics = topics_without_scenarios();
    let built_in = topics.iter().filter_map(|topic| {
        // Two topics may have the same last part, which `explain` then does not find.
        let mut names = names(topic).into_iter().filter(|name| begins(name));
        let name = names.find(|name| topics.find(name) == Some(topic))?;
        candidate(&name, Some(&topic.summary))
    });
    let documents = scenario::catalogue();
    let scenarios = documents
        .iter()
        .filter(|document| begins(document.name()))
        .filter_map(|document| candidate(document.name(), document.question()));
    built_in.chain(scenarios).filter(|one| offered.insert(one.get_value().to_owned())).collect()
}

/// The names of a topic in one word, the full one first. A space in a name is written `_`:
/// `explain` ignores the difference.
fn names(topic: &Topic) -> Vec<String> {
    let last = topic.name.rsplit_once('.').map(|(_, last)| last.to_owned());
    let names = [topic.name.clone()].into_iter().chain(last).chain(topic.aliases.iter().cloned());
    names.map(|name| name.replace(' ', "_")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_completed_name_finds_its_topic() {
        let known = topics_without_scenarios();
        for topic in known.iter() {
            let word = topic.name.replace(' ', "_");
            let offered = topics(OsStr::new(&word));
            let is_it = |one: &CompletionCandidate| {
                known.find(&one.get_value().to_string_lossy()) == Some(topic)
            };
            let is_plain = candidate(&word, None).is_some();
            assert_eq!(offered.iter().any(is_it), is_plain, "{word}: {offered:?}");
        }
    }

    #[test]
    fn an_alias_and_the_last_part_of_a_name_are_completed() {
        for (word, name) in [
            ("somax", "somaxconn"),
            ("SOMAX", "somaxconn"),
            ("net.core.so", "net.core.somaxconn"),
            ("ListenOv", "ListenOverflows"),
            ("accept_q", "accept_queue"),
            ("backlog-s", "backlog-sweep"),
            ("EMF", "EMFILE"),
        ] {
            let found = topics(OsStr::new(word));
            assert!(found.iter().any(|one| one.get_value() == name), "{word}: {found:?}");
            assert!(found.iter().all(|one| one.get_help().is_some()), "{found:?}");
        }
        assert!(topics(OsStr::new("xyzzy")).is_empty());
    }
}
