/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of channels: rings, sleeping, waking, deaths.
 *
 * Two producers, each with a lane of its own, and one consumer.  The kernel is
 * what each of them runs in its system calls.  scripts/model has spin look at
 * every interleaving: an assertion that fails is a message lost, doubled, torn
 * or overwritten, an invalid end state is a wake-up lost.  It also looks at each
 * of the variants below, in which one thing is wrong, and must find that out.
 *
 * Who writes which word, and which barrier has which partner; the names are
 * those of the section Channels of uapi/linux/ipcmbox.h:
 *
 *	word		written by		  read by
 *	SLOT, TAIL	producer of the lane	  consumer; TAIL also kernel
 *	HEAD		consumer		  producer, kernel
 *	C_WAITS		kernel, under LOCK	  producers
 *	P_WAITS		kernel, under LOCK	  consumer
 *	STATE, SERIAL	kernel, under LOCK	  consumer
 *	C_GONE		kernel, under LOCK	  producers
 *
 *	barrier				  with	 keeps
 *	P2 release of TAIL		  C1	 the record before its TAIL
 *	C1 acquire of TAIL		  P2
 *	C2 release of HEAD		  P1	 the copy before the room it frees
 *	P1 acquire of HEAD		  C2
 *	P3 fence, TAIL then C_WAITS	  K1	 one of the two sees the other
 *	K1 fence, C_WAITS then TAIL	  P3
 *	C3 fence, HEAD then P_WAITS	  K2	 one of the two sees the other
 *	K2 fence, P_WAITS then HEAD	  C3
 *	K3 release of SERIAL		  C0	 the STATE before its SERIAL
 *	C0 acquire of SERIAL		  K3	 the STATE before the TAIL
 *
 * Memory is that of x86 (TSO): a store waits in its CPU's buffer, which empties
 * itself in order and at any time, while loads go to memory at once.  That is
 * all the reordering there is, and what the four fences are for.  Acquire and
 * release forbid what weaker machines would do beyond that; what it would do to
 * leave one out is what happens when the two accesses change places, and so it
 * is done by the variants P2, C1, C2 and C0.  Taking the lock empties the buffer,
 * giving it back is a store like any other.
 *
 * A process is killed at any step outside the lock: in the library, before and
 * after a system call, asleep.  (Killed in a system call, it dies at the end of
 * that.)  What it has stored becomes visible all the same.
 *
 * -DKILL_PRODUCER	a producer dies
 * -DKILL_CONSUMER	the consumer dies, and another one goes on at HEAD
 * -DKILL_LAST		the consumer dies and there will be no other
 *
 * Variants, the broken ones:
 * -DNO_P3 -DNO_C3 -DNO_K1 -DNO_K2	a full fence is missing
 * -DBAD_P2		the tail is stored before the record
 * -DBAD_C1		the record is loaded before the tail
 * -DBAD_C2		the head is stored before the record is copied
 * -DBAD_C0		the tail is looked at before the state of the lane
 * -DNO_LOOK_RECEIVE	a consumer sleeps without another look at the tails
 * -DNO_LOOK_ROOM	a producer sleeps without another look at the head
 * -DNO_LOOK_SERIAL	a consumer sleeps without a look at the serial
 * -DNO_LOOK_GONE	a producer sleeps without a look whether all is over
 * -DLOOK_FIRST		a consumer sets its word after it has looked
 * -DCLEAR_LATE		a kick clears the word after it has given the lock back
 * -DCLEAR_ONLY		a kick clears the word and wakes nobody
 * -DNO_P4 -DNO_C4	nobody is kicked
 * -DSILENT_PRODUCER	the death of a producer wakes nobody
 * -DSILENT_CONSUMER	the death of a consumer wakes nobody
 * -DEARLY_FREE		a lane goes with its producer, whatever is in it
 * -DNO_P1		a producer does not look for room
 */

