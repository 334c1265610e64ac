//! A command to type, as Markdown.

use lesson::Lesson;

/// The longest line of a command, characters: more would scroll on most screens.
const WIDTH: usize = 76;

/// The command that runs these arguments: installed, and in a clone of the repository.
pub(crate) fn commands(run: &[String]) -> String {
    let installed = Lesson::command(run);
    let in_clone = installed.replacen("queuelab", "cargo lab", 1);
    format!(
        "In a clone of the repository:\n\n```text\n{}\n```\n\nInstalled:\n\n```text\n{}\n```",
        wrapped(&in_clone),
        wrapped(&installed)
    )
}

/// The installed program's command alone.
pub(crate) fn command(run: &[String]) -> String {
    format!("```text\n{}\n```", wrapped(&Lesson::command(run)))
}

/// The command on several lines, each ended by a backslash but the last.
fn wrapped(command: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // No value of a lesson's flag contains one.
    for (index, part) in command.split(" --").enumerate() {
        let part = if index == 0 { part.to_owned() } else { format!("--{part}") };
        match lines.last_mut() {
            Some(line) if line.len() + part.len() < WIDTH => *line = format!("{line} {part}"),
            Some(_) => lines.push(format!("    {part}")),
            None => lines.push(part),
        }
    }
    lines.join(" \\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_is_wrapped_before_a_flag() {
        assert_eq!(wrapped("queuelab run smoke --quick"), "queuelab run smoke --quick");
        let only = "--only hosts.server.sysctls.net.core.somaxconn=4096";
        assert_eq!(
            wrapped(&format!("queuelab run smoke {only} {only} --quick")),
            format!("queuelab run smoke {only} \\\n    {only} --quick")
        );
    }

    #[test]
    fn a_command_is_shown_for_a_clone_and_installed() {
        let both = commands(&["smoke".to_owned(), "--quick".to_owned()]);
        assert!(both.contains("\ncargo lab run smoke --quick\n"), "{both}");
        assert!(both.contains("\nqueuelab run smoke --quick\n"), "{both}");
    }
}
