#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The ipck command: prints TAP.
#
#	cli.sh [TEST...]

# shellcheck source=selftests/cli_test.sh
. "$(dirname "$0")/cli_test.sh"

parameters=/sys/module/ipcmbox/parameters

waiting()
{
	[ "$(field "waiting_$1" "${3:-cli}")" = "$2" ]
}

# with PARAMETER VALUE COMMAND...: while the module has such a limit
with()
{
	local file=$parameters/$1 value=$2 saved status=0
	shift 2
	saved=$(cat "$file")
	echo "$value" >"$file"
	"$@" || status=$?
	echo "$saved" >"$file"
	return $status
}

as_nobody()
{
	su -s /bin/sh nobody -c "$*"
}

#
# Mailboxes
#

create_prints_the_id()
{
	id=$(ipck create cli)
	[ "$id" -gt 0 ]
	[ "$(field id)" = "$id" ]
	[ "$(field name "#$id")" = cli ]
	# One that exists stays as it is.
	[ "$(ipck create -c 5 cli)" = "$id" ]
	[ "$(field max_messages)" = 64 ]
	fails 1 'create cli: it exists already' ipck create -x cli
	[ "$(ipck create --exclusive cli2)" -gt "$id" ]
}

create_options()
{
	umask 0
	ipck create -c 3 -l 1K -b 4K -p drop-oldest -m 640 cli
	[ "$(field max_messages)" = 3 ]
	[ "$(field max_length)" = 1024 ]
	[ "$(field max_bytes)" = 4096 ]
	[ "$(field overflow)" = drop-oldest ]
	[ "$(field mode)" = 0640 ]
	umask 077
	ipck create --capacity unbounded --length 1M --bytes 1G --policy fail --mode 666 cli2
	[ "$(field max_messages cli2)" = unbounded ]
	[ "$(field max_length cli2)" = 1048576 ]
	[ "$(field max_bytes cli2)" = 1073741824 ]
	[ "$(field overflow cli2)" = fail ]
	[ "$(field mode cli2)" = 0600 ]
}

list()
{
	id=$(ipck create -c 5 -m 600 cli)
	ipck create -c 0 cli2
	ipck send cli 123 4567
	ipck ls >table
	head -n 1 table >title
	has title ID OWNER MODE CAPACITY MESSAGES BYTES SENT KIND NAME
	awk -v id="$id" '$1 == id {
		print $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, $NF
	}' table >line
	is line '0600 5 2 7 2 0 0 0 0 queue cli\n'
	awk '$NF == "cli2" { print $4 }' table >line
	is line '0\n'
	# By ascending id
	awk 'NR > 1 { print $1 }' table >ids
	sort -n ids | cmp - ids
	ipck unlink cli
	ipck ls >table
	! grep -q ' cli$' table
}

stat_shows_everything()
{
	ipck create -c 5 cli
	ipck send cli one three
	ipck recv cli >/dev/null
	[ "$(field messages)" = 1 ]
	[ "$(field bytes)" = 5 ]
	[ "$(field sent)" = 2 ]
	[ "$(field received)" = 1 ]
	[ "$(field peak_messages)" = 2 ]
	[ "$(field flags)" = named ]
	[ "$(field discipline)" = queue ]
	[ "$(field events)" = - ]
	for key in uid gid receiving readers writers waiting_receivers waiting_senders \
		   dropped withdrawn unreported wakeups parent pid tid members held \
		   max_deliveries recorder dead_letter redelivered dead_letters; do
		[ "$(field $key)" = 0 ]
	done
	field oldest_ns | grep -q '^[0-9]* (.*)$'
	fails 1 'stat cli3: no such mailbox' ipck stat cli3
	fails 1 'stat #999999: no such mailbox' ipck stat '#999999'
}

# Each key of the first file is in the second one.
has_keys()
{
	awk '{ print $1 }' "$1" | while read -r key; do
		grep -q "\"$key\": *[^ ]" "$2" || {
			echo "no $key in:"
			cat "$2"
			return 1
		}
	done
}

# Brackets in pairs and strings closed, as far as can be told without a parser.
is_json()
{
	awk '
		{ text = text $0 "\n" }
		END {
			gsub(/\\./, "", text)
			gsub(/"[^"]*"/, "s", text)
			gsub(/[ \t\n]/, "", text)
			while (gsub(/[{](s:[a-z0-9.-]+(,s:[a-z0-9.-]+)*)?[}]/, "o", text) ||
			       gsub(/[[]([a-z0-9.-]+(,[a-z0-9.-]+)*)?[]]/, "a", text))
				;
			exit text !~ /^[oa]$/
		}' "$1" || {
		cat "$1"
		return 1
	}
}

json()
{
	id=$(ipck create -c 5 cli)
	ipck send cli 'x"y'
	ipck stat cli >state
	ipck stat --json cli >stat.json
	is_json stat.json
	has_keys state stat.json
	grep -q "\"id\": *$id," stat.json
	grep -q '"name": *"cli"' stat.json
	grep -q '"max_messages": *5,' stat.json
	grep -q '"messages": *1,' stat.json

	ipck ls --json >ls.json
	is_json ls.json
	has_keys state ls.json
	[ "$(grep -c '"id":' ls.json)" = $(($(ipck ls | wc -l) - 1)) ]

	ipck limits >budget
	ipck limits --json >budget.json
	is_json budget.json
	has_keys budget budget.json

	ipck recv --json cli >recv.json
	is_json recv.json
	has recv.json '"length":3' '"priority":0' '"seq":1' '"lost":0' '"payload":"x\"y"'
	[ "$(wc -l <recv.json)" = 1 ]
	printf '\377\000a' | ipck send cli
	ipck recv --json cli >recv.json
	is_json recv.json
	has recv.json '"payload_hex":"ff0061"'
}

limits()
{
	ipck limits >budget
	for key in features length_max priority_max name_max max_mailboxes max_user_messages \
		   max_user_bytes user_mailboxes user_messages user_bytes fds_max iovec_max \
		   max_user_fds user_fds; do
		grep -q "^$key  *[0-9]*$" budget
	done
	grep -q '^priority_max  *32767$' budget
}

