//! Attempts, messages, outcomes and latency histograms.
