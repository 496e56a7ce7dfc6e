# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernels everything is built for and tested in, by name; what each of them
# is tells scripts/kernel.  Sourced by the scripts that are told one.

lanes=(stock debug stock-6.12 stock-7 stock-rt stock-arm64 debug-7 kcsan-7)

# Some of them with programs of 32 bits.  What is built for the kernel is the same.
lanes32=(stock-32 debug-32)

is_lane()
{
	[[ " ${lanes[*]} " == *" $1 "* ]]
}

# is_guest LANE: one of these, or one of those.
is_guest()
{
	is_lane "$1" || [[ " ${lanes32[*]} " == *" $1 "* ]]
}

# programs_arch LANE: what its programs are for, in Debian's words.
programs_arch()
{
	case $1 in
	*-32) echo i386 ;;
	*-arm64) echo arm64 ;;
	*) echo amd64 ;;
	esac
}
