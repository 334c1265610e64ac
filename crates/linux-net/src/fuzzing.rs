//! What the fuzz targets call: parsers of the kernel's output that the rest of the public
//! interface passes nothing to but what the kernel has just written.

use std::io;

use crate::diag::Listener;
use crate::netlink::Dump;
use crate::{machine_usage, socket_memory, softnet};

/// Reads a datagram of a netlink socket as the response to a dump of listeners with this
/// sequence number: the listeners, and how the dump ended if it did.
pub fn listeners(datagram: &[u8], sequence: u32) -> (Vec<Listener>, Option<io::Result<bool>>) {
    let mut found = Vec::new();
    let end = Dump::new(sequence).read(datagram, &mut |payload| {
        found.push(Listener::parse(payload)?);
        Ok(())
    });
    (found, end)
}

/// Parses a text as each file of /proc and /sys of which this crate reads one number.
pub fn numbers(text: &str) {
    let _ = softnet::dropped(text);
    let _ = socket_memory::pages(text.as_bytes());
    let _ = machine_usage::MachineUsage::from_stat(text, |cpu| cpu % 2 == 0);
    let _ = machine_usage::some_seconds(text);
    let _ = machine_usage::throttled(text);
    let _ = machine_usage::run_delay(text);
}
