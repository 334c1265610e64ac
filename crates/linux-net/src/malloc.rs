//! glibc's allocator.
#![expect(unsafe_code, reason = "no crate wraps mallopt(3)")]

use crate::process_limits::is_address_space_limited;

/// Makes all threads allocate from one arena if the address space is limited. Otherwise
/// malloc(3) reserves 64 MiB of it for up to eight arenas of each CPU, as threads come. Call it
/// before any thread starts.
pub fn spare_address_space() {
    if is_address_space_limited() {
        // SAFETY: mallopt may be called at any time, also by several threads (it takes a lock).
        unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    }
}
