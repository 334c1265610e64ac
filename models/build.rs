//! Copies the files that are checked, with the standard library's locks, atomics, channels
//! and threads replaced by those of shuttle. The files themselves need no change for it.

use std::path::Path;
use std::{env, fs};

/// Each group becomes a file of modules, which a model includes.
const CHECKED: [(&str, &str, &[&str]); 2] = [
    ("lab.rs", "../crates/lab/src", &["executor", "start_barrier"]),
    (
        "chat_server.rs",
        "../crates/chat-server/src",
        &[
            "client",
            "counters",
            "design",
            "designs/global_lock",
            "designs/sharded",
            "designs/snapshot",
            "designs/writer_queues",
            "frame_memory",
            "gate",
            "lock",
            "outgoing_queue",
            "pace",
            "one_registry",
            "registry",
            "thread_per_client",
            "threads",
            "timed_mutex",
        ],
    ),
];

/// What is replaced; each must be used in one of the files.
const REPLACED: [(&str, &str); 8] = [
    // The modules of a group are beside each other.
    ("crate::", "super::"),
    ("std::sync::", "shuttle::sync::"),
    ("std::thread::", "shuttle::thread::"),
    // These have stand-ins.
    ("linux_net::", "super::linux_net::"),
    ("nix::", "super::nix::"),
    ("socket2::", "super::socket::"),
    ("worker::metrics::", "super::metrics::"),
    ("worker::RESPONSE_TIMEOUT", "super::RESPONSE_TIMEOUT"),
];

fn main() {
    let mut used = [false; REPLACED.len()];
    for (group, folder, modules) in CHECKED {
        let mut copied = String::new();
        for module in modules {
            let path = format!("{folder}/{module}.rs");
            println!("cargo::rerun-if-changed={path}");
            let mut text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
            for ((from, to), used) in REPLACED.iter().zip(&mut used) {
                *used |= text.contains(from);
                text = text.replace(from, to);
            }
            let name = module.rsplit('/').next().unwrap_or(module);
            copied += &format!("pub(crate) mod {name} {{\n{text}\n}}\n");
        }
        let target = Path::new(&env::var_os("OUT_DIR").expect("cargo sets it")).join(group);
        fs::write(&target, copied).expect("the directory of the build is writable");
    }
    for ((from, _), used) in REPLACED.iter().zip(used) {
        assert!(used, "{from} is in none of the files");
    }
}
