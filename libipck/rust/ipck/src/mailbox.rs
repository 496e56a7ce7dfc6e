// SPDX-License-Identifier: LGPL-2.1-or-later
use std::ffi::CString;
use std::io::{IoSlice, IoSliceMut};
use std::mem::{self, ManuallyDrop};
use std::ops::Deref;
use std::os::raw::c_void;
use std::os::unix::io::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use ipck_sys as sys;

use crate::error::{check, Error, Result};
use crate::look::listed;
use crate::wait::{nanoseconds, Wait};

/// Enough for most messages; one that is longer stays, and tells how much it needs.
pub(crate) const ROOM: usize = 4096;
pub(crate) const FDS_MAX: usize = sys::IPCK_FDS_MAX as usize;

/// What a mailbox or a segment is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To receive, or to read a segment.
    Receive,
    Send,
    Both,
    /// To look and to change attributes only.
    Admin,
}

impl Access {
    pub(crate) fn oflag(self) -> u32 {
        match self {
            Access::Receive => sys::O_RDONLY,
            Access::Send => sys::O_WRONLY,
            Access::Both => sys::O_RDWR,
            Access::Admin => sys::IPCK_O_ADMIN,
        }
    }
}

/// A process, a thread or its endpoint, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peer {
    /// Nobody in particular.
    #[default]
    Any,
    Process(u32),
    Thread(u32),
    /// The id of an endpoint, which is never used again.
    Endpoint(u64),
    /// For [`Mailbox::connect`] only.
    Pidfd(RawFd),
}

impl Peer {
    fn parts(self) -> (sys::ipck_peer, u64) {
        match self {
            Peer::Any => (sys::IPCK_ANY, 0),
            Peer::Process(pid) => (sys::IPCK_PROCESS, pid.into()),
            Peer::Thread(tid) => (sys::IPCK_THREAD, tid.into()),
            Peer::Endpoint(id) => (sys::IPCK_ENDPOINT_ID, id),
            Peer::Pidfd(fd) => (sys::IPCK_PIDFD, fd as u64),
        }
    }
}

/// How a new mailbox shall be; `struct ipck_attr` of `ipck.h` tells more.
#[derive(Clone, Copy, Debug)]
pub struct Attributes {
    pub capacity: u32,
    pub max_length: u32,
    pub max_bytes: u64,
    /// One of `IPCK_OVERFLOW_*`.
    pub overflow: sys::ipck_overflow,
    pub mode: u32,
    /// `IPCK_QUEUE`, `IPCK_EVENT` or `IPCK_CHANNEL`.
    pub discipline: sys::ipck_discipline,
    /// Any of `IPCK_ATTR_*`.
    pub flags: u32,
}

impl Default for Attributes {
    fn default() -> Attributes {
        Attributes {
            capacity: sys::IPCK_CAPACITY_DEFAULT,
            max_length: 0,
            max_bytes: 0,
            overflow: sys::IPCK_OVERFLOW_BLOCK,
            mode: 0,
            discipline: sys::IPCK_QUEUE,
            flags: 0,
        }
    }
}

impl Attributes {
    fn raw(&self) -> sys::ipck_attr {
        sys::ipck_attr {
            capacity: self.capacity,
            max_length: self.max_length,
            max_bytes: self.max_bytes,
            overflow: self.overflow,
            mode: self.mode,
            discipline: self.discipline,
            flags: self.flags,
            reserved: [0; 8],
        }
    }
}

/// How to send.
#[derive(Clone, Copy, Debug, Default)]
pub struct Send<'a> {
    pub priority: u32,
    /// One of `IPCK_QUEUED`, `IPCK_RECEIVED` and `IPCK_HANDLED`.
    pub completion: sys::ipck_completion,
    pub wait: Wait,
    pub events: u64,
    /// From an own endpoint: whom it is for.
    pub to: Peer,
    /// Descriptors that go along.
    pub fds: &'a [RawFd],
    /// 0 or `IPCK_MOVE`.
    pub flags: u32,
}

