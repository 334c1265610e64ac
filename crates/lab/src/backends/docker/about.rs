//! Properties of an engine.

use super::backend::Docker;
use super::error::Result;
use super::image::Executable;

/// The properties of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AboutDocker {
    /// The path of the engine's socket.
    pub(super) socket: String,
    /// The engine's version, for example `20.10.24`.
    pub(super) version: String,
    /// The negotiated version of its API, for example `1.41`.
    pub(super) api: String,
    /// The release of the kernel that containers run on: different from this process's if
    /// the engine is in a virtual machine.
    pub(super) kernel: String,
    /// The version of control groups that it uses, `1` or `2`.
    pub(super) cgroup: String,
    /// The engine's security options, for example `rootless` or `name=userns`.
    pub(super) security: Vec<String>,
    /// Whether it can limit memory and processes.
    pub(super) limits: bool,
    /// The image of this executable; `None` if it is not built yet.
    pub(super) image: Option<String>,
    /// Why this executable cannot be an image; `None` if it can.
    pub(super) not_an_image: Option<String>,
    /// Networks and containers of killed runs.
    pub(super) leftovers: usize,
}

impl Docker {
    /// Reads the properties of the engine.
    ///
    /// # Errors
    /// If it fails.
    pub(super) fn about(&self) -> Result<AboutDocker> {
        let engine = self.engine();
        let info = engine.call("read the properties of the engine", engine.docker().info())?;
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
