//! The agent: what `queuelab host` is, the first process of a host that the
//! lab cannot enter by itself.
//!
//! It takes [`Ask`]s as JSON lines on standard input and says [`Said`]s on
//! standard output: it reads its namespace's counters, sysctls and queues, and
//! starts the parts and passes their lines on. The end of its standard input,
//! or a minute without a line, ends it and, with it, every process of its host:
//! nothing outlives a lab, or an engine, that was killed.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use linux_net::{Counters, SocketDiag, StateCounts, SysctlName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::{ProcessControl, WorkerControl, WorkerEnd, WorkerProcess};

use crate::backend::accept_queue_of;
use crate::running;

/// How often the lab says that it is there, when it has nothing else to say.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long a lab can be silent before its agent takes it for dead. An engine
/// that was killed does not close the standard input of its containers.
const SILENCE: Duration = Duration::from_secs(60);
/// The port that answers nobody: `discard`, on which nothing listens.
const DISCARD: u16 = 9;
/// How long a host has to be reached by the other.
const REACHED_WITHIN: Duration = Duration::from_secs(5);
/// How long one datagram's answer is waited for.
const ANSWERED_WITHIN: Duration = Duration::from_millis(100);

/// A line on the agent's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// Given back with the answer.
    pub(crate) id: u64,
    /// What is asked.
    pub(crate) request: Request,
}

/// What an agent does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Request {
    /// Allow so many open files. Answers nothing.
    AllowFiles { needed: u64 },
    /// Read these sysctls and those that decide how connections queue. Answers
    /// a map.
    Sysctls { names: Vec<String> },
    /// Answers [`Counters`].
    Counters,
    /// Answers the [`run_record::AcceptQueue`] of a port, or null.
    AcceptQueue { port: u16 },
    /// Answers [`Remains`].
    Remains,
    /// Answers how many processes the memory limit has killed; null where this
    /// cannot be read.
    MemoryKills,
    /// Give an interface more addresses. Answers nothing.
    AddAddresses { interface: String, addresses: Vec<IpAddr>, prefix: u8 },
    /// Exchange a datagram with each target from each source, so that no
    /// connection waits for the neighbours' addresses. Answers nothing.
    Reach { sources: Vec<IpAddr>, targets: Vec<IpAddr> },
    /// Start `queuelab <arguments>`. Answers nothing; its lines and its end
    /// follow under this number.
    Start { part: u32, arguments: Vec<String> },
    /// Write a line to a part's standard input. Answers nothing.
    Tell { part: u32, line: String },
    /// Kill a part. Answers nothing.
    Kill { part: u32 },
}

/// What earlier trials have left in a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remains {
    /// TCP sockets.
    pub(crate) sockets: StateCounts,
    /// Connections that its firewall remembers; none where it has none.
    pub(crate) tracked: Option<u64>,
}

/// A line on the agent's standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub(crate) enum Said {
    /// It did what was asked.
    Answer { id: u64, answer: Value },
    /// It could not.
    Failed { id: u64, reason: String },
    /// A part's line.
    Line { part: u32, line: String },
    /// A part has ended; its lines are complete.
    Ended { part: u32, end: WorkerEnd },
}

/// Serves as a host's agent until standard input ends. SIGTERM ends it too:
/// the kernel delivers none to the first process of a host that does not ask
/// for it.
///
/// # Errors
/// When standard output cannot be written, or signals cannot be caught.
pub fn serve_host() -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGINT,
    ])?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            // The kernel kills the rest of the host with its first process.
            std::process::exit(0);
        }
    });
    let heard = Arc::new(Mutex::new(Instant::now()));
    let last_heard = Arc::clone(&heard);
    thread::spawn(move || end_after_silence(&last_heard));
    let mut agent = Agent::default();
    for line in io::stdin().lock().lines() {
        let line = line?;
        *heard.lock().expect("nobody panics while hearing") = Instant::now();
        if line.is_empty() {
            continue;
        }
        match serde_json::from_str::<Ask>(&line) {
            Ok(ask) => agent.obey(ask)?,
            Err(error) => agent.voice.say(&Said::Failed { id: 0, reason: error.to_string() })?,
        }
    }
    Ok(())
}

