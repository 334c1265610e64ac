//! How busy the busiest thread of a load was, and what would divide its work.

use crate::control::LoadReport;
use crate::reading_threads::check_threads;
use crate::settings::LoadSettings;

impl LoadReport {
    /// From the first write to the last write, delivery or read of an answer, seconds; `None` if
    /// nothing was written or requested.
    pub fn chat_seconds(&self) -> Option<f64> {
        self.chat_window_ns.map(|(first, last)| last.saturating_sub(first) as f64 / 1e9)
    }

    /// The share of the chat's window for which the busiest thread used a CPU, from 0 to 1; `None`
    /// without a window, and in reports of older builds.
    pub fn busiest_share(&self) -> Option<f64> {
        let window = self.chat_seconds()?;
        let used = self.threads[self.busiest()?].cpu_seconds;
        // A single write has no length.
        Some(if window > 0.0 { (used / window).clamp(0.0, 1.0) } else { 0.0 })
    }

    /// The number of threads that read ([`LoadSettings::threads`]) with which the work of the
    /// busiest thread is divided, and each thread of the load has one of the `cpus`; `None` if there
    /// is none, or the busiest thread does not read.
    pub fn more_threads(&self, settings: &LoadSettings, cpus: u32) -> Option<u32> {
        let is_divided = self.threads.len() == 1 || self.busiest()? > 0;
        let settings =
            LoadSettings { threads: settings.threads.saturating_add(1), ..settings.clone() };
        let with_event_loop = settings.threads.saturating_add(1);
        (is_divided && with_event_loop <= cpus && check_threads(&settings).is_none())
            .then_some(settings.threads)
    }

    /// The position of the busiest thread.
    fn busiest(&self) -> Option<usize> {
        let used = |position: &usize| self.threads[*position].cpu_seconds;
        (0..self.threads.len()).max_by(|one, other| used(one).total_cmp(&used(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::Dialogue;
    use crate::thread_use::ThreadUse;

    /// The report of a load of 2 s whose threads used so much CPU time.
    fn report(cpu_seconds: &[f64]) -> LoadReport {
        let thread = |&cpu_seconds: &f64| ThreadUse { cpu_seconds, run_delay_seconds: None };
        LoadReport {
            chat_window_ns: Some((1_000_000_000, 3_000_000_000)),
            threads: cpu_seconds.iter().map(thread).collect(),
            ..LoadReport::default()
        }
    }

    #[test]
    fn the_busiest_thread_is_not_the_mean_of_all() {
        assert_eq!(report(&[1.5]).busiest_share(), Some(0.75));
        assert_eq!(report(&[0.1, 0.5, 1.9, 0.5]).busiest_share(), Some(0.95));
        assert_eq!(report(&[2.5]).busiest_share(), Some(1.0), "clocks differ");
        assert_eq!(report(&[]).busiest_share(), None, "an older build");
        for (chat_window_ns, share) in [(None, None), (Some((5, 5)), Some(0.0))] {
            let no_chat = LoadReport { chat_window_ns, ..report(&[1.5]) };
            assert_eq!(no_chat.busiest_share(), share);
        }
    }

    #[test]
    fn more_threads_need_cpus_and_something_to_divide() {
        let one = LoadSettings::default();
        let more = |cpu: &[f64], cpus| report(cpu).more_threads(&one, cpus);
        assert_eq!(more(&[1.9], 3), Some(2), "two that read, and the event loop");
        for cpus in [1, 2] {
            assert_eq!(more(&[1.9], cpus), None, "{cpus} CPUs");
        }
        assert_eq!(more(&[], 8), None, "an older build");
        let two = LoadSettings { threads: 2, ..LoadSettings::default() };
        let more = |cpu: &[f64], cpus| report(cpu).more_threads(&two, cpus);
        assert_eq!(more(&[0.5, 1.9, 0.1], 4), Some(3));
        assert_eq!(more(&[0.5, 1.9, 0.1], 3), None);
        assert_eq!(more(&[1.9, 0.5, 0.1], 8), None, "one event loop writes for all");
        let most = LoadSettings { threads: 64, ..LoadSettings::default() };
        assert_eq!(report(&[0.5, 1.9]).more_threads(&most, 128), None);
        let silent = LoadSettings { dialogue: Dialogue::None, ..LoadSettings::default() };
        assert_eq!(report(&[1.9]).more_threads(&silent, 8), None);
    }
}
