/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * libipck for C++17: handles that close themselves, and errors that are thrown.
 *
 *	auto mb = ipcmbox::mailbox::create("jobs");
 *
 *	mb.send("hello", ipcmbox::sending().priority(5).wait(1s));
 *	std::cout << mb.recv().payload;
 *
 * This header is all there is: link with -lipck.  What a mailbox, an event or a
 * segment is, and what each error means, says ipck.h; here is only how C++ says it.
 *
 * *Errors* are ipcmbox::error, a std::system_error of the generic category:
 * `e.code() == std::errc::timed_out`.  try_send() and try_recv() do not throw when they
 * would block.
 *
 * *Handles* can be moved, not copied.  One that was moved from is empty, and all it does
 * is std::errc::invalid_argument.  get() is the handle of ipck.h.
 *
 * *Threads* may share a handle, if none moves or closes it.
 */
#ifndef IPCK_HPP
#define IPCK_HPP

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <ipck.h>

namespace ipcmbox {

/** What went wrong: an errno value, and which limit was met. */
class error : public std::system_error {
public:
	/** @param ret what a function of ipck.h returned */
	explicit error(int ret, unsigned int limit = IPCK_LIMIT_NONE)
		: std::system_error(-ret, std::generic_category()), limit_(limit) {}

	/** The words of ipck_strerror(). */
	const char *what() const noexcept override
	{
		return ipck_strerror(code().value(), limit_);
	}

	/** An enum ipck_limit. */
	unsigned int limit() const noexcept { return limit_; }

private:
	unsigned int limit_;
};

/** The result of a function of ipck.h, if it is none of failure. */
template <class Integer>
Integer check(Integer ret, unsigned int limit = IPCK_LIMIT_NONE)
{
	if (ret < 0)
		throw error(static_cast<int>(ret), limit);
	return ret;
}

/** A descriptor that closes itself. */
class unique_fd {
public:
	unique_fd() noexcept = default;
	explicit unique_fd(int fd) noexcept : fd_(fd) {}
	unique_fd(unique_fd &&other) noexcept : fd_(other.release()) {}
	unique_fd &operator=(unique_fd other) noexcept
	{
		std::swap(fd_, other.fd_);
		return *this;
	}
	~unique_fd()
	{
		if (fd_ >= 0)
			::close(fd_);
	}

	int get() const noexcept { return fd_; }
	/** The caller's from now on. */
	int release() noexcept { return std::exchange(fd_, -1); }

private:
	int fd_ = -1;
};

/** Where a payload is: a string literal (without its NUL), or anything contiguous. */
class const_buffer {
public:
	const_buffer() noexcept = default;
	const_buffer(const void *data, std::size_t size) noexcept : data_(data), size_(size) {}
	const_buffer(const char *text) noexcept : const_buffer(text, std::strlen(text)) {}
	template <class Container, class Element = std::remove_pointer_t<
					   decltype(std::data(std::declval<const Container &>()))>>
	const_buffer(const Container &container) noexcept
		: const_buffer(std::data(container), std::size(container) * sizeof(Element))
	{
		static_assert(std::is_trivially_copyable_v<Element>, "its bytes are its value");
	}

	const void *data() const noexcept { return data_; }
	std::size_t size() const noexcept { return size_; }

private:
	const void *data_ = "";
	std::size_t size_ = 0;
};

/** Where a payload goes: a container keeps its size, only its elements are written. */
class buffer {
public:
	buffer(void *data, std::size_t size) noexcept : data_(data), size_(size) {}
	template <class Container,
		  class Element = std::remove_pointer_t<decltype(std::data(std::declval<Container &>()))>>
	buffer(Container &container) noexcept
		: buffer(std::data(container), std::size(container) * sizeof(Element))
	{
		static_assert(std::is_trivially_copyable_v<Element>, "its bytes are its value");
	}

	void *data() const noexcept { return data_; }
	std::size_t size() const noexcept { return size_; }

private:
	void *data_;
	std::size_t size_;
};

/** Nanoseconds; what is negative is 0, and what they cannot count is for ever. */
template <class Rep, class Period>
std::uint64_t nanoseconds(const std::chrono::duration<Rep, Period> &span)
{
	const std::chrono::duration<long double, std::nano> ns = span;

	if (ns.count() >= 9.2e18L)
		return UINT64_MAX;
	return ns.count() <= 0 ? 0 : static_cast<std::uint64_t>(ns.count());
}

/** How long something may wait: for ever, if it is not told. */
struct patience {
	enum ipck_wait how = IPCK_WAIT_FOREVER;
	std::uint64_t ns = 0;
	enum ipck_clock clock = IPCK_CLOCK_MONOTONIC;

	patience() noexcept = default;
	patience(enum ipck_wait how, std::uint64_t ns, enum ipck_clock clock) noexcept
		: how(how), ns(ns), clock(clock) {}
	template <class Rep, class Period>
	patience(const std::chrono::duration<Rep, Period> &span)
		: patience(IPCK_WAIT_FOR, nanoseconds(span), IPCK_CLOCK_MONOTONIC) {}
	template <class Duration>
	patience(const std::chrono::time_point<std::chrono::steady_clock, Duration> &moment)
		: patience(IPCK_WAIT_UNTIL, nanoseconds(moment.time_since_epoch()),
			   IPCK_CLOCK_MONOTONIC) {}
	/** Follows steps of the clock. */
	template <class Duration>
	patience(const std::chrono::time_point<std::chrono::system_clock, Duration> &moment)
		: patience(IPCK_WAIT_UNTIL, nanoseconds(moment.time_since_epoch()),
			   IPCK_CLOCK_REALTIME) {}

