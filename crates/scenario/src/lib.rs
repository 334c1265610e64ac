//! YAML to a checked plan of cells.
