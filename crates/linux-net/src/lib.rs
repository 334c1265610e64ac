//! Linux networking for the lab: hosts that are network namespaces, and what the kernel
//! shows about its queues.
//!
//! | to | look at |
//! |---|---|
//! | be allowed namespaces as an ordinary user | [`enter_user_namespace`], [`NamespaceError`] |
//! | make a host, run code or a program in it | [`NetworkNamespace`], [`NamespaceFactory`] |
//! | join two hosts | [`join_with_veth`] |
//! | set and read a host's sysctls | [`SysctlName`], [`sysctl_scopes`], [`NetworkNamespace::apply_sysctls`] |
//! | name a counter or sysctl, and explain it | [`Counter`], [`Sysctl`] |
//! | count what the kernel dropped | [`NetworkNamespace::counters`], [`Counters::here`], [`CounterDelta`] |
//! | see queues and sockets now | [`SocketDiag`], [`SocketMemory`], [`PassiveOpens`], [`tcp_info()`] |
//! | count packets dropped before any socket | [`softnet_drops()`] |
//! | find the processes of a socket | [`SocketOwners`], [`pids()`] |
//! | find what keeps bind(2) from a port | [`PortUse`], [`explain_bind_error`] |
//! | find the addresses of a name | [`resolve()`] |
//! | compute when the kernel's timers fire | [`TimerWheel`] |
//! | measure this process, and what it started | [`monotonic_ns`], [`process_cpu_ns`], [`thread_cpu_ns`], [`run_delay_seconds`], [`process_tree_cpu_seconds`], [`ProcessStat`] |
//! | compare what is needed with limits | [`raise_open_files`], [`require_threads`], [`has_capability`] |
//! | find a user of this machine | [`LocalUser`] |
//! | measure the machine | [`MachineUsage`] |
//! | find what limits this process | [`ProcessLimits`] |
//! | start threads that cannot fail later | [`PlainThread`], [`spare_address_space`] |
//! | run a program that cannot outlive this process | [`enter_pid_namespace`], [`limit_on_exec`] |
//! | test with namespaces | [`testing`] |
//!
//! No program is called (no `ip`, `ss`, `sysctl`), nothing is written outside the
//! namespaces that the lab created, and nothing outlives the process: a namespace has no
//! name and is removed with its last descriptor.

mod capability;
mod clock;
mod confined;
mod connection_info;
mod counters;
mod diag;
#[doc(hidden)]
pub mod fuzzing;
mod kernel_names;
mod limits;
mod link;
mod local_user;
mod loopback;
mod machine_usage;
mod malloc;
mod namespace;
mod namespace_factory;
mod namespace_files;
mod netlink;
mod passive_opens;
mod plain_thread;
mod port_use;
mod process_limits;
mod process_stat;
mod process_tree;
mod refusal;
mod resolve;
mod server_socket;
mod socket_memory;
mod socket_owners;
mod softnet;
mod state_counts;
mod sysctl;
mod sysctl_error;
mod sysctl_name;
mod sysctl_read_back;
mod sysctl_scope;
mod tcp_info;
pub mod testing;
mod thread_limits;
mod timer_wheel;
mod user_namespace;

pub use capability::{Capability, has_capability};
pub use clock::{
    coarse_monotonic_ns, monotonic_ns, process_cpu_ns, process_cpu_ns_of, thread_cpu_ns,
};
pub use confined::{
    PRIVATE_DIRECTORY, ResourceLimits, enter_pid_namespace, limit_on_exec, proc_is_own,
};
pub use connection_info::{ConnectionInfo, ConnectionTimes};
pub use counters::{CounterDelta, Counters, CountersError};
pub use diag::{AddressFamily, DiagError, Listener, PortSocket, SocketDiag};
pub use kernel_names::{Counter, Sysctl};
pub use limits::{OpenFilesError, raise_open_files};
pub use link::{
    CLIENT_INTERFACE, LinkAddresses, LinkError, SERVER_INTERFACE, add_addresses_here,
    join_with_veth,
};
pub use local_user::LocalUser;
pub use machine_usage::{MachineUsage, run_delay_seconds};
pub use malloc::spare_address_space;
pub use namespace::{NetworkNamespace, lead_session_on_exec};
pub use namespace_factory::NamespaceFactory;
pub use namespace_files::NamespaceFiles;
pub use passive_opens::PassiveOpens;
pub use plain_thread::PlainThread;
pub use port_use::{Holder, PortUse, Process, explain_bind_error};
pub use process_limits::{MemoryRoom, ProcessLimits};
pub use process_stat::ProcessStat;
pub use process_tree::process_tree_cpu_seconds;
pub use refusal::{Attempt, NamespaceError, NamespacePolicy, Refusal};
pub use resolve::{ResolveError, resolve};
pub use server_socket::ServerSocket;
pub use socket_memory::SocketMemory;
pub use socket_owners::{SocketOwners, pids};
pub use softnet::softnet_drops;
pub use state_counts::StateCounts;
pub use sysctl::read_sysctls_here;
pub use sysctl_error::SysctlError;
pub use sysctl_name::{SysctlName, SysctlNameError};
pub use sysctl_read_back::check_read_back;
pub use sysctl_scope::{SysctlScope, sysctl_scope, sysctl_scopes};
pub use tcp_info::{TcpInfo, TcpState, tcp_info};
pub use thread_limits::{
    ThreadLimit, ThreadLimitKind, ThreadsError, read_number, require_threads, thread_limits,
};
pub use timer_wheel::TimerWheel;
pub use user_namespace::{
    can_administer_networks, enter_user_namespace, in_initial_user_namespace,
};