	static patience never() noexcept { return {IPCK_WAIT_NEVER, 0, IPCK_CLOCK_MONOTONIC}; }

	template <class Options> void apply(Options &opt) const noexcept
	{
		opt.wait = how;
		opt.wait_ns = ns;
		opt.clock = how == IPCK_WAIT_NEVER ? IPCK_CLOCK_MONOTONIC : clock;
	}
};

/*
 * The options of ipck.h, said by name.  The member c is what the functions there take, with
 * all its members; descriptors must be there until the send returns.
 */

/** How a new mailbox shall be. */
struct attributes {
	struct ipck_attr c = IPCK_ATTR_INIT;

	attributes &capacity(std::uint32_t messages) { return c.capacity = messages, *this; }
	attributes &max_length(std::uint32_t bytes) { return c.max_length = bytes, *this; }
	attributes &max_bytes(std::uint64_t bytes) { return c.max_bytes = bytes, *this; }
	attributes &overflow(enum ipck_overflow policy) { return c.overflow = policy, *this; }
	attributes &mode(std::uint32_t bits) { return c.mode = bits, *this; }
	attributes &discipline(enum ipck_discipline who) { return c.discipline = who, *this; }
	/** IPCK_ATTR_* */
	attributes &flags(std::uint32_t bits) { return c.flags |= bits, *this; }
};

/** How to send. */
struct sending {
	struct ipck_send_opt c = {};

	sending &priority(std::uint32_t value) { return c.priority = value, *this; }
	sending &completion(enum ipck_completion what) { return c.completion = what, *this; }
	sending &wait(const patience &how_long) { return how_long.apply(c), *this; }
	sending &events(std::uint64_t bits) { return c.events = bits, *this; }
	/** On an own endpoint: whom the message is for. */
	sending &to(enum ipck_peer kind, std::uint64_t who)
	{
		c.to_kind = kind;
		c.to = who;
		return *this;
	}
	sending &fds(const int *array, std::size_t count)
	{
		c.fds = array;
		c.nr_fds = static_cast<std::uint32_t>(count);
		return *this;
	}
	/** The right to write to the segments among the descriptors goes with them. */
	sending &move() { return c.flags |= IPCK_MOVE, *this; }
};

/**
 * One of the messages of mailbox::sendv(); its payload must be there until that returns.
 * With fds and nr_fds it brings descriptors.
 */
inline struct ipck_send_item outgoing(const_buffer payload, std::uint32_t priority = 0,
				      std::uint64_t events = 0)
{
	struct ipck_send_item item = {};

	item.buf = payload.data();
	item.len = payload.size();
	item.priority = priority;
	item.events = events;
	return item;
}

/** One of the messages of mailbox::send_many(); its payload must be there likewise. */
inline struct ipck_plain plain(const_buffer payload)
{
	return {const_cast<void *>(payload.data()), payload.size(), 0};
}

/** Where one of the messages of mailbox::recv_many() goes. */
inline struct ipck_plain room(buffer where)
{
	return {where.data(), where.size(), 0};
}

/** How to receive. */
struct receiving {
	struct ipck_recv_opt c = {};

	receiving &wait(const patience &how_long) { return how_long.apply(c), *this; }
	receiving &min_priority(std::uint32_t value) { return c.min_priority = value, *this; }
	receiving &events(std::uint64_t bits) { return c.events = bits, *this; }
	receiving &from(enum ipck_peer kind, std::uint64_t who)
	{
		c.from_kind = kind;
		c.from = who;
		return *this;
	}
	/** Leave the message there. */
	receiving &peek() { return c.flags |= IPCK_PEEK, *this; }
	/** With mailbox::recvv(): wait for the first message, and take what else is there. */
	receiving &wait_for_one() { return c.flags |= IPCK_WAIT_FOR_ONE, *this; }
	/** Room for descriptors, up to IPCK_FDS_MAX. */
	receiving &max_fds(std::uint32_t count) { return c.max_fds = count, *this; }
	/** For mailbox::accept(): how long the message may be kept. */
	template <class Rep, class Period>
	receiving &lease(const std::chrono::duration<Rep, Period> &span)
	{
		c.lease_ns = std::max<std::uint64_t>(nanoseconds(span), 1); // 0 is none
		return *this;
	}
};

/** How to call. */
struct calling {
	struct ipck_call_opt c = {};

	calling &priority(std::uint32_t value) { return c.priority = value, *this; }
	calling &wait(const patience &how_long) { return how_long.apply(c), *this; }
	calling &fds(const int *array, std::size_t count)
	{
		c.fds = array;
		c.nr_fds = static_cast<std::uint32_t>(count);
		return *this;
	}
	/** As sending::move(). */
	calling &move() { return c.flags |= IPCK_MOVE, *this; }
	/** Room for descriptors in the reply, up to IPCK_FDS_MAX. */
	calling &max_reply_fds(std::uint32_t count) { return c.max_reply_fds = count, *this; }
};

/** How to reply. */
struct replying {
	struct ipck_reply_opt c = {};

