//! The accept queue was full.

use linux_net::{Counter, Sysctl};
use run_view::{LimitingSetting, ListenLimit, TrialView};

use super::server_limits;
use crate::claim::Claim;
use crate::known_servers::{KnownServer, KnownServers};
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, several};

const SOMAXCONN: Sysctl = Sysctl::Somaxconn;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;

/// The dropped segments, the limit that decided, and a limit that would have sufficed.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: overflowed,
        claims: &[Claim::ServerCounted(OVERFLOWS)],
        text: |_, _| {
            Some(
                "The accept queue, where established connections wait for accept(2), was full."
                    .into(),
            )
        },
    }],
    statements: &[
        Statement {
            needs: overflowed,
            claims: &[Claim::ServerCounted(OVERFLOWS)],
            text: |full, _| {
                let text = format!(
                    "The server's kernel therefore dropped {} ({OVERFLOWS}){}: SYNs, or the last \
                     ACKs of handshakes.",
                    several(full.server(OVERFLOWS), "segment"),
                    full.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| overflowed(trial) && trial.limit_is_that_of_the_settings(),
            claims: &[Claim::ServerCounted(OVERFLOWS)],
            text: |full, _| limit(full),
        },
        Statement {
            needs: |trial| {
                let is_limited = overflowed(trial) && trial.limit_is_that_of_the_settings();
                is_limited && !has_room_for_all(trial) && !server_limits::acted(trial)
            },
            claims: &[Claim::ServerCounted(OVERFLOWS), Claim::NoAcceptFailed],
            text: |full, _| remedy(full),
        },
        Statement {
            needs: |trial| is_limited_by_a_program(trial) && !server_limits::acted(trial),
            claims: &[Claim::ServerCounted(OVERFLOWS), Claim::NoAcceptFailed],
            text: |full, _| of_a_program(full),
        },
        Statement {
            needs: |trial| has_room_for_all(trial) && trial.server_counted_none(DROPS),
            claims: &[Claim::ServerCountedNone(DROPS)],
            text: |fitting, _| {
                let place = words::sentence(&fitting.place());
                (!place.is_empty()).then(|| {
                    format!("{place} it had room for all clients, and nothing was dropped.").into()
                })
            },
        },
    ],
};

fn overflowed(trial: &TrialView<'_>) -> bool {
    trial.server(OVERFLOWS) > 0
}

/// Whether a full accept queue caused every drop of the listener.
pub(crate) fn caused_every_drop(trial: &TrialView<'_>) -> bool {
    overflowed(trial) && trial.server(DROPS) == trial.server(OVERFLOWS)
}

fn has_room_for_all(trial: &TrialView<'_>) -> bool {
    trial.limit().is_some_and(|limit| trial.clients() <= u64::from(limit) + 1)
}

/// The trials by the setting from which the backlog of their last listen(2) was taken.
fn by_setting<'a>(full: &TrialSet<'a>) -> Vec<(&'static str, TrialSet<'a>)> {
    full.group_by(|trial| Some(trial.last_listen()?.setting)).into_iter().collect()
}

/// Which of backlog and somaxconn decided, and how much the queue holds.
fn limit(full: &TrialSet<'_>) -> Option<Sentence> {
    let decided = by_setting(full).into_iter().flat_map(|(setting, trials)| {
        let limits = [LimitingSetting::Backlog, LimitingSetting::Somaxconn];
        limits.map(|limiting| decided_by(limiting, setting, &trials))
    });
    let decided: Vec<_> = decided.flatten().collect();
    // Not the sampled depth: a queue can be full for less than a sampling interval.
    let capacity = full.range(|trial| Some(u64::from(trial.limit()?) + 1))?;
    let text = format!(
        "Its limit is the smaller of backlog and somaxconn, here {}; it holds one more than its \
         limit, {capacity}.",
        words::listed(&decided)?
    );
    Some(text.into())
}

fn decided_by(limiting: LimitingSetting, setting: &str, trials: &TrialSet<'_>) -> Option<String> {
    let is_limiting =
        |trial: &TrialView<'_>| trial.last_listen().is_some_and(|it| it.limiting() == limiting);
    let trials = trials.filter_some(is_limiting)?;
    let backlog = (setting, trials.values(setting)?);
    let somaxconn = (SOMAXCONN.name(), trials.sysctls(|trial| trial.server_sysctl(SOMAXCONN))?);
    let ((smaller, value), (larger, with)) = match limiting {
        LimitingSetting::Backlog => (backlog, somaxconn),
        LimitingSetting::Somaxconn => (somaxconn, backlog),
    };
    Some(format!("{smaller} ({value}, with {larger} {with}){}", trials.place()))
}

