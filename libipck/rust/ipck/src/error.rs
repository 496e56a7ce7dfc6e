// SPDX-License-Identifier: LGPL-2.1-or-later
use std::ffi::CStr;
use std::{fmt, io};

use ipck_sys as sys;

/// What went wrong: an errno value, and which limit was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    errno: i32,
    limit: u32,
}

/// What most functions return; `?` makes an [`io::Error`] of it where that is wanted.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn errno(&self) -> i32 {
        self.errno
    }

    /// One of `IPCK_LIMIT_*`.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Such as `WouldBlock`, `TimedOut` or `BrokenPipe`.
    pub fn kind(&self) -> io::ErrorKind {
        io::Error::from_raw_os_error(self.errno).kind()
    }

    pub(crate) fn invalid() -> Error {
        Error { errno: sys::EINVAL as i32, limit: sys::IPCK_LIMIT_NONE }
    }

    pub(crate) fn too_long() -> Error {
        Error { errno: sys::EMSGSIZE as i32, limit: sys::IPCK_LIMIT_LENGTH }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: any numbers will do, and the text is there for ever.
        let text = unsafe { CStr::from_ptr(sys::ipck_strerror(self.errno, self.limit)) };
        f.write_str(&text.to_string_lossy())
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        io::Error::new(error.kind(), error)
    }
}

/// The result of a function of `ipck.h`.
pub(crate) fn check(ret: isize, limit: u32) -> Result<usize> {
    usize::try_from(ret).map_err(|_| Error { errno: -ret as i32, limit })
}