unlink()
{
	ipck create cli
	id=$(ipck create cli2)
	ipck unlink cli
	fails 1 'unlink cli: no such mailbox' ipck unlink cli
	ipck unlink "#$id"
	fails 1 "unlink #$id: no such mailbox" ipck unlink "#$id"
	# One that is missing keeps the others from nothing.
	ipck create cli
	ipck create cli3
	fails 1 'unlink cli2: no such mailbox' ipck unlink cli cli2 cli3
	fails 1 'no such mailbox' ipck stat cli
	fails 1 'no such mailbox' ipck stat cli3
}

set_attributes()
{
	id=$(ipck create -c 1 -l 100 cli)
	ipck set -c 7 -b 2K -p drop-newest -m 646 cli
	[ "$(field max_messages)" = 7 ]
	[ "$(field max_bytes)" = 2048 ]
	[ "$(field overflow)" = drop-newest ]
	[ "$(field mode)" = 0646 ]
	ipck set --capacity unbounded --bytes 0 --policy block --owner 12 --group 34 "#$id"
	[ "$(field max_messages)" = unbounded ]
	[ "$(field max_bytes)" = 0 ]
	[ "$(field overflow)" = block ]
	[ "$(field uid)" = 12 ]
	[ "$(field gid)" = 34 ]
	[ "$(field mode)" = 0646 ]
	fails 1 'set cli: invalid value' ipck set -b 99 cli
	fails 1 'set cli3: no such mailbox' ipck set -c 1 cli3
	# Whoever may receive may still not administer.
	fails 1 'set cli: only its owner may do that' as_nobody ipck set -c 1 cli
	[ "$(field max_messages)" = unbounded ]
	ipck set -m 0 cli
	[ "$(field mode)" = 0000 ]
}

more_capacity_admits_who_waits()
{
	ipck create -c 1 cli
	ipck send cli one
	ipck send cli two &
	await waiting senders 1
	ipck set -c 2 cli
	wait $!
	ipck recv -l -N 2 cli >out
	is out 'one\ntwo\n'
}

#
# Messages
#

standard_input_byte_by_byte()
{
	ipck create cli
	{
		printf '\000\001\n\000\377'
		head -c 60000 /dev/urandom
		printf '\n\000'
	} >payload
	ipck send cli <payload
	[ "$(field messages)" = 1 ]
	ipck recv cli | cmp - payload
	ipck send cli </dev/null
	ipck recv cli >out
	[ ! -s out ]
	[ "$(field received)" = 2 ]
}

arguments()
{
	ipck create cli
	ipck send -- cli one '' 'two  words' -x
	[ "$(field messages)" = 4 ]
	ipck recv cli >out
	is out one
	ipck recv --zero -N 3 cli >out
	is out '\000two  words\000-x\000'
	fails 1 'no such mailbox' ipck send cli3 one
	fails 1 'no such mailbox' ipck recv cli3
}

lines()
{
	ipck create cli
	printf 'a\n\n b  c \n\000d\nlast' | ipck send --lines cli
	[ "$(field messages)" = 5 ]
	ipck recv -l -N 5 cli >out
	is out 'a\n\n b  c \n\000d\nlast\n'
	[ "$(field messages)" = 0 ]
}

priorities()
{
	ipck create cli
	ipck send cli lowest
	ipck send -p 5 cli middle
	ipck send --priority 32767 cli highest
	ipck send -p 5 cli middle2
	ipck recv -n -l -m 6 cli >out
	is out 'highest\n'
	fails 3 'recv cli: no message' ipck recv -n -m 6 cli
	ipck recv -l -N 3 cli >out
	is out 'middle\nmiddle2\nlowest\n'
}

verbose()
{
	ipck create cli
	ipck send -p 7 cli hello
	ipck recv -v cli >out
	sed -i 's/ pid [1-9][0-9]* / /' out
	is out '# seq 1 priority 7 length 5 uid 0 lost 0\nhello\n'
}

peek()
{
	ipck create cli
	ipck send cli one two
	for _ in 1 2; do
		ipck recv --peek -l cli >out
		is out 'one\n'
	done
	[ "$(field messages)" = 2 ]
	[ "$(field received)" = 0 ]
	fails 3 'no message' ipck recv --peek -n -m 1 cli
	ipck recv -l -N 2 cli >out
	is out 'one\ntwo\n'
}

lost_messages()
{
	ipck create -c 1 -p drop-oldest cli
	ipck send cli one two three
	ipck recv -v cli >out
	has out 'lost 2' three
	[ "$(field dropped)" = 2 ]
}

nonblock()
{
	ipck create -c 1 cli
	fails 3 'recv cli: no message' ipck recv -n cli
	id=$(field id)
	fails 3 "recv #$id: no message" ipck recv --nonblock "#$id"
	fails 3 'send cli: mailbox is full, or no receiver is waiting' ipck send -n -r cli x
	ipck send -n cli x
	fails 3 'send cli: mailbox is full' ipck send -n cli y
	fails 3 'send cli: mailbox is full' ipck send --nonblock cli y
	[ "$(field messages)" = 1 ]
}

timeout_ends_the_wait()
{
	ipck create -c 1 cli
	fails 3 'recv cli: timed out' ipck recv -t 0 cli
	fails 3 'recv cli: timed out' ipck recv -t 20ms cli
	ipck send -t 1 cli x
	fails 3 'send cli: timed out' ipck send -t 0.02 cli y
	fails 3 'send cli: timed out' ipck send --timeout 20000us cli y
	ipck recv -t 1 cli >out
	is out x
	fails 3 'send cli: timed out' ipck send -r -t 20ms cli y
	[ "$(field withdrawn)" = 1 ]
	[ "$(field messages)" = 0 ]
	# It is for each message, and what came before counts.
	ipck send cli z
	status=0
	ipck recv -N 2 -t 20ms cli >out 2>err || status=$?
	[ $status = 3 ]
	is out z
}

