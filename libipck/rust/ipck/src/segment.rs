// SPDX-License-Identifier: LGPL-2.1-or-later
use std::ffi::CString;
use std::mem::{self, ManuallyDrop};
use std::ops::Range;
use std::os::unix::io::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::{ptr, slice};

use ipck_sys as sys;

use crate::error::{check, Error, Result};
use crate::mailbox::{Access, Mailbox, Receive, Send, Sent};

/// An open segment: memory that processes share.
#[derive(Debug)]
pub struct Segment(*mut sys::ipck_shm);

// SAFETY: any number of threads may use a handle at once.
unsafe impl std::marker::Send for Segment {}
unsafe impl Sync for Segment {}

/// How a new segment shall be; `mode` 0 is 0600.
#[derive(Clone, Copy, Debug, Default)]
pub struct SegmentAttributes {
    pub size: u64,
    pub mode: u32,
    /// `IPCK_SHM_SEALABLE`
    pub flags: u32,
    /// F_SEAL_* of fcntl(2)
    pub seals: u32,
}

impl Segment {
    fn opened(name: Option<&str>, oflag: u32, attr: &SegmentAttributes) -> Result<Segment> {
        let name = name.map(CString::new).transpose().map_err(|_| Error::invalid())?;
        let raw = sys::ipck_shm_attr {
            size: attr.size,
            mode: attr.mode,
            flags: attr.flags,
            seals: attr.seals,
            ..Default::default()
        };
        let (mut shm, mut limit) = (ptr::null_mut(), 0);
        let name = name.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe { sys::ipck_shm_open(&mut shm, name, oflag as i32, &raw, &mut limit) };
        check(ret as isize, limit)?;
        Ok(Segment(shm))
    }

    /// Open one that exists.
    pub fn open(name: &str, access: Access) -> Result<Segment> {
        Segment::opened(Some(name), access.oflag(), &SegmentAttributes::default())
    }

    /// Open one, or create it so.
    pub fn create(name: &str, attr: &SegmentAttributes) -> Result<Segment> {
        Segment::opened(Some(name), sys::O_RDWR | sys::O_CREAT, attr)
    }

    /// Create one without a name, which others get by its descriptor.
    pub fn unnamed(attr: &SegmentAttributes) -> Result<Segment> {
        Segment::opened(None, sys::O_RDWR | sys::O_CREAT, attr)
    }

    pub fn open_id(id: u64, access: Access) -> Result<Segment> {
        let mut shm = ptr::null_mut();
        // SAFETY: the handle goes where there is room for it.
        let ret = unsafe { sys::ipck_shm_open_id(&mut shm, id, access.oflag() as i32) };
        check(ret as isize, 0)?;
        Ok(Segment(shm))
    }

    /// Of a descriptor, inherited or received; after a failure it is closed.
    pub fn from_fd(fd: OwnedFd) -> Result<Segment> {
        let mut shm = ptr::null_mut();
        // SAFETY: the descriptor is ours until it has succeeded, and the handle's from then on.
        check(unsafe { sys::ipck_shm_from_fd(&mut shm, fd.as_raw_fd()) } as isize, 0)?;
        let _ = fd.into_raw_fd();
        Ok(Segment(shm))
    }

    /// Remove a name.
    pub fn unlink(name: &str) -> Result<()> {
        let name = CString::new(name).map_err(|_| Error::invalid())?;
        // SAFETY: the name ends with a NUL.
        check(unsafe { sys::ipck_shm_unlink(name.as_ptr()) } as isize, 0).map(|_| ())
    }

    /// Remove the name of the one with that id.
    pub fn unlink_id(id: u64) -> Result<()> {
        // SAFETY: it takes any number.
        check(unsafe { sys::ipck_shm_unlink_id(id) } as isize, 0).map(|_| ())
    }

    /// Receive one, and which part of it is meant: offset and length.
    pub fn recv(mb: &Mailbox, how: &Receive) -> Result<(Segment, u64, u64)> {
        let (mut shm, mut range) = (ptr::null_mut(), sys::ipck_range::default());
        let opt = how.raw();
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe {
            sys::ipck_shm_recv(mb.as_ptr(), &mut shm, &mut range, &opt, ptr::null_mut())
        };
        check(ret as isize, 0)?;
        Ok((Segment(shm), range.offset, range.length))
    }

    /// Send it, not its content; with `IPCK_MOVE` the right to write goes along.
    pub fn send(&self, mb: &Mailbox, how: &Send<'_>) -> Result<Sent> {
        self.send_range(mb, None, how)
    }