#ifndef SLOTS
#define SLOTS		1	/* messages that fit a ring */
#endif
#ifndef MESSAGES
#define MESSAGES	2	/* that each producer sends */
#endif
#define LANES		2
#define CONSUMER	LANES	/* as a process; producer i is process i */
#define PROCESSES	(LANES + 1)

/* Addresses */
#define LOCK		0	/* 0, or 1 more than the process that has it */
#define C_WAITS		1
#define C_GONE		2
#define SERIAL		3
#define P_WAITS(lane)	(4 + (lane))
#define STATE(lane)	(6 + (lane))	/* 0, or 1: the producer is gone */
#define TAIL(lane)	(8 + (lane))
#define HEAD(lane)	(10 + (lane))
#define SLOT(lane, position) (12 + (lane) * SLOTS + (position) % SLOTS)
#define WORDS		(12 + LANES * SLOTS)

byte memory[WORDS];
chan buffer[PROCESSES] = [4] of { byte, byte };	/* of each CPU: address, value */

/* What only the kernel has, under LOCK */
#define RUNS	0
#define LINKED	1
#define WOKEN	2
byte waiter[PROCESSES];

/* What nobody has: for the assertions, and for whoever kills */
byte produced[LANES];		/* TAIL as far as it has been stored */
byte consumed[LANES];		/* HEAD likewise */
bool killed[PROCESSES];
bool interrupted;		/* a wait has ended for nothing */

/* A store goes into the buffer of its own CPU, which nobody else sees. */
#define STORE(address, value)	buffer[me]!(address), (value)
/* What a process has stored itself it never loads while that is in its buffer. */
#define LOAD(address, to) \
	assert(!buffer[me]??[eval(address), _]); to = memory[address]
#define FENCE		empty(buffer[me])
#define TAKE_LOCK	FENCE && !memory[LOCK] -> memory[LOCK] = me + 1
#define GIVE_LOCK	STORE(LOCK, 0)

/*
 * A step is one load, or taking the lock, and all that the process does by itself
 * until the next: a wait for its own buffer before it, stores into its own buffer
 * after it.  Nobody could tell if these were steps of their own.
 */

/* A system call is over when it is over. */
#define MUST_DIE	(killed[me] && memory[LOCK] != me + 1)

/* The buffers empty themselves. */
active proctype drain()
{
	byte address, value;

end:
	do
	:: atomic { buffer[0]?address, value -> memory[address] = value; address = 0; value = 0 }
	:: atomic { buffer[1]?address, value -> memory[address] = value; address = 0; value = 0 }
	:: atomic { buffer[2]?address, value -> memory[address] = value; address = 0; value = 0 }
	od
}

/* Under the lock */
inline wake(who)
{
	if
	:: waiter[who] == LINKED -> waiter[who] = WOKEN
	:: else
	fi
}

inline kick(word, who)
{
	atomic {
		TAKE_LOCK;
#ifndef CLEAR_LATE
		STORE(word, 0);
#endif
#ifndef CLEAR_ONLY
		wake(who);
#endif
		GIVE_LOCK
	};
#ifdef CLEAR_LATE
	STORE(word, 0)
#endif
}

/* Once, a wait ends for nothing: a signal, or its time is over. */
inline sleep()
{
	if
	:: atomic { waiter[me] == WOKEN -> waiter[me] = RUNS }
	:: atomic { waiter[me] == LINKED && !memory[LOCK] && !interrupted ->
		    interrupted = true; waiter[me] = RUNS }
	:: waiter[me] == RUNS
	fi
}

inline give_up_if(seen)
{
	if
	:: seen -> waiter[me] = RUNS
	:: else
	fi;
	GIVE_LOCK
}

/*
 * HEAD is the consumer's own: it is in memory since the lock was taken, and does
 * not change.
 */
inline look_for_tail(lane)
{
	LOAD(TAIL(lane), tail);
	found = found || tail != memory[HEAD(lane)];
	tail = 0
}

