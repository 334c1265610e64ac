//! Whether a law held in a cell.

use crate::law::LawCheck;

/// Whether a law held in a cell, in all executions of the cell's trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LawVerdict {
    /// It held in every execution that decided it.
    Held,
    /// It held in some executions and failed in others.
    NotAlways,
    /// It failed in every execution that decided it.
    Failed,
    /// No execution decided it.
    Undecided,
}

impl LawVerdict {
    /// The verdict on a law by its checks in one cell. A check without a result, because
    /// the server died, decides nothing.
    pub fn from_checks<'a>(checks: impl IntoIterator<Item = &'a LawCheck>) -> Self {
        checks.into_iter().fold(Self::Undecided, |verdict, check| match (verdict, check.held) {
            (verdict, None) => verdict,
            (Self::Undecided | Self::Held, Some(true)) => Self::Held,
            (Self::Undecided | Self::Failed, Some(false)) => Self::Failed,
            _ => Self::NotAlways,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use queue_model::accept_queue::CAPACITY;

    #[test]
    fn a_check_without_a_result_decides_nothing() {
        use LawVerdict::{Failed, Held, NotAlways, Undecided};
        for (results, verdict) in [
            (&[][..], Undecided),
            (&[None], Undecided),
            (&[Some(true), None], Held),
            (&[None, Some(false)], Failed),
            (&[Some(true), Some(false), Some(true)], NotAlways),
            (&[Some(false), None, Some(true)], NotAlways),
        ] {
            let checks: Vec<_> = results.iter().map(|&held| check(held)).collect();
            assert_eq!(LawVerdict::from_checks(&checks), verdict, "{results:?}");
        }
    }

    fn check(held: Option<bool>) -> LawCheck {
        LawCheck { held, ..LawCheck::new(&CAPACITY, 1.0, None) }
    }
}
