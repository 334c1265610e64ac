//! Small chat servers for tests of the load generator. They share no code with the
//! lab's own server.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use chat_protocol::Framing;
use linux_net::testing::wait_until;
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

/// How a relay differs from a plain one.
pub(crate) struct Behaviour {
    pub(crate) framing: Framing,
    /// What a receiver gets instead of one message; called for the sender too.
    pub(crate) passes: Box<Fault>,
    /// Before each accept, counted from when `accept_after` is met.
    pub(crate) accept_delay: Duration,
    /// The messages that must have been relayed before the connection with this index
    /// is accepted.
    pub(crate) accept_after: fn(usize) -> u32,
    /// After this number of messages, nothing is read for this time.
    pub(crate) pause: Option<(u32, Duration)>,
    /// This connection gets nothing after the first message that did not fit.
    pub(crate) drops_for: Option<usize>,
    /// A connection is closed after this number of its messages.
    pub(crate) close_after: Option<u32>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            framing: Framing::U32be,
            passes: Box::new(plain),
            accept_delay: Duration::ZERO,
            accept_after: |_| 0,
            pause: None,
            drops_for: None,
            close_after: None,
        }
    }
}

/// Each message unchanged, to every other client.
pub(crate) fn plain(passing: &Passing) -> Vec<Vec<u8>> {
    if passing.to == passing.from { vec![] } else { vec![passing.body.to_vec()] }
}

/// A server that sends each message to every other client, until it is dropped.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    behaviour: Behaviour,
    clients: Mutex<BTreeMap<usize, TcpStream>>,
    messages: AtomicU32,
    /// Messages that have been written to all their receivers.
    relayed: AtomicU32,
    stopping: AtomicBool,
    pausing: Mutex<()>,
    dropped: AtomicBool,
}

impl Relay {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let shared = Arc::new(Shared {
            behaviour,
            clients: Mutex::default(),
            messages: AtomicU32::new(0),
            relayed: AtomicU32::new(0),
            stopping: AtomicBool::new(false),
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

    /// Waits until this many clients are registered.
    pub(crate) fn wait_for_clients(&self, count: usize) {
        wait_until("the relay has registered the clients", || {
            self.shared.clients.lock().unwrap().len() >= count
        });
    }

    /// Whether a message did not fit, see [`Behaviour::drops_for`].
    pub(crate) fn dropped(&self) -> bool {
        self.shared.dropped.load(Ordering::SeqCst)
    }

    pub(crate) fn messages(&self) -> u32 {
        self.shared.messages.load(Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        SockRef::from(&self.listener).shutdown(std::net::Shutdown::Both).unwrap();
        self.accepting.take().unwrap().join().unwrap();
    }
}

fn accept_all(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    loop {
        let index = threads.len();
        let relayed = || shared.relayed.load(Ordering::SeqCst);
        while relayed() < (shared.behaviour.accept_after)(index)
            && !shared.stopping.load(Ordering::SeqCst)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(shared.behaviour.accept_delay);
        let Ok((stream, _)) = listener.accept() else {
            break;
        };
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
        if shared.behaviour.close_after == Some(number) {
            return;
        }
        drop(shared.pausing.lock().unwrap());
        let Some(body) = read_message(&mut stream, shared.behaviour.framing) else {
            return;
        };
        let messages = shared.messages.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some((after, time)) = shared.behaviour.pause
            && messages == after
        {
            let _pause = shared.pausing.lock().unwrap();
            std::thread::sleep(time);
        }
        let clients = shared.clients.lock().unwrap();
        for (to, mut client) in clients.iter().map(|(to, client)| (*to, client)) {
            let passing = Passing { to, from, number, body: &body };
            for body in (shared.behaviour.passes)(&passing) {
                if shared.behaviour.drops_for == Some(to) {
                    send_or_drop(client, &framed(shared.behaviour.framing, &body), &shared.dropped);
                    continue;
                }
                // Its own thread handles a client that has closed.
                let _ = client.write_all(&framed(shared.behaviour.framing, &body));
            }
        }
        shared.relayed.fetch_add(1, Ordering::SeqCst);
    }
}

/// Writes the message if it fits, and nothing after the first that did not.
fn send_or_drop(client: &TcpStream, message: &[u8], dropped: &AtomicBool) {
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
