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
	if ((EUID != 0)) && [[ ! -v apt_is_apart ]]; then
		echo "package lists are missing or old; run as root: apt-get update" >&2
		return 1
	fi
	apt-get update -qq >&2
}

# apt_from SUITE...: from here on packages come from these suites of the mirror
# this machine has, the first one preferred.
apt_from()
{
	local dir=$cache/apt-$1 mirror
	mirror=$(debian_mirror)
	if [[ -z $mirror ]]; then
		apt_update
		mirror=$(debian_mirror)
	fi
	apt_apart "$dir" "
		Dir::Etc::sourcelist \"$dir/debian.sources\";
		Dir::Etc::sourceparts \"-\";
		APT::Default-Release \"$1\";" <<-END
		Types: deb
		URIs: $mirror
		Suites: $*
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	END
}

# apt_for ARCHITECTURE: from here on packages are for that one, or, if they are
# called so, for a PC.
apt_for()
{
	apt_apart "$cache/apt-$1" "
		APT::Architecture \"$1\";
		APT::Architectures { \"$1\"; \"amd64\"; };" </dev/null
}

# apt_apart DIR OPTIONS <SOURCES: from here on what is installed here does not
# matter.  The lists are in the cache, in DIR, and renewed after a day.
apt_apart()
{
	local dir=$1 lock
	mkdir -p "$dir/lists/partial"
	touch "$dir/status"
	exec {lock}>"$dir/lock"
	flock "$lock"
	cat >"$dir/debian.sources"
	cat >"$dir/apt.conf" <<-END
		$2
		Dir::State "$dir";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir";
		APT::Sandbox::User "root";
	END
	export APT_CONFIG=$dir/apt.conf
	apt_is_apart=1
	if [[ -z $(find "$dir/updated" -mtime 0 2>/dev/null) ]] && apt_update; then
		touch "$dir/updated"
	fi
	exec {lock}>&-
}

# Where this machine has Debian itself from, not its security updates.
debian_mirror()
{
	# shellcheck disable=SC2016 # apt-get's format, not the shell's
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Origin: Debian' 'Label: Debian' | sed -n 1p
}

# apt_unpack DIR PACKAGE...: unpack packages below DIR, without installing them.
# Packages come as NAME=VERSION, so that what the cache is named after is what
# is fetched.
apt_unpack()
{
	local dir=$1
	shift
	unpack_debs "$dir" download "$@"
}

# apt_unpack_root DIR PACKAGE...: the same with all that they depend on, so that
# programs can run in it.  After apt_from only: what is installed counts as there.
apt_unpack_root()
{
	local dir=$1
	shift
	unpack_debs "$dir" install -y --download-only --no-install-recommends "$@"
}

# unpack_debs DIR APT-GET-ARGUMENT...
unpack_debs()
{
	local dir=$1 debs deb options
	shift
	debs=$(mktemp -d)
	mkdir "$debs/partial"
	# APT's own download user cannot write to our directory; do without it.
	options=(-qq -o APT::Sandbox::User=root -o Dir::Cache::archives="$debs")
	if ! (cd "$debs" && apt-get "${options[@]}" "$@") >&2; then
		echo "cannot fetch $*; if the package lists are old: apt-get update" >&2
		return 1
	fi
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$debs"
}
