//! How many clients a server can serve at once, whatever they do.

use chat_protocol::{Codec, Framing};
use linux_net::{PlainThread, ProcessLimits, ThreadLimitKind};
use worker::metrics::ClientLimit;

use crate::client_thread::READ_BYTES;
use crate::design::{Design, FILES_PER_SHARED_THREAD};
use crate::settings::ServerSettings;

/// Memory mappings that a client with so many threads ([`Design::threads_per_client`]) can need
/// (vm.max_map_count): those of its threads, and one for a buffer that malloc(3) does not take
/// from its heap.
pub fn mappings_per_client(threads: u32) -> u64 {
    u64::from(threads) * PlainThread::MAPPINGS + 1
}

/// As [`mappings_per_client`], with bodies above [`COMMON_BODY`]: all of its buffers.
fn mappings_per_large_client(design: &Design) -> u64 {
    mappings_per_client(design.threads_per_client) + 2 + u64::from(design.queues)
}

/// The largest body whose memory every client may use at the same time, bytes. Larger ones
/// share [`Capacity::frame_memory`].
pub(crate) const COMMON_BODY: u64 = 64 * 1024;

/// Memory that the messages which wait for a client may use without a share of
/// [`Capacity::frame_memory`], bytes: at least one message with the largest common body.
pub(crate) const COMMON_QUEUE: u64 = COMMON_BODY + 4096;

/// Open files for the connection that is turned away, and for what the server reads in /proc.
const SPARE_FILES: u64 = 8;

/// Threads left to the user and to the control group.
const SPARE_THREADS: u64 = 16;

/// Threads left to the machine.
const SPARE_THREADS_OF_MACHINE: u64 = 512;

/// Mappings of the heap, of stacks that glibc keeps for the next thread (up to 40 MiB of
/// them), and of everything else.
const SPARE_MAPPINGS: u64 = 1024;

/// Address space of a thread of std: its stack, and its signal stack.
const STD_THREAD: u64 = 2_200_000;

/// Memory of the kernel for a thread: its stack and structures, and a page of page tables,
/// bytes.
const KERNEL_THREAD: u64 = 40 * 1024;

/// Memory of the kernel for a socket without data, bytes. The data of sockets has limits of its
/// own (tcp_mem).
const KERNEL_SOCKET: u64 = 8 * 1024;

/// The part of a thread's stack that is ever used, bytes.
const USED_STACK: u64 = 32 * 1024;

/// A client's entries in lists and its broadcaster, bytes.
const SMALL_STRUCTURES: u64 = 4 * 1024;

/// What a design may keep of each client in each client's threads, bytes: a pointer for each.
const PER_PAIR: u64 = 8;

/// Accepted connections that are listed in a report, at most.
const MOST_RECORDS: u64 = 1 << 20;

/// Bytes of such a connection in the list, in its copy in a report, and there as JSON.
const RECORD: u64 = 256;

/// The capacity of a server, from its settings and the limits that are left when it starts.
#[derive(Debug, Clone)]
pub(crate) struct Capacity {
    /// Clients at once, and what limits them.
    pub(crate) limit: ClientLimit,
    /// Memory of all buffers for bodies above [`COMMON_BODY`], bytes.
    pub(crate) frame_memory: u64,
    /// Accepted connections that are listed.
    pub(crate) records: usize,
}

