//! Makes the static binary smaller where its C library can start it so.
//!
//! A position-independent binary has a relocation of 24 bytes for each pointer
//! in its data; packed (RELR), one bit. What starts a static one, and applies
//! them, is in the C library that it is linked with, since glibc 2.36: an older
//! one would not, and the program would crash before its first line.
//!
//! And without the tables that unwinding needs, a tenth of it: in the release
//! profile a panic is told and ends the program, so that nothing would read them.
//! What profiles it, or writes a stack, goes by the frame pointers.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    tell_commit();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=no-unwinding.ld");
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if let Some(folder) = env::var("CARGO_MANIFEST_DIR").ok().filter(|_| is_release) {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{folder}/no-unwinding.ld,--no-eh-frame-hdr");
    }
    let is_glibc = env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu");
    let is_native = env::var("HOST").ok() == env::var("TARGET").ok();
    if is_glibc && is_native && glibc_version().is_some_and(|version| version >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Tells the program the commit that it is built from, where nobody has told it and
/// git knows: in `QUEUELAB_COMMIT`. A tree with changes is told by its commit alone,
/// as no build is begun anew when a change is undone.
fn tell_commit() {
    println!("cargo::rerun-if-env-changed=QUEUELAB_COMMIT");
    if env::var_os("QUEUELAB_COMMIT").is_some() {
        return;
    }
    let Some(commit) = git(&["rev-parse", "HEAD"]) else { return };
    println!("cargo::rustc-env=QUEUELAB_COMMIT={commit}");
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in [Some("HEAD".to_owned()), branch, Some("logs/HEAD".to_owned())] {
        let path = name.and_then(|name| git(&["rev-parse", "--git-path", &name]));
        // One that is not there would begin every build anew.
        if let Some(path) = path.filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The machine's, which is the one that a native build is linked with.
fn glibc_version() -> Option<(u32, u32)> {
    // "glibc 2.36"
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
