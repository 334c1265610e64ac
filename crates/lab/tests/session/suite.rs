//! Suites.

use lab::{Finished, FinishedSuite, RunRequest, Target};
use run_record::{MemberVerdict, RunDirectory, SuiteDirectory, Verdict};

use crate::bench::{Bench, Interrupt, SessionLog, script};

fn suite(bench: &Bench, one: &str, other: &str) -> String {
    let [one, other] = [("one", one), ("other", other)]
        .map(|(name, expect)| bench.scenario(name, &format!("expect:\n  - that: {expect}\n")));
    let yaml = format!("name: two\nquestion: Do both hold?\nsuite: ['{one}', '{other}']\n");
    bench.file("two", &yaml)
}

fn finished(session: &SessionLog) -> &FinishedSuite {
    match &session.result {
        Ok(Finished::Suite(suite)) => suite,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_scenario_of_a_suite_runs_although_one_fails() {
    let bench = Bench::new();
    let two = suite(&bench, "outcomes.ok == 2", "outcomes.ok == 5");
    let session = bench.run(script("{}"), bench.request(&two));
    let suite = finished(&session);
    let record = SuiteDirectory::read(&suite.path).unwrap();
    let verdicts: Vec<_> = record.members.iter().map(|member| member.verdict).collect();
    assert_eq!(verdicts, [MemberVerdict::Failed, MemberVerdict::Held]);
    assert!(record.ended.is_some() && record.backend.details == "scripted");
    for member in &record.members {
        let run = suite.path.join(member.run.as_ref().unwrap());
        assert_eq!(RunDirectory::read(&run).unwrap().1.len(), 1);
    }
    let verdicts: Vec<_> = session.members.iter().map(|(_, verdict)| *verdict).collect();
    assert_eq!(verdicts, [Some(Verdict::Failed), Some(Verdict::Held)]);
}

#[test]
fn a_scenario_that_cannot_be_run_is_recorded_with_its_problem() {
    let bench = Bench::new();
    let two = suite(&bench, "outcomes.ok > 0", "outcomes.ok > 0");
    let broken = script(r#"{ "trials": [{ "load_fails": "count to three" }] }"#);
    let session = bench.run(broken, bench.request(&two));
    let record = &finished(&session).record;
    for member in &record.members {
        assert_eq!(member.verdict, MemberVerdict::NotRun);
        assert!(member.problem.as_ref().unwrap().contains("count to three"), "{member:?}");
        assert!(member.run.is_some(), "its directory is not lost");
    }
}

#[test]
fn an_interrupted_suite_records_completed_runs() {
    let bench = Bench::new();
    let two = suite(&bench, "outcomes.ok == 5", "outcomes.ok > 0");
    let session = bench.run_until(script("{}"), bench.request(&two), Interrupt::AtTrial(2));
    let suite = finished(&session);
    assert!(suite.is_interrupted);
    let record = SuiteDirectory::read(&suite.path).unwrap();
    assert!(record.ended.is_none());
    let verdicts: Vec<_> = record.members.iter().map(|member| member.verdict).collect();
    assert_eq!(verdicts, [MemberVerdict::Held, MemberVerdict::NotRun]);
    assert_eq!(record.members[1].problem.as_deref(), Some("interrupted"));
    assert!(record.members[1].run.is_some(), "its directory is not lost");
}

#[test]
fn changes_of_one_scenario_are_refused_for_a_suite() {
    let bench = Bench::new();
    let two = suite(&bench, "outcomes.ok > 0", "outcomes.ok > 0");
    let set = vec![("load.clients".to_owned(), "4".to_owned())];
    let changes = scenario::Overrides { set, ..Default::default() };
    let target = Target::New { scenario: two.clone(), changes };
    let session = bench.run(script("{}"), RunRequest { target, ..bench.request("") });
    assert!(session.error().contains("it is a suite"), "{}", session.error());

    let run = bench.out();
    let target = Target::Resume { run, scenario: Some(two), allow_large: false };
    let session = bench.run(script("{}"), RunRequest { target, ..bench.request("") });
    assert!(session.error().contains("individually"), "{}", session.error());
    assert!(bench.runs().is_empty(), "nothing was started");
}
