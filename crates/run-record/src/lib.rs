//! The run directory: its types, writing, reading and schema version.
