//! What has been compiled of a scenario.

use pattern::Patterns;

use crate::expression::Programs;

/// The expressions and the patterns of a scenario, each compiled once: its forms, its cells and
/// its plans share them.
#[derive(Debug, Default)]
pub(crate) struct CompiledTexts {
    pub(crate) programs: Programs,
    pub(crate) patterns: Patterns,
}

#[cfg(test)]
mod tests {
    use crate::kernel::AnyKernel;
    use crate::overrides::Overrides;
    use crate::scenario_file::ScenarioFile;
    use crate::source::Source;

    fn file(settings: &str) -> ScenarioFile {
        let text = format!("name: x\nquestion: Why?\n{settings}");
        ScenarioFile::from_source(Source { name: "x".to_owned(), path: "x.yaml".to_owned(), text })
    }

    fn compilations(file: &ScenarioFile) -> usize {
        file.compiled().patterns.compilations()
    }

    #[test]
    fn a_pattern_of_many_cells_is_compiled_once() {
        let file = file(
            "server: { command: { program: [x], port: 80, ready: { line: '^ready' } } }\n\
             load: { dialogue: { exchange: { send: PING, expect: { pattern: PONG } } } }\n\
             quick: { repeat: 2 }\n\
             matrix:\n  load.clients: { from: 1, to: 40, steps: 40 }\n  \
             server.command.backlog: { from: 1, to: 40, steps: 40 }\n",
        );
        for quick in [false, true] {
            let overrides = Overrides { quick, seed: Some(7), ..Overrides::default() };
            let plan = file.plan(&overrides, &AnyKernel).unwrap();
            assert_eq!(plan.cells.len(), 1600);
            assert_eq!(compilations(&file), 2);
        }
    }

    #[test]
    fn a_refused_pattern_of_many_cells_is_compiled_once() {
        let file = file(
            "load: { dialogue: { exchange: { send: PING, expect: { pattern: '\\w{60}' } } } }\n\
             server: { command: { program: [x], port: 80 } }\n\
             matrix:\n  load.clients: { from: 1, to: 100, steps: 100 }\n",
        );
        assert!(file.plan(&Overrides::default(), &AnyKernel).is_err());
        assert_eq!(compilations(&file), 1);
    }

    #[test]
    fn an_axis_of_patterns_compiles_few_of_them() {
        let line = |number| format!("'^line {number}'");
        let lines = (0..5000).map(line).collect::<Vec<_>>().join(", ");
        let file = file(&format!(
            "load: {{ messages: 0 }}\nserver: {{ command: {{ program: [x], port: 80 }} }}\n\
             matrix:\n  server.command.ready.line: [{lines}]\n"
        ));
        assert!(file.plan(&Overrides::default(), &AnyKernel).is_err());
        assert_eq!(compilations(&file), 8);
    }
}
