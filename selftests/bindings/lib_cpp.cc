// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipck.hpp does what it says.  What the library behind it does has tests of its own.
 */
#include <cstdio>
#include <stdexcept>
#include <thread>

#include <sys/eventfd.h>
#include <sys/wait.h>

#include <ipck.hpp>

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace ipcmbox;
using std::chrono::steady_clock;
using std::chrono::system_clock;

static void expect(bool right, const char *what, int line)
{
	if (!right)
		throw std::runtime_error("line " + std::to_string(line) + ": not " + what);
}

#define EXPECT(condition) expect(condition, #condition, __LINE__)

/* Which error a piece of code throws; none is success. */
template <class Code> static std::error_code thrown(Code code)
{
	try {
		code();
	} catch (const error &e) {
		return e.code();
	}
	return {};
}

#define THROWS(which, ...) EXPECT(thrown([&] { (void)(__VA_ARGS__); }) == std::errc::which)

/* Until it is true, or for much too long. */
template <class Condition> static bool await(Condition condition)
{
	for (int i = 0; i < 2000 && !condition(); i++)
		std::this_thread::sleep_for(10ms);
	return condition();
}

/* A thread that has ended when its scope does. */
class job {
public:
	template <class Code> explicit job(Code code) : thread_(code) {}
	~job() { thread_.join(); }

private:
	std::thread thread_;
};

static void order_and_sender()
{
	mailbox mb = mailbox::unnamed();

	EXPECT(mb.send("low") == sent::yes);
	EXPECT(mb.send("high", sending().priority(7).events(2)) == sent::yes);
	message high = mb.recv(), low = mb.recv();
	EXPECT(high.payload == "high" && high.info.priority == 7 && high.info.events == 2);
	EXPECT(high.info.pid == getpid() && high.info.uid == geteuid());
	EXPECT(low.payload == "low" && low.info.seq == 1 && !low.info.token);
}

static void payloads()
{
	mailbox mb = mailbox::unnamed();
	std::vector<int> numbers{1, 2, 3}, got(8);
	std::string longer(60000, 'x');
	char zeroes[3] = {};

	mb.send(numbers);
	EXPECT(mb.recv(got) == sizeof(int) * 3);
	EXPECT(got[0] == 1 && got[2] == 3 && got.size() == 8);
	mb.send("");
	EXPECT(mb.recv().payload.empty());
	mb.send({zeroes, 2});
	EXPECT(mb.recv().payload == "\0\0"s);
	mb.send(longer);
	THROWS(message_size, mb.recv(got));
	EXPECT(mb.recv(receiving().peek()).payload == longer);
	EXPECT(mb.recv().payload == longer);
	THROWS(message_size, mb.send(std::string(70000, 'x')));
}

static void payloads_in_parts()
{
	mailbox mb = mailbox::unnamed();
	std::array<char, 2> head;
	std::string rest(8, '-');

	mb.send_parts({"he", "l"s, "", "lo"});
	EXPECT(mb.recv_parts({head, rest}) == 5);
	EXPECT(head[0] == 'h' && head[1] == 'e' && rest == "llo-----");
	mb.send_parts({});
	EXPECT(mb.recv().payload.empty());
	job server([&] { mb.accept().reply_parts({"u", "no"}, replying().status(2)); });
	answer end = mb.call("one");
	EXPECT(end.payload == "uno" && end.status == 2);
}

static void patience_of_each_kind()
{
	mailbox mb = mailbox::unnamed(attributes().capacity(1));
	auto start = steady_clock::now();

	EXPECT(!mb.try_recv());
	THROWS(resource_unavailable_try_again, mb.recv(receiving().wait(patience::never())));
	THROWS(timed_out, mb.recv(receiving().wait(30ms)));
	THROWS(timed_out, mb.recv(receiving().wait(steady_clock::now() + 30ms)));
	EXPECT(steady_clock::now() - start >= 60ms);
	THROWS(timed_out, mb.recv(receiving().wait(system_clock::now() - 1h)));
	THROWS(timed_out, mb.recv(receiving().wait(-1s)));
	EXPECT(mb.try_send("one") == sent::yes);
	EXPECT(mb.try_send("two") == sent::would_block);
	THROWS(timed_out, mb.send("two", sending().wait(10ms)));
	EXPECT(mb.try_recv()->payload == "one");

	job sender([&] {
		std::this_thread::sleep_for(20ms);
		mb.send("late");
	});
	EXPECT(mb.recv(receiving().wait(std::chrono::hours::max())).payload == "late");
}

