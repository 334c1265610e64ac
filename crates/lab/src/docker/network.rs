//! The network of a run: internal, in 198.18.0.0/15.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};

use super::engine::Engine;
use super::error::{DockerError, Result};

/// Addresses of a subnet's blocks: one for hosts with one address, the others
/// for hosts with many.
const BLOCK: u32 = 256;
/// Length of a subnet's prefix, bits.
pub(super) const PREFIX: u8 = 20;
const SUBNET: u32 = 1 << (32 - PREFIX);
/// Subnets in 198.18.0.0/15, of which the last is left to `compose.yaml`.
const SUBNETS: u32 = (1 << (PREFIX - 15)) - 1;
const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);

/// A network with nothing but the hosts of a run on it.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) id: String,
    pub(super) name: String,
    subnet: Ipv4Addr,
}

impl Network {
    /// Makes one in a subnet that no other network has; `start` is where to
    /// look first.
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
                Ok(created) => return Ok(Self { id: created.id, name: name.to_owned(), subnet }),
                // "Pool overlaps with other one on this address space", or
                // "networks have overlapping IPv4".
                Err(DockerError::Refused { words, .. }) if words.contains("overlap") => {}
                Err(error) => return Err(error),
            }
        }
        Err(DockerError::NoSubnet)
    }

    /// The address of the `turn`th host with one address. They come again after
    /// many turns, when the host that had one before has long gone.
    pub(super) fn single_address(&self, turn: u32) -> Ipv4Addr {
        // .0 is the network, .1 the engine's own.
        self.nth_address(2 + turn % (BLOCK - 3))
    }

    /// The addresses of the `turn`th host with `count` of them.
    pub(super) fn many_addresses(&self, turn: u32, count: u32) -> Vec<Ipv4Addr> {
        let block = 1 + turn % (SUBNET / BLOCK - 2);
        (1..=count).map(|n| self.nth_address(block * BLOCK + n)).collect()
    }

    fn nth_address(&self, n: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.subnet.to_bits() + n)
    }
}

fn nth_subnet(n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(FIRST.to_bits() + n * SUBNET)
}

fn request(name: &str, subnet: Ipv4Addr, labels: HashMap<String, String>) -> NetworkCreateRequest {
    let config = IpamConfig { subnet: Some(format!("{subnet}/{PREFIX}")), ..Default::default() };
    // The machine itself has no address there, so that nothing of it listens on
    // the hosts' network.
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
    fn subnets_lie_in_the_range_for_benchmarks_and_leave_the_last_alone() {
        let all: HashSet<_> = (0..SUBNETS).map(nth_subnet).collect();
        assert_eq!(all.len(), 31);
        assert!(all.iter().all(|subnet| subnet.octets()[0] == 198));
        assert!(all.iter().all(|subnet| matches!(subnet.octets()[1], 18 | 19)));
        assert!(!all.contains(&Ipv4Addr::new(198, 19, 240, 0)));
    }

    #[test]
    fn addresses_of_hosts_do_not_collide() {
        let network = Network {
            id: String::new(),
            name: String::new(),
            subnet: Ipv4Addr::new(198, 18, 16, 0),
        };
        let singles: Vec<_> = (0..250).map(|turn| network.single_address(turn)).collect();
        assert_eq!(singles[0], Ipv4Addr::new(198, 18, 16, 2));
        assert_eq!(singles.iter().max(), Some(&Ipv4Addr::new(198, 18, 16, 251)));
        let many: Vec<_> = (0..14).flat_map(|turn| network.many_addresses(turn, 250)).collect();
        let all: HashSet<_> = singles.iter().chain(&many).collect();
        assert_eq!(all.len(), 250 + 14 * 250);
        assert_eq!(many.iter().max(), Some(&Ipv4Addr::new(198, 18, 30, 250)));
    }
}
