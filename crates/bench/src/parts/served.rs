//! How many short connections a design serves.

use chat_server::{ClosesFirst, ServerSettings};

use crate::bare::BareLoop;
use crate::error::Result;
use crate::figure::Figure;
use crate::goal::Goal;
use crate::load;
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::results::Results;

pub(crate) const PART: Part = Part {
    name: "served",
    summary: "connections a second that a design serves: accept, one message, close",
    rounds: 7,
    contestants,
    measure,
    figures,
};

const BARE: &str = "bare epoll accept loop";

/// Connections that are open at once. A design delivers each message to the others, which the
/// bare loop does not: with more of them, that would be measured.
const AT_ONCE: u32 = 2;

fn contestants(options: &Options) -> Vec<String> {
    [BARE.to_owned()].into_iter().chain(options.designs()).collect()
}

fn measure(bench: &Bench<'_>, contestant: &str) -> Result<Values> {
    let place = bench.testbed.place()?;
    let visit = |target| -> Result<Values> {
        let connections = bench.options.scale(20_000, 2000);
        let visit = BareLoop::Visit { target, connections, at_once: AT_ONCE };
        let report = place.bare_client(&visit)?.report()?;
        let seconds = report.ended_ns.saturating_sub(report.began_ns) as f64 / 1e9;
        Ok(Values::from([(Quantity::PerSecond, report.count as f64 / seconds)]))
    };
    if contestant == BARE {
        let server = place.bare_server(&BareLoop::Accept)?;
        return visit(server.address);
    }
    let server = place.server(ServerSettings {
        closes_first: ClosesFirst::Server,
        close_after: 1,
        ..load::design(contestant)
    })?;
    visit(server.address)
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let designs = results.contestants().into_iter().filter(|name| *name != BARE);
    let figure = |design: &str| {
        let ratios = results.ratios(design, BARE, Quantity::PerSecond);
        Figure::ratio(format!("connections/s served, `{design}` ÷ bare epoll accept loop"), ratios)
            .with_goal(Goal::AtLeast(0.7))
    };
    designs.map(figure).collect()
}
