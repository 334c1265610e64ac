//! The plans of one command, each file checked once.

use std::rc::Rc;

use crate::form::Form;
use crate::kernel::Kernel;
use crate::overrides::Overrides;
use crate::plan::{Plan, Unchanged, into_plan};
use crate::problem::ScenarioErrors;
use crate::scenario_file::ScenarioFile;
use crate::tree::Node;

/// Plans scenarios for one kernel, and remembers each file that it has checked: a scenario that
/// is in several suites is checked once. A file counts as the same if it is a clone of a
/// [`ScenarioFile`].
///
/// Do not keep it while the process gains rights, such as those in a user namespace: what the
/// kernel allows is asked once.
pub struct Planner<'k> {
    kernel: &'k dyn Kernel,
    checked: Vec<Checked>,
}

/// A file that has been checked, and what was found.
struct Checked {
    file: ScenarioFile,
    allow_large: bool,
    forms: Result<PlannedForms, ScenarioErrors>,
}

struct PlannedForms {
    full: PlannedForm,
    quick: Option<PlannedForm>,
}

/// A form without changes, and its plan once that is asked for.
struct PlannedForm {
    tree: Node,
    form: Option<Form>,
    plan: Option<Rc<Plan>>,
}

impl<'k> Planner<'k> {
    /// A planner for this kernel.
    pub fn new(kernel: &'k dyn Kernel) -> Self {
        Self { kernel, checked: Vec::new() }
    }

    /// Creates the plan of the scenario, as [`ScenarioFile::plan`] does. Equal calls may return
    /// the same plan, with the same seed.
    ///
    /// # Errors
    /// As for [`ScenarioFile::plan`].
    pub fn plan(
        &mut self,
        file: &ScenarioFile,
        overrides: &Overrides,
    ) -> Result<Rc<Plan>, ScenarioErrors> {
        let kernel = self.kernel;
        let forms =
            self.forms(file, overrides.allow_large).as_mut().map_err(|error| error.clone())?;
        let form = match &mut forms.quick {
            Some(quick) if overrides.quick => quick,
            _ => &mut forms.full,
        };
        if overrides.change_settings() || overrides.seed.is_some() {
            let changed = file.changed(form.tree.clone(), overrides, kernel)?;
            return Ok(Rc::new(into_plan(changed, file.source(), overrides.seed)));
        }
        Ok(form.plan(file))
    }

    fn forms(
        &mut self,
        file: &ScenarioFile,
        allow_large: bool,
    ) -> &mut Result<PlannedForms, ScenarioErrors> {
        let is_it =
            |checked: &Checked| checked.allow_large == allow_large && checked.file.is_same(file);
        let position = self.checked.iter().position(is_it).unwrap_or_else(|| {
            let forms = file.check(allow_large, self.kernel).map(|forms| {
                let (full, quick) = forms.into_both();
                PlannedForms { full: full.into(), quick: quick.map(PlannedForm::from) }
            });
            self.checked.push(Checked { file: file.clone(), allow_large, forms });
            self.checked.len() - 1
        });
        &mut self.checked[position].forms
    }
}

impl From<Unchanged> for PlannedForm {
    fn from(Unchanged { tree, form }: Unchanged) -> Self {
        Self { tree, form: Some(form), plan: None }
    }
}

impl PlannedForm {
    fn plan(&mut self, file: &ScenarioFile) -> Rc<Plan> {
        if let Some(form) = self.form.take() {
            self.plan = Some(Rc::new(into_plan(form, file.source(), None)));
        }
        Rc::clone(self.plan.as_ref().expect("it was made from the form"))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::kernel::SysctlKind;
    use crate::source::Source;

    /// Counts the forms that are checked: each asks once for the counters.
    struct CountingKernel(Cell<usize>);

    impl Kernel for CountingKernel {
        fn sysctls(&self, names: &[String]) -> Vec<SysctlKind> {
            vec![SysctlKind::CannotTell; names.len()]
        }

        fn counter_names(&self) -> Option<Vec<String>> {
            self.0.set(self.0.get() + 1);
            None
        }
    }

    fn file(expectation: &str) -> ScenarioFile {
        let text = format!(
            "name: x\nquestion: Why?\nload: {{ clients: 5 }}\nquick: {{ load: {{ clients: 2 }} }}\n\
             expect: [{{ that: {expectation} }}]\n"
        );
        ScenarioFile::from_source(Source { name: "x".to_owned(), path: "x.yaml".to_owned(), text })
    }

    #[test]
    fn a_file_is_checked_once_in_both_forms() {
        let kernel = CountingKernel(Cell::new(0));
        let mut planner = Planner::new(&kernel);
        let file = file("outcomes.ok > 0");
        let clients = |plan: &Plan| plan.cells[0].settings.load.clients;
        let full = Overrides::default();
        let quick = Overrides { quick: true, ..full.clone() };
        for overrides in [&full, &quick, &quick, &full] {
            let plan = planner.plan(&file.clone(), overrides).unwrap();
            let single =
                file.plan(&Overrides { seed: Some(plan.seed), ..overrides.clone() }, &kernel);
            let single = single.unwrap();
            assert_eq!((&plan.resolved, &plan.trials), (&single.resolved, &single.trials));
            assert_eq!(clients(&plan), if overrides.quick { 2 } else { 5 });
        }
        // The four plans without the planner checked two forms each.
        assert_eq!(kernel.0.get(), 2 + 4 * 2);
        let repeated = Overrides { repeat: Some(3), ..quick };
        let plan = planner.plan(&file, &repeated).unwrap();
        assert_eq!((clients(&plan), plan.trials.len()), (2, 3));
        assert_eq!(kernel.0.get(), 2 + 4 * 2 + 1);
    }

    #[test]
    fn an_invalid_file_has_the_same_problems_each_time() {
        let kernel = CountingKernel(Cell::new(0));
        let mut planner = Planner::new(&kernel);
        let file = file("outcomes.xyzzy > 0");
        for _ in 0..2 {
            let errors = planner.plan(&file, &Overrides::default()).unwrap_err();
            assert!(errors.problems()[0].to_string().contains("xyzzy"), "{errors}");
        }
        assert_eq!(kernel.0.get(), 2);
    }
}
