//! As `event-loop`, with io_uring(7) instead of epoll(7), read(2) and write(2).

use crate::design::Design;
use crate::event_loop::{EventLoop, Ring, threads};

pub(super) const DESIGN: Design = Design {
    name: "io-uring",
    summary: "as event-loop, but the kernel reads ahead into buffers, and one system call writes to \
              hundreds of clients",
    removes: "No system call for a read or a write: those of a round are submitted together, and \
              between them no other thread gets the CPU.",
    costs: "Those of event-loop, 256 KiB of buffers for each thread, and a kernel from 6.1 that \
            permits io_uring, which sysctls and the seccomp filters of container engines often do \
            not.",
    queues: true,
    threads_per_client: 0,
    shared_threads: threads,
    check_machine: Ring::check_machine,
    start: EventLoop::start::<Ring>,
};
