//! Validates the settings of a dialogue.

use std::time::Duration;

use pattern::Patterns;
use worker::SettingProblem;

use super::settings::{Dialogue, ExchangeSettings, Expected, HttpSettings};
use crate::settings::{ChatPhase, LoadSettings};

/// The most requests of a connection.
const MAX_REQUESTS: u32 = 1_000_000;

/// The longest path, header, request or prefix, bytes.
const MAX_TEXT: usize = 64 * 1024;

/// The problems of a dialogue, and of settings that it does not have.
pub(crate) fn check_dialogue(
    settings: &LoadSettings,
    patterns: &mut Patterns,
) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    let mut unless = |is_fine: bool, field, reason: String| {
        if !is_fine {
            problems.push(SettingProblem { field, reason });
        }
    };
    match &settings.dialogue {
        Dialogue::Chat => return problems,
        Dialogue::None => {}
        Dialogue::Http(http) => check_http(http, settings.finish_deadline, &mut unless),
        Dialogue::Exchange(exchange) => {
            check_exchange(exchange, settings.finish_deadline, patterns, &mut unless);
            let speaks_first = exchange.send.bytes().is_empty();
            let is_read_at_once =
                settings.chat == ChatPhase::Overlapped && exchange.interval.is_zero();
            unless(
                !speaks_first || is_read_at_once,
                "dialogue.exchange.send",
                "the server speaks first, and what it says before clients read is lost: use chat \
                 overlapped and no interval, or send something"
                    .to_owned(),
            );
        }
    }
    let usual = LoadSettings::default();
    let answers = settings.dialogue.expects_answers();
    let advice = match &settings.dialogue {
        Dialogue::Http(_) => "omit it; dialogue.http.requests and dialogue.http.interval exist",
        Dialogue::Exchange(_) => {
            "omit it; dialogue.exchange.repeat and dialogue.exchange.interval exist"
        }
        _ => "omit it, or use dialogue chat",
    };
    for (field, is_unused) in [
        ("messages", settings.messages == 0 || settings.messages == usual.messages),
        ("size", settings.size == usual.size),
        ("send_delay", settings.send_delay == usual.send_delay),
        ("interval", settings.interval == usual.interval),
        ("senders", settings.senders.is_none()),
        ("slow_readers", !answers || settings.slow_readers == 0),
        ("leave", !answers || settings.leave == usual.leave),
    ] {
        let reason = format!("only clients of dialogue chat have it: {advice}");
        unless(is_unused, field, reason);
    }
    problems
}

type Unless<'a> = dyn FnMut(bool, &'static str, String) + 'a;

fn check_http(http: &HttpSettings, deadline: Duration, unless: &mut Unless<'_>) {
    let is_path = http.path.starts_with('/') && http.path.bytes().all(|b| b.is_ascii_graphic());
    unless(
        is_path,
        "dialogue.http.path",
        format!("{:?} is no path: begin with /, and write other than visible ASCII as %NN", {
            &http.path
        }),
    );
    unless(http.path.len() <= MAX_TEXT, "dialogue.http.path", too_long(http.path.len()));
    if let Some(host) = &http.host {
        let is_host = !host.is_empty()
            && host.len() <= MAX_TEXT
            && host.bytes().all(|byte| byte.is_ascii_graphic());
        let reason = format!("{host:?} is no host: write a name or an address, with its port");
        unless(is_host, "dialogue.http.host", reason);
    }
    unless(
        (200..=599).contains(&http.status),
        "dialogue.http.status",
        format!("{} is no status of a response: use 200 to 599", http.status),
    );
    let field = "dialogue.http.requests";
    check_count(http.requests, field, unless);
    unless(
        http.keep_alive || http.requests <= 1,
        field,
        "without keep_alive, a connection has one request: use clients for the number of \
         connections"
            .to_owned(),
    );
    check_interval(http.interval, http.requests, deadline, "dialogue.http.interval", unless);
}

fn check_exchange(
    exchange: &ExchangeSettings,
    deadline: Duration,
    patterns: &mut Patterns,
    unless: &mut Unless<'_>,
) {
    let ExchangeSettings { send, expect, repeat, interval } = exchange;
    let field = "dialogue.exchange.repeat";
    check_count(*repeat, field, unless);
    check_interval(*interval, *repeat, deadline, "dialogue.exchange.interval", unless);
    unless(send.bytes().len() <= MAX_TEXT, "dialogue.exchange.send", too_long(send.bytes().len()));
    match expect {
        Expected::Length(length) => unless(
            *length > 0,
            "dialogue.exchange.expect.length",
            "0 bytes are no answer: use at least 1, or dialogue none".to_owned(),
        ),
        Expected::Prefix(prefix) => {
            let length = prefix.bytes().len();
            let reason = if length == 0 {
                "no bytes are no answer: use at least 1".to_owned()
            } else {
                too_long(length)
            };
            unless((1..=MAX_TEXT).contains(&length), "dialogue.exchange.expect.prefix", reason);
        }
        Expected::Pattern(pattern) => {
            let field = "dialogue.exchange.expect.pattern";
            match patterns.get(pattern) {
                Ok(compiled) => unless(
                    !compiled.is_match(b""),
                    field,
                    format!("{pattern:?} matches nothing at all, and so before any answer"),
                ),
                Err(error) => unless(false, field, error.to_string()),
            }
        }
        Expected::EndOfFile => unless(
            *repeat <= 1,
            field,
            "the connection ends with its first answer (expect: end_of_file): use 1".to_owned(),
        ),
    }
}

