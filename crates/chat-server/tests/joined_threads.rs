//! Every thread is joined, when its client has left and at a stop. This test has its own
//! process, in which every thread called `client` is the server's.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::thread;

use chat_server::{DesignName, Server, ServerSettings};
use linux_net::testing::wait_until;

/// Threads of this process by that name.
fn threads_named(name: &str) -> usize {
    fs::read_dir("/proc/self/task")
        .expect("Linux has it")
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.trim_end() == name)
        .count()
}

fn settings() -> ServerSettings {
    ServerSettings { address: Ipv4Addr::LOCALHOST.into(), port: 0, ..Default::default() }
}

/// One design after the other: the threads of all have one name.
#[test]
fn an_event_loop_has_a_thread_for_each_cpu_and_joins_it() {
    let cpus = thread::available_parallelism().expect("Linux knows them").get();
    for design in DesignName::permitted().filter(|name| name.design().threads_per_client == 0) {
        has_a_thread_for_each_cpu_and_joins_it(design, cpus);
    }
}

fn has_a_thread_for_each_cpu_and_joins_it(design: DesignName, cpus: usize) {
    let server = Server::bind(&ServerSettings { design, ..settings() }).expect("a free port");
    let address = server.local_address();
    let running = server.start().expect("a thread can be started");
    let handle = running.handle();
    let _clients: Vec<_> =
        (0..50).map(|_| TcpStream::connect(address).expect("it listens")).collect();
    wait_until("all are served", || handle.status().clients == 50);
    wait_until("all have a name", || threads_named("loop") == cpus);
    handle.stop();
    assert_eq!(running.join().metrics.most_clients, 50);
    wait_until("no thread is left", || threads_named("loop") == 0);

    drop(Server::bind(&ServerSettings { design, ..settings() }).expect("a free port"));
    wait_until("no thread is left of one that was not started", || threads_named("loop") == 0);
}

#[test]
fn every_thread_is_joined() {
    let settings = settings();
    let server = Server::bind(&settings).expect("loopback can be bound");
    let address = server.local_address();
    let running = server.start().expect("a thread can be started");
    let handle = running.handle();
    let live = || handle.status().clients;

    for _ in 0..20 {
        let clients: Vec<_> =
            (0..50).map(|_| TcpStream::connect(address).expect("it listens")).collect();
        wait_until("all have a thread", || live() == 50);
        wait_until("all have a name", || threads_named("client") == 50);
        drop(clients);
        wait_until("all have left", || live() == 0);
        // An exited thread that was not joined is not listed here either, but its stack
        // is still mapped.
        wait_until("their threads are gone", || threads_named("client") == 0);
    }
    let stacks = fs::read_to_string("/proc/self/maps").expect("Linux has it").lines().count();
    assert!(stacks < 500, "{stacks} mappings: 1000 stacks are still mapped");

    let _clients: Vec<_> =
        (0..50).map(|_| TcpStream::connect(address).expect("it listens")).collect();
    wait_until("all have a thread", || live() == 50);
    // Until it names itself, a thread is called as the one that started it.
    wait_until("threads accept", || threads_named("accept") > 0);
    handle.stop();
    let report = running.join();
    assert_eq!(report.accepted.len(), 1050);
    assert_eq!(report.metrics.most_clients, 50);
    // A joined thread can stay in /proc for a moment.
    wait_until("no thread is left", || threads_named("client") + threads_named("accept") == 0);
}