blocking()
{
	ipck create -c 0 cli
	ipck recv -l cli >out &
	await waiting receivers 1
	ipck send cli hello
	wait $!
	is out 'hello\n'
	ipck send -r cli again &
	await waiting senders 1
	ipck recv -l cli >out
	wait $!
	is out 'again\n'
}

follow()
{
	ipck create cli
	ipck recv -f -l cli >out &
	for i in 1 2 3; do
		ipck send cli $i
		await grep -q $i out
	done
	await waiting receivers 1
	kill $!
	is out '1\n2\n3\n'
}

#
# Events
#

events()
{
	ipck create -e -c 8 cli
	[ "$(field discipline)" = event ]
	ipck join -N 3 cli >all &
	ipck join -N 1 -E 5,7 cli >some &
	await has_field members 2
	ipck ls | grep -q " member  *(of #$(field id), pid "
	ipck send cli one
	ipck send --events 5 cli two
	ipck send -E 6 cli three
	wait
	is all 'one\ntwo\nthree\n'
	is some 'one\n'
	ipck join -v -E joined,left,died cli >watcher &
	await has_field members 1
	watcher=$!
	ipck join cli >other &
	await has_field members 2
	kill -9 $!
	await has_field members 1
	await has watcher 'events joined' 'events died'
	kill $watcher
}

has_field()
{
	[ "$(field "$1")" = "$2" ]
}

keep_last()
{
	ipck create --event --keep-last -c 8 cli
	ipck send -E 1 cli old
	ipck send -E 1 cli new
	ipck send -E 2 cli other
	ipck join -N 2 -t 10 cli >out
	is out 'new\nother\n'
	fails 3 'join cli: ' ipck join -n -E 3 cli
}

select_by_event()
{
	ipck create cli
	ipck send cli none
	ipck send -E 0,60 cli both
	ipck send -E 60 cli last
	ipck recv -v -n -E 60 cli >out
	has out 'events 0,60' both
	ipck recv -n -E 0,60 cli >out
	is out last
	fails 3 '' ipck recv -n -E 0,60 cli
	fails 2 "bad events '61'" ipck send -E 61 cli x
	fails 2 "bad events '1,,2'" ipck send -E 1,,2 cli x
	fails 2 "bad events ''" ipck recv -E '' cli
	fails 1 'invalid value' ipck send -E died cli x
}

#
# Processes
#

inbox()
{
	ipck inbox -N 2 >out &
	pid=$!
	await ipck send --to $pid hello
	ipck ls | grep -q " endpoint (of pid $pid)"
	ipck send -T pid:$pid again
	wait $pid
	is out 'hello\nagain\n'
	fails 1 "send $pid: no such process or thread" ipck send --to $pid more
	fails 1 'send x: invalid value' ipck send --to x more
	fails 2 "bad sender 'x'" ipck recv --from x cli
}

#
# Calls
#

call_and_reply()
{
	ipck create cli
	ipck call cli ping >answer &
	ipck reply -t 20 cli pong >request
	wait $!
	is request ping
	is answer pong
	# From standard input to standard output, byte by byte.
	printf '\000\n\377' >bytes
	ipck call cli <bytes >answer &
	ipck reply -t 20 cli <bytes >request
	wait $!
	cmp bytes request
	cmp bytes answer
	# With a status
	status=0
	ipck call -l cli x >answer 2>err &
	ipck reply -t 20 -s 5 cli no >request
	wait $! || status=$?
	[ $status = 1 ]
	is answer 'no\n'
	has err 'replied with status 5'
}

calls_that_fail()
{
	ipck create cli
	fails 3 'call cli: timed out' ipck call -t 20ms cli x
	[ "$(field messages)" = 0 ]
	ipck send cli plain
	ipck reply -n cli x 2>err >out
	is out plain
	has err 'nobody waits for a reply'
	fails 3 'reply cli: no message' ipck reply -n cli x
	# To receive is to acknowledge, with an empty reply.
	ipck call cli x >out 2>err &
	caller=$!
	ipck recv -t 20 -L 60 cli >request
	wait $caller
	is request x
	is out ''
	# Its receiver dies before it has replied.
	status=0
	ipck call cli x >out 2>err &
	caller=$!
	mkfifo never
	exec 9<>never
	ipck reply cli <never >second &
	await [ -s second ]
	kill $!
	wait $caller || status=$?
	[ $status = 1 ]
	has err 'other side is gone'
}

serve()
{
	ipck create cli
	ipck serve -N 3 cli -- tr a-z A-Z &
	ipck call -t 20 cli hello >out
	is out HELLO
	seq 10000 >lines
	ipck call -t 20 cli <lines >out
	cmp lines out
	ipck send cli 'no reply' >out
	wait $!
	# shellcheck disable=SC2016
	ipck serve -N 1 cli sh -c 'echo "$IPCK_UID $IPCK_PRIORITY"; exit 3' &
	status=0
	ipck call -p 7 cli x >out 2>err || status=$?
	[ $status = 1 ]
	is out '0 7\n'
	has err 'status 3'
	wait $!
	fails 3 'serve cli: timed out' ipck serve -t 20ms cli true
}

handled()
{
	ipck create cli
	ipck send --handled cli x &
	await waiting senders 1
	ipck recv cli >out
	wait $!
	is out x
}

lease()
{
	ipck create cli
	ipck send cli one
	# What cannot be written goes back.
	status=0
	ipck recv --lease 60 cli >/dev/full 2>err || status=$?
	[ $status = 1 ]
	[ "$(field messages)" = 1 ]
	ipck recv -v -L 60 cli >out
	has out 'redelivered 1' one
	[ "$(field messages)" = 0 ]
	[ "$(field redelivered)" = 1 ]
	fails 2 "bad lease '0'" ipck recv -L 0 cli
}

