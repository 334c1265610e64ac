//! The connection to a Docker engine.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;

use super::error::{DockerError, Result};

/// The socket of the engine that serves all users of the machine.
const SYSTEM_SOCKET: &str = "/var/run/docker.sock";
/// Maximum time for a request. An engine handles every request of the lab within two
/// seconds, or later on a busy machine.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(60);

/// Maximum time for the first request, to which an engine responds immediately, and for each
/// request after one without a response: then a run does not wait a minute for each of its
/// containers.
const FIRST_RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum number of requests at the same time by which containers join or leave networks; see
/// docs/decisions/0050.
const MAX_ON_NETWORKS: usize = 2;

/// An engine that responded.
#[derive(Debug)]
pub(super) struct Engine {
    docker: Docker,
    runtime: Runtime,
    socket: String,
    /// The requests that may change which containers are in networks, at the same time.
    on_networks: Semaphore,
    /// Maximum time for a request.
    timeout: Duration,
    /// Whether the last request had no response in time.
    is_stuck: AtomicBool,
    /// The engine's version, for example `20.10.24`.
    pub(super) version: String,
}

impl Engine {
    /// Finds the engine and negotiates the version of its API.
    pub(super) fn connect() -> Result<Self> {
        Self::connect_to(&socket()?)
    }

    fn connect_to(socket: &str) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("docker")
            .enable_all()
            .build()
            .map_err(DockerError::Runtime)?;
        let unreachable = |error: Error| unreachable(socket, &error);
        let timeout = ENGINE_TIMEOUT.as_secs();
        let docker =
            Docker::connect_with_unix(socket, timeout, API_DEFAULT_VERSION).map_err(unreachable)?;
        let version = async {
            let docker = docker.negotiate_version().await?;
            let version = docker.version().await?.version;
            Ok((docker, version))
        };
        let responded =
            runtime.block_on(async { tokio::time::timeout(FIRST_RESPONSE_TIMEOUT, version).await });
        let Ok(responded) = responded else {
            return Err(DockerError::Silent {
                socket: socket.to_owned(),
                waited: FIRST_RESPONSE_TIMEOUT,
            });
        };
        let (docker, version) = responded.map_err(unreachable)?;
        Ok(Self {
            docker,
            runtime,
            socket: socket.to_owned(),
            on_networks: Semaphore::new(MAX_ON_NETWORKS),
            timeout: ENGINE_TIMEOUT,
            is_stuck: AtomicBool::new(false),
            version: version.unwrap_or_else(|| "of unknown version".to_owned()),
        })
    }

    /// The client, for requests with [`Engine::call`].
    pub(super) fn docker(&self) -> &Docker {
        &self.docker
    }

    /// The socket it listens on.
    pub(super) fn socket(&self) -> &str {
        &self.socket
    }

    /// A handle that starts background tasks.
    pub(super) fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Sends a request and waits for its response. `intent` fits after "failed to".
    pub(super) fn call<T>(
        &self,
        intent: &str,
        request: impl Future<Output = std::result::Result<T, Error>>,
    ) -> Result<T> {
        let timeout = match self.is_stuck.load(Ordering::Relaxed) {
            true => self.timeout.min(FIRST_RESPONSE_TIMEOUT),
            false => self.timeout,
        };
        let responded =
            self.runtime.block_on(async { tokio::time::timeout(timeout, request).await });
        self.is_stuck.store(responded.is_err(), Ordering::Relaxed);
        match responded {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.failed(intent, &error)),
            Err(_) => Err(DockerError::Stuck {
                intent: intent.to_owned(),
                socket: self.socket.clone(),
                waited: timeout,
            }),
        }
    }

    /// The same for a request by which a container joins or leaves a network: with three of
    /// them at the same time, an engine can lose count of the network's containers.
    pub(super) fn call_on_network<T>(
        &self,
        intent: &str,
        request: impl Future<Output = std::result::Result<T, Error>>,
    ) -> Result<T> {
        let permit = self.runtime.block_on(self.on_networks.acquire());
        let _permit = permit.expect("the semaphore is never closed");
        self.call(intent, request)
    }

    fn failed(&self, intent: &str, error: &Error) -> DockerError {
        match error {
            Error::DockerResponseServerError { status_code, message } => DockerError::Refused {
                intent: intent.to_owned(),
                status: *status_code,
                message: message.trim().to_owned(),
            },
            Error::DockerStreamError { error } => DockerError::Refused {
                intent: intent.to_owned(),
                status: 500,
                message: error.trim().to_owned(),
            },
            error => self.lost(intent, cause(error)),
        }
    }

    fn lost(&self, intent: &str, cause: String) -> DockerError {
        DockerError::Lost { intent: intent.to_owned(), socket: self.socket.clone(), cause }
    }
}

