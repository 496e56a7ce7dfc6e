// SPDX-License-Identifier: LGPL-2.1-or-later
use std::time::Duration;

use ipck_sys as sys;

/// How long a send, a receive or a call may wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    #[default]
    Forever,
    /// `WouldBlock` if it would block.
    Never,
    /// So long, then `TimedOut`.
    For(Duration),
    /// Until CLOCK_MONOTONIC shows so many nanoseconds; u64::MAX is for ever.
    Until(u64),
}

impl From<Duration> for Wait {
    fn from(span: Duration) -> Wait {
        Wait::For(span)
    }
}

impl Wait {
    /// As the options of `ipck.h` have it: how, and nanoseconds.
    pub(crate) fn parts(self) -> (sys::ipck_wait, u64) {
        match self {
            Wait::Forever => (sys::IPCK_WAIT_FOREVER, 0),
            Wait::Never => (sys::IPCK_WAIT_NEVER, 0),
            Wait::For(span) => (sys::IPCK_WAIT_FOR, nanoseconds(span)),
            Wait::Until(moment) => (sys::IPCK_WAIT_UNTIL, moment),
        }
    }
}

/// What they cannot count is for ever.
pub(crate) fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
