//! The load as a process of its own, steered by JSON lines.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use crate::{CommandSender, LoadCommand, LoadConfig, LoadError, LoadEvent, command_channel, run};

/// What `queuelab load` does: runs a load and writes its [`LoadEvent`]s to
/// standard output, one JSON line each.
///
/// With `control`, [`LoadCommand`]s are read from standard input, a JSON line
/// each, and its end stops the load. Without, [`LoadConfig::hold`] is not
/// waited for.
///
/// The exit code is 0 when the load was run, whatever became of its attempts;
/// 2 for settings that no load can follow; 5 when the machine or the testbed
/// failed. The last line is [`LoadEvent::Done`] or [`LoadEvent::Failed`].
pub fn load_part(config: LoadConfig, control: bool) -> ExitCode {
    let commands = if control {
        command_channel().map(Some)
    } else {
        Ok(None)
    };
    let result = match commands {
        Ok(Some((sender, source))) => {
            std::thread::spawn(move || forward_commands(io::stdin().lock(), &sender));
            run(&config, Some(source), &mut write_event)
        }
        Ok(None) => run(&config, None, &mut write_event),
        Err(error) => Err(LoadError::machine("listen to commands")(error)),
    };
    match result {
        Ok(report) => {
            write_event(LoadEvent::Done(Box::new(report)));
            ExitCode::SUCCESS
        }
        Err(error) => {
            write_event(LoadEvent::Failed {
                reason: error.to_string(),
            });
            match error {
                LoadError::Settings(_) => ExitCode::from(2),
                _ => ExitCode::from(5),
            }
        }
    }
}

/// Whoever started the load may be gone; then nobody misses the line, and the
/// end of standard input stops the load.
fn write_event(event: LoadEvent) {
    let mut line = serde_json::to_vec(&event).expect("an event has no map with odd keys");
    line.push(b'\n');
    let mut output = io::stdout().lock();
    let _ = output.write_all(&line).and_then(|()| output.flush());
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
