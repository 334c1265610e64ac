//! The phases of a load: decided, released, left.

use linux_net::monotonic_ns;
use worker::Message;
use worker::metrics::EndedBy;

use crate::client::State;
use crate::control::{Ending, LoadEvent};
use crate::error::LoadError;
use crate::generator::{Generator, nanoseconds};
use crate::leaving::QUIET_CHECK_NS;
use crate::roles::Role;
use crate::settings::{ChatPhase, Leave};
use crate::timers::Timer;

impl Generator<'_> {
    /// Advances the load as far as possible; called after everything that can change its
    /// state.
    pub(crate) fn advance(&mut self) -> Result<(), LoadError> {
        if !self.decided && self.undecided == 0 {
            self.decided = true;
            (self.on_message)(Message::Event(LoadEvent::Decided {
                established: self.established,
                failed: u64::from(self.config.settings.clients) - self.established,
            }));
            let linger = self.config.settings.linger_after_decisions();
            if self.controlled {
                // The controller has lingered before it sends Go.
                if !self.holds() {
                    self.release()?;
                }
            } else if linger.is_zero() {
                self.release()?;
            } else {
                let over = monotonic_ns().saturating_add(nanoseconds(linger));
                self.timers.add(over, Timer::Linger);
            }
        }
        if self.released && self.open > 0 {
            self.leave_when_done()?;
        }
        Ok(())
    }

    /// Whether the load waits for Go once every attempt is decided.
    fn holds(&self) -> bool {
        let settings = &self.config.settings;
        settings.half_open > 0
            || !settings.linger_after_decisions().is_zero()
            || settings.chat == ChatPhase::AfterConnect
            || self.is_silent()
    }

    /// Whether clients send nothing, and stay until the load is released.
    fn is_silent(&self) -> bool {
        let settings = &self.config.settings;
        settings.messages == 0 && self.requests.is_none() && !settings.is_closed_loop()
    }

    /// Whether a client must stay: until the load is released or, in a closed loop, until its
    /// own linger is over.
    pub(crate) fn stays(&self, client: usize) -> bool {
        let lingers = !self.config.settings.linger_after_decisions().is_zero();
        let awaits_release = lingers || (self.controlled && self.is_silent());
        self.clients[client].lingers || (awaits_release && !self.released)
    }

    pub(crate) fn leaves_together(&self) -> bool {
        self.requests.is_none()
            && !self.config.server_closes
            && self.config.settings.leave == Leave::Together
    }

    pub(crate) fn on_linger_over(&mut self) -> Result<(), LoadError> {
        if self.released { Ok(()) } else { self.release() }
    }

    /// Lets a client of a closed loop leave whose linger is over.
    pub(crate) fn on_own_linger_over(&mut self, client: usize) -> Result<(), LoadError> {
        self.clients[client].lingers = false;
        match self.clients[client].state {
            State::Open => self.release_stayer(client),
            _ => Ok(()),
        }
    }

    /// Releases the load: every attempt is decided, and it is not held any longer.
    pub(crate) fn release(&mut self) -> Result<(), LoadError> {
        self.released = true;
        self.half_open.clear();
        let now = monotonic_ns();
        let settings = &self.config.settings;
        if !settings.is_closed_loop() {
            let finish = now.saturating_add(nanoseconds(settings.finish_deadline));
            self.timers.add(finish, Timer::Finish);
        }
        if !self.leaves_together() {
            self.release_stayers()?;
        } else if settings.messages == 0 {
            self.end_all(Ending::Finished);
        } else {
            self.timers.add(now + QUIET_CHECK_NS, Timer::Quiet);
        }
        if settings.chat == ChatPhase::AfterConnect {
            for client in self.open_clients() {
                if self.requests.is_some() {
                    self.begin_requests(client, now)?;
                } else if self.schedules[client].messages > 0 {
                    self.begin_chat(client, now);
                }
            }
        }
        Ok(())
    }

    /// Ends the clients that were done but had to stay.
    fn release_stayers(&mut self) -> Result<(), LoadError> {
        for client in self.open_clients() {
            if !self.stays(client) {
                self.release_stayer(client)?;
            }
        }
        Ok(())
    }

    /// Ends a client if it is done: it need not stay any longer.
    fn release_stayer(&mut self, client: usize) -> Result<(), LoadError> {
        let silent = self.config.settings.messages == 0;
        let sends = self.clients[client].role == Role::Sender;
        if self.clients[client].read_to_end {
            self.end(client, Ending::Finished, None);
        } else if self.requests.is_some() {
            if self.has_all_answers(client) {
                self.on_all_answers(client)?;
            }
        } else if self.schedules[client].is_written() && (sends || silent) {
            self.leave_individually(client)?;
        }
        Ok(())
    }

    /// Ends everything, undecided attempts included.
    pub(crate) fn stop(&mut self) {
        for client in 0..self.clients.len() {
            if self.clients[client].state == State::NotStarted {
                self.clients[client].start_ns = monotonic_ns();
            }
            if self.clients[client].state != State::Ended {
                self.clients[client].ended_by = Some(EndedBy::Stopped);
                self.end(client, Ending::Unfinished, None);
            }
        }
        self.decided = true;
        self.released = true;
    }
}
