#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# ipck bridge, with Debian's mosquitto for a broker: prints TAP.
#
#	bridge.sh [TEST...]
#
# None of the tests depends on how fast anything is.

# shellcheck source=selftests/cli_test.sh
. "$(dirname "$0")/cli_test.sh"

# What to connect to: a kernel may know no more than local sockets.
if [ -e /proc/net/tcp ]; then
	ifconfig lo 127.0.0.1 up
	listener='1883 127.0.0.1' broker='127.0.0.1:1883' client='-h 127.0.0.1'
else
	listener='0 /tmp/broker' broker=/tmp/broker client='--unix /tmp/broker'
fi

# configure [LINE...]: of the broker, beside what all tests need
configure()
{
	printf '%s\n' 'user root' "listener $listener" 'allow_anonymous true' 'log_dest none' \
		'persistence true' "persistence_location $PWD/" 'max_queued_messages 0' "$@" >conf
}

start_broker()
{
	mosquitto -c conf &
	broker_pid=$!
	# shellcheck disable=SC2086 # options, and what they are about
	await mosquitto_pub -V 5 $client -t nowhere -n
}

# In the middle of whatever it does; it saves what it has.
restart_broker()
{
	kill "$broker_pid"
	wait "$broker_pid" || :
	start_broker
}

# What the broker has acknowledged it has written down.
save_broker()
{
	rm -f mosquitto.db
	kill -USR1 "$broker_pid"
	await test -s mosquitto.db
}

# begin NAME ARGUMENT...: a bridge of that id, which has connected; sets pid
begin()
{
	local name=$1
	shift
	rm -f "$name.log"
	ipck bridge --broker "$broker" --id "$name" "$@" 2>"$name.log" &
	pid=$!
	await has "$name.log" ': connected to'
}

# start NAME ARGUMENT...: and has subscribed to what it has to
start()
{
	begin "$@"
	case " $* " in
	*' --in '*) await has "$1.log" ': subscribed' ;;
	esac
}

# end SIGNAL PID: it ends by that, or as it should when told to
end()
{
	local status=0
	kill "-$1" "$2"
	wait "$2" || status=$?
	[ "$1" = 9 ] || [ $status = 0 ]
}

publish()
{
	# shellcheck disable=SC2086
	mosquitto_pub -V 5 -q 1 $client "$@"
}

# subscribe TOPIC: from now on the broker keeps what comes
subscribe()
{
	# shellcheck disable=SC2086
	mosquitto_sub -V 5 -q 1 $client -i reader -c -x 1000 -t "$1" -E
}

# read_topic TOPIC N FORMAT: what it has kept
read_topic()
{
	# shellcheck disable=SC2086
	mosquitto_sub -V 5 -q 1 $client -i reader -c -x 1000 -t "$1" -C "$2" -F "$3"
}

# shows NAME KEY VALUE: that is in a line of ipck stat
shows()
{
	[ "$(field "$2" "$1")" = "$3" ]
}

# has_got N: so many have come, or more
has_got()
{
	[ "$(field sent to)" -ge "$1" ]
}

# gather: what has come so far
gather()
{
	ipck recv -n -f -l to >>got || [ $? = 3 ]
	sort -nu got >once
}

# all_have_come N: each of the numbers from 1
all_have_come()
{
	gather
	seq 1 "$1" | cmp - once
}

#
# Messages
#

properties()
{
	start_broker
	ipck create from
	start one --out from=a/b
	subscribe a/b
	# shellcheck disable=SC2016
	sh -c 'echo $$ >sender; exec ipck send -p 7 -E 0,5 from hello'
	read_topic a/b 1 '%t %q %p|%P|' >out
	has out 'a/b 1 hello|' 'ipck-bridge:one' 'ipck-mailbox:from' 'ipck-seq:1' \
		"ipck-id:$(field id from)" 'ipck-priority:7' 'ipck-events:0x21' \
		"ipck-pid:$(cat sender)" "ipck-tid:$(cat sender)" 'ipck-uid:0' 'ipck-gid:0' 'ipck-time:'
	await shows from messages 0
}

