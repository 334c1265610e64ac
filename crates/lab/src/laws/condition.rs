//! Conditions of rules, and why a rule does not apply.

/// Why a rule predicts nothing for a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inapplicable {
    /// It is about something that the cell does not do.
    Unconcerned,
    /// It concerns the cell, but this condition does not hold.
    NotApplied(String),
}

/// Returns [`Inapplicable::Unconcerned`] unless the rule is about the cell.
pub(super) fn concerns(is_about: bool) -> Result<(), Inapplicable> {
    if is_about { Ok(()) } else { Err(Inapplicable::Unconcerned) }
}

/// Returns [`Inapplicable::NotApplied`] with the reason unless the condition
/// holds.
pub(super) fn require(condition: bool, reason: impl Into<String>) -> Result<(), Inapplicable> {
    if condition { Ok(()) } else { Err(not_applied(reason)) }
}

/// [`Inapplicable::NotApplied`] with its reason.
pub(super) fn not_applied(reason: impl Into<String>) -> Inapplicable {
    Inapplicable::NotApplied(reason.into())
}
