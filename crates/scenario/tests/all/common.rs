//! A kernel for tests, and error messages without colour.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use scenario::{
    Document, Kernel, LoadedSuite, Overrides, Plan, ScenarioErrors, ScenarioFile, Source,
    SuiteFile, SysctlKind,
};

/// A kernel with the suggested sysctls, a global one, and some counters.
pub(crate) struct TestKernel {
    /// The ids of its laws; `None`: every law exists.
    laws: Option<&'static [&'static str]>,
}

impl TestKernel {
    pub(crate) const TWO_LAWS: Self =
        Self { laws: Some(&["accept-queue-capacity", "local-ports"]) };

    /// The command line's tests check the laws of the committed scenarios.
    pub(crate) const ANY_LAW: Self = Self { laws: None };
}

impl Kernel for TestKernel {
    fn sysctls(&self, names: &[String]) -> Vec<SysctlKind> {
        let known = self.sysctl_names();
        let kind = |name: &String| match name.as_str() {
            "net.ipv4.tcp_mem" => SysctlKind::Global,
            _ if known.contains(name) => SysctlKind::PerNamespace,
            _ => SysctlKind::Unknown,
        };
        names.iter().map(kind).collect()
    }

    fn counter_names(&self) -> Option<Vec<String>> {
        let names = [
            "TcpExt.ListenOverflows",
            "TcpExt.ListenDrops",
            "TcpExt.TCPDeferAcceptDrop",
            "TcpExt.TCPSynRetrans",
            "TcpExt.TWRecycled",
            "Tcp.PassiveOpens",
        ];
        Some(names.map(str::to_owned).to_vec())
    }

    fn law_ids(&self) -> Option<Vec<&'static str>> {
        self.laws.map(<[_]>::to_vec)
    }
}

pub(crate) fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), path: format!("scenarios/{name}.yaml"), text: text.to_owned() }
}

pub(crate) fn try_plan(text: &str, overrides: &Overrides) -> Result<Plan, ScenarioErrors> {
    ScenarioFile::from_source(source("test", text)).plan(overrides, &TestKernel::TWO_LAWS)
}

/// The suite `mine` of this text.
pub(crate) fn suite_file(text: &str) -> SuiteFile {
    match Document::from(source("mine", text)) {
        Document::Suite(file) => file,
        Document::Scenario(_) => panic!("not a suite: {text}"),
    }
}

pub(crate) fn load_suite(text: &str) -> LoadedSuite {
    suite_file(text).load().unwrap_or_else(|errors| panic!("{}", rendered(&errors)))
}

/// A scenario with these sections.
pub(crate) fn scenario_with(sections: &str) -> String {
    format!("name: test\nquestion: Does it?\n{sections}")
}

/// The plan of a scenario with these sections.
pub(crate) fn plan(sections: &str) -> Plan {
    try_plan(&scenario_with(sections), &Overrides::default())
        .unwrap_or_else(|errors| panic!("{}", rendered(&errors)))
}

/// The error message of a scenario with these sections.
pub(crate) fn errors_of(sections: &str) -> String {
    match try_plan(&scenario_with(sections), &Overrides::default()) {
        Ok(_) => "no problems".to_owned(),
        Err(errors) => rendered(&errors),
    }
}

pub(crate) fn rendered(diagnostic: &dyn Diagnostic) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut text, diagnostic)
        .expect("a String accepts any text");
    text
}
