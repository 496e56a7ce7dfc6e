#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What apt makes of the packages, in a guest of scripts/deb-test: for its report.
#
# packages.sh first     nothing is installed; packages are beside this file
# packages.sh second    that was in another kernel, for which there is a module, too
#
# A test is a function; it fails with the first command in it that fails, and then all it has done
# is shown. Later ones build on earlier ones.

here=$(cd "$(dirname "$0")" && pwd)
packages=()
for file in "$here"/*.deb; do
	packages+=("$(dpkg-deb --field "$file" Package)")
done
device=/dev/ipcmbox
rule=/etc/udev/rules.d/61-ipcmbox.rules
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root

# The user alice, in the groups she was put into
as_alice()
{
	setpriv --reuid=alice --regid=alice --init-groups --inh-caps=-all -- "$@"
}

# Its mode and its owners, once udev has done its work
device_is()
{
	udevadm settle
	[[ $(stat -c '%a %U %G' $device) == "$1" ]]
}

# ... and has looked again
device_becomes()
{
	udevadm control --reload
	udevadm trigger --name-match=ipcmbox
	device_is "$1"
}

load_again()
{
	modprobe -r ipcmbox
	[[ ! -e $device ]]
	modprobe ipcmbox
}

# The kernel's module is what DKMS has made
built_for()
{
	dkms status ipcmbox -k "$1" | tee status
	[[ $(wc -l <status) == 1 ]]
	grep ', x86_64: installed$' status
	[[ $(modinfo -k "$1" -n ipcmbox) == "/lib/modules/$1/updates/dkms/ipcmbox.ko"* ]]
}

# A package of the module with a higher version and the same scripts, and so little in it that it is
# built soon
make_newer()
{
	local version
	version=$(dpkg-deb --field "$here"/ipcmbox-dkms_*.deb Version)
	dpkg-deb --raw-extract "$here"/ipcmbox-dkms_*.deb newer
	rm newer/DEBIAN/md5sums
	sed -i "s/$version/&.1/" newer/DEBIAN/{control,postinst,prerm} newer/usr/src/*/dkms.conf
	mv "newer/usr/src/ipcmbox-$version" "newer/usr/src/ipcmbox-$version.1"
	echo 'obj-m := ipcmbox.o' >"newer/usr/src/ipcmbox-$version.1/Kbuild"
	cat >"newer/usr/src/ipcmbox-$version.1/ipcmbox.c" <<-'END'
		#include <linux/module.h>

		MODULE_DESCRIPTION("Nothing");
		MODULE_LICENSE("GPL");
		MODULE_VERSION("newer");
	END
	dpkg-deb --build newer newer.deb
	rm -r newer
}

# What apt and the scripts say of it is in the file said.
install_newer()
{
	apt-get install -y --no-install-recommends "$PWD/newer.deb" 2>&1 | tee said
	[[ $(dpkg-query -W -f '${Status} ${Version}' ipcmbox-dkms) == 'install ok installed '*.1 ]]
	[[ $(modinfo -F version ipcmbox) == newer ]]
}

mailboxes_work()
{
	"$@" ipck create -c 4 packaged
	"$@" ipck send -p 5 packaged 'by apt'
	[[ $("$@" ipck recv packaged) == 'by apt' ]]
	"$@" ipck unlink packaged
}

#
# In the first kernel
#

