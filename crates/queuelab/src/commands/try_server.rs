//! `queuelab try`: what a burst of clients meets at a server, without a scenario.
//!
//! | module | contents |
//! |---|---|
//! | `arguments` | the flags |
//! | `server` | the program or image |
//! | `listener` | the port, and the backlog that the program passes |
//! | `scenario_file` | the scenario of the try, and its file |
//! | `findings` | what its trials show |
//! | `text` | what is printed |
//! | `document` | the same as JSON |

mod arguments;
mod document;
mod findings;
mod listener;
mod scenario_file;
mod server;
mod text;

pub(crate) use arguments::TryArguments;
use diagnosis::KnownServers;
use lab::{Finished, FinishedRun, KernelFacts, RunRequest, Session, Target};
use run_view::prose::wrap_to;
use run_view::{Emphasis, Printable};

use self::findings::Findings;
use self::scenario_file::{CONNECT_DEADLINE, ScenarioFile, scenario};
use self::server::TriedServer;
use self::text::Tried;
use super::report::{print_places, write};
use super::run::{Reporter, interruption, run_exit};
use super::run_result::run_result;
use super::{print_document, print_message, print_text, screen};
use crate::error::Result;
use crate::exit::Exit;
use crate::tool::tool;

/// Starts the server, finds its port, writes a scenario, runs it and prints what it shows.
pub(crate) fn try_server(arguments: &TryArguments) -> Result {
    let server = arguments.server()?;
    let file = ScenarioFile::choose(arguments, server.name())?;
    let backend = lab::find_backend(server.backend()).expect("it is in the registry");
    print_message(&format!("starts: {}", server.described()));
    // First: the backend may need a process that has started no thread.
    let listeners = lab::server_listeners(backend, &server.server(), listener::LARGE_SOMAXCONN)?;
    let found = listener::choose(&listeners, arguments.port)?;
    file.write(&scenario(&file.name, arguments, &server, &found))?;
    let session = Session::prepare(RunRequest {
        target: Target::New {
            // It ends in .yaml, so it is no name of a scenario.
            scenario: file.path.display().to_string(),
            changes: scenario::Overrides::default(),
        },
        backend: Some(server.backend().to_owned()),
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
        Finished::Run(run) => print(arguments, &server, found.port, &file, *run),
        Finished::Pair { .. } | Finished::Suite(_) => unreachable!("it is one scenario"),
    }
}

fn print(
    arguments: &TryArguments,
    server: &TriedServer,
    port: u16,
    file: &ScenarioFile,
    finished: FinishedRun,
) -> Result {
    let exit = run_exit(&finished);
    let tried = Tried {
        name: server.name(),
        port,
        clients: arguments.clients,
        somaxconn: arguments.somaxconn,
        known: server.known(KnownServers::built_in()),
    };
    let kernel = KernelFacts::of_run(&finished.record).unwrap_or_default();
    let FinishedRun { path, record, trials } = finished;
    let findings = Findings::of(&trials, &path, arguments.clients, arguments.somaxconn, &kernel);
    let run = report::Run::new(record, trials);
    let answer = text::answer(&tried, &findings);
    let notes = text::notes(&tried, &findings, CONNECT_DEADLINE);
    if arguments.json {
        write(&run, &path)?;
        let (sentences, result) = ([vec![answer], notes].concat(), run_result(&run, &path));
        let document = document::document(server, &tried, &findings, sentences, file, result);
        print_document(&document)?;
        return Ok(exit);
    }
    let screen = screen();
    let wrap = |text: &str| wrap_to(screen.columns, text, "", "");
    let answer = wrap(&answer);
    let notes: Vec<_> = notes.iter().map(|note| wrap(note)).collect();
    let parts = [
        Printable::with(screen, Emphasis::Strong, &answer),
        text::table(&tried, &findings).text(screen),
        Printable::new(&notes.join("\n\n")),
    ];
    print_text(&Printable::joined(parts, "\n\n"))?;
    if exit == Exit::Failed {
        print_text(&Printable::new(&format!("\n{}", wrap(&run.verdict.headline()))))?;
    }
    write(&run, &path)?;
    let replaced = if file.replaces { " (replaced that of the last try)" } else { "" };
    print_places(&format!(
        "\nRun directory: {run}\nReport: {report}\nScenario: {scenario}{replaced}\nNext time: \
         queuelab run {scenario}{flags}",
        run = path.display(),
        report = path.join("report.html").display(),
        scenario = file.path.display(),
        flags = server.run_flags(),
    ))?;
    Ok(exit)
}
