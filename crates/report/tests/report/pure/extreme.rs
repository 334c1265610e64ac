//! Numbers that cannot have been measured: a damaged file can have them, and the report must
//! not panic.

use report::{Run, files, summary};
use serde_json::json;

use crate::extreme::with_extremes;
use crate::runs::load_run;

#[test]
fn a_run_with_extreme_numbers_has_a_report() {
    let largest = [json!(u64::MAX), json!(i64::MAX), json!(u32::MAX), json!(u8::MAX)];
    let smallest = [json!(i64::MIN), json!(0)];
    for name in ["sweep", "server-death", "bursts"] {
        let [large, small] =
            [&largest[..], &smallest].map(|extremes| with_extremes(name, extremes));
        for run in [&large, &small] {
            assert!(!summary(run).is_empty());
            let no_rows = tempfile::tempdir().unwrap();
            assert!(!files(run, no_rows.path()).files.is_empty());
        }
        assert!(summary(&large).contains("18 446 744 073 709 551 615 attempts in"));
    }
}

#[test]
fn many_retransmissions_do_not_get_a_column_each() {
    let (record, mut trials) = load_run("sweep");
    trials[0].syn_retransmits.insert(u32::MAX, 1);
    assert!(summary(&Run::new(record, trials)).contains("4294967295 SYN retransmissions"));
}
