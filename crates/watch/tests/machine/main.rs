//! Watches of real namespaces, as root or in a user namespace.

mod changes;
mod listeners;
mod place;
