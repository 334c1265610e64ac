//! Small chat servers to hold the load generator against, written with
//! threads and nothing of the lab's own server.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use chat_protocol::Framing;
use nix::libc::{MSG_DONTWAIT, MSG_NOSIGNAL};
use socket2::SockRef;

/// A message on its way to one receiver.
pub(crate) struct Passing<'a> {
    /// Which connection it goes to, in the order of accepting.
    pub(crate) to: usize,
    /// Which connection it came from.
    pub(crate) from: usize,
    /// Its number, from 0 for each connection.
    pub(crate) number: u32,
    pub(crate) body: &'a [u8],
}

type Fault = dyn Fn(&Passing) -> Vec<Vec<u8>> + Send + Sync;

/// How a relay departs from a plain one.
pub(crate) struct Habits {
    pub(crate) framing: Framing,
    /// What a receiver gets instead of one message; asked for the sender too.
    pub(crate) passes: Box<Fault>,
    /// Before each accept.
    pub(crate) accept_delay: Duration,
    /// After so many messages in all, nobody is read for so long.
    pub(crate) pause: Option<(u32, Duration)>,
    /// This connection gets nothing more once something did not fit.
    pub(crate) drops_for: Option<usize>,
    /// A connection is closed after so many of its messages.
    pub(crate) close_after: Option<u32>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            framing: Framing::U32be,
            passes: Box::new(plain),
            accept_delay: Duration::ZERO,
            pause: None,
            drops_for: None,
            close_after: None,
        }
    }
}

/// To everybody else, once, as it is.
pub(crate) fn plain(passing: &Passing) -> Vec<Vec<u8>> {
    if passing.to == passing.from { vec![] } else { vec![passing.body.to_vec()] }
}

/// A server that gives each message to each other client, for as long as it
/// lives.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    habits: Habits,
    clients: Mutex<BTreeMap<usize, TcpStream>>,
    messages: AtomicU32,
    pausing: Mutex<()>,
    dropped: AtomicBool,
}

impl Relay {
    pub(crate) fn start(habits: Habits) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let shared = Arc::new(Shared {
            habits,
            clients: Mutex::default(),
            messages: AtomicU32::new(0),
            pausing: Mutex::default(),
            dropped: AtomicBool::new(false),
        });
        let accepting = std::thread::spawn({
            let (listener, shared) = (listener.try_clone().unwrap(), Arc::clone(&shared));
            move || accept_all(&listener, &shared)
        });
        Self {
            address: listener.local_addr().unwrap(),
            listener,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Clients that are registered now.
    pub(crate) fn registered(&self) -> usize {
        self.shared.clients.lock().unwrap().len()
    }

    /// Whether something did not fit, see [`Habits::drops_for`].
    pub(crate) fn dropped(&self) -> bool {
        self.shared.dropped.load(Ordering::SeqCst)
    }

    pub(crate) fn messages(&self) -> u32 {
        self.shared.messages.load(Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        SockRef::from(&self.listener).shutdown(std::net::Shutdown::Both).unwrap();
        self.accepting.take().unwrap().join().unwrap();
    }
}

fn accept_all(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    loop {
        std::thread::sleep(shared.habits.accept_delay);
        let Ok((stream, _)) = listener.accept() else {
            break;
        };
        let index = threads.len();
        shared.clients.lock().unwrap().insert(index, stream.try_clone().unwrap());
        let shared = Arc::clone(shared);
        threads.push(std::thread::spawn(move || {
            serve(index, &stream, &shared);
            shared.clients.lock().unwrap().remove(&index);
        }));
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

fn serve(from: usize, mut stream: &TcpStream, shared: &Shared) {
    for number in 0.. {
        if shared.habits.close_after == Some(number) {
            return;
        }
        drop(shared.pausing.lock().unwrap());
        let Some(body) = read_message(&mut stream, shared.habits.framing) else {
            return;
        };
        let messages = shared.messages.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some((after, time)) = shared.habits.pause
            && messages == after
        {
            let _nobody_reads = shared.pausing.lock().unwrap();
            std::thread::sleep(time);
        }
        let clients = shared.clients.lock().unwrap();
        for (to, mut client) in clients.iter().map(|(to, client)| (*to, client)) {
            let passing = Passing { to, from, number, body: &body };
            for body in (shared.habits.passes)(&passing) {
                if shared.habits.drops_for == Some(to) {
                    give_or_drop(client, &framed(shared.habits.framing, &body), &shared.dropped);
                    continue;
                }
                // A client that has gone is its own thread's business.
                let _ = client.write_all(&framed(shared.habits.framing, &body));
            }
        }
    }
}

/// Writes what fits at once; after something that did not, nothing more.
fn give_or_drop(client: &TcpStream, message: &[u8], dropped: &AtomicBool) {
    if !dropped.load(Ordering::SeqCst) {
        let flags = MSG_DONTWAIT | MSG_NOSIGNAL;
        let sent = SockRef::from(client).send_with_flags(message, flags);
        dropped.store(sent.ok() != Some(message.len()), Ordering::SeqCst);
    }
}

/// The next message; none at the end of the stream.
pub(crate) fn read_message(stream: &mut impl Read, framing: Framing) -> Option<Vec<u8>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).ok()?;
    let size = match framing {
        Framing::U32be => u32::from_be_bytes(header) as usize,
        Framing::Ascii4 => std::str::from_utf8(&header).unwrap().parse().unwrap(),
    };
    let mut body = vec![0; size];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

fn framed(framing: Framing, body: &[u8]) -> Vec<u8> {
    let mut message = match framing {
        Framing::U32be => (body.len() as u32).to_be_bytes().to_vec(),
        Framing::Ascii4 => format!("{:04}", body.len()).into_bytes(),
    };
    message.extend_from_slice(body);
    message
}