inline wait_to_receive()
{
	atomic {
		TAKE_LOCK;
		waiter[me] = LINKED;
#ifndef LOOK_FIRST
		STORE(C_WAITS, 1)
#endif
	};
#ifndef NO_LOOK_RECEIVE
	atomic {
#if !defined(NO_K1) && !defined(LOOK_FIRST)
		FENCE;			/* K1 */
#endif
		look_for_tail(0)
	};
	atomic { look_for_tail(1) };
#endif
	atomic {
#ifndef NO_LOOK_SERIAL
		LOAD(SERIAL, other);
		found = found || other != serial;
		other = 0;
#endif
#ifdef LOOK_FIRST
		STORE(C_WAITS, 1);
#endif
		give_up_if(found);
		found = false
	};
	sleep()
}

inline wait_for_room()
{
	atomic {
		TAKE_LOCK;
		waiter[me] = LINKED;
		STORE(P_WAITS(me), 1)
	};
#if defined(KILL_LAST) && !defined(NO_LOOK_GONE)
	atomic {
#ifndef NO_K2
		FENCE;			/* K2 */
#endif
		LOAD(C_GONE, found)
	};
#endif
	atomic {
#ifndef NO_LOOK_ROOM
#ifndef NO_K2
		FENCE;			/* K2 */
#endif
		LOAD(HEAD(me), head);
		found = found || tail - head < SLOTS;
		head = 0;
#endif
		give_up_if(found);
		found = false
	};
	sleep()
}

/* Close: the lane has no producer any more. */
inline release_producer()
{
	atomic {
		TAKE_LOCK;
		waiter[me] = RUNS;
#ifdef EARLY_FREE
		STORE(TAIL(me), 0);
#endif
		STORE(STATE(me), 1);
		STORE(SERIAL, memory[SERIAL] + 1);	/* K3 */
#ifndef SILENT_PRODUCER
		STORE(C_WAITS, 0);
		wake(CONSUMER);
#endif
		GIVE_LOCK
	}
}

/* It may have stored HEAD and not got to the kick: its end is one. */
inline release_consumer()
{
	atomic {
		TAKE_LOCK;
		waiter[me] = RUNS;
#ifdef KILL_LAST
		STORE(C_GONE, 1);
#endif
#ifndef SILENT_CONSUMER
		STORE(P_WAITS(0), 0);
		wake(0);
		STORE(P_WAITS(1), 0);
		wake(1);
#endif
		GIVE_LOCK
	}
}

inline put()
{
#ifdef BAD_P2
	atomic { STORE(TAIL(me), tail + 1); tail++; produced[me] = tail };
	STORE(SLOT(me, tail - 1), tail)
#else
	STORE(SLOT(me, tail), tail + 1);
	atomic { STORE(TAIL(me), tail + 1); tail++; produced[me] = tail }	/* P2 */
#endif
}

/* Sets gone, or makes sure that there is room. */
inline find_room()
{
	do
	::
#ifdef KILL_LAST
	   atomic {
		LOAD(C_GONE, gone);
		if
		:: gone -> break
		:: else
		fi
	   };
#endif
#ifdef NO_P1
	   break;
#endif
	   atomic {
		LOAD(HEAD(me), head);	/* P1 */
		if
		:: tail - head < SLOTS -> head = 0; break
		:: else -> head = 0
		fi
	   };
	   wait_for_room()
	od
}

inline send()
{
	find_room();
	if
	:: gone
	:: else ->
		put();
#ifndef NO_P4
		atomic {
#ifndef NO_P3
			FENCE;			/* P3 */
#endif
			LOAD(C_WAITS, other)	/* P4 */
		};
		if
		:: other -> other = 0; kick(C_WAITS, CONSUMER)
		:: else
		fi
#endif
	fi
}

/* Whoever waits for an answer does not close: nothing but the kick helps then. */
inline linger()
{
	if
	:: true -> (consumed[me] == MESSAGES || memory[C_GONE])
	:: true
	fi
}