	replying &status(std::int32_t value) { return c.status = value, *this; }
	/** As sending::move(). */
	replying &move() { return c.flags |= IPCK_MOVE, *this; }
	replying &fds(const int *array, std::size_t count)
	{
		c.fds = array;
		c.nr_fds = static_cast<std::uint32_t>(count);
		return *this;
	}
};

/** A message that was received. */
struct message {
	std::string payload;
	/** What is known about it. */
	struct ipck_msg info = {};
	std::vector<unique_fd> fds;
};

/** How a call has ended. */
struct answer {
	std::string payload;
	std::int32_t status = 0;
	std::vector<unique_fd> fds;
};

/** What became of a send. */
enum class sent {
	yes,
	dropped,	/**< by the overflow policy */
	would_block	/**< try_send() only */
};

namespace detail {

inline std::vector<unique_fd> adopt(const int *fds, std::size_t count)
{
	std::vector<unique_fd> owned;

	owned.reserve(count);
	for (std::size_t i = 0; i < count; i++)
		owned.emplace_back(fds[i]);
	return owned;
}

/** Buffers, as readv(2) and writev(2) have them. */
class iovecs {
public:
	template <class Buffer> explicit iovecs(std::initializer_list<Buffer> parts)
	{
		if (parts.size() > array_.size())
			throw error(-EINVAL);
		for (const Buffer &part : parts) {
			array_[count_].iov_base = const_cast<void *>(
				static_cast<const void *>(part.data()));
			array_[count_++].iov_len = part.size();
		}
	}

	void *data() noexcept { return array_.data(); }
	std::size_t count() const noexcept { return count_; }

private:
	std::array<struct iovec, IPCK_IOVEC_MAX> array_;
	std::size_t count_ = 0;
};

/** How many there are in a container; more than can be done at once are not done. */
template <class Items> unsigned int number_of(const Items &items)
{
	return static_cast<unsigned int>(std::min<std::size_t>(std::size(items), INT_MAX));
}

/** All there are, by a function that tells those whose key is greater than the last. */
template <class Item, class List>
std::vector<Item> listed(std::uint64_t last, std::uint64_t Item::*key, List list)
{
	std::array<Item, 16> some;
	std::vector<Item> all;
	int count;

	while ((count = check(list(last, some.data(), static_cast<unsigned int>(some.size()))))) {
		all.insert(all.end(), some.begin(), some.begin() + count);
		last = all.back().*key;
	}
	return all;
}

/** Room that is enough for most messages; those that are longer tell so. */
constexpr std::size_t first_room = 4096;

} // namespace detail

/**
 * A message whose receiver owes something: a reply to a caller, or the end of a lease.
 *
 * It is settled by reply() or ack().  If it is not when it goes out of scope, be it by an
 * exception, the message goes back to its old place, as with refuse().  It must not outlive
 * the mailbox it came from.
 */
class request : public message {
public:
	request(struct ipck *mb, message &&received) noexcept
		: message(std::move(received)), mb_(mb) {}
	request(request &&other) noexcept
		: message(std::move(other)), mb_(other.mb_)
	{
		other.info.token = 0;
	}
	request &operator=(request &&) = delete;
	~request()
	{
		if (info.token)
			ipck_refuse(mb_, info.token);
	}

	/** Does anybody wait for a reply, or is there a lease to be ended? */
	bool is_owed() const noexcept { return info.token; }

	/** Answer.  That the caller is gone is an error, and settles it as well. */
	void reply(const_buffer payload, const replying &how = {})
	{
		unsigned int limit;
		int ret = ipck_reply_opt(mb_, info.token, payload.data(), payload.size(), &how.c,
					 &limit);

		if (ret == 0 || ret == -EPIPE || ret == -ESTALE)
			info.token = 0;
		check(ret, limit);
	}
	/** ... by parts, up to IPCK_IOVEC_MAX, one behind the other. */
	void reply_parts(std::initializer_list<const_buffer> parts, replying how = {})
	{
		detail::iovecs payload(parts);

		how.c.flags |= IPCK_IOVEC;
		reply({payload.data(), payload.count()}, how);
	}
	void ack() { check(ipck_ack(mb_, std::exchange(info.token, 0))); }
	/** Put it back, for anybody. */
	void refuse() { check(ipck_refuse(mb_, std::exchange(info.token, 0))); }
	/** Keep it on lease so much longer. */
	template <class Rep, class Period>
	void renew(const std::chrono::duration<Rep, Period> &span)
	{
		check(ipck_renew(mb_, info.token, nanoseconds(span)));
	}
	/** Until when to work for the caller, for calls that are made to answer it. */
	template <class Rep, class Period>
	patience deadline(const std::chrono::duration<Rep, Period> &span) const
	{
		return {IPCK_WAIT_UNTIL, ipck_deadline(&info, nanoseconds(span)),
			IPCK_CLOCK_MONOTONIC};
	}

private:
	struct ipck *mb_;
};

class mailbox;

/**
 * A request, and the wait for its reply, which can be resumed.
 *
 *	ipcmbox::pending_call call(mb, "request");
 *
 *	while (!(reply = call.wait_for(1s)))
 *		std::cerr << (call.is_received() ? "at work on it" : "nobody has it yet");
 *
 * A wait that fails before the request was received has withdrawn it, and the next one sends
 * it again; later, the next one goes on waiting, and sends nothing.  What is still under way
 * when this goes out of scope is given up.  Payload and descriptors must be there until then,
 * and the mailbox must not be closed.
 */
class pending_call {
public:
	pending_call(const mailbox &mb, const_buffer payload, const calling &how = {});
	pending_call(const pending_call &) = delete;
	pending_call &operator=(const pending_call &) = delete;
	~pending_call() { cancel(); }

