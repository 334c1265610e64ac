//! The chat server's registry, broadcast, leave and shutdown, in both designs: no order of the
//! threads mixes two frames, delivers one to a client that came after it, loses one without
//! counting it, or waits forever.

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::atomic::{AtomicBool, Ordering::SeqCst};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use crate::Model;
use checked::client::{Client, Message};
use checked::counters::Counters;
use checked::design::Design;
use checked::gate::Gate;
use checked::registry::Registry;
use checked::threads::Threads;
use checked::{GLOBAL_LOCK, SNAPSHOT};
use settings::ServerSettings;
use socket::{Network, Received, Socket};

mod socket;
mod stand_ins;

use stand_ins::{capacity, durations, linux_net, metrics, nix, settings, sigpipe};

#[expect(dead_code, reason = "the models use a part of each file")]
mod checked {
    use super::{capacity, durations, linux_net, metrics, nix, settings, sigpipe, socket};

    include!(concat!(env!("OUT_DIR"), "/chat_server.rs"));

    pub(super) const GLOBAL_LOCK: design::Design = global_lock::DESIGN;
    pub(super) const SNAPSHOT: design::Design = snapshot::DESIGN;
}

pub(crate) const MODELS: &[Model] = &[
    ("global-lock: frames stay whole while clients come and go", || chat(GLOBAL_LOCK)),
    ("snapshot: frames stay whole while clients come and go", || chat(SNAPSHOT)),
    ("global-lock: a stop ends clients that block each other", || stop(GLOBAL_LOCK)),
    ("snapshot: a stop ends clients that block each other", || stop(SNAPSHOT)),
];

const CLIENTS: u64 = 3;
const FRAME: usize = 4;
/// Frames that each client sends.
const FRAMES: u64 = 2;

/// What the threads of a server share.
struct Server {
    design: Design,
    settings: ServerSettings,
    gate: Gate,
    registry: Registry,
    threads: Arc<Threads>,
    counters: Counters,
    stopping: AtomicBool,
    network: Arc<Network>,
    /// Frames whose broadcast has ended.
    ended: Mutex<Vec<u8>>,
}

impl Server {
    fn new(design: Design, max_clients: u64) -> Arc<Self> {
        Arc::new(Self {
            design,
            settings: ServerSettings::default(),
            gate: Gate::new(false),
            registry: Registry::default(),
            threads: Arc::new(Threads::new(max_clients)),
            counters: Counters::default(),
            stopping: AtomicBool::new(false),
            network: Arc::new(Network::default()),
            ended: Mutex::default(),
        })
    }

    /// As `accept::admit` does, with the life of `client_thread`.
    fn admit(self: &Arc<Self>, id: u64, window: usize, frames: u64) {
        let ended = self.ended.lock().expect("no panic").clone();
        let socket = Socket::connected(&self.network, id, window, ended);
        let Some(place) = self.threads.reserve() else { return };
        let client = Arc::new(Client::new(id, socket, &self.settings));
        self.registry.add(Arc::clone(&client));
        let (server, own) = (Arc::clone(self), Arc::clone(&client));
        place.start(client, 0, move || server.live(&own, frames)).expect("a thread starts");
    }

    fn live(&self, client: &Client, frames: u64) {
        let mut broadcaster = (self.design.broadcaster)();
        for number in 0..frames {
            if self.stopping.load(SeqCst) {
                break;
            }
            let name = (client.id() * FRAMES + number + 1) as u8;
            let frame = [name; FRAME];
            let message = Message { sender: client.id(), frame: &frame, counters: &self.counters };
            broadcaster.broadcast(&message, &self.registry);
            self.ended.lock().expect("no panic").push(name);
        }
        if frames == 0 {
            // It only reads, until a side ends the connection.
            client.socket().read_to_end();
        }
        self.registry.remove(client.id());
        client.finish_writing();
    }

    /// As `Shared::stop` does.
    fn stop(&self) {
        self.stopping.store(true, SeqCst);
        self.gate.stop();
        self.threads.abort_all();
    }

    /// What each connection received, once every thread has ended.
    fn joined(self: Arc<Self>) -> Vec<Received> {
        self.threads.join_all();
        assert_eq!(self.threads.live(), 0);
        assert!(self.registry.lock().is_empty(), "everyone has left");
        self.network.all_closed()
    }
}

/// Clients chat, and one comes when another may have left: it can get its descriptor.
fn chat(design: Design) {
    let server = Server::new(design, CLIENTS);
    let accepting = Arc::clone(&server);
    let accept_loop = thread::spawn(move || {
        for id in 0..CLIENTS {
            accepting.admit(id, FRAME / 2, FRAMES);
        }
        let place = accepting.threads.reserve();
        drop(place);
        accepting.admit(CLIENTS, FRAME, FRAMES);
    });
    let network = Arc::clone(&server.network);
    // The clients' kernels take bytes, now and then.
    let readers = thread::spawn(move || network.open_windows());
    accept_loop.join().expect("no panic");
    server.network.end_of_windows();
    readers.join().expect("no panic");
    let counted = Arc::clone(&server);
    let received = server.joined();
    let mut whole = 0;
    for Received { client, bytes, ended_before } in received {
        assert_eq!(bytes.len() % FRAME, 0, "client {client} has a part of a frame: {bytes:?}");
        for frame in bytes.chunks(FRAME) {
            let sender = (u64::from(frame[0]) - 1) / FRAMES;
            assert!(frame.iter().all(|byte| *byte == frame[0]), "mixed frames: {bytes:?}");
            assert_ne!(sender, client, "its own message");
            assert!(!ended_before.contains(&frame[0]), "a message of before it came: {bytes:?}");
            whole += 1;
        }
    }
    assert_eq!(counted.counters.deliveries.load(SeqCst), whole, "every delivery is counted");
}

/// Clients that never read block those that write to them; more come during the stop.
fn stop(design: Design) {
    let server = Server::new(design, CLIENTS);
    let accepting = Arc::clone(&server);
    let accept_loop = thread::spawn(move || {
        for id in 0..CLIENTS {
            if !accepting.gate.wait_until_resumed() {
                break;
            }
            accepting.admit(id, 1, id % 2);
        }
    });
    // At any instant of this.
    for _ in 0..thread_rng().gen_range(0..60) {
        thread::yield_now();
    }
    server.stop();
    accept_loop.join().expect("no panic");
    // Again, for a client that was being admitted during the first call.
    server.stop();
    for Received { client, bytes, .. } in server.joined() {
        let first = bytes.first();
        assert!(bytes.iter().all(|byte| Some(byte) == first), "client {client}: {bytes:?}");
    }
}
