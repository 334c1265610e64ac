//! The predictions of laws for a trial, with the measurements.

use queue_model::law::{Law, Tolerance, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// A law's prediction and its measurement.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LawCheck {
    /// The law's identity, which comparisons match.
    pub id: String,
    /// The law's name in reports.
    pub title: String,
    /// The unit of its values.
    pub unit: Unit,
    /// How far a measurement may deviate.
    pub tolerance: Tolerance,
    /// Computed from the settings before the trial.
    pub predicted: f64,
    /// Measured in the trial; `None` if it could not be measured.
    pub measured: Option<f64>,
    /// Measured minus predicted.
    pub deviation: Option<f64>,
    /// The latest allowed time of a timed law, seconds; `None` for exact laws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<f64>,
    /// Whether the deviation is within the tolerance; `None` if there was nothing to
    /// measure because the server died, which the scenario allows, or a time was too late in a
    /// disturbed trial.
    pub held: Option<bool>,
}

/// A law that concerns the cell but cannot decide it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct LawNotApplied {
    /// The law's identity.
    pub id: String,
    /// The law's name in reports.
    pub title: String,
    /// The condition that does not hold.
    pub reason: String,
}

impl LawCheck {
    /// A check of a law that has not been measured yet.
    pub fn new(law: &Law, predicted: f64, latest: Option<f64>) -> Self {
        Self {
            id: law.id.to_owned(),
            title: law.title.to_owned(),
            unit: law.unit,
            tolerance: law.tolerance,
            predicted,
            measured: None,
            deviation: None,
            latest,
            held: None,
        }
    }
}

/// A law's check in any schema version.
#[derive(Deserialize)]
struct StoredCheck {
    id: Option<String>,
    #[serde(alias = "name")]
    title: String,
    unit: Option<Unit>,
    tolerance: Option<Tolerance>,
    predicted: f64,
    measured: Option<f64>,
    deviation: Option<f64>,
    #[serde(default)]
    latest: Option<f64>,
    held: Option<bool>,
}

/// Reads a trial's checks. In records before schema 3 they have only a title, from which
/// the id follows.
pub(crate) fn read_checks<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<LawCheck>, D::Error> {
    let stored = Vec::<StoredCheck>::deserialize(deserializer)?;
    let releases_held_acks = stored.iter().any(|check| check.title == HELD_ACKS);
    let checks = stored.into_iter().map(|check| {
        let (id, unit) = legacy_identity(&check.title, releases_held_acks);
        let timed = check.latest.is_some();
        let unit = check.unit.unwrap_or(if timed { Unit::Seconds } else { unit });
        let tolerance = if timed { Tolerance::Timer } else { Tolerance::Exact };
        LawCheck {
            id: check.id.unwrap_or(id),
            title: check.title,
            unit,
            tolerance: check.tolerance.unwrap_or(tolerance),
            predicted: check.predicted,
            measured: check.measured,
            deviation: check.deviation,
            latest: check.latest,
            held: check.held,
        }
    });
    Ok(checks.collect())
}

/// The title, before schema 3, of a law that only cells with held ACKs have. Two counters
/// were laws of such cells and of half-open clients under the same title.
const HELD_ACKS: &str = "accept queue takes of the held";

