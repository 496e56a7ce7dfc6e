# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The cache: directories which are expensive to make and named after their
# contents.  Sourced by the scripts which own entries in it.

# Without this, a command that fails inside $(...) goes unnoticed.
shopt -s inherit_errexit

# What apt prints is read here.
export LC_ALL=C

cache=${IPCMBOX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipcmbox}

# cache_entry NAME BUILDER: print the directory of entry NAME.
#
# If there is none, BUILDER fills an empty directory, given as its argument;
# it gets its final name only when complete, so an interrupted run leaves
# nothing that looks like an entry, and two runs at once build it once.
cache_entry()
{
	local name=$1 builder=$2 lock temp

	if [[ ! -d $cache/$name ]]; then
		mkdir -p "$cache"
		exec {lock}>"$cache/.$name.lock"
		flock "$lock"
		if [[ ! -d $cache/$name ]]; then
			temp=$cache/.$name.part
			rm -rf "$temp"
			mkdir "$temp"
			"$builder" "$temp" >&2
			mv "$temp" "$cache/$name"
		fi
		exec {lock}>&-
	fi
	echo "$cache/$name"
}

# apt_version PACKAGE: the version apt would fetch; answered from local files.
apt_version()
{
	local version
	version=$(apt-cache policy "$1" | sed -n 's/^ *Candidate: //p')
	if [[ -z $version || $version == '(none)' ]]; then
		apt_update
		version=$(apt-cache policy "$1" | sed -n 's/^ *Candidate: //p')
	fi
	if [[ -z $version || $version == '(none)' ]]; then
		echo "no package $1 in this machine's apt sources" >&2
		return 1
	fi
	echo "$version"
}

apt_update()
{
	if ((EUID != 0)); then
		echo "package lists are missing or old; run as root: apt-get update" >&2
		return 1
	fi
	apt-get update -qq >&2
}

# apt_unpack DIR PACKAGE...: unpack packages below DIR, without installing them.
# Packages come as NAME=VERSION, so that what the cache is named after is what
# is fetched.
apt_unpack()
{
	local dir=$1 debs deb
	shift
	debs=$(mktemp -d)
	# APT's own download user cannot write to our directory; do without it.
	if ! (cd "$debs" && apt-get download -qq -o APT::Sandbox::User=root "$@") >&2
	then
		echo "cannot fetch $*; if the package lists are old: apt-get update" >&2
		return 1
	fi
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$debs"
}
