// SPDX-License-Identifier: LGPL-2.1-or-later
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU8, Ordering};
use std::{ptr, slice};

use ipck_sys as sys;

use crate::error::{check, Error, Result};
use crate::mailbox::{Mailbox, Receive, Send};

/// Room for a message in the ring of a channel, where its receiver will read it: a slice.
///
/// One that is dropped without [`Reservation::commit`] was never made.
#[derive(Debug)]
pub struct Reservation<'mb> {
    mb: &'mb Mailbox,
    // Nobody else can write to the pages of this lane, see Mailbox::from_channel_fd(), and nobody
    // reads what is not committed.
    room: &'mb mut [u8],
}

impl Reservation<'_> {
    /// Send so many bytes from its beginning.
    pub fn commit(self, length: usize) -> Result<()> {
        if length > self.room.len() {
            return Err(Error::too_long());
        }
        // SAFETY: the handle is open, and the slice is not used any more.
        let ret = unsafe { sys::ipck_commit(self.mb.as_ptr(), length) };
        mem::forget(self);
        check(ret as isize, 0).map(|_| ())
    }

    /// Send all of it.
    pub fn commit_all(self) -> Result<()> {
        let length = self.room.len();
        self.commit(length)
    }
}

impl Deref for Reservation<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.room
    }
}

impl DerefMut for Reservation<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.room
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and the slice is not used any more.
        unsafe { sys::ipck_commit(self.mb.as_ptr(), usize::MAX) };
    }
}

/// A byte that somebody else can change, and the reader cannot.
#[derive(Debug)]
#[repr(transparent)]
pub struct Byte(AtomicU8);

impl Byte {
    /// What it is at the moment.
    pub fn load(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The next message of a channel, where its sender has made it.
///
/// It counts as received when this is dropped.  Its sender can still write there, which no plain
/// reference of Rust allows: each of its bytes is to be read once.
#[derive(Debug)]
pub struct Peeked<'mb> {
    mb: &'mb Mailbox,
    payload: &'mb [Byte],
    info: sys::ipck_msg,
}

impl Peeked<'_> {
    /// The message.
    pub fn payload(&self) -> &[Byte] {
        self.payload
    }

    /// What is known about it.
    pub fn info(&self) -> &sys::ipck_msg {
        &self.info
    }

    /// A copy of it, which nobody else can change.
    pub fn to_vec(&self) -> Vec<u8> {
        self.payload.iter().map(Byte::load).collect()
    }

    /// The message, as long as nobody changes it.
    ///
    /// # Safety
    ///
    /// Its sender, who can be anybody that may send here, writes to it no more.
    pub unsafe fn as_slice(&self) -> &[u8] {
        slice::from_raw_parts(self.payload.as_ptr().cast(), self.payload.len())
    }
}

impl Drop for Peeked<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and the slice is not used any more.
        unsafe { sys::ipck_release(self.mb.as_ptr()) };
    }
}

impl Mailbox {
    /// Of a channel: make a message of up to so many bytes where its receiver will read it.
    ///
    /// There is one at a time: other sends fail (EBUSY) meanwhile.
    pub fn reserve(&self, length: usize, how: &Send<'_>) -> Result<Reservation<'_>> {
        let (opt, mut data) = (how.raw(), ptr::null_mut());
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe { sys::ipck_reserve(self.as_ptr(), length, &mut data, &opt) };
        check(ret as isize, 0)?;
        // SAFETY: it is the caller's until it is committed, and mapped while the handle is open.
        let room = unsafe { slice::from_raw_parts_mut(data.cast(), length) };
        Ok(Reservation { mb: self, room })
    }

    /// Of a channel: read the next message where its sender has made it.
    ///
    /// There is one at a time: other receives fail (EBUSY) meanwhile.
    pub fn peek(&self, how: &Receive) -> Result<Peeked<'_>> {
        let (opt, mut data) = (how.raw(), ptr::null());
        let mut info = sys::ipck_msg::default();
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe { sys::ipck_peek(self.as_ptr(), &mut data, &opt, &mut info) };
        let length = check(ret as isize, info.limit)?;
        // SAFETY: it is there until it is released, and mapped as long as the handle is open.
        let payload = unsafe { slice::from_raw_parts(data.cast(), length) };
        Ok(Peeked { mb: self, payload, info })
    }
}
