//! What the threads of a server share.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};

use socket2::Socket;

use super::batch::Batch;
use super::inbox::{Inbox, Item};
use crate::timed_mutex::{LockSummaries, LockTimes};

#[derive(Debug)]
pub(crate) struct Hub {
    /// One for each thread, with the number of its clients.
    loops: Vec<(Inbox, AtomicU64)>,
    /// Clients that have not left.
    pub(crate) live: AtomicU64,
    /// The most at the same time.
    pub(crate) most: AtomicU64,
    /// Clients and inboxes for which more waits than may: nothing is read while there is one.
    holding: AtomicU64,
    /// All clients are to be aborted, now and when they come.
    aborted: AtomicBool,
    /// No client will come, and every thread is to end.
    ended: AtomicBool,
}

impl Hub {
    /// # Errors
    /// If there is no descriptor left.
    pub(crate) fn new(count: usize) -> io::Result<Self> {
        let loops = (0..count).map(|_| Ok((Inbox::new()?, AtomicU64::new(0))));
        Ok(Self {
            loops: loops.collect::<io::Result<_>>()?,
            live: AtomicU64::new(0),
            most: AtomicU64::new(0),
            holding: AtomicU64::new(0),
            aborted: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        })
    }

    pub(crate) fn inbox(&self, index: usize) -> &Inbox {
        &self.loops[index].0
    }

    /// Reserves a place for a client; false if as many as allowed are served.
    pub(crate) fn reserve(&self, limit: u64) -> bool {
        let one_more = |live| (live < limit).then_some(live + 1);
        let reserved = self.live.fetch_update(Relaxed, Relaxed, one_more);
        if let Ok(before) = reserved {
            self.most.fetch_max(before + 1, Relaxed);
        }
        reserved.is_ok()
    }

    /// Gives a client, for which there is a place, to the thread with the fewest.
    pub(crate) fn admit(&self, socket: Socket) {
        let fewest = self.loops.iter().min_by_key(|(_, clients)| clients.load(Relaxed));
        let (inbox, clients) = fewest.expect("there is a thread");
        clients.fetch_add(1, Relaxed);
        inbox.post(Item::Client(socket));
    }

    /// Gives back the places of clients of a thread whose sockets are closed.
    pub(crate) fn leave(&self, index: usize, count: u64) {
        if count == 0 {
            return;
        }
        self.loops[index].1.fetch_sub(count, Relaxed);
        self.live.fetch_sub(count, Relaxed);
    }

    /// Passes on what the thread `from` has read. For another thread, `most` bytes may wait.
    pub(crate) fn pass_on(&self, from: usize, batch: &Arc<Batch>, most: u64) {
        for (index, (inbox, _)) in self.loops.iter().enumerate() {
            if index != from {
                inbox.post_batch(Arc::clone(batch), most, &self.holding);
            }
        }
    }

    /// Takes note that the thread has passed so many bytes of others to its clients.
    pub(crate) fn passed(&self, index: usize, bytes: u64, most: u64) {
        if bytes > 0 && self.inbox(index).done(bytes, most, &self.holding) {
            self.call_all();
        }
    }

    /// Whether any client or thread has more waiting than may.
    pub(crate) fn is_held(&self) -> bool {
        self.holding.load(SeqCst) > 0
    }

    /// Changes how many clients of a thread have more waiting than may.
    pub(crate) fn change_holding(&self, before: u64, now: u64) {
        if now > before {
            self.holding.fetch_add(now - before, SeqCst);
        } else if before > now && self.holding.fetch_sub(before - now, SeqCst) == before - now {
            self.call_all();
        }
    }

    /// Lets every thread abort its clients, also those that come later.
    pub(crate) fn abort(&self) {
        self.aborted.store(true, SeqCst);
        self.call_all();
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(SeqCst)
    }

    /// Lets every thread end; no client comes any more, and all are aborted.
    pub(crate) fn end(&self) {
        self.ended.store(true, SeqCst);
        self.call_all();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(SeqCst)
    }

    fn call_all(&self) {
        self.loops.iter().for_each(|(inbox, _)| inbox.call());
    }

    pub(crate) fn lock_times(&self) -> LockSummaries {
        let mut times = LockTimes::default();
        self.loops.iter().for_each(|(inbox, _)| inbox.add_times_to(&mut times));
        times.summaries()
    }
}
