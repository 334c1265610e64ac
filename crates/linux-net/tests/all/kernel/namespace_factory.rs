//! Namespaces with their own small connection table.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use linux_net::testing::in_lab_namespace;
use linux_net::{NamespaceFactory, NetworkNamespace};

const OWN_TABLE: &str = "/proc/sys/net/ipv4/tcp_ehash_entries";
const CHILD_TABLE: &str = "/proc/sys/net/ipv4/tcp_child_ehash_entries";

/// Every sysctl below a folder that can be read, in the calling thread's
/// namespace.
fn sysctls(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sysctls(&path, found);
        } else if let Ok(value) = fs::read_to_string(&path) {
            found.insert(path.to_str().unwrap().to_owned(), value);
        }
    }
}

fn sysctls_of(namespace: &NetworkNamespace) -> BTreeMap<String, String> {
    namespace
        .run(|| {
            let mut found = BTreeMap::new();
            sysctls(Path::new("/proc/sys/net"), &mut found);
            found
        })
        .unwrap()
}

#[test]
fn they_differ_from_plain_ones_only_in_their_table() {
    in_lab_namespace(|| {
        let here = NetworkNamespace::current().unwrap();
        let before = sysctls_of(&here);
        let plain = sysctls_of(&NetworkNamespace::create().unwrap());
        let factory = NamespaceFactory::new().unwrap();
        let mut made_here = sysctls_of(&factory.create().unwrap());
        assert!(plain.len() > 100, "{}", plain.len());
        if before.contains_key(CHILD_TABLE) {
            assert_eq!(made_here[OWN_TABLE].trim(), "16384");
            made_here.insert(OWN_TABLE.to_owned(), plain[OWN_TABLE].clone());
        }
        let differing: Vec<_> =
            plain.iter().filter(|(name, value)| made_here.get(*name) != Some(value)).collect();
        assert_eq!(differing, []);
        assert_eq!(plain.len(), made_here.len());
        let after = sysctls_of(&here);
        for name in [OWN_TABLE, CHILD_TABLE, "/proc/sys/net/ipv4/tcp_max_tw_buckets"] {
            assert_eq!(before.get(name), after.get(name), "{name}");
        }
    });
}

#[test]
fn namespaces_outlive_their_factory_and_can_communicate() {
    in_lab_namespace(|| {
        let made = NamespaceFactory::new().unwrap().create().unwrap();
        made.run(|| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        })
        .unwrap();
    });
}