static void errors_in_words()
{
	mailbox mb = mailbox::unnamed(attributes().capacity(1).overflow(IPCK_OVERFLOW_FAIL));

	mb.send("one");
	try {
		mb.send("two");
		EXPECT(false);
	} catch (const error &e) {
		EXPECT(e.limit() == IPCK_LIMIT_CAPACITY);
		EXPECT(e.what() == "mailbox is full, or no receiver is waiting"s);
	}
	THROWS(invalid_argument, mb.send("two", sending().priority(IPCK_PRIORITY_MAX + 1)));
	THROWS(no_such_file_or_directory, mailbox::open("test-none"));
	THROWS(no_such_file_or_directory, segment::open("test-none"));
}

static void drops()
{
	mailbox mb = mailbox::unnamed(attributes().capacity(1).overflow(IPCK_OVERFLOW_DROP_NEWEST));

	EXPECT(mb.send("one") == sent::yes);
	EXPECT(mb.send("two") == sent::dropped);
	mb.recv();
	mb.send("three");
	EXPECT(mb.recv().info.lost == 1);
}

static void handles()
{
	mailbox mb = mailbox::create("test", {}, O_RDWR | O_EXCL), other = std::move(mb);

	EXPECT(!mb && other);
	THROWS(invalid_argument, mb.recv());
	THROWS(file_exists, mailbox::create("test", {}, O_RDWR | O_EXCL));
	EXPECT(mailbox::open("test").id() == other.id());
	EXPECT(mailbox::open_id(other.id()).id() == other.id());
	EXPECT(mailbox::from_fd(unique_fd(dup(other.fd()))).id() == other.id());
	THROWS(inappropriate_io_control_operation,
	       mailbox::from_fd(unique_fd(::open("/dev/null", O_RDWR))));
	THROWS(permission_denied, mailbox::open("test", O_WRONLY).recv());
	mailbox::unlink("test");
	THROWS(no_such_file_or_directory, mailbox::unlink("test"));
	mb = std::move(other);
	EXPECT(mb.stat().writers == 1);
	struct ipck_change change = {};
	change.mask = IPCK_SET_CAPACITY;
	change.capacity = 5;
	mb.set(change);
	EXPECT(mb.stat().capacity == 5);
}

static void call_and_reply()
{
	mailbox mb = mailbox::unnamed();
	std::string longer(50000, 'y');

	{
		job server([&] {
			request one = mb.accept();

			EXPECT(one.payload == "one" && one.is_owed());
			EXPECT(one.deadline(1h).ns <= one.info.call_deadline_ns);
			one.reply("uno", replying().status(-5));
			mb.accept().reply(longer);
			mb.accept().ack();
		});
		answer end = mb.call("one", calling().wait(60s));

		EXPECT(end.payload == "uno" && end.status == -5);
		EXPECT(mb.call("two").payload == longer);
		EXPECT(mb.call("three").payload.empty());
	}
	THROWS(timed_out, mb.call("nobody", calling().wait(10ms)));
	EXPECT(mb.stat().messages == 0);
}

static void call_given_up()
{
	mailbox mb = mailbox::unnamed();
	std::optional<request> received;

	{
		job server([&] { received.emplace(mb.accept()); });

		EXPECT(await([&] { return blocked(mb.id()).size() == 1; }));
		THROWS(timed_out, mb.call("one", calling().wait(200ms)));
	}
	THROWS(broken_pipe, received->reply("late"));
	EXPECT(!received->is_owed());
}

static void what_is_not_settled_goes_back()
{
	mailbox mb = mailbox::unnamed();

	mb.send("one");
	try {
		request taken = mb.accept(receiving().lease(1h));

		EXPECT(taken.is_owed() && mb.stat().held == 1);
		taken.renew(2h);
		throw 1;
	} catch (int) {
	}
	{
		request again = mb.accept(receiving().lease(1h));

		EXPECT(again.payload == "one" && again.info.redelivered == 1);
		again.refuse();
		EXPECT(!again.is_owed());
		request moved(mb.accept(receiving().lease(1h))), other(std::move(moved));
		other.ack();
		THROWS(invalid_argument, other.ack());
	}
	EXPECT(mb.stat().messages == 0);
	mb.send("two");
	EXPECT(!mb.accept().is_owed());
}