dead_letters()
{
	ipck create cli
	id=$(ipck create cli2)
	ipck set -d cli2 -n 2 cli
	[ "$(field dead_letter)" = "$id" ]
	[ "$(field max_deliveries)" = 2 ]
	ipck set --max-deliveries 1 cli
	[ "$(field dead_letter)" = "$id" ]
	[ "$(field max_deliveries)" = 1 ]
	ipck send cli poison
	ipck recv -L 60 cli >/dev/full 2>err || :
	ipck recv -n cli2 >out
	is out poison
	[ "$(field dead_letters)" = 1 ]
	ipck set --dead-letter '' cli
	[ "$(field dead_letter)" = 0 ]
	fails 1 'set cli: no such mailbox' ipck set -d cli3 cli
}

#
# What programs have for input and output
#

exec_write()
{
	ipck create cli
	ipck exec -w cli -- printf 'hello\000'
	ipck exec -w "#$(field id)" sh -c 'echo one; echo two'
	[ "$(field messages)" = 3 ]
	ipck recv cli >out
	is out 'hello\000'
	ipck recv -N 2 cli >out
	is out 'one\ntwo\n'
}

exec_read()
{
	ipck create cli
	ipck send cli one two three
	ipck exec -r cli -- dd bs=4096 count=1 >out
	is out one
	[ "$(field messages)" = 2 ]
	# A read for less than the message is long leaves it there.
	fails 1 '' ipck exec -r cli -- dd bs=2 count=1
	[ "$(field messages)" = 2 ]
	ipck exec -r -w cli -- dd bs=4096 count=1
	ipck recv -l -N 2 cli >out
	is out 'three\ntwo\n'
	[ "$(field readers)" = 0 ]
}

exec_status()
{
	ipck create cli
	fails 0 '' ipck exec -r cli true
	fails 7 '' ipck exec -r cli -- sh -c 'exit 7'
	fails 127 './none: ' ipck exec -r cli -- ./none
	echo >none
	fails 126 './none: ' ipck exec -r cli -- ./none
	fails 1 'exec cli3: no such mailbox' ipck exec -w cli3 true
}

#
# Watching
#

watch_once()
{
	id=$(ipck create cli)
	ipck create cli2
	ipck send cli one two
	ipck watch -n 1 cli >out
	[ "$(wc -l <out)" = 2 ]
	has out TIME MESSAGES SENT/S RECV/S NAME
	awk 'NR == 2 { print $2, $NF }' out >line
	is line '2 cli\n'
	ipck watch -n 1 "#$id" /cli2 >out
	[ "$(wc -l <out)" = 3 ]
	ipck watch --count 1 >out
	has out cli cli2
	# Nothing changes, so there is nothing more to say.
	ipck watch -n 3 --delay 10ms cli >out
	[ "$(wc -l <out)" = 2 ]
}

watch_changes()
{
	ipck create cli
	ipck watch -d 20ms cli >out &
	await grep -q ' cli$' out
	ipck send cli one
	# shellcheck disable=SC2016
	await awk '$2 == 1 && $NF == "cli" { found = 1 } END { exit !found }' out
	ipck unlink cli
	await grep -q 'gone cli$' out
	kill $!
}

# Its screen is tested by bindings/cli_top.py.
top()
{
	ipck create cli
	ipck send cli one two
	ipck top -n 1 >out
	has out ' mailboxes: ' ID KIND STATE SENT/S OLDEST NAME
	awk '$NF == "cli" { print $2, $3, $4, $5 }' out >line
	is line 'queue - 2 6\n'
	ipck top --batch --count 3 --delay 10ms >out
	[ "$(grep -c ' mailboxes: ' out)" = 3 ]
	[ "$(LC_ALL=C tr -d '\n -~' <out | wc -c)" = 0 ]
	ipck recv -f cli >received &
	await has_field messages 0
	ipck top -b -d 500ms >out &
	await has out cli
	for i in 1 2 3 4 5; do
		ipck send cli $i
	done
	# The busiest comes first, in one of the tables after the first.
	# shellcheck disable=SC2016
	await awk '/mailboxes:/ { table++; row = 0 } { row++ }
		   table > 1 && row == 3 && $NF == "cli" && $6 > 0 && $7 > 0 { found = 1 }
		   END { exit !found }' out
	kill $!
}

# top_names OPTION...: the mailboxes, in order
top_names()
{
	ipck top -n 1 "$@" >out
	awk '/^ *ID/ { rows = 1; next } rows && NF { print $NF }' out
}

top_sorted()
{
	ipck create cli
	ipck create cli2
	ipck create cli3
	ipck send cli 1
	ipck send cli2 1 2 3
	ipck send cli3 1 2
	top_names -s messages >names
	is names 'cli2\ncli3\ncli\n'
	top_names --sort mess --reverse >names
	is names 'cli\ncli3\ncli2\n'
	top_names -s NAME >names
	is names 'cli\ncli2\ncli3\n'
	top_names -r -s id --filter cli >names
	is names 'cli3\ncli2\ncli\n'
	top_names -f 2 >names
	is names 'cli2\n'
	ipck top -n 1 -f cli4 >out
	has out '0 mailboxes: '
	fails 2 "bad column 'x'" ipck top -s x
	fails 2 "bad column ''" ipck top -s ''
	fails 2 "bad filter ''" ipck top -f ''
}

# in_state NAME STATE [DELAY]: in the second of two looks
in_state()
{
	ipck top -b -n 2 -d "${3:-10ms}" >out
	awk -v name="$1" -v state="$2" '
		/mailboxes:/ { table++ }
		table == 2 && $NF == name { found = $3 == state }
		END { exit !found }' out
}

top_trouble()
{
	ipck create cli
	ipck send cli x
	ipck create -c 0 cli2
	ipck send cli2 x &
	sender=$!
	ipck create cli3
	ipck send cli3 x y
	ipck exec -r cli3 sleep 60 &
	await in_state cli unread
	await in_state cli2 slow
	await in_state cli3 stuck 1s
	has out ' 3 in trouble, 0 tasks deadlocked' "(pid $sender) waits " ' for room in cli2 #'
	# Worst first, whatever is busy
	[ "$(top_names | head -n 1)" = cli ]
	ipck recv cli2
	ipck recv cli
	in_state cli -
	in_state cli2 -
}

