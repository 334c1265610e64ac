//! What the screen shows, without a terminal.

mod hostile;
mod keys;
mod mouse;
#[path = "../../examples/demo/moving.rs"]
#[expect(dead_code, reason = "tests need no clock")]
mod moving;
mod shown;
mod sizes;
mod support;