	/** Send the request, unless that is done, and wait for the reply, as was said last. */
	answer wait();
	/** ... as long as is said now, and there is none if it has not come by then. */
	std::optional<answer> wait_for(const patience &how_long);
	/** Has a wait that failed left the request in the hands of its receiver? */
	bool is_received() const noexcept { return end_.cookie; }
	/** Give it up; the receiver learns it when it replies. */
	void cancel() noexcept
	{
		if (end_.cookie)
			ipck_call_cancel(mb_, std::exchange(end_.cookie, 0));
	}

private:
	int attempt();
	answer ended(int ret);

	struct ipck *mb_;
	const_buffer payload_;
	struct ipck_call_opt opt_;
	struct ipck_answer end_ = {};
	std::string reply_;
	std::array<int, IPCK_FDS_MAX> fds_;
};

/**
 * Room for a message in the ring of a channel, where its receiver will read it.
 *
 * It is there until commit(); one that goes out of scope before, be it by an exception, was
 * never made.  The channel must not be closed before.
 */
class reservation {
public:
	reservation(struct ipck *mb, void *data, std::size_t size) noexcept
		: mb_(mb), data_(data), size_(size) {}
	reservation(reservation &&other) noexcept
		: mb_(std::exchange(other.mb_, nullptr)),
		  data_(std::exchange(other.data_, nullptr)),
		  size_(std::exchange(other.size_, 0)) {}
	reservation &operator=(reservation &&) = delete;
	~reservation() { abandon(); }

	/** The room, nullptr when it was given back. */
	void *data() const noexcept { return data_; }
	std::size_t size() const noexcept { return size_; }
	/** What will be there, as so many of them. */
	template <class T> T *as() const noexcept { return static_cast<T *>(data_); }
	char *begin() const noexcept { return as<char>(); }
	char *end() const noexcept { return begin() + size(); }

	/** Send what has been made: all of it, or so many bytes from its beginning. */
	void commit() { commit(size()); }
	void commit(std::size_t length)
	{
		if (mb_ && length > size())
			throw error(-EMSGSIZE, IPCK_LIMIT_LENGTH);
		data_ = nullptr;
		size_ = 0;
		check(ipck_commit(std::exchange(mb_, nullptr), length));
	}
	/** There will be no message. */
	void abandon() noexcept
	{
		data_ = nullptr;
		size_ = 0;
		if (mb_)
			ipck_commit(std::exchange(mb_, nullptr), IPCK_ABANDON);
	}

private:
	struct ipck *mb_;
	void *data_;
	std::size_t size_;
};

/**
 * The next message of a channel, where its sender has made it.
 *
 * It counts as received when this goes out of scope, or by release(); the channel must not be
 * closed before.  The sender can still write there: what is read twice may differ.
 */
class peeked {
public:
	peeked(struct ipck *mb, const void *data, std::size_t size,
	       const struct ipck_msg &info) noexcept
		: mb_(mb), payload_(static_cast<const char *>(data), size), info_(info) {}
	peeked(peeked &&other) noexcept
		: mb_(std::exchange(other.mb_, nullptr)),
		  payload_(std::exchange(other.payload_, {})), info_(other.info_) {}
	peeked &operator=(peeked &&) = delete;
	~peeked()
	{
		if (mb_)
			ipck_release(mb_);
	}

	/** The message, empty when it was released. */
	std::string_view payload() const noexcept { return payload_; }
	const void *data() const noexcept { return payload_.data(); }
	std::size_t size() const noexcept { return payload_.size(); }
	/** What is there, as so many of them. */
	template <class T> const T *as() const noexcept
	{
		return static_cast<const T *>(data());
	}
	/** What is known about it. */
	const struct ipck_msg &info() const noexcept { return info_; }

	void release()
	{
		payload_ = {};
		check(ipck_release(std::exchange(mb_, nullptr)));
	}

private:
	struct ipck *mb_;
	std::string_view payload_;
	struct ipck_msg info_;
};

/** An open mailbox: a queue, an event mailbox or a member of one, an endpoint, a channel. */
class mailbox {
public:
	mailbox() noexcept = default;
	/** Own a handle of ipck.h. */
	explicit mailbox(struct ipck *mb) noexcept : mb_(mb) {}

