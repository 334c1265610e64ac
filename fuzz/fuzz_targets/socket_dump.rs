//! The reader of what the kernel lists about sockets: datagrams of netlink with `sock_diag`
//! messages.

#![no_main]

use libfuzzer_sys::fuzz_target;
use linux_net::fuzzing::listeners;

/// That of the corpus.
const SEQUENCE: u32 = 1;
/// A netlink header and `struct inet_diag_msg`.
const SMALLEST_MESSAGE: usize = 16 + 72;

fuzz_target!(|datagram: &[u8]| {
    let (found, end) = listeners(datagram, SEQUENCE);
    assert!(found.len() <= datagram.len() / SMALLEST_MESSAGE, "each has its own bytes");
    if let Some(Err(error)) = end {
        assert!(!error.to_string().is_empty());
    }
});