top_deadlock()
{
	ipck create cli
	printf '\n' | ipck send cli
	# One process, which has received, and now waits for a receiver: that is nobody else.
	ipck exec -r cli -- sh -c 'read -r _; exec ipck send -r cli x' &
	await waiting senders 1
	await in_state cli deadlock
	has out ' 1 tasks deadlocked' "(pid $!) waits " ': a DEADLOCK'
	kill $!
}

blocked()
{
	ipck create cli
	ipck recv cli >out &
	receiver=$!
	await waiting receivers 1
	ipck blocked >graph
	has graph "ipck (pid $receiver) waits" "for message in cli #$(field id)"
	ipck blocked --json >graph.json
	is_json graph.json
	has graph.json '"what":1' "\"pid\":$receiver"
	ipck send cli x
	wait $receiver
	ipck blocked >graph
	! grep -q " cli #" graph
}

blocked_chain()
{
	ipck create cli
	ipck create cli2
	ipck serve cli -- ipck call cli2 &
	server=$!
	mkfifo never
	exec 9<>never
	ipck reply cli2 <never >request &
	last=$!
	ipck call -t 60 cli x &
	caller=$!
	await [ -s request ]
	ipck blocked >graph
	has graph "ipck (pid $caller) waits" "for reply in cli #" "from ipck (pid $server)" \
		"for reply in cli2 #" "from ipck (pid $last)"
	ipck blocked --dot >graph.dot
	has graph.dot 'digraph blocked {' "task$caller [shape=box, label=\"ipck (pid $caller)\"];" \
		"task$caller -> task$server [label=\"reply, " ", cli #$(field id)\"];" \
		"-> task$last [label=\"reply, " "task$last [shape=box"
	[ "$(grep -c red graph.dot)" = 0 ]
	kill $caller $last
	kill $server
}

blocked_dot_names()
{
	ipck create 'cli"\x'
	ipck recv 'cli"\x' >out &
	receiver=$!
	await waiting receivers 1 'cli"\x'
	id=$(field id 'cli"\x')
	ipck blocked --dot >graph.dot
	# A backslash is shown as \x5c, and each backslash needs another one there.
	has graph.dot "task$receiver -> mailbox$id [label=\"message, " \
		"mailbox$id [label=\"cli\\\"\\\\x5cx #$id\"];"
	ipck unlink 'cli"\x'
	kill $receiver
}

# traced OPTION...: what is sent to cli is followed from now on, by $tracer
traced()
{
	# Or every switch of tasks would be traced for their names, see trace.c.
	echo 0 >/sys/kernel/tracing/options/record-cmd
	# An older one would be taken for the beginning of this.
	rm -f out
	ipck trace -t 60 "$@" cli >out &
	tracer=$!
	await [ -s out ]
}

trace_message()
{
	ipck create cli
	fails 2 "bad number '0'" ipck trace cli 0
	fails 2 'usage: ipck trace' ipck trace -a cli 1
	if [ ! -d /sys/kernel/tracing/instances ]; then
		fails 1 '/sys/kernel/tracing: No such file or directory' ipck trace cli
		return
	fi
	traced
	ipck send -p 3 cli one
	ipck send -p 3 cli two
	ipck recv -N 2 cli
	wait $tracer
	awk 'NR > 1 { print $1, $3 }' out >steps
	is steps '1 send\n1 take\n1 finish\n'
	has out 'priority=3 length=3'
	status=0
	ipck trace -t 10ms cli || status=$?
	[ $status = 3 ]
	[ -z "$(ls /sys/kernel/tracing/instances)" ]
}

trace_call()
{
	[ -d /sys/kernel/tracing/instances ] || return 0
	ipck create cli
	ipck serve cli -- tr a-z A-Z &
	server=$!
	traced
	ipck call cli hello >answer
	wait $tracer
	kill $server
	awk 'NR > 1 && $3 != "wake" { print $1, $3 }' out >steps
	is steps '1 send\n1 take\n1 finish\n1 reply\n'
	traced -a
	ipck send cli x y
	await grep -q '^ *3 .* send ' out
	kill -INT $tracer
	wait $tracer
	[ -z "$(ls /sys/kernel/tracing/instances)" ]
}

metrics()
{
	ipck create -c 4 cli
	ipck create -c unbounded 'cli"\x'
	ipck send cli one two
	ipck recv cli
	ipck shm create -s 8K cli
	ipck metrics >out
	id=$(field id)
	has out '# TYPE ipcmbox_messages gauge' '# TYPE ipcmbox_sent_total counter' \
		"ipcmbox_messages{id=\"$id\",name=\"cli\",kind=\"queue\"} 1" \
		"ipcmbox_sent_total{id=\"$id\",name=\"cli\",kind=\"queue\"} 2" \
		"ipcmbox_capacity{id=\"$id\",name=\"cli\",kind=\"queue\"} 4" \
		"name=\"cli\\\"\\\\x\",kind=\"queue\"} +Inf" \
		',name="cli"} 8192' 'ipcmbox_deadlocked_tasks 0' 'ipcmbox_user_segments 1'
	# A sample is a name, labels and a number; a metric is explained before, and once.
	[ "$(grep -cEv '^(# (HELP|TYPE) ipcmbox_[a-z_]+ .*|ipcmbox_[a-z_]+({.*})? (\+Inf|[0-9.]+))$' \
		out)" = 0 ]
	sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' out >explained
	sed -n 's/^\(ipcmbox_[a-z_]*\).*/\1/p' out | uniq >sampled
	cmp explained sampled
	sort -u explained | wc -l >unique
	[ "$(cat unique)" = "$(wc -l <explained)" ]
	fails 2 'usage: ipck metrics' ipck metrics cli
	ipck unlink 'cli"\x'
}

