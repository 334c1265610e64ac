//! The walk through a lesson, step by step.

use std::path::Path;

use command_output::LessonQuestionKind;
use course::{AnsweringRun, Attempt, Comparison, Progress, RecordFile, Step, next_step, walk_text};
use lesson::{Exercise, Lesson, Question};
use run_view::Printable;

use super::LessonArguments;
use super::document::Walked;
use super::runs::{self, Runner};
use super::student::{Asked, Student};
use crate::commands::report::print_places;
use crate::commands::{print_document, print_message, print_output, print_text, screen};
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Walks through a lesson from where it was left.
pub(super) fn walk(name: &str, arguments: &LessonArguments) -> Result {
    // First: the process must have no thread.
    let runner = Runner::new(arguments.out.as_deref())?;
    let lesson = lesson::find(name)?;
    if arguments.json && arguments.answers.is_none() {
        return Err(CommandError::Usage(
            "failed to ask questions with --json: give the answers with --answers FILE".to_owned(),
        ));
    }
    let student = Student::new(arguments.answers.as_deref(), &lesson)?;
    let mut file = RecordFile::open(&arguments.record)?;
    begin(&mut file, &lesson, arguments);
    let exercise = arguments.exercise.as_deref().map(|id| exercise(&lesson, id)).transpose()?;
    let is_asked = |question: &&Question| exercise.is_none_or(|one| one.question.id == question.id);
    let open = open_questions(&lesson, attempt(&file, &lesson));
    student.check(open.into_iter().filter(is_asked))?;
    runs::check(&lesson)?;
    // Before anything is asked: a record that cannot be written would lose the answers.
    file.save()?;
    let mut walk = Walk {
        walked: Walked::new(&lesson),
        lesson: &lesson,
        student,
        file,
        runner,
        run: None,
        has_failed: false,
        prints_json: arguments.json,
    };
    match exercise {
        Some(exercise) => walk.only(exercise),
        None => walk.go(),
    }
}

/// The exercise of this name.
fn exercise<'a>(lesson: &'a Lesson, id: &str) -> Result<&'a Exercise> {
    let mut exercises = lesson.exercises.iter();
    exercises.find(|exercise| exercise.question.id == id).ok_or_else(|| {
        let names: Vec<_> = lesson.exercises.iter().map(|one| one.question.id.as_str()).collect();
        CommandError::Usage(format!(
            "failed to find the exercise `{}`: the lesson {} has {}",
            visible::line(id),
            lesson.name,
            names.join(" and ")
        ))
    })
}

/// Begins an attempt, if there is none to go on with.
fn begin(file: &mut RecordFile, lesson: &Lesson, arguments: &LessonArguments) {
    if let Some(name) = &arguments.name {
        file.record.student = Some(name.clone());
    }
    let progress = Progress::of(lesson, &file.record);
    if progress == Progress::Changed {
        print_message("the text of the lesson has changed since you began it: it starts over");
    }
    if arguments.again || file.record.current(lesson).is_none() {
        file.record.begin(lesson);
    }
}

fn attempt<'a>(file: &'a RecordFile, lesson: &Lesson) -> &'a Attempt {
    file.record.current(lesson).expect("an attempt was begun")
}

fn open_questions<'a>(lesson: &'a Lesson, attempt: &Attempt) -> Vec<&'a Question> {
    let is_open = |question: &&Question| !attempt.answers.contains_key(&question.id);
    lesson.all_questions().filter(is_open).collect()
}

/// A walk on its way.
struct Walk<'a> {
    lesson: &'a Lesson,
    student: Student,
    file: RecordFile,
    runner: Runner,
    /// The run of the lesson, once it has run or was read.
    run: Option<AnsweringRun>,
    /// Whether a check of a run failed.
    has_failed: bool,
    walked: Walked<'a>,
    prints_json: bool,
}

