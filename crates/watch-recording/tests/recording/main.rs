//! Records of watches.

mod damage;
mod forged;
mod limits;
mod machine;
mod support;
