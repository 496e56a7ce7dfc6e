// SPDX-License-Identifier: GPL-2.0-only
//! The Rust crates do what they say.  Prints TAP.
//!
//! What the library behind them does has tests of its own.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::io::{AsRawFd, FromRawFd, OwnedFd};
use std::panic;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use ipck::{
    sys, Access, Attributes, Call, Join, Mailbox, Peer, Receive, Reply, Segment,
    SegmentAttributes, Send, Sent, Wait,
};

const HOUR: Duration = Duration::from_secs(3600);

fn unnamed() -> Mailbox {
    Mailbox::unnamed(&Attributes::default()).unwrap()
}

fn plain(mb: &Mailbox, payload: &[u8]) {
    assert_eq!(mb.send(payload, &Send::default()).unwrap(), Sent::Yes);
}

fn payload(mb: &Mailbox) -> Vec<u8> {
    mb.recv(&Receive::default()).unwrap().payload
}

/// That it fails so.
fn fails<T>(result: ipck::Result<T>, kind: io::ErrorKind) {
    assert_eq!(result.err().expect("a failure").kind(), kind);
}

fn never() -> Receive {
    Receive { wait: Wait::Never, ..Receive::default() }
}

fn leased() -> Receive {
    Receive { lease: Some(HOUR), ..Receive::default() }
}

fn order_and_sender() {
    let mb = unnamed();
    plain(&mb, b"low");
    mb.send(b"high", &Send { priority: 7, events: 2, ..Send::default() }).unwrap();
    let high = mb.recv(&Receive::default()).unwrap();
    assert_eq!((&high.payload[..], high.info.priority, high.info.events), (&b"high"[..], 7, 2));
    assert_eq!(high.info.pid as u32, process::id());
    let low = mb.recv(&Receive::default()).unwrap();
    assert_eq!((&low.payload[..], low.info.seq, low.info.token), (&b"low"[..], 1, 0));
}

fn payloads() {
    let mb = unnamed();
    let longer: Vec<u8> = (0..60000).map(|i| i as u8).collect();
    let mut room = [0; 8];
    plain(&mb, b"");
    assert_eq!(mb.recv_into(&mut room, &Receive::default()).unwrap(), 0);
    plain(&mb, &longer);
    let error = mb.recv_into(&mut room, &Receive::default()).unwrap_err();
    assert_eq!((error.errno(), error.limit()), (sys::EMSGSIZE as i32, sys::IPCK_LIMIT_BUFFER));
    let peek = Receive { peek: true, ..Receive::default() };
    assert_eq!(mb.recv(&peek).unwrap().payload, longer);
    assert_eq!(payload(&mb), longer);
    let error = mb.send(&[0; 70000], &Send::default()).unwrap_err();
    assert_eq!(error.to_string(), "message is longer than the mailbox allows");
    let error = io::Error::from(error);
    assert_eq!(error.to_string(), "message is longer than the mailbox allows");
}

fn waits() {
    let mb = Mailbox::unnamed(&Attributes { capacity: 1, ..Attributes::default() }).unwrap();
    let start = Instant::now();
    let span = Wait::from(Duration::from_millis(30));
    fails(mb.recv(&never()), io::ErrorKind::WouldBlock);
    fails(mb.recv(&Receive { wait: span, ..never() }), io::ErrorKind::TimedOut);
    assert!(start.elapsed() >= Duration::from_millis(30));
    fails(mb.recv(&Receive { wait: Wait::Until(1), ..never() }), io::ErrorKind::TimedOut);
    plain(&mb, b"one");
    fails(mb.send(b"two", &Send { wait: Wait::Never, ..Send::default() }), io::ErrorKind::WouldBlock);
    fails(mb.send(b"two", &Send { wait: span, ..Send::default() }), io::ErrorKind::TimedOut);
    assert_eq!(payload(&mb), b"one");
    let received = Send { completion: sys::IPCK_RECEIVED, wait: span, ..Send::default() };
    fails(mb.send(b"three", &received), io::ErrorKind::TimedOut);
    assert_eq!(mb.stat().unwrap().messages, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            plain(&mb, b"late");
        });
        let wait = Wait::For(Duration::MAX);
        assert_eq!(mb.recv(&Receive { wait, ..never() }).unwrap().payload, b"late");
    });
}

