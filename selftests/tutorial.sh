#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The tutorial does what it says: types what has a $ before it and compares. Prints TAP. For the
# guest, as root, with busybox's tools.
#
#	tutorial.sh TUTORIAL.md

# block N FILE: the Nth console session of the file
block()
{
	awk -v n="$1" '/^```/ { inside = !inside && /^```console/ && ++count == n; next } inside' "$2"
}

# settle PID: it has begun to wait, or ended; whoever types goes on only then.
settle()
{
	local i=0
	while kill -0 "$1" 2>/dev/null && [ $i -lt 1000 ] &&
		! ipck blocked --json | grep -qE "\"pid\": *$1\b"; do
		i=$((i + 1))
		usleep 10000
	done
}

# The commands of a session as a script
script()
{
	# shellcheck disable=SC2016 # the script will expand it
	sed -n 's/^\$ //p' "$1" | sed 's/[^&]&$/&\nsettle $!/'
}

# compare EXPECTED GOT: line by line; ... is anything
compare()
{
	local pattern line
	exec 3<"$1" 4<"$2"
	while read -r pattern <&3; do
		read -r line <&4 || return 1
		pattern=$(printf '%s' "$pattern" | sed 's/[][*?\\]/\\&/g; s/\.\.\./*/g')
		# shellcheck disable=SC2254 # it is a pattern
		case $line in
		$pattern) ;;
		*) return 1 ;;
		esac
	done
	! read -r line <&4
}

tutorial=$1
dir=$(mktemp -d)
echo 'TAP version 13'
count=0 failures=0
while
	block $((count + 1)) "$tutorial" >"$dir/session"
	[ -s "$dir/session" ]
do
	count=$((count + 1))
	grep -v '^\$ ' "$dir/session" >"$dir/expected"
	script "$dir/session" >"$dir/script"
	# shellcheck disable=SC1091 # it has just been made
	(. "$dir/script") >"$dir/got" 2>&1 </dev/null
	if compare "$dir/expected" "$dir/got"; then
		echo "ok $count tutorial: $(sed -n 1p "$dir/session")"
	else
		sed 's/^/# /' "$dir/script" "$dir/got"
		echo "not ok $count tutorial: $(sed -n 1p "$dir/session")"
		failures=$((failures + 1))
	fi
done
rm -r "$dir"
echo "1..$count"
[ $failures = 0 ] && [ $count -gt 0 ]
