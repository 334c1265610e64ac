//! What answers a scenario's question, and in which words.
//!
//! | module | holds |
//! |---|---|
//! | `statement` | [`Headline`]: one statement or several, each about a metric, a law or an expectation |
//! | `texts` | the words of a statement, by what was found |
//! | `template` | the placeholders of these words |

mod statement;
mod template;
mod texts;

pub use statement::{Headline, HeadlineMetric, Statement};
pub(crate) use template::PLACEHOLDERS;
pub use template::{Piece, pieces};
pub use texts::Texts;
