//! Loads with several destinations in scenarios.

use load_generator::Destination;
use serde_json::json;

use crate::common::{errors_of, plan};

/// A server with two listeners, and a load that has this list of destinations.
fn with_destinations(list: &str) -> String {
    format!(
        "server:\n  command:\n    program: [x]\n    port: 8080\n    backlog: 5\n    \
         backlogs: {{ 8081: 64 }}\nload:\n  dialogue: none\n  clients: 40\n  destinations: {list}\n"
    )
}

#[test]
fn a_destination_is_a_port_with_or_without_a_share() {
    let plan = plan(&with_destinations("[8080, { port: 8081, share: 3 }]"));
    let settings = &plan.cells[0].settings;
    let expected = [Destination::new(8080), Destination { port: 8081, share: 3 }];
    assert_eq!(settings.load.destinations, expected);
    assert_eq!([8080, 8081].map(|port| settings.load.attempts_to(port)), [10, 30]);
    assert_eq!(
        [8080, 8081].map(|port| settings.server.on_port(port).backlog()),
        [Some(5), Some(64)]
    );
    let resolved = &plan.resolved["load"]["destinations"];
    assert_eq!(*resolved, json!([8080, { "port": 8081, "share": 3 }]));
    assert_eq!(settings.placeholders()["server.backlogs.8081"], "64");
}

#[test]
fn an_axis_varies_the_list_or_the_backlog_of_a_port() {
    let text = with_destinations("[8080]").replace("  destinations: [8080]\n", "");
    let lists = plan(&format!("{text}matrix: {{ load.destinations: [[8080], [8080, 8081]] }}"));
    let ports: Vec<_> = lists.cells.iter().map(|cell| cell.settings.load.ports()).collect();
    assert_eq!(ports, [vec![8080], vec![8080, 8081]]);
    let text = with_destinations("[8080, 8081]").replace("    backlogs: { 8081: 64 }\n", "");
    let backlogs = plan(&format!("{text}matrix: {{ server.command.backlogs.8081: [64, 511] }}"));
    let of = |index: usize| backlogs.cells[index].settings.server.on_port(8081).backlog();
    assert_eq!([0, 1].map(of), [Some(64), Some(511)]);
}

#[test]
fn a_bad_list_is_shown_at_its_line_with_a_way_out() {
    for (list, named) in [
        ("[8080, 8081, 8080]", "port 8080 is there twice: name it once, with `share`"),
        ("[8080, 0]", "0 is not a port: use 1 to 65535"),
        ("[8080, { port: 8081, share: 200 }]", "a share of 200 for port 8081: use 1 to 100"),
        ("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]", "use at most 16"),
        ("[8080, 70000]", "expected a port, 1 to 65535, or {port: …, share: …}, found 70000"),
        ("[8080, { prot: 8081 }]", "unknown field `prot`"),
        ("8080", "expected a list, found 8080"),
    ] {
        let error = errors_of(&with_destinations(list));
        assert!(error.contains(named), "{list}: {error}");
        assert!(error.contains("destinations:"), "the line: {error}");
    }
    let few = with_destinations("[8080, 8081]").replace("clients: 40", "clients: 1");
    let error = errors_of(&few);
    assert!(error.contains("1 clients are too few: port 8081 gets no attempt"), "{error}");
    let own = with_destinations("[8080, 8081]").replace("{ 8081: 64 }", "{ 8080: 64 }");
    let error = errors_of(&own);
    assert!(error.contains("server.command.backlogs: port 8080 is the server's own"), "{error}");
}

#[test]
fn the_chat_server_listens_on_its_own_port_only() {
    let error = errors_of("load: { messages: 0, destinations: [8080, 8081] }");
    for named in [
        "load.destinations: the lab's chat server listens on one port, 8080 (server.port)",
        "help: leave it out, or name a server that listens on several ports",
        "`server.command`",
    ] {
        assert!(error.contains(named), "{named}: {error}");
    }
    plan("load: { messages: 0, destinations: [8080] }");
}

