//! An image as the server of a trial.

use std::net::SocketAddr;
use std::time::Duration;

use chat_server::ServerStatus;
use program_server::{ADDRESS, ImageServer};
use scenario::CellSettings;

use super::end::ServerEnd;
use super::program::status_of;
use crate::backend::{ServerContainer, Testbed};
use crate::error::Result;

/// Time between two checks whether the trial must end, while an image becomes ready.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// A running container.
pub(crate) struct ContainerServer<'a> {
    container: Box<dyn ServerContainer + 'a>,
    /// The address on which the client reaches it.
    pub(crate) address: SocketAddr,
}

impl<'a> ContainerServer<'a> {
    /// Starts an image and waits until it is ready; `check` fails when the trial must end.
    pub(crate) fn start(
        testbed: &'a dyn Testbed,
        settings: &ImageServer,
        cell: &CellSettings,
        check: &dyn Fn() -> Result<()>,
    ) -> Result<Self> {
        let address = testbed.addresses().server;
        let mut values = cell.placeholders();
        values.insert(ADDRESS.to_owned(), address.to_string());
        let mut container = testbed.start_image(settings, &cell.load.ports(), &values)?;
        while !container.await_ready(CHECK_INTERVAL)? {
            check()?;
        }
        Ok(Self { container, address: SocketAddr::new(address, settings.port) })
    }

    /// Whether it has ended although it was not stopped.
    pub(crate) fn is_dead(&self) -> bool {
        self.container.is_dead()
    }

    /// Continues it if it was started paused.
    pub(crate) fn resume(&self) -> Result<()> {
        Ok(self.container.resume()?)
    }

    /// The connections that it has open, as a server's totals; `None` if it has ended.
    pub(crate) fn status(&self) -> Result<Option<ServerStatus>> {
        Ok(self.container.status()?.map(status_of))
    }

    /// Stops it unless it has ended.
    pub(crate) fn stop(self) -> Result<ServerEnd> {
        Ok(ServerEnd::Program(Box::new(self.container.stop()?)))
    }
}