    /// The same, and the message is about a part of it.
    pub fn send_part(&self, mb: &Mailbox, part: Range<u64>, how: &Send<'_>) -> Result<Sent> {
        let length = part.end.checked_sub(part.start).ok_or_else(Error::invalid)?;
        self.send_range(mb, Some(&sys::ipck_range { offset: part.start, length }), how)
    }

    fn send_range(
        &self, mb: &Mailbox, range: Option<&sys::ipck_range>, how: &Send<'_>,
    ) -> Result<Sent> {
        let range = range.map_or(ptr::null(), |range| range as *const _);
        let (opt, mut limit) = (how.raw(), 0);
        // SAFETY: all of it lives until the call returns.
        let ret = unsafe { sys::ipck_shm_send(mb.as_ptr(), self.0, range, &opt, &mut limit) };
        Ok(Sent::of(check(ret as isize, limit)?))
    }

    pub fn id(&self) -> u64 {
        // SAFETY: the handle is open.
        unsafe { sys::ipck_shm_id(self.0) }
    }

    pub fn resize(&self, size: u64) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::ipck_shm_resize(self.0, size) } as isize, 0).map(|_| ())
    }

    pub fn stat(&self) -> Result<sys::ipck_shm_info> {
        // SAFETY: numbers only, of which 0 is one.
        let mut info = unsafe { mem::zeroed() };
        // SAFETY: the handle is open, and there is room.
        check(unsafe { sys::ipck_shm_stat(self.0, &mut info) } as isize, 0)?;
        Ok(info)
    }

    /// Change rights: those that `mask` says.
    pub fn set(&self, change: &sys::ipck_shm_change) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::ipck_shm_set(self.0, change) } as isize, 0).map(|_| ())
    }

    /// Map all of it; the mapping stays when the segment is closed.
    pub fn map(&self, write: bool) -> Result<Mapping> {
        self.map_part(0, 0, write)
    }

    /// Map a part of it, which need not begin with a page; a length of 0 is up to the end.
    pub fn map_part(&self, offset: u64, length: usize, write: bool) -> Result<Mapping> {
        let prot = (sys::PROT_READ | if write { sys::PROT_WRITE } else { 0 }) as i32;
        let mut map = sys::ipck_map { addr: ptr::null_mut(), length: 0 };
        // SAFETY: the handle is open.
        let ret = unsafe { sys::ipck_shm_map(self.0, &mut map, offset, length as _, prot) };
        check(ret as isize, 0)?;
        Ok(Mapping(map))
    }

    /// The handle of `ipck.h`.
    pub fn as_ptr(&self) -> *mut sys::ipck_shm {
        self.0
    }

    /// The same, to be closed by the caller.
    pub fn into_ptr(self) -> *mut sys::ipck_shm {
        ManuallyDrop::new(self).0
    }
}

impl AsRawFd for Segment {
    fn as_raw_fd(&self) -> RawFd {
        // SAFETY: the handle is open.
        unsafe { sys::ipck_shm_fd(self.0) }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: nobody else has the handle.
        unsafe { sys::ipck_shm_close(self.0) }
    }
}

/// A mapped segment, until it goes out of scope.
///
/// Its content is behind a raw pointer: others may change it at any time, which no reference of
/// Rust allows.  Atomics may be put there, or it is copied.
#[derive(Debug)]
pub struct Mapping(sys::ipck_map);

// SAFETY: it is an address and a length.
unsafe impl std::marker::Send for Mapping {}
unsafe impl Sync for Mapping {}

impl Mapping {
    pub fn as_ptr(&self) -> *mut u8 {
        self.0.addr.cast()
    }

    pub fn len(&self) -> usize {
        self.0.length as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The content, where it is.
    ///
    /// # Safety
    ///
    /// Nobody writes to it as long as the slice is used: it was moved to this process, or is sealed,
    /// or all who have it have agreed.  It does not become shorter meanwhile, either.
    pub unsafe fn as_slice(&self) -> &[u8] {
        slice::from_raw_parts(self.as_ptr(), self.len())
    }

    /// The same to write.
    ///
    /// # Safety
    ///
    /// As for [`Mapping::as_slice`], and nobody reads it meanwhile; and it was mapped to write.
    pub unsafe fn as_mut_slice(&mut self) -> &mut [u8] {
        slice::from_raw_parts_mut(self.as_ptr(), self.len())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nobody else has the mapping.
        unsafe { sys::ipck_shm_unmap(&mut self.0) }
    }
}