static void serving()
{
	mailbox mb = mailbox::unnamed();
	mailbox server = mailbox::open_id(mb.id(), O_RDONLY), client = mailbox::open_id(mb.id(), O_WRONLY);

	mb.close();
	job thread([&] {
		server.serve([](std::string_view text) { return std::string(text.rbegin(), text.rend()); });
	});
	client.send("nobody waits for the answer");
	EXPECT(client.call("abc").payload == "cba");
	EXPECT(client.call("").payload == "");
	client.close();
}

static void serving_by_a_literal()
{
	mailbox mb = mailbox::unnamed();
	mailbox server = mailbox::open_id(mb.id(), O_RDONLY), client = mailbox::open_id(mb.id(), O_WRONLY);

	mb.close();
	job thread([&] { server.serve([](std::string_view) { return "done"; }); });
	EXPECT(client.call("abc").payload == "done");
	client.close();
}

static void serving_ends_by_an_exception()
{
	mailbox mb = mailbox::unnamed();
	bool caught = false;

	{
		job client([&] { EXPECT(mb.call("one").payload == "another did"); });

		try {
			mb.serve([](std::string_view) -> std::string { throw 1; });
		} catch (int) {
			caught = true;
		}
		request again = mb.accept();
		EXPECT(again.info.redelivered == 1);
		again.reply("another did");
	}
	EXPECT(caught);
}

static void direct()
{
	mailbox inbox = mailbox::endpoint();
	pid_t parent = getpid(), child = fork();
	int status;

	if (!child) {
		try {
			mailbox own = mailbox::endpoint();

			own.send("to you", sending().to(IPCK_PROCESS, parent));
			mailbox::connect(IPCK_PROCESS, parent).send("too");
			_exit(own.recv(receiving().from(IPCK_PROCESS, parent)).payload != "back");
		} catch (const std::exception &e) {
			printf("# %s\n", e.what());
			_exit(1);
		}
	}
	message one = inbox.recv(), two = inbox.recv();
	EXPECT(one.payload == "to you" && two.payload == "too");
	EXPECT(one.info.pid == child);
	inbox.send("back", sending().to(IPCK_ENDPOINT_ID, one.info.sender_endpoint));
	EXPECT(waitpid(child, &status, 0) == child && status == 0);
	THROWS(no_such_process, mailbox::connect(IPCK_PROCESS, child));
}

static void events()
{
	mailbox mb = mailbox::unnamed(attributes().discipline(IPCK_EVENT));
	mailbox all = mb.join(), some = mb.join(1 << 3);

	mb.send("three", sending().events(1 << 3));
	mb.send("four", sending().events(1 << 4));
	EXPECT(some.recv().payload == "three" && !some.try_recv());
	EXPECT(all.recv().info.events == 1 << 3);
	EXPECT(all.recv().payload == "four");
	some.leave();
	THROWS(broken_pipe, some.recv());
	EXPECT(mb.stat().members == 1);
	THROWS(invalid_argument, mailbox::unnamed().join());
}

static void descriptors()
{
	mailbox mb = mailbox::unnamed(attributes().flags(IPCK_ATTR_FDS));
	int fds[2];
	char c = 'a';

	EXPECT(!pipe(fds));
	unique_fd in(fds[0]), out(fds[1]);
	mb.send("", sending().fds(fds + 1, 1));
	THROWS(message_size, mb.recv());
	message msg = mb.recv(receiving().max_fds(4));
	EXPECT(msg.fds.size() == 1 && msg.fds[0].get() != fds[1]);
	out = unique_fd();
	EXPECT(write(msg.fds[0].get(), &c, 1) == 1);
	EXPECT(read(fds[0], &c, 1) == 1);
	msg.fds.clear();
	EXPECT(read(fds[0], &c, 1) == 0);
	job server([&] { mb.accept().reply("in", replying().fds(fds, 1)); });
	answer end = mb.call("which?", calling().max_reply_fds(1));
	EXPECT(end.payload == "in" && end.fds.size() == 1);
}

