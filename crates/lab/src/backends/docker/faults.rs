//! How a container or a network ended, from the last events of the engine.

use std::time::Duration;

use bollard::errors::Error;
use bollard::models::EventMessage;
use bollard::query_parameters::{EventsOptionsBuilder, InspectNetworkOptions};
use futures_util::StreamExt;

use super::engine::Engine;
use super::error::{DockerError, Result};
use super::labels::filters;
use super::network::Network;

/// How long the engine may take to report that a container has ended.
const EVENT_TIMEOUT: Duration = Duration::from_secs(5);

/// How a container ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ContainerEnd {
    /// Whether its memory limit was reached.
    pub(super) out_of_memory: bool,
    /// Its exit code: 128 plus the number of the signal if it was killed; `None` if the engine
    /// does not report it.
    pub(super) code: Option<i32>,
    /// How it ended, as a clause for messages.
    pub(super) what: String,
}

impl Engine {
    /// How a container ended.
    pub(super) fn container_end_of(&self, id: &str) -> Result<ContainerEnd> {
        let events = self.events_until(id, "die")?;
        Ok(container_end(&events))
    }

    /// Why a container is no longer connected to a network; `None` if it is.
    pub(super) fn link_fault(
        &self,
        network: &Network,
        container: &str,
        container_name: &str,
    ) -> Result<Option<String>> {
        let inspected = self.docker().inspect_network(&network.id, None::<InspectNetworkOptions>);
        match self.call("inspect the network of the run", inspected) {
            Ok(found) => {
                let attached = found.containers.unwrap_or_default().contains_key(container);
                let name = &network.name;
                Ok((!attached).then(|| {
                    format!(
                        "the container {container_name} was disconnected from the network {name}"
                    )
                }))
            }
            Err(DockerError::Refused { status: 404, .. }) => {
                Ok(Some(format!("the network {} was removed", network.name)))
            }
            Err(error) => Err(error),
        }
    }

    /// The events of a container up to the first one of this kind. Waits for it, because the
    /// engine may report it late.
    fn events_until(&self, id: &str, last: &str) -> Result<Vec<EventMessage>> {
        // Without an end, which would be a time of the wall clock: it may be set meanwhile.
        let filters = filters(&[("container", id)]);
        let options = EventsOptionsBuilder::default().since("0").filters(&filters).build();
        let mut stream = std::pin::pin!(self.docker().events(Some(options)));
        let received = async {
            let mut events = Vec::new();
            let until_last = async {
                while let Some(event) = stream.next().await {
                    events.push(event?);
                    if events.last().and_then(|event| event.action.as_deref()) == Some(last) {
                        break;
                    }
                }
                Ok::<_, Error>(())
            };
            // Those that arrived in time are enough to describe the end.
            tokio::time::timeout(EVENT_TIMEOUT, until_last).await.unwrap_or(Ok(()))?;
            Ok(events)
        };
        self.call("keep the containers running", received)
    }
}

fn container_end(events: &[EventMessage]) -> ContainerEnd {
    let attribute = |event: &EventMessage, name: &str| {
        event.actor.as_ref()?.attributes.as_ref()?.get(name).cloned()
    };
    let last =
        |action: &str| events.iter().rev().find(|event| event.action.as_deref() == Some(action));
    let exit = last("die").and_then(|event| attribute(event, "exitCode"));
    let code = exit.as_deref().and_then(|code| code.parse().ok());
    let out_of_memory = last("oom").is_some();
    let what = match (last("kill"), exit) {
        (Some(kill), _) => {
            let signal = attribute(kill, "signal").unwrap_or_else(|| "unknown".to_owned());
            format!("it was sent the signal {} through the Docker engine", signal_name(&signal))
        }
        // 128 plus the number of the signal, as in shells.
        (None, Some(code)) if code == "137" => {
            "it was killed (SIGKILL), and not through the Docker engine".to_owned()
        }
        (None, Some(code)) => format!("it exited with code {code}"),
        (None, None) => {
            "the Docker engine closed the connection to it and reported no reason".to_owned()
        }
    };
    ContainerEnd { out_of_memory, code, what }
}

fn signal_name(number: &str) -> String {
    let signal = number.parse().ok().and_then(|n: i32| nix::sys::signal::Signal::try_from(n).ok());
    signal.map_or_else(|| number.to_owned(), |signal| signal.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use bollard::models::EventActor;

    use super::*;

    fn event(action: &str, attributes: &[(&str, &str)]) -> EventMessage {
        let attributes = attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        EventMessage {
            action: Some(action.to_owned()),
            actor: Some(EventActor { id: None, attributes: Some(attributes.collect()) }),
            ..Default::default()
        }
    }

    #[test]
    fn every_end_of_a_container_is_described() {
        let die = |code| event("die", &[("exitCode", code)]);
        let killed =
            container_end(&[event("start", &[]), event("kill", &[("signal", "9")]), die("137")]);
        assert!(killed.what.contains("the signal SIGKILL"), "{killed:?}");
        assert!(!killed.out_of_memory);
        let oom_killed = container_end(&[event("oom", &[]), die("137")]);
        assert!(oom_killed.out_of_memory);
        assert!(container_end(&[die("137")]).what.contains("not through the Docker engine"));
        assert!(container_end(&[die("1")]).what.ends_with("exited with code 1"));
        assert!(container_end(&[]).what.contains("reported no reason"));
    }
}
