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
//! with defaults; a message that is owed an answer and does not get one goes back to its place; one
//! in the ring of a channel is a slice that lives no longer than it is the program's.
//! [`Error`] has the words of `ipck_strerror()` and becomes an [`std::io::Error`] by `?`.

mod call;
mod channel;
mod error;
mod look;
mod mailbox;
mod ready;
mod segment;
mod vector;
mod wait;

pub use call::{Answer, Call, PendingCall};
pub use channel::{Byte, Peeked, Reservation};
pub use error::{Error, Result};
pub use ipck_sys as sys;
pub use look::{blocked, limits, mailboxes, segments, version};
pub use mailbox::{
    Access, Attributes, Join, Mailbox, Message, Peer, Receive, Reply, Request, Send, Sent,
};
pub use ready::wait_any;
pub use segment::{Mapping, Segment, SegmentAttributes};
pub use vector::Outgoing;
pub use wait::Wait;
