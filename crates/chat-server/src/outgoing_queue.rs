//! The messages that wait for one client, until its thread writes them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::capacity::COMMON_QUEUE;
use crate::frame_memory::Share;
use crate::lock::lock;

/// A message's header and body, which the queues of all clients share.
pub(crate) type Frame = Arc<[u8]>;

/// What a message uses of `client_queue` besides its bytes: its place, in a buffer that doubles.
pub const PLACE_IN_QUEUE: u64 = 2 * size_of::<Frame>() as u64;

/// The steps in which the memory of a queue grows, bytes.
const MEMORY_STEP: u64 = 16 * 1024;

/// A bounded queue, from which one thread takes frames: the writer.
#[derive(Debug)]
pub(crate) struct OutgoingQueue {
    state: Mutex<State>,
    /// For the writer: there is a frame, or no more will come.
    filled: Condvar,
    /// For senders: there is more room, or the queue is closed.
    has_room: Condvar,
}

#[derive(Debug)]
struct State {
    frames: VecDeque<Frame>,
    /// What `frames` and the frames that the writer has taken use, bytes.
    used: u64,
    /// The most that may be used, unless it is by one frame.
    limit: u64,
    memory: Share,
    /// Nothing more comes in.
    is_closed: bool,
    /// The writer waits, or has not started, and no one has woken or started it yet.
    writer_sleeps: bool,
    waiting_senders: u32,
}

/// What has become of a frame that was to wait in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It waits. If `wakes`, the caller starts the writer or calls
    /// [`OutgoingQueue::wake_writer`] next, before it waits for anything.
    Waits { wakes: bool },
    /// There is no room for it.
    Full,
    /// There is no memory for it, and waiting would not help.
    NoMemory,
    /// The client leaves.
    Closed,
}

impl OutgoingQueue {
    /// An empty queue for `limit` bytes of frames, each with some more for its place, whose
    /// memory above the usual is of `memory`.
    pub(crate) fn new(limit: u64, memory: Share) -> Self {
        let state = State {
            frames: VecDeque::new(),
            used: 0,
            limit,
            memory,
            is_closed: false,
            writer_sleeps: true,
            waiting_senders: 0,
        };
        Self { state: Mutex::new(state), filled: Condvar::new(), has_room: Condvar::new() }
    }

    /// Adds a frame, unless there is no room. Waits for nothing.
    pub(crate) fn add(&self, frame: &Frame) -> Added {
        lock(&self.state).add(frame)
    }

    /// As [`add`](Self::add), but waits until there is room.
    pub(crate) fn add_when_room(&self, frame: &Frame) -> Added {
        let mut state = lock(&self.state);
        loop {
            match state.add(frame) {
                Added::Full => {
                    state.waiting_senders += 1;
                    state = self.has_room.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.waiting_senders -= 1;
                }
                added => return added,
            }
        }
    }

    pub(crate) fn wake_writer(&self) {
        self.filled.notify_one();
    }

    /// Moves all frames into `batch`, which is empty. Waits for one; false if no more comes.
    pub(crate) fn take(&self, batch: &mut VecDeque<Frame>) -> bool {
        let mut state = lock(&self.state);
        while state.frames.is_empty() && !state.is_closed {
            state.shrink(batch);
            state.writer_sleeps = true;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.writer_sleeps = false;
        std::mem::swap(&mut state.frames, batch);
        !batch.is_empty()
    }

    /// Makes room: the frames, of `bytes` in total, are written.
    pub(crate) fn release(&self, frames: u64, bytes: u64) {
        let mut state = lock(&self.state);
        state.used -= bytes + frames * PLACE_IN_QUEUE;
        if state.waiting_senders > 0 {
            self.has_room.notify_all();
        }
    }

    /// Lets nothing more in: the writer ends when it has written what waits.
    pub(crate) fn close(&self) {
        lock(&self.state).is_closed = true;
        self.filled.notify_one();
        self.has_room.notify_all();
    }

    /// Drops what waits, and lets nothing more in.
    pub(crate) fn discard(&self) {
        let mut state = lock(&self.state);
        let dropped = std::mem::take(&mut state.frames);
        state.is_closed = true;
        drop(state);
        self.has_room.notify_all();
        drop(dropped);
    }
}

impl State {
    fn add(&mut self, frame: &Frame) -> Added {
        if self.is_closed {
            return Added::Closed;
        }
        let used = self.used + frame.len() as u64 + PLACE_IN_QUEUE;
        if self.used > 0 && used > self.limit {
            return Added::Full;
        }
        let shared = used.saturating_sub(COMMON_QUEUE).next_multiple_of(MEMORY_STEP);
        if !self.memory.grow_to(shared) {
            return if self.used > 0 { Added::Full } else { Added::NoMemory };
        }
        self.used = used;
        self.frames.push_back(Arc::clone(frame));
        Added::Waits { wakes: std::mem::take(&mut self.writer_sleeps) }
    }

    /// Gives back the memory of many frames, now that there are none.
    fn shrink(&mut self, batch: &mut VecDeque<Frame>) {
        debug_assert!(self.used == 0 && batch.is_empty(), "the writer has written all");
        for frames in [&mut self.frames, batch] {
            if frames.capacity() as u64 * PLACE_IN_QUEUE > COMMON_QUEUE / 2 {
                *frames = VecDeque::new();
            }
        }
        drop(self.memory.take());
    }
}
