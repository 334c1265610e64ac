//! This program's version, as recorded.

use run_record::Tool;

/// This program's version, and the commit it was built from.
pub(crate) fn tool() -> Tool {
    Tool {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("QUEUELAB_COMMIT").map(str::to_owned),
    }
}
