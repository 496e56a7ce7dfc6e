#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What bash offers after "ipck": prints TAP. With the module and with bash-completion.
#
# A test is a function; it fails with the first command in it that fails, and then all it has done
# is shown.

# shellcheck source=/dev/null
source /usr/share/bash-completion/bash_completion
# shellcheck source=libipck/tools/completion.bash
source "${1:-/usr/share/bash-completion/completions/ipck}"
[[ -e /dev/fd ]] || ln -s /proc/self/fd /dev/fd

# offered LINE: what there is for its end, as readline would ask, of which none fails
offered()
(
	rest=$1
	set +ex
	COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9 COMP_WORDS=() COMPREPLY=()
	while [[ $rest =~ ^\ *([:=]+|([^ :=\\\'\"]|\\.|\'[^\']*(\'|$)|\"([^\"\\]|\\.)*(\"|$))+) ]]; do
		COMP_WORDS+=("${BASH_REMATCH[1]}")
		rest=${rest:${#BASH_REMATCH}}
	done
	[[ -z $rest ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_ipck ipck "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
	((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
)

# is LINE WORD...: that is all, in any order
is()
{
	local words
	words=$(offered "$1" | sort)
	shift
	[[ $words == "$(printf '%s\n' "$@" | sort)" ]]
}

bash_knows()
{
	[[ $(complete -p ipck) == 'complete -F _ipck ipck' ]]
}

commands()
{
	local names
	mapfile -t names < <(ipck help | sed -n 's/^  \([a-z]*\)  *.*/\1/p')
	((${#names[@]} > 10))
	is 'ipck ' "${names[@]}"
	is 'ipck se' send serve set
	is 'ipck help ' "${names[@]}"
	is 'ipck help rep' reply
	is 'ipck help send '
	is 'ipck frob '
	is 'ipck shm ' create resize unlink ls stat cat write
}

options()
{
	local name names
	for name in $(ipck help | sed -n 's/^  \([a-z]*\)  *.*/\1/p'); do
		[[ $name != help && $name != version ]] || continue
		mapfile -t names < <(ipck help "$name" | grep -oE '^ +(-., )?--[a-z-]+' |
			grep -oE -- '--.*')
		[[ $name != send ]] || ((${#names[@]} > 5))
		[[ $name == shm ]] || is "ipck $name --" "${names[@]}"
	done
	is 'ipck send --re' --received
	is 'ipck shm create --ex' --exclusive
}

names()
{
	ipck create jobs
	ipck create 'my mail'
	ipck create "$(printf 'new\nline')"
	ipck shm create table
	is 'ipck send ' jobs 'my\ mail'
	is 'ipck recv -n -t 5 j' jobs
	is 'ipck recv --timeout=5 j' jobs
	is 'ipck send my\ ' 'my\ mail'
	is 'ipck set -d j' jobs
	is 'ipck unlink my\ mail ' jobs 'my\ mail'
	is 'ipck unlink -s ' table
	is 'ipck shm cat ' table
	is 'ipck shm resize 5 t' table
	is 'ipck shm unlink table ' table
}

# Readline takes what comes before a colon for another word.
names_with_colons()
{
	ipck create lift:up
	ipck create lift:down
	is 'ipck stat lift:' up down
	is 'ipck stat lift:u' up
}

# Readline wants what follows the quote, and closes it; inside there is no word but this one.
names_in_quotes()
{
	ipck create jobs
	ipck create 'my mail'
	ipck create lift:up
	ipck create "it's"
	ipck create 'say "hi"'
	ipck create "pa\$t!"
	is "ipck send 'jo" jobs
	is 'ipck send "jo' jobs
	is "ipck send 'my m" 'my mail'
	is 'ipck recv -n "my m' 'my mail'
	is "ipck stat 'lift:u" lift:up
	is 'ipck stat "lift:u' lift:up
	is "ipck send 'it" "it'\\''s"
	is 'ipck send "it' "it's"
	is "ipck send 'say" 'say "hi"'
	# It would be taken for the one that closes.
	is 'ipck send "say' 'say \"hi\""'
	is "ipck send 'pa" "pa\$t!"
	# Between these bash would still take it for an event of its history.
	is 'ipck send "pa'
	is "ipck send 'jobs'"
	is 'ipck send "jobs"'
	is "ipck unlink 'my mail' \"jo" jobs
	is "ipck 'ser" serve
	is "ipck create --policy='dr" drop-oldest drop-newest
}

nothing_to_offer()
{
	ipck create jobs
	is 'ipck create '
	is 'ipck send jobs '
	is 'ipck send -p '
	is 'ipck send --to 5 '
	is 'ipck ls '
	is 'ipck shm resize '
	is 'ipck shm create '
}

values()
{
	is 'ipck create -p ' block fail drop-oldest drop-newest
	is 'ipck create --policy=dr' drop-oldest drop-newest
	is 'ipck join --events d' died
}

programs()
{
	: >data
	ipck create jobs
	offered 'ipck exec jobs -- slee' | grep -x sleep
	offered 'ipck serve -N 2 jobs slee' | grep -x sleep
	is 'ipck exec jobs cat dat' data
}

# Without the module there are no names, and no error between the words of who types.
errors_are_silent()
{
	# shellcheck disable=SC2317 # it is called
	ipck()
	{
		echo wrong >&2
		return 1
	}
	offered 'ipck send ' >out 2>err
	cat out err
	[[ ! -s out && $(<err) != *wrong* ]]
}

clean_up()
{
	ipck unlink jobs 'my mail' "$(printf 'new\nline')" lift:up lift:down "it's" 'say "hi"' \
		"pa\$t!"
	ipck shm unlink table
	rm -rf ./*
}

count=0 failures=0
run()
{
	count=$((count + 1))
	clean_up >/dev/null 2>&1
	# Not as a condition: there, set -e would be without effect.
	(
		set -ex -o pipefail
		"$1"
	) >"$log" 2>&1 </dev/null
	# shellcheck disable=SC2181
	if (($? == 0)); then
		echo "ok $count completion.$1"
	else
		sed 's/^/# /' "$log"
		echo "not ok $count completion.$1"
		failures=$((failures + 1))
	fi
}

echo 'TAP version 13'
dir=$(mktemp -d)
log=$dir.log
cd "$dir" || exit 1
for test in bash_knows commands options names names_with_colons names_in_quotes nothing_to_offer \
	values programs errors_are_silent; do
	run $test
done
clean_up >/dev/null 2>&1
cd / && rm -rf "$dir" "$log"
echo "1..$count"
((failures == 0))