priorities_and_events_arrive()
{
	start_broker
	ipck create to
	start one --in a/+=to
	publish -t a/b -m low -D publish user-property ipck-priority 1
	publish -t a/c -m high -D publish user-property ipck-priority 9 \
		-D publish user-property ipck-events 0x22
	await shows to messages 2
	ipck recv --json to >out
	has out '"priority":9' '"events":34' '"payload":"high"'
	ipck recv --json to >out
	has out '"priority":1' '"events":0' '"payload":"low"'
}

# What comes after it arrives.
bad_properties_do_not_count()
{
	start_broker
	ipck create to
	start one --in a=to
	publish -t a -m bad -D publish user-property ipck-priority 99999 \
		-D publish user-property ipck-events 0xffffffffffffffff
	ipck recv --json to >out
	has out '"priority":0' '"events":0' '"payload":"bad"'
}

events()
{
	start_broker
	ipck create --event -c 16 from
	start one -E 1,2 --out from=a
	subscribe a
	ipck send -E 3 from no
	ipck send -E 2 from yes
	ipck send from without
	read_topic a 2 %p >out
	is out 'yes\nwithout\n'
}

# Neither to the broker nor to the members
own_events_do_not_come_back()
{
	start_broker
	ipck create --event -c 16 from
	start one --out from=a --in a=from
	await has one.log 'out from=a: connected' 'in a=from: subscribed'
	subscribe a
	ipck join -N 3 from >heard &
	local member=$!
	await shows from members 2
	ipck send from here
	read_topic a 1 %p >out
	publish -t a -m there
	await shows from sent 2
	ipck send from again
	wait $member
	is heard 'here\nthere\nagain\n'
	read_topic a 2 %p >out
	is out 'there\nagain\n'
}

# arrives_with_the_same_id: from one mailbox to another, of the same host
arrives_with_the_same_id()
{
	ipck send from text
	ipck recv -l to >out
	is out 'text\n'
	await shows from messages 0
}

two_bridges_of_a_host()
{
	start_broker
	ipck create from
	ipck create to
	ipck bridge --broker "$broker" --out from=t 2>one.log &
	ipck bridge --broker "$broker" --in t=to 2>two.log &
	await has two.log ': subscribed'
	arrives_with_the_same_id
}

one_bridge_for_both_ends()
{
	start_broker
	ipck create from
	ipck create to
	ipck bridge --broker "$broker" --out from=t --in t=to 2>one.log &
	await has one.log ': subscribed'
	arrives_with_the_same_id
}

# The names of both, and of the session, would be the same with a '-' for all that is not a letter.
similar_names_have_sessions_of_their_own()
{
	start_broker
	ipck create to
	start one --in a/b=to --in a-b=to
	await has one.log 'in a/b=to: subscribed' 'in a-b=to: subscribed'
	publish -t a/b -m slash
	publish -t a-b -m dash
	await shows to messages 2
	end TERM $pid
	[ "$(grep -c 'connection lost' one.log)" = 0 ]
}

forgotten_session()
{
	start_broker
	ipck create to
	start one --in a=to
	kill -9 "$broker_pid"
	wait "$broker_pid" || :
	rm -f mosquitto.db
	start_broker
	await has one.log 'the broker has forgotten the session'
}

# The broker acknowledges messages of a mailbox that is gone, and of one with its name and tokens.
new_mailbox_has_its_own_tokens()
{
	start_broker
	ipck create from
	start one --out from=t
	subscribe t
	kill -STOP "$broker_pid"
	ipck send from old
	await shows from held 1
	ipck unlink from
	ipck create from
	await has one.log 'the mailbox is there again'
	ipck send from new
	await shows from held 1
	kill -CONT "$broker_pid"
	read_topic t 2 %p >out
	is out 'old\nnew\n'
	await shows from messages 0
	end TERM $pid
	[ "$(grep -c 'not acknowledged here' one.log)" = 0 ]
}

handled_when_the_broker_has_it()
{
	ipck create from
	ipck bridge --broker "$broker" --out from 2>one.log &
	ipck send --handled from text &
	local sender=$!
	await has one.log 'not connected'
	await shows from messages 1
	start_broker
	wait $sender
	shows from messages 0
}

