//! The pace in force: of an estimate, a flag or a run.

use std::time::Duration;

use lab::{ACCEPT_ESTIMATE, DELAY_OVERHEAD, accept_delay_cost};
use scenario::Server;

use super::measured::MeasuredPaces;

/// How fast a server accepts while connections wait.
#[derive(Debug)]
pub(crate) enum AcceptPace {
    /// That of the lab's server, [`ACCEPT_ESTIMATE`]. Of another one it is not known.
    Estimate,
    /// That of a flag.
    Given(Duration),
    /// That of the servers of a run.
    Measured(MeasuredPaces),
}

impl AcceptPace {
    /// The times between two accept(2) calls of this server while connections wait, its delay
    /// included: one, or the least and the most that it can be.
    ///
    /// # Errors
    /// Why it is not known, for people.
    pub(crate) fn services(&self, server: &Server) -> Result<Vec<Duration>, String> {
        let listening = server.listening();
        let delay = accept_delay_cost(&listening);
        // While clients connect, it accepts nothing; afterwards all that wait.
        let needs_none = server.chat().is_none() && listening.accept_paused;
        match self {
            Self::Given(between) => Ok(vec![*between + delay]),
            Self::Estimate | Self::Measured(_) if needs_none => Ok(vec![Duration::ZERO]),
            Self::Estimate if server.chat().is_none() => Err(
                "how fast a program accepts is not known before it runs: pass --accept, such as \
                 --accept 20000/s, or --from RUN with a run in which connections waited for it"
                    .to_owned(),
            ),
            Self::Estimate => Ok(vec![ACCEPT_ESTIMATE + delay]),
            Self::Measured(paces) => paces.simulated(server),
        }
    }

    /// A sentence that names the pace in force. `delays` is whether a server has
    /// `server.accept_delay`, and `programs` whether the servers are not the lab's.
    pub(crate) fn describe(&self, delays: bool, programs: bool) -> String {
        let delay = match delays {
            true => format!(
                " and server.accept_delay, which takes {} longer than stated (timer slack and \
                 wake-up)",
                humantime::format_duration(DELAY_OVERHEAD)
            ),
            false => String::new(),
        };
        match self {
            Self::Estimate if programs => "Accept pace: of no effect, because the server is \
                                           stopped while clients connect."
                .to_owned(),
            Self::Estimate => format!(
                "Accept pace: an estimate, {} between accept(2) calls while connections \
                 wait{delay}. --from RUN uses a measured one.",
                humantime::format_duration(ACCEPT_ESTIMATE)
            ),
            Self::Given(between) => format!(
                "Accept pace: --accept, {} between accept(2) calls while connections wait{delay}.",
                humantime::format_duration(*between)
            ),
            Self::Measured(paces) if programs => format!(
                "Accept pace: {paces}. Both bounds are simulated, each with a server that accepts \
                 evenly."
            ),
            Self::Measured(paces) => format!("Accept pace: {paces}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_server::ServerSettings;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stated_pace_includes_the_real_cost_of_a_delay() {
        let accept_delay = Duration::from_micros(100);
        let server = Server::Chat(ServerSettings { accept_delay, ..Default::default() });
        let given = AcceptPace::Given(Duration::from_micros(20));
        assert_eq!(given.services(&server), Ok(vec![Duration::from_micros(177)]));
        let delayed = given.describe(true, false);
        assert!(delayed.contains("57us longer"), "{delayed}");
        assert!(!given.describe(false, false).contains("longer"));
    }

    #[test]
    fn there_is_no_estimate_of_a_program_and_a_stopped_one_needs_none() {
        let program = |paused: bool| -> Server {
            let command = json!({ "command": { "program": ["nginx"], "paused": paused } });
            serde_json::from_value(command).unwrap()
        };
        let reason = AcceptPace::Estimate.services(&program(false)).unwrap_err();
        assert!(reason.contains("--accept 20000/s, or --from RUN"), "{reason}");
        assert_eq!(AcceptPace::Estimate.services(&program(true)), Ok(vec![Duration::ZERO]));
        let given = AcceptPace::Given(Duration::from_micros(20));
        assert_eq!(given.services(&program(false)), Ok(vec![Duration::from_micros(20)]));
    }
}
