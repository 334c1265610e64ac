//! The settings of a dialogue as flags.

use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::byte_text::ByteText;
use super::settings::{Dialogue, ExchangeSettings, Expected, HttpSettings};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Kind {
    /// Messages of the chat server: each goes to all other clients
    #[default]
    Chat,
    /// Nothing: clients connect, stay, and close
    None,
    /// Requests to an HTTP server
    Http,
    /// Bytes to send, and what the server must answer
    Exchange,
}

/// The flags. Each belongs to one dialogue.
#[derive(Debug, clap::Args)]
struct DialogueFlags {
    /// What clients and the server say to each other.
    #[arg(long, value_enum, default_value_t)]
    dialogue: Kind,
    /// http: the path to request, with its query [default: /].
    #[arg(long, value_name = "PATH")]
    http_path: Option<String>,
    /// http: requests of each connection, one after the other [default: 1].
    #[arg(long, value_name = "NUMBER")]
    http_requests: Option<u32>,
    /// http: whether the connection stays open after an answer, and the client closes it.
    /// Otherwise the one request has `Connection: close`, and the server closes [default:
    /// true].
    #[arg(long, value_name = "BOOL")]
    http_keep_alive: Option<bool>,
    /// http: the status of the answers; an attempt with another one is `incomplete`
    /// [default: 200].
    #[arg(long, value_name = "STATUS")]
    http_status: Option<u16>,
    /// http: the value of the header `Host` [default: the server's address].
    #[arg(long, value_name = "HOST")]
    http_host: Option<String>,
    /// http: time between the intended starts of two requests of a connection [default: 0s,
    /// each begins when the answer before is complete].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    http_interval: Option<Duration>,
    /// exchange: the bytes to send, with the escapes \r, \n, \t, \0, \\ and \xNN [default:
    /// none, the server speaks first].
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true)]
    exchange_send: Option<ByteText>,
    /// exchange: the answer has this number of bytes.
    #[arg(long, value_name = "BYTES", group = "expect")]
    exchange_length: Option<u32>,
    /// exchange: the answer begins with these bytes, with the same escapes.
    #[arg(long, value_name = "BYTES", group = "expect", allow_hyphen_values = true)]
    exchange_prefix: Option<ByteText>,
    /// exchange: this regular expression matches in the first 64 KiB of the answer.
    #[arg(long, value_name = "REGEX", group = "expect", allow_hyphen_values = true)]
    exchange_pattern: Option<String>,
    /// exchange: the answer is anything until the server closes the connection.
    #[arg(long, group = "expect")]
    exchange_end_of_file: bool,
    /// exchange: exchanges of each connection, one after the other [default: 1].
    #[arg(long, value_name = "NUMBER")]
    exchange_repeat: Option<u32>,
    /// exchange: time between the intended starts of two exchanges of a connection [default:
    /// 0s, each begins when the answer before is complete].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    exchange_interval: Option<Duration>,
}

impl DialogueFlags {
    /// The first flag that belongs to `kind`.
    fn first_of(&self, kind: Kind) -> Option<&'static str> {
        let flags: &[(&'static str, bool)] = match kind {
            Kind::Chat | Kind::None => &[],
            Kind::Http => &[
                ("--http-path", self.http_path.is_some()),
                ("--http-requests", self.http_requests.is_some()),
                ("--http-keep-alive", self.http_keep_alive.is_some()),
                ("--http-status", self.http_status.is_some()),
                ("--http-host", self.http_host.is_some()),
                ("--http-interval", self.http_interval.is_some()),
            ],
            Kind::Exchange => &[
                ("--exchange-send", self.exchange_send.is_some()),
                ("--exchange-length", self.exchange_length.is_some()),
                ("--exchange-prefix", self.exchange_prefix.is_some()),
                ("--exchange-pattern", self.exchange_pattern.is_some()),
                ("--exchange-end-of-file", self.exchange_end_of_file),
                ("--exchange-repeat", self.exchange_repeat.is_some()),
                ("--exchange-interval", self.exchange_interval.is_some()),
            ],
        };
        flags.iter().find(|(_, is_given)| *is_given).map(|(flag, _)| *flag)
    }

