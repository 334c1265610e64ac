//! Threads that read what arrives at the clients of a chat.

use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use socket2::Socket;
use worker::SettingProblem;

use crate::dialogue::Dialogue;
use crate::receiver_part::{READ_AT_ONCE, ReceiverPart, StreamEnd};
use crate::receivers::Receivers;
use crate::settings::LoadSettings;

/// The most threads that read.
const MAX_THREADS: u32 = 64;

/// Threads of a load that has nothing for them to do.
pub(crate) fn check_threads(settings: &LoadSettings) -> Option<SettingProblem> {
    let LoadSettings { threads, messages, .. } = *settings;
    let reason = if !(1..=MAX_THREADS).contains(&threads) {
        format!("{threads} threads: use 1 to {MAX_THREADS}")
    } else if threads == 1 {
        return None;
    } else if settings.dialogue != Dialogue::Chat {
        format!("{threads} threads read the messages of a chat: use dialogue chat, or 1")
    } else if messages == 0 {
        format!("{threads} threads read messages, and no client sends one: use 1")
    } else if settings.is_closed_loop() {
        format!(
            "{threads} threads read what many clients receive at once, and with this pattern each \
             leaves before others start: use 1"
        )
    } else {
        return None;
    };
    Some(SettingProblem { field: "threads", reason })
}

/// The epoll data of the event that ends a thread.
const STOP: u64 = u64::MAX;

/// One thread for each part of the clients. It only reads: what follows from a stream's end is
/// decided by the load's own thread, which learns of it by [`ReadingThreads::next_end`].
#[derive(Debug)]
pub(crate) struct ReadingThreads {
    threads: Vec<ReadingThread>,
    /// Readable if a stream has ended, or everything may have arrived.
    wake: Arc<EventFd>,
    stop: EventFd,
    ends: Receiver<(usize, StreamEnd)>,
}

#[derive(Debug)]
struct ReadingThread {
    part: Arc<Mutex<ReceiverPart>>,
    epoll: Arc<Epoll>,
    /// `None` once it has been joined.
    handle: Option<JoinHandle<Option<f64>>>,
    /// The time for which it waited for a CPU, seconds; known once it has been joined, if the
    /// kernel counts it.
    run_delay_seconds: Option<f64>,
}

/// What a thread uses.
struct Reading {
    part: Arc<Mutex<ReceiverPart>>,
    epoll: Arc<Epoll>,
    wake: Arc<EventFd>,
    ends: Sender<(usize, StreamEnd)>,
}

impl ReadingThreads {
    /// Starts the threads, which have no clients yet.
    ///
    /// # Errors
    /// If the kernel creates no descriptor (EMFILE, ENFILE, ENOMEM) or no thread (EAGAIN).
    pub(crate) fn start(receivers: &Receivers) -> io::Result<Self> {
        let event = || EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK);
        let (sender, ends) = mpsc::channel();
        let (wake, stop) = (Arc::new(event()?), event()?);
        let mut started = Self { threads: Vec::new(), wake, stop, ends };
        for part in receivers.parts() {
            let epoll = Arc::new(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?);
            epoll.add(&started.stop, EpollEvent::new(EpollFlags::EPOLLIN, STOP))?;
            let reading = Reading {
                part: Arc::clone(part),
                epoll: Arc::clone(&epoll),
                wake: Arc::clone(&started.wake),
                ends: sender.clone(),
            };
            let handle =
                std::thread::Builder::new().name("read".to_owned()).spawn(|| reading.run())?;
            let part = Arc::clone(part);
            let handle = Some(handle);
            started.threads.push(ReadingThread { part, epoll, handle, run_delay_seconds: None });
        }
        Ok(started)
    }

    /// Readable when [`Self::next_end`] may have something new, or everything may have arrived.
    pub(crate) fn fd(&self) -> impl AsFd + '_ {
        self.wake.as_fd()
    }

    /// Clears the pending wake-ups; call it before [`Self::next_end`].
    pub(crate) fn clear_wake(&self) {
        let _ = self.wake.read();
    }

    /// The next client whose stream has ended, and how. The client may have left meanwhile.
    pub(crate) fn next_end(&self) -> Option<(usize, StreamEnd)> {
        self.ends.try_recv().ok()
    }

    /// Lets a thread read for a client, until its stream ends or its socket is closed.
    ///
    /// # Errors
    /// If epoll cannot watch one more socket (ENOMEM, ENOSPC).
    pub(crate) fn add(&self, client: usize, socket: &Arc<Socket>) -> nix::Result<()> {
        let thread = &self.threads[client % self.threads.len()];
        lock(&thread.part).receiver(client).socket = Some(Arc::clone(socket));
        thread.epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, client as u64))
    }

    /// The times for which the threads, which have ended, waited for a CPU, seconds; `None` if the
    /// kernel does not count it.
    pub(crate) fn run_delays(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        self.threads.iter().map(|thread| thread.run_delay_seconds)
    }

    /// Ends the threads. After that, nothing is read.
    pub(crate) fn stop(&mut self) {
        // EAGAIN: it has been written to before.
        let _ = self.stop.write(1);
        for thread in &mut self.threads {
            if let Some(handle) = thread.handle.take() {
                let ended = handle.join();
                assert!(ended.is_ok() || std::thread::panicking(), "a thread that reads panicked");
                thread.run_delay_seconds = ended.unwrap_or_default();
            }
        }
    }
}

