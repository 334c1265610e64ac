//! What is measured together.

use std::cell::OnceCell;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParserFactory};

use crate::error::Result;
use crate::figure::Figure;
use crate::measurement::Values;
use crate::options::Options;
use crate::parts::{connects, deliveries, generator, latency, many, served, size, sweep, trial};
use crate::program::Program;
use crate::results::Results;
use crate::testbed::Testbed;

/// Every part, in the order of the table of figures.
pub(crate) const PARTS: &[Part] = &[
    connects::PART,
    deliveries::PART,
    latency::PART,
    generator::PART,
    many::PART,
    served::PART,
    trial::PART,
    size::PART,
    sweep::PART,
];

/// Measurements that are compared with each other.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What it measures, in a line.
    pub(crate) summary: &'static str,
    /// How often each contestant is measured, unless the command line says it.
    pub(crate) rounds: u32,
    /// What is measured in turns.
    pub(crate) contestants: fn(&Options) -> Vec<String>,
    /// Measures one contestant once.
    pub(crate) measure: fn(&Bench<'_>, &str) -> Result<Values>,
    /// The lines of the table that follow.
    pub(crate) figures: fn(Results<'_>) -> Vec<Figure>,
}

/// What a measurement needs.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) options: &'a Options,
    pub(crate) testbed: &'a Testbed,
    program: OnceCell<Program>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(options: &'a Options, testbed: &'a Testbed) -> Self {
        Self { options, testbed, program: OnceCell::new() }
    }

    /// The program `queuelab`, which is built at the first call.
    ///
    /// # Errors
    /// If it cannot be built.
    pub(crate) fn program(&self) -> Result<&Program> {
        if let Some(program) = self.program.get() {
            return Ok(program);
        }
        let found = Program::find(self.options)?;
        Ok(self.program.get_or_init(|| found))
    }
}

/// The name of a part that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartName(&'static str);

impl PartName {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        PARTS.iter().map(|part| Self(part.name))
    }

    pub(crate) fn part(self) -> &'static Part {
        let found = PARTS.iter().find(|part| part.name == self.0);
        found.expect("a PartName is only made of a name in PARTS")
    }
}

impl ValueParserFactory for PartName {
    type Parser = clap::builder::MapValueParser<PossibleValuesParser, fn(String) -> PartName>;

    fn value_parser() -> Self::Parser {
        let choices = PARTS.iter().map(|part| PossibleValue::new(part.name).help(part.summary));
        PossibleValuesParser::new(choices).map(|name| {
            Self::all().find(|part| part.0 == name).expect("clap let only known names through")
        })
    }
}
