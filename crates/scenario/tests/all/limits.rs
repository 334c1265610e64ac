//! Files that ask for unbounded work: each is refused where it says so.

use std::fs::OpenOptions;
use std::io::Write;

use scenario::{AnyKernel, Document, FindError, Overrides, Planner, ScenarioErrors};

use crate::common::{rendered, suite_file, try_plan};

const HEAD: &str = "name: test\nquestion: Is it so?\n";

fn errors(text: &str) -> ScenarioErrors {
    try_plan(&format!("{HEAD}{text}"), &Overrides::default()).expect_err("it is refused")
}

/// The line and the message of the only problem.
fn refused(text: &str) -> (usize, String) {
    let errors = errors(text);
    let [problem] = errors.problems() else { panic!("{}", rendered(&errors)) };
    let (line, _) = errors.position(problem).expect("a place in the file");
    (line, problem.to_string())
}

fn large(text: &str) -> Result<usize, ScenarioErrors> {
    let overrides = Overrides { allow_large: true, ..Overrides::default() };
    try_plan(&format!("{HEAD}{text}"), &overrides).map(|plan| plan.trials.len())
}

fn expectation(expression: &str) -> String {
    format!("expect:\n  - that: >-\n      {expression}\n")
}

#[test]
fn a_plan_is_refused_before_it_is_built() {
    let billion = "matrix:\n  server.backlog: { from: 0, to: 1000000000, steps: 1000000000 }\n";
    assert_eq!(
        refused(billion),
        (4, "axis `server.backlog` has 1000000000 values; the most is 10000".to_owned())
    );
    let square = "matrix:\n  server.backlog: { from: 1, to: 1000, steps: 1000 }\n  load.clients: \
                  { from: 1, to: 1000, steps: 1000 }\n";
    assert_eq!(refused(square), (3, "the matrix has 1000000 cells; the most is 10000".to_owned()));
    assert_eq!(
        refused("repeat: 4294967295\n"),
        (
            3,
            "1 cells, each 4294967295 times, have 4294967295 trials; the most is 100000".to_owned()
        )
    );
    for (setting, field) in [
        ("clients: 1000000000", "load.clients: 1000000000 clients; the most is 100000"),
        ("messages: 1000000000, interval: 0s", "load.messages: 1000000000 messages of each of 50"),
        ("clients: 20000", "load.messages: 10 messages of each of 20000 clients"),
        ("messages: 0, linger: 24h", ""),
    ] {
        let text = format!("load: {{ size: 60, {setting} }}\n");
        match field {
            "" => assert!(try_plan(&format!("{HEAD}{text}"), &Overrides::default()).is_ok()),
            field => {
                let (line, problem) = refused(&text);
                assert!(line == 3 && problem.starts_with(field), "{problem}");
            }
        }
    }
    let days = "load: { messages: 0, linger: 1h }\nrepeat: 25\n";
    let (line, problem) = refused(days);
    assert_eq!(line, 4);
    assert_eq!(problem, "the trials wait for 1day 1h on purpose in all; the most is 1day");
    let attempts = "load: { messages: 0, clients: 100000 }\nrepeat: 1001\n";
    let (_, problem) = refused(attempts);
    assert_eq!(problem, "the trials have 100100000 attempts in all; the most is 100000000");
}

#[test]
fn each_file_with_a_huge_list_is_refused_at_its_line() {
    let list = |count: usize, item: &str| vec![item; count].join(", ");
    let ports = (1..=65_000).map(|port| port.to_string()).collect::<Vec<_>>().join(", ");
    let command = |arguments: &str| {
        format!(
            "load: {{ messages: 0 }}\nserver:\n  command:\n    port: 80\n    \
             program: [x, {arguments}]\n"
        )
    };
    for (text, place) in [
        (
            format!("load:\n  dialogue: none\n  destinations: [{ports}]\n"),
            (5, "load.destinations: 65000 entries; the most is 256"),
        ),
        (
            command(&list(20_000, "a")),
            (7, "server.command.program: 20001 entries; the most is 256"),
        ),
        (command(&list(200_000, "a")), (7, "the file has more than 150000 YAML nodes")),
        (
            format!("matrix:\n  load.destinations: [[80], [{ports}]]\n"),
            (4, "65000 entries; the most is 256"),
        ),
        (
            format!("expect: [{}]\n", list(10_000, "{ that: attempts > 0 }")),
            (3, "10000 expectations; the most is 200"),
        ),
        (
            format!("matrix:\n  server.backlog: [{}]\n", list(100_000, "1")),
            (4, "axis `server.backlog` has 100000 values; the most is 10000"),
        ),
    ] {
        let errors = errors(&text);
        let mut found = errors.problems().iter().map(|problem| {
            (errors.position(problem).map_or(0, |(line, _)| line), problem.to_string())
        });
        let (line, message) = place;
        assert!(found.any(|found| found == (line, message.to_owned())), "{}", rendered(&errors));
    }
}

