#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A guided tour of ipcmbox, for the guest (busybox sh) or any system that has the
# module loaded and the tool and the examples in its PATH.
#
#	demo.sh [FILE]		FILE is a text for the last act, /demo.txt if not given
set -eu

text=${1:-/demo.txt}
name=demo

title()
{
	printf '\n=== %s\n' "$*"
}

# Show a command as one would type it, then run it.
run()
{
	printf '$'
	for word; do
		case $word in
		*' '*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	printf '\n'
	"$@"
}

# run, but the command has to end with this status.
run_status()
{
	wanted=$1
	shift
	status=0
	run "$@" || status=$?
	printf '(exit status %s)\n' "$status"
	[ "$status" -eq "$wanted" ]
}

finish()
{
	status=$?
	trap - EXIT
	ipck unlink "$name" 2>/dev/null || :
	ipck shm unlink "$name" 2>/dev/null || :
	if [ "$status" -ne 0 ]; then
		printf '\n=== the demonstration FAILED (status %s)\n' "$status"
	fi
	exit "$status"
}

mailboxes()
{
	title 'A mailbox has a name, and lives until it is unlinked'
	run ipck create -c 3 "$name"
	run ipck send "$name" 'first message'
	run ipck send -p 9 "$name" 'urgent message'
	run ipck send "$name" 'second message'
	run ipck ls

	title 'It is full now: a send that may not wait is refused'
	run_status 3 ipck send -n "$name" 'one too many'
	title '... and one that may wait a little gives up'
	run_status 3 ipck send -t 0.2 "$name" 'one too many'

	title 'What is urgent comes first, the rest in the order of sending'
	run ipck recv -v -N 3 "$name"
	run_status 3 ipck recv -n "$name"
	run ipck stat "$name"
	run ipck unlink "$name"
}

shell_pipeline()
{
	title 'Programs that know nothing of mailboxes can use one, too'
	run ipck create "$name"
	run ipck exec -w "$name" -- echo 'hello from echo'
	run ipck recv "$name"
	run ipck unlink "$name"
}

library()
{
	title 'The smallest program'
	run hello
	title 'Bounded buffer: how far may a producer run ahead of its consumer?'
	run boundedbuffer
	title 'The same without system calls: a channel in shared memory'
	run sharedbuffer
	title 'Blocking and non-blocking, send and receive, each capacity'
	run four_cells
	title 'Capacity: how many messages fit, and what becomes of one too many'
	run capacity
	title 'Priorities'
	run priorities
	title 'Indirect communication: a name is all that they share'
	run indirect
	title 'Direct communication: send(P), receive(Q), receive(ANY)'
	run endpoints
	title 'Events: a window server and its clients, one of which is killed'
	run windows
	title 'Send, receive, reply: servers that call servers'
	run send_receive_reply
	title 'Shared memory: a ring with semaphores, found by its name'
	run shm_ring
	title 'Shared memory handed over: frames that nobody copies'
	run frames
}

segments()
{
	title 'A segment of shared memory, from the shell'
	run ipck shm create "$name"
	run ipck shm write "$name" 'what everybody can map'
	run ipck shm cat "$name"
	printf '\n'
	run ipck shm stat "$name"
	run ipck shm unlink "$name"
}

shell_server()
{
	title 'A server from the shell, and a call to it'
	run ipck create "$name"
	printf '$ ipck serve -N 1 %s -- tr a-z A-Z &\n' "$name"
	ipck serve -N 1 "$name" -- tr a-z A-Z &
	run ipck call -l -t 10 "$name" 'make me big'
	wait
	run ipck unlink "$name"
}

# Somebody waits at the mailbox.
await_waiting()
{
	tries=0
	until ipck stat "$name" | grep -q '^waiting_[a-z]*  *[1-9]'; do
		tries=$((tries + 1))
		[ "$tries" -lt 500 ]
		usleep 20000
	done
}

events()
{
	title 'Events: each message to all who joined'
	run ipck create --event -c 16 "$name"
	printf '$ ipck join -l -N 1 %s &\n' "$name"
	ipck join -l -N 1 "$name" >member.out &
	member=$!
	await_members
	run ipck send "$name" 'to all who joined'
	wait "$member"
	run cat member.out
	rm member.out
	run ipck unlink "$name"
}

await_members()
{
	tries=0
	until [ "$(ipck stat "$name" | sed -n 's/^members  *//p')" = 1 ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 500 ]
		usleep 20000
	done
}

# A receiver that cannot put its message anywhere.
fail_to_print()
{
	printf '$ %s >/dev/full\n' "$*"
	if "$@" >/dev/full; then
		return 1
	fi
}

leases()
{
	title 'A message on lease comes back from a receiver that fails, and is a dead letter in the end'
	run ipck create "$name"
	run ipck create "$name-dead"
	run ipck set -d "$name-dead" -n 2 "$name"
	run ipck send "$name" 'poison'
	fail_to_print ipck recv --lease 60 "$name"
	run ipck ls
	fail_to_print ipck recv --lease 60 "$name"
	run ipck recv -l -n "$name-dead"
	run ipck unlink "$name-dead"
	run ipck unlink "$name"
}

watching()
{
	title 'Who waits for whom, and what has happened'
	run ipck create "$name"
	run ipck set --recorder 8 "$name"
	printf '$ ipck recv -l %s &\n' "$name"
	ipck recv -l "$name" &
	receiver=$!
	await_waiting
	run ipck blocked
	run ipck send -p 7 "$name" 'here it is'
	wait "$receiver"
	run ipck record "$name"
	run ipck top -b -n 1
	run ipck unlink "$name"
}

farm()
{
	title "A real job: the lines of $text through four workers"
	run ls -l "$text"
	run linefarm "$text"
}

trap finish EXIT
trap 'exit 1' HUP INT TERM
ipck unlink "$name" 2>/dev/null || :

title 'Limits'
run ipck limits
mailboxes
shell_pipeline
shell_server
events
leases
watching
segments
library
farm
title 'Nothing is left behind'
run ipck ls
title 'The demonstration is complete'
