//! The configuration of a load: its settings and the properties of its testbed.

use std::net::{IpAddr, SocketAddr};
use std::thread::available_parallelism;

use chat_protocol::Framing;
use serde::{Deserialize, Serialize};
use worker::SettingProblem;

use crate::destinations::{self, MAX_DESTINATIONS, ONE_CHAT};
use crate::dialogue::Dialogue;
use crate::settings::LoadSettings;

/// The most addresses of a round: one is named several times to get more attempts.
const MAX_TARGETS: usize = 256;

/// A load's settings and the properties of its testbed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadConfig {
    /// The scenario's settings.
    pub settings: LoadSettings,
    /// The server's address. Attempts go to its port only if the settings name no destinations.
    pub target: SocketAddr,
    /// More addresses to which attempts go, in turn with `target`; not together with destinations
    /// in the settings. An earlier build refuses it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_targets: Vec<SocketAddr>,
    /// The length header that the server uses.
    pub framing: Framing,
    /// Largest body accepted from the server, bytes; the framing's default if absent.
    pub largest_body: Option<u32>,
    /// Addresses to bind attempts to, in turn; if empty, the kernel chooses one. Only
    /// addresses are bound: connect(2) chooses the port (IP_BIND_ADDRESS_NO_PORT), as
    /// without a source.
    pub sources: Vec<IpAddr>,
    /// The server closes first: a client is done at the server's end of file, and `leave`
    /// has no effect.
    pub server_closes: bool,
    /// After [`crate::control::LoadEvent::Decided`], wait for
    /// [`crate::control::LoadCommand::Go`] before an `after_connect` chat, before
    /// half-open sockets are closed, and, if there are no messages or `linger` is set,
    /// before any client leaves. The controller has waited for `linger`; without `hold`,
    /// the load waits for it itself.
    pub hold: bool,
}

impl LoadConfig {
    /// A load on a server with the default framing that closes last, from any address, and
    /// without a controller.
    pub fn new(settings: LoadSettings, target: SocketAddr) -> Self {
        Self {
            settings,
            target,
            more_targets: Vec::new(),
            framing: Framing::default(),
            largest_body: None,
            sources: Vec::new(),
            server_closes: false,
            hold: false,
        }
    }

    /// The same load with at most one thread that reads for each CPU that this process may
    /// use: more would only take turns.
    #[must_use]
    pub fn within_cpus(mut self) -> Self {
        let cpus = available_parallelism().map_or(1, |cpus| cpus.get() as u32);
        self.settings.threads = self.settings.threads.min(cpus.max(1));
        self
    }

    /// The addresses of one round of attempts: attempt `i` goes to the one at `i` modulo its
    /// length. Never empty.
    pub fn round(&self) -> Vec<SocketAddr> {
        let ports = destinations::round(&self.settings.destinations);
        if ports.is_empty() {
            return [&[self.target][..], &self.more_targets].concat();
        }
        ports.into_iter().map(|port| SocketAddr::new(self.target.ip(), port)).collect()
    }

    /// Why attempts cannot go to [`Self::more_targets`].
    pub(crate) fn more_targets_problem(&self) -> Option<SettingProblem> {
        if self.more_targets.is_empty() {
            return None;
        }
        let LoadSettings { clients, messages, .. } = self.settings;
        let (all, round) = (self.destinations(), self.round());
        let unused = round.get(clients as usize..).unwrap_or_default();
        let reason = if !self.settings.destinations.is_empty() {
            "the settings name destinations too: use one of both".to_owned()
        } else if round.len() > MAX_TARGETS {
            format!("{} targets: use at most {MAX_TARGETS}", round.len())
        } else if all.len() > MAX_DESTINATIONS {
            format!("{} different targets: use at most {MAX_DESTINATIONS}", all.len())
        } else if self.settings.dialogue == Dialogue::Chat && messages > 0 && all.len() > 1 {
            ONE_CHAT.to_owned()
        } else if let Some(address) = unused.iter().find(|_| clients > 0) {
            format!("{clients} clients are too few: {address} gets no attempt")
        } else {
            return None;
        };
        Some(SettingProblem { field: "more_targets", reason })
    }

    /// The addresses to which attempts go, each once, in the order in which they are named.
    pub fn destinations(&self) -> Vec<SocketAddr> {
        let on_port = |port| SocketAddr::new(self.target.ip(), port);
        let named: Vec<_> = match self.settings.ports() {
            ports if ports.is_empty() => self.round(),
            ports => ports.into_iter().map(on_port).collect(),
        };
        let mut destinations = Vec::new();
        for address in named {
            if !destinations.contains(&address) {
                destinations.push(address);
            }
        }
        destinations
    }

    /// The addresses to which attempts go, each once, with how many go there.
    pub fn attempts_by_destination(&self) -> Vec<(SocketAddr, u64)> {
        let round = self.round();
        let clients = self.settings.clients as usize;
        let (rounds, rest) = (clients / round.len(), clients % round.len());
        let of = |attempts: &[SocketAddr], address| {
            attempts.iter().filter(|other| **other == address).count()
        };
        let attempts = |address| rounds * of(&round, address) + of(&round[..rest], address);
        let destinations = self.destinations().into_iter();
        destinations.map(|address| (address, attempts(address) as u64)).collect()
    }
}
