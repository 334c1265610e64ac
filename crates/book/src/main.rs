//! The book: `mdbook build docs` runs this program as a preprocessor.
//!
//! mdBook reads `docs/SUMMARY.md` and the files that it lists; this program adds the lessons and the
//! decisions, puts figures of committed runs where lessons have placeholders, and leads links out of
//! `docs/` to the repository. `book links DIR` checks the links of the finished pages.
//!
//! | module | holds |
//! |---|---|
//! | `preprocess` | the chapters of the book |
//! | `page` | a page with figures, and where they are from |
//! | `figures` | what each placeholder stands for |
//! | `question` | questions and exercises, and the table of what is believed and measured |
//! | `command` | a command to type |
//! | `record` | the committed run of a lesson |
//! | `chart` | a chart in a page of mdBook, and the style sheet of charts |
//! | `graph` | graphs of Mermaid as tables |
//! | `links` | links of a chapter to files that are no chapters |
//! | `link_check` | the links of the finished pages |
//! | `error` | errors |

mod chart;
mod command;
mod error;
mod figures;
mod graph;
mod link_check;
mod links;
mod page;
mod preprocess;
mod question;
mod record;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mdbook_preprocessor::parse_input;

use crate::error::{BookError, Result};
use crate::links::Repository;

/// Makes pages of the book from lessons and their recorded runs.
///
/// Without a command it is a preprocessor of mdBook: it reads the book from standard input, and
/// writes it to standard output.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Exit with 0 if pages can be made for this renderer of mdBook.
    Supports {
        /// Its name, such as `html`.
        renderer: String,
    },
    /// Check that every link between the finished pages leads somewhere, and that no page loads
    /// anything from the network.
    Links {
        /// The directory of the finished pages.
        directory: PathBuf,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        None => exchange(),
        Some(Command::Supports { renderer }) if renderer == "html" => Ok(()),
        Some(Command::Supports { .. }) => return ExitCode::FAILURE,
        Some(Command::Links { directory }) => link_check::check(&directory).map(|checked| {
            eprintln!("{} links of {} pages lead somewhere", checked.links, checked.pages);
        }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads the book that mdBook writes, and writes it back.
fn exchange() -> Result<()> {
    let (context, book) =
        parse_input(io::stdin()).map_err(|error| BookError::Exchange(format!("{error:#}")))?;
    let address = context.config.get("output.html.git-repository-url");
    let address: Option<String> =
        address.map_err(|error| BookError::Exchange(format!("{error:#}")))?;
    let address = address.ok_or_else(|| {
        BookError::Exchange("book.toml has no output.html.git-repository-url".to_owned())
    })?;
    let repository = Repository {
        path: context.root.parent().unwrap_or(Path::new(".")).to_owned(),
        address: address.trim_end_matches('/').to_owned(),
    };
    let book = preprocess::preprocess(book, &repository)?;
    serde_json::to_writer(io::stdout().lock(), &book)
        .map_err(|error| BookError::Exchange(error.to_string()))
}