/// A program that does not state its backlog: its limit is only known from the kernel.
fn is_limited_by_a_program(trial: &TrialView<'_>) -> bool {
    overflowed(trial)
        && !trial.is_chat()
        && trial.last_listen().is_none()
        && trial.limit().is_some()
        && !has_room_for_all(trial)
}

fn of_a_program(full: &TrialSet<'_>) -> Option<Sentence> {
    let limit = full.range(|trial| trial.limit().map(u64::from))?;
    let enough = full.iter().map(TrialView::clients).max()?.saturating_sub(1);
    let text = format!(
        "Its limit was {limit}, as the kernel reports it: the smaller of {SOMAXCONN} and the backlog \
         that the program passes to listen(2); the queue holds one more. A {} and a {SOMAXCONN} at \
         least as large would have had room for all clients.",
        backlog_of(full, "", enough),
    );
    Some(Sentence::from(text).claiming(Claim::RaiseLimit(enough)))
}

/// A larger backlog, in the words of the server: the setting of the lab's own, or how to
/// configure the program if it is known.
pub(super) fn backlog_of(full: &TrialSet<'_>, setting: &str, backlog: u64) -> String {
    let written = words::counted(backlog);
    if full.all(TrialView::is_chat) {
        return format!("{setting} of {written}");
    }
    let known: Vec<_> = full.iter().map(known_server).collect();
    match known.first() {
        Some(Some(first)) if known.iter().all(|server| *server == Some(*first)) => {
            format!("backlog of {written} ({}: {})", first.name, first.advice(&backlog.to_string()))
        }
        _ => format!("backlog of {written}, which the server passes to listen(2),"),
    }
}

/// The server of a trial, if it is a program or an image that is known.
fn known_server(trial: &TrialView<'_>) -> Option<&'static KnownServer> {
    let servers = KnownServers::built_in();
    match trial.command() {
        Some(command) => servers.recognise(&command),
        None => servers.recognise_image(trial.text("server.image.image")?),
    }
}

/// The limit with which no client would have found it full. What is large enough already is
/// not raised.
fn remedy(full: &TrialSet<'_>) -> Option<Sentence> {
    let enough = full.iter().map(TrialView::clients).max()?.saturating_sub(1);
    let is_enough = |of: fn(ListenLimit) -> u32| {
        full.all(|trial| trial.last_listen().is_some_and(|it| u64::from(of(it)) >= enough))
    };
    let settings = by_setting(full);
    let setting = match settings.as_slice() {
        [(setting, _)] => *setting,
        _ => "backlog",
    };
    let (raise, already, claim) = if is_enough(|limit| limit.somaxconn) {
        let values = full.sysctls(|trial| trial.server_sysctl(SOMAXCONN))?;
        (
            format!("A {}", backlog_of(full, setting, enough)),
            format!(" ({SOMAXCONN}, {values}, is large enough)"),
            Claim::RaiseBacklog(enough),
        )
    } else if is_enough(|limit| limit.backlog) {
        let values = full.values(setting).map_or(String::new(), |values| format!(", {values},"));
        (
            format!("A {SOMAXCONN} of {}", words::counted(enough)),
            format!(" ({setting}{values} is large enough)"),
            Claim::RaiseServerSysctl(SOMAXCONN, enough),
        )
    } else {
        (
            format!("A {} and a {SOMAXCONN} at least as large", backlog_of(full, setting, enough)),
            String::new(),
            Claim::RaiseLimit(enough),
        )
    };
    let clients = match full.range(|trial| Some(trial.clients()))? {
        range if range.contains(" to ") => format!("each burst of {range} clients"),
        all => format!("all {all} clients"),
    };
    let text = match full.all(TrialView::accepts_nothing) {
        true => format!(
            "{raise} would have room for {clients}{already}; nothing else makes room here, because the \
             server accepted nothing while they connected."
        ),
        false => format!(
            "{raise} has room for {clients}, regardless of how fast the server accepts{already}; a server \
             that accepts faster needs less."
        ),
    };
    Some(Sentence::from(text).claiming(claim))
}