	/** Open one that exists. */
	static mailbox open(const std::string &name, int oflag = O_RDWR)
	{
		return made([&](struct ipck **mb) {
			return ipck_open(mb, name.c_str(), oflag & ~O_CREAT, nullptr);
		});
	}
	/** Open one, or create it so; with O_EXCL only create, with IPCK_O_TRANSIENT to go. */
	static mailbox create(const std::string &name, const attributes &attr = {},
			      int oflag = O_RDWR)
	{
		return made([&](struct ipck **mb) {
			return ipck_open(mb, name.c_str(), oflag | O_CREAT, &attr.c);
		});
	}
	/** Create one without a name, which others find by its id or get the descriptor of. */
	static mailbox unnamed(const attributes &attr = {}, int oflag = O_RDWR)
	{
		return made([&](struct ipck **mb) {
			return ipck_open(mb, nullptr, oflag | O_CREAT, &attr.c);
		});
	}
	static mailbox open_id(std::uint64_t id, int oflag = O_RDWR)
	{
		return made([&](struct ipck **mb) { return ipck_open_id(mb, id, oflag); });
	}
	/** Of a descriptor, inherited or received. */
	static mailbox from_fd(unique_fd fd)
	{
		mailbox made_of = made([&](struct ipck **mb) { return ipck_from_fd(mb, fd.get()); });

		fd.release();
		return made_of;
	}
	/** The inbox of this process, or with IPCK_ATTR_THREAD of this thread. */
	static mailbox endpoint(const attributes &attr = {}, int oflag = 0)
	{
		struct ipck_attr own = attr.c;

		own.discipline = IPCK_ENDPOINT;
		return made([&](struct ipck **mb) { return ipck_endpoint(mb, oflag, &own); });
	}
	/** The inbox of somebody else. */
	static mailbox connect(enum ipck_peer kind, std::uint64_t who, int oflag = 0)
	{
		return made([&](struct ipck **mb) { return ipck_connect(mb, kind, who, oflag); });
	}
	/** Remove a name. */
	static void unlink(const std::string &name) { check(ipck_unlink(name.c_str())); }
	static void unlink_id(std::uint64_t id) { check(ipck_unlink_id(id)); }
	/** Become a member of this event mailbox; the member receives what meets its mask. */
	mailbox join(const struct ipck_join_attr &attr = {}) const
	{
		return made([&](struct ipck **mb) { return ipck_join(mb, get(), &attr); });
	}
	mailbox join(std::uint64_t mask) const
	{
		struct ipck_join_attr attr = {};

		attr.mask = mask;
		return join(attr);
	}
	void leave() { check(ipck_leave(get())); }

	struct ipck *get() const noexcept { return mb_.get(); }
	explicit operator bool() const noexcept { return static_cast<bool>(mb_); }
	/** For poll(2) and its like; the mailbox keeps it. */
	int fd() const { return check(ipck_fd(get())); }
	std::uint64_t id() const noexcept { return ipck_id(get()); }
	void close() noexcept { mb_.reset(); }

	sent send(const_buffer payload, const sending &how = {})
	{
		unsigned int limit;
		int ret = ipck_send_opt(get(), payload.data(), payload.size(), &how.c, &limit);

		return check(ret, limit) == IPCK_SENT_DROPPED ? sent::dropped : sent::yes;
	}
	/** One whose payload is in parts, up to IPCK_IOVEC_MAX, one behind the other. */
	sent send_parts(std::initializer_list<const_buffer> parts, sending how = {})
	{
		detail::iovecs payload(parts);

		how.c.flags |= IPCK_IOVEC;
		return send({payload.data(), payload.count()}, how);
	}
	/** Without waiting. */
	sent try_send(const_buffer payload, sending how = {})
	{
		unsigned int limit;
		int ret;

		how.wait(patience::never());
		ret = ipck_send_opt(get(), payload.data(), payload.size(), &how.c, &limit);
		if (ret == -EAGAIN)
			return sent::would_block;
		return check(ret, limit) == IPCK_SENT_DROPPED ? sent::dropped : sent::yes;
	}

	/** Receive into memory that is there, and return the length. */
	std::size_t recv(buffer room, const receiving &how = {}, struct ipck_msg *info = nullptr)
	{
		struct ipck_msg about;
		ssize_t ret = ipck_recv_opt(get(), room.data(), room.size(), &how.c, &about);

		if (info)
			*info = about;
		return check(ret, about.limit);
	}
	/** ... into several pieces of it, one behind the other. */
	std::size_t recv_parts(std::initializer_list<buffer> parts, receiving how = {},
			       struct ipck_msg *info = nullptr)
	{
		detail::iovecs room(parts);

		how.c.flags |= IPCK_IOVEC;
		return recv({room.data(), room.count()}, how, info);
	}
	message recv(const receiving &how = {})
	{
		message msg;
		ssize_t ret = receive(msg, how.c);

		check(ret, msg.info.limit);
		return msg;
	}
	/** Without waiting. */
	std::optional<message> try_recv(receiving how = {})
	{
		message msg;
		ssize_t ret;

		how.wait(patience::never());
		ret = receive(msg, how.c);
		if (ret == -EAGAIN)
			return std::nullopt;
		check(ret, msg.info.limit);
		return msg;
	}
	/** Receive what is to be replied to, or, with receiving::lease(), acknowledged. */
	request accept(receiving how = {})
	{
		how.c.flags |= IPCK_TOKEN;
		return {get(), recv(how)};
	}

