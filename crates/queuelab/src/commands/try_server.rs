//! `queuelab try`: what a burst of clients meets at a server, without a scenario.
//!
//! | module | contents |
//! |---|---|
//! | `arguments` | the flags |
//! | `listener` | the port, and the backlog that the program passes |
//! | `scenario_file` | the scenario of the try, and its file |
//! | `findings` | what its trials show |
//! | `text` | what is printed |

mod arguments;
mod findings;
mod listener;
mod scenario_file;
mod text;

use std::path::Path;

pub(crate) use arguments::TryArguments;
use diagnosis::KnownServers;
use lab::{Finished, FinishedRun, KernelFacts, RunRequest, Session, Target};
use run_view::prose::wrap_to;
use run_view::{Emphasis, Printable};

use self::findings::Findings;
use self::scenario_file::{CONNECT_DEADLINE, ScenarioFile, scenario};
use self::text::Tried;
use super::report::{print_places, write};
use super::run::{Reporter, interruption, run_exit};
use super::{print_message, print_text, screen};
use crate::error::Result;
use crate::exit::Exit;
use crate::tool::tool;

/// The backend: its server host is this machine's, with its files and programs.
const BACKEND: &str = "netns";

/// Starts the server, finds its port, writes a scenario, runs it and prints what it shows.
pub(crate) fn try_server(arguments: &TryArguments) -> Result {
    let server = arguments.server()?;
    let file = ScenarioFile::choose(arguments, &server.program[0])?;
    let backend = lab::find_backend(BACKEND).expect("it is in the registry");
    print_message(&format!("starts: {}", server.program.join(" ")));
    // First: the backend may need a process that has started no thread.
    let listeners = lab::program_listeners(backend, &server, listener::LARGE_SOMAXCONN)?;
    let found = listener::choose(&listeners, arguments.port)?;
    file.write(&scenario(&file.name, arguments, &server, &found))?;
    let session = Session::prepare(RunRequest {
        target: Target::New {
            // It ends in .yaml, so it is no name of a scenario.
            scenario: file.path.display().to_string(),
            changes: scenario::Overrides::default(),
        },
        backend: Some(BACKEND.to_owned()),
        against: None,
        // The user has typed the command.
        allow_commands: true,
        retries: 0,
        disturbed_retries: 0,
        out: arguments.out.clone(),
        tool: tool(),
    })?;
    let interruption = interruption()?;
    let mut reporter = Reporter::of_a_run(interruption.at_once);
    match session.run(&interruption.interrupted, &mut reporter)? {
        Finished::Run(run) => print(arguments, &server.program, found.port, &file, *run),
        Finished::Pair { .. } | Finished::Suite(_) => unreachable!("it is one scenario"),
    }
}

fn print(
    arguments: &TryArguments,
    program: &[String],
    port: u16,
    file: &ScenarioFile,
    finished: FinishedRun,
) -> Result {
    let exit = run_exit(&finished);
    let known = KnownServers::built_in();
    let name = Path::new(&program[0]).file_name().unwrap_or_default().to_string_lossy();
    let tried = Tried {
        name: &name,
        port,
        clients: arguments.clients,
        somaxconn: arguments.somaxconn,
        known: known.recognise(program),
    };
    let kernel = KernelFacts::of_run(&finished.record).unwrap_or_default();
    let FinishedRun { path, record, trials } = finished;
    let findings = Findings::of(&trials, &path, arguments.clients, arguments.somaxconn, &kernel);
    let screen = screen();
    let wrap = |text: &str| wrap_to(screen.columns, text, "", "");
    let answer = wrap(&text::answer(&tried, &findings));
    let notes = text::notes(&tried, &findings, CONNECT_DEADLINE);
    let notes: Vec<_> = notes.iter().map(|note| wrap(note)).collect();
    let parts = [
        Printable::with(screen, Emphasis::Strong, &answer),
        text::table(&tried, &findings).text(screen),
        Printable::new(&notes.join("\n\n")),
    ];
    print_text(&Printable::joined(parts, "\n\n"))?;
    let run = report::Run::new(record, trials);
    if exit == Exit::Failed {
        print_text(&Printable::new(&format!("\n{}", wrap(&run.verdict.headline()))))?;
    }
    write(&run, &path)?;
    let replaced = if file.replaces { " (replaced that of the last try)" } else { "" };
    print_places(&format!(
        "\nRun directory: {run}\nReport: {report}\nScenario: {scenario}{replaced}\nNext time: \
         queuelab run {scenario} --allow-commands",
        run = path.display(),
        report = path.join("report.html").display(),
        scenario = file.path.display(),
    ))?;
    Ok(exit)
}
