//! The network of a run: internal, in 198.18.0.0/15.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};

use super::engine::Engine;
use super::error::{DockerError, Result};

/// Addresses of a subnet's blocks: one for hosts with one address, the others
/// for hosts with many.
const BLOCK: u32 = 256;
/// Length of a subnet's prefix, bits.
pub(super) const PREFIX: u8 = 20;
const SUBNET: u32 = 1 << (32 - PREFIX);
/// Maximum number of simultaneous hosts with one address.
const SINGLE_SLOTS: u32 = BLOCK - 3;
/// Maximum number of simultaneous hosts with many addresses.
const MANY_SLOTS: u32 = SUBNET / BLOCK - 2;
/// Subnets in 198.18.0.0/15, of which the last is for `compose.yaml`.
const SUBNETS: u32 = (1 << (PREFIX - 15)) - 1;
const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);

/// A network with only the hosts of a run.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) id: String,
    pub(super) name: String,
    subnet: Ipv4Addr,
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    leased: HashSet<Slot>,
    next: u32,
}

/// Room for one host: an address of the first block, or a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Slot {
    many: bool,
    number: u32,
}

impl Network {
    /// Creates a network in a subnet that no other network has, beginning with subnet
    /// `start`.
    pub(super) fn create(
        engine: &Engine,
        name: &str,
        labels: HashMap<String, String>,
        start: u32,
    ) -> Result<Self> {
        for step in 0..SUBNETS {
            let subnet = nth_subnet((start + step) % SUBNETS);
            let request = request(name, subnet, labels.clone());
            let created = engine
                .call("create the network of the run", engine.docker().create_network(request));
            match created {
                Ok(created) => return Ok(Self::new(created.id, name, subnet)),
                // "Pool overlaps with other one on this address space", or
                // "networks have overlapping IPv4".
                Err(DockerError::Refused { message, .. }) if message.contains("overlap") => {}
                Err(error) => return Err(error),
            }
        }
        Err(DockerError::NoSubnet)
    }

    fn new(id: String, name: &str, subnet: Ipv4Addr) -> Self {
        Self { id, name: name.to_owned(), subnet, slots: Mutex::default() }
    }

    /// Addresses for a host, `count` of them, that no other host of the run has until the
    /// lease is dropped.
    pub(super) fn lease(self: &Arc<Self>, count: u32) -> Lease {
        let slots = if count > 1 { MANY_SLOTS } else { SINGLE_SLOTS };
        let mut taken = self.slots();
        let first = taken.next;
        // The next one rather than the lowest, because the engine may release a removed
        // address late.
        let free = (0..slots)
            .map(|step| Slot { many: count > 1, number: (first + step) % slots })
            .find(|slot| !taken.leased.contains(slot))
            .expect("a run has few hosts at a time");
        taken.next = free.number + 1;
        taken.leased.insert(free);
        drop(taken);
        Lease { network: Arc::clone(self), slot: free, count: count.max(1) }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().expect("the slots are never poisoned")
    }
}

/// Addresses that are reserved for a host until this is dropped.
#[derive(Debug)]
pub(super) struct Lease {
    network: Arc<Network>,
    slot: Slot,
    count: u32,
}

impl Lease {
    /// The addresses, the container's own first.
    pub(super) fn addresses(&self) -> Vec<Ipv4Addr> {
        let first = match self.slot {
            // .0 is the network, .1 the engine's own.
            Slot { many: false, number } => 2 + number,
            Slot { many: true, number } => (1 + number) * BLOCK + 1,
        };
        let subnet = self.network.subnet.to_bits();
        (0..self.count).map(|n| Ipv4Addr::from_bits(subnet + first + n)).collect()
    }

    /// The network of the addresses.
    pub(super) fn network(&self) -> &Network {
        &self.network
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.network.slots().leased.remove(&self.slot);
    }
}

fn nth_subnet(n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(FIRST.to_bits() + n * SUBNET)
}

fn request(name: &str, subnet: Ipv4Addr, labels: HashMap<String, String>) -> NetworkCreateRequest {
    let config = IpamConfig { subnet: Some(format!("{subnet}/{PREFIX}")), ..Default::default() };
    // The machine has no address in the hosts' network, so none of its listeners is
    // reachable there.
    let options = [("com.docker.network.bridge.inhibit_ipv4", "true")];
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        internal: Some(true),
        ipam: Some(Ipam { config: Some(vec![config]), ..Default::default() }),
        options: Some(options.map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
        labels: Some(labels),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn subnets_are_in_the_benchmark_range_except_the_last() {
        let all: HashSet<_> = (0..SUBNETS).map(nth_subnet).collect();
        assert_eq!(all.len(), 31);
        assert!(all.iter().all(|subnet| subnet.octets()[0] == 198));
        assert!(all.iter().all(|subnet| matches!(subnet.octets()[1], 18 | 19)));
        assert!(!all.contains(&Ipv4Addr::new(198, 19, 240, 0)));
    }

    #[test]
    fn addresses_of_hosts_never_collide() {
        let network = Arc::new(Network::new(String::new(), "", Ipv4Addr::new(198, 18, 16, 0)));
        let permanent = [network.lease(1), network.lease(250)];
        assert_eq!(permanent[0].addresses(), [Ipv4Addr::new(198, 18, 16, 2)]);
        let leased: Vec<_> = permanent.iter().flat_map(Lease::addresses).collect();
        for _ in 0..1000 {
            for count in [1, 250] {
                let lease = network.lease(count);
                let addresses = lease.addresses();
                assert_eq!(addresses.len() as u32, count);
                assert!(addresses.iter().all(|address| !leased.contains(address)));
                let in_subnet = |a: &Ipv4Addr| a.octets()[..2] == [198, 18] && a.octets()[2] < 32;
                assert!(addresses.iter().all(in_subnet), "{addresses:?}");
                let engines_own = Ipv4Addr::new(198, 18, 16, 1);
                assert!(!addresses.contains(&engines_own));
            }
        }
    }
}
