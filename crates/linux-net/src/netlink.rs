//! A blocking netlink socket.
//!
//! A netlink socket belongs to the namespace in which it was opened, in any thread.

use std::io;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader,
    NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr};

const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

/// The kernel makes a dump's datagrams as large as the reader's buffer, up to
/// this size (`netlink_dump` in net/netlink/af_netlink.c).
const LARGEST_DATAGRAM: usize = 32 * 1024;

/// How often a dump that the kernel marked inconsistent is requested.
const DUMP_ATTEMPTS: u32 = 5;

#[derive(Debug)]
pub(crate) struct Netlink {
    socket: Socket,
    sequence: u32,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
}

/// A refused request: its index in the batch, and the error.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) index: usize,
    pub(crate) source: io::Error,
}

impl Netlink {
    /// Opens a socket in the calling thread's namespace.
    pub(crate) fn open(protocol: isize) -> io::Result<Self> {
        let mut socket = Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0, outgoing: Vec::new(), incoming: vec![0; LARGEST_DATAGRAM] })
    }

    /// Sends requests in order with one system call: only the last requests an
    /// acknowledgement, the others respond only if they fail. Each has its own flags
    /// besides NLM_F_REQUEST.
    pub(crate) fn carry_out<M: NetlinkSerializable>(
        &mut self,
        requests: impl IntoIterator<Item = (M, u16)>,
    ) -> Result<(), Refused> {
        self.outgoing.clear();
        let first = self.sequence + 1;
        let mut requests = requests.into_iter().peekable();
        while let Some((message, flags)) = requests.next() {
            let last = if requests.peek().is_none() { NLM_F_ACK } else { 0 };
            self.append(message, NLM_F_REQUEST | flags | last);
        }
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let last = self.sequence;
        let refused = |sequence: u32, source| Refused {
            index: sequence.saturating_sub(first) as usize,
            source,
        };
        self.send().map_err(|source| refused(first, source))?;
        loop {
            let length = self.receive().map_err(|source| refused(last, source))?;
            for message in Messages(&self.incoming[..length]) {
                let sequence = message.sequence_number();
                if message.message_type() != NLMSG_ERROR || !(first..=last).contains(&sequence) {
                    continue;
                }
                match error_of(message.payload()) {
                    Some(source) => return Err(refused(sequence, source)),
                    None if sequence == last => return Ok(()),
                    None => {}
                }
            }
        }
    }

    /// Requests one object and passes its payload to `read`.
    pub(crate) fn request<M: NetlinkSerializable, T>(
        &mut self,
        request: M,
        read: impl FnOnce(&[u8]) -> io::Result<T>,
    ) -> io::Result<T> {
        self.outgoing.clear();
        self.append(request, NLM_F_REQUEST);
        self.send()?;
        loop {
            let length = self.receive()?;
            for message in Messages(&self.incoming[..length]) {
                if message.sequence_number() != self.sequence {
                    continue;
                }
                match message.message_type() {
                    NLMSG_NOOP => {}
                    NLMSG_ERROR => {
                        return Err(error_of(message.payload()).unwrap_or_else(|| {
                            io::Error::other("netlink acknowledged a request without a response")
                        }));
                    }
                    _ => return read(message.payload()),
                }
            }
        }
    }

    /// Requests a dump and folds the payloads of its objects into a new `T`. A dump that
    /// the kernel marks as interrupted (NLM_F_DUMP_INTR: a change during the scan may
    /// have lost objects) is discarded and requested again.
    pub(crate) fn dump<M: NetlinkSerializable + Clone, T: Default>(
        &mut self,
        request: &M,
        mut fold: impl FnMut(&mut T, &[u8]) -> io::Result<()>,
    ) -> io::Result<T> {
        for _ in 0..DUMP_ATTEMPTS {
            self.outgoing.clear();
            self.append(request.clone(), NLM_F_REQUEST | NLM_F_DUMP);
            self.send()?;
            let mut folded = T::default();
            if self.read_dump(|payload| fold(&mut folded, payload))? {
                return Ok(folded);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::Interrupted,
            format!("every one of {DUMP_ATTEMPTS} netlink dumps was interrupted"),
        ))
    }

    /// Reads a dump to its end; false if it was inconsistent. Continues after an error of
    /// `each`, so that the socket stays usable.
    fn read_dump(&mut self, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<bool> {
        let mut dump = Dump::new(self.sequence);
        loop {
            let length = self.receive()?;
            if let Some(end) = dump.read(&self.incoming[..length], &mut each) {
                return end;
            }
        }
    }

    fn append<M: NetlinkSerializable>(&mut self, message: M, flags: u16) {
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = self.sequence;
        let mut packet = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
        packet.finalize();
        let start = self.outgoing.len();
        // Messages of a batch start at multiples of 4 (NLMSG_ALIGN).
        self.outgoing.resize(start + packet.buffer_len().next_multiple_of(4), 0);
        packet.serialize(&mut self.outgoing[start..start + packet.buffer_len()]);
    }

    fn send(&self) -> io::Result<()> {
        retried(|| self.socket.send(&self.outgoing, 0)).map(|_| ())
    }

    fn receive(&mut self) -> io::Result<usize> {
        let length = retried(|| self.socket.recv(&mut &mut self.incoming[..], libc::MSG_TRUNC))?;
        if length > self.incoming.len() {
            return Err(io::Error::other(format!("netlink datagram of {length} bytes truncated")));
        }
        Ok(length)
    }
}

fn retried(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The errno at the start of an NLMSG_ERROR or NLMSG_DONE; `None` for success.
fn error_of(payload: &[u8]) -> Option<io::Error> {
    let code = payload.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
    (code < 0).then(|| io::Error::from_raw_os_error(code.saturating_neg()))
}

/// The response to a dump request, read datagram by datagram.
#[derive(Debug)]
pub(crate) struct Dump {
    /// That of the request.
    sequence: u32,
    consistent: bool,
    failure: Option<io::Error>,
}

impl Dump {
    pub(crate) fn new(sequence: u32) -> Self {
        Self { sequence, consistent: true, failure: None }
    }

    /// Passes the payload of each object of a datagram to `each`, until that fails. Returns
    /// how the dump has ended, and whether it was consistent; `None` if it continues.
    pub(crate) fn read(
        &mut self,
        datagram: &[u8],
        each: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Option<io::Result<bool>> {
        for message in Messages(datagram) {
            if message.sequence_number() != self.sequence {
                continue;
            }
            self.consistent &= message.flags() & NLM_F_DUMP_INTR == 0;
            match message.message_type() {
                NLMSG_NOOP => {}
                NLMSG_DONE | NLMSG_ERROR => {
                    // The DONE of a dump that failed midway has the error.
                    let error = self.failure.take().or_else(|| error_of(message.payload()));
                    return Some(error.map_or(Ok(self.consistent), Err));
                }
                _ if self.failure.is_none() => self.failure = each(message.payload()).err(),
                _ => {}
            }
        }
        None
    }
}

/// The messages of one datagram.
struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = NetlinkBuffer<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let message = NetlinkBuffer::new_checked(self.0).ok()?;
        let end = (message.length() as usize).next_multiple_of(4).min(self.0.len());
        let (this, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(NetlinkBuffer::new(this))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_negative_number_is_an_error() {
        for code in [-1, i32::MIN] {
            assert!(error_of(&code.to_ne_bytes()).is_some(), "{code}");
        }
        assert!(error_of(&0_i32.to_ne_bytes()).is_none() && error_of(&[]).is_none());
    }
}
