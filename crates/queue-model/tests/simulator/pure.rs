//! Tests that need nothing outside this process.
//!
//! | module | compares the simulator with |
//! |---|---|
//! | `measurements` | tables measured on kernel 6.18 |
//! | `phantoms` | what happens to final ACKs that find the accept queue full |
//! | `properties` | properties that hold for all settings |
//! | `replay` | recorded trials |

mod measurements;
mod phantoms;
mod properties;
mod replay;
