//! Commands to the threads of a watch.

use std::sync::Arc;

use linux_net::{NamespaceFiles, SocketDiag};

/// What the looker is to do.
#[derive(Debug)]
pub(crate) enum LookerCommand {
    /// Look at the listeners of a namespace too.
    Add { inode: u64, diag: SocketDiag, files: Arc<NamespaceFiles> },
    /// Do not look at them any more: closes what was opened in the namespace.
    Remove { inode: u64 },
    /// Look once more, and end.
    Finish,
    /// End.
    Stop,
}

/// What wakes the walker.
#[derive(Debug)]
pub(crate) enum WalkerCommand {
    /// A listener has come or gone: look for its processes.
    Changed,
    /// Another listener is selected: list its connections.
    Selected,
    /// Do everything once more, and end.
    Finish,
    /// End.
    Stop,
}