# The mailbox holds two, and the bridge has more in its hands when it dies.
acknowledged_when_the_mailbox_has_it()
{
	local i
	start_broker
	ipck create -c 2 to
	start one --window 8 --in load=to
	seq 1 30 | publish -t load -l
	for i in 1 2 3; do
		await shows to messages 2
		end 9 $pid
		gather
		begin one --window 8 --in load=to
	done
	await all_have_come 30
}

full_mailbox_holds_up_nobody_else()
{
	start_broker
	ipck create -c 1 to
	ipck create dead
	ipck create from
	start one --in a=to --in b=dead --out from
	await has one.log 'a=to: subscribed' 'b=dead: subscribed'
	subscribe from
	seq 1 30 | publish -t a -l
	await shows to messages 1
	publish -t b -m other
	await shows dead messages 1
	ipck send from text
	read_topic from 1 %p >out
	is out 'text\n'
	await all_have_come 30
}

subscribed()
{
	start_broker
	ipck create from
	start one --subscribed --lease 1s --out from
	ipck send from text
	await has one.log 'refused' 'No matching subscribers'
	shows from messages 1
	subscribe from
	read_topic from 1 %p >out
	is out 'text\n'
	await shows from messages 0
}

# one_is_too_long TEXT: it becomes a dead letter, with a complaint, and holds up nothing
one_is_too_long()
{
	start_broker
	ipck create dead
	ipck create from
	ipck set -d dead -n 1 from
	start one --lease 1s --out from
	subscribe from
	head -c 2000 /dev/zero | ipck send from
	ipck send from short
	read_topic from 1 %p >out
	is out 'short\n'
	await shows dead messages 1
	has one.log "$1"
	shows from messages 0
}

too_long_for_a_packet()
{
	configure 'max_packet_size 1000'
	one_is_too_long 'cannot be published'
}

refused_by_the_broker()
{
	configure 'message_size_limit 1000'
	one_is_too_long 'refused'
}

too_long_for_the_mailbox()
{
	start_broker
	ipck create dead
	ipck create -l 8 to
	ipck set -d dead to
	start one --in a=to
	head -c 20 /dev/zero | publish -t a -s
	publish -t a -m short
	ipck recv to >out
	is out short
	shows dead messages 1
	has one.log 'became a dead letter'
	ipck set -d '' to
	head -c 20 /dev/zero | publish -t a -s
	publish -t a -m short
	ipck recv to >out
	is out short
}

mailbox_comes_back()
{
	start_broker
	ipck create to
	start one --in a=to
	ipck unlink to
	publish -t a -m text
	await has one.log 'the mailbox is gone'
	ipck create to
	ipck recv to >out
	is out text
	has one.log 'the mailbox is there again'
}

# They take the connection from each other, ever more slowly, and say so.
same_id()
{
	start_broker
	ipck create from
	begin one --out from
	ipck bridge --broker "$broker" --id one --out from 2>second.log &
	await has one.log "is there another bridge with the id 'one'?"
}

usage()
{
	ipck create from
	fails 2 'usage: ipck bridge' ipck bridge
	fails 2 'usage: ipck bridge' ipck bridge --out from extra
	fails 2 'usage: ipck bridge' ipck bridge --cert file --out from
	fails 2 "bad --in 'from'" ipck bridge --in from
	fails 2 "bad topic 'a/+'" ipck bridge --out from=a/+
	fails 2 "bad topic 'a+'" ipck bridge --in a+=from
	fails 2 "bad window '0'" ipck bridge -w 0 --out from
	fails 2 "bad lease '0'" ipck bridge -L 0 --out from
	fails 2 "bad lease '999ms'" ipck bridge -L 999ms --out from
	fails 2 "bad second --in 'a'" ipck bridge --in a=from --in a=from
	fails 1 'bridge: none: No such file' ipck bridge --cafile none --out from
	fails 2 "bad events 'joined'" ipck bridge -E joined --out from
	fails 2 "bad broker 'a:0'" ipck bridge -b a:0 --out from
	fails 1 'bridge none: no such' ipck bridge -b /none --out none
	fails 1 'bridge: none: No such file' ipck bridge -p none --out from
	fails 2 'cannot be both' ipck bridge -b /none --out from --in a=from
	fails 1 'it is not installed' env PATH=/none /bin/ipck bridge --out from
	ipck help bridge >out
	has out 'usage: ipck bridge' '--subscribed'
}

