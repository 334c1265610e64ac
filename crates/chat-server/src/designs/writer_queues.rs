//! Each client has a bounded queue of messages, and a thread of its own that writes them: a
//! client that does not read blocks only that thread, until its queue is full.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex};

use linux_net::PlainThread;
use worker::metrics::ClosedBecause;

use crate::client::{Client, ClientId, Message};
use crate::context::Context;
use crate::counters::Counters;
use crate::design::{Design, every_machine};
use crate::lock::lock;
use crate::outgoing_queue::{Added, Frame, OutgoingQueue};
use crate::settings::WhenFull;
use crate::thread_per_client::{Broadcaster, Hub, ThreadPerClient};
use crate::timed_mutex::{LockSummaries, LockTimes, TimedMutex};

pub(super) const DESIGN: Design = Design {
    name: "writer-queues",
    summary: "each client has a bounded queue, and a thread that writes what waits in one call",
    removes: "A sender makes no write: it puts a message into all queues under the lock, and the \
              messages that wait for a client are written together.",
    costs: "Each client has a second thread, which is woken for each message if few come, and the \
            messages that wait use memory.",
    queues: true,
    threads_per_client: 2,
    shared_threads: || 0,
    check_machine: every_machine,
    start: |context| Ok(ThreadPerClient::serve(context, WriterQueues::new(context))),
};

/// Frames of one write, at most: IOV_MAX.
const MOST_FRAMES: usize = 1024;

/// A writer's stack, at most, bytes.
const WRITER_STACK: u64 = 64 * 1024;

#[derive(Debug)]
struct WriterQueues {
    context: Arc<Context>,
    writers: TimedMutex<Vec<Arc<Writer>>>,
}

impl WriterQueues {
    fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context), writers: TimedMutex::default() }
    }
}

impl Hub for WriterQueues {
    fn add(&self, client: &Arc<Client>) -> io::Result<()> {
        let Context { settings, frame_memory, .. } = &*self.context;
        let queue = OutgoingQueue::new(settings.client_queue, frame_memory.share());
        let client = Arc::clone(client);
        let writer = Writer { client, queue, thread: Mutex::default() };
        self.writers.lock().push(Arc::new(writer));
        Ok(())
    }

    fn remove(&self, id: ClientId) {
        let removed = {
            let mut writers = self.writers.lock();
            let place = writers.iter().position(|writer| writer.client.id() == id);
            place.map(|place| writers.remove(place))
        };
        if let Some(writer) = removed {
            writer.queue.close();
            let thread = std::mem::replace(&mut *lock(&writer.thread), WriterThread::Ended);
            if let WriterThread::Running(thread) = thread {
                thread.join();
            }
        }
    }

    fn broadcaster(&self) -> Box<dyn Broadcaster + '_> {
        Box::new(Queueing { hub: self, to_wake: Vec::new(), without_room: Vec::new() })
    }

    fn lock_times(&self) -> LockSummaries {
        let mut times = LockTimes::default();
        self.writers.add_times_to(&mut times);
        times.summaries()
    }
}

/// A client with its queue, and the thread that writes to it.
#[derive(Debug)]
struct Writer {
    client: Arc<Client>,
    queue: OutgoingQueue,
    thread: Mutex<WriterThread>,
}

/// The thread of a writer.
#[derive(Debug, Default)]
enum WriterThread {
    /// It starts with the first message for its client: many clients leave before one comes.
    #[default]
    NotStarted,
    Running(PlainThread),
    /// It has been joined, or could not start.
    Ended,
}

impl Writer {
    /// Lets its thread write what waits. Without a thread for it, the client is closed.
    fn wake(self: &Arc<Self>, context: &Arc<Context>) {
        let mut thread = lock(&self.thread);
        match *thread {
            WriterThread::Running(_) => {
                drop(thread);
                self.queue.wake_writer();
            }
            WriterThread::NotStarted => match self.start(context) {
                Ok(started) => *thread = WriterThread::Running(started),
                Err(_) => {
                    *thread = WriterThread::Ended;
                    drop(thread);
                    self.client.close(ClosedBecause::NoThread, &context.counters);
                    self.queue.discard();
                }
            },
            WriterThread::Ended => {}
        }
    }