proctype producer(byte me)
{
	byte tail, head, other;
	bool found, gone;

	{
		do
		:: tail < MESSAGES && !gone -> send()
		:: else -> break
		od;
		linger()
	} unless {
		MUST_DIE
	};
	d_step { tail = 0; head = 0; other = 0; found = false; gone = false };
	release_producer()
}

/* The consumer knows by position what has to be in a slot. */
inline check(lane)
{
	assert(other == consumed[lane] + 1);
	other = 0
}

inline advance(lane)
{
	STORE(HEAD(lane), consumed[lane] + 1);
	consumed[lane]++
}

inline get(lane)
{
#ifdef BAD_C1
	atomic { check(lane); advance(lane) };
#elif defined(BAD_C2)
	STORE(HEAD(lane), consumed[lane] + 1);
	atomic { LOAD(SLOT(lane, consumed[lane]), other); check(lane); consumed[lane]++ };
#else
	atomic { LOAD(SLOT(lane, consumed[lane]), other); check(lane) };
	atomic { advance(lane) };	/* C2 */
#endif
#ifndef NO_C4
	atomic {
#ifndef NO_C3
		FENCE;				/* C3 */
#endif
		LOAD(P_WAITS(lane), other)	/* C4 */
	};
	if
	:: other -> other = 0; kick(P_WAITS(lane), lane)
	:: else
	fi
#endif
}

inline look_at(lane)
{
#ifdef BAD_C1
	atomic { LOAD(SLOT(lane, consumed[lane]), other) };
#endif
#ifndef BAD_C0
	atomic { LOAD(STATE(lane), state) };
#endif
	atomic { LOAD(TAIL(lane), tail) };	/* C1 */
#ifdef BAD_C0
	atomic { LOAD(STATE(lane), state) };
#endif
	if
	:: tail != consumed[lane] ->
		d_step {
			assert(tail > consumed[lane] && tail - consumed[lane] <= SLOTS);
			tail = 0;
			state = 0;
			found = true
		};
		get(lane)
	:: else ->
		/* If it is gone, nothing will come any more, and nothing is left. */
		d_step {
			done[lane] = state;
			assert(!state || consumed[lane] == produced[lane]);
			tail = 0;
			state = 0;
			other = 0
		}
	fi
}

proctype consumer()
{
	byte me = CONSUMER, tail, other, serial, state;
	bool found, done[LANES];

again:
	{
		do
		:: done[0] && done[1] -> break
		:: else ->
			atomic { LOAD(SERIAL, serial) };	/* C0 */
			if
			:: !done[0] -> look_at(0)
			:: else
			fi;
			if
			:: !done[1] -> look_at(1)
			:: else
			fi;
			if
			:: found || done[0] && done[1] -> found = false
			:: else -> wait_to_receive()
			fi
		od
	} unless {
		MUST_DIE
	};
	if
	:: killed[me] && !(done[0] && done[1]) ->
		d_step {
			killed[me] = false; found = false; done[0] = false; done[1] = false;
			tail = 0; other = 0; serial = 0; state = 0
		};
		release_consumer();
#ifndef KILL_LAST
		/* HEAD is where the next one goes on. */
		atomic {
			FENCE;
			assert(memory[HEAD(0)] == consumed[0]);
			assert(memory[HEAD(1)] == consumed[1])
		};
		goto again
#endif
	:: else ->
		assert(consumed[0] == produced[0] && consumed[1] == produced[1])
	fi
}

active proctype killer()
{
#ifdef KILL_PRODUCER
	if
	:: killed[0] = true
	:: killed[1] = true
	fi;
#endif
#if defined(KILL_CONSUMER) || defined(KILL_LAST)
	killed[CONSUMER] = true;
#endif
	skip
}

init
{
	atomic { run producer(0); run producer(1); run consumer() }
}
