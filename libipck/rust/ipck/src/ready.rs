// SPDX-License-Identifier: LGPL-2.1-or-later
use std::os::raw::c_short;
use std::os::unix::io::{AsRawFd, BorrowedFd};

use ipck_sys as sys;

use crate::error::{check, Error, Result};
use crate::mailbox::{Access, Mailbox};
use crate::wait::Wait;

/// Wait until one of several mailboxes is ready: the indices of all that are, in ascending order.
///
/// [`Access::Receive`]: a receive would not block, [`Access::Send`]: a send would not,
/// [`Access::Both`]: one of them.  One whose other side is gone for good is ready as well.  Others
/// may be faster: for certainty, receive with [`Wait::Never`].  Other clocks than CLOCK_MONOTONIC
/// are invalid.
pub fn wait_any(mailboxes: &[&Mailbox], what: Access, wait: Wait) -> Result<Vec<usize>> {
    let events = match what {
        Access::Receive => sys::POLLIN,
        Access::Send => sys::POLLOUT,
        Access::Both => sys::POLLIN | sys::POLLOUT,
        Access::Admin => return Err(Error::invalid()),
    } as c_short;
    let handles: Vec<*mut sys::ipck> = mailboxes.iter().map(|mb| mb.as_ptr()).collect();
    let count = u32::try_from(handles.len()).map_err(|_| Error::invalid())?;
    let (wait, wait_ns, clock) = wait.parts();
    if clock != sys::IPCK_CLOCK_MONOTONIC {
        return Err(Error::invalid());
    }
    let mut ready = 0;
    // SAFETY: the handles are open, and all of it lives until the call returns.
    let ret =
        unsafe { sys::ipck_wait_any(handles.as_ptr(), count, events, wait, wait_ns, &mut ready) };
    check(ret as isize, 0)?;
    Ok((0..handles.len()).filter(|i| ready >> i & 1 != 0).collect())
}

impl Mailbox {
    /// Get a signal, once, when a message arrives while this is empty and nobody waits; the value
    /// comes with it, as of sigqueue(3).
    ///
    /// A mailbox has one notification at a time; it goes when it was used, or this is dropped.
    pub fn notify_signal(&self, signo: i32, value: usize) -> Result<()> {
        let value = sys::sigval { sival_ptr: value as *mut _ };
        // SAFETY: the handle is open, and the value is only passed on.
        check(unsafe { sys::ipck_notify_signal(self.as_ptr(), signo, value) } as isize, 0)
            .map(|_| ())
    }

    /// Have 1 added to an eventfd then.
    pub fn notify_eventfd(&self, fd: BorrowedFd<'_>) -> Result<()> {
        // SAFETY: both are open.
        check(unsafe { sys::ipck_notify_eventfd(self.as_ptr(), fd.as_raw_fd()) } as isize, 0)
            .map(|_| ())
    }

    /// Take the notification back.
    pub fn notify_none(&self) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::ipck_notify_none(self.as_ptr()) } as isize, 0).map(|_| ())
    }
}
