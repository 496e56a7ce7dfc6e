// SPDX-License-Identifier: LGPL-2.1-or-later
use std::ffi::CStr;
use std::mem;

use ipck_sys as sys;

use crate::error::{check, Result};

const MOST_TASKS: usize = 4096;

/// All mailboxes of this IPC namespace.
pub fn mailboxes() -> Result<Vec<sys::ipck_info>> {
    let mut all: Vec<sys::ipck_info> = Vec::new();
    loop {
        // SAFETY: numbers only, of which 0 is one.
        let mut some: [sys::ipck_info; 16] = unsafe { mem::zeroed() };
        let last = all.last().map_or(0, |info| info.id);
        // SAFETY: there is room for as many as it is told.
        let ret = unsafe { sys::ipck_list(last, some.as_mut_ptr(), some.len() as u32) };
        let count = check(ret as isize, 0)?;
        if count == 0 {
            return Ok(all);
        }
        all.extend_from_slice(&some[..count]);
    }
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
