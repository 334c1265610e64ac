//! No thread for a client: a thread for each CPU waits for all of its clients' sockets at once
//! (epoll(7)), and writes everything that came meanwhile to each of them in one write.

use crate::design::{Design, every_machine};
use crate::event_loop::{EventLoop, Readiness, threads};

pub(super) const DESIGN: Design = Design {
    name: "event-loop",
    summary: "a thread for each CPU serves its share of the clients, each with one write for all \
              messages that came meanwhile",
    removes: "No thread for a client, no lock for a message and no write for a delivery: what comes \
              while a thread writes shares the next write to each client.",
    costs: "A message waits until its thread has written the ones before it to all of its clients, \
            a client whose queue is full holds all senders, and clients of different threads can \
            get the messages of different senders in different orders.",
    queues: true,
    threads_per_client: 0,
    shared_threads: threads,
    check_machine: every_machine,
    start: EventLoop::start::<Readiness>,
};