# certify NAME: a key, and a certificate of itself for the broker's address
certify()
{
	printf '%s\n' '[req]' 'distinguished_name=none' '[none]' >openssl.cnf
	openssl req -config openssl.cnf -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -addext subjectAltName=IP:127.0.0.1
}

# Each side believes the other, or does not; a password, too.
tls_and_password()
{
	certify broker
	certify bridge
	printf 'secret\nnothing\n' >secret
	printf 'me:secret\n' >passwords
	mosquitto_passwd -U passwords
	configure 'password_file passwords' 'listener 8883 127.0.0.1' 'certfile broker.pem' \
		'keyfile broker.key' 'cafile bridge.pem' 'require_certificate true'
	sed -i 's/allow_anonymous true/allow_anonymous false/' conf
	mosquitto -c conf &
	ipck create from
	ipck bridge -b 127.0.0.1 --cafile bridge.pem --out from=a 2>stranger.log &
	await has stranger.log 'certificate verify failed'
	ipck bridge -b 127.0.0.1 --cafile broker.pem -u me -p secret --out from=b 2>unknown.log &
	await has unknown.log 'next attempt in'
	ipck bridge -b 127.0.0.1 --cafile broker.pem --cert bridge.pem --key bridge.key \
		--out from=c 2>refused.log &
	await has refused.log 'the broker refuses: Not authorized'
	shows from received 0
	ipck send from text
	ipck bridge -b 127.0.0.1 --cafile broker.pem --cert bridge.pem --key bridge.key \
		-u me -p secret --out from=d 2>one.log &
	await shows from messages 0
	has one.log 'connected to 127.0.0.1'
}

#
# Nothing is lost: each number arrives once or more
#

# produce FIRST LAST: with three priorities, at once; until there is room
produce()
{
	local i
	for i in 0 1 2; do
		seq $(($1 + i)) 3 "$2" | ipck send -l -p $i from &
	done
}

start_both()
{
	ipck create from
	ipck create -c unbounded to
	start two --in load=to
	two=$pid
	start one --out from=load
	one=$pid
}

# It writes down what it has acknowledged only if it is told to end.
broker_restarts_under_load()
{
	local i
	start_broker
	start_both
	produce 1 1800
	for i in 1 2 3 4; do
		await has_got $((i * 300))
		restart_broker
	done
	await all_have_come 1800
	await shows from messages 0
}

# All that is under way then has not been acknowledged.
broker_dies_under_load()
{
	local i
	start_broker
	start_both
	save_broker
	for i in 1 2 3; do
		kill -STOP "$broker_pid"
		produce $((i * 100 - 99)) $((i * 100))
		await shows from held 20
		kill -9 "$broker_pid"
		wait "$broker_pid" || :
		start_broker
		await all_have_come $((i * 100))
	done
	await shows from messages 0
}

bridges_die_under_load()
{
	local i=0 signal
	start_broker
	start_both
	produce 1 1800
	for signal in 9 TERM 9 TERM; do
		i=$((i + 1))
		await has_got $((i * 300))
		end $signal "$one"
		begin one --out from=load
		one=$pid
		end $signal "$two"
		begin two --in load=to
		two=$pid
	done
	await all_have_come 1800
	await shows from messages 0
}

#
# Running
#

clean_up()
{
	ipck unlink from to dead 2>/dev/null
	rm -rf ./* /tmp/broker
	configure
}

if [ $# = 0 ]; then
	set -- properties priorities_and_events_arrive bad_properties_do_not_count events \
		own_events_do_not_come_back two_bridges_of_a_host one_bridge_for_both_ends \
		similar_names_have_sessions_of_their_own forgotten_session \
		new_mailbox_has_its_own_tokens handled_when_the_broker_has_it \
		acknowledged_when_the_mailbox_has_it full_mailbox_holds_up_nobody_else subscribed \
		too_long_for_a_packet refused_by_the_broker too_long_for_the_mailbox \
		mailbox_comes_back same_id usage broker_restarts_under_load \
		broker_dies_under_load bridges_die_under_load
	[ "$broker" = /tmp/broker ] || set -- "$@" tls_and_password
fi
run_tests bridge "$@"
