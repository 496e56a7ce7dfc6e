// SPDX-License-Identifier: GPL-2.0-only
//! The Rust crates do what they say.  Prints TAP.
//!
//! What the library behind them does has tests of its own.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::unix::io::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::panic;
use std::process;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use ipck::{
    sys, wait_any, Access, Attributes, Call, Join, Mailbox, Outgoing, Peer, PendingCall, Receive,
    Reply, Segment, SegmentAttributes, Send, Sent, Wait,
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

fn outgoing(payload: &[u8]) -> Outgoing<'_> {
    Outgoing { payload, ..Outgoing::default() }
}

/// That it fails so.
fn fails<T>(result: ipck::Result<T>, kind: io::ErrorKind) {
    assert_eq!(result.err().expect("a failure").kind(), kind);
}

/// Until somebody waits there.
fn until_blocked(mb: &Mailbox) {
    let start = Instant::now();
    while ipck::blocked(mb.id()).unwrap().is_empty() {
        assert!(start.elapsed().as_secs() < 30);
        thread::sleep(Duration::from_millis(10));
    }
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

fn payloads_in_parts() {
    let mb = unnamed();
    let parts = [&b"he"[..], b"l", b"", b"lo"].map(IoSlice::new);
    mb.send_vectored(&parts, &Send::default()).unwrap();
    let (mut head, mut rest) = ([0; 2], [0; 8]);
    let mut rooms = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut rest)];
    assert_eq!(mb.recv_vectored(&mut rooms, &never()).unwrap(), 5);
    assert_eq!((&head, &rest[..4]), (b"he", &b"llo\0"[..]));
    mb.send_vectored(&[], &Send::default()).unwrap();
    assert!(payload(&mb).is_empty());
    let many = [IoSlice::new(b"x"); 65];
    fails(mb.send_vectored(&many, &Send::default()), io::ErrorKind::InvalidInput);
}

