//! What arrives at the clients of a chat, in parts.

use std::sync::{Arc, Mutex, MutexGuard};

use chat_protocol::Codec;

use crate::activity::{Activity, span};
use crate::delivery_matrix::DeliveryMatrix;
use crate::message::MessageFormat;
use crate::receiver_part::{ReceiverPart, Tally};
use crate::schedule::Schedule;

/// All clients as receivers. Each part has every client whose index leaves the same remainder;
/// with several parts, a thread reads for each.
#[derive(Debug)]
pub(crate) struct Receivers {
    parts: Vec<Arc<Mutex<ReceiverPart>>>,
}

impl Receivers {
    /// In as many parts as the matrix.
    pub(crate) fn new(
        codec: Codec,
        matrix: &DeliveryMatrix,
        format: &Arc<MessageFormat>,
        schedules: &Arc<[Schedule]>,
    ) -> Self {
        let rows = matrix.parts();
        let part = |(part, of_part): (usize, &Arc<_>)| {
            let (format, schedules) = (Arc::clone(format), Arc::clone(schedules));
            let place = (part, rows.len());
            let part = ReceiverPart::new(place, codec, Arc::clone(of_part), format, schedules);
            Arc::new(Mutex::new(part))
        };
        Self { parts: rows.iter().enumerate().map(part).collect() }
    }

    pub(crate) fn parts(&self) -> &[Arc<Mutex<ReceiverPart>>] {
        &self.parts
    }

    /// The part that has a client. Nothing is read for its clients meanwhile.
    pub(crate) fn part_of(&self, client: usize) -> MutexGuard<'_, ReceiverPart> {
        self.lock(client % self.parts.len())
    }

    fn lock(&self, part: usize) -> MutexGuard<'_, ReceiverPart> {
        self.parts[part].lock().expect("no thread that reads has panicked")
    }

    /// When something was read first and last, nanoseconds.
    pub(crate) fn window_ns(&self) -> Option<(u64, u64)> {
        self.activities().map(|activity| activity.window_ns()).fold(None, span)
    }

    /// The reads of each part, by the thread that reads for it.
    pub(crate) fn activities(&self) -> impl Iterator<Item = Activity> + '_ {
        (0..self.parts.len()).map(|part| self.lock(part).tally.activity)
    }

    /// The counts and latencies of all parts.
    pub(crate) fn tally(&self) -> Tally {
        let mut all = Tally::new();
        (0..self.parts.len()).for_each(|part| all.add(&self.lock(part).tally));
        all
    }
}
