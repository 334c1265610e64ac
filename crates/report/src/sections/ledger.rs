//! How much the kernel's ledger of accepts shows.

use run_record::LedgerEvidence;
use run_view::Run;
use run_view::number::{count, nanoseconds, total};
use run_view::prose::several;

use crate::document::{Block, Section, Source};

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let ledgers: Vec<_> =
        run.trials.iter().filter_map(|trial| trial.evidence.ledger.as_deref()).collect();
    if ledgers.is_empty() {
        return None;
    }
    let mut section = Section::new("ledger", "The kernel's ledger of accepts");
    section.page(Block::caption(
        "A socket of the server's port that no accept(2) has taken has no file (inode 0). Scans of \
         these sockets show which attempts were accepted. Rows of `record: {attempts: true}` have \
         the bounds of each accept: not_accepted_ns and accepted_by_ns.",
    ));
    section.report(Block::text(describe(run, &ledgers)));
    Some(section)
}

fn describe(run: &Run, ledgers: &[&LedgerEvidence]) -> String {
    let sum = |of: fn(&LedgerEvidence) -> u64| total(ledgers.iter().map(|ledger| of(ledger)));
    let longest = |of: fn(&LedgerEvidence) -> f64| {
        nanoseconds(ledgers.iter().map(|ledger| of(ledger)).fold(0.0, f64::max) * 1e9)
    };
    let scans = ledgers.iter().map(|ledger| ledger.scans);
    let (least, most) = (scans.clone().min().unwrap_or(0), scans.max().unwrap_or(0));
    let scans = match least == most {
        true => several(most, "scan"),
        false => format!("{} to {}", count(least), several(most, "scan")),
    };
    let mut sentences = vec![format!(
        "{scans} in each of {}, at most {} from the start of one to the end of the next: what \
         lasted longer has been seen.",
        several(ledgers.len() as u64, "trial"),
        longest(|ledger| ledger.longest_gap_seconds),
    )];
    // Older records do not have it.
    if ledgers.iter().any(|ledger| ledger.longest_scan_seconds > 0.0) {
        let longest = longest(|ledger| ledger.longest_scan_seconds);
        sentences.push(format!("A scan took at most {longest}."));
    }
    let recorded = run.trials.iter().filter(|trial| trial.evidence.ledger.is_some());
    let all = total(recorded.map(|trial| trial.attempts));
    sentences.push(format!(
        "Of {}, {} were accepted, {} waited in a queue of the server at the end, and of {} that \
         were established it is not known.",
        several(all, "attempt"),
        count(sum(|ledger| ledger.accepted)),
        count(sum(|ledger| ledger.waiting)),
        count(sum(|ledger| ledger.unknown)),
    ));
    let failed = sum(|ledger| ledger.failed_scans);
    if failed > 0 {
        sentences.push(format!("{} failed and showed nothing.", several(failed, "further scan")));
    }
    let not_kept = sum(|ledger| ledger.not_kept);
    if not_kept > 0 {
        let connections = several(not_kept, "connection");
        sentences.push(format!("{connections} were not kept, because the ledger was full."));
    }
    let beside: Vec<_> =
        ledgers.iter().filter_map(|ledger| ledger.beside_the_list.as_ref()).collect();
    if !beside.is_empty() {
        let agree = total(beside.iter().map(|beside| beside.agree));
        let contradict = total(beside.iter().map(|beside| beside.contradict));
        sentences.push(format!(
            "Beside the server's own list of accepts: {} agree, {} contradict it.",
            several(agree, "attempt"),
            count(contradict)
        ));
    }
    sentences.join(" ")
}