impl<'a> Walk<'a> {
    fn go(&mut self) -> Result {
        let lesson = self.lesson;
        self.show(&walk_text::title(lesson, screen()))?;
        let was_begun = !self.attempt().answers.is_empty();
        if matches!(next_step(lesson, self.attempt()), Step::Done) {
            return self.end();
        }
        if was_begun {
            self.show(&walk_text::going_on(lesson, self.attempt(), screen()))?;
        } else {
            self.show(&walk_text::opening(lesson, screen()))?;
        }
        loop {
            let left = match next_step(lesson, self.attempt()) {
                Step::Predict(question) => self.ask(question)?,
                Step::Run => self.run_lesson()?,
                Step::Read => self.read()?,
                Step::Exercise(exercise) => self.ask(&exercise.question)?,
                Step::RunExercise(exercise) => self.run_exercise(exercise)?,
                Step::Done => return self.end(),
            };
            if let Asked::Left(exit) = left {
                return Ok(self.leave(exit));
            }
        }
    }

    /// Asks and runs one exercise.
    fn only(&mut self, exercise: &'a Exercise) -> Result {
        self.show(&walk_text::title(self.lesson, screen()))?;
        let id = &exercise.question.id;
        if !self.attempt().answers.contains_key(id)
            && let Asked::Left(exit) = self.ask(&exercise.question)?
        {
            return Ok(self.leave(exit));
        }
        self.run_exercise(exercise)?;
        self.end()
    }

    fn leave(&self, exit: Exit) -> Exit {
        print_message(&format!(
            "\nwhat you answered is kept; go on with: queuelab lesson {}",
            visible::line(&self.lesson.name)
        ));
        exit
    }

    fn attempt(&self) -> &Attempt {
        attempt(&self.file, self.lesson)
    }

    fn ask(&mut self, question: &Question) -> Result<Asked<()>> {
        self.show(&walk_text::question(self.lesson, question, screen()))?;
        let answer = match self.student.ask(question)? {
            Asked::Answer(answer) => answer,
            Asked::Left(exit) => return Ok(Asked::Left(exit)),
        };
        if matches!(self.student, Student::File(_)) {
            let line = format!("{}{}", walk_text::prompt(question), lesson::number(answer));
            self.show(&Printable::new(&line))?;
        } else {
            self.show(&Printable::default())?;
        }
        self.file.record.give(self.lesson, &question.id, answer);
        self.file.save()?;
        Ok(Asked::Answer(()))
    }

    /// Runs the lesson's run, and records what it found.
    fn run_lesson(&mut self) -> Result<Asked<()>> {
        self.show(&walk_text::before_run(self.lesson, screen())?)?;
        let run = self.runner.run(&self.lesson.run).inspect_err(|error| {
            // Such as a lesson about nginx, without nginx.
            let own = self.lesson.exercises.iter().filter(|exercise| exercise.run.is_some());
            let names: Vec<_> = own.map(|exercise| exercise.question.id.as_str()).collect();
            if error.exit() != Exit::Interrupted && !names.is_empty() {
                print_message(&format!(
                    "the run of this lesson does not work here; its exercises have runs of their \
                     own: --exercise {}",
                    names.join(" or ")
                ));
            }
        })?;
        for question in &self.lesson.questions {
            let finding = run.finding(question)?;
            self.file.record.find(self.lesson, &question.id, finding);
        }
        self.run = Some(run);
        self.file.save()?;
        Ok(Asked::Answer(()))
    }

    /// Shows what the run found, and the text about it.
    fn read(&mut self) -> Result<Asked<()>> {
        let lesson = self.lesson;
        let Some(run) = self.lesson_run() else {
            print_message("the run of this lesson is gone: it is run again");
            let ids: Vec<_> = lesson.questions.iter().map(|one| one.id.as_str()).collect();
            self.file.record.forget(lesson, &ids);
            return Ok(Asked::Answer(()));
        };
        self.show_results(&run, &lesson.questions.iter().collect::<Vec<_>>())?;
        for kind in walk_text::AFTER_THE_RUN {
            if let Asked::Left(exit) = self.student.pause()? {
                return Ok(Asked::Left(exit));
            }
            let section = walk_text::section(lesson, kind, &run, screen())?;
            self.show(&section)?;
        }
        if let Asked::Left(exit) = self.student.pause()? {
            return Ok(Asked::Left(exit));
        }
        self.run = Some(run);
        self.file.record.read(lesson);
        self.file.save()?;
        Ok(Asked::Answer(()))
    }

