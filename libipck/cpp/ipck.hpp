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
 * is std::errc::invalid_argument.  get() is the handle of ipck.h, for what is not here:
 * vectors, notifications, ipck_wait_any(), the flight recorder.
 *
 * *Threads* may share a handle, if none moves or closes it.
 */
#ifndef IPCK_HPP
#define IPCK_HPP

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/mman.h>
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
	/** Room for descriptors, up to IPCK_FDS_MAX. */
	receiving &max_fds(std::uint32_t count) { return c.max_fds = count, *this; }
	/** For mailbox::accept(): how long the message may be kept. */
	template <class Rep, class Period>
	receiving &lease(const std::chrono::duration<Rep, Period> &span)
	{
		c.lease_ns = nanoseconds(span);
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
	/** Room for descriptors in the reply, up to IPCK_FDS_MAX. */
	calling &max_reply_fds(std::uint32_t count) { return c.max_reply_fds = count, *this; }
};

/** How to reply. */
struct replying {
	struct ipck_reply_opt c = {};

	replying &status(std::int32_t value) { return c.status = value, *this; }
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

	/** Send a request and wait for the reply.  A call that fails has been given up. */
	answer call(const_buffer payload, const calling &how = {})
	{
		std::array<int, IPCK_FDS_MAX> fds;
		struct ipck_call_opt opt = how.c;
		struct ipck_answer end = {};
		answer result;
		ssize_t ret;

		opt.reply_fds = fds.data();
		result.payload.resize(detail::first_room);
		for (;;) {
			ret = ipck_call_opt(get(), payload.data(), payload.size(),
					    result.payload.data(), result.payload.size(), &opt,
					    &end);
			if (ret != -EMSGSIZE || !end.cookie || end.limit != IPCK_LIMIT_BUFFER)
				break;
			result.payload.resize(end.length);
		}
		if (end.cookie)
			ipck_call_cancel(get(), end.cookie);
		result.payload.resize(check(ret, end.limit));
		result.status = end.status;
		result.fds = detail::adopt(fds.data(), end.nr_fds);
		return result;
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
		decltype(handler(std::string_view())) reply{};
		struct ipck_msg info = {};
		ssize_t ret;

		for (;;) {
			const_buffer last(reply);

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

	std::unique_ptr<struct ipck, closer> mb_;
};

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
	std::array<struct ipck_info, 16> some;
	std::vector<struct ipck_info> all;
	int count;

	while ((count = check(ipck_list(all.empty() ? 0 : all.back().id, some.data(),
					some.size()))))
		all.insert(all.end(), some.begin(), some.begin() + count);
	return all;
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

} // namespace ipcmbox

#endif /* IPCK_HPP */
