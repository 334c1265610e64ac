//! Tests of the documents: what a page says can be done, can be done.
//!
//! Every command of README.md, CONTRIBUTING.md, SECURITY.md and docs/ is run, and what a page
//! shows as its output is compared with what it prints. CONTRIBUTING.md says how to state what
//! may vary; decision 87 says why this is a binary of its own.
//!
//! | module | content |
//! |---|---|
//! | `kernel` | the commands of each page, run where the page says they are run |
//! | `pure` | tests of links, of names in commands, and of the modules below |
//! | `commands.yaml` | what is done other than to run a command as it is printed, and why |
//! | `page` | a page: its blocks, inline code, links and headings |
//! | `command` | the commands of a page, with the outputs that it shows |
//! | `rules` | the table `commands.yaml` |
//! | `place` | a scratch directory and a network namespace for the commands of a page |
//! | `namespace` | a network namespace, as the tests of the command line have it |
//! | `execution` | runs one command there |
//! | `pattern`, `value` | a documented output, and what is allowed to vary in it |
//! | `named` | checks what a command names that no test can run |
//! | `links` | links and anchors |

mod command;
mod execution;
mod kernel;
mod links;
mod named;
#[path = "../cli/support/namespace.rs"]
mod namespace;
mod page;
mod pattern;
mod place;
mod pure;
mod rules;
mod value;
