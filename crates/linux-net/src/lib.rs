//! Network namespaces, links, sysctls, counters, inet_diag and TCP_INFO.
mod clock;
mod resource;
mod tcp_info;

pub use clock::monotonic_ns;
pub use resource::ResourceUsage;
pub use tcp_info::{TcpInfo, TcpState, tcp_info};