fn waits() {
    let mb = Mailbox::unnamed(&Attributes { capacity: 1, ..Attributes::default() }).unwrap();
    let start = Instant::now();
    let span = Wait::from(Duration::from_millis(30));
    fails(mb.recv(&never()), io::ErrorKind::WouldBlock);
    fails(mb.recv(&Receive { wait: span, ..never() }), io::ErrorKind::TimedOut);
    assert!(start.elapsed() >= Duration::from_millis(30));
    for wait in [Wait::Until(1), Wait::UntilBoottime(1), (SystemTime::now() - HOUR).into()] {
        fails(mb.recv(&Receive { wait, ..never() }), io::ErrorKind::TimedOut);
    }
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
        until_blocked(&mb);
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

fn leased_by_token() {
    let mb = unnamed();
    plain(&mb, b"one");
    let taken = mb.recv(&leased()).unwrap();
    assert_eq!((&taken.payload[..], mb.stat().unwrap().held), (&b"one"[..], 1));
    mb.renew(taken.info.token, 2 * HOUR).unwrap();
    mb.refuse(taken.info.token).unwrap();
    assert_eq!(mb.ack(taken.info.token).unwrap_err().errno(), sys::ESTALE as i32);
    // Another handle will do.
    let taken = mb.recv(&leased()).unwrap();
    assert_eq!(taken.info.redelivered, 1);
    Mailbox::open_id(mb.id(), Access::Receive).unwrap().ack(taken.info.token).unwrap();
    assert_eq!(mb.stat().unwrap().messages, 0);
    fails(mb.recv_into(&mut [0; 8], &leased()), io::ErrorKind::InvalidInput);
}

fn serving() {
    let mb = unnamed();
    let server = Mailbox::open_id(mb.id(), Access::Receive).unwrap();
    let client = Mailbox::open_id(mb.id(), Access::Send).unwrap();
    drop(mb);
    thread::scope(|scope| {
        let served = scope.spawn(|| {
            server.serve(|request| request.iter().rev().copied().collect::<Vec<u8>>())
        });
        plain(&client, b"nobody waits for the answer");
        assert_eq!(client.call(b"abc", &Call::default()).unwrap().payload, b"cba");
        assert_eq!(client.call(b"", &Call::default()).unwrap().payload, b"");
        drop(client);
        served.join().unwrap().unwrap();
    });
}

fn serving_ends_by_a_panic() {
    let mb = unnamed();
    thread::scope(|scope| {
        let client = scope.spawn(|| mb.call(b"one", &Call::default()).unwrap().payload);
        let served = scope.spawn(|| {
            let fail = |_: &[u8]| -> &[u8] { panic!("as it should") };
            mb.serve(fail)
        });
        assert!(served.join().is_err());
        let again = mb.accept(&Receive::default()).unwrap();
        assert_eq!(again.info.redelivered, 1);
        again.reply(b"another did", &Reply::default()).unwrap();
        assert_eq!(client.join().unwrap(), b"another did");
    });
}

fn many_messages_at_once() {
    let attr = Attributes { capacity: 50, flags: sys::IPCK_ATTR_FDS, ..Attributes::default() };
    let mb = Mailbox::unnamed(&attr).unwrap();
    let null = File::open("/dev/null").unwrap();
    let fds = [null.as_raw_fd()];
    let two = Outgoing { payload: b"two", priority: 1, events: 4, fds: &fds };
    let sent = mb.sendv(&[outgoing(b"one"), two], &Send::default()).unwrap();
    assert_eq!(sent, [Sent::Yes; 2]);
    let got = mb.recvv(10, &Receive { max_fds: 2, ..never() }).unwrap();
    assert_eq!((&got[0].payload[..], &got[1].payload[..]), (&b"two"[..], &b"one"[..]));
    assert_eq!((got[0].info.priority, got[0].info.events, got[0].fds.len()), (1, 4, 1));
    assert_eq!((got.len(), got[1].info.seq, got[1].fds.len()), (2, 1, 0));
    // More than there is room for
    let at_once = Send { wait: Wait::Never, ..Send::default() };
    assert_eq!(mb.sendv(&[outgoing(b"x"); 70], &at_once).unwrap().len(), 50);
    let error = mb.sendv(&[outgoing(b"x")], &at_once).unwrap_err();
    assert_eq!(error.limit(), sys::IPCK_LIMIT_CAPACITY);
    fails(mb.sendv(&[outgoing(b"x")], &at_once), io::ErrorKind::WouldBlock);
    let all = Receive { all: true, ..Receive::default() };
    assert_eq!(mb.recvv(40, &all).unwrap().len(), 40);
    assert_eq!(mb.recvv(40, &never()).unwrap().len(), 10);
    fails(mb.recvv(2, &never()), io::ErrorKind::WouldBlock);
    assert!(mb.sendv(&[], &at_once).unwrap().is_empty() && mb.recvv(0, &all).unwrap().is_empty());
    let overflow = sys::IPCK_OVERFLOW_DROP_NEWEST;
    let mb = Mailbox::unnamed(&Attributes { capacity: 1, overflow, ..attr }).unwrap();
    let sent = mb.sendv(&[outgoing(b""); 2], &Send::default()).unwrap();
    assert_eq!(sent, [Sent::Yes, Sent::Dropped]);
}

fn one_of_many_that_is_too_long_comes_alone() {
    let mb = unnamed();
    let texts = [&b"one"[..], b"two and more", b"three"];
    mb.sendv(&texts.map(outgoing), &Send::default()).unwrap();
    for text in texts {
        let got = mb.recvv(3, &Receive { room: 8, ..never() }).unwrap();
        assert_eq!((got.len(), &got[0].payload[..]), (1, text));
    }
    let longest = vec![0; 70000];
    let sent = mb.sendv(&[outgoing(b"one"), outgoing(&longest)], &Send::default()).unwrap();
    assert_eq!(sent, [Sent::Yes]);
    let error = mb.sendv(&[outgoing(&longest)], &Send::default()).unwrap_err();
    assert_eq!(error.limit(), sys::IPCK_LIMIT_LENGTH);
}

fn many_plain_messages() {
    let mb = unnamed();
    assert_eq!(mb.send_many(&[b"one", b"two and more", b""]).unwrap(), [Sent::Yes; 3]);
    let (mut first, mut second) = ([0; 8], [0; 8]);
    assert_eq!(mb.recv_many(&mut [&mut first, &mut second]).unwrap(), [3]);
    assert_eq!(&first[..3], b"one");
    let error = mb.recv_many(&mut [&mut first]).unwrap_err();
    assert_eq!(error.errno(), sys::EMSGSIZE as i32);
    assert_eq!(payload(&mb), b"two and more");
    assert_eq!(mb.recv_many(&mut [&mut first, &mut second]).unwrap(), [0]);
    assert!(mb.send_many(&[]).unwrap().is_empty() && mb.recv_many(&mut []).unwrap().is_empty());
}

fn leases_of_many() {
    let mb = unnamed();
    mb.send_many(&[b"one", b"two"]).unwrap();
    let mut taken = mb.acceptv(5, &leased()).unwrap();
    assert_eq!((taken.len(), mb.stat().unwrap().held), (2, 2));
    // A request can go to another thread.
    thread::scope(|scope| scope.spawn(|| taken.remove(0).ack().unwrap()).join().unwrap());
    drop(taken);
    let again = mb.acceptv(5, &leased()).unwrap();
    assert_eq!((again.len(), again[0].info.redelivered), (1, 1));
    assert_eq!(again[0].payload, b"two");
    drop(again);
    assert_eq!(mb.stat().unwrap().messages, 1);
}

fn until_received(call: &mut PendingCall<'_>) {
    while !call.is_received() {
        fails(call.wait(Wait::For(Duration::from_millis(50))), io::ErrorKind::TimedOut);
    }
}

fn a_call_can_be_resumed() {
    let mb = unnamed();
    let short = Wait::For(Duration::from_millis(10));
    let mut call = PendingCall::new(&mb, b"one", &Call::default());
    fails(call.wait(short), io::ErrorKind::TimedOut);
    assert!(!call.is_received());
    assert_eq!(mb.stat().unwrap().messages, 0);
    thread::scope(|scope| {
        let server = scope.spawn(|| mb.accept(&Receive::default()).unwrap());
        until_received(&mut call);
        fails(call.wait(short), io::ErrorKind::TimedOut);
        fails(call.wait(Wait::Never), io::ErrorKind::WouldBlock);
        let how = Reply { status: 3, ..Reply::default() };
        server.join().unwrap().reply(&[7; 10000], &how).unwrap();
    });
    let answer = call.wait(Wait::Never).unwrap();
    assert_eq!((answer.payload, answer.status, call.is_received()), (vec![7; 10000], 3, false));
    assert_eq!(mb.stat().unwrap().sent, 1);
    thread::scope(|scope| {
        let server = scope.spawn(|| mb.accept(&Receive::default()).unwrap());
        until_received(&mut call);
        drop(call);
        fails(server.join().unwrap().reply(b"late", &Reply::default()), io::ErrorKind::BrokenPipe);
    });
}

/// A channel: who reads, and who writes.
fn ring() -> (Mailbox, Mailbox) {
    let attr = Attributes { discipline: sys::IPCK_CHANNEL, capacity: 0, ..Attributes::default() };
    let reads = Mailbox::create_with("test", &attr, Access::Receive, 0).unwrap();
    let writes = Mailbox::open("test", Access::Send).unwrap();
    Mailbox::unlink("test").unwrap();
    (reads, writes)
}

fn messages_are_made_and_read_in_the_ring() {
    let (reads, writes) = ring();
    for i in 0..1000_u32 {
        let how = Send { events: i.into(), ..Send::default() };
        let mut made = writes.reserve(1000, &how).unwrap();
        assert_eq!(made.len(), 1000);
        made[..4].copy_from_slice(&i.to_ne_bytes());
        made.commit(4).unwrap();
        let seen = reads.peek(&Receive::default()).unwrap();
        assert_eq!(seen.to_vec(), i.to_ne_bytes());
        assert_eq!(seen.payload()[0].load(), i.to_ne_bytes()[0]);
        // SAFETY: it was sent by this test, which writes there no more.
        assert_eq!(unsafe { seen.as_slice() }, i.to_ne_bytes());
        assert_eq!((seen.info().events, seen.info().seq), (i.into(), u64::from(i) + 1));
        assert_eq!(seen.info().pid as u32, process::id());
    }
    let mut made = writes.reserve(3, &Send::default()).unwrap();
    made.copy_from_slice(b"all");
    made.commit_all().unwrap();
    assert_eq!(reads.peek(&never()).unwrap().to_vec(), b"all");
    fails(reads.peek(&never()), io::ErrorKind::WouldBlock);
    let error = writes.reserve(sys::IPCK_LENGTH_MAX as usize, &Send::default()).unwrap_err();
    assert_eq!(error.errno(), sys::EMSGSIZE as i32);
    fails(reads.reserve(1, &Send::default()), io::ErrorKind::PermissionDenied);
    fails(unnamed().peek(&never()), io::ErrorKind::InvalidInput);
}

fn the_ring_has_one_handle() {
    let (reads, writes) = ring();
    // SAFETY: the handle is open.
    let copy = |mb: &Mailbox| unsafe { BorrowedFd::borrow_raw(mb.as_raw_fd()) }
        .try_clone_to_owned()
        .unwrap();
    fails(Mailbox::from_fd(copy(&writes)), io::ErrorKind::InvalidInput);
    fails(Mailbox::from_fd(copy(&reads)), io::ErrorKind::InvalidInput);
    let fd = copy(&writes);
    drop(writes);
    // SAFETY: there was one, which is gone.
    plain(&unsafe { Mailbox::from_channel_fd(fd) }.unwrap(), b"by another handle");
    assert_eq!(reads.recv(&never()).unwrap().payload, b"by another handle");
}

fn the_ring_has_one_message_in_hand() {
    const EBUSY: i32 = 16;
    let (reads, writes) = ring();
    let made = writes.reserve(8, &Send::default()).unwrap();
    assert_eq!(writes.send(b"one", &Send::default()).unwrap_err().errno(), EBUSY);
    // Too long is no message at all.
    assert_eq!(made.commit(9).unwrap_err().limit(), sys::IPCK_LIMIT_LENGTH);
    plain(&writes, b"two");
    let seen = reads.peek(&never()).unwrap();
    assert_eq!(reads.recv(&never()).unwrap_err().errno(), EBUSY);
    assert_eq!(reads.stat().unwrap().messages, 1);
    drop(seen);
    assert_eq!(reads.stat().unwrap().messages, 0);
}

fn a_reservation_dropped_is_no_message() {
    let (reads, writes) = ring();
    thread::scope(|scope| {
        let made = scope.spawn(|| {
            let _made = writes.reserve(8, &Send::default()).unwrap();
            panic!("as it should")
        });
        assert!(made.join().is_err());
    });
    drop(writes.reserve(8, &Send::default()).unwrap());
    plain(&writes, b"one");
    assert_eq!((payload(&reads), reads.stat().unwrap().sent), (b"one".to_vec(), 1));
}

fn waiting_for_any() {
    let attr = Attributes { capacity: 1, ..Attributes::default() };
    let (one, two) = (Mailbox::unnamed(&attr).unwrap(), Mailbox::unnamed(&attr).unwrap());
    let (reads, writes) = ring();
    let all = [&one, &two, &reads];
    let short = Wait::For(Duration::from_millis(10));
    fails(wait_any(&all, Access::Receive, Wait::Never), io::ErrorKind::WouldBlock);
    fails(wait_any(&all, Access::Receive, short), io::ErrorKind::TimedOut);
    fails(wait_any(&[], Access::Receive, short), io::ErrorKind::InvalidInput);
    fails(wait_any(&all, Access::Admin, short), io::ErrorKind::InvalidInput);
    fails(wait_any(&all, Access::Receive, SystemTime::now().into()), io::ErrorKind::InvalidInput);
    plain(&two, b"");
    assert_eq!(wait_any(&all, Access::Receive, Wait::Forever).unwrap(), [1]);
    assert_eq!(wait_any(&[&one, &two], Access::Send, Wait::Forever).unwrap(), [0]);
    assert_eq!(wait_any(&[&one, &two], Access::Both, Wait::Forever).unwrap(), [0, 1]);
    payload(&two);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            plain(&writes, b"late");
        });
        assert_eq!(wait_any(&all, Access::Receive, Wait::Forever).unwrap(), [2]);
    });
}