fn overflow() {
    let overflow = sys::IPCK_OVERFLOW_DROP_NEWEST;
    let mb = Mailbox::unnamed(&Attributes { capacity: 1, overflow, ..Attributes::default() }).unwrap();
    plain(&mb, b"one");
    assert_eq!(mb.send(b"two", &Send::default()).unwrap(), Sent::Dropped);
    payload(&mb);
    plain(&mb, b"three");
    assert_eq!(mb.recv(&Receive::default()).unwrap().info.lost, 1);
    let change = sys::ipck_change { mask: sys::IPCK_SET_CAPACITY, capacity: 5, ..Default::default() };
    mb.set(&change).unwrap();
    assert_eq!(mb.stat().unwrap().capacity, 5);
}

fn handles() {
    let attr = Attributes::default();
    let mb = Mailbox::create_with("test", &attr, Access::Both, sys::O_EXCL).unwrap();
    fails(Mailbox::create_with("test", &attr, Access::Both, sys::O_EXCL), io::ErrorKind::AlreadyExists);
    assert_eq!(Mailbox::open("test", Access::Both).unwrap().id(), mb.id());
    assert_eq!(Mailbox::open_id(mb.id(), Access::Both).unwrap().id(), mb.id());
    let writer = Mailbox::open("test", Access::Send).unwrap();
    fails(writer.recv(&never()), io::ErrorKind::PermissionDenied);
    // A descriptor that goes from one handle to another
    let reader = Mailbox::open("test", Access::Receive).unwrap();
    // SAFETY: the handle is not used any more.
    let fd = unsafe { OwnedFd::from_raw_fd(reader.as_raw_fd()) }.try_clone().unwrap();
    std::mem::forget(reader);
    let reader = Mailbox::from_fd(fd).unwrap();
    assert_eq!(reader.id(), mb.id());
    assert_eq!((mb.stat().unwrap().readers, mb.stat().unwrap().writers), (2, 2));
    assert!(Mailbox::from_fd(File::open("/dev/null").unwrap().into()).is_err());
    Mailbox::unlink("test").unwrap();
    fails(Mailbox::unlink("test"), io::ErrorKind::NotFound);
    fails(Mailbox::open("a\0b", Access::Both), io::ErrorKind::InvalidInput);
}

fn call_and_reply() {
    let mb = unnamed();
    let longer = vec![7; 50000];
    let how = Call { wait: Wait::For(Duration::from_secs(60)), ..Call::default() };
    thread::scope(|scope| {
        scope.spawn(|| {
            let one = mb.accept(&Receive::default()).unwrap();
            assert!(one.is_owed() && one.payload == b"one");
            assert_eq!(one.deadline(HOUR), Wait::Until(one.info.call_deadline_ns));
            one.reply(b"uno", &Reply { status: -5, ..Reply::default() }).unwrap();
            let two = mb.accept(&Receive::default()).unwrap();
            two.reply(&longer, &Reply::default()).unwrap();
            mb.accept(&Receive::default()).unwrap().ack().unwrap();
        });
        let answer = mb.call(b"one", &how).unwrap();
        assert_eq!((&answer.payload[..], answer.status), (&b"uno"[..], -5));
        assert_eq!(mb.call(b"two", &how).unwrap().payload, longer);
        assert!(mb.call(b"three", &how).unwrap().payload.is_empty());
    });
    let short = Call { wait: Wait::For(Duration::from_millis(10)), ..how };
    fails(mb.call(b"nobody", &short), io::ErrorKind::TimedOut);
}

fn call_given_up() {
    let mb = unnamed();
    let short = Call { wait: Wait::For(Duration::from_millis(200)), ..Call::default() };
    thread::scope(|scope| {
        let server = scope.spawn(|| mb.accept(&Receive::default()).unwrap().payload.len());
        // It goes back when it is dropped, and is withdrawn when the time is over.
        fails(mb.call(b"one", &short), io::ErrorKind::TimedOut);
        assert_eq!(server.join().unwrap(), 3);
    });
    assert_eq!(mb.stat().unwrap().messages, 0);
}

