//! Watches of real namespaces, as root or in a user namespace.

mod listeners;
mod place;