/// The id and unit of a law by its title before schema 3; an unknown title is
/// its own id.
fn legacy_identity(title: &str, releases_held_acks: bool) -> (String, Unit) {
    use Unit::{Connections, Events, Occurrence, Seconds, Sockets};
    let (id, unit) = match title {
        "listen limit = min(backlog, somaxconn)" => ("listen-limit", Connections),
        "accept queue holds min(backlog, somaxconn) + 1" => ("accept-queue-capacity", Connections),
        "listeners hold listeners x (min(backlog, somaxconn) + 1)" => {
            ("reuseport-capacity", Connections)
        }
        "deferred connection comes, s: the first" => ("defer-accept-first", Seconds),
        "deferred connection comes, s: the last" => ("defer-accept-last", Seconds),
        "SYN_RECV that stand at once" => ("syn-queue-capacity", Sockets),
        "ListenDrops" if releases_held_acks => ("held-acks-listen-drops", Events),
        "ListenOverflows" if releases_held_acks => ("held-acks-listen-overflows", Events),
        "ListenDrops" => ("syn-queue-listen-drops", Events),
        "ListenOverflows" => ("syn-queue-listen-overflows", Events),
        "TCPReqQFullDrop" => ("syn-queue-full-drops", Events),
        "TCPReqQFullDoCookies" => ("syn-queue-full-cookies", Events),
        "SyncookiesSent" => ("syn-cookies-sent", Events),
        "SyncookiesRecv" => ("syn-cookies-received", Events),
        "live clients that get in" => ("syn-queue-live-clients", Connections),
        "TCPSynRetrans of the unanswered" => ("syn-retry-retransmissions", Events),
        "TCPTimeouts of the unanswered" => ("syn-retry-timeouts", Events),
        "AttemptFails of the unanswered" => ("syn-retry-attempt-fails", Events),
        "connect(2) gives up, s: the first" => ("syn-retry-first-failure", Seconds),
        "connect(2) gives up, s: the last" => ("syn-retry-last-failure", Seconds),
        HELD_ACKS => ("held-acks-accept-queue", Connections),
        "EmbryonicRsts" => ("held-acks-embryonic-resets", Events),
        "phantoms" => ("held-acks-phantoms", Connections),
        "connections reset" => ("held-acks-resets", Connections),
        "ports = (range - reserved) x addresses" => ("local-ports", Connections),
        "connects that find a port" => ("local-ports-in-turn", Connections),
        "TWRecycled" => ("local-ports-recycled", Events),
        "TIME_WAIT kept = min(closes, tcp_max_tw_buckets)" => ("time-wait-buckets", Sockets),
        "TCPTimeWaitOverflow" => ("time-wait-overflow", Events),
        "TIME_WAIT stands, s" => ("time-wait-length", Seconds),
        "orphaned FIN_WAIT_2 stands, s" => ("fin-wait-2-length", Seconds),
        "bind(2) says EADDRINUSE" => ("bind-refused", Occurrence),
        "the port is free again, s" => ("bind-free-again", Seconds),
        other => (other, Connections),
    };
    (id.to_owned(), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Stored {
        #[serde(deserialize_with = "read_checks")]
        laws: Vec<LawCheck>,
    }

    fn ids(titles: &[&str]) -> Vec<String> {
        let check = |title| serde_json::json!({"name": title, "predicted": 1.0, "measured": 1.0, "deviation": 0.0, "held": true});
        let laws: Vec<_> = titles.iter().map(check).collect();
        let stored: Stored = serde_json::from_value(serde_json::json!({ "laws": laws })).unwrap();
        stored.laws.into_iter().map(|law| law.id).collect()
    }

    #[test]
    fn laws_of_older_records_get_the_ids_of_their_titles() {
        assert_eq!(ids(&["listen limit = min(backlog, somaxconn)"]), ["listen-limit"]);
        assert_eq!(
            ids(&["ListenDrops", "SyncookiesSent"]),
            ["syn-queue-listen-drops", "syn-cookies-sent"]
        );
        assert_eq!(ids(&[HELD_ACKS, "ListenDrops"])[1], "held-acks-listen-drops");
        assert_eq!(ids(&["a removed law"]), ["a removed law"]);
    }

    #[test]
    fn a_check_is_read_back_as_written() {
        const LAW: Law = Law {
            id: "some-law",
            title: "some law",
            unit: Unit::Sockets,
            tolerance: Tolerance::Exact,
            kernel: queue_model::law::KernelSource { function: "f", file: "net/f.c", version: "6" },
        };
        let check = LawCheck::new(&LAW, 2.0, None);
        let text = serde_json::json!({ "laws": [check] }).to_string();
        let read: Stored = serde_json::from_str(&text).unwrap();
        assert_eq!(read.laws, [check]);
    }
}