impl Capacity {
    /// The capacity of a server whose listening sockets are open.
    pub(crate) fn new(settings: &ServerSettings, codec: &Codec, limits: &ProcessLimits) -> Self {
        let largest_body = u64::from(codec.largest_body());
        let design = settings.design.design();
        let threads = u64::from(design.threads_per_client);
        let shared_threads = (design.shared_threads)();
        // The accept loops, and the threads that serve all clients.
        let others = u64::from(settings.listeners) + shared_threads;
        let queue = if design.queues { COMMON_QUEUE } else { 0 };
        let heap = READ_BYTES as u64 + common_memory(codec) + queue + SMALL_STRUCTURES;
        let mappings = match largest_body > COMMON_BODY {
            true => mappings_per_large_client(design),
            false => mappings_per_client(design.threads_per_client),
        };
        // A stack's guard is a page.
        let stack = settings.thread_stack.saturating_add(4096);
        let spare_files = SPARE_FILES + shared_threads * FILES_PER_SHARED_THREAD;
        let mut bounds = vec![("RLIMIT_NOFILE", left(limits.files, limits.files_now, spare_files))];
        bounds.extend(limits.threads.iter().map(|limit| {
            let spare = match limit.kind {
                ThreadLimitKind::User | ThreadLimitKind::ControlGroup => SPARE_THREADS,
                ThreadLimitKind::Threads | ThreadLimitKind::Ids => SPARE_THREADS_OF_MACHINE,
            };
            let left = left(limit.max, limit.used, spare + others);
            let clients = left.checked_div(threads).unwrap_or(u64::MAX);
            (limit.kind.name(), with_leaving(clients))
        }));
        bounds.extend(limits.mappings.map(|max| {
            // Each has two stacks, each with a guard.
            let spare = SPARE_MAPPINGS + 4 * others;
            ("vm.max_map_count", with_leaving(left(max, limits.mappings_now, spare) / mappings))
        }));
        let pair = threads * PER_PAIR;
        let mut least_room = u64::MAX;
        let stacks = threads.saturating_mul(stack);
        let rooms = limits.address_space.iter().map(|room| (room, stacks, others * STD_THREAD));
        let used = threads * (stack.min(USED_STACK) + KERNEL_THREAD) + KERNEL_SOCKET;
        for (room, own, others) in rooms.chain(limits.memory.iter().map(|room| (room, used, 0))) {
            let bytes = room.bytes.saturating_sub(others);
            least_room = least_room.min(bytes);
            // The rest is for large bodies, for records, and what the heap wastes.
            bounds.push((
                room.limit,
                with_leaving(clients_in(bytes / 2, own.saturating_add(heap), pair)),
            ));
        }
        bounds.extend(settings.max_clients.map(|max| ("server.max_clients", max.into())));
        let (limit, clients) =
            bounds.into_iter().min_by_key(|(_, clients)| *clients).expect("files are limited");
        Self {
            limit: ClientLimit { clients, limit: limit.to_owned() },
            frame_memory: least_room / 4,
            records: (least_room / 16 / RECORD).min(MOST_RECORDS) as usize,
        }
    }
}

/// Memory that a client's buffers may use without a share of [`Capacity::frame_memory`], bytes:
/// a message and what was read with it, its frame, and as much again.
pub(crate) fn common_memory(codec: &Codec) -> u64 {
    let body = u64::from(codec.largest_body()).min(COMMON_BODY);
    buffers(Framing::HEADER_BYTES as u64 + body + READ_BYTES as u64)
}

/// Memory of the buffers of a client of which this much is unread, bytes.
pub(crate) fn buffers(unread: u64) -> u64 {
    unread.saturating_mul(3)
}

/// Threads of clients that have left, and that may still exist while as many as `clients` are
/// served.
pub(crate) fn leaving(clients: u64) -> u64 {
    (clients / 8).min(64) + 1
}

/// The clients for which there are threads, if some are leaving.
fn with_leaving(threads: u64) -> u64 {
    threads.saturating_sub(leaving(threads))
}

fn left(max: u64, now: u64, spare: u64) -> u64 {
    max.saturating_sub(now).saturating_sub(spare)
}

/// The largest n with n × `each` + n² × `pair` ≤ `bytes`.
fn clients_in(bytes: u64, each: u64, pair: u64) -> u64 {
    if pair == 0 {
        return bytes / each;
    }
    let (bytes, each, pair) = (bytes as f64, each as f64, pair as f64);
    (((each * each + 4.0 * pair * bytes).sqrt() - each) / (2.0 * pair)) as u64
}

#[cfg(test)]
mod tests {
    use linux_net::{MemoryRoom, ThreadLimit};

    use super::*;
    use crate::designs::DESIGNS;

    /// As of a machine on which nothing is scarce.
    fn plenty() -> ProcessLimits {
        ProcessLimits {
            files: 1 << 30,
            threads: vec![ThreadLimit { kind: ThreadLimitKind::Ids, max: 1 << 30, used: 100 }],
            mappings: Some(1 << 34),
            memory: vec![MemoryRoom { limit: "the machine's memory", bytes: 1 << 50 }],
            ..ProcessLimits::default()
        }
    }

    fn capacity(settings: &ServerSettings, limits: &ProcessLimits) -> Capacity {
        let codec = Codec::new(settings.framing, settings.largest_body).expect("it fits");
        Capacity::new(settings, &codec, limits)
    }

    fn limit(limits: &ProcessLimits) -> (String, u64) {
        let ClientLimit { clients, limit } = capacity(&ServerSettings::default(), limits).limit;
        (limit, clients)
    }

