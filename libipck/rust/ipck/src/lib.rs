// SPDX-License-Identifier: LGPL-2.1-or-later
//! Mailboxes between processes: libipck for Rust.
//!
//! ```no_run
//! use ipck::{Attributes, Mailbox, Receive, Send};
//!
//! let mb = Mailbox::create("jobs", &Attributes::default())?;
//! mb.send(b"hello", &Send { priority: 5, ..Send::default() })?;
//! println!("{:?}", mb.recv(&Receive::default())?.payload);
//! # Ok::<(), ipck::Error>(())
//! ```
//!
//! What a mailbox, an event or a segment is says `ipck.h`, whose names are in [`sys`]; here is only
//! how Rust says it.  Handles, mappings and descriptors end with their owner; options are structures
//! with defaults; a message that is owed an answer and does not get one goes back to its place.
//! [`Error`] has the words of `ipck_strerror()` and becomes an [`std::io::Error`] by `?`.

mod error;
mod look;
mod mailbox;
mod segment;
mod wait;

pub use error::{Error, Result};
pub use ipck_sys as sys;
pub use look::{blocked, limits, mailboxes, version};
pub use mailbox::{
    Access, Answer, Attributes, Call, Join, Mailbox, Message, Peer, Receive, Reply, Request, Send,
    Sent,
};
pub use segment::{Mapping, Segment, SegmentAttributes};
pub use wait::Wait;