fn end_after_silence(heard: &Mutex<Instant>) {
    while heard.lock().is_ok_and(|heard| heard.elapsed() < SILENCE) {
        thread::sleep(HEARTBEAT);
    }
    // Whoever still listens is told.
    let _ = writeln!(io::stderr(), "the lab has said nothing for {SILENCE:?}");
    std::process::exit(1);
}

/// Standard output, a whole line at a time.
#[derive(Debug, Clone, Default)]
struct Voice(Arc<Mutex<()>>);

impl Voice {
    fn say(&self, said: &Said) -> io::Result<()> {
        let mut line = serde_json::to_vec(said)?;
        line.push(b'\n');
        let _turn = self.0.lock().expect("nobody panics while speaking");
        let mut output = io::stdout().lock();
        output.write_all(&line)?;
        output.flush()
    }
}

#[derive(Debug, Default)]
struct Agent {
    voice: Voice,
    parts: HashMap<u32, ProcessControl>,
    diag: Option<SocketDiag>,
}

impl Agent {
    fn obey(&mut self, ask: Ask) -> io::Result<()> {
        let Ask { id, request } = ask;
        let said = match self.answer(request) {
            Ok(answer) => Said::Answer { id, answer },
            Err(reason) => Said::Failed { id, reason },
        };
        self.voice.say(&said)
    }

    fn answer(&mut self, request: Request) -> Result<Value, String> {
        match request {
            Request::AllowFiles { needed } => {
                linux_net::raise_open_files(needed).map_err(text)?;
                done(())
            }
            Request::Sysctls { names } => sysctls(&names),
            Request::Counters => done(Counters::here().map_err(text)?),
            Request::AcceptQueue { port } => {
                let listeners = self.diag()?.listeners().map_err(text)?;
                done(accept_queue_of(port, &listeners))
            }
            Request::Remains => {
                let sockets = self.diag()?.count_by_state(None).map_err(text)?;
                done(Remains { sockets, tracked: tracked_connections() })
            }
            Request::MemoryKills => done(memory_kills()),
            Request::AddAddresses { interface, addresses, prefix } => {
                done(linux_net::add_addresses_here(&interface, &addresses, prefix).map_err(text)?)
            }
            Request::Reach { sources, targets } => reach(&sources, &targets),
            Request::Start { part, arguments } => done(self.start(part, &arguments).map_err(text)?),
            Request::Tell { part, line } => {
                if let Some(control) = self.parts.get_mut(&part) {
                    control.send_line(line.as_bytes());
                }
                done(())
            }
            Request::Kill { part } => {
                self.parts.remove(&part);
                done(())
            }
        }
    }

    fn diag(&mut self) -> Result<&mut SocketDiag, String> {
        if self.diag.is_none() {
            self.diag = Some(SocketDiag::open().map_err(text)?);
        }
        Ok(self.diag.as_mut().expect("it was just opened"))
    }

    fn start(&mut self, part: u32, arguments: &[String]) -> io::Result<()> {
        let mut command = running::command();
        command.args(arguments);
        linux_net::lead_session_on_exec(&mut command);
        let WorkerProcess { control, lines, ends } = WorkerProcess::start(command)?;
        self.parts.insert(part, control);
        let voice = self.voice.clone();
        thread::spawn(move || {
            for line in lines {
                let _ = voice.say(&Said::Line { part, line });
            }
            if let Ok(end) = ends.recv() {
                let _ = voice.say(&Said::Ended { part, end });
            }
        });
        Ok(())
    }
}

