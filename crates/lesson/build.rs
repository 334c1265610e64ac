//! Rebuilds when a lesson is added or removed: the embedded folder is read by a macro, and Cargo
//! watches only the files that it found.

fn main() {
    println!("cargo::rerun-if-changed=../../docs/lessons");
}
