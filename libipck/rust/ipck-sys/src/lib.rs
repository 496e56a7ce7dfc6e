// SPDX-License-Identifier: LGPL-2.1-or-later
//! All of `ipck.h`, as bindgen translates it when this is built; the header is the manual.
#![allow(non_camel_case_types)]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
