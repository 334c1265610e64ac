//! How good the kernel's ledger of a trial is, and whether it agrees with the server's own
//! list of accepts.

use load_generator::Attempt;
use probe::Ledger;
use run_record::{AttemptRow, LedgerAgreement, LedgerEvidence};

use crate::ledger_join::{Acceptance, Known};

/// Contradictions that are kept.
const MAX_EXAMPLES: usize = 5;

/// The evidence. `known` is what the ledger says about each attempt; `rows` has what the
/// server's list says, if there is one.
pub(crate) fn evidence(
    attempts: &[Attempt],
    ledger: &Ledger,
    known: &[Known],
    rows: Option<&[AttemptRow]>,
) -> LedgerEvidence {
    let scans = &ledger.scans;
    let mut evidence = LedgerEvidence {
        scans: scans.count,
        failed_scans: scans.failed,
        longest_scan_seconds: scans.longest_ns as f64 / 1e9,
        scan_seconds: scans.total_ns as f64 / 1e9 / scans.count.max(1) as f64,
        longest_gap_seconds: scans.longest_gap_ns as f64 / 1e9,
        connections: ledger.connections.len() as u64,
        not_kept: ledger.not_kept,
        ..LedgerEvidence::default()
    };
    for (attempt, known) in attempts.iter().zip(known) {
        match known.acceptance {
            Acceptance::Accepted => evidence.accepted += 1,
            Acceptance::Queued | Acceptance::HalfOpen => evidence.waiting += 1,
            Acceptance::Unknown => evidence.unknown += u64::from(attempt.connect_ns.is_some()),
        }
    }
    evidence.beside_the_list = rows.map(|rows| agreement(rows, known));
    evidence
}

fn agreement(rows: &[AttemptRow], known: &[Known]) -> LedgerAgreement {
    let mut agreement = LedgerAgreement::default();
    for (row, known) in rows.iter().zip(known) {
        let Some(is_consistent) = is_consistent(row, known) else { continue };
        if is_consistent {
            agreement.agree += 1;
            continue;
        }
        agreement.contradict += 1;
        if agreement.examples.len() < MAX_EXAMPLES {
            agreement.examples.push(format!(
                "attempt {} from {}: accepted at {:?} by the server's list, {:?} by the kernel, \
                 and not yet at {:?}",
                row.index, row.local, row.accepted_ns, known.acceptance, known.not_accepted_ns
            ));
        }
    }
    agreement
}

/// Whether both can be true; `None` if the ledger says nothing.
fn is_consistent(row: &AttemptRow, known: &Known) -> Option<bool> {
    // What was not accepted at one time may have been accepted later.
    let may_be_later =
        |at_ns: u64| known.not_accepted_ns.is_none_or(|not_accepted_ns| at_ns > not_accepted_ns);
    match (known.acceptance.is_accepted(), row.accepted_ns) {
        (None, None) if known.not_accepted_ns.is_none() => None,
        (None, at_ns) => at_ns.is_none_or(may_be_later).into(),
        (Some(is_accepted), None) => Some(!is_accepted),
        (Some(_), Some(at_ns)) => Some(may_be_later(at_ns)),
    }
}

#[cfg(test)]
mod tests {
    use run_record::Outcome;

    use super::*;

    fn row(accepted_ns: Option<u64>) -> AttemptRow {
        AttemptRow {
            index: 3,
            local: "198.18.0.2:7".to_owned(),
            connect_ns: Some(1),
            accepted_ns,
            ..AttemptRow::new(Outcome::Ok, 0, 100)
        }
    }

    #[test]
    fn what_cannot_both_be_true_is_a_contradiction() {
        use Acceptance::{Accepted, HalfOpen, Queued, Unknown};
        for (acceptance, not_accepted_ns, accepted_ns, expected) in [
            (Accepted, None, Some(50), Some(true)),
            (Accepted, Some(40), Some(50), Some(true)),
            (Accepted, Some(60), Some(50), Some(false)),
            (Accepted, None, None, Some(false)),
            (Queued, Some(40), None, Some(true)),
            (Queued, Some(40), Some(50), Some(true)),
            (Queued, Some(60), Some(50), Some(false)),
            (HalfOpen, Some(60), Some(50), Some(false)),
            (Unknown, None, Some(50), Some(true)),
            (Unknown, None, None, None),
            (Unknown, Some(60), Some(50), Some(false)),
        ] {
            let known = Known { acceptance, not_accepted_ns, accepted_by_ns: None };
            assert_eq!(
                is_consistent(&row(accepted_ns), &known),
                expected,
                "{acceptance:?}, {not_accepted_ns:?}, {accepted_ns:?}"
            );
        }
        let known = Known { acceptance: Accepted, not_accepted_ns: Some(60), accepted_by_ns: None };
        let agreement = agreement(&[row(Some(50)), row(Some(70))], &[known, known]);
        assert_eq!((agreement.agree, agreement.contradict), (1, 1));
        assert!(agreement.examples[0].starts_with("attempt 3 from 198.18.0.2:7: accepted at Some"));
    }
}