static void segments()
{
	mailbox mb = mailbox::unnamed(attributes().flags(IPCK_ATTR_FDS));
	segment own = segment::create("test", 4096), reader = segment::open("test", O_RDONLY);
	struct ipck_range range = {8, 4}, got;

	segment::unlink("test");
	{
		mapping map = own.map();

		std::copy_n("hello", 6, map.begin());
		EXPECT(map.size() == 4096 && map.end() - map.begin() == 4096);
		EXPECT(reader.map(PROT_READ).as<const char>() == "hello"s);
		map.as<std::uint32_t>()[2] = 42;
		THROWS(device_or_resource_busy, own.send(mb, sending().move()));
	}
	THROWS(permission_denied, reader.map());
	own.send(mb, {}, &range);
	segment shared = segment::recv(mb, &got);
	EXPECT(shared.id() == own.id() && got.offset == 8 && got.length == 4);
	EXPECT(*shared.map(PROT_READ, got.offset, got.length).as<std::uint32_t>() == 42);
	shared.close();
	own.send(mb, sending().move());
	shared = segment::recv(mb);
	THROWS(operation_not_permitted, own.resize(8192));
	shared.resize(8192);
	EXPECT(own.stat().size == 8192);
	mb.send("nothing");
	EXPECT(thrown([&] { segment::recv(mb); }).value() == EBADMSG);
}

static void segments_move_in_calls()
{
	mailbox mb = mailbox::unnamed(attributes().flags(IPCK_ATTR_FDS));
	segment own = segment::create("", 100), back;
	int fd = own.fd();

	{
		job server([&] {
			request got = mb.accept(receiving().max_fds(1));
			segment moved = segment::from_fd(std::move(got.fds[0]));
			int there = moved.fd();

			THROWS(operation_not_permitted, own.resize(200));
			got.reply("", replying().fds(&there, 1).move());
			THROWS(operation_not_permitted, moved.resize(200));
		});
		answer end = mb.call("", calling().fds(&fd, 1).move().max_reply_fds(1));

		back = segment::from_fd(std::move(end.fds[0]));
	}
	EXPECT(back.stat().flags & IPCK_INFO_MOVED);
	back.resize(300);
	back.close();
	own.resize(400);
}

static void channel()
{
	mailbox reads = mailbox::create("test", attributes().discipline(IPCK_CHANNEL).capacity(0), O_RDONLY);
	mailbox writes = mailbox::open("test", O_WRONLY);

	mailbox::unlink("test");
	for (int i = 0; i < 1000; i++) {
		writes.send({&i, sizeof(i)});
		message msg = reads.recv();
		EXPECT(msg.payload.size() == sizeof(i) && !memcmp(msg.payload.data(), &i, sizeof(i)));
	}
	EXPECT(!reads.try_recv());
}

static void many_messages_at_once()
{
	mailbox mb = mailbox::unnamed(attributes().capacity(50).flags(IPCK_ATTR_FDS));
	std::vector<struct ipck_send_item> items;
	unique_fd null(::open("/dev/null", O_RDONLY));
	int fd = null.get();

	items.push_back(outgoing("one"));
	items.push_back(outgoing("two", 1, 4));
	items[1].fds = &fd;
	items[1].nr_fds = 1;
	EXPECT(mb.sendv(items) == 2 && items[1].result == 0);
	std::vector<message> got = mb.recvv(10, receiving().wait_for_one().max_fds(2));
	EXPECT(got.size() == 2 && got[0].payload == "two" && got[0].info.priority == 1);
	EXPECT(got[0].info.events == 4 && got[0].fds.size() == 1 && got[1].fds.empty());
	EXPECT(got[1].payload == "one" && got[1].info.seq == 1);

	/* More than there is room for */
	items.assign(70, outgoing("x"));
	EXPECT(mb.sendv(items, sending().wait(patience::never())) == 50);
	EXPECT(items[50].result == -EAGAIN && items[50].limit == IPCK_LIMIT_CAPACITY);
	THROWS(resource_unavailable_try_again, mb.sendv(items, sending().wait(patience::never())));
	EXPECT(mb.recvv(40).size() == 40);
	EXPECT(mb.recvv(40, receiving().wait_for_one()).size() == 10);
	THROWS(timed_out, mb.recvv(2, receiving().wait(10ms)));
	items.clear();
	EXPECT(mb.sendv(items) == 0 && mb.recvv(0).empty());
}

