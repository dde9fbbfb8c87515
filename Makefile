# SPDX-License-Identifier: GPL-2.0-only
#
# Targets for people. What is built into a module stands in Kbuild.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
LANE ?= 6.12

# Installing is quiet about keys that nobody has.
INSTALL_ARGS := CONFIG_MODULE_SIG_ALL=

all: modules

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) W=1 modules

modules_install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(INSTALL_ARGS) modules_install
	@if [ -z "$(INSTALL_MOD_PATH)" ]; then depmod -a $(KVER); fi

run:
	selftests/run $(LANE)

check:
	selftests/check

check-debug:
	LANES=debug FULL=1 selftests/check

fuzz:
	selftests/fuzz/device/run $(SEED)

coverage:
	selftests/coverage/run

# CMD goes through the environment: make must not split it.
vm: export VM_CMD = $(value CMD)
vm:
	@selftests/qemu/vm --lane $(LANE) $(if $(SHARE),--share '$(SHARE)') $(VMARGS) \
		$(if $(CMD),-- sh -c "$$VM_CMD")

check-programs:
	selftests/debian/check-programs $(LANE)

bench:
	@selftests/bench/run $(if $(CSV),csv,table)

bench-check:
	@selftests/bench/run check

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

distclean:
	rm -rf .cache

help:
	@echo 'make run              boot a stock kernel in QEMU and show the heaps at work'
	@echo 'make check            all tests, on the host and in QEMU'
	@echo 'make check-debug      all that can run on the debug kernel; takes long'
	@echo 'make fuzz             fuzz the device nodes until something is found; SEED='
	@echo 'make coverage         lines and branches of the modules that the tests reach'
	@echo 'make vm CMD="..."     run a command in QEMU on the standard board, modules loaded'
	@echo '                      LANE=6.1|6.12   kernel; default $(LANE)'
	@echo '                      SHARE=dir       readable there as /mnt/share'
	@echo '                      VMARGS="..."    more options, see selftests/qemu/vm --help'
	@echo '                      no CMD          an interactive shell'
	@echo "make check-programs   all of Debian's programs that are tried on the nodes"
	@echo 'make bench            costs in instructions, beside those of the kernel'"'"'s heaps'
	@echo '                      CSV=1           the counts alone'
	@echo 'make bench-check      the same against the counts stored in selftests/bench'
	@echo 'make                  the modules for KDIR=$(KDIR)'
	@echo 'make modules_install  install them (as root); INSTALL_MOD_PATH= for another root'
	@echo 'make clean            remove what make built here'
	@echo 'make distclean        remove what run, check and vm downloaded and built'
	@echo
	@echo 'Variables:'
	@echo '  PMEM_HEAPS_CACHE            where downloads and builds are kept (.cache)'
	@echo '  PMEM_HEAPS_MIRROR           archive to fetch from (what apt uses here)'
	@echo '  PMEM_HEAPS_SECURITY_MIRROR  the same for security updates'
	@echo '  LANES                       kernels for make check (all)'

.PHONY: check-programs all modules modules_install run check check-debug fuzz coverage vm bench bench-check clean distclean help
