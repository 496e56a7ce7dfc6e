# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What the tests of the command, which are scripts, have in common: sourced by them. For the guest,
# as root, with busybox's tools.
#
# A test is a function; it fails with the first command in it that fails, and then all it has done
# is shown. Before each of them, and at the end, there is clean_up, which the script has.

# field KEY [NAME|#ID]: a line of ipck stat
field()
{
	ipck stat "${2:-cli}" | sed -n "s/^$1  *//p"
}

# has FILE TEXT...: each TEXT is in the file
has()
{
	local file=$1 text
	shift
	for text; do
		grep -qF -e "$text" "$file" || {
			echo "'$text' is not in:"
			cat "$file"
			return 1
		}
	done
}

# is FILE TEXT: that, as of printf, is all there is
is()
{
	# shellcheck disable=SC2059
	printf "$2" | cmp - "$1" || {
		od -c "$1"
		return 1
	}
}

# fails STATUS TEXT COMMAND...: ends so, prints nothing and says why
fails()
{
	local status=$1 text=$2 got=0
	shift 2
	"$@" </dev/null >failed.out 2>failed.err || got=$?
	cat failed.err
	[ $got = "$status" ]
	[ ! -s failed.out ]
	[ -z "$text" ] || has failed.err "$text"
}

# await COMMAND...: it succeeds some time
await()
{
	local i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 6000 ]
		usleep 20000
	done
}

count=0 failures=0

# run AREA TEST
run()
{
	local log=$dir.log status

	count=$((count + 1))
	clean_up
	# Not as a condition: there, set -e would be without effect.
	(
		# shellcheck disable=SC2046 # they are many
		trap 'kill -9 $(jobs -p) 2>/dev/null || :; wait || :' EXIT
		set -ex
		"$2"
	) >"$log" 2>&1 </dev/null
	status=$?
	if [ $status = 0 ]; then
		echo "ok $count $1.$2"
	else
		cat "$log" ./*.log 2>/dev/null | sed 's/^/# /'
		echo "not ok $count $1.$2"
		failures=$((failures + 1))
	fi
}

# run_tests AREA TEST...: prints TAP. Each is in an empty directory.
run_tests()
{
	local area=$1 test
	shift
	echo 'TAP version 13'
	dir=$(mktemp -d)
	cd "$dir" || exit 1
	for test; do
		run "$area" "$test"
	done
	clean_up
	cd / && rm -rf "$dir" "$dir.log"
	echo "1..$count"
	[ $failures = 0 ]
}
