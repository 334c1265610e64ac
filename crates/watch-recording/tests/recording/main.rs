//! Records of watches.

mod damage;
mod limits;
mod machine;
mod support;
