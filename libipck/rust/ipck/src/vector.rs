// SPDX-License-Identifier: LGPL-2.1-or-later
//! Many messages in few system calls.

use std::os::raw::c_int;
use std::os::unix::io::RawFd;

use ipck_sys as sys;

use crate::error::{check, Result};
use crate::mailbox::{owned, Mailbox, Message, Receive, Request, Send, Sent, FDS_MAX};

/// One of the messages of [`Mailbox::sendv`], with what is said of it alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outgoing<'a> {
    pub payload: &'a [u8],
    pub priority: u32,
    pub events: u64,
    /// Descriptors that go along.
    pub fds: &'a [RawFd],
}

impl Outgoing<'_> {
    fn raw(&self) -> sys::ipck_send_item {
        sys::ipck_send_item {
            buf: self.payload.as_ptr().cast(),
            len: self.payload.len(),
            events: self.events,
            fds: self.fds.as_ptr(),
            nr_fds: self.fds.len() as u32,
            priority: self.priority,
            result: 0,
            limit: 0,
            reserved: [0; 4],
        }
    }
}

/// Of more than can be done at once, the others are not done.
fn count(length: usize) -> u32 {
    length.min(c_int::MAX as usize) as u32
}

fn sent(result: c_int) -> Sent {
    Sent::of(result as usize)
}

impl Mailbox {
    /// Send many messages, in one system call for each 32; the time to wait is for all of them.
    ///
    /// For each that was sent there is what [`Mailbox::send`] returns.  The first that fails ends
    /// it: then there are fewer of these, and its error comes when what is left is sent again.
    /// With `IPCK_HANDLED` it may be in the hands of its receiver, and then sent twice: a call can
    /// tell.
    /// What a message says for itself, `how` does not.
    pub fn sendv(&self, messages: &[Outgoing<'_>], how: &Send<'_>) -> Result<Vec<Sent>> {
        let mut items: Vec<_> = messages.iter().map(Outgoing::raw).collect();
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let opt = how.raw();
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe {
            sys::ipck_sendv(self.as_ptr(), items.as_mut_ptr(), count(items.len()), &opt)
        };
        let done = check(ret as isize, items[0].limit)?;
        Ok(items[..done].iter().map(|item| sent(item.result)).collect())
    }

    /// Wait for a message, and receive what else is there, up to so many, or, with
    /// [`Receive::all`], wait for so many.
    ///
    /// One that is longer than [`Receive::room`] is received alone, when it is its turn.
    pub fn recvv(&self, count: usize, how: &Receive) -> Result<Vec<Message>> {
        let mut opt = how.raw();
        if !how.all {
            opt.flags |= sys::IPCK_WAIT_FOR_ONE;
        }
        self.receive_many(count, opt, how.first_room())
    }

    /// The same of what is to be replied to or, with a lease, acknowledged.
    pub fn acceptv(&self, count: usize, how: &Receive) -> Result<Vec<Request<'_>>> {
        let mut opt = how.raw();
        opt.flags |= sys::IPCK_TOKEN | sys::IPCK_WAIT_FOR_ONE;
        let messages = self.receive_many(count, opt, how.first_room())?;
        Ok(messages.into_iter().map(|message| Request::new(self, message)).collect())
    }

    fn receive_many(
        &self, number: usize, mut opt: sys::ipck_recv_opt, room: usize,
    ) -> Result<Vec<Message>> {
        let mut payloads = vec![vec![0; room]; number];
        let mut fds = vec![[-1; FDS_MAX]; number];
        let mut items: Vec<_> = payloads
            .iter_mut()
            .zip(&mut fds)
            .map(|(payload, fds)| sys::ipck_recv_item {
                buf: payload.as_mut_ptr().cast(),
                size: payload.len(),
                fds: fds.as_mut_ptr(),
                max_fds: opt.max_fds.min(FDS_MAX as u32),
                result: 0,
                reserved: [0; 4],
                msg: sys::ipck_msg::default(),
            })
            .collect();
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let together = sys::ipck_recv_opt { max_fds: 0, ..opt };
        opt.flags &= !sys::IPCK_WAIT_FOR_ONE;
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe {
            sys::ipck_recvv(self.as_ptr(), items.as_mut_ptr(), count(number), &together)
        };
        let limit = items[0].msg.limit;
        if ret == -(sys::EMSGSIZE as i32) && limit == sys::IPCK_LIMIT_BUFFER {
            return Ok(vec![self.receive(opt, room)?]);
        }
        let done = check(ret as isize, limit)?;
        let came = payloads.into_iter().zip(&items[..done]).zip(&fds);
        Ok(came
            .map(|((mut payload, item), fds)| {
                payload.truncate(item.result as usize);
                Message { payload, info: item.msg, fds: owned(fds, item.msg.nr_fds) }
            })
            .collect())
    }

    /// As [`Mailbox::sendv`], for less, what is a payload and nothing else: at priority 0.
    pub fn send_many(&self, payloads: &[&[u8]]) -> Result<Vec<Sent>> {
        let item = |payload: &&[u8]| sys::ipck_plain {
            buf: payload.as_ptr() as *mut _,
            size: payload.len(),
            result: 0,
        };
        let mut items: Vec<_> = payloads.iter().map(item).collect();
        if items.is_empty() {
            return Ok(Vec::new());
        }
        // SAFETY: all of it lives until the call returns, which does not write to the payloads.
        let ret = unsafe {
            sys::ipck_send_many(self.as_ptr(), items.as_mut_ptr(), count(items.len()))
        };
        let done = check(ret as isize, 0)?;
        Ok(items[..done].iter().map(|item| sent(item.result)).collect())
    }

    /// Wait for a message, and take what else is there, into memory that is there: up to 64, from a
    /// channel one.
    ///
    /// The lengths of those that were received, one for each room that was used.
    pub fn recv_many(&self, rooms: &mut [&mut [u8]]) -> Result<Vec<usize>> {
        let item = |room: &mut &mut [u8]| sys::ipck_plain {
            buf: room.as_mut_ptr().cast(),
            size: room.len(),
            result: 0,
        };
        let mut items: Vec<_> = rooms.iter_mut().map(item).collect();
        if items.is_empty() {
            return Ok(Vec::new());
        }
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe {
            sys::ipck_recv_many(self.as_ptr(), items.as_mut_ptr(), count(items.len()))
        };
        let done = check(ret as isize, 0)?;
        Ok(items[..done].iter().map(|item| item.result as usize).collect())
    }
}
