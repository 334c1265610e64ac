//! The link of a testbed, made through rtnetlink.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NlasIterator};
use netlink_sys::protocols::NETLINK_ROUTE;
use rtnetlink::packet_route::address::{AddressHeaderFlags, AddressMessage};
use rtnetlink::packet_route::link::{InfoData, InfoVeth, LinkMessage};
use rtnetlink::packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use rtnetlink::{
    AddressMessageBuilder, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder,
};

use crate::namespace::NetworkNamespace;
use crate::netlink::Netlink;
use crate::refusal::NamespaceError;

/// The link's end in the server's namespace.
pub const SERVER_INTERFACE: &str = "server0";
/// The link's end in the client's namespace.
pub const CLIENT_INTERFACE: &str = "client0";

// Known beforehand, so that no request has to wait for the response to another.
// Different, and above those of the devices that some kernels create in each new
// namespace (sit0, tunl0).
const SERVER_INDEX: u32 = 101;
const CLIENT_INDEX: u32 = 102;

/// Locally administered; no other host is on the link.
const SERVER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 1];
const CLIENT_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 2];

/// Usually microseconds are enough; the kernel's link watch takes up to a second when
/// many links change at once.
const USABLE_WITHIN: Duration = Duration::from_secs(5);

/// The addresses of a link's two ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAddresses {
    /// The server's address.
    pub server: IpAddr,
    /// The client's addresses.
    pub clients: Vec<IpAddr>,
    /// Length of the network prefix that they share, bits.
    pub prefix: u8,
}

/// Two namespaces could not be joined.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// A namespace could not be entered.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// This kernel has no veth devices.
    #[error("create a veth pair: this kernel has none (try `sudo modprobe veth`)")]
    NoVeth,
    /// The kernel refused a request.
    #[error("{request}: {source}")]
    Refused {
        /// The request.
        request: String,
        /// The error of the system call.
        source: io::Error,
    },
    /// The link did not come up.
    #[error("bring {interface} up within {USABLE_WITHIN:?}")]
    NotUsable {
        /// The end that is still down.
        interface: &'static str,
    },
}

/// Joins two namespaces with a veth pair, [`SERVER_INTERFACE`] and [`CLIENT_INTERFACE`],
/// gives it its addresses and waits until it carries packets. With permanent neighbour
/// entries on both sides the first packets do not wait for ARP. The pair is created
/// inside the two namespaces and never appears anywhere else.
///
/// # Errors
/// The first request that the kernel refused.
pub fn join_with_veth(
    server: &NetworkNamespace,
    client: &NetworkNamespace,
    addresses: &LinkAddresses,
) -> Result<(), LinkError> {
    let mut at_server = open_in(server)?;
    let mut at_client = open_in(client)?;
    let LinkAddresses { server: server_address, clients, prefix } = addresses;

    let create = Request::create_veth(client);
    let creation = create.name.clone();
    let mut requests = vec![create];
    requests.push(Request::address(SERVER_INDEX, *server_address, *prefix));
    requests.extend(clients.iter().map(|to| Request::neighbour(SERVER_INDEX, *to, CLIENT_MAC)));
    carry_out(&mut at_server, requests).map_err(|error| match error {
        LinkError::Refused { request, source }
            if request == creation && source.raw_os_error() == Some(libc::EOPNOTSUPP) =>
        {
            LinkError::NoVeth
        }
        error => error,
    })?;

    let mut requests = vec![Request::bring_up(CLIENT_INDEX, CLIENT_INTERFACE)];
    requests.extend(clients.iter().map(|own| Request::address(CLIENT_INDEX, *own, *prefix)));
    requests.push(Request::neighbour(CLIENT_INDEX, *server_address, SERVER_MAC));
    carry_out(&mut at_client, requests)?;

    let mut server_end = End { netlink: at_server, interface: SERVER_INTERFACE };
    let mut client_end = End { netlink: at_client, interface: CLIENT_INTERFACE };
    client_end.wait_until_up(CLIENT_INDEX)?;
    server_end.wait_until_up(SERVER_INDEX)?;
    server_end.wait_until_local(*server_address)?;
    clients.iter().try_for_each(|own| client_end.wait_until_local(*own))
}

/// Adds addresses to an interface of the calling thread's namespace. Needs CAP_NET_ADMIN
/// there.
///
/// # Errors
/// The first request that the kernel refused, or that the interface does not
/// exist.
pub fn add_addresses_here(
    interface: &str,
    addresses: &[IpAddr],
    prefix: u8,
) -> Result<(), LinkError> {
    let refused = |source| LinkError::Refused { request: format!("find {interface}"), source };
    let index = nix::net::if_::if_nametoindex(interface).map_err(|errno| refused(errno.into()))?;
    let mut netlink = Netlink::open(NETLINK_ROUTE).map_err(refused)?;
    let requests = addresses.iter().map(|own| Request::address(index, *own, prefix)).collect();
    carry_out(&mut netlink, requests)
}

fn open_in(namespace: &NetworkNamespace) -> Result<Netlink, LinkError> {
    namespace.run(|| Netlink::open(NETLINK_ROUTE))?.map_err(|source| LinkError::Refused {
        request: "open a netlink socket".to_owned(),
        source,
    })
}

fn carry_out(netlink: &mut Netlink, requests: Vec<Request>) -> Result<(), LinkError> {
    let (names, messages): (Vec<_>, Vec<_>) = requests
        .into_iter()
        .map(|request| (request.name, (request.message, request.flags)))
        .unzip();
    netlink.carry_out(messages).map_err(|refused| LinkError::Refused {
        request: names[refused.index].clone(),
        source: refused.source,
    })
}

/// One end of a new link.
struct End {
    netlink: Netlink,
    interface: &'static str,
}

