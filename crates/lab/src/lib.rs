//! Backends, and the life of a trial.
