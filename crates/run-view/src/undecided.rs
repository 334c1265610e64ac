//! Why a trial did not decide a law.

use crate::law::Law;
use crate::trial::Trial;

/// Why this law, which was applied in this trial, was not decided; `None` if it was.
pub fn why_not_decided(trial: &Trial, law: &Law) -> Option<&'static str> {
    if law.held.is_some() {
        return None;
    }
    Some(if law.measured.is_none() && trial.server_died.is_some() {
        "the server died before it could be measured"
    } else if trial.is_disturbed() {
        "the trial was disturbed, which can have delayed it"
    } else {
        "it was not measured"
    })
}