	/**
	 * Send many messages, in one system call for each 32.
	 *
	 * @param items a container of struct ipck_send_item, see outgoing(); their members
	 *	result say what became of them
	 * @return how many were sent.  If these are not all, the result of the next one says
	 *	why; an exception is only what the first one fails with.
	 */
	template <class Items> std::size_t sendv(Items &&items, const sending &how = {})
	{
		struct ipck_send_item *first = std::data(items);
		unsigned int count = detail::number_of(items);
		int ret;

		if (!count)
			return 0;
		ret = ipck_sendv(get(), first, count, &how.c);
		return check(ret, first->limit);
	}
	/**
	 * Receive many messages: so many, or with receiving::wait_for_one() what is there.
	 *
	 * @param room that of each; one that is longer is received alone, when it is its turn
	 */
	std::vector<message> recvv(std::size_t count, receiving how = {},
				   std::size_t room = detail::first_room)
	{
		std::vector<message> some(count);
		std::vector<struct ipck_recv_item> items(count);
		std::vector<int> fds(count * how.c.max_fds);
		int ret;

		if (!count)
			return some;
		for (std::size_t i = 0; i < count; i++) {
			some[i].payload.resize(room);
			items[i].buf = some[i].payload.data();
			items[i].size = room;
			items[i].max_fds = how.c.max_fds;
			items[i].fds = fds.data() + i * how.c.max_fds;
		}
		ret = receive(items, how.c);
		if (ret == -EMSGSIZE && items[0].msg.limit == IPCK_LIMIT_BUFFER) {
			how.c.flags &= ~IPCK_WAIT_FOR_ONE;
			some.clear();
			some.push_back(recv(how));
			return some;
		}
		some.resize(check(ret, items[0].msg.limit));
		for (std::size_t i = 0; i < some.size(); i++) {
			some[i].payload.resize(items[i].result);
			some[i].info = items[i].msg;
			some[i].fds = detail::adopt(items[i].fds, items[i].msg.nr_fds);
		}
		return some;
	}
	/**
	 * What is there, after waiting for the first, to be replied to or, with
	 * receiving::lease(), acknowledged: nobody waits for others' requests.
	 */
	std::vector<request> acceptv(std::size_t count, receiving how = {},
				     std::size_t room = detail::first_room)
	{
		std::vector<request> some;

		some.reserve(count);
		how.c.flags |= IPCK_TOKEN | IPCK_WAIT_FOR_ONE;
		for (message &msg : recvv(count, how, room))
			some.emplace_back(get(), std::move(msg));
		return some;
	}
	/** As sendv(), in half the time: a container of struct ipck_plain, see plain(). */
	template <class Items> std::size_t send_many(Items &&items)
	{
		unsigned int count = detail::number_of(items);

		return count ? check(ipck_send_many(get(), std::data(items), count)) : 0;
	}
	/**
	 * Wait for a message, and take what else is there: up to 64, from a channel one.
	 *
	 * @param items a container of struct ipck_plain, see room(); their members result are
	 *	the lengths
	 * @return how many were received, as sendv() has it
	 */
	template <class Items> std::size_t recv_many(Items &&items)
	{
		unsigned int count = detail::number_of(items);

		return count ? check(ipck_recv_many(get(), std::data(items), count)) : 0;
	}

	/** Of a channel: make a message of up to so many bytes where it will be read. */
	reservation reserve(std::size_t size, const sending &how = {})
	{
		void *data;

		check(ipck_reserve(get(), size, &data, &how.c));
		return {get(), data, size};
	}
	/** Of a channel: read the next message where it was made. */
	peeked peek(const receiving &how = {})
	{
		struct ipck_msg info;
		const void *data;
		ssize_t ret = ipck_peek(get(), &data, &how.c, &info);

		check(ret, info.limit);
		return {get(), data, static_cast<std::size_t>(ret), info};
	}
	/** Without waiting. */
	std::optional<peeked> try_peek()
	{
		receiving how = receiving().wait(patience::never());
		struct ipck_msg info;
		const void *data;
		ssize_t ret = ipck_peek(get(), &data, &how.c, &info);

		if (ret == -EAGAIN)
			return std::nullopt;
		check(ret, info.limit);
		return peeked(get(), data, ret, info);
	}

	/** Send a request and wait for the reply.  A call that fails has been given up. */
	answer call(const_buffer payload, const calling &how = {})
	{
		return pending_call(*this, payload, how).wait();
	}
	/**
	 * Serve until nobody can send any more, one system call a turn.
	 *
	 * @param handler takes a payload as std::string_view, returns the reply as a string.
	 *	What it throws ends this, and the request goes back to its place, as it
	 *	does if the reply cannot be sent.
	 */
	template <class Handler> void serve(Handler &&handler)
	{
		std::string room(stat().max_length, '\0');
		std::optional<std::decay_t<decltype(handler(std::string_view()))>> reply;
		struct ipck_msg info = {};
		ssize_t ret;

		for (;;) {
			const_buffer last = reply ? const_buffer(*reply) : const_buffer();

			ret = ipck_reply_recv(get(), last.data(), last.size(), room.data(),
					      room.size(), &info);
			if (ret == -EPIPE)
				return;
			try {
				check(ret, info.limit);
				reply = handler(std::string_view(room.data(), ret));
			} catch (...) {
				if (info.token)
					ipck_refuse(get(), info.token);
				throw;
			}
		}
	}

	struct ipck_info stat() const
	{
		struct ipck_info info;