#[test]
fn a_pattern_that_takes_long_to_compile_is_refused_at_its_line() {
    let server = |ready: &str| {
        format!(
            "load: {{ messages: 0 }}\nmatrix:\n  load.clients: {{ from: 1, to: 100, steps: 100 }}\n\
             server:\n  command:\n    program: [x]\n    port: 80\n    ready:\n      {ready}\n"
        )
    };
    let large = "the compiled pattern has more than 512 KiB: use smaller repetitions such as \
                 {1,9}, and [a-z] or [0-9] rather than classes of Unicode such as \\w or \\d";
    let (line, problem) = refused(&server(r"line: '(?:\w{60}){4}'"));
    assert_eq!((line, problem), (11, format!("server.command.ready.line: {large}")));
    let (_, problem) = refused(&server(&format!("line: '{}'", "x".repeat(501))));
    assert_eq!(problem, "server.command.ready.line: the pattern has 501 bytes; the most is 500");
    let exchange = "server: { command: { program: [x], port: 80 } }\nload:\n  dialogue:\n    \
                    exchange:\n      send: PING\n      expect: { pattern: '\\w{60}' }\n";
    let (line, problem) = refused(exchange);
    assert_eq!((line, problem), (8, format!("load.dialogue.exchange.expect.pattern: {large}")));
    let lines = (0..9).map(|number| format!("'^{number}'")).collect::<Vec<_>>().join(", ");
    let (line, problem) = refused(&format!(
        "load: {{ messages: 0 }}\nserver: {{ command: {{ program: [x], port: 80 }} }}\n\
         matrix:\n  server.command.ready.line: [{lines}]\n"
    ));
    assert_eq!(line, 6);
    assert_eq!(problem, "server.command.ready.line: more than 8 different patterns: use at most 8");
}

#[test]
fn a_large_plan_can_be_allowed_and_a_larger_one_cannot() {
    let cells = |count: usize| {
        format!("matrix:\n  server.backlog: {{ from: 1, to: {count}, steps: {count} }}\n")
    };
    let help = rendered(&errors(&cells(20_000)));
    assert!(help.contains("use fewer values, or allow it with --allow-large"), "{help}");
    assert_eq!(large(&cells(20_000)).unwrap(), 20_000);
    let refused = rendered(&large(&cells(100_001)).unwrap_err());
    assert!(refused.contains("has 100001 values; the most is 100000"), "{refused}");
    assert!(!refused.contains("--allow-large"), "{refused}");
    assert_eq!(large("repeat: 200000\n").unwrap(), 200_000);
    assert!(large("repeat: 2000000\n").is_err());
}

#[test]
fn flags_have_the_same_limits() {
    let plan = |overrides: &Overrides| rendered(&try_plan(HEAD, overrides).unwrap_err());
    let set = |path: &str, value: &str| {
        let set = vec![(path.to_owned(), value.to_owned())];
        plan(&Overrides { set, ..Overrides::default() })
    };
    let repeat = plan(&Overrides { repeat: Some(u32::MAX), ..Overrides::default() });
    assert!(repeat.contains("--repeat 4294967295: 1 cells"), "{repeat}");
    let steps = set("matrix.server.backlog", "{from: 0, to: 1000000000, steps: 1000000000}");
    assert!(steps.contains("has 1000000000 values"), "{steps}");
    assert!(set("load.clients", "1000000000").contains("the most is 100000"));
    let deep = format!("server{}", ".a".repeat(50_000));
    for path in [deep.clone(), format!("matrix.{deep}"), deep.replacen("server", "x", 1)] {
        let printed = set(&path, "1");
        assert!(printed.len() < 3_000, "a long flag is shortened: {}", printed.len());
    }
    let long = set("server.design", &"x".repeat(100_000));
    assert!(long.contains("a text has 100000 bytes") && long.len() < 3_000, "{long}");
    let nested = set("server.design", &"[".repeat(50_000));
    assert!(nested.contains("16 levels"), "{nested}");
}

