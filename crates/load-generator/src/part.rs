//! The load as a process of its own, steered by JSON lines.

use std::io::{self, BufRead, Write};

use crate::{
    CommandSender, LoadCommand, LoadConfig, LoadError, LoadEvent, LoadReport, command_channel, run,
};

/// What `queuelab load` does: runs a load and writes its [`LoadEvent`]s to
/// standard output, one JSON line each.
///
/// With `control`, [`LoadCommand`]s are read from standard input, a JSON line
/// each, and its end stops the load. Without, [`LoadConfig::hold`] is not
/// waited for.
///
/// The last line is [`LoadEvent::Done`] or [`LoadEvent::Failed`].
///
/// # Errors
/// What the `Failed` event said: those of [`run`], and a report that could not
/// be written. Whatever became of its attempts, a load that was run is none.
pub fn load_part(config: &LoadConfig, control: bool) -> Result<(), LoadError> {
    let done =
        steered(config, control).and_then(|report| print(&LoadEvent::Done(Box::new(report))));
    done.inspect_err(|error| {
        let failed = LoadEvent::Failed { reason: error.to_string() };
        // Where standard output itself is what failed, the caller still has
        // the error.
        let _ = print(&failed);
    })
}

fn steered(config: &LoadConfig, control: bool) -> Result<LoadReport, LoadError> {
    // Where nobody reads any more, the end of standard input stops the load.
    let mut on_event = |event| drop(print(&event));
    if !control {
        return run(config, None, &mut on_event);
    }
    let (sender, source) = command_channel().map_err(LoadError::machine("listen to commands"))?;
    std::thread::spawn(move || forward_commands(io::stdin().lock(), &sender));
    run(config, Some(source), &mut on_event)
}

fn print(event: &LoadEvent) -> Result<(), LoadError> {
    let write = || {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        let mut output = io::stdout().lock();
        output.write_all(&line)?;
        output.flush()
    };
    write().map_err(LoadError::machine("write an event to standard output"))
}

/// Gives the load each command of `input` until it ends; dropping `sender`
/// then stops the load, and so does a line that is no command.
fn forward_commands(input: impl BufRead, sender: &CommandSender) {
    for line in input.lines() {
        let command = line.ok().and_then(|line| serde_json::from_str(&line).ok());
        match command {
            Some(command) => sender.send(command),
            None => break,
        }
    }
    sender.send(LoadCommand::Stop);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(input: &str) -> Vec<LoadCommand> {
        let (sender, source) = command_channel().expect("an eventfd");
        forward_commands(input.as_bytes(), &sender);
        std::iter::from_fn(|| source.next()).collect()
    }

    #[test]
    fn commands_are_json_lines_and_their_end_stops_the_load() {
        assert_eq!(forwarded(""), [LoadCommand::Stop]);
        assert_eq!(forwarded("{\"command\":\"go\"}\n"), [LoadCommand::Go, LoadCommand::Stop]);
        assert_eq!(
            forwarded("go\n{\"command\":\"go\"}\n"),
            [LoadCommand::Stop],
            "what is no command is the end of the understanding"
        );
    }

    #[test]
    fn a_report_survives_its_line() {
        let report = crate::LoadReport {
            undelivered: 3,
            chat_window_ns: Some((1, u64::MAX)),
            errors: [("ECONNRESET".to_owned(), 2)].into(),
            ..Default::default()
        };
        let event = LoadEvent::Done(Box::new(report));
        let line = serde_json::to_string(&event).expect("an event is JSON");
        assert!(line.starts_with("{\"event\":\"done\"") && !line.contains('\n'), "{line}");
        assert_eq!(serde_json::from_str::<LoadEvent>(&line).expect("the same JSON"), event);
    }
}