fn too_long(length: usize) -> String {
    format!("{length} bytes: use at most {MAX_TEXT}")
}

fn check_count(count: u32, field: &'static str, unless: &mut Unless<'_>) {
    let is_fine = (1..=MAX_REQUESTS).contains(&count);
    unless(is_fine, field, format!("{count}: use 1 to {MAX_REQUESTS}"));
}

fn check_interval(
    interval: Duration,
    count: u32,
    deadline: Duration,
    field: &'static str,
    unless: &mut Unless<'_>,
) {
    let last = interval.checked_mul(count.saturating_sub(1));
    unless(
        last.is_some_and(|last| last < deadline),
        field,
        format!("{count}, {interval:?} apart, have not all begun by finish_deadline {deadline:?}"),
    );
}

#[cfg(test)]
mod tests {
    use chat_protocol::Framing;

    use super::*;
    use crate::check::check_settings;
    use crate::settings::{ConnectPattern, Leave};

    fn problems(json: serde_json::Value) -> Vec<&'static str> {
        let settings: LoadSettings = serde_json::from_value(json).expect("they have the types");
        let problems = check_settings(&settings, Framing::Ascii4, None, &mut Patterns::default());
        problems.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn settings_of_a_dialogue_name_their_field() {
        use serde_json::json;
        let http = |http| problems(json!({ "dialogue": { "http": http } }));
        assert_eq!(http(json!({})), [""; 0]);
        assert_eq!(http(json!({ "path": "/a?b=%20", "requests": 1_000_000 })), [""; 0]);
        assert_eq!(http(json!({ "path": "a" })), ["dialogue.http.path"]);
        assert_eq!(http(json!({ "path": "/a b" })), ["dialogue.http.path"]);
        assert_eq!(http(json!({ "path": "/\r\nX: y" })), ["dialogue.http.path"]);
        assert_eq!(http(json!({ "host": "a\r\nX: y" })), ["dialogue.http.host"]);
        assert_eq!(http(json!({ "status": 100 })), ["dialogue.http.status"]);
        assert_eq!(http(json!({ "requests": 0 })), ["dialogue.http.requests"]);
        let closing = json!({ "requests": 2, "keep_alive": false });
        assert_eq!(http(closing), ["dialogue.http.requests"]);
        let slow = json!({ "requests": 21, "interval": "1s" });
        assert_eq!(http(slow), ["dialogue.http.interval"]);
        let exchange = |exchange| problems(json!({ "dialogue": { "exchange": exchange } }));
        assert_eq!(exchange(json!({ "expect": "end_of_file" })), [""; 0]);
        let twice = json!({ "expect": "end_of_file", "repeat": 2 });
        assert_eq!(exchange(twice), ["dialogue.exchange.repeat"]);
        let greeting = json!({ "exchange": { "expect": { "prefix": "220" } } });
        assert_eq!(problems(json!({ "dialogue": greeting })), [""; 0]);
        let late = json!({ "chat": "after_connect", "dialogue": greeting });
        assert_eq!(problems(late), ["dialogue.exchange.send"]);
        for (expect, field) in [
            (json!({ "length": 0 }), "dialogue.exchange.expect.length"),
            (json!({ "prefix": "" }), "dialogue.exchange.expect.prefix"),
            (json!({ "pattern": "(" }), "dialogue.exchange.expect.pattern"),
            (json!({ "pattern": "a*" }), "dialogue.exchange.expect.pattern"),
        ] {
            assert_eq!(exchange(json!({ "expect": expect })), [field]);
        }
    }

    #[test]
    fn settings_of_the_chat_belong_to_the_chat() {
        let with = |dialogue: &Dialogue, change: fn(&mut LoadSettings)| {
            let dialogue = dialogue.clone();
            let mut settings = LoadSettings { dialogue, ..LoadSettings::default() };
            change(&mut settings);
            let problems =
                check_settings(&settings, Framing::Ascii4, None, &mut Patterns::default());
            problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
        };
        let http = Dialogue::Http(HttpSettings::default());
        for dialogue in [&Dialogue::None, &http] {
            assert_eq!(with(dialogue, |_| {}), [""; 0]);
            assert_eq!(with(dialogue, |s| s.messages = 0), [""; 0]);
            assert_eq!(with(dialogue, |s| s.half_open = 3), [""; 0]);
            assert_eq!(with(dialogue, |s| s.messages = 3), ["messages"]);
            assert_eq!(with(dialogue, |s| s.size = 300), ["size"]);
            assert_eq!(with(dialogue, |s| s.send_delay = Duration::ZERO), ["send_delay"]);
            assert_eq!(with(dialogue, |s| s.interval = Duration::ZERO), ["interval"]);
            assert_eq!(with(dialogue, |s| s.senders = Some(3)), ["senders"]);
        }
        assert_eq!(with(&Dialogue::None, |s| s.leave = Leave::HalfClose), [""; 0]);
        assert_eq!(with(&http, |s| s.leave = Leave::HalfClose), ["leave"]);
        assert_eq!(with(&http, |s| s.slow_readers = 1), ["slow_readers"]);
        assert_eq!(with(&http, |s| s.pattern = ConnectPattern::OneByOne), [""; 0]);
    }
}