    /// The dialogue, or why the flags make none.
    fn dialogue(self) -> Result<Dialogue, String> {
        for (kind, name) in [(Kind::Http, "http"), (Kind::Exchange, "exchange")] {
            if let Some(flag) = self.first_of(kind).filter(|_| self.dialogue != kind) {
                return Err(format!("{flag} needs --dialogue {name}"));
            }
        }
        Ok(match self.dialogue {
            Kind::Chat => Dialogue::Chat,
            Kind::None => Dialogue::None,
            Kind::Http => {
                let usual = HttpSettings::default();
                Dialogue::Http(HttpSettings {
                    path: self.http_path.unwrap_or(usual.path),
                    requests: self.http_requests.unwrap_or(usual.requests),
                    keep_alive: self.http_keep_alive.unwrap_or(usual.keep_alive),
                    status: self.http_status.unwrap_or(usual.status),
                    host: self.http_host,
                    interval: self.http_interval.unwrap_or(usual.interval),
                })
            }
            Kind::Exchange => {
                let length = self.exchange_length.map(Expected::Length);
                let prefix = self.exchange_prefix.map(Expected::Prefix);
                let pattern = self.exchange_pattern.map(Expected::Pattern);
                let end = self.exchange_end_of_file.then_some(Expected::EndOfFile);
                let expect = length.or(prefix).or(pattern).or(end).ok_or(
                    "--dialogue exchange needs the answer: --exchange-length, --exchange-prefix, \
                     --exchange-pattern or --exchange-end-of-file",
                )?;
                Dialogue::Exchange(ExchangeSettings {
                    send: self.exchange_send.unwrap_or_default(),
                    expect,
                    repeat: self.exchange_repeat.unwrap_or(1),
                    interval: self.exchange_interval.unwrap_or_default(),
                })
            }
        })
    }
}

impl Args for Dialogue {
    fn augment_args(command: Command) -> Command {
        DialogueFlags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        DialogueFlags::augment_args_for_update(command)
    }
}

impl FromArgMatches for Dialogue {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = DialogueFlags::from_arg_matches(matches)?;
        let conflict =
            |reason: String| clap::Error::raw(ErrorKind::ArgumentConflict, format!("{reason}\n"));
        flags.dialogue().map_err(conflict)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::LoadSettings;

    /// The dialogue of these flags, as in a scenario, or the error.
    fn dialogue(flags: &[&str]) -> Result<serde_json::Value, String> {
        let command = LoadSettings::augment_args(Command::new("load"));
        let matches = command.try_get_matches_from([&["load"], flags].concat());
        let settings = matches.and_then(|matches| LoadSettings::from_arg_matches(&matches));
        let settings = settings.map_err(|error| error.to_string())?;
        Ok(serde_json::to_value(&settings.dialogue).expect("settings are plain data"))
    }

    #[test]
    fn flags_and_yaml_have_the_same_dialogues() {
        use serde_json::json;
        assert_eq!(dialogue(&[]), Ok(json!("chat")));
        assert_eq!(dialogue(&["--dialogue", "none"]), Ok(json!("none")));
        assert_eq!(
            dialogue(&["--dialogue=http", "--http-path=/a", "--http-keep-alive=false"]),
            Ok(json!({ "http": {
                "path": "/a", "requests": 1, "keep_alive": false, "status": 200, "interval": "0s",
            } }))
        );
        assert_eq!(
            dialogue(&[
                "--dialogue=exchange",
                r"--exchange-send=PING\r\n",
                r"--exchange-prefix=+PONG\r\n",
                "--exchange-repeat=3",
            ]),
            Ok(json!({ "exchange": {
                "send": r"PING\r\n", "expect": { "prefix": r"+PONG\r\n" }, "repeat": 3,
                "interval": "0s",
            } }))
        );
        assert_eq!(
            dialogue(&["--dialogue=exchange", "--exchange-end-of-file"]).unwrap()["exchange"]["expect"],
            "end_of_file"
        );
    }

    #[test]
    fn a_flag_of_another_dialogue_is_an_error() {
        for (flags, reason) in [
            (&["--http-path=/"][..], "--http-path needs --dialogue http"),
            (&["--dialogue=http", "--exchange-repeat=3"], "needs --dialogue exchange"),
            (&["--dialogue=exchange"], "--dialogue exchange needs the answer"),
            (
                &["--dialogue=exchange", "--exchange-length=3", "--exchange-end-of-file"],
                "cannot be used with",
            ),
        ] {
            let error = dialogue(flags).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_dialogue_is_read_as_it_is_written() {
        use serde_json::json;
        for written in [
            json!("chat"),
            json!("none"),
            json!({ "http": { "path": "/", "requests": 2, "keep_alive": true, "status": 204,
                              "host": "a", "interval": "5ms" } }),
            json!({ "exchange": { "expect": { "length": 5 }, "repeat": 1, "interval": "0s" } }),
        ] {
            let read: Dialogue = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), written);
        }
        for (wrong, reason) in [
            (json!("htp"), "unknown variant `htp`"),
            (json!("http"), "write {http: {path: /}}"),
            (json!("exchange"), "write {exchange:"),
            (json!({ "smtp": {} }), "unknown variant `smtp`"),
            (json!({ "http": { "paths": 3 } }), "unknown field `paths`"),
            (json!({ "exchange": {} }), "missing field `expect`"),
            (json!(3), "expected chat, none"),
        ] {
            let error = serde_json::from_value::<Dialogue>(wrong).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
