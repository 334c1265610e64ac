//! What other threads have for a loop.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use nix::sys::eventfd::{EfdFlags, EventFd};
use socket2::Socket;

use super::batch::Batch;
use crate::timed_mutex::{LockTimes, TimedMutex};

/// Something for a loop.
#[derive(Debug)]
pub(crate) enum Item {
    /// A client that it is to serve.
    Client(Socket),
    /// What another loop has read.
    Batch(Arc<Batch>),
}

/// What other threads have for a loop, in the order in which it came. It wakes the loop only
/// if it sleeps.
#[derive(Debug)]
pub(crate) struct Inbox {
    state: TimedMutex<State>,
    /// The loop must look at what does not come as an item.
    called: AtomicBool,
    /// Readable, in the sense of an edge, when the loop must wake up.
    wake: EventFd,
}

#[derive(Debug, Default)]
struct State {
    items: Vec<Item>,
    /// Bytes of batches that the loop has not passed to its clients yet.
    bytes: u64,
    /// These bytes are more than may wait: it is one of those that hold the reading.
    holds: bool,
    /// The loop waits for `wake`.
    asleep: bool,
}

impl Inbox {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self {
            state: TimedMutex::default(),
            called: AtomicBool::new(false),
            wake: EventFd::from_flags(flags)?,
        })
    }

    /// What becomes readable when the loop must wake up; it need not be read.
    pub(crate) fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    pub(crate) fn post(&self, item: Item) {
        self.change(|state| state.items.push(item));
    }

    /// Posts what another loop has read. If more than `most` bytes then wait, `holding` counts
    /// this inbox until they are [done](Self::done): a loop that does not get the CPU would
    /// otherwise let all that is read meanwhile wait in memory.
    pub(crate) fn post_batch(&self, batch: Arc<Batch>, most: u64, holding: &AtomicU64) {
        self.change(|state| {
            state.bytes += batch.bytes().len() as u64;
            state.items.push(Item::Batch(batch));
            if state.bytes > most && !std::mem::replace(&mut state.holds, true) {
                holding.fetch_add(1, SeqCst);
            }
        });
    }

    /// Takes note that as many bytes of batches do not wait here any more. Whether `holding`
    /// was this inbox only.
    pub(crate) fn done(&self, bytes: u64, most: u64, holding: &AtomicU64) -> bool {
        let mut state = self.state.lock();
        state.bytes -= bytes;
        let releases = state.bytes <= most && std::mem::take(&mut state.holds);
        releases && holding.fetch_sub(1, SeqCst) == 1
    }

    /// Lets the loop look at what does not come as an item, and has been changed before.
    pub(crate) fn call(&self) {
        self.called.store(true, SeqCst);
        self.change(|_| {});
    }

    /// The loop looks now at what does not come as an item.
    pub(crate) fn answer(&self) {
        self.called.store(false, SeqCst);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        change(&mut state);
        let was_asleep = std::mem::take(&mut state.asleep);
        drop(state);
        if was_asleep {
            // It fails only after 2^64 of them.
            let _ = self.wake.write(1);
        }
    }

    /// Whether the loop may sleep; from now on it is woken.
    pub(crate) fn try_sleep(&self) -> bool {
        let mut state = self.state.lock();
        state.asleep = state.items.is_empty() && !self.called.load(SeqCst);
        state.asleep
    }

    /// Moves everything to the end of `items`, and the loop is awake.
    pub(crate) fn take(&self, items: &mut Vec<Item>) {
        let mut state = self.state.lock();
        state.asleep = false;
        items.append(&mut state.items);
    }

    pub(crate) fn add_times_to(&self, sum: &mut LockTimes) {
        self.state.add_times_to(sum);
    }
}

#[cfg(test)]
mod tests {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    /// Whether the loop was woken since the last time.
    fn is_woken(inbox: &Inbox) -> bool {
        let mut wake = [PollFd::new(inbox.wake(), PollFlags::POLLIN)];
        let woken = poll(&mut wake, PollTimeout::ZERO).expect("it is open") > 0;
        if woken {
            inbox.wake.read().expect("it is readable");
        }
        woken
    }

    fn batch() -> Item {
        Item::Batch(Arc::new(Batch::new(b"frame".to_vec(), vec![5], None)))
    }

    #[test]
    fn a_loop_is_woken_once_and_only_if_it_sleeps() {
        let inbox = Inbox::new().expect("there are descriptors");
        let mut items = Vec::new();
        inbox.post(batch());
        assert!(!is_woken(&inbox), "it is awake");
        assert!(!inbox.try_sleep(), "there is something for it");
        inbox.take(&mut items);
        assert!(items.len() == 1 && inbox.try_sleep());
        inbox.post(batch());
        assert!(is_woken(&inbox));
        inbox.post(batch());
        assert!(!is_woken(&inbox), "it will look");
        inbox.take(&mut items);
        assert_eq!(items.len(), 3);
    }

    #[test]
    fn more_bytes_than_may_wait_hold_the_reading_until_they_are_done() {
        let inbox = Inbox::new().expect("there are descriptors");
        let holding = AtomicU64::new(0);
        let post = || {
            let batch = Batch::new(b"frame".to_vec(), vec![5], None);
            inbox.post_batch(Arc::new(batch), 9, &holding);
            holding.load(SeqCst)
        };
        assert_eq!([post(), post(), post()], [0, 1, 1]);
        inbox.take(&mut Vec::new());
        assert_eq!(holding.load(SeqCst), 1, "they are taken, and not done");
        assert!(!inbox.done(5, 9, &holding), "ten still wait");
        assert!(inbox.done(5, 9, &holding));
        assert_eq!(holding.load(SeqCst), 0);
        assert!(!inbox.done(5, 9, &holding), "it did not hold");
        holding.fetch_add(1, SeqCst);
        assert_eq!([post(), post()], [1, 2]);
        assert!(!inbox.done(10, 9, &holding), "another one holds");
        assert_eq!(holding.load(SeqCst), 1);
    }

    #[test]
    fn a_loop_does_not_sleep_before_it_has_looked_at_what_it_was_called_for() {
        let inbox = Inbox::new().expect("there are descriptors");
        assert!(inbox.try_sleep());
        inbox.call();
        assert!(is_woken(&inbox) && !inbox.try_sleep());
        inbox.take(&mut Vec::new());
        assert!(!inbox.try_sleep(), "it has not looked");
        inbox.answer();
        assert!(inbox.try_sleep());
    }
}