impl End {
    /// Waits for the operational state UP (RFC 2863). A veth has a carrier as soon as
    /// both ends are up, but packets are dropped until the kernel's link watch has
    /// activated its queue (`linkwatch_do_dev`, which sets that state, in
    /// net/core/link_watch.c).
    fn wait_until_up(&mut self, index: u32) -> Result<(), LinkError> {
        let request = LinkUnspec::new_with_index(index).build();
        self.wait_for(RouteNetlinkMessage::GetLink(request), is_operational)
    }

    /// Waits until packets to an address of this end are received. The kernel adds the
    /// local route of an IPv6 address later, in a workqueue, even without duplicate
    /// address detection (`addrconf_dad_work` in net/ipv6/addrconf.c); an IPv4 address
    /// has it at once.
    fn wait_until_local(&mut self, address: IpAddr) -> Result<(), LinkError> {
        let IpAddr::V6(v6) = address else {
            return Ok(());
        };
        let request = RouteMessageBuilder::<Ipv6Addr>::new().destination_prefix(v6, 128).build();
        self.wait_for(RouteNetlinkMessage::GetRoute(request), is_local_route)
    }

    fn wait_for(
        &mut self,
        request: RouteNetlinkMessage,
        condition: fn(&[u8]) -> io::Result<bool>,
    ) -> Result<(), LinkError> {
        let interface = self.interface;
        let deadline = Instant::now() + USABLE_WITHIN;
        loop {
            let response = self.netlink.request(request.clone(), condition).map_err(|source| {
                LinkError::Refused { request: format!("query {interface}"), source }
            })?;
            if response {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(LinkError::NotUsable { interface });
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Whether an RTM_NEWLINK response has IF_OPER_UP. (Parsing all of it would depend on
/// attributes that are not needed.)
fn is_operational(response: &[u8]) -> io::Result<bool> {
    const HEADER: usize = 16;
    const IFLA_OPERSTATE: u16 = 16;
    const IF_OPER_UP: u8 = 6;
    for attribute in NlasIterator::new(response.get(HEADER..).unwrap_or_default()) {
        let attribute = attribute.map_err(io::Error::other)?;
        if attribute.kind() == IFLA_OPERSTATE {
            return Ok(attribute.value() == [IF_OPER_UP]);
        }
    }
    Ok(false)
}

/// Whether an RTM_NEWROUTE response has RTN_LOCAL.
fn is_local_route(response: &[u8]) -> io::Result<bool> {
    const RTM_TYPE: usize = 7;
    const RTN_LOCAL: u8 = 2;
    Ok(response.get(RTM_TYPE) == Some(&RTN_LOCAL))
}

/// An rtnetlink request and its description.
struct Request {
    name: String,
    message: RouteNetlinkMessage,
    flags: u16,
}

impl Request {
    /// Creates both ends, each in its namespace, and brings the server's end up. The
    /// other can come up only when the pair is complete.
    fn create_veth(client: &NetworkNamespace) -> Self {
        let peer: LinkMessage = LinkUnspec::new_with_index(CLIENT_INDEX)
            .name(CLIENT_INTERFACE)
            .address(CLIENT_MAC.to_vec())
            .setns_by_fd(client.as_fd().as_raw_fd())
            .build();
        let message = LinkMessageBuilder::<LinkVeth>::new(SERVER_INTERFACE, CLIENT_INTERFACE)
            .index(SERVER_INDEX)
            .address(SERVER_MAC.to_vec())
            .set_info_data(InfoData::Veth(InfoVeth::Peer(peer)))
            .up()
            .build();
        Self {
            name: format!("create the veth pair {SERVER_INTERFACE}, {CLIENT_INTERFACE}"),
            message: RouteNetlinkMessage::NewLink(message),
            flags: NLM_F_CREATE | NLM_F_EXCL,
        }
    }

    fn bring_up(index: u32, interface: &str) -> Self {
        Self {
            name: format!("bring {interface} up"),
            message: RouteNetlinkMessage::SetLink(LinkUnspec::new_with_index(index).up().build()),
            flags: 0,
        }
    }

    fn address(index: u32, address: IpAddr, prefix: u8) -> Self {
        let mut message: AddressMessage = match address {
            IpAddr::V4(v4) => {
                AddressMessageBuilder::<Ipv4Addr>::new().index(index).address(v4, prefix).build()
            }
            IpAddr::V6(v6) => {
                AddressMessageBuilder::<Ipv6Addr>::new().index(index).address(v6, prefix).build()
            }
        };
        // Otherwise IPv6 would not use the address for a second, to detect duplicates.
        message.header.flags |= AddressHeaderFlags::Nodad;
        Self {
            name: format!("add the address {address}/{prefix}"),
            message: RouteNetlinkMessage::NewAddress(message),
            flags: NLM_F_CREATE | NLM_F_EXCL,
        }
    }

    fn neighbour(index: u32, address: IpAddr, mac: [u8; 6]) -> Self {
        let mut message = NeighbourMessage::default();
        message.header.ifindex = index;
        message.header.state = NeighbourState::Permanent;
        let (family, destination) = match address {
            IpAddr::V4(v4) => (AddressFamily::Inet, NeighbourAddress::Inet(v4)),
            IpAddr::V6(v6) => (AddressFamily::Inet6, NeighbourAddress::Inet6(v6)),
        };
        message.header.family = family;
        message.attributes = vec![
            NeighbourAttribute::Destination(destination),
            NeighbourAttribute::LinkLayerAddress(mac.to_vec()),
        ];
        Self {
            name: format!("add a neighbour entry for {address}"),
            message: RouteNetlinkMessage::NewNeighbour(message),
            flags: NLM_F_CREATE | NLM_F_EXCL,
        }
    }
}