fn what_is_not_settled_goes_back() {
    let mb = unnamed();
    plain(&mb, b"one");
    let taken = mb.accept(&leased()).unwrap();
    assert_eq!(mb.stat().unwrap().held, 1);
    taken.renew(2 * HOUR).unwrap();
    drop(taken);
    let again = mb.accept(&leased()).unwrap();
    assert_eq!((again.payload.len(), again.info.redelivered), (3, 1));
    again.refuse().unwrap();
    mb.accept(&leased()).unwrap().ack().unwrap();
    assert_eq!(mb.stat().unwrap().messages, 0);
    plain(&mb, b"two");
    assert!(!mb.accept(&Receive::default()).unwrap().is_owed());
}

fn direct() {
    let attr = Attributes { flags: sys::IPCK_ATTR_THREAD, ..Attributes::default() };
    let inbox = Mailbox::endpoint(&Attributes::default()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let own = Mailbox::endpoint(&attr).unwrap();
            let to = Peer::Process(process::id());
            own.send(b"to you", &Send { to, ..Send::default() }).unwrap();
            plain(&Mailbox::connect(to).unwrap(), b"too");
            assert_eq!(payload(&own), b"back");
        });
        let one = inbox.recv(&Receive::default()).unwrap();
        assert_eq!((&one.payload[..], &payload(&inbox)[..]), (&b"to you"[..], &b"too"[..]));
        let to = Peer::Endpoint(one.info.sender_endpoint);
        inbox.send(b"back", &Send { to, ..Send::default() }).unwrap();
    });
    fails(Mailbox::endpoint(&Attributes::default()), io::ErrorKind::AlreadyExists);
    assert_eq!(Mailbox::connect(Peer::Process(1)).unwrap_err().errno(), 3);
}

fn events() {
    let discipline = sys::IPCK_EVENT;
    let mb = Mailbox::unnamed(&Attributes { discipline, ..Attributes::default() }).unwrap();
    let all = mb.join(&Join::default()).unwrap();
    let some = mb.join(&Join { mask: 1 << 3, capacity: 1, ..Join::default() }).unwrap();
    mb.send(b"three", &Send { events: 1 << 3, ..Send::default() }).unwrap();
    mb.send(b"four", &Send { events: 1 << 4, ..Send::default() }).unwrap();
    assert_eq!(payload(&some), b"three");
    fails(some.recv(&never()), io::ErrorKind::WouldBlock);
    assert_eq!((&payload(&all)[..], &payload(&all)[..]), (&b"three"[..], &b"four"[..]));
    some.leave().unwrap();
    fails(some.recv(&never()), io::ErrorKind::BrokenPipe);
    assert_eq!(mb.stat().unwrap().members, 1);
}

fn descriptors() {
    let flags = sys::IPCK_ATTR_FDS;
    let mb = Mailbox::unnamed(&Attributes { flags, ..Attributes::default() }).unwrap();
    let path = "/tmp/lib_rust";
    let mut file = File::create(path).unwrap();
    mb.send(b"", &Send { fds: &[file.as_raw_fd()], ..Send::default() }).unwrap();
    assert_eq!(mb.recv(&never()).unwrap_err().limit(), sys::IPCK_LIMIT_FDS);
    let mut message = mb.recv(&Receive { max_fds: 4, ..never() }).unwrap();
    assert_eq!(message.fds.len(), 1);
    file.write_all(b"by one, ").unwrap();
    File::from(message.fds.remove(0)).write_all(b"and the other").unwrap();
    let file = File::open(path).unwrap();
    std::fs::remove_file(path).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let request = mb.accept(&Receive::default()).unwrap();
            request.reply(b"in", &Reply { fds: &[file.as_raw_fd()], ..Reply::default() }).unwrap();
        });
        let mut answer = mb.call(b"?", &Call { max_reply_fds: 1, ..Call::default() }).unwrap();
        let mut text = String::new();
        File::from(answer.fds.remove(0)).read_to_string(&mut text).unwrap();
        assert_eq!(text, "by one, and the other");
    });
}

