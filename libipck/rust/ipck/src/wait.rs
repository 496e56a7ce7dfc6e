// SPDX-License-Identifier: LGPL-2.1-or-later
use std::time::{Duration, SystemTime};

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
    /// The same of CLOCK_BOOTTIME, which goes on while the system is suspended.
    UntilBoottime(u64),
    /// Until the time of day is that, whatever it is set to meanwhile.
    At(SystemTime),
}

impl From<Duration> for Wait {
    fn from(span: Duration) -> Wait {
        Wait::For(span)
    }
}

impl From<SystemTime> for Wait {
    fn from(moment: SystemTime) -> Wait {
        Wait::At(moment)
    }
}

impl Wait {
    /// As the options of `ipck.h` have it: how, nanoseconds, and the clock of them.
    pub(crate) fn parts(self) -> (sys::ipck_wait, u64, sys::ipck_clock) {
        match self {
            Wait::Forever => (sys::IPCK_WAIT_FOREVER, 0, sys::IPCK_CLOCK_MONOTONIC),
            Wait::Never => (sys::IPCK_WAIT_NEVER, 0, sys::IPCK_CLOCK_MONOTONIC),
            Wait::For(span) => (sys::IPCK_WAIT_FOR, nanoseconds(span), sys::IPCK_CLOCK_MONOTONIC),
            Wait::Until(moment) => (sys::IPCK_WAIT_UNTIL, moment, sys::IPCK_CLOCK_MONOTONIC),
            Wait::UntilBoottime(moment) => (sys::IPCK_WAIT_UNTIL, moment, sys::IPCK_CLOCK_BOOTTIME),
            Wait::At(moment) => {
                let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                (sys::IPCK_WAIT_UNTIL, nanoseconds(since), sys::IPCK_CLOCK_REALTIME)
            }
        }
    }
}

/// What they cannot count is for ever.
pub(crate) fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
