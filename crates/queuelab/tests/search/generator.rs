//! Random combinations: templates with a few settings changed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value};

use crate::combination::Combination;
use crate::settings::{Setting, settings};

const TEMPLATES: &str = include_str!("templates.yaml");

/// The largest number of settings that are changed in a template.
const MAX_CHANGES: usize = 6;

/// Makes combinations. The same seed makes the same ones.
pub(crate) struct Generator {
    random: StdRng,
    templates: Vec<Combination>,
    settings: Vec<Setting>,
    /// The longest time that a trial may take, seconds.
    longest: f64,
    made: usize,
}

impl Generator {
    /// Makes combinations of the templates whose name contains `name`.
    pub(crate) fn new(seed: u64, longest: f64, name: &str) -> Self {
        let templates: Map<String, Value> = serde_saphyr::from_str(TEMPLATES).unwrap();
        let templates = templates
            .iter()
            .map(|(name, template)| Combination::from_template(name, template))
            .filter(|template| template.longest() <= longest && template.template.contains(name));
        Self {
            random: StdRng::seed_from_u64(seed),
            templates: templates.collect(),
            settings: settings(),
            longest,
            made: 0,
        }
    }

    /// The paths of all settings that it varies.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.settings.iter().map(|setting| setting.path.as_str())
    }

    /// The next combination: first each template as it is, so that each law is applied at
    /// least once, then changes of one after the other.
    pub(crate) fn next(&mut self) -> Combination {
        let position = self.made;
        self.made += 1;
        let template = self.templates[position % self.templates.len()].clone();
        if position < self.templates.len() {
            return template;
        }
        loop {
            let changed = self.changed(template.clone());
            if changed.longest() <= self.longest && changed.cell().is_some() {
                return changed;
            }
        }
    }

    /// A template with one to six changes. Most are of settings that the template states,
    /// which matter for its law, or of server and load.
    fn changed(&mut self, mut combination: Combination) -> Combination {
        let changes = self.random.random_range(1..=MAX_CHANGES);
        while combination.varied.len() < changes {
            let setting = &self.settings[self.random.random_range(0..self.settings.len())];
            let is_stated = combination.paths().any(|path| path == setting.path);
            let is_sysctl = setting.path.starts_with("hosts.");
            let chance = match (is_stated, is_sysctl, setting.is_known) {
                (true, _, _) => 1.0,
                (false, false, _) => 0.5,
                (false, true, true) => 0.15,
                // It makes most laws not applied.
                (false, true, false) => 0.03,
            };
            let is_varied = combination.varied.contains(&setting.path);
            if is_varied || !self.random.random_bool(chance) {
                continue;
            }
            let values = (setting.values)(&combination);
            let values = values.as_array().expect("a list of values");
            let value = values[self.random.random_range(0..values.len())].clone();
            combination.vary(&setting.path, value);
        }
        combination
    }
}
