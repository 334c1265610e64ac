//! Threads that may wait for a disk, a limited number at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Threads that may wait for a disk, a limited number at a time.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    free: Arc<Semaphore>,
}

impl Workers {
    pub(crate) fn new(count: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count)) }
    }

    /// Runs `work` on a thread as soon as one is free. If the client goes away before, it is
    /// never started; if it does so later, the thread is still taken until the work ends.
    pub(crate) async fn run<A: Send + 'static>(
        &self,
        work: impl FnOnce() -> A + Send + 'static,
    ) -> A {
        let free = Arc::clone(&self.free);
        let permit = free.acquire_owned().await.expect("the semaphore is never closed");
        let work = move || {
            let done = work();
            drop(permit);
            done
        };
        tokio::task::spawn_blocking(work).await.expect("a panic anywhere ends the process")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Starts `clients` that each want `work` done, and forgets them if `leave`.
    async fn start(workers: &Workers, clients: usize, leave: bool, work: fn() -> usize) -> usize {
        let tasks: Vec<_> = (0..clients)
            .map(|_| {
                let workers = workers.clone();
                tokio::spawn(async move { workers.run(work).await })
            })
            .collect();
        let mut most = 0;
        for task in tasks {
            if leave {
                task.abort();
            } else {
                most = most.max(task.await.unwrap());
            }
        }
        most
    }

    #[tokio::test]
    async fn no_more_work_is_done_at_a_time_than_there_are_workers() {
        static NOW: AtomicUsize = AtomicUsize::new(0);
        let work = || {
            let now = NOW.fetch_add(1, Ordering::SeqCst) + 1;
            std::thread::yield_now();
            NOW.fetch_sub(1, Ordering::SeqCst);
            now
        };
        let workers = Workers::new(1);
        assert_eq!(start(&workers, 100, false, work).await, 1);
        // Clients that go away leave no work that is done beside that of others.
        start(&workers, 100, true, work).await;
        assert_eq!(start(&workers, 100, false, work).await, 1);
    }
}