extern "C" {
    fn eventfd(value: u32, flags: i32) -> i32;
    fn signal(signo: i32, handler: extern "C" fn(i32)) -> usize;
}

fn notifications() {
    const EBUSY: i32 = 16;
    const SIGUSR1: i32 = 10;
    static TOLD: AtomicI32 = AtomicI32::new(0);
    extern "C" fn told(signo: i32) {
        TOLD.store(signo, Ordering::SeqCst);
    }
    let mb = unnamed();
    // SAFETY: the handler does what a handler may.
    unsafe { signal(SIGUSR1, told) };
    mb.notify_signal(SIGUSR1, 42).unwrap();
    assert_eq!(mb.notify_signal(SIGUSR1, 42).unwrap_err().errno(), EBUSY);
    plain(&mb, b"one");
    let start = Instant::now();
    while TOLD.load(Ordering::SeqCst) == 0 && start.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(TOLD.load(Ordering::SeqCst), SIGUSR1);
    payload(&mb);
    // SAFETY: it is a new one.
    let mut count = File::from(unsafe { OwnedFd::from_raw_fd(eventfd(0, 0o4000)) });
    let mut value = [0; 8];
    mb.notify_eventfd(count.as_fd()).unwrap();
    mb.notify_none().unwrap();
    mb.notify_eventfd(count.as_fd()).unwrap();
    plain(&mb, b"two");
    count.read_exact(&mut value).unwrap();
    assert_eq!(u64::from_ne_bytes(value), 1);
    payload(&mb);
    plain(&mb, b"used up");
    assert_eq!(count.read(&mut value).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    let null = File::open("/dev/null").unwrap();
    fails(mb.notify_eventfd(null.as_fd()), io::ErrorKind::InvalidInput);
}

fn recorder() {
    let mb = unnamed();
    assert!(mb.record(0).unwrap().is_empty());
    let mask = sys::IPCK_SET_RECORDER;
    mb.set(&sys::ipck_change { mask, recorder: 50, ..Default::default() }).unwrap();
    mb.send(b"12345", &Send { priority: 3, events: 2, ..Send::default() }).unwrap();
    payload(&mb);
    let steps = mb.record(0).unwrap();
    assert_eq!((steps[0].step, steps[1].step), (sys::IPCK_STEP_SENT, sys::IPCK_STEP_TAKEN));
    assert_eq!((steps[0].length, steps[0].priority, steps[0].events), (5, 3, 2));
    assert_eq!(steps[0].pid as u32, process::id());
    assert_eq!(mb.record(steps[0].serial).unwrap().len(), steps.len() - 1);
    mb.set(&sys::ipck_change { mask, recorder: 20, ..Default::default() }).unwrap();
    mb.sendv(&[outgoing(b""); 30], &Send::default()).unwrap();
    let steps = mb.record(0).unwrap();
    assert_eq!((steps.len(), steps[0].seq, steps[19].seq), (20, 12, 31));
}

fn names_and_rights_by_id() {
    let mb = Mailbox::create("test", &Attributes::default()).unwrap();
    let attr = SegmentAttributes { size: 100, ..SegmentAttributes::default() };
    let own = Segment::create("test", &attr).unwrap();
    assert_eq!(Segment::open_id(own.id(), Access::Receive).unwrap().id(), own.id());
    Mailbox::unlink_id(mb.id()).unwrap();
    Segment::unlink_id(own.id()).unwrap();
    fails(Mailbox::unlink_id(mb.id()), io::ErrorKind::NotFound);
    fails(Segment::unlink_id(own.id()), io::ErrorKind::NotFound);
    let mask = sys::IPCK_SET_MODE;
    own.set(&sys::ipck_shm_change { mask, mode: 0o444, ..Default::default() }).unwrap();
    assert_eq!((own.stat().unwrap().mode, own.stat().unwrap().size), (0o444, 100));
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
    moved.map_part(4098, 4, true).unwrap();
    moved.send_part(&mb, 4098..4102, &Send::default()).unwrap();
    let (shared, offset, length) = Segment::recv(&mb, &Receive::default()).unwrap();
    assert_eq!((shared.id(), offset, length), (own.id(), 4098, 4));
    assert_eq!(shared.map_part(offset, length as usize, false).unwrap().len(), 4);
}

fn segments_move_in_calls() {
    let flags = sys::IPCK_ATTR_FDS;
    let mb = Mailbox::unnamed(&Attributes { flags, ..Attributes::default() }).unwrap();
    let attr = SegmentAttributes { size: 100, ..SegmentAttributes::default() };
    let own = Segment::unnamed(&attr).unwrap();
    let back = thread::scope(|scope| {
        scope.spawn(|| {
            let mut taken = mb.recv(&Receive { max_fds: 1, ..leased() }).unwrap();
            let moved = Segment::from_fd(taken.fds.remove(0)).unwrap();
            fails(own.resize(200), io::ErrorKind::PermissionDenied);
            let fds = [moved.as_raw_fd()];
            let how = Reply { fds: &fds, flags: sys::IPCK_MOVE, ..Reply::default() };
            mb.reply(taken.info.token, b"", &how).unwrap();
            fails(moved.resize(200), io::ErrorKind::PermissionDenied);
        });
        let fds = [own.as_raw_fd()];
        let flags = sys::IPCK_MOVE;
        let how = Call { fds: &fds, flags, max_reply_fds: 1, ..Call::default() };
        Segment::from_fd(mb.call(b"", &how).unwrap().fds.remove(0)).unwrap()
    });
    assert_ne!(back.stat().unwrap().flags & sys::IPCK_INFO_MOVED, 0);
    back.resize(300).unwrap();
    drop(back);
    own.resize(400).unwrap();
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
        until_blocked(&mb);
        let tasks = ipck::blocked(mb.id()).unwrap();
        assert_eq!((tasks.len(), tasks[0].what), (1, sys::IPCK_BLOCKED_RECV));
        plain(&mb, b"");
    });
    let many: Vec<Mailbox> = (0..40).map(|_| unnamed()).collect();
    let all = ipck::mailboxes().unwrap();
    assert!(many.iter().chain([&mb]).all(|one| all.iter().any(|info| info.id == one.id())));
    let attr = SegmentAttributes::default();
    let some: Vec<Segment> = (0..20).map(|_| Segment::unnamed(&attr).unwrap()).collect();
    let all = ipck::segments().unwrap();
    assert!(some.iter().all(|one| all.iter().any(|info| info.id == one.id())));
    assert!(ipck::limits().unwrap().user_mailboxes > many.len() as u64);
    fails(ipck::blocked(u64::MAX), io::ErrorKind::NotFound);
    assert_eq!(ipck::version().split('.').count(), 3);
}