impl Send<'_> {
    pub(crate) fn raw(&self) -> sys::ipck_send_opt {
        let (wait, wait_ns, clock) = self.wait.parts();
        let (to_kind, to) = self.to.parts();
        sys::ipck_send_opt {
            flags: self.flags & sys::IPCK_MOVE,
            priority: self.priority,
            completion: self.completion,
            wait,
            wait_ns,
            clock,
            to_kind,
            to,
            events: self.events,
            fds: self.fds.as_ptr(),
            nr_fds: self.fds.len() as u32,
            reserved: [0; 9],
        }
    }
}

/// What became of a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Yes,
    /// By the overflow policy.
    Dropped,
}

impl Sent {
    pub(crate) fn of(ret: usize) -> Sent {
        if ret == sys::IPCK_SENT_DROPPED as usize {
            Sent::Dropped
        } else {
            Sent::Yes
        }
    }
}

/// How to receive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Receive {
    pub wait: Wait,
    pub min_priority: u32,
    /// Only messages with one of these event bits; 0: all.
    pub events: u64,
    pub from: Peer,
    /// Leave the message there.
    pub peek: bool,
    /// Room for descriptors.
    pub max_fds: u32,
    /// How long the message may be kept: it stays with the mailbox until it is settled.
    pub lease: Option<Duration>,
    /// Bytes to make room for at first, 0 is 4096: a longer message takes another system call.
    pub room: usize,
    /// For [`Mailbox::recvv`]: wait until there have been all that were asked for.
    pub all: bool,
}

impl Receive {
    pub(crate) fn raw(&self) -> sys::ipck_recv_opt {
        let (wait, wait_ns, clock) = self.wait.parts();
        let (from_kind, from) = self.from.parts();
        sys::ipck_recv_opt {
            flags: if self.peek { sys::IPCK_PEEK } else { 0 },
            min_priority: self.min_priority,
            wait,
            clock,
            wait_ns,
            events: self.events,
            from_kind,
            max_fds: self.max_fds,
            from,
            lease_ns: self.lease.map_or(0, |span| nanoseconds(span).max(1)),
            fds: ptr::null_mut(),
            reserved: [0; 8],
        }
    }

    pub(crate) fn first_room(&self) -> usize {
        if self.room == 0 {
            ROOM
        } else {
            self.room
        }
    }
}

/// How to reply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reply<'a> {
    pub status: i32,
    pub fds: &'a [RawFd],
    /// 0 or `IPCK_MOVE`.
    pub flags: u32,
}

/// How a new member of an event mailbox shall be; `struct ipck_join_attr` tells more.
#[derive(Clone, Copy, Debug, Default)]
pub struct Join {
    /// Events to receive; 0 is all that others can send.
    pub mask: u64,
    pub capacity: u32,
    pub max_bytes: u64,
    /// One of `IPCK_OVERFLOW_*`, if it is not that of the event mailbox.
    pub overflow: Option<sys::ipck_overflow>,
}

/// A message that was received.
#[derive(Debug)]
pub struct Message {
    pub payload: Vec<u8>,
    /// What is known about it.
    pub info: sys::ipck_msg,
    pub fds: Vec<OwnedFd>,
}

/// A message whose receiver owes something: a reply to a caller, or the end of a lease.
///
/// If it is not settled when it goes out of scope, be it by a panic, it goes back to its old place.
#[derive(Debug)]
pub struct Request<'mb> {
    message: Message,
    mb: &'mb Mailbox,
}

impl Deref for Request<'_> {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.message
    }
}

