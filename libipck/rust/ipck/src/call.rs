// SPDX-License-Identifier: LGPL-2.1-or-later
use std::mem;
use std::os::unix::io::{OwnedFd, RawFd};

use ipck_sys as sys;

use crate::error::{check, Result};
use crate::mailbox::{owned, Mailbox, FDS_MAX, ROOM};
use crate::wait::Wait;

/// How to call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call<'a> {
    pub priority: u32,
    pub wait: Wait,
    pub fds: &'a [RawFd],
    pub max_reply_fds: u32,
    /// 0 or `IPCK_MOVE`.
    pub flags: u32,
}

/// How a call has ended.
#[derive(Debug)]
pub struct Answer {
    pub payload: Vec<u8>,
    pub status: i32,
    pub fds: Vec<OwnedFd>,
}

/// A request, and the wait for its reply, which can be resumed.
///
/// A wait that fails before the request was received has withdrawn it, and the next one sends it
/// again; later, the next one goes on waiting, and sends nothing.  What is still under way when
/// this is dropped is given up.
///
/// ```no_run
/// # let mb = ipck::Mailbox::open("jobs", ipck::Access::Send)?;
/// use ipck::{Call, PendingCall, Wait};
/// use std::{io::ErrorKind, time::Duration};
///
/// let mut call = PendingCall::new(&mb, b"request", &Call::default());
/// let answer = loop {
///     match call.wait(Wait::For(Duration::from_secs(1))) {
///         Err(error) if error.kind() == ErrorKind::TimedOut => {
///             println!("received: {}", call.is_received())
///         }
///         ended => break ended?,
///     }
/// };
/// # Ok::<(), ipck::Error>(())
/// ```
#[derive(Debug)]
pub struct PendingCall<'a> {
    mb: &'a Mailbox,
    payload: &'a [u8],
    how: Call<'a>,
    answer: sys::ipck_answer,
    reply: Vec<u8>,
}

impl<'a> PendingCall<'a> {
    /// Nothing is sent before the first wait; how long that takes is said there.
    pub fn new(mb: &'a Mailbox, payload: &'a [u8], how: &Call<'a>) -> PendingCall<'a> {
        let answer = sys::ipck_answer::default();
        PendingCall { mb, payload, how: *how, answer, reply: vec![0; ROOM] }
    }

    /// Has a wait that failed left the request in the hands of its receiver?
    pub fn is_received(&self) -> bool {
        self.answer.cookie != 0
    }

    /// Send the request, unless that is done, and wait for the reply.
    pub fn wait(&mut self, wait: Wait) -> Result<Answer> {
        let mut fds: [RawFd; FDS_MAX] = [-1; FDS_MAX];
        let (wait, wait_ns, clock) = wait.parts();
        let opt = sys::ipck_call_opt {
            flags: self.how.flags & sys::IPCK_MOVE,
            priority: self.how.priority,
            wait,
            clock,
            wait_ns,
            fds: self.how.fds.as_ptr(),
            reply_fds: fds.as_mut_ptr(),
            nr_fds: self.how.fds.len() as u32,
            max_reply_fds: self.how.max_reply_fds.min(FDS_MAX as u32),
            reserved: [0; 8],
        };
        loop {
            let ret = self.attempt(&opt);
            // One that is too long stays, and tells how much room it needs.
            if ret == -(sys::EMSGSIZE as isize)
                && self.is_received()
                && self.answer.limit == sys::IPCK_LIMIT_BUFFER
            {
                self.reply.resize(self.answer.length as usize, 0);
                continue;
            }
            let length = check(ret, self.answer.limit)?;
            let mut payload = mem::take(&mut self.reply);
            payload.truncate(length);
            let fds = owned(&fds, self.answer.nr_fds);
            return Ok(Answer { payload, status: self.answer.status, fds });
        }
    }

    fn attempt(&mut self, opt: &sys::ipck_call_opt) -> isize {
        let (data, len) = (self.payload.as_ptr().cast(), self.payload.len());
        let (room, size) = (self.reply.as_mut_ptr().cast(), self.reply.len());
        let (mb, answer) = (self.mb.as_ptr(), &mut self.answer);
        // SAFETY: all of it lives until the call returns.
        unsafe { sys::ipck_call_opt(mb, data, len as _, room, size as _, opt, answer) as isize }
    }
}

impl Drop for PendingCall<'_> {
    fn drop(&mut self) {
        if self.is_received() {
            // SAFETY: the handle is open.  There is nobody to be told of a failure.
            unsafe { sys::ipck_call_cancel(self.mb.as_ptr(), self.answer.cookie) };
        }
    }
}

impl Mailbox {
    /// Send a request and wait for the reply.  A call that fails has been given up; a
    /// [`PendingCall`] can be waited for again.
    pub fn call(&self, payload: &[u8], how: &Call<'_>) -> Result<Answer> {
        PendingCall::new(self, payload, how).wait(how.wait)
    }
}