    #[test]
    fn the_tightest_limit_decides_and_is_named() {
        let room = |limit, bytes| vec![MemoryRoom { limit, bytes }];
        let threads = |kind, max, used| vec![ThreadLimit { kind, max, used }];
        use ThreadLimitKind::{ControlGroup, Ids, User};
        for (limits, expected, clients) in [
            (ProcessLimits { files: 20_000, files_now: 10, ..plenty() }, "RLIMIT_NOFILE", 19_982),
            (
                ProcessLimits { threads: threads(User, 500, 83), ..plenty() },
                "RLIMIT_NPROC",
                400 - 51,
            ),
            (
                ProcessLimits { threads: threads(ControlGroup, 1200, 40), ..plenty() },
                "pids.max of the control group",
                1143 - 65,
            ),
            (
                ProcessLimits { threads: threads(Ids, 32_768, 255), ..plenty() },
                "kernel.pid_max",
                32_000 - 65,
            ),
            (
                ProcessLimits { mappings: Some(65_530), mappings_now: 102, ..plenty() },
                "vm.max_map_count",
                21_466 - 65,
            ),
            // Half of it, and each has 256 KiB and a guard, and at most 245 KiB of buffers,
            // 20 KiB of others.
            (
                ProcessLimits { address_space: room("RLIMIT_AS", 1 << 30), ..plenty() },
                "RLIMIT_AS",
                933,
            ),
            (
                ProcessLimits { memory: room("the control group's memory", 1 << 30), ..plenty() },
                "the control group's memory",
                1438,
            ),
        ] {
            let (name, found) = limit(&limits);
            assert_eq!(name, expected);
            assert!(found.abs_diff(clients) <= clients / 20, "{name}: {found}, not {clients}");
        }
    }

    #[test]
    fn a_setting_lowers_the_limit_but_never_raises_it() {
        let limits = ProcessLimits { files: 1000, ..plenty() };
        for (max_clients, clients, name) in [
            (None, 992, "RLIMIT_NOFILE"),
            (Some(7), 7, "server.max_clients"),
            (Some(5000), 992, "RLIMIT_NOFILE"),
        ] {
            let settings = ServerSettings { max_clients, ..Default::default() };
            let found = capacity(&settings, &limits).limit;
            assert_eq!((found.clients, &*found.limit), (clients, name));
        }
    }

    #[test]
    fn nothing_left_is_no_clients() {
        let none = ProcessLimits { files: 12, files_now: 9, ..plenty() };
        assert_eq!(limit(&none), ("RLIMIT_NOFILE".to_owned(), 0));
        let threads = vec![ThreadLimit { kind: ThreadLimitKind::User, max: 18, used: 0 }];
        let none = ProcessLimits { threads, ..plenty() };
        assert_eq!(limit(&none), ("RLIMIT_NPROC".to_owned(), 0));
        let none = ProcessLimits {
            address_space: vec![MemoryRoom { limit: "RLIMIT_AS", bytes: 1 << 20 }],
            ..plenty()
        };
        let found = capacity(&ServerSettings::default(), &none);
        assert_eq!((found.limit.clients, found.frame_memory, found.records), (0, 0, 0));
    }

    #[test]
    fn clients_fit_with_their_pairs_and_one_more_does_not() {
        for (bytes, each, pair) in [
            (1 << 20, 300_000, 8),
            (1 << 30, 300_000, 16),
            (1 << 30, 300_000, 0),
            (1 << 36, 40_000, 8),
            (1 << 50, 1, 8),
        ] {
            let n = clients_in(bytes, each, pair);
            assert!(n * each + n * n * pair <= bytes + bytes / 1_000_000, "{n}");
            assert!((n + 2) * each + (n + 2) * (n + 2) * pair > bytes, "{n}");
        }
        assert_eq!(clients_in(0, 300_000, 8), 0);
    }

    #[test]
    fn a_design_with_two_threads_for_each_client_serves_half_as_many() {
        use ThreadLimitKind::User;
        let threads = vec![ThreadLimit { kind: User, max: 2016 + 1, used: 0 }];
        let limits = ProcessLimits { threads, mappings: Some(6000 + 1028), ..plenty() };
        for design in DESIGNS {
            let design_name = design.name.parse().expect("it is in the table");
            let settings = ServerSettings { design: design_name, ..ServerSettings::default() };
            let clients = capacity(&settings, &limits).limit;
            let expected = match design.threads_per_client {
                0 => {
                    assert_eq!(clients.limit, "vm.max_map_count", "{}", design.name);
                    continue;
                }
                1 => 2000,
                2 => 1000,
                other => panic!("{other} threads"),
            };
            let found = clients.clients + leaving(expected);
            assert_eq!((found, &*clients.limit), (expected, "RLIMIT_NPROC"), "{}", design.name);
        }
    }

    #[test]
    fn this_machine_serves_some_clients() {
        let (name, clients) = limit(&ProcessLimits::read());
        assert!(clients > 0, "{name}");
    }
}
