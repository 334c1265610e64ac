//! Makes the static binary smaller where its C library can start it so.
//!
//! A position-independent binary has a relocation of 24 bytes for each pointer
//! in its data; packed (RELR), one bit. What starts a static one, and applies
//! them, is in the C library that it is linked with, since glibc 2.36: an older
//! one would not, and the program would crash before its first line.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_glibc = env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu");
    let is_native = env::var("HOST").ok() == env::var("TARGET").ok();
    if is_glibc && is_native && glibc_version().is_some_and(|version| version >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The machine's, which is the one that a native build is linked with.
fn glibc_version() -> Option<(u32, u32)> {
    // "glibc 2.36"
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