static void one_of_many_that_is_too_long_comes_alone()
{
	mailbox mb = mailbox::unnamed();
	std::array<struct ipck_send_item, 3> items{outgoing("one"), outgoing("two and more"),
						   outgoing("three")};
	std::string longest(70000, 'x');
	std::vector<message> got;

	EXPECT(mb.sendv(items) == 3);
	for (const struct ipck_send_item &item : items) {
		got = mb.recvv(3, receiving().wait_for_one(), 8);
		EXPECT(got.size() == 1);
		EXPECT(got[0].payload == std::string(static_cast<const char *>(item.buf), item.len));
	}
	items[1] = outgoing(longest);
	EXPECT(mb.sendv(items) == 1 && items[1].result == -EMSGSIZE);
	items[0] = outgoing(longest);
	THROWS(message_size, mb.sendv(items));
}

static void many_plain_messages()
{
	mailbox mb = mailbox::unnamed(attributes().capacity(IPCK_UNBOUNDED));
	std::vector<struct ipck_plain> items{plain("one"), plain("two and more"), plain("")};
	char texts[3][8];

	EXPECT(mb.send_many(items) == 3);
	items.clear();
	for (char (&text)[8] : texts)
		items.push_back(room(text));
	EXPECT(mb.recv_many(items) == 1 && items[0].result == 3 && !memcmp(texts[0], "one", 3));
	EXPECT(items[1].result == -EMSGSIZE);
	THROWS(message_size, mb.recv_many(items));
	EXPECT(mb.recv().payload == "two and more");
	EXPECT(mb.recv_many(items) == 1 && items[0].result == 0 && items[1].result == -EAGAIN);
}

static void leases_of_many()
{
	mailbox mb = mailbox::unnamed();

	mb.sendv(std::array{outgoing("one"), outgoing("two")});
	{
		std::vector<request> taken = mb.acceptv(2, receiving().lease(1h));

		EXPECT(taken.size() == 2 && mb.stat().held == 2);
		taken[0].ack();
	}
	std::vector<request> again = mb.acceptv(2, receiving().lease(1h).wait_for_one());
	EXPECT(again.size() == 1 && again[0].payload == "two" && again[0].info.redelivered == 1);
	again[0].ack();
	EXPECT(mb.stat().messages == 0);
}

static void a_call_can_be_resumed()
{
	mailbox mb = mailbox::unnamed();
	std::optional<request> received;
	std::string longer(10000, 'z');

	{
		pending_call call(mb, "one");

		EXPECT(!call.wait_for(10ms) && !call.is_received());
		EXPECT(mb.stat().messages == 0);
		{
			job server([&] { received.emplace(mb.accept()); });

			while (!call.is_received())
				EXPECT(!call.wait_for(50ms));
		}
		EXPECT(!call.wait_for(10ms));
		EXPECT(!call.wait_for(patience::never()));
		received->reply(longer, replying().status(3));
		answer end = *call.wait_for(patience::never());
		EXPECT(end.payload == longer && end.status == 3 && !call.is_received());
		EXPECT(mb.stat().sent == 1);
	}
	received.reset();
	{
		pending_call call(mb, "two", calling().wait(50ms));
		job server([&] { received.emplace(mb.accept()); });

		while (!call.is_received())
			THROWS(timed_out, call.wait());
	}
	THROWS(broken_pipe, received->reply("late"));
}

/* A channel: who reads, and who writes. */
struct ring {
	mailbox reads = mailbox::create("test", attributes().discipline(IPCK_CHANNEL).capacity(0),
					O_RDONLY);
	mailbox writes = mailbox::open("test", O_WRONLY);

	ring() { mailbox::unlink("test"); }
};

static void messages_are_made_and_read_in_the_ring()
{
	ring both;

	for (std::uint32_t i = 0; i < 1000; i++) {
		reservation made = both.writes.reserve(1000, sending().events(i));

		EXPECT(made.size() == 1000 && made.end() - made.begin() == 1000);
		*made.as<std::uint32_t>() = i;
		made.commit(sizeof(i));
		EXPECT(!made.data() && !made.size());
		peeked seen = both.reads.peek();
		EXPECT(seen.size() == sizeof(i) && *seen.as<std::uint32_t>() == i);
		EXPECT(seen.info().events == i && seen.info().pid == getpid());
		EXPECT(seen.info().seq == i + 1);
	}
	reservation made = both.writes.reserve(3);
	std::copy_n("all", 3, made.begin());
	made.commit();
	EXPECT(both.reads.peek().payload() == "all");
	EXPECT(!both.reads.try_peek());
	THROWS(timed_out, both.reads.peek(receiving().wait(10ms)));
	THROWS(message_size, both.writes.reserve(IPCK_LENGTH_MAX));
	THROWS(permission_denied, both.reads.reserve(1));
	THROWS(invalid_argument, mailbox::unnamed().peek());
}