impl<'mb> Request<'mb> {
    pub(crate) fn new(mb: &'mb Mailbox, message: Message) -> Request<'mb> {
        Request { message, mb }
    }

    /// Does anybody wait for a reply, or is there a lease to be ended?
    pub fn is_owed(&self) -> bool {
        self.info.token != 0
    }

    /// Answer.  After a failure it goes back to its place, if the caller is still there.
    pub fn reply(mut self, payload: &[u8], how: &Reply<'_>) -> Result<()> {
        let ended = self.mb.reply(self.info.token, payload, how);
        let gone = |error: &Error| [sys::EPIPE, sys::ESTALE].contains(&(error.errno() as u32));
        if ended.as_ref().err().map_or(true, gone) {
            self.message.info.token = 0;
        }
        ended
    }

    /// Say that it is handled; a caller gets an empty reply.
    pub fn ack(mut self) -> Result<()> {
        self.mb.ack(mem::take(&mut self.message.info.token))
    }

    /// Put it back, for anybody.
    pub fn refuse(mut self) -> Result<()> {
        self.mb.refuse(mem::take(&mut self.message.info.token))
    }

    /// Keep it on lease so much longer.
    pub fn renew(&self, span: Duration) -> Result<()> {
        self.mb.renew(self.info.token, span)
    }

    /// Until when to work for the caller, for calls that are made to answer it.
    pub fn deadline(&self, span: Duration) -> Wait {
        // SAFETY: it is only looked at.
        Wait::Until(unsafe { sys::ipck_deadline(&self.info, nanoseconds(span)) })
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        if self.is_owed() {
            // There is nobody to be told of a failure.
            let _ = self.mb.refuse(self.info.token);
        }
    }
}

/// An open mailbox: a queue, an event mailbox or a member of one, an endpoint, a channel.
#[derive(Debug)]
pub struct Mailbox(*mut sys::ipck);

// SAFETY: any number of threads may use a handle at once.
unsafe impl std::marker::Send for Mailbox {}
unsafe impl Sync for Mailbox {}

impl Mailbox {
    fn made(open: impl FnOnce(*mut *mut sys::ipck) -> i32) -> Result<Mailbox> {
        let mut mb = ptr::null_mut();
        check(open(&mut mb) as isize, 0)?;
        Ok(Mailbox(mb))
    }

    fn opened(name: Option<&str>, oflag: u32, attr: &Attributes) -> Result<Mailbox> {
        let name = name.map(CString::new).transpose().map_err(|_| Error::invalid())?;
        let name = name.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        let raw = attr.raw();
        // SAFETY: all of it lives until the call returns.
        Mailbox::made(|mb| unsafe { sys::ipck_open(mb, name, oflag as i32, &raw) })
    }

    /// Open one that exists.
    pub fn open(name: &str, access: Access) -> Result<Mailbox> {
        Mailbox::opened(Some(name), access.oflag(), &Attributes::default())
    }

    /// Open one to send and to receive, or create it so.
    pub fn create(name: &str, attr: &Attributes) -> Result<Mailbox> {
        Mailbox::opened(Some(name), sys::O_RDWR | sys::O_CREAT, attr)
    }

    /// The same for one kind of access, and with others of the flags of `ipck_open()`.
    pub fn create_with(name: &str, attr: &Attributes, access: Access, oflag: u32) -> Result<Mailbox> {
        Mailbox::opened(Some(name), access.oflag() | sys::O_CREAT | oflag, attr)
    }

    /// Create one without a name, which others find by its id or get the descriptor of.
    pub fn unnamed(attr: &Attributes) -> Result<Mailbox> {
        Mailbox::opened(None, sys::O_RDWR | sys::O_CREAT, attr)
    }

    pub fn open_id(id: u64, access: Access) -> Result<Mailbox> {
        // SAFETY: the handle goes where there is room for it.
        Mailbox::made(|mb| unsafe { sys::ipck_open_id(mb, id, access.oflag() as i32) })
    }

    /// Of a descriptor, inherited or received; after a failure it is closed.
    ///
    /// One of a channel is refused (EINVAL), see [`Mailbox::from_channel_fd`].
    pub fn from_fd(fd: OwnedFd) -> Result<Mailbox> {
        let mb = Mailbox::of_fd(fd)?;
        if mb.stat()?.discipline == sys::IPCK_CHANNEL {
            return Err(Error::invalid());
        }
        Ok(mb)
    }