#[test]
fn yaml_that_grows_or_nests_is_refused() {
    let nested = format!("x: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let blocks: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        bomb += &format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", "));
    }
    let many = format!("x: [{}]\n", "1,".repeat(200_000));
    let long = format!("description: {}\n", "x".repeat(50_000));
    let long_alias = format!("a: &a {}\nb: [*a, *a, *a]\n", "x".repeat(50_000));
    for text in [nested, blocks, bomb, many, long, long_alias] {
        let (line, problem) = refused(&text);
        let reasons = ["16 levels", "not YAML: alias", "more than 150000", "50000 bytes"];
        assert!(reasons.iter().any(|reason| problem.contains(reason)), "{problem}");
        assert!(line >= 1 && problem.len() < 1_000, "{problem}");
    }
}

#[test]
fn problems_are_limited_and_do_not_take_a_pass_each() {
    let unknown = |count: usize| -> String {
        (0..count).map(|number| format!("unknown{number}: 1\n")).collect()
    };
    let (line, problem) = refused(&unknown(20_000));
    assert_eq!((line, problem.as_str()), (1, "a mapping has more than 200 entries"));
    let many = errors(&unknown(150));
    assert_eq!(many.problems().len(), 50);
    assert!(many.to_string().starts_with("50 or more problems with scenario"), "{many}");
    let key = "k".repeat(150);
    let sysctls: String = (0..90).map(|number| format!("      net.{key}{number}: 1\n")).collect();
    assert_eq!(errors(&format!("hosts:\n  server:\n    sysctls:\n{sysctls}")).problems().len(), 50);
    let axes: String = (0..150).map(|number| format!("  server.x{number}: [1]\n")).collect();
    assert_eq!(errors(&format!("matrix:\n{axes}")).problems().len(), 50);
    let deep = format!("matrix:\n  server{}: [1]\n", ".a".repeat(90));
    assert!(refused(&deep).1.starts_with("no setting is `server.a.a"));
    let sysctl = format!(
        "hosts: {{ server: {{ sysctls: {{ net.core.somaxconn: '{} 1' }} }} }}\n",
        "1".repeat(500)
    );
    assert!(refused(&sysctl).1.contains("the most of a sysctl is 200"));
}

#[test]
fn expressions_that_multiply_or_double_are_refused() {
    let list = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    for depth in [6, 7] {
        let mut nested = "x0 >= 0".to_owned();
        for level in 0..depth {
            nested = format!("{list}.all(x{level}, {nested})");
        }
        let (line, problem) = refused(&expectation(&nested));
        assert!(line >= 4 && problem.contains("steps; the most is 100000"), "{problem}");
    }
    let doubled =
        |unit: &str, times: usize| format!("['{unit}']{}", ".map(x, x + x)".repeat(times));
    let doubled = format!("{} == ['']", doubled("0123456789", 24));
    let (_, problem) = refused(&expectation(&doubled));
    assert!(problem.contains("bytes; the most is 1048576"), "{problem}");
    let nested_lists = format!("[[1]]{} != []", ".map(x, x + x)".repeat(24));
    assert!(refused(&expectation(&nested_lists)).1.contains("the most is"));
    let copies = "counters.server.map(a, counters.server.map(b, counters.server)) != []";
    assert!(refused(&expectation(copies)).1.contains("the most is"));
    let sums = vec!["1"; 4_764].join(" + ");
    let (line, problem) = refused(&expectation(&format!("{sums} == 0")));
    assert!(line >= 4 && problem.starts_with("the expression has"), "{problem}");
    for (open, close) in [("(", ")"), ("[", "]"), ("{1: ", "}"), ("!(", ")"), ("-(", ")")] {
        let nested = format!("{}1{} == 1", open.repeat(60), close.repeat(60));
        assert!(refused(&expectation(&nested)).1.contains("brackets"), "{nested}");
    }
    for chain in ["!".repeat(1_000) + "true", "-".repeat(1_000) + "1 == 1"] {
        assert!(refused(&expectation(&chain)).1.contains("words and signs"));
    }
}

