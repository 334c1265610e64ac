//! A network that an engine does not remove, and what to do about it.

/// A network that the engine does not remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeldNetwork {
    pub(super) name: String,
    /// The names of the containers that are connected to it. Empty if the engine lists none,
    /// and only counts them.
    pub(super) connected: Vec<String>,
}

impl HeldNetwork {
    /// What to do before it can be removed.
    pub(super) fn remedy(&self) -> String {
        let Self { name, connected } = self;
        if connected.is_empty() {
            return format!(
                "{name}: the engine lists no container in it, but counts some, and counts again only when it \
                 starts: restart it (`sudo systemctl restart docker`; containers without a \
                 restart policy end)"
            );
        }
        let commands: Vec<_> = connected
            .iter()
            .map(|container| format!("`docker network disconnect --force {name} {container}`"))
            .collect();
        format!(
            "{name}: a container that is not the lab's is connected to it: {}",
            commands.join(", ")
        )
    }
}
