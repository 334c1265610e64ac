//! The backend of containers, through a Docker engine's API.
//!
//! | module | contents |
//! |---|---|
//! | `kind` | its entry in the registry |
//! | `backend` | the backend: creates testbeds |
//! | `check`, `about` | what this machine's engine provides |
//! | `engine` | the connection |
//! | `image`, `image_build` | the image: one file, the running executable |
//! | `network` | the internal network of a run |
//! | `containers` | a testbed: two joined hosts |
//! | `host` | a container whose first process is the agent |
//! | `recipe` | what that container is created from |
//! | `server`, `server_recipe` | the container of an image that is the server of a trial |
//! | `server_end` | its output, and when it ends |
//! | `agent_line` | the connection to that agent |
//! | `pool`, `idle` | a run's hosts: reused, or created while the machine is idle |
//! | `usage` | how busy the machine is, and how much of that is the run itself |
//! | `faults` | how a container or network ended |
//! | `leftovers`, `owner`, `labels` | resources of killed runs, and which runs are dead |
//! | `held_network` | a network that the engine does not remove |
//! | `error` | errors by intent |
//!
//! Only this module uses `bollard`.

mod about;
mod agent_line;
mod backend;
mod check;
mod containers;
mod engine;
mod error;
mod faults;
mod held_network;
mod host;
mod idle;
mod image;
mod image_build;
mod kind;
mod labels;
mod leftovers;
mod name;
mod network;
mod owner;
mod pool;
mod recipe;
mod server;
mod server_end;
mod server_recipe;
mod usage;

pub use image::Image;
pub use image_build::build_image;

use crate::backend::BackendKind;

/// Its entry in the registry.
pub(super) const KIND: &dyn BackendKind = &kind::DockerKind;
