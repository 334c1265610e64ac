//! `queuelab lesson`: lists the lessons, walks through one, makes its slides, or grades a class.
//!
//! | module | contents |
//! |---|---|
//! | `arguments` | the flags |
//! | `list` | the lessons, and how far the student is |
//! | `walk` | the walk through a lesson, step by step |
//! | `student` | the one who answers: a person at a terminal, or a file |
//! | `runs` | the runs of a lesson, and what their laws predict |
//! | `document` | the same as JSON |
//! | `slides` | the file with the slides |
//! | `grades` | the table of a class |

mod arguments;
mod document;
mod grades;
mod list;
mod runs;
mod slides;
mod student;
mod walk;

pub(crate) use arguments::LessonArguments;

use crate::error::Result;

/// Lists, walks, shows or grades.
pub(crate) fn lesson(arguments: &LessonArguments) -> Result {
    match &arguments.lesson {
        _ if !arguments.grade.is_empty() => grades::grades(&arguments.grade),
        None => list::list(arguments),
        Some(name) if arguments.slides => slides::slides(name, arguments),
        Some(name) => walk::walk(name, arguments),
    }
}