static void the_ring_has_one_message_in_hand()
{
	ring both;
	reservation made = both.writes.reserve(8), moved(std::move(made));

	EXPECT(!made.data() && moved.data());
	THROWS(device_or_resource_busy, both.writes.send("one"));
	THROWS(message_size, moved.commit(9));
	moved.commit(1);
	THROWS(invalid_argument, moved.commit());
	THROWS(invalid_argument, made.commit(1));
	both.writes.send("two");
	peeked first = both.reads.peek(), seen(std::move(first));
	THROWS(device_or_resource_busy, both.reads.recv());
	EXPECT(first.payload().empty() && both.reads.stat().messages == 2);
	seen.release();
	EXPECT(seen.payload().empty() && both.reads.stat().messages == 1);
	THROWS(invalid_argument, seen.release());
	EXPECT(both.reads.try_peek()->payload() == "two");
	EXPECT(both.reads.stat().messages == 0);
}

static void a_reservation_left_by_an_exception_is_no_message()
{
	ring both;

	try {
		reservation made = both.writes.reserve(8);

		throw 1;
	} catch (int) {
	}
	both.writes.reserve(8).abandon();
	both.writes.send("one");
	try {
		peeked seen = both.reads.peek();

		throw 1;
	} catch (int) {
	}
	EXPECT(both.reads.stat().messages == 0 && both.reads.stat().sent == 1);
}

static void waiting_for_any()
{
	mailbox one = mailbox::unnamed(attributes().capacity(1));
	mailbox two = mailbox::unnamed(attributes().capacity(1));
	ring both;
	const std::vector<const mailbox *> all{&one, &two, &both.reads};
	using indices = std::vector<std::size_t>;

	THROWS(resource_unavailable_try_again, wait_any(all, POLLIN, patience::never()));
	THROWS(timed_out, wait_any(all, POLLIN, 10ms));
	THROWS(invalid_argument, wait_any(all, POLLIN, system_clock::now()));
	THROWS(invalid_argument, wait_any({}));
	two.send("");
	EXPECT(wait_any(all) == indices{1});
	EXPECT(wait_any({&one, &two}, POLLOUT) == indices{0});
	EXPECT((wait_any({&one, &two}, POLLIN | POLLOUT) == indices{0, 1}));
	two.recv();
	job sender([&] {
		std::this_thread::sleep_for(20ms);
		both.writes.send("late");
	});
	EXPECT(wait_any(all) == indices{2});
}

static void notifications()
{
	mailbox mb = mailbox::unnamed();
	unique_fd count(eventfd(0, EFD_NONBLOCK));
	std::uint64_t value;
	siginfo_t told;
	sigset_t set;
	union sigval what;

	what.sival_int = 42;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, nullptr);
	mb.notify_signal(SIGUSR1, what);
	THROWS(device_or_resource_busy, mb.notify_signal(SIGUSR1));
	mb.send("one");
	EXPECT(sigwaitinfo(&set, &told) == SIGUSR1 && told.si_code == SI_MESGQ);
	EXPECT(told.si_value.sival_int == 42 && told.si_pid == getpid());
	pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
	mb.recv();
	mb.notify_eventfd(count.get());
	mb.notify_none();
	mb.notify_eventfd(count.get());
	mb.send("two");
	EXPECT(read(count.get(), &value, sizeof(value)) == sizeof(value) && value == 1);
	mb.recv();
	mb.send("used up");
	EXPECT(read(count.get(), &value, sizeof(value)) < 0 && errno == EAGAIN);
	THROWS(bad_file_descriptor, mb.notify_eventfd(-1));
}

