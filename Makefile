# SPDX-License-Identifier: GPL-2.0-only
#
# What can be done here; how is in scripts/.  The kernel's build reads Kbuild.

.PHONY: all module library install uninstall modules_install modules_uninstall deb deb-test test \
	 test-all coverage check selfcheck mutations demo bench bench-check fuzz soak shell clean \
	 help

root := $(abspath $(DESTDIR))
tree = $(or $(KDIR),/lib/modules/$(shell uname -r)/build)
release = $(or $(uts-release),$(error no kernel tree at $(tree)))
uts-release = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(tree)/include/generated/utsrelease.h)
loader = $(root)$(or $(PREFIX),/usr/local)/lib/modules-load.d/ipcmbox.conf
# The kernel's own build does it where it finds a map of symbols, which Debian's trees have not.
depmod = $(if $(root),,depmod $(release))

all: module library

module: ; +scripts/module host
library: ; $(MAKE) -C libipck OUT=$(CURDIR)/build/libipck
install uninstall: ; $(MAKE) -C libipck OUT=$(CURDIR)/build/libipck DESTDIR=$(root) $@
modules_install: module
	$(MAKE) -C $(tree) M=$(CURDIR)/build/module INSTALL_MOD_PATH=$(root) modules_install
	install -D -m 644 libipck/system/modules-load.d/ipcmbox.conf $(loader)
	$(depmod)
modules_uninstall:
	rm -f $(loader) $(root)/lib/modules/$(release)/extra/ipcmbox.ko* \
		$(root)/lib/modules/$(release)/updates/ipcmbox.ko*
	$(depmod)
deb: ; scripts/deb
deb-test: ; scripts/deb-test
test: ; scripts/test $(LANES)
test-all: ; scripts/check kernels && scripts/deb-test && scripts/test --all
coverage: ; scripts/test debug
check: ; scripts/check $(CHECKS)
selfcheck: ; scripts/selfcheck
mutations: ; scripts/mutations
demo: ; scripts/demo
bench: ; scripts/bench
bench-check: ; scripts/bench --check
fuzz: ; scripts/fuzz --seconds $(or $(SECONDS),600)
soak: ; scripts/soak --seconds $(or $(SECONDS),7200)
shell: ; scripts/shell
clean: ; rm -rf build

help:
	@echo 'make            the module for KDIR (default: the running kernel) and'
	@echo '                the library, in build/'
	@echo 'make install    the library, its headers and manual, and the command, below PREFIX'
	@echo '                (default: /usr/local) or DESTDIR/PREFIX'
	@echo 'make modules_install'
	@echo '                the module for KDIR, and what loads it at boot'
	@echo 'make uninstall, make modules_uninstall'
	@echo '                what these have installed goes; with the same PREFIX, DESTDIR, KDIR'
	@echo 'make deb        Debian packages of all that, in build/deb'
	@echo 'make deb-test   those, installed, used, upgraded and purged in a virtual machine'
	@echo 'make demo       a look at it, in a virtual machine'
	@echo 'make test       the tests, in virtual machines with a stock and with a'
	@echo '                debug kernel; LANES=stock or LANES=debug for one'
	@echo 'make test-all   the tests, in those and in all other kernels supported, and deb-test'
	@echo 'make coverage   those on the debug kernel, and what of the module they have'
	@echo '                run, in build/coverage/index.html'
	@echo 'make check      static checks; CHECKS=... for some (scripts/check --help)'
	@echo 'make bench      measurements beside other ways of passing messages'
	@echo 'make bench-check'
	@echo '                has anything become slower than recorded?'
	@echo 'make fuzz       random commands, guided by coverage, for 10 minutes; SECONDS=...'
	@echo 'make soak       what races, kills and exhausts, for 2 hours; SECONDS=...'
	@echo 'make shell      a shell in a virtual machine with the module loaded'
	@echo 'make selfcheck  do the test scripts notice what goes wrong?'
	@echo 'make mutations  do the tests notice bugs seeded in the module?'
	@echo 'make clean      remove build/ (kernels stay in the cache)'

export KDIR
