// SPDX-License-Identifier: LGPL-2.1-or-later
use std::ffi::CStr;
use std::mem;

use ipck_sys as sys;

use crate::error::{check, Result};

const MOST_TASKS: usize = 4096;

/// All there are, by a function that tells those whose key is greater than the last; of a
/// structure of numbers.
pub(crate) fn listed<T: Copy>(
    mut last: u64, key: impl Fn(&T) -> u64, list: impl Fn(u64, *mut T, u32) -> i32,
) -> Result<Vec<T>> {
    let mut all = Vec::new();
    loop {
        // SAFETY: 0 is a number.
        let mut some: [T; 16] = unsafe { mem::zeroed() };
        let count = check(list(last, some.as_mut_ptr(), some.len() as u32) as isize, 0)?;
        if count == 0 {
            return Ok(all);
        }
        all.extend_from_slice(&some[..count]);
        last = key(&some[count - 1]);
    }
}

/// All mailboxes of this IPC namespace.
pub fn mailboxes() -> Result<Vec<sys::ipck_info>> {
    listed(0, |info: &sys::ipck_info| info.id, |last, some, count| {
        // SAFETY: there is room for as many as it is told.
        unsafe { sys::ipck_list(last, some, count) }
    })
}

/// All segments of this IPC namespace.
pub fn segments() -> Result<Vec<sys::ipck_shm_info>> {
    listed(0, |info: &sys::ipck_shm_info| info.id, |last, some, count| {
        // SAFETY: there is room for as many as it is told.
        unsafe { sys::ipck_shm_list(last, some, count) }
    })
}

/// Who waits at a mailbox, and for whom; all of one moment.
pub fn blocked(id: u64) -> Result<Vec<sys::ipck_blocked>> {
    let mut room = 16;
    loop {
        let mut tasks = vec![sys::ipck_blocked::default(); room];
        let mut total = 0;
        // SAFETY: there is room for as many as it is told.
        let ret = unsafe { sys::ipck_blocked(id, tasks.as_mut_ptr(), room as u32, &mut total) };
        let count = check(ret as isize, 0)?;
        if total as usize <= room || room == MOST_TASKS {
            tasks.truncate(count);
            return Ok(tasks);
        }
        room = (total as usize + 16).min(MOST_TASKS);
    }
}

/// What the running kernel can do, and the user may.
pub fn limits() -> Result<sys::ipck_limits> {
    let mut limits = sys::ipck_limits::default();
    // SAFETY: there is room for it.
    check(unsafe { sys::ipck_limits(&mut limits) } as isize, 0)?;
    Ok(limits)
}

/// That of the C library which is running.
pub fn version() -> String {
    // SAFETY: the text is there for ever.
    unsafe { CStr::from_ptr(sys::ipck_version()) }.to_string_lossy().into_owned()
}