		check(ipck_stat(get(), &info));
		return info;
	}
	void set(const struct ipck_change &change) { check(ipck_set(get(), &change)); }
	/** What the flight recorder has, from the step after that serial; set() switches it on. */
	std::vector<struct ipck_record> record(std::uint64_t after = 0) const
	{
		return detail::listed<struct ipck_record>(
			after, &ipck_record::serial,
			[&](std::uint64_t last, struct ipck_record *some, unsigned int count) {
				return ipck_record(get(), last, some, count);
			});
	}

	/** Get a signal, once, when a message arrives while this is empty and nobody waits. */
	void notify_signal(int signo, union sigval value = {})
	{
		check(ipck_notify_signal(get(), signo, value));
	}
	/** Have 1 added to an eventfd then. */
	void notify_eventfd(int fd) { check(ipck_notify_eventfd(get(), fd)); }
	/** Take the notification back. */
	void notify_none() { check(ipck_notify_none(get())); }

private:
	struct closer {
		void operator()(struct ipck *mb) const noexcept { ipck_close(mb); }
	};

	template <class Open> static mailbox made(Open open)
	{
		struct ipck *mb;

		check(open(&mb));
		return mailbox(mb);
	}

	/* One that is too long stays, and tells how much room it needs. */
	ssize_t receive(message &msg, struct ipck_recv_opt opt)
	{
		std::array<int, IPCK_FDS_MAX> fds;
		ssize_t ret;

		opt.fds = fds.data();
		msg.payload.resize(detail::first_room);
		for (;;) {
			ret = ipck_recv_opt(get(), msg.payload.data(), msg.payload.size(), &opt,
					    &msg.info);
			if (ret != -EMSGSIZE || msg.info.limit != IPCK_LIMIT_BUFFER)
				break;
			msg.payload.resize(msg.info.length);
		}
		if (ret >= 0) {
			msg.payload.resize(ret);
			msg.fds = detail::adopt(fds.data(), msg.info.nr_fds);
		}
		return ret;
	}

	int receive(std::vector<struct ipck_recv_item> &items, struct ipck_recv_opt opt)
	{
		opt.max_fds = 0;
		return ipck_recvv(get(), items.data(), detail::number_of(items), &opt);
	}

	std::unique_ptr<struct ipck, closer> mb_;
};

inline pending_call::pending_call(const mailbox &mb, const_buffer payload, const calling &how)
	: mb_(mb.get()), payload_(payload), opt_(how.c)
{
	opt_.reply_fds = fds_.data();
	reply_.resize(detail::first_room);
}

inline answer pending_call::wait()
{
	return ended(attempt());
}

inline std::optional<answer> pending_call::wait_for(const patience &how_long)
{
	int ret;

	how_long.apply(opt_);
	ret = attempt();
	if (ret == -ETIMEDOUT || ret == -EAGAIN)
		return std::nullopt;
	return ended(ret);
}

/* A reply that is too long stays, and tells how much room it needs. */
inline int pending_call::attempt()
{
	ssize_t ret;

	for (;;) {
		ret = ipck_call_opt(mb_, payload_.data(), payload_.size(), reply_.data(),
				    reply_.size(), &opt_, &end_);
		if (ret != -EMSGSIZE || !end_.cookie || end_.limit != IPCK_LIMIT_BUFFER)
			return static_cast<int>(ret);
		reply_.resize(end_.length);
	}
}

inline answer pending_call::ended(int ret)
{
	std::size_t length = check(ret, end_.limit);

	return {reply_.substr(0, length), end_.status, detail::adopt(fds_.data(), end_.nr_fds)};
}

/**
 * Wait until one of several mailboxes is ready.
 *
 * @param mailboxes up to IPCK_WAIT_ANY_MAX
 * @param events POLLIN (a receive would not block), POLLOUT (a send would not), or both
 * @return the indices of all that are ready, in ascending order.  Others may be faster: for
 *	certainty, use try_recv().
 */
inline std::vector<std::size_t> wait_any(const std::vector<const mailbox *> &mailboxes,
					 short events = POLLIN, const patience &how_long = {})
{
	std::vector<struct ipck *> handles;
	std::vector<std::size_t> indices;
	std::uint64_t ready;

	if (how_long.clock != IPCK_CLOCK_MONOTONIC)
		throw error(-EINVAL);
	for (const mailbox *mb : mailboxes)
		handles.push_back(mb->get());
	check(ipck_wait_any(handles.data(), detail::number_of(handles), events, how_long.how,
			    how_long.ns, &ready));
	for (std::size_t i = 0; i < handles.size(); i++)
		if (ready >> i & 1)
			indices.push_back(i);
	return indices;
}

/** A part of a segment, mapped until this goes out of scope. */
class mapping {
public:
	explicit mapping(const struct ipck_map &map) noexcept : map_(map) {}
	mapping(mapping &&other) noexcept : map_(std::exchange(other.map_, {})) {}
	mapping &operator=(mapping other) noexcept
	{
		std::swap(map_, other.map_);
		return *this;
	}
	~mapping() { ipck_shm_unmap(&map_); }