record()
{
	ipck create cli
	ipck record cli >out
	[ "$(wc -l <out)" = 1 ]
	ipck set --recorder 100 cli
	[ "$(field recorder)" = 100 ]
	ipck send -p 3 -E 4 cli abc
	ipck recv cli >payload
	ipck record cli >out
	awk 'NR > 1 { print $1, $3, $4, $5, $6, $NF }' out >lines
	is lines '1 sent 1 3 3 4\n2 taken 1 3 3 4\n'
	ipck record --json cli >out
	[ "$(wc -l <out)" = 2 ]
	has out '"step":1' '"step":3' '"length":3'
	fails 1 'record cli: only its owner may do that' as_nobody ipck record cli
	fails 2 "bad recorder '65537'" ipck set -r 65537 cli
	ipck set -r 0 cli
	[ "$(field recorder)" = 0 ]
}

#
# Measuring
#

# figures COUNT: so many lines of a table are a case, a way, and figures that can be true
figures()
{
	awk -v count="$1" '
		/^CASE/ { rows = 1; next }
		/^Note/ { rows = 0 }
		!rows || !NF { next }
		NF != 7 || $3 <= 0 || $4 < $3 || $5 <= 0 || $6 < $5 || $7 <= 0 { bad = 1; print }
		{ found++ }
		END { exit bad || found != count }' out
}

bench()
{
	pidof ipck >before || :
	ipck bench -s 200ms -r 2 >out
	has out "Linux $(uname -r), " ' CPUs ' '2 runs' \
		'CASE            WAY           MEDIAN        P99     LOWEST    HIGHEST    SAMPLES'
	for case in round-trip-8 round-trip-64 round-trip-1K round-trip-64K one-way-64 one-way-1K \
		    fan-out-8x64; do
		for way in ipcmbox channel mqueue pipe seqpacket; do
			grep -qE "^$case +$way +[0-9]" out
		done
	done
	has out 'round-trip-8    eventfd' 'hand-over-1M    ipcmbox' 'hand-over-1M    seqpacket'
	figures 38
	for case in one-way-64 one-way-1K; do
		grep "^$case: messages there is room for:" out >depths
		for way in 'ipcmbox 8' 'channel [0-9]+' 'mqueue 8' 'pipe [0-9]+' 'seqpacket [0-9]+'; do
			grep -qE "[:,] $way(,|\$)" depths
		done
	done
	# It leaves nothing behind.
	[ "$(ipck ls | wc -l)" = 1 ]
	for pid in $(pidof ipck); do
		grep -qw "$pid" before
	done
}

bench_choice()
{
	ipck bench -s 50ms --runs 3 --case one-way,hand --way ipcmbox,pipe --cpus 0,0 >out
	figures 5
	has out 'CPUs 0 and 0' 'both sides share a CPU' '3 runs'
	ipck bench -s 50ms -r 1 -c round-trip-8 -w eventfd --csv >out
	[ "$(wc -l <out)" = 2 ]
	has out case,way,size,median_ns,p99_ns,lowest_ns,highest_ns,runs,samples,depth
	grep -qE '^round-trip-8,eventfd,8(,[0-9]+\.[0-9]){4},1,[0-9]+,$' out
	# A pipe holds 64 KiB, see pipe(7).
	ipck bench -s 50ms -r 1 -c one-way-1K -w pipe --csv >out
	grep -qE '^one-way-1K,pipe,1024,.*,64$' out
	ipck bench -s 50ms -r 1 -c one-way-1K -w mqueue --json >out
	has out '"depth":8'
	ipck bench -s 50ms -r 1 -c round-trip-8 -w ipcmbox --json >out
	is_json out
	has out '"case":"round-trip-8"' '"way":"ipcmbox"' '"size":8' '"runs":1' \
		"\"kernel\":\"$(uname -r)\""
	grep -qE '"median_ns":[0-9]+\.[0-9]' out
	fails 2 'no such way does such a case' ipck bench -c one-way -w eventfd
	fails 2 "bad case 'x'" ipck bench -c x
	fails 2 "bad case 'one,'" ipck bench -c one,
	fails 2 "bad way 'x'" ipck bench -w x
	fails 2 "bad time '0'" ipck bench -s 0
	fails 2 "bad number of runs '0'" ipck bench -r 0
	fails 2 "bad pair of CPUs '0'" ipck bench -C 0
	fails 2 "bad pair of CPUs '0,9999'" ipck bench -C 0,9999
	fails 2 'usage: ipck bench' ipck bench x
}

bench_tells_what_fails()
{
	limit=$(cat /proc/sys/fs/mqueue/msgsize_max)
	echo 8192 >/proc/sys/fs/mqueue/msgsize_max
	status=0
	as_nobody ipck bench -s 50ms -r 2 -c round-trip-64K -w mqueue,ipcmbox >out || status=$?
	csv_status=0
	as_nobody ipck bench -s 50ms -r 1 -c round-trip-64K -w mqueue,ipcmbox --csv >csv 2>err ||
		csv_status=$?
	echo "$limit" >/proc/sys/fs/mqueue/msgsize_max
	[ $status = 1 ]
	has out 'mqueue    Invalid argument: see /proc/sys/fs/mqueue'
	grep -qE '^round-trip-64K +ipcmbox +[0-9]' out
	[ $csv_status = 1 ]
	grep -qE '^round-trip-64K,mqueue,65536,,,,,0,0,$' csv
	has err 'ipck: bench: round-trip-64K by mqueue: Invalid argument: see /proc/sys/fs/mqueue'
}

#
# Names
#

