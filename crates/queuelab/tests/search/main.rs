//! A search for settings in which the lab is wrong: random combinations of all settings
//! and sysctls, boundary values first. In each trial every law equals the measurement or is
//! not applied, every invariant holds, and the simulation agrees.
//!
//! | module | content |
//! |---|---|
//! | `kernel` | the search |
//! | `templates.yaml` | where the search starts: settings in which each law applies |
//! | `settings` | the settings that are varied, with their boundary values |
//! | `generator` | random combinations |
//! | `combination` | one combination, as a scenario file |
//! | `trial` | runs it, and lists what was wrong |
//! | `shrink` | repeats and shrinks a counter-example |
//! | `coverage` | how often each law was applied and each setting varied |
//! | `pure` | tests of the search itself |
//!
//! The test prints its seed. Environment variables repeat or extend it:
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `QUEUELAB_SEARCH_SEED` | the combinations | random |
//! | `QUEUELAB_SEARCH_COMBINATIONS` | how many | 60 |
//! | `QUEUELAB_SEARCH_LONGEST` | the longest trial, seconds; 90 includes TIME_WAIT | 14 |
//! | `QUEUELAB_SEARCH_TEMPLATE` | only templates whose name contains it | all |
//! | `QUEUELAB_SEARCH_AT_ONCE` | how many trials run at the same time | 6 for each CPU |
//! | `QUEUELAB_SEARCH_FOUND` | a directory to which counter-examples are written | none |

mod combination;
mod coverage;
mod generator;
mod kernel;
mod pure;
mod settings;
mod shrink;
mod trial;