fn main() {
    let tests: [(&str, fn()); 32] = [
        ("order_and_sender", order_and_sender),
        ("payloads", payloads),
        ("payloads_in_parts", payloads_in_parts),
        ("waits", waits),
        ("overflow", overflow),
        ("handles", handles),
        ("call_and_reply", call_and_reply),
        ("call_given_up", call_given_up),
        ("what_is_not_settled_goes_back", what_is_not_settled_goes_back),
        ("leased_by_token", leased_by_token),
        ("serving", serving),
        ("serving_ends_by_a_panic", serving_ends_by_a_panic),
        ("direct", direct),
        ("events", events),
        ("descriptors", descriptors),
        ("segments", segments),
        ("segments_move_in_calls", segments_move_in_calls),
        ("channel", channel),
        ("many_messages_at_once", many_messages_at_once),
        ("one_of_many_that_is_too_long_comes_alone", one_of_many_that_is_too_long_comes_alone),
        ("many_plain_messages", many_plain_messages),
        ("leases_of_many", leases_of_many),
        ("a_call_can_be_resumed", a_call_can_be_resumed),
        ("messages_are_made_and_read_in_the_ring", messages_are_made_and_read_in_the_ring),
        ("the_ring_has_one_handle", the_ring_has_one_handle),
        ("the_ring_has_one_message_in_hand", the_ring_has_one_message_in_hand),
        ("a_reservation_dropped_is_no_message", a_reservation_dropped_is_no_message),
        ("waiting_for_any", waiting_for_any),
        ("notifications", notifications),
        ("recorder", recorder),
        ("names_and_rights_by_id", names_and_rights_by_id),
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
