//! The command line.

use std::path::PathBuf;

use chat_server::DesignName;
use clap::Parser;

use crate::part::{PARTS, PartName};

/// Measure the lab's speed, as ratios to bare loops of system calls on this machine
///
/// Everything that is compared is measured in turns. Nothing fails because a figure is low: the
/// exit code is 0 unless something cannot be measured.
#[derive(Debug, Clone, Parser)]
#[command(name = "bench", after_help = parts_help())]
pub(crate) struct Options {
    /// What to measure [default: everything]
    #[arg(value_name = "PART")]
    pub(crate) parts: Vec<PartName>,
    /// Measure less, in two rounds: a look, not a result
    #[arg(long)]
    pub(crate) quick: bool,
    /// Rounds of every part [default: that of the part]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: Option<u32>,
    /// Designs to measure, separated by commas [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) designs: Vec<DesignName>,
    /// Threads of the load that read, with every design: `load.threads`
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) threads: u32,
    /// The program for the parts that run whole trials [default: cargo builds it]
    #[arg(long, value_name = "PATH")]
    pub(crate) program: Option<PathBuf>,
    /// Directory for results, which are stored in DIR/<UTC time>/
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT, hide_default_value = true)]
    pub(crate) out: PathBuf,
}

/// `reports/bench` of the workspace: cargo starts a bench in its package's directory.
const DEFAULT_OUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/bench");

impl Options {
    /// The parts to measure, in the order of the table.
    pub(crate) fn parts(&self) -> impl Iterator<Item = PartName> {
        PartName::all().filter(|part| self.parts.is_empty() || self.parts.contains(part))
    }

    /// The names of the designs to measure, in the server's order: those that were named, or all
    /// that this machine permits.
    pub(crate) fn designs(&self) -> impl Iterator<Item = String> {
        DesignName::all()
            .filter(|design| match self.designs.is_empty() {
                true => design.design().check_machine().is_ok(),
                false => self.designs.contains(design),
            })
            .map(|design| design.to_string())
    }

    /// `full`, or `quick` if less is to be measured.
    pub(crate) fn scale<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

fn parts_help() -> String {
    let longest = PARTS.iter().map(|part| part.name.len()).max().unwrap_or(0);
    let lines = PARTS.iter().map(|part| format!("  {:longest$}  {}", part.name, part.summary));
    format!("Parts:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Options {
        Options::parse_from([&["bench"], arguments].concat())
    }

    #[test]
    fn parts_are_measured_in_the_order_of_the_table() {
        let names = |arguments: &[&str]| -> Vec<_> {
            parse(arguments).parts().map(|part| part.part().name).collect()
        };
        assert_eq!(names(&["deliveries", "connects"]), ["connects", "deliveries"]);
        assert_eq!(names(&[]).len(), PARTS.len());
        let error = Options::try_parse_from(["bench", "speed"]).unwrap_err().to_string();
        assert!(error.contains("speed") && error.contains("deliveries"), "{error}");
    }

    #[test]
    fn all_designs_are_measured_unless_some_are_named() {
        assert_eq!(parse(&[]).designs().count(), DesignName::permitted().count());
        let some = parse(&["--designs", "snapshot,global-lock", "served"]);
        assert_eq!(some.designs().collect::<Vec<_>>(), ["global-lock", "snapshot"]);
    }
}