odd_names()
{
	newline=$(printf 'cli\nx')
	bytes=$(printf 'cli\377\001')
	for name in 'cli a  b' "$newline" "$bytes" 'cli\x' 'cli"q' "cli'\$(echo)" 'cli#1' '-cli'; do
		ipck create -- "$name"
		ipck send -- "$name" "to $name"
		ipck recv -- "$name" >out
		printf 'to %s' "$name" | cmp - out
		ipck stat --json -- "$name" >stat.json
		is_json stat.json
		ipck ls --json >ls.json
		is_json ls.json
	done
	# No byte of a name gets to a terminal that is not a character to look at.
	ipck ls >table
	has table ' cli a  b' ' cli\x0ax' ' cli\xff\x01' ' cli\x5cx' ' cli"q' ' -cli'
	[ "$(LC_ALL=C tr -d '\n -~' <table | wc -c)" = 0 ]
	has ls.json '"cli\nx"' '"cli?\u0001"' '"cli\"q"'
	fails 1 'stat clix\x0a\xff: no such' ipck stat "$(printf 'clix\n\377')"
	ipck unlink -- 'cli a  b' "$newline" "$bytes" 'cli\x' 'cli"q' "cli'\$(echo)" 'cli#1' '-cli'
}

bad_names()
{
	for name in '' / cli/x //cli . ..; do
		fails 1 ': invalid value' ipck create -- "$name"
		fails 1 '' ipck send -- "$name" x
		fails 1 '' ipck unlink -- "$name"
	done
	long=$(printf '%0255d' 0)
	ipck create "$long"
	ipck unlink "$long"
	fails 1 'name is too long' ipck create "0$long"
	fails 1 'name is too long' ipck unlink "0$long"
	ipck create /cli
	[ "$(field name)" = cli ]
	ipck stat /cli
	fails 1 '' ipck recv -n '#'
	fails 1 '' ipck recv -n '#x'
	fails 1 'no such mailbox' ipck recv -n '#0'
}

#
# Errors
#

errors_name_the_limit()
{
	ipck create -c 1 -l 4 cli
	fails 1 'send cli: message is longer than the mailbox allows' ipck send cli 12345
	[ "$(field sent)" = 0 ]
	ipck send cli 1234
	fails 3 'send cli: mailbox is full' ipck send -n cli x
	ipck create cli2
	fails 1 'send cli2: too many messages of this user are under way' \
		with user_messages 1 ipck send cli2 x
	fails 1 'send cli2: too many bytes of this user are under way' \
		with user_bytes 1 ipck send cli2 x
	fails 1 'create cli3: this user has too many mailboxes' \
		with user_mailboxes 1 ipck create cli3
	[ "$(field messages cli2)" = 0 ]
}

permission()
{
	umask 0
	ipck create -m 602 cli
	as_nobody ipck send cli x
	fails 1 'recv cli: permission denied' as_nobody ipck recv cli
	fails 1 'unlink cli: only its owner may do that' as_nobody ipck unlink cli
	as_nobody ipck stat cli
	as_nobody ipck ls | grep ' cli$'
	[ "$(field messages)" = 1 ]
}

usage()
{
	ipck create cli
	fails 2 'usage: ipck COMMAND' ipck
	fails 2 "no command 'frob'" ipck frob
	for command in create stat send recv set unlink exec join call reply serve record; do
		fails 2 "usage: ipck $command" ipck $command
		fails 2 "usage: ipck $command" ipck $command -Y cli
	done
	fails 2 'usage: ipck create' ipck create cli cli2
	fails 2 'usage: ipck ls' ipck ls cli
	fails 2 'usage: ipck stat' ipck stat cli cli2
	fails 2 'usage: ipck recv' ipck recv cli cli2
	fails 2 'usage: ipck recv' ipck recv --peek -N 2 cli
	fails 2 'usage: ipck send' ipck send -l cli x
	fails 2 'usage: ipck set' ipck set cli
	fails 2 'usage: ipck exec' ipck exec cli true
	fails 2 'usage: ipck exec' ipck exec -r cli
	fails 2 'usage: ipck limits' ipck limits cli
	fails 2 'usage: ipck join' ipck join cli cli2
	fails 2 'usage: ipck inbox' ipck inbox cli
	fails 2 'usage: ipck call' ipck call cli x y
	fails 2 'usage: ipck reply' ipck reply cli x y
	fails 2 'usage: ipck serve' ipck serve cli
	fails 2 'usage: ipck top' ipck top cli
	fails 2 'usage: ipck blocked' ipck blocked cli
	fails 2 'usage: ipck record' ipck record
	fails 2 "bad delay '0'" ipck top -d 0
	fails 2 "bad count '0'" ipck top -n 0
	fails 2 "bad status '-1'" ipck reply -s -1 cli
	fails 2 "bad deliveries 'x'" ipck set -n x cli
	fails 2 "bad priority '32768'" ipck send -p 32768 cli x
	fails 2 "bad priority '-1'" ipck send -p -1 cli x
	fails 2 "bad timeout '1x'" ipck send -t 1x cli x
	fails 2 "bad timeout '-1'" ipck recv -t -1 cli
	fails 2 "bad count '0'" ipck recv -N 0 cli
	fails 2 "bad priority 'high'" ipck recv -m high cli
	fails 2 "bad capacity '-1'" ipck create -c -1 cli2
	fails 2 "bad length '17M'" ipck create -l 17M cli2
	fails 2 "bad bytes '1T'" ipck create -b 1T cli2
	fails 2 "bad policy 'drop'" ipck create -p drop cli2
	fails 2 "bad mode '888'" ipck create -m 888 cli2
	fails 2 "bad policy ''" ipck set -p '' cli
	fails 2 "bad owner 'root'" ipck set -o root cli
	fails 2 "bad delay '0'" ipck watch -d 0
	fails 2 "bad count ''" ipck watch -n ''
	[ "$(field sent)" = 0 ]
	fails 1 'no such mailbox' ipck stat cli2
}

help()
{
	ipck help >out
	for command in create ls stat send recv watch set unlink limits exec join inbox call \
		       reply serve top blocked record metrics trace bench; do
		has out "  $command "
		ipck help $command >page
		has page "usage: ipck $command"
		ipck $command --help | cmp - page
	done
	ipck --help | cmp - out
	ipck version | grep -qx 'ipck [0-9]*\.[0-9]*\.[0-9]*'
	fails 2 "no command 'frob'" ipck help frob
}

