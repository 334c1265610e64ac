//! The list of all rules.

use super::rule::Rule;
use super::{accepting, closing, half_open, held_acks, local_ports, unanswered};

/// Every rule, in the order in which reports show them.
pub(super) const RULES: &[Rule] = &[
    accepting::LISTEN_LIMIT,
    accepting::ACCEPT_QUEUE,
    accepting::REUSEPORT,
    accepting::DEFERRAL,
    half_open::SYN_QUEUE,
    half_open::COOKIES_RECEIVED,
    half_open::LIVE_CLIENTS,
    unanswered::SYN_RETRY,
    held_acks::RELEASE,
    local_ports::AT_ONCE,
    local_ports::IN_SEQUENCE,
    closing::BUCKETS,
    closing::TIME_WAIT,
    closing::FIN_WAIT_2,
    closing::BIND,
    closing::FREE_AGAIN,
];

/// The ids of all laws.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    RULES.iter().flat_map(|rule| rule.laws).map(|law| law.id)
}
