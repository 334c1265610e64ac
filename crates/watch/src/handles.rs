//! What a watch opens in a network namespace.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use linux_net::{
    DiagError, NamespaceError, NamespaceFiles, NetworkNamespace, SocketDiag, SysctlName,
};

use crate::error::WatchError;

/// Sysctls that are read.
pub(crate) static SYSCTLS: LazyLock<[SysctlName; 5]> = LazyLock::new(|| {
    [
        "net.core.somaxconn",
        "net.ipv4.tcp_max_syn_backlog",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_abort_on_overflow",
        "net.ipv4.ip_local_port_range",
    ]
    .map(|name| name.parse().expect("these are names"))
});

/// What a watch opens in a network namespace: usable in any thread, and after rights were
/// dropped. It keeps the namespace in existence.
#[derive(Debug)]
pub(crate) struct Handles {
    pub(crate) inode: u64,
    /// For looks at the listeners.
    pub(crate) looks: SocketDiag,
    /// For walks of all sockets.
    pub(crate) walks: SocketDiag,
    pub(crate) files: Arc<NamespaceFiles>,
}

impl Handles {
    /// Those of the namespace of the process.
    pub(crate) fn own() -> Result<Self, WatchError> {
        Self::open_here(NetworkNamespace::of_process()?.inode())
    }

    /// Those of the namespace of a file such as /proc/PID/ns/net.
    pub(crate) fn of(path: &Path) -> Result<Self, WatchError> {
        let namespace = NetworkNamespace::open(path)?;
        namespace.run(|| Self::open_here(namespace.inode()))?
    }

    fn open_here(inode: u64) -> Result<Self, WatchError> {
        let open = || -> Result<[SocketDiag; 2], DiagError> {
            Ok([SocketDiag::open()?, SocketDiag::open()?])
        };
        let [looks, walks] = open()?;
        let files = NamespaceFiles::open(&*SYSCTLS).map_err(WatchError::Counters)?;
        Ok(Self { inode, looks, walks, files: Arc::new(files) })
    }
}

impl WatchError {
    /// Whether what was to be opened is there no more.
    pub(crate) fn is_of_ended(&self) -> bool {
        let source = match self {
            Self::Namespace(NamespaceError::System { source, .. }) | Self::Counters(source) => {
                source
            }
            _ => return false,
        };
        source.kind() == ErrorKind::NotFound
            || source.raw_os_error() == Some(nix::Error::ESRCH as i32)
    }

    /// Whether a right is missing.
    pub(crate) fn is_refused(&self) -> bool {
        let source = match self {
            Self::Namespace(NamespaceError::System { source, .. }) | Self::Counters(source) => {
                source
            }
            Self::Namespace(NamespaceError::Refused { .. }) => return true,
            _ => return false,
        };
        source.kind() == ErrorKind::PermissionDenied
    }
}
