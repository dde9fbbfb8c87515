# SPDX-License-Identifier: GPL-2.0-only
#
# Targets for users. Kbuild lists the contents of the modules.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
LANE ?= 6.12

# Ask git only once, for everything that is built or installed.
export PMEM_HEAPS_VERSION := $(shell packaging/version)

# The headers in KDIR may not belong to the running kernel.
KREL = $(or $(shell sed -n 's/^\#define UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null),$(KVER))
INSTALL_MOD_PATH ?= $(DESTDIR)
UPDATES = $(INSTALL_MOD_PATH)/lib/modules/$(KREL)/updates
# Files that are staged for a package need no depmod.
depmod = $(if $(DESTDIR),,depmod $(INSTALL_MOD_PATH:%=-b %) $(KREL))

# Do not sign modules, because usually there is no key. kbuild's own depmod needs System.map beside
# the headers, which distributions lack.
INSTALL_ARGS := CONFIG_MODULE_SIG_ALL= INSTALL_MOD_DIR=updates DEPMOD=true

DKMS_SOURCE = $(DESTDIR)/usr/src/pmem-heaps-$(PMEM_HEAPS_VERSION)

# kernel_make ARGUMENT...: run kbuild for the architecture of KDIR.
kernel_make = variables=$$(packaging/kernel modules '$(KDIR)' '$(KVER)') && \
	$(MAKE) -C $(KDIR) M=$(CURDIR) $$variables $(1)

# userspace_make ARGUMENT...
userspace_make = +variables=$$(packaging/kernel userspace '$(KDIR)' '$(KVER)') && \
	$(MAKE) -C userspace $$variables $(1)

all: modules userspace

modules:
	+@$(call kernel_make,modules)

modules_install: modules
	+@$(call kernel_make,$(INSTALL_ARGS) INSTALL_MOD_PATH='$(INSTALL_MOD_PATH)' modules_install)
	$(depmod)

userspace:
	@$(call userspace_make,all)

install-userspace:
	@$(call userspace_make,install)

install: modules_install install-userspace

uninstall:
	rm -f $(foreach module,contig_heaps pmem_compat,$(addprefix $(UPDATES)/$(module).ko,'' .gz .xz .zst))
	$(depmod)
	@$(call userspace_make,uninstall)

# The source for DKMS, with the version that is registered.
dkms-source:
	install -d $(DKMS_SOURCE)/heap $(DKMS_SOURCE)/compat $(DKMS_SOURCE)/uapi/linux
	install -m 644 Kbuild dkms.conf COPYING $(DKMS_SOURCE)/
	install -m 644 heap/*.[ch] $(DKMS_SOURCE)/heap/
	install -m 644 compat/*.[ch] $(DKMS_SOURCE)/compat/
	install -m 644 uapi/linux/*.h $(DKMS_SOURCE)/uapi/linux/
	echo '$(PMEM_HEAPS_VERSION)' >$(DKMS_SOURCE)/VERSION

dkms-install:
	packaging/dkms install '$(KVER)'

dkms-uninstall:
	packaging/dkms uninstall

dist:
	packaging/dist .

deb:
	packaging/deb packages

run:
	selftests/run $(LANE)

check:
	selftests/check

# A single kernel is enough for most changes.
check-quick:
	LANES=$(LANE) ONLY=arm64 HOST='unit userspace checkpatch codespell spdx' selftests/check

check-all:
	FULL=1 selftests/check

check-debug:
	LANES=debug FULL=1 selftests/check

check-proofs:
	selftests/proofs/host all

check-coherency:
	selftests/coherency/host all

check-packages:
	selftests/packages/check

fuzz:
	selftests/fuzz/device/run $(SEED)

torture:
	selftests/torture/run

coverage:
	selftests/coverage/run

# Pass CMD in the environment, because make must not split it.
vm: export VM_CMD = $(value CMD)
vm:
	@selftests/qemu/vm --lane $(LANE) $(if $(SHARE),--share '$(SHARE)') $(VMARGS) \
		$(if $(CMD),-- sh -c "$$VM_CMD")

gdb: export CMD := $(value CMD)
gdb:
	@selftests/gdb/run

check-programs:
	selftests/debian/check-programs $(LANE)

bench:
	@selftests/bench/run $(if $(CSV),csv,table)

bench-check:
	@selftests/bench/run check

compile_commands.json:
	packaging/compile-commands $(LANE) >$@

# Without headers, nothing was built for them.
clean:
	$(if $(wildcard $(KDIR)/Makefile),+@$(call kernel_make,clean))
	$(MAKE) -C userspace clean

distclean:
	rm -rf .cache

help:
	@echo 'make run              boot a stock kernel in QEMU and demonstrate the heaps'
	@echo 'make check            run all tests, on the host and in QEMU'
	@echo 'make check-quick      run the most telling tests, on one kernel'
	@echo 'make check-all        run all tests on all kernels; takes long'
	@echo 'make check-debug      run all tests that can run on the debug kernel; takes long'
	@echo 'make check-proofs     prove the pool and check models of lifetimes; 10 minutes'
	@echo 'make check-coherency  run tests on top of a cache model'
	@echo "make check-packages   build Debian's packages; install, upgrade and remove them in QEMU, on"
	@echo '                      machines with DKMS, as the documents say; takes long'
	@echo 'make fuzz             fuzz the device nodes until a bug is found; SEED='
	@echo 'make torture          stress the modules with random delays, and detect data races, for'
	@echo '                      DURATION= seconds (3600); SEED=, LANES= and ONLY= repeat a part'
	@echo 'make coverage         show the lines and branches of the modules that the tests reach'
	@echo 'make vm CMD="..."     run a command in QEMU on the standard board, modules loaded'
	@echo '                      LANE=6.1|6.12   kernel; default $(LANE)'
	@echo '                      SHARE=dir       readable there as /mnt/share'
	@echo '                      VMARGS="..."    more options, see selftests/qemu/vm --help'
	@echo '                      no CMD          an interactive shell'
	@echo 'make gdb              debug such a guest with gdb, while it repeats CMD="..."'
	@echo "make check-programs   run Debian's programs on the nodes"
	@echo 'make bench            measure costs in instructions, and compare with the kernel'"'"'s heaps'
	@echo '                      CSV=1           print only the counts'
	@echo 'make bench-check      compare with the counts stored in selftests/bench'
	@echo 'make compile_commands.json  compiler commands for LANE, for editors'
	@echo 'make                  build the modules for KDIR=$(KDIR),'
	@echo '                      the library and the tool; also "make modules", "make userspace"'
	@echo 'make install          install all of them (as root): prefix=/usr/local, libdir=..., DESTDIR=,'
	@echo '                      GROUP=video (the group with access); "make uninstall" removes them'
	@echo 'make modules_install  install only the modules; INSTALL_MOD_PATH= for another root'
	@echo 'make install-userspace  install only the library and the tool'
	@echo 'make dkms-install     install the modules with DKMS, for this kernel and later ones;'
	@echo '                      "make dkms-uninstall" removes them'
	@echo 'make deb              build packages for Debian, in packages/'
	@echo 'make dist             build pmem-heaps-$(PMEM_HEAPS_VERSION).tar.xz'
	@echo 'make clean            remove the files that make built here'
	@echo 'make distclean        remove everything that run, check and vm downloaded and built'
	@echo
	@echo 'Variables:'
	@echo '  PMEM_HEAPS_CACHE            directory for downloads and builds (.cache)'
	@echo '  PMEM_HEAPS_MIRROR           archive to fetch from (the one that apt uses)'
	@echo '  PMEM_HEAPS_SECURITY_MIRROR  the same for security updates'
	@echo '  LANES                       kernels for make check (all)'

.PHONY: all modules modules_install userspace install-userspace install uninstall dkms-source \
	dkms-install dkms-uninstall dist deb run check check-quick check-all check-debug check-programs \
	check-proofs check-coherency check-packages fuzz torture coverage vm gdb bench bench-check \
	compile_commands.json clean distclean help