#[test]
fn an_expectation_names_the_queue_of_a_destination() {
    let text = with_destinations("[8080, 8081]");
    let expect = |that: &str| format!("{text}expect: [{{ that: '{that}' }}]");
    plan(&expect(
        "destinations[\"8081\"].queue.depth <= 65 && destinations[\"8080\"].outcomes.ok > 0 && \
         queue.drops == 0",
    ));
    let error = errors_of(&expect("queue.depth == 65"));
    assert!(error.contains("`queue` has no `depth`"), "{error}");
    assert!(error.contains("each destination has its own, such as"), "{error}");
    assert!(error.contains("destinations[\"8080\"].queue.depth"), "{error}");
    let error = errors_of(&expect("destinations[\"8082\"].attempts == 1"));
    assert!(error.contains("`destinations` has no `8082`"), "{error}");
    let single = text.replace("  destinations: [8080, 8081]\n", "");
    let error =
        errors_of(&format!("{single}expect: [{{ that: 'destinations[\"8080\"].attempts > 0' }}]"));
    assert!(error.contains("`destinations` has no `8080`"), "{error}");
}

#[test]
fn an_expectation_needs_its_facts_in_every_cell_for_which_it_is_evaluated() {
    let text = with_destinations("[8080]").replace("  destinations: [8080]\n", "");
    let text = format!("{text}matrix: {{ load.destinations: [[8080, 8081], [8080], []] }}\n");
    let expect = |that: &str, when: &str| {
        let when = if when.is_empty() { String::new() } else { format!(", when: '{when}'") };
        format!("{text}expect: [{{ that: '{that}'{when} }}]")
    };
    let (port, single) = ("destinations[\"8081\"].outcomes.ok > 0", "queue.depth > 0");
    for (that, when) in [
        (port, "\"8081\" in destinations"),
        (port, "size(load.destinations) > 1"),
        (single, "has(queue.depth)"),
        (single, "size(destinations) == 0"),
        ("!(\"8081\" in destinations) || destinations[\"8081\"].attempts > 0", ""),
        ("has(queue.depth) ? queue.depth > 0 : destinations[\"8080\"].queue.depth > 0", ""),
        ("queue.drops >= 0 && size(destinations) < 3", ""),
    ] {
        plan(&expect(that, when));
    }
    for (that, when, named) in [
        (port, "", "there is no `8081` with load.destinations [8080]"),
        (port, "size(load.destinations) < 2", "there is no `8081` with load.destinations [8080]"),
        (single, "", "there is no `depth` with load.destinations [8080,8081]"),
        (
            "attempts > 0",
            "queue.limit > 0",
            "there is no `limit` with load.destinations [8080,8081]",
        ),
    ] {
        let error = errors_of(&expect(that, when));
        assert!(error.contains(named), "{that}, {when}: {error}");
        assert!(error.contains("`\"8081\" in destinations` or `has(queue.depth)`"), "{error}");
    }
}

#[test]
fn a_headline_names_the_law_of_a_port() {
    let text = with_destinations("[8080, 8081]");
    let headline = |law: &str| {
        format!(
            "{text}headline: {{ law: {law}, over: server.command.backlog }}\n\
                 matrix: {{ server.command.backlog: [1, 2] }}"
        )
        .replace("    backlog: 5\n", "")
    };
    plan(&headline("accept-queue-capacity-port-8081"));
    let error = errors_of(&headline("accept-queue-capacity-port-http"));
    assert!(error.contains("there is no law `accept-queue-capacity-port-http`"), "{error}");
}

#[test]
fn a_headline_names_a_port_of_several_destinations() {
    let law = "headline: { law: accept-queue-capacity-port-9999 }\n";
    let error = errors_of(&format!("{}{law}", with_destinations("[8080, 8081]")));
    assert!(error.contains("there is no law `accept-queue-capacity-port-9999`"), "{error}");
    let others = "use one of accept-queue-capacity-port-8080, accept-queue-capacity-port-8081";
    assert!(error.replace('`', "").contains(others), "{error}");
    for list in ["[9999]", "[]"] {
        let error = errors_of(&format!("{}{law}", with_destinations(list)));
        assert!(
            error.contains("use `accept-queue-capacity`: the load does not have several"),
            "{error}"
        );
    }
    let text = with_destinations("[]").replace("  destinations: []\n", "");
    plan(&format!("{text}{law}matrix: {{ load.destinations: [[8080], [8080, 9999]] }}\n"));
    let quick = "quick: { load: { destinations: [8080, { port: 9999, share: 2 }] } }\n";
    plan(&format!("{text}{law}{quick}"));
}