# There is no network: all that they depend on is in the guest.
install_packages()
{
	[[ ! -e $device ]]
	apt-get install -y --no-install-recommends "$here"/*.deb
	[[ -z $(dpkg --audit) ]]
	((${#packages[@]} >= 5))
}

built_for_the_running_kernel()
{
	built_for "$(uname -r)"
}

# It is there at once.
module_is_loaded()
{
	[[ -e /sys/module/ipcmbox ]]
	[[ -c $device ]]
}

# By the key that the README says has to be enrolled for Secure Boot.
module_is_signed()
{
	local key
	key=$(openssl x509 -inform DER -in /var/lib/dkms/mok.pub -noout -serial)
	[[ ${key#serial=} == "$(modinfo -F sig_key ipcmbox | tr -d :)" ]]
}

# As the rule has it, without a reboot.
everybody_may_open_it()
{
	useradd --create-home alice
	device_is '666 root ipcmbox'
	mailboxes_work
	mailboxes_work as_alice
}

# What the rule says of restricting it is what works.
the_group_only()
{
	sed -n 's/^#\t\(KERNEL==\)/\1/p' /usr/lib/udev/rules.d/60-ipcmbox.rules >$rule
	[[ -s $rule ]]
	device_becomes '660 root ipcmbox'
	as_alice ipck create packaged 2>said && return 1
	grep -i 'permission' said
	usermod --append --groups ipcmbox alice
	mailboxes_work as_alice
	rm $rule
	gpasswd --delete alice ipcmbox
	device_becomes '666 root ipcmbox'
}

# Budgets are where modprobe looks for them.
parameters_stay()
{
	echo 'options ipcmbox user_mailboxes=3' >/etc/modprobe.d/ipcmbox.conf
	load_again
	rm /etc/modprobe.d/ipcmbox.conf
	for name in one two three; do
		ipck create $name
	done
	ipck create four 2>said && return 1
	grep 'too many mailboxes' said
	ipck unlink one two three
	load_again
	device_is '666 root ipcmbox'
}

# As after make install, udev may know the rule before there is its group.
group_may_come_later()
{
	groupdel ipcmbox
	touch /usr/lib/udev/rules.d/60-ipcmbox.rules
	udevadm control --reload
	load_again
	device_is '666 root root'
	systemd-sysusers ipcmbox.conf
	device_becomes '666 root ipcmbox'
}

# Whoever types gets it without having asked for it.
completion_is_found()
(
	set +e
	# shellcheck source=/dev/null
	source /usr/share/bash-completion/bash_completion
	_completion_loader ipck
	[[ $(complete -p ipck) == 'complete -F _ipck ipck' ]] && bash "$here/completion.sh"
)

# The first program of the README, with what pkg-config says
programs_are_built()
{
	# shellcheck disable=SC2016 # those are of Markdown
	sed -n '/^## The first program/,/^## /p' "$here/README.md" |
		sed -n '/^```c$/,/^```$/{//!p}' >hello.c
	# shellcheck disable=SC2046 # words
	gcc -Wall -Werror -o hello hello.c $(pkg-config --cflags --libs libipck)
	[[ $(as_alice ./hello) == 'hello, world' ]]
	# shellcheck disable=SC2046 # words
	gcc -static -o hello hello.c $(pkg-config --static --cflags --libs libipck)
	[[ $(as_alice ./hello) == 'hello, world' ]]
}

posix_queues_are_mailboxes()
{
	cat >queue.c <<-'END'
		#include <fcntl.h>
		#include <mqueue.h>
		#include <stddef.h>

		int main(void)
		{
			return mq_open("/packaged", O_CREAT | O_RDWR, 0600, NULL) < 0;
		}
	END
	gcc -o queue queue.c
	LD_PRELOAD=libipck-posix.so.0 ./queue
	ipck unlink packaged
	# shellcheck disable=SC2046 # words
	gcc -o queue queue.c $(pkg-config --libs libipck-posix)
	./queue
	ipck unlink packaged
}

# When a kernel comes, its headers make DKMS build the module for it.
another_kernel_comes()
{
	apt-get install -y --no-install-recommends /second/*.deb
	dkms status ipcmbox
	[[ $(dkms status ipcmbox | grep -c ': installed$') == 2 ]]
}

#
# In the second kernel
#

loaded_at_boot()
{
	built_for "$(uname -r)"
	[[ $(dkms status ipcmbox | grep -c ': installed$') == 2 ]]
	[[ -e /sys/module/ipcmbox ]]
	device_is '666 root ipcmbox'
	mailboxes_work
	mailboxes_work as_alice
}

# What is loaded has the messages and those who wait, and goes on.
upgrade_leaves_what_is_loaded()
{
	ipck create before
	ipck send before 'from before'
	ipck create after
	ipck recv after >received &
	make_newer
	install_newer
	grep '^ipcmbox-dkms: the loaded module stays' said
	[[ ! -e /sys/module/ipcmbox/version ]]
	device_is '666 root ipcmbox'
	[[ $(ipck recv before) == 'from before' ]]
	ipck send after 'to who waited'
	wait
	[[ $(<received) == 'to who waited' ]]
	ipck unlink before after
}

removal_leaves_what_is_used()
{
	exec 9<>$device
	apt-get remove -y ipcmbox-dkms 2>&1 | tee said
	grep '^ipcmbox-dkms: the module is in use' said
	[[ $(dpkg-query -W -f '${Status}' ipcmbox-dkms) == 'deinstall ok config-files' ]]
	[[ -z $(dkms status ipcmbox) ]]
	mailboxes_work as_alice
	exec 9>&-
	rmmod ipcmbox
	[[ ! -e $device ]]
}

# ... and nothing is loaded that would stay
newer_is_loaded()
{
	install_newer
	grep '^ipcmbox-dkms: ' said && return 1
	[[ $(</sys/module/ipcmbox/version) == newer ]]
}

purge_leaves_nothing()
{
	apt-get purge -y "${packages[@]}"
	[[ ! -e /sys/module/ipcmbox && ! -e $device ]]
	[[ -z $(dkms status ipcmbox) ]]
	[[ -z $(dpkg-query -W "${packages[@]}" 2>/dev/null) ]]
	[[ -z $(getent group ipcmbox) ]]
	find / -xdev \( -name '*ipcmbox*' -o -name '*ipck*' \) >left
	cat left
	[[ ! -s left ]]
	grep -h ipcmbox /lib/modules/*/modules.dep && return 1
	true
}

