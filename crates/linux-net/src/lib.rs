//! Network namespaces, links, sysctls, counters, inet_diag and TCP_INFO.
mod resource;
pub use resource::ResourceUsage;