    /// Runs what answers an exercise, and shows its solution.
    fn run_exercise(&mut self, exercise: &'a Exercise) -> Result<Asked<()>> {
        let lesson = self.lesson;
        let run = match (&exercise.run, self.lesson_run()) {
            (None, Some(run)) => run,
            (own, _) => {
                let arguments = own.as_ref().unwrap_or(&lesson.run);
                self.show(&walk_text::before_exercise(arguments, screen()))?;
                self.runner.run(arguments)?
            }
        };
        let question = &exercise.question;
        self.file.record.find(lesson, &question.id, run.finding(question)?);
        self.file.save()?;
        self.show_results(&run, &[question])?;
        self.show(&walk_text::solution(lesson, &exercise.solution, &run, screen())?)?;
        if exercise.run.is_none() {
            self.run = Some(run);
        }
        Ok(Asked::Answer(()))
    }

    /// The run of the lesson: of this walk, or as it was recorded.
    fn lesson_run(&mut self) -> Option<AnsweringRun> {
        self.run.take().or_else(|| {
            let answer = self.attempt().answers.get(&self.lesson.questions[0].id)?;
            AnsweringRun::read(Path::new(&answer.finding.as_ref()?.run)).ok()
        })
    }

    /// Shows the numbers of these questions side by side.
    fn show_results(&mut self, run: &AnsweringRun, questions: &[&'a Question]) -> Result<()> {
        self.has_failed |= run.has_failed();
        let compare = |question: &&'a Question| {
            Comparison::new(question, self.attempt().answers[&question.id].answer, run)
        };
        let comparisons = questions.iter().map(compare).collect::<std::result::Result<Vec<_>, _>>();
        let comparisons = comparisons?;
        let results = walk_text::results(self.lesson, &comparisons, run, screen())?;
        self.show(&results)?;
        if !self.prints_json {
            let (path, report) = (run.path().display(), run.path().join("report.html"));
            print_places(&format!("Run directory: {path}\nReport: {}", report.display()))?;
            print_output("")?;
        }
        let is_exercise =
            |id: &str| self.lesson.exercises.iter().any(|exercise| exercise.question.id == id);
        let kind = |question: &Question| match is_exercise(&question.id) {
            true => LessonQuestionKind::Exercise,
            false => LessonQuestionKind::Prediction,
        };
        let attempt = attempt(&self.file, self.lesson);
        for comparison in &comparisons {
            self.walked.add(kind(comparison.question), comparison, attempt, run);
        }
        Ok(())
    }

    /// What is left to say when all is answered.
    fn end(&mut self) -> Result {
        let exit = if self.has_failed { Exit::Failed } else { Exit::Held };
        let record = self.file.path().display().to_string();
        if self.prints_json {
            let empty = Walked::new(self.lesson);
            print_document(&std::mem::replace(&mut self.walked, empty).document(&record))?;
            return Ok(exit);
        }
        let progress = Progress::of(self.lesson, &self.file.record);
        let state = match progress {
            Progress::Begun { .. } => format!("Of the lesson, {progress}."),
            progress => format!("The lesson is {progress}."),
        };
        print_output(&state)?;
        let next = next_lesson(self.lesson, &self.file);
        let next = next.map_or(String::new(), |next| format!("Next: queuelab lesson {next}\n"));
        print_places(&format!(
            "{next}Once more: queuelab lesson {} --again\nYour answers: {record}",
            self.lesson.name
        ))?;
        Ok(exit)
    }

    /// Prints a part of the walk, with an empty line below it.
    fn show(&self, text: &Printable) -> Result<()> {
        if self.prints_json {
            return Ok(());
        }
        print_text(&Printable::joined([text.clone(), Printable::default()], "\n"))?;
        print_output("").map(drop)
    }
}

/// The first lesson that is not done.
fn next_lesson(lesson: &Lesson, file: &RecordFile) -> Option<String> {
    let lessons = lesson::catalogue().ok()?;
    let mut open = lessons.iter().filter(|one| !Progress::of(one, &file.record).is_done());
    open.find(|one| one.name != lesson.name).map(|one| one.name.clone())
}