# As where Secure Boot is on, and has not been told of DKMS's key. There is no way back.
rejected_key_is_told_of()
{
	echo Y >/sys/module/module/parameters/sig_enforce
	install_newer
	[[ ! -e /sys/module/ipcmbox ]]
	grep '^ipcmbox-dkms: .*Key was rejected by service.*--import /var/lib/dkms/mok.pub' said
	[[ -s /var/lib/dkms/mok.pub ]]
	apt-get purge -y ipcmbox-dkms
	[[ -z $(getent group ipcmbox) ]]
}

passed=0 failed=0
run()
{
	local log=$dir.log status
	# Not as a condition: there, set -e would be without effect.
	(
		set -ex
		"$1"
	) >"$log" 2>&1 </dev/null
	status=$?
	# Found as other tests' lines are, by scripts/verdict
	if ((status == 0)); then
		passed=$((passed + 1))
		echo "packages: ok $((passed + failed)) $1 in $((SECONDS - began)) s"
	else
		failed=$((failed + 1))
		sed 's/^/packages: # /' "$log"
		echo "packages: not ok $((passed + failed)) $1"
	fi
}

first=(install_packages built_for_the_running_kernel module_is_loaded module_is_signed
	everybody_may_open_it the_group_only parameters_stay group_may_come_later
	completion_is_found programs_are_built posix_queues_are_mailboxes another_kernel_comes)
second=(loaded_at_boot upgrade_leaves_what_is_loaded removal_leaves_what_is_used newer_is_loaded
	purge_leaves_nothing rejected_key_is_told_of)
case $1 in
first) tests=("${first[@]}") ;;
second) tests=("${second[@]}") ;;
*) exit 2 ;;
esac

echo "== packages $1, Linux $(uname -r)"
dir=$(mktemp -d)
chmod 755 "$dir"
cd "$dir" || exit 1
for test in "${tests[@]}"; do
	began=$SECONDS
	run "$test"
done
cd / && rm -rf "$dir" "$dir.log"
echo "VERDICT passed=$passed failed=$failed skipped=0"