#[test]
fn expressions_as_long_as_allowed_are_parsed_and_evaluated() {
    // On a thread with the stack of any thread: nothing recurses deeper than it holds.
    let check = || {
        for expression in [
            format!("{} > 0", vec!["1"; 199].join(" + ")),
            format!("{}true", "!".repeat(398)),
            format!("{}1 < 2", "- ".repeat(396)),
            format!("{}1 == 1", "true ? true : ".repeat(40)).replace("1 == 1", "true"),
            format!("{}1{} == 1", "(".repeat(49), ")".repeat(49)),
            format!("{}1{} != []", "[".repeat(49), "]".repeat(49)),
            format!("has(hosts{})", ".server".repeat(190)),
            vec!["attempts == 1"; 99].join(" && "),
        ] {
            let text = format!("{HEAD}{}", expectation(&expression));
            match try_plan(&text, &Overrides::default()) {
                Ok(plan) => assert_eq!(plan.expectations.len(), 1),
                // A chain of names may not exist.
                Err(errors) => assert!(errors.problems().len() < 50, "{}", rendered(&errors)),
            }
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(check).unwrap().join().unwrap();
}

#[test]
fn usual_macros_are_allowed() {
    for expression in [
        "counters.server.all(name, counters.server[name] >= 0)",
        "[1, 2, 3].exists(x, x == attempts) || outcomes.all(name, outcomes[name] >= 0)",
        "['ok', 'reset'].map(name, outcomes[name]).all(x, x >= 0)",
        "[1, 2, 3].all(a, [1, 2, 3].all(b, a * b < 10))",
    ] {
        let plan = try_plan(&format!("{HEAD}{}", expectation(expression)), &Overrides::default());
        assert!(plan.is_ok(), "{}", rendered(&plan.unwrap_err()));
    }
}

#[test]
fn all_expectations_together_have_a_limit() {
    let axis = "matrix:\n  server.backlog: { from: 1, to: 10000, steps: 10000 }\n";
    let macros = "[1, 2, 3, 4, 5, 6, 7, 8, 9].all(a, [1, 2, 3, 4, 5, 6, 7, 8, 9].all(b, a * b * \
                  server.backlog > 0))";
    let (line, problem) = refused(&format!("{axis}{}", expectation(macros)));
    assert!(line > 5 && problem.starts_with("to check it in all cells takes"), "{problem}");
    let many = "expect:\n".to_owned() + &"  - that: attempts >= 0\n".repeat(201);
    let (line, problem) = refused(&many);
    assert_eq!((line, problem.as_str()), (204, "201 expectations; the most is 200"));
}

#[test]
fn a_suite_has_a_limit() {
    let text = |names: usize| {
        let names: String = (0..names).map(|number| format!("  - name{number}\n")).collect();
        format!("name: mine\nquestion: Is it so?\nsuite:\n{names}")
    };
    let errors = suite_file(&text(10_000)).load().unwrap_err();
    assert_eq!(errors.problems().len(), 1, "{}", rendered(&errors));
    let shown = rendered(&errors);
    assert!(shown.contains("10000 scenarios; the most of a suite is 100"), "{shown}");
    assert_eq!(suite_file(&text(100)).load().unwrap_err().problems().len(), 50);
    let repeated = "name: mine\nquestion: Is it so?\nsuite:\n  - { scenario: smoke, repeat: 20000 }\n  \
                    - { scenario: fin-timeout, repeat: 12000 }\n";
    let loaded = suite_file(repeated).load().unwrap();
    let shown = rendered(&loaded.plans(false, &mut Planner::new(&AnyKernel)).unwrap_err());
    assert!(shown.contains("the suite has") && shown.contains("--allow-large"), "{shown}");
    loaded.plans(true, &mut Planner::new(&AnyKernel)).unwrap();
}

#[test]
fn special_and_large_files_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let load =
        |path: &str| scenario::load(path).map(|document: Document| document.name().to_owned());
    let pipe = path("pipe.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", path("zero.yaml")).unwrap();
    for special in [pipe.as_str(), "/dev/zero", &path("zero.yaml"), "/"] {
        assert!(matches!(load(special), Err(FindError::NotAFile { .. })), "{special}");
    }
    let _socket = std::os::unix::net::UnixListener::bind(path("socket.yaml")).unwrap();
    assert!(load(&path("socket.yaml")).is_err());
    let large = OpenOptions::new().create_new(true).write(true).open(path("large.yaml")).unwrap();
    large.set_len(1 << 40).unwrap();
    assert!(matches!(load(&path("large.yaml")), Err(FindError::TooLarge { .. })));
    let mut small = std::fs::File::create(path("small.yaml")).unwrap();
    small.write_all(HEAD.as_bytes()).unwrap();
    assert_eq!(load(&path("small.yaml")).unwrap(), "small");
}
