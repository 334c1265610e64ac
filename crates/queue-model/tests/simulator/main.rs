//! Tests of the simulator.
//!
//! | module | its tests need |
//! |---|---|
//! | `pure` | nothing |

mod pure;
