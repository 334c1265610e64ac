//! A run of the cheap parts, which asserts no speed.

mod kernel {
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Output};

    use serde_json::Value;

    fn bench(arguments: &[&str], out: &Path) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        command.args(arguments).arg("--out").arg(out);
        command.output().expect("the program starts")
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// The cells of the line of a figure.
    fn cells<'a>(table: &'a str, figure: &str) -> Vec<&'a str> {
        let line = table.lines().find(|line| line.contains(figure));
        line.unwrap_or_else(|| panic!("{figure}: {table}")).split('|').map(str::trim).collect()
    }

    #[test]
    fn measures_in_turns_prints_the_table_and_writes_the_files() {
        let out = tempfile::tempdir().unwrap();
        let arguments = ["deliveries", "connects", "--quick", "--designs", "snapshot"];
        let output = bench(&arguments, out.path());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let run = fs::read_dir(out.path()).unwrap().next().unwrap().unwrap().path();
        let summary = fs::read_to_string(run.join("summary.md")).unwrap();
        let printed = text(&output.stdout);
        assert!(printed.contains(&summary), "{printed}");
        for figure in ["÷ bare connect loop", "deliveries/s `snapshot` ÷ bare fan-out"] {
            let cells = cells(&summary, figure);
            assert_eq!((cells[5], &cells[6][..3]), ("2", "≥"), "{cells:?}");
        }

        let results: Value =
            serde_json::from_slice(&fs::read(run.join("results.json")).unwrap()).unwrap();
        assert!(results["machine"]["cpus"].as_u64().unwrap() > 0);
        let measurements = results["measurements"].as_array().unwrap();
        let of: Vec<_> = measurements
            .iter()
            .map(|one| (one["part"].as_str().unwrap(), one["contestant"].as_str().unwrap()))
            .collect();
        let connects = ["bare connect loop", "generator"].map(|of| ("connects", of));
        let deliveries = ["bare fan-out, one send each", "bare fan-out, 64 in a send", "snapshot"]
            .map(|of| ("deliveries", of));
        assert_eq!(of, [&connects[..], &connects, &deliveries, &deliveries].concat());
        for one in measurements {
            assert!(one["values"]["per_second"].as_f64().unwrap() > 0.0, "{one}");
            // Of designs only.
            assert_eq!(one["values"]["missing"].as_f64().unwrap_or(0.0), 0.0, "{one}");
        }
    }

    #[test]
    fn short_connections_are_served() {
        let out = tempfile::tempdir().unwrap();
        let arguments = ["served", "--quick", "--rounds", "1", "--designs", "global-lock"];
        let output = bench(&arguments, out.path());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        assert_eq!(cells(&printed, "connections/s served, `global-lock` ÷ bare epoll")[5], "1");
    }

    #[test]
    fn what_cannot_be_measured_is_an_error() {
        let out = tempfile::tempdir().unwrap();
        let output = bench(&["size", "--program", "/nonexistent/queuelab"], out.path());
        assert_eq!(output.status.code(), Some(1));
        let error = text(&output.stderr);
        assert!(error.contains("error: failed to read /nonexistent/queuelab"), "{error}");
        let unknown = bench(&["speed"], out.path());
        assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown.stderr));
    }
}
