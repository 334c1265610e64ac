//! Threads that need nothing more once they have started.
#![expect(unsafe_code, reason = "std has no thread without a signal stack")]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{io, ptr};

/// A thread that everything it needs has been allocated for before it runs.
///
/// A thread of `std` maps its signal stack itself, and the process aborts if that fails: at
/// vm.max_map_count, RLIMIT_AS or RLIMIT_DATA. Here only [`PlainThread::spawn`] can fail, in
/// the thread that calls it. Without a signal stack of its own, a thread that overflows its
/// stack ends the process with SIGSEGV, as with `std`, but without a message.
#[derive(Debug)]
pub struct PlainThread {
    /// `None` once it has been joined.
    id: Option<libc::pthread_t>,
}

/// What a thread runs.
type Body = Box<dyn FnOnce() + Send>;

impl PlainThread {
    /// Memory mappings of a thread: its stack and the stack's guard.
    pub const MAPPINGS: u64 = 2;

    /// Runs `body` in a thread with a stack of `stack_size` bytes. A panic ends only this
    /// thread.
    ///
    /// # Errors
    /// Those of pthread_create(3): EAGAIN without memory or at a limit, EINVAL for a stack
    /// that is too small.
    pub fn spawn(stack_size: usize, body: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let body: Box<Body> = Box::new(Box::new(body));
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: it initializes the attributes.
        check(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
        let mut id = MaybeUninit::uninit();
        let body = Box::into_raw(body);
        // SAFETY: the attributes are initialized, and destroyed only here. `run` owns the body
        // if it is called, which is exactly if pthread_create succeeds.
        let created = unsafe {
            let created = check(libc::pthread_attr_setstacksize(
                attributes.as_mut_ptr(),
                stack_size.next_multiple_of(4096),
            ))
            .and_then(|()| {
                check(libc::pthread_create(id.as_mut_ptr(), attributes.as_ptr(), run, body.cast()))
            });
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            created
        };
        match created {
            // SAFETY: pthread_create has succeeded and set it.
            Ok(()) => Ok(Self { id: Some(unsafe { id.assume_init() }) }),
            Err(error) => {
                // SAFETY: no thread was created, so it is still owned here.
                drop(unsafe { Box::from_raw(body) });
                Err(error)
            }
        }
    }

    /// Waits until it has ended. Its stack is then free for the next thread.
    pub fn join(mut self) {
        if let Some(id) = self.id.take() {
            // SAFETY: it was created, and neither joined nor detached. A thread that joins
            // itself gets EDEADLK.
            unsafe { libc::pthread_join(id, ptr::null_mut()) };
        }
    }
}

impl Drop for PlainThread {
    /// Without a join, its stack is freed when it ends.
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            // SAFETY: it was created, and neither joined nor detached.
            unsafe { libc::pthread_detach(id) };
        }
    }
}

extern "C" fn run(body: *mut c_void) -> *mut c_void {
    // SAFETY: it is the pointer that `spawn` made with `Box::into_raw`, and used once.
    let body = unsafe { Box::from_raw(body.cast::<Body>()) };
    // An error is a panic, which has already been printed.
    let _ = catch_unwind(AssertUnwindSafe(body));
    ptr::null_mut()
}

/// The result of a pthread function, which returns the errno.
fn check(errno: libc::c_int) -> io::Result<()> {
    match errno {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn it_runs_its_body_and_can_be_joined() {
        let (sends, receives) = mpsc::channel();
        let thread = PlainThread::spawn(65_536, move || sends.send(7).unwrap()).unwrap();
        thread.join();
        assert_eq!(receives.try_recv(), Ok(7), "a join waits");
    }

    #[test]
    fn a_panic_ends_only_the_thread() {
        let (sends, receives) = mpsc::channel::<()>();
        let thread = PlainThread::spawn(65_536, move || {
            let _sends = sends;
            panic!("as this test expects");
        });
        thread.unwrap().join();
        assert_eq!(receives.recv(), Err(mpsc::RecvError), "what it owned was dropped");
    }

    #[test]
    fn a_thread_that_cannot_be_created_is_an_error_and_drops_its_body() {
        for (stack_size, errno) in [(1 << 47, libc::EAGAIN), (1, libc::EINVAL)] {
            let (sends, receives) = mpsc::channel::<()>();
            let error = PlainThread::spawn(stack_size, move || drop(sends)).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(errno), "{stack_size}");
            assert_eq!(receives.recv(), Err(mpsc::RecvError));
        }
    }

    #[test]
    fn it_has_the_mappings_that_are_stated() {
        let mappings = || std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
        const THREADS: usize = 200;
        let before = mappings();
        let (sends, receives) = mpsc::channel::<()>();
        let receives = std::sync::Arc::new(std::sync::Mutex::new(receives));
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let receives = std::sync::Arc::clone(&receives);
                let wait = move || {
                    let _ = receives.lock().unwrap().recv();
                };
                PlainThread::spawn(65_536, wait).unwrap()
            })
            .collect();
        let grown = mappings() - before;
        drop(sends);
        threads.into_iter().for_each(PlainThread::join);
        // Other tests of this process start threads too.
        let most = THREADS * PlainThread::MAPPINGS as usize + THREADS / 2;
        assert!((THREADS..most).contains(&grown), "{grown}");
    }
}