    fn start(self: &Arc<Self>, context: &Arc<Context>) -> io::Result<PlainThread> {
        let stack = context.settings.thread_stack.min(WRITER_STACK) as usize;
        let (context, own) = (Arc::clone(context), Arc::clone(self));
        PlainThread::spawn(stack, move || {
            // Only for those who look at the threads.
            let _ = nix::sys::prctl::set_name(c"writer");
            own.run(&context.counters);
        })
    }

    /// Writes what comes into the queue until it is closed and empty, or the client dead.
    fn run(&self, counters: &Counters) {
        let mut batch = VecDeque::new();
        while self.queue.take(&mut batch) {
            if !self.write(&mut batch, counters) {
                self.queue.discard();
                return;
            }
        }
    }

    /// Writes all frames, and makes room in the queue for each; false if the client is dead.
    fn write(&self, batch: &mut VecDeque<Frame>, counters: &Counters) -> bool {
        let mut turn = self.client.turn(counters);
        // Bytes of the first frame that are written.
        let mut written = 0;
        while !batch.is_empty() {
            let mut pieces: Vec<_> =
                batch.iter().take(MOST_FRAMES).map(|frame| IoSlice::new(frame)).collect();
            pieces[0].advance(written);
            let Some(taken) = turn.write(&pieces) else {
                return false;
            };
            written += taken;
            let (mut complete, mut bytes) = (0, 0);
            while let Some(frame) = batch.pop_front_if(|frame| written >= frame.len()) {
                written -= frame.len();
                complete += 1;
                bytes += frame.len() as u64;
            }
            if complete > 0 {
                self.queue.release(complete, bytes);
                Counters::add(&counters.deliveries, complete);
            }
        }
        true
    }
}

/// Puts the messages of one client's thread into all queues. What it keeps between two messages
/// is only capacity: a client that has left is not kept open.
struct Queueing<'a> {
    hub: &'a WriterQueues,
    to_wake: Vec<Arc<Writer>>,
    without_room: Vec<Arc<Writer>>,
}

impl Broadcaster for Queueing<'_> {
    fn broadcast(&mut self, message: &Message<'_>) {
        let frame = Frame::from(message.frame);
        let WriterQueues { context, writers } = self.hub;
        let writers = writers.lock_for_message();
        for writer in writers.iter().filter(|writer| message.is_for(&writer.client)) {
            match writer.queue.add(&frame) {
                Added::Waits { wakes: true } => self.to_wake.push(Arc::clone(writer)),
                Added::Waits { wakes: false } | Added::Closed => {}
                Added::Full | Added::NoMemory => self.without_room.push(Arc::clone(writer)),
            }
        }
        drop(writers);
        // Without the lock: each is a system call.
        self.to_wake.drain(..).for_each(|writer| writer.wake(context));
        for writer in self.without_room.drain(..) {
            writer.has_no_room(&frame, context);
        }
    }
}

impl Writer {
    /// Does what the settings say about a frame for which there was no room.
    fn has_no_room(self: &Arc<Self>, frame: &Frame, context: &Arc<Context>) {
        let counters = &context.counters;
        match context.settings.when_full {
            WhenFull::HoldSender => match self.queue.add_when_room(frame) {
                Added::Waits { wakes: true } => self.wake(context),
                Added::NoMemory => self.client.close(ClosedBecause::NoMemory, counters),
                Added::Waits { wakes: false } | Added::Full | Added::Closed => {}
            },
            WhenFull::DropMessage => Counters::add(&counters.dropped, 1),
            WhenFull::CloseClient => self.client.close(ClosedBecause::QueueFull, counters),
        }
    }
}
