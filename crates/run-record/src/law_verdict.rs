//! Whether a law held in a cell.

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
    /// The verdict on a law by the results of its checks in one cell. A check without a result,
    /// because the server died, decides nothing.
    pub fn from_results(held: impl IntoIterator<Item = Option<bool>>) -> Self {
        held.into_iter().fold(Self::Undecided, |verdict, held| match (verdict, held) {
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
            let verdict_on = LawVerdict::from_results(results.iter().copied());
            assert_eq!(verdict_on, verdict, "{results:?}");
        }
    }
}
