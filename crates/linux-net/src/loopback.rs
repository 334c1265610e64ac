//! The loopback interface of a namespace.

use std::io;

use netlink_sys::protocols::NETLINK_ROUTE;
use rtnetlink::LinkUnspec;
use rtnetlink::packet_route::RouteNetlinkMessage;

use crate::netlink::Netlink;

/// The kernel gives the loopback of every namespace this index.
const LOOPBACK_INDEX: u32 = 1;

/// Brings the loopback of the calling thread's namespace up.
pub(crate) fn bring_loopback_up() -> io::Result<()> {
    let up = LinkUnspec::new_with_index(LOOPBACK_INDEX).up().build();
    Netlink::open(NETLINK_ROUTE)?
        .carry_out([(RouteNetlinkMessage::SetLink(up), 0)])
        .map_err(|refused| refused.source)
}