impl Drop for ReadingThreads {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Reading {
    /// Reads until it is to stop. The time for which it waited for a CPU, seconds; `None` if the
    /// kernel does not count it.
    fn run(self) -> Option<f64> {
        let mut buffer = vec![0; READ_AT_ONCE];
        let mut events = vec![EpollEvent::empty(); 256];
        loop {
            let ready = match self.epoll.wait(&mut events, EpollTimeout::NONE) {
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                Err(error) => panic!("wait for events: {error}"),
            };
            for event in &events[..ready] {
                if event.data() == STOP {
                    return linux_net::run_delay_seconds();
                }
                self.read(event.data() as usize, &mut buffer);
            }
        }
    }

    /// Reads one buffer of what has arrived at a client, unless it has left.
    fn read(&self, client: usize, buffer: &mut [u8]) {
        let mut part = lock(&self.part);
        let Some(socket) = part.receiver(client).socket.clone() else {
            return; // An event of the same batch, from before it left.
        };
        match part.read(client, &socket, buffer) {
            Ok(false) => return,
            Ok(true) => {}
            Err(end) => {
                // Otherwise epoll would report it again.
                part.receiver(client).socket = None;
                self.epoll.delete(&socket).expect("it is watched until here");
                // It is received until the threads have ended.
                let _ = self.ends.send((client, end));
            }
        }
        // EAGAIN: 2^64 - 2 wake-ups are already pending.
        let _ = self.wake.write(1);
    }
}

fn lock(part: &Mutex<ReceiverPart>) -> MutexGuard<'_, ReceiverPart> {
    part.lock().expect("no thread that locks it has panicked")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::{ConnectPattern, Leave};

    #[test]
    fn threads_need_a_chat_of_clients_that_are_there_at_once() {
        type Change = fn(&mut LoadSettings);
        let problem = |threads: u32, change: Change| {
            let mut settings = LoadSettings { threads, ..LoadSettings::default() };
            change(&mut settings);
            check_threads(&settings).map(|problem| problem.reason)
        };
        for threads in [1, 2, 64] {
            assert_eq!(problem(threads, |_| {}), None);
        }
        assert_eq!(problem(0, |_| {}).as_deref(), Some("0 threads: use 1 to 64"));
        assert_eq!(problem(65, |_| {}).as_deref(), Some("65 threads: use 1 to 64"));
        let changes: [(Change, &str); 3] = [
            (|settings| settings.dialogue = Dialogue::None, "use dialogue chat, or 1"),
            (|settings| settings.messages = 0, "no client sends one: use 1"),
            (
                |settings| {
                    settings.pattern = ConnectPattern::OneByOne;
                    settings.leave = Leave::AfterSending;
                },
                "each leaves before others start: use 1",
            ),
        ];
        for (change, expected) in changes {
            assert_eq!(problem(1, change), None);
            let reason = problem(2, change).expect("a problem");
            assert!(reason.ends_with(expected), "{reason}");
        }
        let few = |settings: &mut LoadSettings| {
            (settings.pattern, settings.clients) = (ConnectPattern::OneByOne, 1);
            settings.interval = Duration::ZERO;
        };
        assert_eq!(problem(2, few), None, "one client is no closed loop");
    }
}