fn segments() {
    let flags = sys::IPCK_ATTR_FDS;
    let mb = Mailbox::unnamed(&Attributes { flags, ..Attributes::default() }).unwrap();
    let attr = SegmentAttributes { size: 4096, ..SegmentAttributes::default() };
    let own = Segment::create("test", &attr).unwrap();
    let reader = Segment::open("test", Access::Receive).unwrap();
    let moving = Send { flags: sys::IPCK_MOVE, ..Send::default() };
    Segment::unlink("test").unwrap();
    let mut map = own.map(true).unwrap();
    let seen = reader.map(false).unwrap();
    // SAFETY: there is nobody else.
    unsafe {
        map.as_mut_slice()[..5].copy_from_slice(b"hello");
        assert_eq!(&seen.as_slice()[..6], b"hello\0");
    }
    assert_eq!((map.len(), map.is_empty()), (4096, false));
    assert_eq!(own.send(&mb, &moving).unwrap_err().errno(), 16);
    drop(map);
    fails(reader.map(true), io::ErrorKind::PermissionDenied);
    own.send(&mb, &moving).unwrap();
    let (moved, offset, length) = Segment::recv(&mb, &Receive::default()).unwrap();
    assert_eq!((moved.id(), offset, length), (own.id(), 0, 4096));
    fails(own.resize(100), io::ErrorKind::PermissionDenied);
    moved.resize(8192).unwrap();
    assert_eq!(own.map(false).unwrap().len(), 8192);
    fails(Segment::open("test", Access::Both), io::ErrorKind::NotFound);
}

fn channel() {
    let attr = Attributes { discipline: sys::IPCK_CHANNEL, capacity: 0, ..Attributes::default() };
    let reads = Mailbox::create_with("test", &attr, Access::Receive, 0).unwrap();
    let writes = Mailbox::open("test", Access::Send).unwrap();
    Mailbox::unlink("test").unwrap();
    for i in 0..1000_u32 {
        plain(&writes, &i.to_ne_bytes());
        assert_eq!(payload(&reads), i.to_ne_bytes());
    }
    fails(reads.recv(&never()), io::ErrorKind::WouldBlock);
}

fn looking() {
    let mb = unnamed();
    thread::scope(|scope| {
        scope.spawn(|| payload(&mb));
        let start = Instant::now();
        while ipck::blocked(mb.id()).unwrap().is_empty() && start.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(10));
        }
        let tasks = ipck::blocked(mb.id()).unwrap();
        assert_eq!((tasks.len(), tasks[0].what), (1, sys::IPCK_BLOCKED_RECV));
        plain(&mb, b"");
    });
    let many: Vec<Mailbox> = (0..40).map(|_| unnamed()).collect();
    let all = ipck::mailboxes().unwrap();
    assert!(many.iter().chain([&mb]).all(|one| all.iter().any(|info| info.id == one.id())));
    assert!(ipck::limits().unwrap().user_mailboxes > many.len() as u64);
    fails(ipck::blocked(u64::MAX), io::ErrorKind::NotFound);
    assert_eq!(ipck::version().split('.').count(), 3);
}

fn main() {
    let tests: [(&str, fn()); 14] = [
        ("order_and_sender", order_and_sender),
        ("payloads", payloads),
        ("waits", waits),
        ("overflow", overflow),
        ("handles", handles),
        ("call_and_reply", call_and_reply),
        ("call_given_up", call_given_up),
        ("what_is_not_settled_goes_back", what_is_not_settled_goes_back),
        ("direct", direct),
        ("events", events),
        ("descriptors", descriptors),
        ("segments", segments),
        ("channel", channel),
        ("looking", looking),
    ];
    let mut failed = 0;
    println!("TAP version 13\n1..{}", tests.len());
    for (i, (name, body)) in tests.iter().enumerate() {
        let passed = panic::catch_unwind(body).is_ok();
        println!("{}ok {} {}", if passed { "" } else { "not " }, i + 1, name);
        failed += u32::from(!passed);
    }
    process::exit((failed > 0).into());
}