channel()
{
	id=$(ipck create --channel -b 4K -l 1K cli)
	[ "$(ipck create -C cli)" = "$id" ]
	[ "$(field discipline)" = channel ]
	[ "$(field max_bytes)" = 4096 ]
	[ "$(field max_length)" = 1024 ]
	ipck send cli one two
	ipck send cli three
	[ "$(field messages)" = 3 ]
	ipck recv -l -N 3 cli | sort >out
	is out 'one\nthree\ntwo\n'
	[ "$(field messages)" = 0 ]

	ipck recv -l -N 2 cli >out &
	await waits
	fails 1 'there is one already' ipck recv -n cli
	[ "$(ipck create -C cli)" = "$id" ]
	ipck send cli four five
	wait
	is out 'four\nfive\n'
	fails 1 'invalid value' ipck send -p 1 cli six
}

waits()
{
	[ "$(field waiting_receivers)" = 1 ]
}

output_that_fails()
{
	ipck create cli
	ipck send cli one
	status=0
	ipck recv cli >/dev/full 2>err || status=$?
	[ $status = 1 ]
	has err 'standard output: '
	status=0
	ipck ls >/dev/full 2>err || status=$?
	[ $status = 1 ]
}

#
# Segments
#

shm_field()
{
	ipck shm stat "${2:-cli}" | sed -n "s/^$1  *//p"
}

shm_create()
{
	id=$(ipck shm create -s 10K cli)
	[ "$(shm_field id)" = "$id" ]
	[ "$(shm_field name "#$id")" = cli ]
	[ "$(shm_field size)" = 10240 ]
	[ "$(shm_field charged)" = 12288 ]
	[ "$(shm_field mode)" = 0600 ]
	[ "$(shm_field flags)" = named ]
	[ "$(shm_field pid)" -gt 0 ]
	# One that exists stays as it is; a mailbox of that name is another matter.
	[ "$(ipck shm create -s 1 cli)" = "$id" ]
	[ "$(shm_field size)" = 10240 ]
	fails 1 'shm create cli: it exists already' ipck shm create -x cli
	fails 1 'stat cli: no such mailbox' ipck stat cli
	ipck create cli
	[ "$(field id)" != "$id" ]
	umask 0
	ipck shm create -m 644 cli2
	[ "$(shm_field mode cli2)" = 0644 ]
	ipck shm resize 4096 cli2
	[ "$(shm_field size cli2)" = 4096 ]
	with user_segment_bytes 16384 fails 1 \
		'shm create cli3: segments of this user are too long together' \
		ipck shm create -s 1M cli3
	with user_segments 2 fails 1 'shm create cli3: this user has too many segments' \
		ipck shm create cli3
}

shm_copies()
{
	ipck shm create cli
	ipck shm write cli 'hello, world'
	ipck shm cat cli >out
	is out 'hello, world'
	ipck shm write -o 7 cli you
	ipck shm cat -o 5 -l 5 cli >out
	is out ', you'
	ipck shm cat -o 1K cli >out
	is out ''
	seq 100000 >numbers
	ipck shm write -o 4K cli <numbers
	ipck shm cat -o 4K cli | cmp - numbers
	fails 1 'shm cat cli3: no such' ipck shm cat cli3
	as_nobody 'ipck shm cat cli' 2>err && return 1
	has err 'shm cat cli: permission denied'
	with user_segment_bytes 4096 fails 1 'shm write cli: ' ipck shm write -o 1M cli x
}

shm_listed()
{
	ipck shm ls >out
	is out ''
	id=$(ipck shm create -s 4K cli)
	ipck shm ls >out
	has out SEGMENT "$id 0 " ' 4096 '
	ipck ls >out
	has out SEGMENT ' cli'
	ipck shm ls --json >out
	has out '"name":"cli"' '"size":4096'
	ipck shm stat --json cli >out
	has out "\"id\":$id,"
	fails 1 'shm stat cli3: no such mailbox or segment' ipck shm stat cli3
}

shm_unlinked()
{
	ipck shm create cli
	id=$(ipck shm create cli2)
	as_nobody 'ipck shm unlink cli' 2>err && return 1
	has err 'shm unlink cli: only its owner may do that'
	ipck shm unlink cli
	fails 1 'shm unlink cli: no such' ipck shm unlink cli
	ipck unlink --shm "#$id"
	fails 1 'unlink cli2: no such' ipck unlink --shm cli2
	ipck shm ls >out
	is out ''
}

shm_usage()
{
	fails 2 'usage: ipck shm create' ipck shm
	fails 2 'usage: ipck shm create' ipck shm none
	fails 2 'usage: ipck shm create' ipck shm create
	fails 2 "shm create: bad size 'x'" ipck shm create -s x cli
	fails 2 "shm create: bad mode '0'" ipck shm create -m 0 cli
	fails 2 "shm cat: bad offset '-1'" ipck shm cat -o -1 cli
	fails 2 'usage: ipck shm create' ipck shm unlink
	fails 2 'usage: ipck shm create' ipck shm write cli a b
	ipck help shm >out
	has out 'usage: ipck shm create' '--exclusive'
}

#
# Running
#

clean_up()
{
	ipck unlink cli cli2 cli3 2>/dev/null
	ipck shm unlink cli cli2 cli3 2>/dev/null
	rm -rf ./*
}

[ $# != 0 ] || set -- \
	create_prints_the_id create_options list stat_shows_everything json limits unlink \
	set_attributes more_capacity_admits_who_waits \
	standard_input_byte_by_byte arguments lines priorities verbose peek lost_messages \
	nonblock timeout_ends_the_wait blocking follow \
	events keep_last select_by_event inbox call_and_reply calls_that_fail serve handled \
	lease dead_letters \
	exec_write exec_read exec_status watch_once watch_changes \
	top top_sorted top_trouble top_deadlock blocked blocked_chain blocked_dot_names \
	trace_message trace_call metrics record channel bench bench_choice bench_tells_what_fails \
	odd_names bad_names \
	errors_name_the_limit permission usage help output_that_fails \
	shm_create shm_copies shm_listed shm_unlinked shm_usage
run_tests cli "$@"
