//! Why a run found what it found, and what the words of a report mean.
//!
//! | module | holds |
//! |---|---|
//! | `causes` | a sentence for each limit that acted, with what shows it |
//! | `misconceptions` | common beliefs that a run's evidence contradicts |
//! | `explanation` | the two above, most important first |
//! | `trials`, `words` | the trials that a statement is about; how it writes times and lists |
//! | [`topics`](Topics) | what sysctls, counters, outcomes and concepts are |

mod causes;
mod explanation;
mod misconceptions;
mod paragraph;
mod topics;
mod trials;
mod words;

pub use explanation::explain;
pub use paragraph::{Paragraph, ParagraphKind};
pub use topics::{ScenarioUse, Topic, TopicKind, Topics};