fn done(answer: impl Serialize) -> Result<Value, String> {
    serde_json::to_value(answer).map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn sysctls(names: &[String]) -> Result<Value, String> {
    let names: Result<Vec<SysctlName>, _> = names.iter().map(|name| name.parse()).collect();
    let values = linux_net::read_sysctls_here(&names.map_err(text)?).map_err(text)?;
    done(
        values
            .into_iter()
            .map(|(name, value)| (name.to_string(), value))
            .collect::<BTreeMap<_, _>>(),
    )
}

/// How often the memory limit of this process's control group has killed; none
/// where there is no such group to see.
fn memory_kills() -> Option<u64> {
    // Version 2 first; a container sees its own group at the root.
    let files = ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"];
    files.iter().find_map(|file| {
        let text = std::fs::read_to_string(file).ok()?;
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "))?;
        count.trim().parse().ok()
    })
}

fn tracked_connections() -> Option<u64> {
    let count = std::fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_count").ok()?;
    count.trim().parse().ok()
}

/// Sends a datagram to a port where nobody listens, from each source to each
/// target, until the target's kernel says so (ECONNREFUSED): by then both know
/// each other's link address. A burst of SYNs to an unknown neighbour would
/// overflow the queue that waits for its address (`unres_qlen_bytes`).
fn reach(sources: &[IpAddr], targets: &[IpAddr]) -> Result<Value, String> {
    let deadline = Instant::now() + REACHED_WITHIN;
    for &source in sources {
        for &target in targets {
            let from_to = |error: io::Error| format!("reach {target} from {source}: {error}");
            let socket = UdpSocket::bind(SocketAddr::new(source, 0)).map_err(from_to)?;
            socket.connect(SocketAddr::new(target, DISCARD)).map_err(from_to)?;
            socket.set_read_timeout(Some(ANSWERED_WITHIN)).map_err(from_to)?;
            loop {
                let answer = socket.send(&[]).and_then(|_| socket.recv(&mut [0; 1]));
                match answer.map_err(|error| error.kind()) {
                    Err(ErrorKind::ConnectionRefused) => break,
                    _ if Instant::now() < deadline => {}
                    _ => {
                        return Err(format!(
                            "reach {target} from {source} within {REACHED_WITHIN:?}"
                        ));
                    }
                }
            }
        }
    }
    done(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_their_way() {
        let ask = Ask { id: 7, request: Request::AcceptQueue { port: 8080 } };
        let line = serde_json::to_string(&ask).unwrap();
        assert_eq!(line, r#"{"id":7,"request":{"do":"accept_queue","port":8080}}"#);
        assert_eq!(serde_json::from_str::<Ask>(&line).unwrap(), ask);
        let said = Said::Line { part: 1, line: "{\"event\":\"x\"}".to_owned() };
        let line = serde_json::to_string(&said).unwrap();
        assert_eq!(serde_json::from_str::<Said>(&line).unwrap(), said);
    }

    #[test]
    fn loopback_is_reached_and_nowhere_is_told() {
        let here: IpAddr = [127, 0, 0, 1].into();
        assert_eq!(reach(&[here], &[here, [127, 0, 0, 2].into()]), Ok(Value::Null));
        let error = reach(&[[198, 18, 255, 1].into()], &[here]).unwrap_err();
        assert!(error.starts_with("reach 127.0.0.1 from 198.18.255.1: "), "{error}");
    }

    #[test]
    fn an_agent_reads_its_own_host() {
        let mut agent = Agent::default();
        let counters = agent.answer(Request::Counters).unwrap();
        assert!(counters["TcpExt.ListenOverflows"].is_i64(), "{counters}");
        let names = vec!["net.ipv4.tcp_tw_reuse".to_owned()];
        let sysctls = agent.answer(Request::Sysctls { names }).unwrap();
        assert!(sysctls["net.core.somaxconn"].is_string(), "{sysctls}");
        let missing = Request::Sysctls { names: vec!["net.ipv4.nonsense".to_owned()] };
        assert!(agent.answer(missing).unwrap_err().contains("net.ipv4.nonsense"));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let queue = agent.answer(Request::AcceptQueue { port }).unwrap();
        assert_eq!(queue["depth"], 0, "{queue}");
        let remains = |agent: &mut Agent| -> Remains {
            serde_json::from_value(agent.answer(Request::Remains).unwrap()).unwrap()
        };
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(remains(&mut agent).sockets.established > 0);
    }
}
