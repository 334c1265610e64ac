//! The topics of common servers.

use indexmap::IndexMap;

use super::topic::{Topic, TopicKind};
use crate::known_servers::{KnownServer, KnownServers};

/// A topic for each known server.
pub(super) fn topics() -> impl Iterator<Item = Topic> {
    KnownServers::built_in().iter().map(topic)
}

fn topic(server: &KnownServer) -> Topic {
    let KnownServer { name, aliases, backlog, version, measured, source, .. } = server;
    let checked = if *measured { "measured on" } else { "read in the source of" };
    let note = server.notes().map_or(String::new(), |notes| format!("{notes}\n\n"));
    let text = format!(
        "It passes a backlog to listen(2). By default: {backlog}. To change it: {}.\n\n\
         listen(2) takes the smaller of the backlog and net.core.somaxconn, which therefore has to \
         be at least as large. `queuelab try -- PROGRAM` measures what a server passes, and what it \
         needs.\n\n{note}The default was {checked} {version}. Documentation: {source}",
        server.advice("N"),
    );
    let related = ["backlog", "accept queue", "net.core.somaxconn"];
    Topic {
        kind: TopicKind::Server,
        name: name.clone(),
        aliases: aliases.clone(),
        summary: format!("its backlog is by default {backlog}"),
        default: None,
        text,
        kernel: IndexMap::new(),
        misconceptions: IndexMap::new(),
        scenarios: Default::default(),
        related: related.map(str::to_owned).into(),
    }
}
