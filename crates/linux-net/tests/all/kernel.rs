//! Tests that need network namespaces, as root or in a user namespace.

mod common;
mod namespace;
mod namespace_factory;
mod port_use;
mod queues;
mod sysctls;
mod testbed;
mod timer_wheel;
mod watching;