/// DOCKER_HOST if it is set; else the machine's socket, or that of a rootless engine of
/// this user.
fn socket() -> Result<String> {
    if let Some(host) = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()) {
        return match host.strip_prefix("unix://") {
            Some(path) if !path.is_empty() => Ok(path.to_owned()),
            _ => Err(DockerError::NotLocal { host }),
        };
    }
    let own = std::env::var("XDG_RUNTIME_DIR").map(|directory| format!("{directory}/docker.sock"));
    match own {
        Ok(own) if !Path::new(SYSTEM_SOCKET).exists() && Path::new(&own).exists() => Ok(own),
        _ => Ok(SYSTEM_SOCKET.to_owned()),
    }
}

fn unreachable(socket: &str, error: &Error) -> DockerError {
    let forbidden = io_kind(error) == Some(std::io::ErrorKind::PermissionDenied);
    // A directory without search permission hides the socket.
    let hidden = || {
        let kind = std::fs::metadata(socket).map_err(|error| error.kind());
        kind.is_err_and(|kind| kind == std::io::ErrorKind::PermissionDenied)
    };
    if forbidden || hidden() {
        return DockerError::Forbidden { socket: socket.to_owned() };
    }
    let cause = match error {
        Error::SocketNotFoundError(_) => "there is no such file".to_owned(),
        error => cause(error),
    };
    DockerError::Absent { socket: socket.to_owned(), cause }
}

/// The kind of the system call's error at the end of an error's chain, if there is one.
fn io_kind(error: &Error) -> Option<std::io::ErrorKind> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut kind = None;
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            kind = Some(error.kind());
        }
        source = error.source();
    }
    kind
}

/// The last and most precise message of a chain of errors.
fn cause(error: &Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, bind, socket};

    use super::*;

    #[test]
    fn an_absent_engine_is_reported_with_hints() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docker.sock");
        let socket_path = path.to_str().unwrap();
        let absent = Engine::connect_to(socket_path).unwrap_err();
        assert!(matches!(absent, DockerError::Absent { .. }), "{absent}");
        assert!(absent.to_string().contains("there is no such file; start it"), "{absent}");
        // The socket of a dead engine: nothing listens on it.
        let unused = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None);
        bind(unused.unwrap().as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
        let dead = Engine::connect_to(socket_path).unwrap_err();
        assert!(dead.to_string().contains("Connection refused"), "{dead}");
        std::fs::remove_file(&path).unwrap();
        let _hung = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let silent = Engine::connect_to(socket_path).unwrap_err();
        assert!(matches!(silent, DockerError::Silent { .. }), "{silent}");
    }

    /// Answers every request with the version of an engine.
    fn answer_with_version(listener: UnixListener) {
        let version = r#"{"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{version}",
            version.len()
        );
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            std::thread::spawn(move || {
                // The requests are small: each arrives as a whole.
                while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    }

    /// As an engine whose requests wait for a lock, and which still reports its version.
    #[test]
    fn a_request_without_a_response_ends_and_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docker.sock");
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(|| answer_with_version(listener));
        let mut engine = Engine::connect_to(path.to_str().unwrap()).unwrap();
        engine.timeout = Duration::from_millis(20);
        for _ in 0..3 {
            let waiting = std::future::pending::<std::result::Result<(), Error>>();
            let stuck = engine.call_on_network("list networks", waiting).unwrap_err();
            assert!(matches!(stuck, DockerError::Stuck { .. }), "{stuck}");
            let text = stuck.to_string();
            assert!(text.starts_with("list networks: the Docker engine at "), "{text}");
            assert!(text.contains("restart it (`sudo systemctl restart docker`)"), "{text}");
            assert!(engine.is_stuck.load(Ordering::Relaxed));
        }
        // It goes on when the engine does.
        engine.timeout = ENGINE_TIMEOUT;
        engine.call_on_network("list networks", std::future::ready(Ok(()))).unwrap();
        assert!(!engine.is_stuck.load(Ordering::Relaxed));
    }

    #[test]
    fn no_more_than_two_requests_change_networks_at_the_same_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docker.sock");
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(|| answer_with_version(listener));
        let engine = Engine::connect_to(path.to_str().unwrap()).unwrap();
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let request = async || {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            for _ in 0..100 {
                tokio::task::yield_now().await;
                std::thread::yield_now();
            }
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        };
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| engine.call_on_network("change a network", request()).unwrap());
            }
        });
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }
}
