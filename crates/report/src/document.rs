//! A run as a document: sections that are made once and rendered in every format.
//!
//! | module | holds |
//! |---|---|
//! | `section` | a section: a heading, and blocks, each with a [`Level`] |
//! | `block` | the blocks: text, tables, lists, charts … |
//! | `source` | what sections are made from |
//! | `terminal`, `html`, `markdown` | the renderers |
//!
//! Each renderer has its own rules of what it omits: a terminal shows no charts, and
//! Markdown has a size limit. The sections are listed once, in `sections`.

mod block;
mod html;
mod markdown;
mod section;
mod source;
mod terminal;

pub(crate) use block::{Block, Picture, Point, Tone};
pub use html::page_head;
pub(crate) use html::{ids_in, render_html};
pub(crate) use markdown::{render_markdown, render_markdown_brief};
pub(crate) use section::{Document, Level, Section};
pub(crate) use source::Source;
pub use terminal::{Detail, TerminalText};
pub(crate) use terminal::{emphasis, render_terminal};