    /// Of a descriptor, which may be one of a channel.
    ///
    /// # Safety
    ///
    /// A descriptor to send by is a lane, memory in which [`Mailbox::reserve`] lends a slice.  There
    /// is no other handle of it, in whatever process.
    pub unsafe fn from_channel_fd(fd: OwnedFd) -> Result<Mailbox> {
        Mailbox::of_fd(fd)
    }

    fn of_fd(fd: OwnedFd) -> Result<Mailbox> {
        // SAFETY: the descriptor is ours until it has succeeded, and the handle's from then on.
        let mb = Mailbox::made(|mb| unsafe { sys::ipck_from_fd(mb, fd.as_raw_fd()) })?;
        let _ = fd.into_raw_fd();
        Ok(mb)
    }

    /// The inbox of this process, or with `IPCK_ATTR_THREAD` of this thread.
    pub fn endpoint(attr: &Attributes) -> Result<Mailbox> {
        let raw = sys::ipck_attr { discipline: sys::IPCK_ENDPOINT, ..attr.raw() };
        // SAFETY: all of it lives until the call returns.
        Mailbox::made(|mb| unsafe { sys::ipck_endpoint(mb, 0, &raw) })
    }

    /// The inbox of somebody else, to send to.
    pub fn connect(peer: Peer) -> Result<Mailbox> {
        let (kind, who) = peer.parts();
        // SAFETY: the handle goes where there is room for it.
        Mailbox::made(|mb| unsafe { sys::ipck_connect(mb, kind, who, 0) })
    }

    /// Become a member of this event mailbox, which receives what meets its mask.
    pub fn join(&self, how: &Join) -> Result<Mailbox> {
        let attr = sys::ipck_join_attr {
            mask: how.mask,
            max_bytes: how.max_bytes,
            capacity: how.capacity,
            overflow: how.overflow.unwrap_or(0),
            flags: how.overflow.map_or(0, |_| sys::IPCK_JOIN_OVERFLOW),
            reserved: [0; 5],
        };
        // SAFETY: all of it lives until the call returns.
        Mailbox::made(|mb| unsafe { sys::ipck_join(mb, self.0, &attr) })
    }