static void recorder()
{
	mailbox mb = mailbox::unnamed(attributes().capacity(100));
	struct ipck_change change = {};

	EXPECT(mb.record().empty());
	change.mask = IPCK_SET_RECORDER;
	change.recorder = 50;
	mb.set(change);
	mb.send("12345", sending().priority(3).events(2));
	mb.recv();
	std::vector<struct ipck_record> steps = mb.record();
	EXPECT(steps.size() >= 2 && steps[0].step == IPCK_STEP_SENT && steps[0].length == 5);
	EXPECT(steps[0].priority == 3 && steps[0].events == 2 && steps[0].pid == getpid());
	EXPECT(steps[1].step == IPCK_STEP_TAKEN);
	EXPECT(mb.record(steps[0].serial).size() == steps.size() - 1);
	for (int i = 0; i < 60; i++)
		mb.send("");
	steps = mb.record();
	EXPECT(steps.size() == 50 && steps.front().seq == 12 && steps.back().seq == 61);
}

static void names_and_rights_by_id()
{
	mailbox mb = mailbox::create("test");
	segment own = segment::create("test", 100);
	struct ipck_shm_change change = {};

	mailbox::unlink_id(mb.id());
	segment::unlink_id(own.id());
	THROWS(no_such_file_or_directory, mailbox::unlink_id(mb.id()));
	THROWS(no_such_file_or_directory, segment::unlink_id(own.id()));
	change.mask = IPCK_SET_MODE;
	change.mode = 0444;
	own.set(change);
	EXPECT(own.stat().mode == 0444);
}

static void looking()
{
	mailbox mb = mailbox::create("test");
	bool found = false;

	mailbox::unlink("test");
	{
		job receiver([&] { mb.recv(); });

		EXPECT(await([&] { return blocked(mb.id()).size() == 1; }));
		EXPECT(blocked(mb.id())[0].what == IPCK_BLOCKED_RECV);
		EXPECT(blocked(mb.id())[0].pid == getpid());
		mb.send("");
	}
	std::vector<mailbox> many(40);
	for (mailbox &one : many)
		one = mailbox::unnamed();
	std::vector<struct ipck_info> all = list();
	EXPECT(all.size() >= 41);
	for (const struct ipck_info &info : all)
		found = found || (info.id == mb.id() && info.received == 1);
	EXPECT(found);
	std::vector<segment> segments(20);
	for (segment &one : segments)
		one = segment::create("", 1);
	EXPECT(list_segments().size() >= 20 && list_segments().back().id == segments.back().id());
	EXPECT(limits().features & IPCK_FEATURE_QUEUE);
	EXPECT(std::count(version(), version() + strlen(version()), '.') == 2);
	THROWS(no_such_file_or_directory, blocked(UINT64_MAX));
}

static const struct {
	const char *name;
	void (*body)();
} tests[] = {
#define TEST(name) { #name, name }
	TEST(order_and_sender), TEST(payloads), TEST(payloads_in_parts),
	TEST(patience_of_each_kind), TEST(errors_in_words), TEST(drops), TEST(handles),
	TEST(call_and_reply), TEST(call_given_up), TEST(what_is_not_settled_goes_back),
	TEST(serving), TEST(serving_by_a_literal), TEST(serving_ends_by_an_exception),
	TEST(direct), TEST(events),
	TEST(descriptors), TEST(segments), TEST(segments_move_in_calls), TEST(channel),
	TEST(many_messages_at_once), TEST(one_of_many_that_is_too_long_comes_alone),
	TEST(many_plain_messages), TEST(leases_of_many), TEST(a_call_can_be_resumed),
	TEST(messages_are_made_and_read_in_the_ring), TEST(the_ring_has_one_message_in_hand),
	TEST(a_reservation_left_by_an_exception_is_no_message), TEST(waiting_for_any),
	TEST(notifications), TEST(recorder), TEST(names_and_rights_by_id), TEST(looking),
};

int main()
{
	int number = 0, failed = 0;

	setvbuf(stdout, nullptr, _IOLBF, 0);
	printf("TAP version 13\n1..%zu\n", std::size(tests));
	for (const auto &test : tests) {
		try {
			test.body();
			printf("ok %d %s\n", ++number, test.name);
		} catch (const std::exception &e) {
			printf("# %s\nnot ok %d %s\n", e.what(), ++number, test.name);
			failed++;
		}
	}
	return failed > 0;
}