	void *data() const noexcept { return map_.addr; }
	std::size_t size() const noexcept { return map_.length; }
	/** What is there, as so many of them. */
	template <class T> T *as() const noexcept { return static_cast<T *>(map_.addr); }
	char *begin() const noexcept { return as<char>(); }
	char *end() const noexcept { return begin() + size(); }

private:
	struct ipck_map map_;
};

/** An open segment of shared memory. */
class segment {
public:
	segment() noexcept = default;
	explicit segment(struct ipck_shm *shm) noexcept : shm_(shm) {}

	static segment open(const std::string &name, int oflag = O_RDWR)
	{
		return made([&](struct ipck_shm **shm, unsigned int *limit) {
			return ipck_shm_open(shm, name.c_str(), oflag & ~O_CREAT, nullptr, limit);
		});
	}
	/** Open one, or create it of that size; without a name if that is empty. */
	static segment create(const std::string &name, std::uint64_t size, int oflag = O_RDWR,
			      struct ipck_shm_attr attr = {})
	{
		const char *called = name.empty() ? nullptr : name.c_str();

		attr.size = size;
		return made([&](struct ipck_shm **shm, unsigned int *limit) {
			return ipck_shm_open(shm, called, oflag | O_CREAT, &attr, limit);
		});
	}
	static segment open_id(std::uint64_t id, int oflag = O_RDWR)
	{
		return made([&](struct ipck_shm **shm, unsigned int *) {
			return ipck_shm_open_id(shm, id, oflag);
		});
	}
	static segment from_fd(unique_fd fd)
	{
		segment made_of = made([&](struct ipck_shm **shm, unsigned int *) {
			return ipck_shm_from_fd(shm, fd.get());
		});

		fd.release();
		return made_of;
	}
	/** Receive one, and which part of it is meant. */
	static segment recv(mailbox &from, struct ipck_range *range = nullptr,
			    const receiving &how = {})
	{
		struct ipck_range part;

		return made([&](struct ipck_shm **shm, unsigned int *) {
			return ipck_shm_recv(from.get(), shm, range ? range : &part, &how.c,
					     nullptr);
		});
	}
	/** Remove a name. */
	static void unlink(const std::string &name) { check(ipck_shm_unlink(name.c_str())); }
	static void unlink_id(std::uint64_t id) { check(ipck_shm_unlink_id(id)); }
	/** Send it, not its content; with sending::move() the right to write goes along. */
	sent send(mailbox &to, const sending &how = {}, const struct ipck_range *range = nullptr)
	{
		unsigned int limit;
		int ret = ipck_shm_send(to.get(), get(), range, &how.c, &limit);

		return check(ret, limit) == IPCK_SENT_DROPPED ? sent::dropped : sent::yes;
	}

	struct ipck_shm *get() const noexcept { return shm_.get(); }
	explicit operator bool() const noexcept { return static_cast<bool>(shm_); }
	int fd() const { return check(ipck_shm_fd(get())); }
	std::uint64_t id() const noexcept { return ipck_shm_id(get()); }
	void close() noexcept { shm_.reset(); }

	void resize(std::uint64_t size) { check(ipck_shm_resize(get(), size)); }
	/** Map it, or a part of it; a mapping stays when the segment is closed. */
	mapping map(int prot = PROT_READ | PROT_WRITE, std::uint64_t offset = 0,
		    std::size_t length = 0) const
	{
		struct ipck_map map;

		check(ipck_shm_map(get(), &map, offset, length, prot));
		return mapping(map);
	}
	struct ipck_shm_info stat() const
	{
		struct ipck_shm_info info;

		check(ipck_shm_stat(get(), &info));
		return info;
	}
	/** Change rights: those that the mask says. */
	void set(const struct ipck_shm_change &change) { check(ipck_shm_set(get(), &change)); }

private:
	struct closer {
		void operator()(struct ipck_shm *shm) const noexcept { ipck_shm_close(shm); }
	};

	template <class Open> static segment made(Open open)
	{
		unsigned int limit = IPCK_LIMIT_NONE;
		struct ipck_shm *shm;
		int ret = open(&shm, &limit);

		check(ret, limit);
		return segment(shm);
	}

	std::unique_ptr<struct ipck_shm, closer> shm_;
};

/** All mailboxes of this IPC namespace. */
inline std::vector<struct ipck_info> list()
{
	return detail::listed<struct ipck_info>(0, &ipck_info::id, ipck_list);
}

/** All segments of this IPC namespace. */
inline std::vector<struct ipck_shm_info> list_segments()
{
	return detail::listed<struct ipck_shm_info>(0, &ipck_shm_info::id, ipck_shm_list);
}

/** Who waits at a mailbox, and for whom. */
inline std::vector<struct ipck_blocked> blocked(std::uint64_t id)
{
	std::vector<struct ipck_blocked> tasks(16);
	unsigned int total;
	int count;

	for (;;) {
		count = check(ipck_blocked(id, tasks.data(),
					   static_cast<unsigned int>(tasks.size()), &total));
		if (total <= tasks.size() || tasks.size() == 4096)
			break;
		tasks.resize(std::min(total + 16, 4096u));
	}
	tasks.resize(count);
	return tasks;
}

/** What the running kernel can do, and the user may. */
inline struct ipck_limits limits()
{
	struct ipck_limits limits;

	check(ipck_limits(&limits));
	return limits;
}

/** That of the C library which is running. */
inline const char *version() noexcept
{
	return ipck_version();
}

} // namespace ipcmbox

#endif /* IPCK_HPP */
