# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernels everything is built for and tested in, by name; what each of them
# is tells scripts/kernel.  Sourced by the scripts that are told one.

lanes=(stock debug stock-6.12 stock-7 stock-rt)

is_lane()
{
	[[ " ${lanes[*]} " == *" $1 "* ]]
}
