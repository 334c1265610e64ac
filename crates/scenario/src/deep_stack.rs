//! A stack that holds whatever the limits of expressions allow.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// The parser takes up to 100 KiB for each bracket in a debug build. Only what is used is
/// memory.
const STACK_BYTES: usize = 64 << 20;

/// Runs `work` on a thread with such a stack, and waits for it. The stack of the caller may be
/// small, and an overflow would end the process.
pub(crate) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    scope(|threads| {
        let thread = Builder::new().stack_size(STACK_BYTES).spawn_scoped(threads, work);
        let thread = thread.expect("a process that plans or records may start a thread");
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
