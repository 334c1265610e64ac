//! The chat server's registry, broadcast, leave and shutdown, in each design: no order of the
//! threads mixes two frames, delivers one to a client that came after it, loses one without
//! counting it, or waits forever.

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::atomic::{AtomicBool, Ordering::SeqCst};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use crate::Model;
use checked::counters::Counters;
use checked::design::{Design, Serve};
use checked::frame_memory::FrameMemory;
use checked::gate::Gate;
use checked::{GLOBAL_LOCK, SHARDED, SNAPSHOT, WRITER_QUEUES};
use context::Context;
use metrics::ClientLimit;
use settings::{ServerSettings, WhenFull};
use socket::{Network, Received, Socket};

mod socket;
mod stand_ins;

use stand_ins::{
    capacity, client_thread, context, durations, error, linux_net, metrics, nix, settings, sigpipe,
};

#[expect(dead_code, reason = "the models use a part of each file")]
mod checked {
    use super::{
        capacity, client_thread, context, durations, error, linux_net, metrics, nix, settings,
        sigpipe, socket,
    };

    include!(concat!(env!("OUT_DIR"), "/chat_server.rs"));

    pub(super) const GLOBAL_LOCK: design::Design = global_lock::DESIGN;
    pub(super) const SHARDED: design::Design = sharded::DESIGN;
    pub(super) const SNAPSHOT: design::Design = snapshot::DESIGN;
    pub(super) const WRITER_QUEUES: design::Design = writer_queues::DESIGN;
}

pub(crate) const MODELS: &[Model] = &[
    ("global-lock: frames stay whole while clients come and go", || chat(GLOBAL_LOCK, ONE)),
    ("snapshot: frames stay whole while clients come and go", || chat(SNAPSHOT, ONE)),
    ("sharded: frames stay whole while clients come and go", || chat(SHARDED, ONE)),
    ("writer-queues, held senders: frames stay whole", || chat(WRITER_QUEUES, HELD)),
    ("writer-queues, dropped messages: frames stay whole", || chat(WRITER_QUEUES, DROPPED)),
    ("writer-queues, closed clients: frames stay whole", || chat(WRITER_QUEUES, CLOSED)),
    ("global-lock: a stop ends clients that block each other", || stop(GLOBAL_LOCK, ONE)),
    ("snapshot: a stop ends clients that block each other", || stop(SNAPSHOT, ONE)),
    ("sharded: a stop ends clients that block each other", || stop(SHARDED, ONE)),
    ("writer-queues: a stop ends senders that are held", || stop(WRITER_QUEUES, HELD)),
    ("writer-queues: a stop ends writers", || stop(WRITER_QUEUES, CLOSED)),
];

/// What happens when a queue is full; without queues it has no effect.
const ONE: WhenFull = WhenFull::HoldSender;
const HELD: WhenFull = WhenFull::HoldSender;
const DROPPED: WhenFull = WhenFull::DropMessage;
const CLOSED: WhenFull = WhenFull::CloseClient;

const CLIENTS: u64 = 3;
const FRAME: usize = 4;
/// Frames that each client sends.
const FRAMES: u64 = 2;

/// A server without its accept loops.
struct Server {
    context: Arc<Context>,
    clients: Box<dyn Serve>,
    gate: Gate,
    network: Arc<Network>,
}

impl Server {
    fn new(design: Design, when_full: WhenFull, frames_of: fn(u64) -> u64) -> Arc<Self> {
        let context = Arc::new(Context {
            settings: ServerSettings { when_full, ..ServerSettings::default() },
            client_limit: ClientLimit { clients: CLIENTS },
            frame_memory: FrameMemory::new(u64::MAX),
            counters: Counters::default(),
            stopping: AtomicBool::new(false),
            frames_of,
            ended: Mutex::default(),
        });
        let clients = (design.start)(&context).expect("it starts");
        Arc::new(Self { context, clients, gate: Gate::new(false), network: Arc::default() })
    }

    /// As `accept::admit` does.
    fn admit(&self, id: u64, window: usize) {
        let ended = self.context.ended.lock().expect("no panic").clone();
        let socket = Socket::connected(&self.network, id, window, ended);
        self.clients.admit(id, socket).expect("a thread starts");
    }

    /// As `Shared::stop` does.
    fn stop(&self) {
        self.context.stopping.store(true, SeqCst);
        self.gate.stop();
        self.clients.abort_all();
    }

    /// What each connection received, once every thread has ended.
    fn joined(self: Arc<Self>) -> Vec<Received> {
        self.clients.join_all();
        assert_eq!(self.clients.live(), 0);
        self.network.all_closed()
    }
}

/// Clients chat, and one comes when another may have left: it can get its descriptor.
fn chat(design: Design, when_full: WhenFull) {
    let server = Server::new(design, when_full, |_| FRAMES);
    let accepting = Arc::clone(&server);
    let accept_loop = thread::spawn(move || {
        for id in 0..CLIENTS {
            accepting.admit(id, FRAME / 2);
        }
        accepting.admit(CLIENTS, FRAME);
    });
    let network = Arc::clone(&server.network);
    // The clients' kernels take bytes, now and then.
    let readers = thread::spawn(move || network.open_windows());
    accept_loop.join().expect("no panic");
    server.network.end_of_windows();
    readers.join().expect("no panic");
    let counted = Arc::clone(&server);
    let received = server.joined();
    // A client that is closed may have the beginning of a frame.
    let may_close = matches!(when_full, WhenFull::CloseClient);
    let mut whole = 0;
    for Received { client, bytes, ended_before } in received {
        let is_whole = bytes.len() % FRAME == 0;
        assert!(is_whole || may_close, "client {client} has a part of a frame: {bytes:?}");
        for frame in bytes.chunks(FRAME) {
            let sender = (u64::from(frame[0]) - 1) / FRAMES;
            assert!(frame.iter().all(|byte| *byte == frame[0]), "mixed frames: {bytes:?}");
            assert_ne!(sender, client, "its own message");
            assert!(!ended_before.contains(&frame[0]), "a message of before it came: {bytes:?}");
            whole += u64::from(frame.len() == FRAME);
        }
    }
    assert_eq!(
        counted.context.counters.deliveries.load(SeqCst),
        whole,
        "every delivery is counted"
    );
}

/// Clients that never read block those that write to them; more come during the stop.
fn stop(design: Design, when_full: WhenFull) {
    let server = Server::new(design, when_full, |id| id % 2);
    let accepting = Arc::clone(&server);
    let accept_loop = thread::spawn(move || {
        for id in 0..CLIENTS {
            if !accepting.gate.wait_until_resumed() {
                break;
            }
            accepting.admit(id, 1);
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