    /// As a member: be none any more.
    pub fn leave(&self) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::ipck_leave(self.0) } as isize, 0).map(|_| ())
    }

    /// Remove a name.
    pub fn unlink(name: &str) -> Result<()> {
        let name = CString::new(name).map_err(|_| Error::invalid())?;
        // SAFETY: the name ends with a NUL.
        check(unsafe { sys::ipck_unlink(name.as_ptr()) } as isize, 0).map(|_| ())
    }

    /// Remove the name of the one with that id.
    pub fn unlink_id(id: u64) -> Result<()> {
        // SAFETY: it takes any number.
        check(unsafe { sys::ipck_unlink_id(id) } as isize, 0).map(|_| ())
    }

    pub fn send(&self, payload: &[u8], how: &Send<'_>) -> Result<Sent> {
        let (opt, mut limit) = (how.raw(), 0);
        let (data, len) = (payload.as_ptr().cast(), payload.len());
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe { sys::ipck_send_opt(self.0, data, len as _, &opt, &mut limit) };
        Ok(Sent::of(check(ret as isize, limit)?))
    }

    /// One whose payload is in parts, up to `IPCK_IOVEC_MAX`, one behind the other.
    pub fn send_vectored(&self, parts: &[IoSlice<'_>], how: &Send<'_>) -> Result<Sent> {
        let (mut opt, mut limit) = (how.raw(), 0);
        opt.flags |= sys::IPCK_IOVEC;
        // SAFETY: all of it lives until the call returns, and an IoSlice is a struct iovec.
        let ret = unsafe {
            let (data, count) = (parts.as_ptr().cast(), parts.len());
            sys::ipck_send_opt(self.0, data, count as _, &opt, &mut limit)
        };
        Ok(Sent::of(check(ret as isize, limit)?))
    }

    /// Receive into memory that is there, and return the length; without a lease.
    pub fn recv_into(&self, room: &mut [u8], how: &Receive) -> Result<usize> {
        self.receive_at(room.as_mut_ptr().cast(), room.len(), 0, how)
    }

    /// The same into several pieces of it, one behind the other.
    pub fn recv_vectored(&self, parts: &mut [IoSliceMut<'_>], how: &Receive) -> Result<usize> {
        // An IoSliceMut is a struct iovec.
        self.receive_at(parts.as_mut_ptr().cast(), parts.len(), sys::IPCK_IOVEC, how)
    }

    fn receive_at(&self, at: *mut c_void, size: usize, flags: u32, how: &Receive) -> Result<usize> {
        let (mut opt, mut msg) = (how.raw(), sys::ipck_msg::default());
        if how.lease.is_some() {
            return Err(Error::invalid());
        }
        opt.max_fds = 0;
        opt.flags |= flags;
        // SAFETY: the callers have borrowed what is there, and the rest lives until it returns.
        let ret = unsafe { sys::ipck_recv_opt(self.0, at, size as _, &opt, &mut msg) };
        check(ret as isize, msg.limit)
    }

    /// Receive a message, the first one that is to the liking of `how`.
    ///
    /// With a lease it is to be settled, here or in another process, by [`Mailbox::ack`],
    /// [`Mailbox::refuse`] or [`Mailbox::reply`] of `info.token`; [`Mailbox::accept`] sees to that.
    pub fn recv(&self, how: &Receive) -> Result<Message> {
        self.receive(how.raw(), how.first_room())
    }

    /// Receive what is to be replied to or, with a lease, acknowledged.
    pub fn accept(&self, how: &Receive) -> Result<Request<'_>> {
        let mut opt = how.raw();
        opt.flags |= sys::IPCK_TOKEN;
        Ok(Request::new(self, self.receive(opt, how.first_room())?))
    }

    pub(crate) fn receive(&self, mut opt: sys::ipck_recv_opt, room: usize) -> Result<Message> {
        let mut fds: [RawFd; FDS_MAX] = [-1; FDS_MAX];
        let mut info = sys::ipck_msg::default();
        let mut payload = vec![0; room];
        opt.fds = fds.as_mut_ptr();
        opt.max_fds = opt.max_fds.min(FDS_MAX as u32);
        loop {
            // SAFETY: all of it lives until the call returns.
            let ret = unsafe {
                let (data, size) = (payload.as_mut_ptr(), payload.len());
                sys::ipck_recv_opt(self.0, data.cast(), size as _, &opt, &mut info)
            } as isize;
            // One that is too long stays, and tells how much room it needs.
            if ret == -(sys::EMSGSIZE as isize) && info.limit == sys::IPCK_LIMIT_BUFFER {
                payload.resize(info.length as usize, 0);
                continue;
            }
            payload.truncate(check(ret, info.limit)?);
            let fds = owned(&fds, info.nr_fds);
            return Ok(Message { payload, info, fds });
        }
    }

    /// Answer what was received with that token, here or elsewhere.
    pub fn reply(&self, token: u64, payload: &[u8], how: &Reply<'_>) -> Result<()> {
        let opt = sys::ipck_reply_opt {
            flags: how.flags & sys::IPCK_MOVE,
            status: how.status,
            fds: how.fds.as_ptr(),
            nr_fds: how.fds.len() as u32,
            reserved: [0; 5],
        };
        let (data, len, mut limit) = (payload.as_ptr().cast(), payload.len(), 0);
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe { sys::ipck_reply_opt(self.0, token, data, len as _, &opt, &mut limit) };
        check(ret as isize, limit).map(|_| ())
    }

    /// Say that it is handled.
    pub fn ack(&self, token: u64) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::ipck_ack(self.0, token) } as isize, 0).map(|_| ())
    }

    /// Put it back, for anybody.
    pub fn refuse(&self, token: u64) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::ipck_refuse(self.0, token) } as isize, 0).map(|_| ())
    }

    /// Keep it on lease so much longer.
    pub fn renew(&self, token: u64, span: Duration) -> Result<()> {
        // SAFETY: the handle is open.
        let ret = unsafe { sys::ipck_renew(self.0, token, nanoseconds(span)) };
        check(ret as isize, 0).map(|_| ())
    }

    /// Answer requests until nobody can send any more, one system call a turn.
    ///
    /// A request goes back to its place if the handler panics, or the reply cannot be sent, which
    /// ends this.
    pub fn serve<R: AsRef<[u8]>>(&self, mut handler: impl FnMut(&[u8]) -> R) -> Result<()> {
        let mut room = vec![0; self.stat()?.max_length as usize];
        let mut info = sys::ipck_msg::default();
        let mut reply = None;
        loop {
            let owed = Owed { mb: self, token: info.token };
            let last = reply.as_ref().map_or(&[][..], R::as_ref);
            mem::forget(owed);
            let (data, len) = (last.as_ptr().cast(), last.len());
            let (buf, size) = (room.as_mut_ptr().cast(), room.len());
            // SAFETY: all of it lives until the call returns.
            let ret = unsafe {
                sys::ipck_reply_recv(self.0, data, len as _, buf, size as _, &mut info)
            } as isize;
            if ret == -(sys::EINTR as isize) {
                continue;
            } else if ret == -(sys::EPIPE as isize) {
                return Ok(());
            }
            let owed = Owed { mb: self, token: info.token };
            let length = check(ret, info.limit)?;
            reply = Some(handler(&room[..length]));
            mem::forget(owed);
        }
    }

    pub fn stat(&self) -> Result<sys::ipck_info> {
        // SAFETY: numbers only, of which 0 is one.
        let mut info = unsafe { mem::zeroed() };
        // SAFETY: the handle is open, and there is room.
        check(unsafe { sys::ipck_stat(self.0, &mut info) } as isize, 0)?;
        Ok(info)
    }

    /// Change attributes: those that `mask` says.
    pub fn set(&self, change: &sys::ipck_change) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::ipck_set(self.0, change) } as isize, 0).map(|_| ())
    }

    pub fn id(&self) -> u64 {
        // SAFETY: the handle is open.
        unsafe { sys::ipck_id(self.0) }
    }

    /// What the flight recorder has, from the step after that serial; [`Mailbox::set`] switches it
    /// on.
    pub fn record(&self, after: u64) -> Result<Vec<sys::ipck_record>> {
        listed(after, |record: &sys::ipck_record| record.serial, |last, some, count| {
            // SAFETY: the handle is open, and there is room for as many as it is told.
            unsafe { sys::ipck_record(self.0, last, some, count) }
        })
    }

    /// The handle of `ipck.h`.
    pub fn as_ptr(&self) -> *mut sys::ipck {
        self.0
    }

    /// The same, to be closed by the caller.
    pub fn into_ptr(self) -> *mut sys::ipck {
        ManuallyDrop::new(self).0
    }
}

/// What goes back to its place when it is dropped.
struct Owed<'mb> {
    mb: &'mb Mailbox,
    token: u64,
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        if self.token != 0 {
            let _ = self.mb.refuse(self.token);
        }
    }
}

/// For poll(2) and its like, and for event loops.
impl AsRawFd for Mailbox {
    fn as_raw_fd(&self) -> RawFd {
        // SAFETY: the handle is open.
        unsafe { sys::ipck_fd(self.0) }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        // SAFETY: nobody else has the handle.
        unsafe { sys::ipck_close(self.0) }
    }
}

/// The first `count` of these, which have come with a message.
pub(crate) fn owned(fds: &[RawFd], count: u32) -> Vec<OwnedFd> {
    // SAFETY: they are new, and ours.
    fds[..count as usize].iter().map(|fd| unsafe { OwnedFd::from_raw_fd(*fd) }).collect()
}
