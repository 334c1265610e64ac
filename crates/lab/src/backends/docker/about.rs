//! What is to be known about an engine before a run.

use super::Docker;
use super::image::Executable;

/// What an engine is, and what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutDocker {
    /// Its socket.
    pub socket: String,
    /// Its version, for example `20.10.24`.
    pub version: String,
    /// The version of its interface that was agreed upon, for example `1.41`.
    pub api: String,
    /// The release of the kernel that containers run on: another than this
    /// process's where the engine is in a virtual machine.
    pub kernel: String,
    /// The version of control groups that it uses, `1` or `2`.
    pub cgroup: String,
    /// Its security options, for example `rootless` or `name=userns`.
    pub security: Vec<String>,
    /// Whether it can limit memory and processes.
    pub limits: bool,
    /// The image of this executable; none where it is not made yet.
    pub image: Option<String>,
    /// Why this executable cannot be an image; none where it can.
    pub not_an_image: Option<String>,
    /// Networks, containers of runs that are no longer alive.
    pub leftovers: usize,
}

impl Docker {
    /// What is to be known about the engine.
    ///
    /// # Errors
    /// When it fails.
    pub fn about(&self) -> std::result::Result<AboutDocker, super::DockerError> {
        let engine = &self.engine;
        let info = engine.call("ask the engine about itself", engine.docker().info())?;
        let executable = Executable::running();
        let (image, not_an_image) = match &executable {
            Ok(executable) => {
                let name = executable.name();
                (engine.find_image(&name)?.map(|_| name), None)
            }
            Err(error) => (None, Some(error.to_string())),
        };
        let leftovers = engine.remove_leftovers(true)?;
        Ok(AboutDocker {
            socket: engine.socket().to_owned(),
            version: engine.version.clone(),
            api: engine.docker().client_version().to_string(),
            kernel: info.kernel_version.unwrap_or_default(),
            cgroup: info.cgroup_version.map_or_else(|| "unknown".to_owned(), |v| v.to_string()),
            security: info.security_options.unwrap_or_default(),
            limits: info.memory_limit.unwrap_or(false) && info.pids_limit.unwrap_or(false),
            image,
            not_an_image,
            leftovers: leftovers.containers.len() + leftovers.networks.len(),
        })
    }
}
