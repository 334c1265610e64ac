//! A rule: laws with the same conditions.

use std::time::Duration;

use load_generator::ConnectPattern;
use queue_model::law::{Law, Tolerance};
use run_record::LawCheck;
use scenario::{Server, law_id_on};

use super::clients::{CLIENTS, DIALOGUE};
use super::condition::{Inapplicable, not_applied, require};
use super::inputs::Inputs;
use super::measurements::{Measurement, Measurements};
use super::reads::Reads;

/// Laws that are predicted together because they have the same conditions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// The servers that it knows.
    pub(super) of: Servers,
    /// The laws, in the order in which they are predicted.
    pub(super) laws: &'static [Law],
    /// What it reads.
    pub(super) reads: &'static [Reads],
    /// Predicts the laws' values for a cell, or returns why they do not apply.
    pub(super) predict: fn(&Inputs<'_>) -> Applied,
}

/// The servers of which a rule knows enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Servers {
    /// Any server whose backlog is stated: what follows from that is right for each of several
    /// listeners.
    All,
    /// The same while it is paused: it accepts nothing.
    AllPaused,
    /// The lab's chat server, of which it is known what it does with a connection.
    Chat,
}

impl Servers {
    /// Requires that the server of a cell is one of them. `backlog` is the path of its backlog in
    /// the scenario.
    pub(super) fn require(self, server: &Server, backlog: &str) -> Result<(), Inapplicable> {
        if server.chat().is_some() {
            return Ok(());
        }
        let is_paused = server.listening().accept_paused;
        require(
            self == Self::All || (self == Self::AllPaused && is_paused),
            "it depends on what the server does with a connection, which is not known of a program \
             that is not the lab's chat server",
        )?;
        require(server.backlog().is_some(), unknown_backlog(backlog))
    }
}

/// Why nothing is predicted of the queues of a listener whose backlog, at this path of the
/// scenario, is not stated.
pub(super) fn unknown_backlog(path: &str) -> String {
    format!("the backlog that the server passes to listen(2) is not known ({path})")
}

impl Rule {
    /// Predicts the laws' values for a cell, or returns why they do not apply. A rule that
    /// depends on when clients send and close does not apply to a dialogue in which the server
    /// decides that, and one that depends on when they connect not to a load in which the ends
    /// of others do.
    pub(super) fn apply(&self, inputs: &Inputs<'_>) -> Applied {
        let applied = (self.predict)(inputs);
        let load = &inputs.cell.load;
        let reads_dialogue = self.reads.contains(&DIALOGUE);
        let reads_pattern = self.reads.contains(&CLIENTS);
        match applied {
            Err(Inapplicable::Unconcerned) => applied,
            _ if reads_dialogue && load.dialogue.expects_answers() => Err(not_applied(
                "the server's answers decide when clients send and close (load.dialogue)",
            )),
            _ if reads_pattern && load.pattern == ConnectPattern::Concurrent => Err(not_applied(
                "clients connect when others have left, and the server decides when that is \
                 (load.pattern)",
            )),
            _ => applied,
        }
    }
}

/// The predictions of a rule, one for each of its laws.
pub(super) type Applied = Result<Vec<Prediction>, Inapplicable>;

/// Returns the measured value of a law; `None` if it could not be measured.
pub(super) type Measure = fn(&Measurements<'_>) -> Option<Measurement>;

/// Returns why a trial took another course than a prediction assumes, because the machine
/// was too busy: then the law is not applied. `None` if it did not.
pub(super) type WentOtherwise = fn(&Measurements<'_>) -> Option<&'static str>;

/// A predicted value, and how to measure it in a trial.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prediction {
    pub(super) law: Law,
    pub(super) predicted: f64,
    /// The latest allowed time of a timed law, seconds.
    pub(super) latest: Option<f64>,
    pub(super) measure: Measure,
    pub(super) went_otherwise: WentOtherwise,
    /// The port of the listener that it is about, if the load has several destinations.
    pub(super) port: Option<u16>,
}

impl Prediction {
    /// A prediction of an exact law.
    pub(super) fn count(law: Law, predicted: u64, measure: Measure) -> Self {
        debug_assert_eq!(law.tolerance, Tolerance::Exact, "{}", law.id);
        let predicted = predicted as f64;
        Self { law, predicted, latest: None, measure, went_otherwise: |_| None, port: None }
    }

    /// A prediction of a timer law.
    pub(super) fn time(law: Law, predicted: Duration, latest: Duration, measure: Measure) -> Self {
        debug_assert_eq!(law.tolerance, Tolerance::Timer, "{}", law.id);
        let latest = Some(latest.as_secs_f64());
        let predicted = predicted.as_secs_f64();
        Self { law, predicted, latest, measure, went_otherwise: |_| None, port: None }
    }

    /// The same, not applied if `went_otherwise` has a reason.
    pub(super) fn unless(self, went_otherwise: WentOtherwise) -> Self {
        Self { went_otherwise, ..self }
    }

    /// The same, about one of several listeners.
    pub(super) fn on_port(self, port: u16) -> Self {
        Self { port: Some(port), ..self }
    }

    /// The id of its law, which has the port of one of several listeners.
    pub(super) fn id(&self) -> String {
        id_on(&self.law, self.port)
    }

    /// The check of its law, without a measurement.
    pub(super) fn check(&self) -> LawCheck {
        LawCheck {
            id: self.id(),
            title: title_on(&self.law, self.port),
            ..LawCheck::new(&self.law, self.predicted, self.latest)
        }
    }

    /// Whether the measurement is within the law's tolerance: a timer never fires
    /// early, and a count is exact.
    pub(super) fn allows(&self, measurement: Measurement) -> bool {
        let latest = self.latest.unwrap_or(self.predicted);
        measurement.at_most >= self.predicted && measurement.at_least <= latest
    }
}

/// The id of a law about one of several listeners, or about the only one.
pub(super) fn id_on(law: &Law, port: Option<u16>) -> String {
    port.map_or_else(|| law.id.to_owned(), |port| law_id_on(law.id, port))
}

/// Its title.
pub(super) fn title_on(law: &Law, port: Option<u16>) -> String {
    port.map_or_else(|| law.title.to_owned(), |port| format!("{} (port {port})", law.title))
}
