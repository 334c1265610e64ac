//! Against the running kernel, as root and as an ordinary user alike.

mod common;
mod namespace;
mod namespace_factory;
mod queues;
mod sysctls;
mod testbed;
mod timer_wheel;
