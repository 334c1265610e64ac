//! No sentence contradicts the settings in force or the evidence of its trials.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use report::{Paragraph, ParagraphKind, Sentence, why};
use run_record::TrialRecord;

use crate::arbitrary::any_run;
use crate::fixture::Made;
use crate::oracle::Record;
use crate::runs::ALL_KINDS;

fn contradiction(run: &Made, paragraphs: &[Paragraph]) -> Result<(), String> {
    let of = |sentence: &Sentence| -> Vec<_> {
        let is_about = |trial: &&TrialRecord| sentence.trials.contains(&trial.execution_id());
        run.records.iter().filter(is_about).cloned().collect()
    };
    for paragraph in paragraphs {
        let is_cause = paragraph.kind == ParagraphKind::Cause;
        let lead = is_cause.then_some(&paragraph.lead);
        for sentence in lead.into_iter().chain(&paragraph.sentences) {
            let trials = of(sentence);
            if trials.is_empty() {
                return Err(format!("it is about no trial: {}", sentence.text));
            }
            for trial in trials {
                let record = Record::new(&run.record, &trial);
                for &claim in &sentence.claims {
                    if !record.supports(claim) {
                        return Err(format!("{claim:?} is wrong: {}\n{trial:#?}", sentence.text));
                    }
                }
                record.allows(&sentence.text)?;
            }
        }
    }
    let position = |start: &str| {
        paragraphs.iter().position(|paragraph| paragraph.lead.text.starts_with(start))
    };
    let no_files = run.trials.iter().any(|trial| {
        trial.server.as_ref().is_some_and(|server| server.accept_errors.contains_key("EMFILE"))
    });
    if let Some(queue) = position("The accept queue,")
        && no_files
        && position("The server's process could not").is_none_or(|process| process > queue)
    {
        return Err("a full queue is named before EMFILE".to_owned());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_sentence_contradicts_its_trials(run in any_run()) {
        let paragraphs = why(&run);
        prop_assert!(!paragraphs.is_empty());
        if let Err(why) = contradiction(&run, &paragraphs) {
            prop_assert!(false, "{why}");
        }
    }
}

#[test]
fn no_sentence_contradicts_the_trials_of_typical_runs() {
    for (name, run) in ALL_KINDS {
        let run = run();
        assert_eq!(contradiction(&run, &why(&run)), Ok(()), "{name}");
    }
}

/// These tests check every kind of claim and all words that the oracle knows.
#[test]
fn the_runs_reach_every_claim() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut unused: BTreeSet<&str> = BTreeSet::new();
    let arbitrary = (0..4000).map(|_| any_run().new_tree(&mut runner).unwrap().current());
    let mut runs = ALL_KINDS.into_iter().map(|(_, run)| run()).chain(arbitrary).peekable();
    if let Some(run) = runs.peek() {
        let record = Record::new(&run.record, &run.records[0]);
        unused.extend(record.phrases().into_iter().map(|(phrase, _)| phrase));
    }
    for run in runs {
        for paragraph in why(&run) {
            for sentence in [paragraph.lead].into_iter().chain(paragraph.sentences) {
                unused.retain(|phrase| !sentence.text.contains(phrase));
                for claim in sentence.claims {
                    let kind = format!("{claim:?}");
                    let kind = kind.split('(').next().unwrap_or_default();
                    *kinds.entry(kind.to_owned()).or_default() += 1;
                }
            }
        }
    }
    assert!(unused.is_empty(), "{unused:?}");
    for kind in [
        "ServerCounted",
        "ServerCountedNone",
        "ClientCounted",
        "Ended",
        "NoneEnded",
        "IncompleteBy",
        "IncompleteByUnknown",
        "SynRetransmitted",
        "NoSynRetransmitted",
        "Observed",
        "CloseWait",
        "ServerDied",
        "AcceptFailed",
        "ThreadFailed",
        "Closed",
        "NoAcceptFailed",
        "ServerSysctl",
        "SetServerSysctl",
        "RaiseServerSysctl",
        "RaiseBacklog",
        "RaiseLimit",
        "RaiseLimitAndMaxSynBacklog",
        "Set",
        "WidenPortRange",
    ] {
        assert!(kinds.contains_key(kind), "{kind}: {kinds:?}");
    }
}
