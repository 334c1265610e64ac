//! The roles of a load's attempts.

use worker::SettingProblem;

use crate::settings::LoadSettings;

/// What an attempt does. By index, first come the half-open ones, then the slow readers,
/// then those that send, then those that only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It never receives the server's SYN-ACK.
    HalfOpen,
    /// It never reads and never writes.
    SlowReader,
    /// It writes its messages and reads what arrives.
    Sender,
    /// It reads what arrives, and writes nothing.
    Reader,
}

impl Role {
    /// The role of the attempt with this index.
    pub(crate) fn from_index(settings: &LoadSettings, index: usize) -> Self {
        let after = |count: u32, index: usize| index.checked_sub(count as usize);
        let Some(index) = after(settings.half_open, index) else {
            return Self::HalfOpen;
        };
        let Some(index) = after(settings.slow_readers, index) else {
            return Self::SlowReader;
        };
        match settings.senders {
            Some(senders) if after(senders, index).is_some() => Self::Reader,
            _ => Self::Sender,
        }
    }

    /// Messages that an attempt in this role writes.
    pub(crate) fn messages(self, settings: &LoadSettings) -> u32 {
        if self == Self::Sender { settings.messages } else { 0 }
    }
}

/// Roles without enough clients, and messages without a sender.
pub(crate) fn check_roles(settings: &LoadSettings) -> Vec<SettingProblem> {
    let LoadSettings { clients, half_open, slow_readers, senders, messages, .. } = *settings;
    let mut problems = Vec::new();
    let mut problem = |field, reason| problems.push(SettingProblem { field, reason });

    let Some(others) = clients.checked_sub(half_open) else {
        problem("half_open", format!("{half_open} of {clients} clients: use at most {clients}"));
        return problems;
    };
    let Some(able) = others.checked_sub(slow_readers) else {
        let among = among(clients, half_open, 0);
        problem("slow_readers", format!("{slow_readers} of {among}: use at most {others}"));
        return problems;
    };
    if messages > 0 && slow_readers > 0 && able == 0 {
        problem(
            "slow_readers",
            format!(
                "{slow_readers} of {}: no other client sends the messages, so use fewer or \
                 messages 0",
                among(clients, half_open, 0)
            ),
        );
    }
    match senders {
        Some(senders) if senders > able => {
            let among = among(clients, half_open, slow_readers);
            problem("senders", format!("{senders} of {among}: use at most {able}"));
        }
        Some(0) if messages > 0 => problem(
            "senders",
            format!("no client sends the {messages} messages: use at least 1, or messages 0"),
        ),
        _ => {}
    }
    problems
}

/// `20 clients less 5 that are half-open`, and so on.
fn among(clients: u32, half_open: u32, slow_readers: u32) -> String {
    let mut text = format!("{clients} clients");
    for (count, what) in [(half_open, "half-open"), (slow_readers, "slow readers")] {
        if count > 0 {
            text += &format!(" less {count} that are {what}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(half_open: u32, slow_readers: u32, senders: Option<u32>) -> LoadSettings {
        LoadSettings { clients: 6, half_open, slow_readers, senders, ..LoadSettings::default() }
    }

    #[test]
    fn each_role_begins_where_the_one_before_ends() {
        use Role::{HalfOpen, Reader, Sender, SlowReader};
        let roles =
            |settings: LoadSettings| [0, 1, 2, 3, 4, 5].map(|n| Role::from_index(&settings, n));
        assert_eq!(roles(settings(0, 0, None)), [Sender; 6]);
        assert_eq!(
            roles(settings(1, 2, Some(2))),
            [HalfOpen, SlowReader, SlowReader, Sender, Sender, Reader]
        );
        assert_eq!(
            roles(settings(0, 1, None)),
            [SlowReader, Sender, Sender, Sender, Sender, Sender]
        );
        assert_eq!(roles(settings(0, 0, Some(0))), [Reader; 6]);
    }

    #[test]
    fn roles_need_clients_and_messages_need_a_sender() {
        let problems = |settings: LoadSettings| {
            let texts = check_roles(&settings).into_iter().map(|problem| problem.to_string());
            texts.collect::<Vec<_>>().join("; ")
        };
        for (half_open, slow_readers, senders) in
            [(0, 0, None), (6, 0, None), (0, 5, None), (1, 2, Some(3)), (0, 0, Some(1))]
        {
            assert_eq!(problems(settings(half_open, slow_readers, senders)), "");
        }
        for (half_open, slow_readers, senders, expected) in [
            (7, 0, None, "half_open: 7 of 6 clients: use at most 6"),
            (0, 7, None, "slow_readers: 7 of 6 clients: use at most 6"),
            (4, 3, None, "slow_readers: 3 of 6 clients less 4 that are half-open: use at most 2"),
            (u32::MAX, u32::MAX, None, "half_open: 4294967295 of 6 clients: use at most 6"),
            (
                1,
                2,
                Some(4),
                "senders: 4 of 6 clients less 1 that are half-open less 2 that are slow readers: \
                 use at most 3",
            ),
            (
                0,
                6,
                None,
                "slow_readers: 6 of 6 clients: no other client sends the messages, so use \
                 fewer or messages 0",
            ),
            (
                0,
                0,
                Some(0),
                "senders: no client sends the 10 messages: use at least 1, or messages 0",
            ),
        ] {
            assert_eq!(problems(settings(half_open, slow_readers, senders)), expected);
        }
        let silent = LoadSettings { messages: 0, ..settings(0, 6, Some(0)) };
        assert_eq!(problems(silent), "");
    }
}
