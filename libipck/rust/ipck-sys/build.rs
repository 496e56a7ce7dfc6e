// SPDX-License-Identifier: LGPL-2.1-or-later
//! Has the bindgen command translate ipck.h, and tells where the library is.
//!
//! IPCK_INCLUDE_DIR and IPCK_LIB_DIR are where header and library are, if pkg-config is not to be
//! asked; with IPCK_STATIC the library is linked statically.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a command prints, one word after the other.
fn words(command: &mut Command) -> Vec<String> {
    let output = command.output().unwrap_or_else(|e| panic!("{:?}: {}", command, e));
    assert!(output.status.success(), "{:?}: {}", command, String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.split_whitespace().map(str::to_string).collect()
}

fn variable(name: &str) -> Option<String> {
    println!("cargo:rerun-if-env-changed={}", name);
    env::var(name).ok()
}

fn find_header() -> PathBuf {
    // In the tree it is the one beside this.
    let here = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../include");
    let dir = match variable("IPCK_INCLUDE_DIR") {
        Some(dir) => PathBuf::from(dir),
        None if here.join("ipck.h").exists() => here,
        None => PathBuf::from(
            words(Command::new("pkg-config").args(["--variable=includedir", "libipck"])).join(" "),
        ),
    };
    dir.join("ipck.h")
}

fn find_library() {
    let kind = if variable("IPCK_STATIC").is_some() { "static" } else { "dylib" };
    match variable("IPCK_LIB_DIR") {
        Some(dir) => println!("cargo:rustc-link-search=native={}", dir),
        None => {
            for word in words(Command::new("pkg-config").args(["--libs-only-L", "libipck"])) {
                println!("cargo:rustc-link-search=native={}", word.trim_start_matches("-L"));
            }
        }
    }
    println!("cargo:rustc-link-lib={}=ipck", kind);
}

fn main() {
    let header = find_header();
    let bindings = Path::new(&env::var("OUT_DIR").unwrap()).join("bindings.rs");
    let wanted = "ipck.*";
    // What ipck.h takes and returns of other headers'
    let constants = "IPCK_.*|O_(RDONLY|WRONLY|RDWR|CREAT|EXCL)|PROT_(READ|WRITE)|POLL(IN|OUT)|\
                     E(AGAIN|INTR|INVAL|MSGSIZE|PIPE|STALE)";

    println!("cargo:rerun-if-changed={}", header.display());
    let status = Command::new("bindgen")
        .args(["--allowlist-function", wanted, "--allowlist-type", wanted])
        .args(["--allowlist-var", constants, "--no-prepend-enum-name", "--with-derive-default"])
        .args(["--size_t-is-usize", "--no-layout-tests", "--no-doc-comments", "--output"])
        .arg(&bindings)
        .arg(&header)
        .args(["--", "-include", "errno.h", "-include", "poll.h"])
        .args(["-include", "sys/mman.h"])
        .status()
        .expect("bindgen (Debian: apt install bindgen)");
    assert!(status.success(), "bindgen: {}", status);
    find_library();
}
