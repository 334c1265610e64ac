//! Why a run has its results, what is wrong with a listener, and what the terms of a report mean.
//!
//! | module | holds |
//! |---|---|
//! | `causes` | a paragraph for each limit that acted, with its evidence |
//! | `misconceptions` | common misconceptions that a run's evidence contradicts |
//! | `statement`, [`claim`](Claim) | a sentence with its conditions, and what it claims |
//! | `explanation` | the two above, most important first |
//! | `trials`, `words` | the trials that a statement is about; how to write times and lists |
//! | [`troubles`](find_troubles) | what is wrong with the listeners of a watch, and why |
//! | [`known_servers`](KnownServers) | common servers: their backlogs, and how to change them |
//! | [`topics`](Topics) | explanations of sysctls, counters, outcomes and concepts |

mod causes;
mod claim;
mod explanation;
mod known_servers;
mod misconceptions;
mod paragraph;
mod statement;
mod topics;
mod trials;
mod troubles;
mod words;

pub use claim::Claim;
pub use explanation::explain;
pub use known_servers::{KnownServer, KnownServers, image_name};
pub use paragraph::{Paragraph, ParagraphKind, Sentence};
pub use topics::{ScenarioUse, Topic, TopicKind, Topics};
pub use troubles::find_troubles;
